"""A new run: chosen, described by the engine, changed, started."""

from concurrent.futures import Future

import pytest

from tests.tui.fake_runs import FakeWriter
from tests.tui.test_training import until
from tutor.training.data.finding import Found
from tutor.training.recipe import from_toml, recipe
from tutor.tui.screens import recipe as screen
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.recipe import RecipeScreen
from tutor.tui.screens.training import TrainingScreen
from tutor.tui.training import running

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
