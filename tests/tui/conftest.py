"""An interface in a folder of its own."""

from contextlib import asynccontextmanager

import pytest

from tests.content import small
from tutor.content.load import load_set, load_sets
from tutor.progress.store import Store
from tutor.tui.app import TutorApp
from tutor.tui.screens.problem import ProblemScreen
from tutor.tui.widgets.active import ActivePart
from tutor.tui.widgets.drawn import Drawn


@pytest.fixture(scope="session")
def sheet():
    """The problems that come with the program."""
    return load_sets()


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """A small set that changes only with the tests."""
    return (load_set(small.write(tmp_path_factory.mktemp("content"))),)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A folder for everything the interface writes."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TUTOR_HOME", str(folder))
    for name in ("TMUX", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    return folder


class Learner:
    """Presses keys and reads the screen."""

    def __init__(self, app, pilot):
        self.app, self.pilot = app, pilot

    @property
    def screen(self):
        return self.app.screen

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self.pilot.pause()
        await self.pilot.pause()

    async def type(self, text):
        await self.press(*("space" if letter == " " else letter for letter in text))

    def read(self, name):
        """The text of a place on the screen."""
        return self.screen.query_one(f"#{name}", Drawn).plain

    def shown(self):
        """Every visible line, as it is on the screen."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def problem(self) -> ProblemScreen:
        assert isinstance(self.screen, ProblemScreen)
        return self.screen

    @property
    def active(self) -> ActivePart:
        return self.screen.query_one(ActivePart)


@pytest.fixture
def start(sheet, home):
    """Open the interface: `async with start(size=..., problem=...) as learner`."""

    @asynccontextmanager
    async def opened(problem=None, *, size=(80, 24), sets=None, store=None, theme=None, engine=None):
        store = store or Store(home / "state" / "progress.db")
        app = TutorApp(problem, sets=sheet if sets is None else sets, store=store, theme=theme, engine=engine)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.pause()
            yield Learner(app, pilot)

    return opened
