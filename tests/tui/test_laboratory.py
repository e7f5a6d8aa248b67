"""The laboratories, as a learner uses them: small and wide screens, before PyTorch and after."""

import pytest

from tutor.engine.client import Engine
from tutor.tui.screens.home import HomeScreen
from tutor.tui.terminal import ascii_only
from tutor.tui.widgets.laboratory import Laboratory

SIZES = [(80, 24), (120, 36)]


@pytest.fixture(scope="module")
def engine():
    """One process for all; the interface closes the one it has, so it gets one that does not close."""

    class Lasting(Engine):
        def close(self):
            pass

    one = Lasting()
    one.start()
    yield one
    Engine.close(one)


async def seen(learner, wanted):
    """The laboratory's picture, once it says what is wanted."""
    for _ in range(600):
        said = learner.read("bench")
        if wanted in " ".join(said.split()):
            return said
        await learner.pilot.pause(0.02)
    raise AssertionError(f"{wanted!r} is not in {learner.read('bench')!r}")


def bench(learner):
    return learner.screen.query_one(Laboratory).bench


@pytest.mark.parametrize("size", SIZES)
async def test_cost_opens_on_the_counterexample_and_shows_the_difference(start, engine, size):
    async with start("cost/training-multiplications", engine=engine, size=size) as learner:
        await learner.type("2nK^2L")
        await learner.press("enter")
        assert [bench(learner).value(name) for name in "nKL"] == [1, 1, 1]
        await learner.press("f3")
        said = await seen(learner, "PyTorch did")
        rows = {line.split("  ")[0].strip(): line for line in said.splitlines()}
        assert rows["PyTorch did"].split()[-1] == "3"
        assert rows["your formula"].split()[-1] == "2"
        assert "PyTorch did" in learner.shown()
        await learner.press("right", "down", "e", "backspace", "4", "enter")
        said = await seen(learner, "96")
        assert next(line for line in said.splitlines() if line.startswith(" PyTorch did")).split()[-1] == "96"
        assert next(line for line in said.splitlines() if line.startswith(" your formula")).split()[-1] == "64"
        await learner.press("r")
        assert bench(learner).value("K") == 1
        await learner.press("escape")
        assert learner.screen.focused is learner.active.field
        assert "2nK^2L" in learner.shown()
        await learner.press("backspace")
        assert "your formula" not in learner.read("bench")


@pytest.mark.parametrize("size", SIZES)
async def test_initialization_shows_the_own_sigma_vanish(start, engine, size):
    async with start("initialization/sigma", engine=engine, size=size) as learner:
        await learner.type("1/sqrt(d)")
        await learner.press("enter", "f3")
        await learner.press("down", "e", "end", *["backspace"] * 4, *"256", "enter")
        assert bench(learner).value("d") == 256
        assert bench(learner).knob("sigma").marks[0][0] == pytest.approx(1 / 16)
        await learner.press("up", "e", "end", *["backspace"] * 20, *"0.0625", "enter")
        assert "It vanishes" in await seen(learner, "networks" if size[0] == 80 else "It vanishes")
        await learner.press("right")
        assert bench(learner).value("sigma") > 1 / 16
        assert "yours 0.0625" in await seen(learner, "yours 0.0625")


@pytest.mark.parametrize("size", SIZES)
async def test_optimizers_shows_that_adam_does_not_see_c(start, size):
    async with start("optimizers/adam-weight", size=size) as learner:
        await learner.type("-eta c t")
        await learner.press("enter", "f3")
        said = learner.read("bench")
        assert "× your formula" in said
        await learner.press("escape", *["backspace"] * 10)
        await learner.press("f3")
        assert "one curve for every c" in learner.read("bench")
        before = learner.read("bench")
        await learner.press("right")
        assert learner.read("bench") != before
        await learner.press("up", "e", *["backspace"] * 20, *"c/(t-1)", "enter")
        assert "no value at t = 1" in learner.read("bench-said")
        await learner.press("backspace", "backspace", "backspace", *"+1)", "enter")
        assert "g = c/(t+1)" in learner.read("bench")
        assert learner.screen.focused is learner.screen.query_one(Laboratory)


@pytest.mark.parametrize("size", SIZES)
async def test_a_receptive_field_claimed_lies_over_the_real_one(start, engine, size):
    async with start("receptive-field/closed-form", engine=engine, size=size) as learner:
        await learner.type("1")
        await learner.press("enter", "f3")
        assert "your formula says 1." in " ".join(learner.read("bench").split())
        layers = len(bench(learner).layers)
        await learner.press("a")
        assert len(bench(learner).layers) == layers + 1
        await learner.press("e", *["backspace"] * 20, *"max", "space", *"k2s2", "enter")
        assert bench(learner).layers[-1].text == "max k2 s2 p0"
        await seen(learner, "PyTorch agrees")
        await learner.press("left_square_bracket")
        lit = learner.read("bench").count("█")
        await learner.press("down", "f")
        assert learner.read("bench").count("█") != lit
        await learner.press("d", "down", "down", "down", "d")
        assert "The input stays" in learner.read("bench-said")
        width = bench(learner).width
        await learner.press("plus")
        assert bench(learner).width == width + 1


async def test_a_click_chooses_a_cell_and_moves_a_slider(start):
    async with start("receptive-field", size=(120, 36)) as learner:
        lines = learner.read("bench").splitlines()
        row = next(at for at, line in enumerate(lines) if line.startswith(" layer 1"))
        await learner.pilot.click("#bench", offset=(lines[row].index("□"), row))
        assert (bench(learner).level, bench(learner).unit) == (1, 0)
    async with start("cost", size=(120, 36)) as learner:
        await learner.pilot.click("#bench", offset=(13, 1))
        assert (bench(learner).at, bench(learner).value("K")) == (1, 1)


async def test_small_screens_have_it_in_the_answers_place_and_wide_ones_beside(start):
    async with start("cost", size=(80, 24)) as learner:
        assert "laboratory" not in learner.shown().replace("F3 laboratory", "")
        await learner.press("f3")
        assert "cost of a training step" in learner.shown()
        assert "A fully connected network" not in learner.shown()
        await learner.press("f3")
        assert "A fully connected network" in learner.shown()
        assert learner.screen.focused is learner.active.field
        await learner.press("f3", "tab")
        assert learner.problem.at == 1
        assert learner.screen.focused is learner.active.field
    async with start("cost", size=(120, 36)) as learner:
        assert "cost of a training step" in learner.shown()
        assert "A fully connected network" in learner.shown()
        assert learner.screen.focused is learner.active.field
        await learner.pilot.resize_terminal(80, 24)
        await learner.pilot.pause()
        assert "cost of a training step" not in learner.shown()


@pytest.mark.parametrize("problem", ["cost", "initialization", "optimizers", "receptive-field"])
async def test_everything_is_reached_on_the_smallest_screen(start, problem):
    async with start(problem, size=(40, 15)) as learner:
        await learner.press("f3")
        first = learner.shown()
        laboratory = learner.screen.query_one(Laboratory)
        for _ in range(12):
            await learner.press("pagedown")
        assert laboratory.scroll_offset.y == laboratory.max_scroll_y
        last = learner.read("bench").splitlines()[-1].strip()
        assert last in learner.shown()
        for _ in range(12):
            await learner.press("pageup")
        assert learner.shown() == first
        await learner.press("escape", "escape")
        assert isinstance(learner.screen, HomeScreen)


async def test_before_pytorch_is_loaded_a_sentence_stands_in_its_place(start):
    class Loading(Engine):
        def start(self):
            pass

    async with start("cost", engine=Loading(), size=(120, 36)) as learner:
        assert "measuring as soon as PyTorch is loaded, about 3 s" in " ".join(learner.read("bench").split())
        assert "forward" in learner.read("bench")
        await learner.press("f3", "right")
        assert bench(learner).value("n") == 6


async def test_without_an_engine_the_pictures_that_need_none_are_there(start):
    async with start("initialization", size=(120, 36)) as learner:
        assert "PyTorch is not running here" in " ".join(learner.read("bench").split())


async def test_a_problem_without_a_laboratory_has_no_key_for_it(start, shapes):
    async with start("area", sets=shapes, size=(120, 36)) as learner:
        assert "F3" not in learner.read("keys")
        await learner.press("f3")
        assert learner.screen.focused is learner.active.field


async def test_the_answer_to_another_part_marks_the_slider_on_return(start):
    async with start("initialization/sigma") as learner:
        await learner.type("sqrt(2/d)")
        await learner.press("enter", "enter")
    async with start("initialization/variance") as learner:
        assert bench(learner).knob("sigma").marks


def test_ascii_where_the_terminal_has_no_more():
    assert ascii_only({"TERM": "linux"}, "utf-8")
    assert ascii_only({"TERM": "xterm"}, "iso-8859-1")
    assert not ascii_only({"TERM": "xterm-256color"}, "UTF-8")


async def test_x_on_the_list_opens_the_laboratory_at_once(start):
    async with start() as learner:
        await learner.press("x")
        assert learner.problem.problem.id == "cost"
        assert learner.problem.in_laboratory
        await learner.press("escape")
        assert learner.screen.focused is learner.active.field
