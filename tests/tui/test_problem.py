"""A problem, as a learner goes through it."""

import pytest
from textual import events

from tutor.progress.store import Store, StoreError
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.problem import PartLine
from tutor.tui.widgets.fields import AnswerChoice, AnswerLine


async def test_a_part_is_solved_with_one_wrong_try(start):
    async with start("cost/training-multiplications") as learner:
        await learner.type("2nK^2L")
        assert "2 · n · K² · L" in learner.read("preview")
        assert "uses n, K, L" in learner.read("preview")
        assert not learner.active.query_one("#verdict").has_class("-shown")
        await learner.press("enter")
        assert "✗ not yet" in learner.read("verdict")
        assert "yours is" in learner.read("verdict")
        assert "○◐○○" in learner.read("top")
        await learner.press("home", "delete", "3")
        assert not learner.active.query_one("#verdict").has_class("-shown")
        await learner.press("enter")
        assert "✓ yes" in learner.read("verdict")
        assert "○●○○" in learner.read("top")
        await learner.press("enter")
        assert learner.problem.at == 2
        line = learner.problem.query(PartLine)[1].plain
        assert "3 · n · K² · L" in line
        assert line.endswith("✓")


async def test_every_way_to_check_works(start):
    for key in ("enter", "ctrl+j", "f5"):
        async with start("cost/forward-multiplications") as learner:
            await learner.type("n")
            await learner.press(key)
            assert "✗ not yet" in learner.read("verdict")


async def test_an_answer_that_cannot_be_read_is_shown_its_place_without_a_sign(start):
    async with start("cost") as learner:
        await learner.type("n*K^^2")
        text = learner.read("preview")
        assert text.split("\n")[1].index("^") == text.split("\n")[0].index("^^") + 1
        await learner.press("enter")
        said = learner.read("verdict")
        assert "^" in said
        assert "✗" not in said
        assert "○○○○" in learner.read("top")
        await learner.press("backspace")
        assert learner.active.query_one("#preview").display


async def test_an_empty_answer_is_not_judged(start):
    async with start("cost") as learner:
        await learner.press("enter")
        assert "Type an answer first" in learner.read("verdict")
        assert "○○○○" in learner.read("top")


async def test_the_same_answer_twice_is_one_attempt(start):
    async with start("cost") as learner:
        await learner.type("n K")
        await learner.press("enter", "enter")
        assert "not counted again" in " ".join(learner.read("verdict").split())
        assert learner.app.progress[learner.problem.part.key].attempts == 1


async def test_the_hint_the_mistake_names_comes_first_and_then_all(start):
    async with start("cost") as learner:
        part = learner.problem.part
        named = next(one for one in part.mistakes if one.hint and one.hint != part.hints[0].id)
        await learner.type(named.formula)
        await learner.press("enter", "f2")
        assert learner.app.saver.store.hints_shown(part.key) == (named.hint,)
        for _ in part.hints:
            await learner.press("f2")
        assert set(learner.app.saver.store.hints_shown(part.key)) == {hint.id for hint in part.hints}
        assert "all the hints" in learner.read("verdict")
        await learner.press("escape", "enter")
        assert learner.read("hints").count("hint") >= len(part.hints)


async def test_the_solution_asks_once_and_is_recorded(start):
    async with start("cost") as learner:
        part = learner.problem.part
        await learner.press("f4")
        assert "F4 again" in learner.read("verdict")
        assert not learner.app.saver.store.progress(part.key).solution_shown
        await learner.press("f4")
        assert "solution" in learner.read("solution")
        assert learner.app.saver.store.progress(part.key).solution_shown
        await learner.press("f4")
        assert not learner.active.query_one("#solution").has_class("-shown")


async def test_typing_takes_the_question_about_the_solution_back(start):
    async with start("cost") as learner:
        await learner.press("f4", "n", "f4")
        assert "F4 again" in learner.read("verdict")


async def test_a_solved_part_shows_its_solution_at_once(start):
    async with start("cost") as learner:
        await learner.type("n K^2 L")
        await learner.press("enter", "f4")
        assert "solution" in learner.read("solution")


async def test_leaving_in_the_middle_and_coming_back(start):
    async with start("cost/inference-memory") as learner:
        await learner.type("L K^2 + ")
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)
        await learner.press("ctrl+q")
    async with start() as learner:
        await learner.press("enter")
        assert learner.problem.part.id == "inference-memory"
        assert learner.active.query_one(AnswerLine).value == "L K^2 + "


async def test_a_draft_is_on_disk_within_a_second(start, home):
    async with start("cost") as learner:
        await learner.type("7 n")
        await learner.pilot.pause(0.9)
        with Store(home / "state" / "progress.db") as other:
            assert other.draft(learner.problem.part.key) == "7 n"


async def test_a_wrong_answer_and_its_verdict_are_there_again(start):
    async with start("cost") as learner:
        await learner.type("n K")
        await learner.press("enter")
    async with start("cost") as learner:
        assert learner.active.query_one(AnswerLine).value == "n K"
        assert "✗ not yet" in learner.read("verdict")


async def test_several_pasted_lines_become_one(start):
    async with start("cost") as learner:
        learner.app.post_message(events.Paste("n K^2\r\n * L\n"))
        await learner.pilot.pause()
        await learner.pilot.pause()
        assert learner.problem.text == "n K^2 * L"
        await learner.press("enter")
        assert "✓ yes" in learner.read("verdict")


async def test_a_derivation_keeps_its_lines_and_is_checked_by_f5(start):
    async with start("initialization/derivation") as learner:
        learner.app.post_message(events.Paste("Var[y]\n= 7"))
        await learner.pilot.pause()
        await learner.press("enter", "f5")
        assert learner.problem.text == "Var[y]\n= 7\n"
        assert "✗ not yet" in learner.read("verdict")
        assert "F5 check" in learner.read("keys")


async def test_a_choice_is_made_with_arrows_and_letters(start):
    async with start("optimizers/adam-gradient-dependence") as learner:
        part, field = learner.problem.part, learner.active.query_one(AnswerChoice)
        await learner.press("enter")
        assert "Choose an option first" in learner.read("verdict")
        await learner.press("down")
        assert field.chosen == 0
        right = next(at for at, option in enumerate(part.options) if option.id == part.answer)
        wrong = (right + 1) % len(part.options)
        await learner.press(chr(97 + wrong), "enter")
        assert "✗ not yet" in learner.read("verdict")
        await learner.press(chr(97 + right), "enter")
        assert "✓ yes" in learner.read("verdict")
    async with start("optimizers/adam-gradient-dependence") as learner:
        assert learner.active.query_one(AnswerChoice).chosen == right


async def test_parts_and_problems_follow_one_another(start):
    async with start("cost") as learner:
        await learner.press("tab", "tab", "shift+tab")
        assert learner.problem.at == 1
        await learner.press("ctrl+o")
        assert "first problem" in learner.read("verdict")
        await learner.press("ctrl+n")
        assert learner.problem.problem.id == "initialization"
        await learner.press("ctrl+o")
        assert learner.problem.problem.id == "cost"


class FullDisk(Store):
    """A store on a disk that is full until it is not."""

    full = True

    def save_draft(self, key, text):
        if self.full:
            raise StoreError("The disk is full.")
        super().save_draft(key, text)


async def test_a_full_disk_is_said_and_what_was_typed_is_kept(start, home):
    store = FullDisk(home / "state" / "progress.db")
    async with start("cost", store=store) as learner:
        await learner.type("n K")
        await learner.pilot.pause(0.6)
        assert "The disk is full" in learner.read("notice")
        await learner.press("tab", "shift+tab")
        assert learner.problem.text == "n K"
        store.full = False
        learner.app.retry()
        await learner.pilot.pause()
        assert learner.read("notice") == ""
        assert store.draft(learner.problem.part.key) == "n K"


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 36), (200, 60)])
async def test_the_field_and_the_verdict_are_seen_at_every_size(start, size):
    async with start("cost", size=size) as learner:
        for _ in learner.problem.problem.parts:
            await learner.type("n+")
            assert "n+" in learner.shown()
            assert "^" in learner.shown()
            await learner.press("backspace", "enter")
            assert "✗ not yet" in learner.shown()
            await learner.press("tab")


async def test_no_line_of_text_is_wider_than_80(start):
    async with start("optimizers", size=(240, 60)) as learner:
        for name in ("statement", "said", "preview"):
            assert all(len(line) <= 80 for line in learner.read(name).split("\n"))


async def test_every_part_opens(start, sheet):
    for problem in sheet[0].problems:
        async with start(problem.id, size=(60, 24)) as learner:
            for part in problem.parts:
                assert learner.problem.part is part
                await learner.press("f2", "f4", "f4", "tab")
