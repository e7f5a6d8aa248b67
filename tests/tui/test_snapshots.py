"""Pictures of the screens, light and dark, small and large. `pytest --snapshot-update` draws them anew."""

import pytest

from tutor.progress.store import Store
from tutor.tui.app import TutorApp

SIZES = [(40, 15), (80, 24), (120, 36)]
THEMES = ["dark", "light"]


def app(shapes, theme, problem=None):
    """An interface with some of it solved."""
    store = Store(None)
    store.record_attempt("shapes/area/corners", "4", "correct")
    return TutorApp(problem, sets=shapes, store=store, theme=theme)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_home(snap_compare, shapes, theme, size):
    assert snap_compare(app(shapes, theme), terminal_size=size)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_problem_after_a_wrong_answer(snap_compare, shapes, theme, size):
    assert snap_compare(app(shapes, theme, "area/frame"), terminal_size=size, press=["a", "+", "b", "enter", "f2"])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_answer_that_cannot_be_read(snap_compare, shapes, size):
    assert snap_compare(app(shapes, "dark", "area/frame"), terminal_size=size, press=["2", "*", "*", "*", "a"])


def test_help(snap_compare, shapes):
    assert snap_compare(app(shapes, "dark"), terminal_size=(80, 24), press=["f1"])
