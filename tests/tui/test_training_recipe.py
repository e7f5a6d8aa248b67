"""A new run: chosen, described by the engine, changed, started."""

from concurrent.futures import Future

import pytest
from textual import events

from tests.tui.fake_runs import FakeWriter
from tests.tui.test_training import until
from tutor.training.data.finding import Found
from tutor.training.events import Epoch
from tutor.training.recipe import from_toml, recipe, summary
from tutor.tui.screens import recipe as screen
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.recipe import RecipeScreen, ValueLine
from tutor.tui.screens.training import TrainingScreen
from tutor.tui.training import reading, running
from tutor.tui.training.described import described, moment
from tutor.tui.training.described import layers as described_layers
from tutor.tui.training.form import FIELDS, Form, form_lines

LAYERS = [
    {"name": "conv1", "kind": "Conv2d", "output": [32, 28, 28], "parameters": 832, "multiplications": 40_000_000},
    {"name": "act", "kind": "ReLU", "output": [32, 28, 28], "parameters": 0, "multiplications": 0},
    {"name": "out", "kind": "Linear", "output": [10], "parameters": 1290, "multiplications": 123_000},
]
FIGURES = {
    "layers": LAYERS,
    "parameters": 360_778,
    "multiplications": 3_890_000_000,
    "steps": 939,
    "steps_per_epoch": 313,
    "receptive_field": 45,
    "receptive_field_stride": 8,
    "complaint": "",
    "memory_bytes": None,
    "seconds": None,
    "step_seconds": None,
    "device": None,
}
TRIED = {**FIGURES, "memory_bytes": 200 << 20, "seconds": 42.0, "step_seconds": 0.04, "device": "cpu, 2 threads"}


class Describing:
    """An engine that knows one description; the trial's end is given by the test."""

    state = "ready"

    def __init__(self):
        self.asked = []
        self.trials = []

    def start(self):
        pass

    def close(self):
        pass

    def request(self, method, params, seconds, on_progress=None):
        assert method == "recipe"
        self.asked.append(from_toml(params["recipe"]))
        self.trials.append(Future())
        if on_progress is not None:
            on_progress(FIGURES)
        return self.trials[-1]


@pytest.fixture
def opened(start):
    """The screen, at a quick recipe."""

    async def open_it(learner, name="cnn-shifted"):
        await learner.app.push_screen(RecipeScreen(recipe(name, "quick")))
        await learner.pilot.pause()

    return open_it


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_it_says_what_a_recipe_will_do_first_without_and_then_with_a_trial(start, opened, size):
    engine = Describing()
    async with start(size=size, engine=engine) as learner:
        await opened(learner)
        shown = await until(learner, "360,778")
        for wanted in ("3.89 billion", "45 pixels, stride 8", "conv1", "32x28x28", "832", "trying a few steps"):
            assert wanted in shown
        engine.trials[-1].set_result(TRIED)
        shown = await until(learner, "about 42 s")
        assert "200 MiB" in shown
        assert "cpu, 2 threads" in shown


async def test_a_change_is_asked_for_and_what_was_under_way_is_dropped(start, opened):
    engine = Describing()
    async with start(engine=engine) as learner:
        await opened(learner)
        await until(learner, "360,778")
        await learner.press("down", "down", "down", "down", "down", "right")
        assert "canvas" in learner.read("notice")
        await until(learner, "was 56")
        await learner.pilot.pause(0.5)
        assert [one.canvas for one in engine.asked] == [56, 112]
        assert engine.trials[0].cancelled()


async def test_a_value_is_typed_and_what_cannot_be_is_said_and_stays(start, opened):
    async with start() as learner:
        await opened(learner)
        await learner.press("down", "down", "down", "down", "down", "3", "enter")
        assert "canvas cannot be '3': it takes a whole number from 28 to 512." in learner.read("notice").replace(
            "\n", " "
        )
        await learner.press("2", "enter")
        assert "32" in learner.read("form")
        assert learner.screen.form.recipe.canvas == 32
        await learner.press("e", "9", "escape")
        assert learner.screen.form.recipe.canvas == 32
        await learner.press("backspace")
        assert learner.screen.form.recipe == recipe("cnn-shifted", "quick")
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)


async def test_without_pytorch_it_says_so_and_everything_can_still_be_changed(start, opened):
    async with start() as learner:
        await opened(learner)
        assert "PyTorch is not running here" in learner.read("description").replace("\n", " ")
        await learner.press("right")
        assert learner.screen.form.recipe.name == "cnn-scrambled"


async def test_the_learners_model_needs_a_file_of_theirs(start, opened, home):
    async with start() as learner:
        await opened(learner)
        await learner.press("m")
        assert "tutor code convnets/cnn begins it" in learner.read("notice").replace("\n", " ")
        assert learner.screen.form.recipe.source == "ours"
        (home / "code").mkdir(parents=True)
        (home / "code" / "cnn.py").write_text("class CNN: ...\n")
        await learner.press("m")
        assert learner.screen.form.recipe.source == "mine"
        assert "cnn, yours" in learner.read("form")


async def test_start_opens_the_run(start, opened, monkeypatch):
    writer = FakeWriter()
    begun = []
    monkeypatch.setattr(running, "start", lambda one: begun.append(one) or writer.run)
    async with start() as learner:
        await opened(learner)
        await learner.press("enter")
        await until(learner, "waiting for the first step")
        assert isinstance(learner.screen, TrainingScreen)
        assert [one.name for one in begun] == ["cnn-shifted"]


async def test_what_hinders_a_start_is_said_and_it_can_be_tried_again(start, opened, monkeypatch):
    monkeypatch.setattr(running, "start", lambda one: "There is no space left.")
    async with start() as learner:
        await opened(learner)
        await learner.press("enter")
        await until(learner, "There is no space left.")
        assert isinstance(learner.screen, RecipeScreen)
        await learner.press("enter")
        await until(learner, "There is no space left.")


async def test_a_data_set_that_is_not_here_is_fetched_with_the_learners_word_only(start, opened, monkeypatch):
    fetched, begun = [], []
    lacking = Found("mnist", None, False, "MNIST is not on this machine.", 11_600_000)
    monkeypatch.setattr(screen, "find", lambda name: lacking)
    monkeypatch.setattr(running, "download", lambda name, progress: fetched.append(name) or "The network is gone.")
    monkeypatch.setattr(running, "start", lambda one: begun.append(one) or "no")
    async with start() as learner:
        await opened(learner)
        await learner.press("enter")
        assert "enter again downloads it (12 MB)" in learner.read("notice").replace("\n", " ")
        assert fetched == []
        await learner.press("enter")
        await until(learner, "The network is gone.")
        assert (fetched, begun) == (["mnist"], [])


def burst(learner, *names):
    """Keys that arrive together, as a fast typist or a paste without its marks sends them."""
    for name in names:
        character = {"minus": "-"}.get(name, name)
        learner.app.post_message(events.Key(name, character if len(character) == 1 else None))


@pytest.mark.parametrize(
    ("names", "field", "value"),
    [
        (("2", "0", "4", "8"), "images", 2048),
        (("5", "e", "2"), "images", 0),
        (("down", "6", "4"), "canvas", 64),
        (("e", "backspace", "1", "2", "3"), "images", 123),
        (("1", "2", "left", "3"), "images", 132),
    ],
)
async def test_keys_that_arrive_together_are_all_taken_in_their_order(start, opened, names, field, value):
    async with start() as learner:
        await opened(learner)
        await learner.press("down", "down", "down", "down")
        assert learner.screen.form.field == "images"
        burst(learner, *names)
        await learner.press("wait:50")
        assert learner.screen.typing
        assert learner.screen.query_one(ValueLine).value == (str(value) if value else "5e2")
        burst(learner, "enter")
        await learner.press("wait:50")
        assert getattr(learner.screen.form.recipe, field) == value


async def test_a_value_typed_and_taken_in_one_burst_starts_nothing(start, opened, monkeypatch):
    monkeypatch.setattr(running, "start", lambda one: pytest.fail("It began."))
    async with start() as learner:
        await opened(learner)
        await learner.press("down", "down", "down", "down")
        burst(learner, *"2048", "enter", "down", *"64", "enter")
        await until(learner, "was 56")
        assert (learner.screen.form.recipe.images, learner.screen.form.recipe.canvas) == (2048, 64)


async def test_a_real_number_keeps_its_letter(start, opened):
    async with start() as learner:
        await opened(learner)
        await learner.press(*["down"] * FIELDS.index("learning_rate"))
        burst(learner, *"2e", "minus", *"4", "enter")
        await until(learner, "was 0.001")
        assert learner.screen.form.recipe.learning_rate == 2e-4


async def test_the_keys_below_are_those_of_the_value_while_one_is_typed(start, opened):
    async with start() as learner:
        await opened(learner)
        await learner.press("down", "down", "down", "down")
        for begin in ("e", "7"):
            assert "enter start" in learner.read("keys")
            await learner.press(begin)
            assert "enter take" in learner.read("keys")
            assert "start" not in learner.read("keys")
            await learner.press("escape")
        assert isinstance(learner.screen, RecipeScreen)


async def test_a_terminal_too_small_for_a_while_takes_no_keys_away(start, opened):
    async with start() as learner:
        await opened(learner)
        await learner.pilot.resize_terminal(30, 10)
        await learner.pilot.pause()
        await learner.pilot.resize_terminal(80, 24)
        await learner.pilot.pause()
        await learner.press("down", "down", "down", "down")
        burst(learner, *"2048", "enter")
        await until(learner, "2048")
        assert learner.screen.form.recipe.images == 2048


DEEP = [
    {"name": "0", "kind": "Conv2d", "output": [32, 56, 56], "parameters": 832, "multiplications": 642_000_000},
    {"name": "3", "kind": "Conv2d", "output": [128, 14, 14], "parameters": 204_928, "multiplications": 15_400_000_000},
    {"name": "4", "kind": "AdaptiveAvgPool2d", "output": [128, 1, 1], "parameters": 0, "multiplications": 0},
]
NAMED = [{**layer, "name": f"stage1.{at}.residual.{at}"} for at, layer in enumerate(DEEP)]


@pytest.mark.parametrize("layers", [DEEP, NAMED])
@pytest.mark.parametrize("width", range(22, 90))
def test_numbers_are_shown_whole_or_not_at_all(layers, width):
    trial = {"seconds": 74.0, "step_seconds": 2.48213, "device": "NVIDIA H100 80GB, bfloat16"}
    found = {**TRIED, **trial, "layers": layers}
    lines = [line.plain for line in described(recipe("cnn-shifted", "full"), found, "", "", width)]
    assert max(map(len, lines)) <= width
    table = lines[next(at for at, line in enumerate(lines) if line.startswith("layer")) :]
    words = {word for line in table for word in line.split() if word[0].isdigit()}
    assert words <= {"32x56x56", "128x14x14", "128x1x1", "832", "204,928", "205k", "642M", "15G"}
    said = " ".join(" ".join(lines).split())
    assert "about 1 min" in said
    assert "2.5 s a step" in said
    assert "…" not in said.partition("layer")[0]


def test_a_table_too_wide_loses_its_widest_column():
    assert heading(DEEP, 36) == ["gives", "weights", "products"]
    assert heading(DEEP, 35) == ["weights", "products"]
    assert heading(NAMED, 36) == ["weights"]


def heading(layers, width):
    return described_layers({"layers": layers}, width)[0].plain.split()[1:]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0747, "74.7 ms"), (0.99949, "999 ms"), (0.99951, "1.0 s"), (2.4821, "2.5 s"), (9.96, "10 s"), (1234, "21 min")],
)
def test_a_short_time_is_short(seconds, said):
    assert moment(seconds) == said


def test_an_epoch_of_the_log_says_its_time_as_every_place_does():
    event = Epoch(0.0, 1, 10, 0.5, 0.8, 0.5, 0.9, 1234.0)
    assert reading.said(event) == "Epoch 1: validation 90.0 %, 21 min."


def test_arrows_halve_and_double_the_images_there_are():
    form = Form(recipe("cnn-shifted", "quick"), FIELDS.index("images"))
    assert form.step(1) == form
    seen = [form]
    for _ in range(15):
        seen.append(seen[-1].step(-1))
    assert [one.recipe.images for one in seen[:4]] == [0, 5000, 2500, 1250]
    assert seen[-1].recipe.images == 1
    assert "on 1 image of" in summary(seen[-1].recipe)
    assert form.typed("6000").step(1) == form
    assert "0, all 10,000" in "\n".join(line.plain for line in form_lines(form, 40))
