"""The measurement beside the learner's own formula."""

import asyncio
import os

import pytest

from tutor.engine.client import Engine
from tutor.tui.widgets.measured import NumbersLine


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


async def measured(learner, wanted):
    """The measurement, once it says what is wanted."""
    for _ in range(600):
        await learner.pilot.pause(0.02)
        if wanted in " ".join(learner.read("measured").split()):
            return learner.read("measured")
    raise AssertionError(f"{wanted!r} is not in {learner.read('measured')!r}")


async def test_a_wrong_answer_is_measured_at_its_counterexample(start, engine):
    async with start("cost/training-multiplications", engine=engine) as learner:
        await learner.type("2nK^2L")
        await learner.press("enter")
        said = await measured(learner, "They differ")
        assert "measured at n = 1, K = 1, L = 1" in said
        rows = {line.split("  ")[1].strip(): line for line in said.splitlines()[1:3]}
        assert " 3  █" in rows["PyTorch"]
        assert " 2  █" in rows["your formula"]
        assert rows["PyTorch"].count("█") > rows["your formula"].count("█")
        await learner.press("0")
        assert not learner.read("measured")


async def test_the_learner_changes_the_numbers(start, engine):
    async with start("cost/forward-multiplications", engine=engine) as learner:
        await learner.type("n K^2 L")
        await learner.press("enter")
        await measured(learner, "They agree")
        await learner.press("f8")
        line = learner.screen.query_one(NumbersLine)
        assert line.value.startswith("n=")
        line.value = "n=10 K=16 L=2"
        await learner.press("enter")
        assert "enter measure" in learner.read("keys")
        assert "esc answer" in learner.read("keys")
        assert "5,120" in await measured(learner, "n = 10, K = 16, L = 2")
        line.value = "n=0"
        await learner.press("enter")
        assert "outside" in await measured(learner, "These numbers")
        assert "n=0" in line.value
        await learner.press("escape")
        assert learner.screen.focused is learner.active.field


async def test_another_convention_is_measured_by_its_own_count(start, engine):
    async with start("cost/training-multiplications", engine=engine) as learner:
        await learner.type("(3L-1)nK^2")
        await learner.press("enter")
        assert "without a gradient" in " ".join((await measured(learner, "They agree")).split())


async def test_sampling_shows_its_standard_error(start, engine):
    async with start("initialization/variance", engine=engine) as learner:
        await learner.type("d sigma^2")
        await learner.press("enter")
        assert "±" in await measured(learner, "They differ")


async def test_an_engine_that_cannot_start_is_one_sentence_and_the_rest_goes_on(start, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('broken wheel')")
    broken = Engine(environ={**os.environ, "PYTHONPATH": str(tmp_path)}, pauses=())
    async with start("cost/forward-multiplications", engine=broken) as learner:
        await learner.type("n")
        await learner.press("enter")
        assert "✗ not yet" in learner.read("verdict")
        assert "broken wheel" in await measured(learner, "PyTorch cannot be loaded")
        await asyncio.sleep(0)


async def test_without_an_engine_the_numbers_line_says_so(start):
    async with start("cost") as learner:
        await learner.press("f8")
        assert "not running" in learner.read("measured")


async def test_an_answer_without_a_value_at_the_numbers_stands_beside_nothing(start, engine):
    async with start("cost", engine=engine) as learner:
        await learner.type("n K^2 L/(n-1)")
        await learner.press("f8")
        learner.screen.query_one(NumbersLine).value = "n=1 K=2 L=3"
        await learner.press("enter")
        assert "your formula" not in await measured(learner, "PyTorch's number")
