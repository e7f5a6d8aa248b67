"""The list of problems."""

from tutor.content.load import load_sets
from tutor.content.outline import outline
from tutor.tui.app import TutorApp
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.problem import ProblemScreen


async def test_first_start_says_what_this_is_and_where_enter_goes(start):
    async with start() as learner:
        assert "0 of " in learner.read("top")
        assert "enter starts with problem 1" in learner.read("about")
        assert "○○○○" in learner.read("list")
        await learner.press("enter")
        assert learner.problem.problem.number == 1
        assert learner.problem.at == 0


async def test_enter_continues_where_the_learner_was(start):
    async with start() as learner:
        await learner.press("down", "enter", "tab", "tab")
        await learner.type("1/2")
        await learner.press("escape")
        assert "▸ 2" in learner.read("list")
    async with start() as learner:
        assert "▸ 2" in learner.read("list")
        await learner.press("enter")
        assert (learner.problem.problem.number, learner.problem.at) == (2, 2)
        assert learner.problem.text == "1/2"


async def test_progress_is_one_sign_a_part(start):
    async with start("cost") as learner:
        await learner.type("n K^2 L")
        await learner.press("enter", "tab")
        await learner.type("n")
        await learner.press("enter", "escape")
        assert "●◐○○" in learner.read("list")
        assert "1 of " in learner.read("top")


async def test_what_another_interface_solved_is_seen_on_return(start, home):
    from tutor.progress.store import Store

    async with start() as learner:
        with Store(home / "state" / "progress.db") as other:
            other.record_attempt("ps08/cost/forward-multiplications", "n K^2 L", "correct")
        await learner.press("enter", "escape")
        assert "●○○○" in learner.read("list")


async def test_the_content_is_loaded_after_the_first_frame(home):
    app = TutorApp()
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause()
        assert app.sets
        assert isinstance(app.screen, HomeScreen)
        assert "Cost and memory" in app.screen.query_one("#list").plain  # type: ignore[attr-defined]


async def test_an_unknown_problem_is_named_and_the_list_stands(start):
    async with start("nothing") as learner:
        assert isinstance(learner.screen, HomeScreen)
        assert any("no problem nothing" in note.message for note in learner.app._notifications)


async def test_a_problem_opens_by_number_by_name_and_at_a_part(start):
    for wanted, part in (("4", 0), ("receptive-field", 0), ("ps08/receptive-field/recurrence", 2)):
        async with start(wanted) as learner:
            assert (learner.problem.problem.id, learner.problem.at) == ("receptive-field", part)


async def test_below_the_smallest_size_a_sentence_and_back_at_any_moment(start):
    async with start() as learner:
        await learner.pilot.resize_terminal(30, 10)
        await learner.pilot.pause()
        assert "40 columns and 15 lines" in learner.read("small").replace("\n", " ")
        await learner.press("enter")
        for size in ((40, 15), (20, 5), (200, 60), (80, 24)):
            await learner.pilot.resize_terminal(*size)
            await learner.pilot.pause()
        assert "Cost and memory" in learner.read("top")


async def test_the_mouse_opens_a_problem_and_presses_keys(start):
    async with start() as learner:
        row = next(at for at, line in enumerate(learner.read("list").split("\n")) if "Adam and SGD" in line)
        await learner.pilot.click("#list", offset=(10, row))
        await learner.pilot.pause()
        assert learner.problem.problem.id == "optimizers"
        rows = learner.read("keys").split("\n")
        at = next(row for row, line in enumerate(rows) if "esc" in line)
        await learner.pilot.click("#keys", offset=(rows[at].index("esc") + 2, at))
        await learner.pilot.pause()
        assert isinstance(learner.screen, HomeScreen)


async def test_the_titles_stand_in_the_first_frame_and_enter_waits_for_the_rest(home, monkeypatch):
    monkeypatch.setattr(TutorApp, "load", lambda self: None)
    app = TutorApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "Receptive fields" in app.screen.query_one("#list").plain  # type: ignore[attr-defined]
        await pilot.press("down", "enter")
        assert isinstance(app.screen, HomeScreen)
        app.loaded(load_sets(), "")
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, ProblemScreen)
        assert app.screen.problem.id == "initialization"
        assert app.screen.part.prompt


def test_the_outline_has_the_ids_and_titles_of_what_is_loaded_later():
    def titles(sets):
        return [
            (one.id, one.title, problem.id, problem.number, problem.title, problem.goals, part.key, part.title)
            for one in sets
            for problem in one.problems
            for part in problem.parts
        ]

    assert titles(outline()) == titles(load_sets())


def test_an_outline_of_broken_content_is_empty(tmp_path):
    (tmp_path / "ps").mkdir()
    (tmp_path / "ps" / "set.toml").write_text('title = "x"\nproblems = ["gone"]')
    assert outline(tmp_path) == ()
    (tmp_path / "ps" / "set.toml").write_text("title = 3 = 4")
    assert outline(tmp_path) == ()
