"""The code screen: writing, saving, checking, and what happens when the file changes outside."""

import asyncio

import pytest

from tutor.code.client import CheckResult, CodeVerdict
from tutor.tui.screens.code import CodeScreen
from tutor.tui.widgets.code_area import CodeArea, indentation
from tutor.tui.widgets.drawn import Drawn

GOOD = "def get_mlp(image_size):\n    return 1\n"
WRONG = CodeVerdict(
    "incorrect",
    0.31,
    (
        CheckResult("parses", True),
        CheckResult("shapes", False, "(2, 9) comes out; (2, 10) was expected.", 2),
        CheckResult("scores at the end", None),
    ),
    output="hello\n",
    details="line 2, in get_mlp: return 1\nTypeError: no",
    confinement="full",
)
RIGHT = CodeVerdict("correct", 0.2, (CheckResult("parses", True),), confinement="full")


class Service:
    """Says what it was told to, in the place of torch."""

    warm = True

    def __init__(self):
        self.asked = []
        self.verdict = WRONG

    def check(self, checks, source, name):
        self.asked.append(source)
        return self.verdict

    def close(self):
        pass


@pytest.fixture
def opened(start, monkeypatch):
    """The code screen of convnets/mlp with a service that answers at once."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def at(size=(120, 36), part="mlp"):
        async with start(f"convnets/{part}", size=size) as learner:
            learner.service = Service()
            learner.app._code = learner.service
            await learner.press("enter")
            assert isinstance(learner.screen, CodeScreen)
            yield learner

    return at


async def settle(learner):
    """Wait for the checks and their drawing."""
    for _ in range(100):
        await learner.pilot.pause()
        if not learner.screen._busy:
            break
        await asyncio.sleep(0.01)
    await learner.pilot.pause()


def area(learner):
    return learner.screen.query_one(CodeArea)


async def test_enter_on_the_part_opens_the_starter_in_the_learner_s_folder(opened, home):
    async with opened() as learner:
        file = home / "code" / "mlp.py"
        assert "def get_mlp" in file.read_text()
        assert area(learner).text == file.read_text()
        assert "get_mlp(image_size)" in learner.read("asked")
        assert "mlp.py" in learner.shown()


async def test_checks_stand_beside_the_file_and_the_cursor_goes_to_the_line(opened):
    async with opened() as learner:
        area(learner).load_text(GOOD)
        await learner.press("f5")
        await settle(learner)
        said = learner.read("checks")
        assert "✓ parses" in said
        assert "✗ shapes" in said
        assert "· scores at the end" in said
        assert "(2, 10) was expected" in said
        assert "hello" in said
        assert "TypeError" not in said
        assert area(learner).cursor_location[0] == 1
        assert "checked in 0.31 s" in learner.read("file")
        await learner.press("f8")
        assert "TypeError: no" in learner.read("checks")


async def test_what_is_typed_is_saved_by_itself_and_a_right_file_solves_the_part(opened, home):
    async with opened() as learner:
        area(learner).load_text(GOOD)
        await learner.pilot.pause(0.6)
        assert (home / "code" / "mlp.py").read_text() == GOOD
        learner.service.verdict = RIGHT
        await learner.press("f5")
        await settle(learner)
        assert learner.service.asked == [GOOD]
        await learner.press("escape")
        assert learner.app.progress["ps08/convnets/mlp"].state == "solved"
        assert "●" in learner.shown()


async def test_escape_saves_what_was_typed_a_moment_ago(opened, home):
    async with opened() as learner:
        area(learner).load_text(GOOD)
        await learner.press("escape")
        assert (home / "code" / "mlp.py").read_text() == GOOD


async def test_a_change_outside_is_taken_over_and_checked(opened, home):
    async with opened() as learner:
        (home / "code" / "mlp.py").write_text(GOOD)
        learner.screen.look()
        await settle(learner)
        assert area(learner).text == GOOD
        assert learner.service.asked == [GOOD]


async def test_a_conflict_keeps_both_texts(opened, home):
    async with opened() as learner:
        area(learner).load_text("mine = 1\n")
        (home / "code" / "mlp.py").write_text("theirs = 1\n")
        learner.screen.keep()
        await settle(learner)
        assert area(learner).text == "theirs = 1\n"
        kept = [each.read_text() for each in (home / "code").glob("mlp.mine-*.py")]
        assert kept == ["mine = 1\n"]
        assert "yours is in mlp.mine-" in learner.read("file") or learner.service.asked


async def test_f7_brings_back_versions_and_undo_brings_back_the_newest(opened):
    async with opened() as learner:
        for text in ("one = 1\n", "two = 2\n"):
            area(learner).load_text(text)
            await learner.press("f5")
            await settle(learner)
        await learner.press("f7")
        assert area(learner).text == "one = 1\n"
        assert "version 1 of 2" in learner.read("file")
        await learner.press("ctrl+z")
        assert area(learner).text == "two = 2\n"


async def test_enter_keeps_the_indentation_and_adds_some_after_a_colon(opened):
    async with opened() as learner:
        area(learner).load_text("class A:")
        area(learner).move_cursor((0, 8))
        await learner.press("enter")
        await learner.type("x")
        await learner.press("enter")
        await learner.type("y")
        assert area(learner).text == "class A:\n    x\n    y"


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("    x = 1", "    "), ("def f():", "    "), ("    if x:  ", "        ")]
)
def test_indentation(before, after):
    assert indentation(before) == after


async def test_f6_opens_the_editor_of_the_environment(opened, home, monkeypatch, tmp_path):
    async with opened() as learner:
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        await learner.press("f6")
        assert "export EDITOR" in " ".join(learner.read("checks").split())


async def test_f2_shows_the_hints_one_by_one(opened):
    async with opened() as learner:
        await learner.press("f2")
        assert "rows of numbers" in " ".join(learner.read("hints").split())
        await learner.press("f2")
        assert "five linear layers" in " ".join(learner.read("hints").split())


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_every_place_is_there_on_a_small_terminal(opened, size):
    async with opened(size=size) as learner:
        assert learner.screen.query_one("#said").size.height >= 3
        assert area(learner).size.height >= 3
        await learner.press("f5")
        await settle(learner)
        assert "shapes" in learner.shown()


async def test_a_folder_that_cannot_be_written_is_told_and_loses_nothing(opened, home, monkeypatch):
    async with opened() as learner:

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tutor.code.files.write", full)
        area(learner).load_text(GOOD)
        learner.screen.keep()
        assert "No space left" in learner.screen.query_one("#file", Drawn).plain
        assert area(learner).text == GOOD
