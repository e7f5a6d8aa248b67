"""Where a terminal has ASCII only, every screen keeps to it: rules, signs, marks and keys."""

import time

import pytest

from tests.tui.fake_runs import FakeWriter
from tutor.tui import keys
from tutor.tui.screens.training import TrainingScreen
from tutor.tui.terminal import TWINS, ascii_only

LATIN = set(map(chr, range(256)))
"""Letters of mathematics such as ² and · are in every font."""


@pytest.fixture(autouse=True)
def console(monkeypatch):
    monkeypatch.setenv("TERM", "linux")


def foreign(shown):
    return set(shown) - LATIN


def test_a_console_without_the_signs_is_known():
    assert ascii_only({"TERM": "linux"}, "utf-8")
    assert ascii_only({"TERM": "xterm"}, "iso-8859-1")
    assert not ascii_only({"TERM": "xterm-256color"}, "UTF-8")


def test_twins_are_ascii_and_as_wide():
    assert all(len(twin) == 1 and twin.isascii() for twin in TWINS.values())


def test_every_key_has_a_name_in_ascii():
    for key in keys.TABLE:
        assert keys.names(key, {}, plain=True).isascii()
        assert keys.names(key, {}, all_of_them=True, plain=True).isascii()


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 36)])
async def test_the_list_of_problems_the_runs_and_the_form(start, size):
    writer = FakeWriter()
    writer.advance(700)
    FakeWriter("mlp-shifted").advance(9999)
    async with start(size=size) as learner:
        end = time.monotonic() + 10
        while "epoch" not in learner.shown() and time.monotonic() < end:
            await learner.pilot.pause(0.05)
        assert not foreign(learner.shown())
        assert "> 1" in learner.shown()
        assert "-----" in learner.shown()
        assert "up/down choose" in learner.shown()
        for key in ("r", "n"):
            await learner.press(key)
            assert not foreign(learner.shown())


async def test_a_run_with_another_over_it(start):
    for name in ("mlp-shifted", "cnn-shifted"):
        FakeWriter(name, epochs=17).advance(99_999)
    writer = FakeWriter(epochs=17)
    writer.advance(5000)
    for size in ((80, 24), (120, 36)):
        async with start(size=size) as learner:
            await learner.app.push_screen(TrainingScreen(writer.run))
            for presses in ((), ("o", "o"), ("f",), ("plus",), ("escape", "escape"), ("p",), ("e",), ("f1",)):
                await learner.press(*presses)
                await learner.pilot.pause(0.3)
                assert not foreign(learner.shown()) or presses == ("f1",)


async def test_a_problem_with_a_verdict(start):
    async with start("cost", size=(120, 36)) as learner:
        await learner.type("n K L")
        await learner.press("enter", "f2")
        assert "x not yet" in learner.shown()
        assert not foreign(learner.shown())
