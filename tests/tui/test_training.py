"""Runs on the screen, as a learner follows them."""

import os
import time

import pytest

from tests.training.finished import finished
from tests.tui.fake_runs import FakeWriter
from tutor.content.experiments import figure
from tutor.training import runs
from tutor.training.events import EventWriter, Failed, Message, Stopped
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.recipe import RecipeScreen
from tutor.tui.screens.runs import RunsScreen
from tutor.tui.screens.training import TrainingScreen
from tutor.tui.training.machine import Gpu, Reading
from tutor.tui.training.spans import ChartView

SIZES = [(80, 24), (120, 36)]


class Still:
    """A machine that stays as it is."""

    def read(self):
        return Reading((Gpu(0, "H200", 0.78, 9 << 30, 139 << 30, 61, 402.0),), "", 0.1, 16, 1 << 30, 1 << 34)


async def until(learner, wanted, seconds=15):
    """Everything on the screen, once it says what is wanted."""
    end = time.monotonic() + seconds
    while wanted not in (shown := learner.shown()):
        assert time.monotonic() < end, f"{wanted!r} did not come; the screen is\n{shown}"
        await learner.pilot.pause(0.02)
    return shown


async def watch(learner, writer, wanted="learning rate"):
    """Open a run, and wait until it has been read."""
    await learner.app.push_screen(TrainingScreen(writer.run, Still()))
    return await until(learner, wanted)


def chart(learner, what):
    return learner.screen.query_one(f"#{what}", ChartView)


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_shows_its_curves_figures_and_machine(start, size):
    writer = FakeWriter()
    writer.advance(1204)
    async with start(size=size) as learner:
        shown = await watch(learner, writer, "78 %")
        await until(learner, "● validation")
        shown = learner.shown()
        for wanted in ("cnn-shifted", "epoch 3 of 5", "1,204 of 2,345", "loss", "─ train", "● validation", "images/s"):
            assert wanted in shown
        assert ("accuracy" in shown) == (size == (120, 36))
        assert "⣀" in chart(learner, "loss").plain
        assert "9.0 of 139 GiB" in shown


@pytest.mark.parametrize("predicted", [True, False])
async def test_beside_a_run_stands_what_was_predicted_of_it_and_what_has_come_of_it_so_far(start, predicted):
    finished("cnn-centred", 0.9, "full", epochs=5)
    finished("mlp-centred", 0.9, "full")
    finished("mlp-shifted", 0.55, "full")
    finished("mlp-shifted", 0.8, "quick")
    writer = FakeWriter()
    writer.advance(writer.per_epoch + 50)
    async with start("convnets/shift-experiment" if predicted else None, size=(120, 36)) as learner:
        if predicted:
            await learner.type("mlp 30, cnn 1")
        await watch(learner, writer)
        if not predicted:
            await until(learner, "Begun on")
            assert "prediction" not in learner.shown()
            return
        shown = await until(learner, "so far")
        assert "your prediction: the MLP loses 30 points, the CNN 1" in shown
        now = 100 * (0.9 - writer.run.validation_accuracy)
        assert f"so far: the MLP lost 35 points, the CNN {figure(now)}" in shown
        # What is published would tell the end.
        assert "57.4" not in shown


async def test_it_goes_on_while_it_is_watched_and_leaving_does_not_stop_it(start):
    writer = FakeWriter()
    writer.advance(100)
    async with start() as learner:
        await watch(learner, writer, "100 of 2,345")
        writer.advance(400)
        await until(learner, "500 of 2,345")
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)
        assert writer.run.state == "running"
        writer.advance(9999)
        await watch(learner, writer, "best")
        assert "finished" in learner.read("top")
        assert "after epoch 5" in learner.shown()


async def test_at_80x24_there_is_one_chart_at_a_time(start):
    writer = FakeWriter()
    writer.advance(600)
    async with start() as learner:
        await watch(learner, writer)
        for title in ("accuracy", "learning rate", "loss"):
            await learner.press("right")
            assert f" {title}" in learner.shown().splitlines()[2]
        await learner.press("left")
        assert " learning rate" in learner.shown().splitlines()[2]


async def test_two_charts_stand_on_either_side_of_the_line_between_the_panes(start):
    writer = FakeWriter()
    writer.advance(600)
    async with start(size=(120, 36)) as learner:
        await watch(learner, writer)
        for titles in (("loss", "accuracy"), ("loss", "accuracy"), ("accuracy", "learning rate")):
            await until(learner, f" {titles[0]} ")
            rows = learner.shown().splitlines()
            middle = rows[1].index("┬")
            left, right = rows[2][:middle], rows[2][middle + 1 :]
            assert left.strip().startswith(titles[0])
            assert right.strip().startswith(titles[1])
            assert all(row[middle] in "│┼" for row in rows[2:30])
            await learner.press("right")


async def test_log_zoom_and_moving_change_the_axes(start):
    writer = FakeWriter()
    writer.advance(2000)
    async with start() as learner:
        await watch(learner, writer)
        await learner.press("l")
        assert "loss, logarithmic" in learner.shown()
        await learner.press("l", "plus", "plus")
        near = chart(learner, "loss").plain.splitlines()[-1]
        assert near.split()[0] not in ("0", "1")
        await learner.press("left", "left", "left", "left")
        assert chart(learner, "loss").plain.splitlines()[-1] != near
        await learner.press("minus", "minus", "minus")
        assert chart(learner, "loss").plain.splitlines()[-1].split() == ["0", "1", "2", "3", "4", "epoch"]


async def test_layers_open_and_escape_steps_out_one_at_a_time(start):
    writer = FakeWriter()
    writer.advance(600)
    async with start(size=(120, 36)) as learner:
        await watch(learner, writer, "wrong")
        await learner.press("f")
        assert chart(learner, "loss").size.width > 100
        assert "accuracy" not in learner.shown()
        await learner.press("escape", "p")
        assert not chart(learner, "loss").display
        assert "→" in learner.read("pictures")
        await learner.press("e")
        assert "Epoch 1: validation" in learner.shown()
        await learner.press("escape", "h")
        assert "wrong" not in learner.shown()
        assert "accuracy" in learner.shown()
        await learner.press("h")
        assert "wrong" in learner.shown()
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)


async def test_other_runs_are_laid_over_with_letters(start):
    other = FakeWriter("mlp-shifted")
    other.advance(9999)
    writer = FakeWriter()
    writer.advance(1500)
    async with start(size=(120, 36)) as learner:
        await watch(learner, writer, "78 %")
        await learner.press("o")
        await until(learner, "a  mlp-shifted  5")
        for _ in range(300):
            if "a" in chart(learner, "accuracy").plain.partition("\n")[2]:
                break
            await learner.pilot.pause(0.02)
        assert "a" in chart(learner, "accuracy").plain.partition("\n")[2]
        await learner.press("o")
        assert "compared" not in learner.shown()


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (100, 30)])
async def test_whose_the_letters_are_is_on_the_screen_at_every_size(start, size):
    morning = time.mktime((2026, 3, 5, 9, 41, 0, 0, 0, -1))
    for minutes, name in enumerate(("mlp-shifted", "cnn-shifted")):
        other = FakeWriter(name)
        other.advance(9999)
        os.utime(other.path / "recipe.toml", (morning + 60 * minutes,) * 2)
    lost = FakeWriter("resnet20")
    lost.die()
    writer = FakeWriter()
    writer.advance(1500)
    os.utime(writer.path / "recipe.toml", (morning + 3600,) * 2)
    async with start(size=size) as learner:
        await watch(learner, writer)
        await learner.press("o", "o")
        if size == (100, 30):
            await until(learner, "─  cnn-shifted 10:41")
            await until(learner, "a  cnn-shifted 09:42")
            assert "b  mlp-shifted        " in learner.shown()
        else:
            await until(learner, "a cnn-shifted 09:42   b mlp-shifted")
        # The lost one has no curve, so there is no third.
        await learner.press("o")
        assert not learner.screen.others


async def test_all_but_the_charts_goes_away_at_every_size_and_escape_brings_it_back(start):
    writer = FakeWriter()
    writer.advance(1500)
    for size in ((40, 15), (80, 24), (120, 36)):
        async with start(size=size) as learner:
            await watch(learner, writer)
            rows = chart(learner, "loss").size.height
            await learner.press("f")
            assert chart(learner, "loss").size.height > rows
            assert "learning rate" not in learner.shown()
            assert "esc back" in learner.read("keys")
            await learner.press("escape")
            assert "learning rate" in learner.shown()
            assert ("h hide" in learner.read("keys")) == (size == (120, 36))
            await learner.press("h")
            assert ("learning rate" in learner.shown()) == (size != (120, 36))
            if size == (120, 36):
                lines = learner.shown().splitlines()
                axis = next(at for at, line in enumerate(lines) if line.rstrip().endswith("epoch"))
                assert "┴" in lines[axis + 1]
                await learner.press("escape")
                assert "learning rate" in learner.shown()
            await learner.press("escape")
            assert isinstance(learner.screen, HomeScreen)


async def test_a_part_of_the_charts_has_keys_of_its_own_and_escape_shows_the_whole(start):
    writer = FakeWriter(epochs=12)
    writer.advance(5000)
    async with start() as learner:
        await watch(learner, writer)
        assert "←→ chart" in learner.read("keys")
        await learner.press("plus")
        assert "loss, epochs 5–11 of 12" in learner.shown()
        assert "←→ move" in learner.read("keys")
        await learner.press("left", "left")
        assert "loss, epochs 2–8 of 12" in learner.shown()
        await learner.press("tab")
        assert "accuracy, epochs 2–8 of 12" in learner.shown()
        await learner.press("escape")
        assert "epochs" not in learner.shown()
        assert isinstance(learner.screen, TrainingScreen)
        await learner.press("right")
        assert "learning rate" in learner.shown().splitlines()[2]
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)


async def test_only_keys_that_do_something_are_shown(start):
    writer = FakeWriter()
    writer.advance(1000)
    async with start() as learner:
        await watch(learner, writer)
        assert "s stop" in learner.read("keys")
        assert "R resume" not in learner.read("keys")
        await learner.press("p")
        assert "zoom" not in learner.read("keys")
        await learner.press("p")
        writer.writer.write(Stopped(time.time(), 1000, 3, "Somebody asked for it."))
        writer.die()
        await until(learner, "R resume")
        assert "s stop" not in learner.read("keys")
        await learner.press("s")
        assert learner.read("notice") == ""
        done = FakeWriter("mlp-shifted")
        done.advance(9999)
        await watch(learner, done, "best")
        assert "s stop" not in learner.read("keys")
        assert "R resume" not in learner.read("keys")


async def test_a_run_whose_turn_has_not_come_says_what_it_waits_for(start):
    writer = FakeWriter()
    events = writer.path / "events.jsonl"
    events.write_text("")
    with EventWriter(events) as anew:
        anew.write(Message(time.time(), "It begins when mlp-shifted-1125-0203-x7 is over."))
    async with start() as learner:
        await watch(learner, writer, "It begins when mlp-shifted-1125-0203-x7 is over.")


async def test_alone_there_is_nothing_to_lay_over(start):
    writer = FakeWriter()
    writer.advance(50)
    async with start() as learner:
        await watch(learner, writer)
        await learner.press("o")
        assert "no other run" in learner.read("notice")


async def test_not_a_number_is_a_marked_gap(start):
    writer = FakeWriter()
    writer.advance(1200, nan=range(600, 900))
    async with start() as learner:
        await watch(learner, writer, "no number at 300 steps")
        axis = chart(learner, "loss").plain.splitlines()[-2]
        assert "×××" in axis
        gap = axis.index("×") + 3
        assert all(line[gap : gap + 2].strip() == "" for line in chart(learner, "loss").plain.splitlines()[1:-2])


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (Stopped(time.time(), 60, 1, "Somebody asked for it."), "Stopped at step 60: Somebody asked for it. R goes on"),
        (Failed(time.time(), 60, 1, "The loss is no number.", "Set learning_rate=1e-4."), "Set learning_rate=1e-4."),
        (None, "without a word"),
    ],
)
async def test_a_run_that_ended_says_why_and_what_to_do(start, last, said):
    writer = FakeWriter()
    writer.advance(60)
    if last is not None:
        writer.writer.write(last)
    writer.die()
    async with start() as learner:
        await learner.app.push_screen(TrainingScreen(writer.run, Still()))
        await until(learner, said.split()[0])
        assert said in " ".join(learner.read("figures").split())


async def test_before_the_first_step_the_place_is_there(start):
    writer = FakeWriter()
    async with start() as learner:
        await watch(learner, writer, "waiting for the first step")
        assert "epoch" in learner.shown()


async def test_ascii_where_the_terminal_has_no_more(start, monkeypatch):
    monkeypatch.setenv("TERM", "linux")
    writer = FakeWriter()
    writer.advance(1000, nan=[700])
    async with start(size=(120, 36)) as learner:
        await watch(learner, writer, "78 %")
        shown = await until(learner, "* validation")
        assert shown.isascii()
        for sign in ("> ", "====", "+---"):
            assert sign in shown


@pytest.mark.parametrize("size", [(40, 15), (60, 20), (100, 28), (200, 60)])
async def test_every_size_has_its_curve(start, size):
    writer = FakeWriter()
    writer.advance(1204)
    async with start(size=size) as learner:
        await watch(learner, writer)
        assert chart(learner, "loss").size.height >= 4
        for key in ("p", "p", "e", "e", "f", "f", "h"):
            await learner.press(key)
        assert "loss" in learner.shown()


# The list


async def test_the_list_has_all_runs_with_their_states(start):
    done, gone, alive = FakeWriter("mlp-shifted"), FakeWriter("resnet20"), FakeWriter()
    done.advance(9999)
    gone.advance(10)
    gone.die()
    alive.advance(1204)
    async with start() as learner:
        await learner.press("r")
        shown = await until(learner, "finished")
        assert isinstance(learner.screen, RunsScreen)
        for wanted in ("epoch 3 of 5", "lost", "1 running, 3 in all", "val"):
            assert wanted in shown
        alive.advance(300)
        await until(learner, "epoch 4 of 5")


async def test_enter_opens_the_run_chosen_and_escape_comes_back(start):
    for name in ("mlp-shifted", "cnn-shifted"):
        FakeWriter(name).advance(9999)
    async with start() as learner:
        await learner.press("r")
        await until(learner, "finished")
        chosen = learner.screen.runs[1]
        await learner.press("down", "enter")
        assert isinstance(learner.screen, TrainingScreen)
        assert learner.screen.run.id == chosen.id
        await learner.press("escape")
        assert isinstance(learner.screen, RunsScreen)


async def test_deleting_asks_once_and_an_arrow_keeps_it(start):
    writer = FakeWriter()
    writer.advance(9999)
    async with start() as learner:
        await learner.press("r")
        await until(learner, "finished")
        await learner.press("d")
        assert "again deletes" in learner.read("notice")
        await learner.press("up", "d")
        assert writer.path.exists()
        await learner.press("d")
        await until(learner, "Nothing has been trained yet")
        assert not writer.path.exists()


async def test_a_run_that_is_alive_is_not_deleted(start):
    writer = FakeWriter()
    writer.advance(10)
    async with start() as learner:
        await learner.press("r")
        await until(learner, "epoch 1 of 5")
        await learner.press("d", "d")
        assert "s stops it first" in learner.read("notice")
        assert writer.path.exists()


async def test_without_runs_it_says_how_to_begin_one(start):
    async with start() as learner:
        await learner.press("r")
        await until(learner, "Nothing has been trained yet. n chooses a recipe")
        await learner.press("n")
        assert isinstance(learner.screen, RecipeScreen)
        await learner.press("escape", "escape")
        assert isinstance(learner.screen, HomeScreen)
        assert runs.list_runs() == []


async def test_the_list_says_why_the_run_chosen_failed(start):
    FakeWriter().advance(10)
    failed = FakeWriter("mlp-shifted")
    failed.advance(10)
    failed.writer.write(Failed(time.time(), 10, 1, "The loss is no number.", "Set learning_rate=1e-4."))
    failed.die()
    async with start() as learner:
        await learner.press("r")
        await until(learner, "failed")
        while learner.screen.chosen.id != failed.path.name:
            await learner.press("down" if learner.screen.at == 0 else "up")
        await until(learner, "The loss is no number.")
