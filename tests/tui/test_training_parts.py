"""What the training screens are made of: readings, lines, charts, and what is drawn again."""

import sys
import time
import types
from dataclasses import replace

import numpy as np
import pytest
from textual.content import Content

from tests.clock import within
from tests.tui.fake_runs import FakeWriter, digit
from tutor.training.events import EventWriter, Example, Examples, Message, Started, Step
from tutor.training.recipe import RecipeError, recipe
from tutor.training.saying import ago, duration
from tutor.tui.training import panels
from tutor.tui.training.charts_of import Drawer, Shown, View
from tutor.tui.training.form import Form, about, form_lines
from tutor.tui.training.lines import run_lines
from tutor.tui.training.machine import Machine
from tutor.tui.training.naming import laid_out, told_apart
from tutor.tui.training.pictures import pictures
from tutor.tui.training.reading import read
from tutor.tui.training.spans import differing
from tutor.tui.training.watching import Watcher

MILLION = 1_000_000


def plain(lines):
    return "\n".join(line.plain for line in lines)


# A million steps


@pytest.mark.parametrize("together", [10, 50])
def test_a_run_of_a_million_steps_is_on_its_chart_within_a_second(tmp_path, together):
    path = tmp_path / "events.jsonl"
    started = Started(1.0, "cpu", "2", 1, 128_000, 10, 10, 1000, 1000)
    with EventWriter(path) as writer:
        writer.write(started)
    losses = 2 * np.exp(-np.arange(MILLION) / 2e5) + 0.1
    losses[654_321] = 9.0
    line = '{{"type":"step","time":1.0,"step":{},"epoch":1,"loss":0.1,"accuracy":0.5,"lr":0.001,'
    line += '"images_per_second":9.0,"losses":[{}],"accuracies":[{}],"learning_rates":[{}]}}\n'
    same = ",".join(["5.00000e-01"] * together)
    with path.open("a") as file:
        for end in range(together, MILLION + 1, together):
            wide = ",".join(f"{one:.5e}" for one in losses[end - together : end])
            file.write(line.format(end, wide, same, same))
    drawer = Drawer("loss")

    def opened():
        history = read(path)
        return history, drawer.picture([Shown("a", history)], View(), 120, 30)

    history, picture = within(1.0, opened)
    assert history.steps == MILLION
    # The one step that leapt is in the chart: the axis reaches up to it, and so does its column.
    top = picture.lines()[1]
    assert "10 ┤" in top or "9" in picture.lines()[2]
    assert any(letter >= "⠁" for letter in "".join(picture.lines()[1:5])[10:])


def test_a_growing_chart_counts_each_step_once_and_agrees_with_one_drawn_anew(home):
    writer = FakeWriter(per_epoch=100)
    growing, view = Drawer("accuracy"), View()
    for _ in range(9):
        writer.advance(47)
        shown = [Shown("a", read(writer.path / "events.jsonl"))]
        picture = growing.picture(shown, view, 70, 16)
    anew = Drawer("accuracy").picture(shown, view, 70, 16)
    assert picture.lines() == anew.lines()
    assert anew.lines()[0].startswith("accuracy")


def test_steps_that_a_resumption_takes_back_are_drawn_anew(home):
    writer = FakeWriter(per_epoch=100)
    writer.advance(250)
    watcher, drawer = Watcher([writer.path]), Drawer("loss")
    while watcher.look():
        pass
    drawer.picture([Shown("a", watcher.history(writer.path))], View(), 70, 16)
    began = watcher.history(writer.path).started
    writer.writer.write(replace(began, step=100, epoch=1))
    writer.writer.write(Step(1.0, 101, 2, 7.7, 0.5, 0.1, 9.0, (7.7,), (0.5,), (0.1,)))
    watcher.look()
    history = watcher.history(writer.path)
    assert (history.steps, history.cut, len(history.epochs)) == (101, 1, 1)
    anew = Drawer("loss").picture([Shown("a", history)], View(), 70, 16).lines()
    assert drawer.picture([Shown("a", history)], View(), 70, 16).lines()[1:] == anew[1:]


def test_a_watcher_looks_at_most_ten_times_a_second(home, monkeypatch):
    writer = FakeWriter()
    watcher = Watcher([writer.path], every=0.001)
    looks = []
    monkeypatch.setattr(watcher, "look", lambda: looks.append(time.monotonic()) or False)
    watcher.start()
    time.sleep(0.55)
    watcher.stop()
    assert 2 <= len(looks) <= 7


def test_a_reading_that_hangs_holds_nothing_else_up(home):
    writer = FakeWriter()
    writer.advance(10)
    watcher = Watcher([writer.path])
    watcher.read_beside("driver", lambda: time.sleep(3))
    watcher.start()
    end = time.monotonic() + 2
    while not watcher.history(writer.path).steps and time.monotonic() < end:
        time.sleep(0.01)
    watcher.stop()
    assert watcher.history(writer.path).steps == 10


# What is drawn again


def test_only_the_cells_that_differ_are_drawn_again():
    before = Content.assemble("step ", ("1,204", "bold"), " of 2,345 in all, and so on")
    after = Content.assemble("step ", ("1,205", "bold"), " of 2,345 in all, and so off")
    assert list(differing(before, after, 80)) == [(9, 10), (36, 38)]
    assert list(differing(before, before, 80)) == []
    assert list(differing(before, before.stylize("red"), 80)) == [(0, len(before.plain))]
    assert list(differing(Content("日本"), Content("日x"), 80)) == [(0, 80)]


# The machine


class Nvml(types.ModuleType):
    """A driver that answers."""

    NVML_TEMPERATURE_GPU = 0

    def __init__(self, broken=()):
        super().__init__("fake_nvml")
        self.broken = set(broken)

    def __getattr__(self, name):
        if not name.startswith("nvml"):
            raise AttributeError(name)
        if name in self.broken:
            return self.fail
        answers = {
            "nvmlInit": None,
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetHandleByIndex": "handle",
            "nvmlDeviceGetName": b"NVIDIA H200",
            "nvmlDeviceGetMemoryInfo": types.SimpleNamespace(used=9 << 30, total=139 << 30),
            "nvmlDeviceGetUtilizationRates": types.SimpleNamespace(gpu=78),
            "nvmlDeviceGetTemperature": 61,
            "nvmlDeviceGetPowerUsage": 402_000,
            "nvmlShutdown": None,
        }
        return lambda *_: answers[name]

    @staticmethod
    def fail(*_):
        raise RuntimeError("Driver/library version mismatch")


@pytest.fixture
def driver(monkeypatch):
    def put(broken=()):
        monkeypatch.setitem(sys.modules, "fake_nvml", Nvml(broken))
        monkeypatch.setattr("tutor.tui.training.machine._has_gpu", lambda: True)
        return Machine(library="fake_nvml")

    return put


def test_a_gpu_is_read_in_full(driver):
    (gpu,) = driver().read().gpus
    assert (gpu.name, gpu.use, gpu.celsius, gpu.watts) == ("H200", 0.78, 61, 402.0)
    words = plain(panels.machine(driver().read(), 57))
    for wanted in ("GPU 0", "78 %", "61 °C", "402 W", "9.0 of 139 GiB"):
        assert wanted in words


def test_what_a_driver_does_not_know_is_left_out(driver):
    words = plain(panels.machine(driver(["nvmlDeviceGetPowerUsage", "nvmlDeviceGetTemperature"]).read(), 57))
    assert "78 %" in words
    assert "W" not in words
    assert "°C" not in words


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "all"])
def test_a_broken_driver_is_a_calm_word_beside_the_processor(driver, broken):
    found = ["nvmlDeviceGetMemoryInfo", "nvmlDeviceGetUtilizationRates"] if broken == "all" else [broken]
    machine = driver(found)
    for _ in range(5):
        reading = machine.read()
        assert reading.gpus == ()
        assert "does not answer" in plain(panels.machine(reading, 57))
    assert "CPU" in plain(panels.machine(reading, 57))


def test_without_the_library_and_without_proc_nothing_is_raised(tmp_path):
    reading = Machine(tmp_path, "no_such_library_here").read()
    assert (reading.gpus, reading.cpu, reading.used_bytes) == ((), None, None)
    assert plain(panels.machine(reading, 57)).startswith("CPU")


def test_the_processor_is_what_worked_since_the_look_before(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 250 kB\n")
    machine = Machine(tmp_path, "no_such_library_here")
    (tmp_path / "stat").write_text("cpu 100 0 0 100 0 0 0 0 0 0\n")
    assert machine.read().cpu is None
    (tmp_path / "stat").write_text("cpu 175 0 0 125 0 0 0 0 0 0\n")
    reading = machine.read()
    assert reading.cpu == pytest.approx(0.75)
    assert (reading.used_bytes, reading.total_bytes) == (750 * 1024, 1000 * 1024)


# Words and lines


def test_time_spans_and_moments_as_a_person_says_them():
    assert [duration(one) for one in (0.4, 59, 61, 3599, 3900, 40_000, 200_000)] == [
        "0 s", "59 s", "1 min", "1 h", "1 h 5 min", "11 h", "2 days",
    ]  # fmt: skip
    now = time.mktime((2026, 3, 5, 15, 0, 0, 0, 0, -1))
    hours = [0, 0.5, 5, 20, 100, 24 * 30]
    said = [ago(now - 3600 * one, now) for one in hours]
    assert said == ["just now", "30 min ago", "10:00", "yesterday", "Sunday", "3 February"]


def test_the_first_screen_has_at_most_three_runs_those_alive_first(home):
    for name in ("mlp-centred", "mlp-shifted", "cnn-centred"):
        FakeWriter(name).advance(9999)
    alive = FakeWriter(start=time.time() - 60)
    alive.advance(1204)
    from tutor.training.runs import list_runs

    for width in (40, 80, 120):
        lines = run_lines(list_runs(), time.time(), width)
        assert len(lines) == 4
        assert all(line.cell_length <= width for line in lines)
        assert "cnn-shifted" in lines[1].plain
    assert "epoch 3 of 5" in plain(run_lines(list_runs(), time.time(), 80))
    assert run_lines([], time.time(), 80) == []


def test_pictures_fill_their_place_and_no_more():
    def one(label, said):
        return Example(label, said, 0.97, 1.0, digit(3))

    found = Examples(1.0, 1, tuple(one("3", "3") for _ in range(10)), tuple(one("3", "8") for _ in range(10)))
    for width in (20, 40, 58, 118):
        for height in (4, 8, 16, 30):
            for ascii_only in (False, True):
                lines = pictures(found, width, height, ascii_only)
                assert len(lines) <= height
                assert all(line.cell_length <= width for line in lines)
    assert "3 → 8" in plain(pictures(found, 58, 16))
    assert "3 ✓" in plain(pictures(found, 58, 16))
    assert "after the first epoch" in plain(pictures(None, 58, 16))
    long = Examples(1.0, 1, (), (one("Ankle boot", "T-shirt/top"),))
    assert all(line.cell_length <= 30 for line in pictures(long, 30, 8))
    assert "Ankle" in plain(pictures(long, 30, 8))


def test_the_probability_stands_beside_what_was_predicted():
    found = Examples(
        1.0, 1, (Example("Coat", "Coat", 0.98, 0.1, digit(3)),), (Example("Coat", "Trouser", 0.97, 1.0, digit(3)),)
    )
    for ascii_only in (False, True):
        lines = [line.plain for line in pictures(found, 58, 16, ascii_only)]
        (wrong,) = [line for line in lines if "→ Trouser" in line]
        (right,) = [line for line in lines if "✓ " in line]
        assert wrong.endswith(".97")
        assert right.endswith(".98")
        assert len(wrong) == len(right)
        assert all("Coat ." not in line for line in lines)


def facts(writer, **changes):
    """What the screen knows of a run, some of it changed."""
    return panels.Facts(replace(writer.run, **changes), read(writer.path / "events.jsonl"))


def test_time_left_stays_longest_in_the_line_of_figures_and_the_step_goes_before_the_bar(home):
    writer = FakeWriter(epochs=40)
    writer.advance(2900)
    known = facts(writer, seconds_left=125.0)
    wide, middle, narrow = (plain(panels.figures(known, width, False)) for width in (60, 46, 14))
    assert wide.startswith("learning rate 4.7e-4   41,")
    assert wide.endswith("images/s   2 min left")
    assert middle == "learning rate 4.7e-4   2 min left"
    assert narrow == "2 min left"
    tops = {width: plain(panels.top(known, width)) for width in (38, 58, 78, 118)}
    assert "step 2,900 of 18,760" in tops[78]
    assert "step" not in tops[38]
    assert all("epoch 7 of 40" in top and "─" in top for top in tops.values())
    assert plain(panels.top(known, 32)).endswith("15 %")
    assert plain(panels.top(known, 38, time_left=True)).endswith("2 min left")
    for width in range(20, 140):
        assert all(line.cell_length <= width for line in panels.top(known, width))


def test_the_learning_rate_is_the_same_in_the_figures_and_over_its_chart(home):
    writer = FakeWriter()
    writer.advance(1204)
    known = facts(writer)
    said = plain(panels.figures(known, 60)).split()[2]
    chart = Drawer("rate").picture([Shown("a", known.history)], View(), 70, 16)
    assert chart.lines()[0].split() == ["learning", "rate", said]
    labels = {line[:7].strip() for line in chart.lines()[1:-2]} - {"", "0"}
    assert all("e-" in label for label in labels) or not any("e" in label for label in labels)


def test_a_run_that_waits_says_for_what(home):
    writer = FakeWriter()
    said = panels.awaited(facts(writer))
    assert said == "waiting for the first step"
    events = writer.path / "events.jsonl"
    events.unlink()
    with EventWriter(events) as anew:
        anew.write(Message(1.0, "It begins when mlp-shifted-1125-0203-x7 is over."))
    waiting = facts(writer, state="waiting")
    assert panels.awaited(waiting) == "It begins when mlp-shifted-1125-0203-x7 is over."
    assert "in the queue as 4711" in panels.awaited(facts(writer, state="waiting", queue="4711"))


# Several runs


def test_runs_of_one_recipe_are_told_apart_by_when_they_began_or_by_their_id(home):
    one, other, third = (FakeWriter(name).run for name in ("cnn-shifted", "cnn-shifted", "mlp-shifted"))
    morning = time.mktime((2026, 3, 5, 9, 41, 0, 0, 0, -1))
    one, other = replace(one, began=morning), replace(other, began=morning + 3600)
    assert told_apart([one, other, third]) == ["cnn-shifted 09:41", "cnn-shifted 10:41", "mlp-shifted"]
    assert told_apart([one, third]) == ["cnn-shifted", "mlp-shifted"]
    yesterday = replace(other, began=morning - 86400)
    assert told_apart([one, yesterday]) == ["cnn-shifted 05 Mar 09:41", "cnn-shifted 04 Mar 09:41"]
    same = replace(other, began=morning)
    assert told_apart([one, same]) == [f"cnn-shifted {run.id[-2:]}" for run in (one, same)]


def test_names_keep_what_tells_them_apart_where_room_is_short():
    words = [(letter, f"cnn-scrambled 09:4{at}") for at, letter in enumerate("abcd")]
    assert laid_out(words[:2], "capitals: validation", 80, 1)[0].endswith("capitals: validation")
    for width in (30, 38, 50, 78):
        for most in (1, 2, 4):
            lines = laid_out(words, "", width, most)
            assert len(lines) <= most
            assert all(len(line) <= width for line in lines)
            if width >= 38 and most > 1:
                assert all(f"09:4{at}" in " ".join(lines) for at in range(4))
    assert laid_out([], "", 80, 2) == []


def overlaid(home, ascii_only=False, width=78):
    """A chart with two runs in it, and the names of the roles that have dots."""
    own, other = FakeWriter(epochs=17), FakeWriter("mlp-shifted", epochs=17)
    own.advance(6000)
    other.advance(99_999)
    runs = [
        Shown("own", read(own.path / "events.jsonl")),
        Shown("other", read(other.path / "events.jsonl"), "a", "mlp-shifted"),
    ]
    return Drawer("accuracy").picture(runs, View(), width, 20, ascii_only)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_run_laid_over_is_known_without_any_colour(home, ascii_only):
    picture = overlaid(home, ascii_only)
    assert "raw" not in {role for row in range(picture.height) for _, role in picture.runs(row)}
    assert picture.lines()[1] == "a mlp-shifted   capitals: validation"
    last = next(line for line in reversed(picture.lines()[2:-2]) if line.count("a") > 1)
    assert last.count("a") >= 3
    assert last.count("A") >= 3
    assert all(len(stroke) <= 3 for stroke in last[8:].replace("a", " ").replace("A", " ").split())


def test_a_run_alone_has_its_cloud(home):
    writer = FakeWriter(epochs=17)
    writer.advance(6000)
    picture = Drawer("loss").picture([Shown("own", read(writer.path / "events.jsonl"))], View(), 78, 20)
    assert "raw" in {role for row in range(picture.height) for _, role in picture.runs(row)}


def test_a_part_of_a_chart_says_which(home):
    writer = FakeWriter(epochs=12)
    writer.advance(99_999)
    shown = [Shown("own", read(writer.path / "events.jsonl"))]
    view = View().zoom(0.5, 1.0)
    assert Drawer("loss").picture(shown, view, 78, 20).lines()[0].startswith("loss, epochs 6–12 of 12  ")
    assert Drawer("loss").picture(shown, view, 38, 20).lines()[0].startswith("loss, 6–12 of 12  ")


# The form


def test_a_value_that_may_not_be_is_said_with_what_is_allowed():
    form = Form(recipe("cnn-shifted", "quick"))
    while form.field != "canvas":
        form = form.move(1)
    with pytest.raises(RecipeError, match="canvas cannot be '3': it takes a whole number from 28"):
        form.typed("3")
    assert form.typed("64").recipe.canvas == 64
    assert "pixels" in about(form)


def test_what_was_changed_stands_out_and_can_be_taken_back():
    form = Form(recipe("cnn-shifted", "quick"))
    while form.field != "batch":
        form = form.move(1)
    was = form.recipe.batch
    more = form.step(1)
    assert more.recipe.batch == 2 * was
    assert f"{2 * was}  was {was}" in plain(form_lines(more, 46))
    assert more.reset().recipe == form.recipe
    assert all(line.cell_length <= 38 for line in form_lines(more, 38))


def test_arrows_pass_through_every_recipe_and_never_leave_what_is_allowed():
    form = Form(recipe("mlp-centred", "quick"))
    seen = []
    for _ in range(8):
        seen.append(form.recipe.name)
        form = form.step(1)
    assert len(set(seen)) == 8
    for _ in range(40):
        form = form.move(1)
        for by in (-1, 1):
            turned = form
            for _ in range(30):
                turned = turned.step(by)
    assert form.recipe == recipe("mlp-centred", "quick")


def test_the_learners_own_model_takes_the_place_of_ours_and_goes_again():
    form = Form(recipe("resnet20", "quick")).mine()
    assert form.recipe.source == "mine"
    assert "yours" in plain(form_lines(form, 46))
    assert form.typed("plain20").recipe.source == "mine"
    assert form.mine().recipe.source == "ours"


def test_a_damaged_line_is_told_in_the_log_and_the_rest_is_drawn(home):
    writer = FakeWriter()
    writer.advance(10)
    with (writer.path / "events.jsonl").open("ab") as file:
        file.write(b'{"type":"step","time":17\n')
    writer.advance(10)
    writer.say("The learning rate was halved.")
    history = read(writer.path / "events.jsonl")
    assert history.steps == 20
    said = " ".join(sentence for _, sentence in history.log)
    assert "damaged" in said
    assert "The learning rate was halved." in said
