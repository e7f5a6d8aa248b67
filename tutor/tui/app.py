"""The interface's table of contents: screens, themes, keys, and what they share."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import constants, events, work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from tutor import paths
from tutor.content.model import Part, Problem, ProblemSet
from tutor.content.outline import outline
from tutor.progress.store import PartProgress, Store, StoreError
from tutor.tui import keys
from tutor.tui.saver import Saver
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.place import Place
from tutor.tui.terminal import AsciiOnly, ascii_only
from tutor.tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from tutor.code.client import CodeService
    from tutor.engine.client import Engine

RETRY_SECONDS = 2.0
INPUT = 0
"""The descriptor that keys come from."""
COLOURS = "COLOR_SYSTEM"
"""The constant of Textual, which is final for type checkers."""


class TutorApp(App[int]):
    """The tutor in a terminal."""

    TITLE = "tutor"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("everywhere")
    COMMAND_PALETTE_BINDING = ""
    CSS = """
    * { scrollbar-color: $rule; scrollbar-color-hover: $quiet; scrollbar-color-active: $accent;
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background; }
    """

    def __init__(
        self,
        problem: str | None = None,
        *,
        theme: str | None = None,
        sets: Sequence[ProblemSet] | None = None,
        store: Store | None = None,
        engine: Engine | None = None,
        measures: bool = False,
    ) -> None:
        """Open at `problem` (its id, with the set and the part or without). `sets`, `store`, `engine` are for tests.

        Where it `measures`, an engine is made after the first frame; without one nothing is measured.
        """
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if theme == "light" else DARK.name
        # Nothing moves here that has not changed, so there is nothing to animate.
        self.animation_level = "none"
        self.sets: tuple[ProblemSet, ...] = tuple(sets or ())
        self.content_trouble = ""
        self.progress: dict[str, PartProgress] = {}
        self.last_visited: str | None = None
        self.keymap, self._complaint = keys.read_keymap(paths.config_file())
        self.engine = engine
        self._measures = measures
        self._in_terminal = os.isatty(INPUT)
        self._problem = problem
        self._code: CodeService | None = None
        self.complete = sets is not None
        self._start_trouble = ""
        self.saver = Saver(store if store is not None else self._open_store())

    def _open_store(self) -> Store:
        """The store of the learner's progress; one in memory where that cannot be opened, and that is said."""
        try:
            store = Store(paths.state_folder() / "progress.db")
            self._start_trouble = store.notice
            return store
        except StoreError as error:
            self._start_trouble = f"{error} Nothing of this visit will be kept."
            return Store(None)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """On a terminal of ASCII only, nothing else is sent."""
        filters = super().get_line_filters()
        return [*filters, AsciiOnly()] if ascii_only() else filters

    def get_default_screen(self) -> Screen[None]:
        return HomeScreen()

    def on_mount(self) -> None:
        self.set_keymap(self.keymap)
        self.set_interval(RETRY_SECONDS, self.retry)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.hang_up)
        if self._complaint:
            self.notify(self._complaint, severity="warning")
        if self.complete:
            self.begin()
        else:
            # The first frame waits for the titles only.
            self.sets = outline()
            self.call_after_refresh(self.load)

    @work(thread=True, exit_on_error=False)
    def load(self) -> None:
        """Read the content beside the interface."""
        from tutor.content.load import ContentError, load_sets

        try:
            sets, trouble = load_sets(), ""
        except ContentError as error:
            sets, trouble = (), f"The problems cannot be read: {error}"
        # What a problem's screen and the first verdict need is read here too, so that no key waits for it; and what
        # is loaded stays, so the garbage collector need not look through it again and again.
        import mpmath  # noqa: F401

        import tutor.tui.screens.problem  # noqa: F401

        if self._measures:
            from tutor.engine.client import Engine

            self.engine = Engine()
        gc.freeze()

        self.call_from_thread(self.loaded, tuple(sets), trouble)

    def loaded(self, sets: tuple[ProblemSet, ...], trouble: str) -> None:
        """The content is there."""
        from tutor.content.ids import renamed

        self.saver.ask(lambda: self.saver.store.adopt(renamed(sets)), None)
        self.sets, self.content_trouble, self.complete = sets, trouble, True
        self.begin()

    def begin(self) -> None:
        """Show progress; open the problem that was asked for; load PyTorch beside."""
        if isinstance(self.screen, Place):
            self.screen.read_again()
        if self._problem is not None:
            wanted, self._problem = self._problem, None
            found = self.find(wanted)
            if found is None:
                known = ", ".join(problem.id for one in self.sets for problem in one.problems)
                self.notify(f"There is no problem {wanted}. There are: {known}.", severity="warning")
            else:
                self.open_problem(*found)

        if self.engine is not None:
            self.engine.start()

    # Content

    def find(self, wanted: str) -> tuple[Problem, str | None] | None:
        """A problem by its id or number, `set/problem`, `problem/part` or `set/problem/part`."""
        for one in self.sets:
            for problem in one.problems:
                for name in (problem.id, str(problem.number), f"{one.id}/{problem.id}"):
                    if wanted == name:
                        return problem, None
                    if wanted.startswith(name + "/"):
                        part = wanted.removeprefix(name + "/")
                        if any(part == known.id for known in problem.parts):
                            return problem, part
        return None

    def neighbour(self, problem: Problem, step: int) -> Problem | None:
        """The problem after this one, or before it."""
        every = [other for one in self.sets for other in one.problems]
        at = every.index(problem) + step
        return every[at] if 0 <= at < len(every) else None

    def open_problem(self, problem: Problem, part: str | None = None, explore: bool = False) -> None:
        """Show a problem over the list: at this part, else where the learner was, else at the first open part.

        `explore`: with the keys in its laboratory.
        """
        place = f"{problem.set_id}/{problem.id}/"
        if not self.complete:
            # Only its title is there yet; it opens when the rest is.
            self._problem = place + part if part else place.rstrip("/")
            return
        if part is None and self.last_visited and self.last_visited.startswith(place):
            part = self.last_visited.removeprefix(place)
            known = self.progress.get(self.last_visited)
            part = None if known and known.state == "solved" else part
        from tutor.tui.screens.problem import ProblemScreen

        self.push_screen(ProblemScreen(problem, part, explore))

    def switch_problem(self, problem: Problem) -> None:
        """Show a problem in the place of another."""
        from tutor.tui.screens.problem import ProblemScreen

        self.switch_screen(ProblemScreen(problem))

    def open_code(self, problem: Problem, part: Part) -> None:
        """Show a part's file beside its checks."""
        from tutor.tui.screens.code import CodeScreen

        self.push_screen(CodeScreen(problem, part))

    def action_runs(self) -> None:
        """The list of runs."""
        self.open_runs()

    def open_runs(self) -> None:
        """Show the runs there are."""
        from tutor.tui.screens.runs import RunsScreen

        self.push_screen(RunsScreen())

    def code_service(self) -> CodeService:
        """What runs the checks; torch is loaded there, at the first one."""
        from tutor.code.client import CodeService

        if self._code is None:
            self._code = CodeService()
        return self._code

    # Progress

    @property
    def fresh(self) -> bool:
        """Whether nothing has been done yet."""
        return not self.progress and self.last_visited is None

    @property
    def trouble(self) -> str:
        """What there is to say about saving."""
        return self._start_trouble or self.saver.trouble

    def read_progress(self) -> None:
        """Read what was done, here or in another interface."""
        store = self.saver.store
        self.progress = dict(self.saver.ask(store.all_progress, self.progress))
        self.last_visited = self.saver.ask(store.last_visited, self.last_visited)

    def answer(self, part: Part) -> str:
        """What was typed last for a part: its draft, else the answer judged last; "" where there is neither."""
        progress = self.progress.get(part.key)
        return self.saver.draft(part.key) or (progress.last_answer if progress else "") or ""

    def keep(self) -> None:
        """Write what was typed, and say where that fails."""
        self.saver.flush()
        self.say_trouble()

    def retry(self) -> None:
        """Write what could not be written before; leave, where the terminal has gone away without a word.

        The signal of that goes to the session's first process, which may keep it to itself, as make does.
        """
        if self._in_terminal and not os.isatty(INPUT):
            self.hang_up()
        if self.saver.waiting:
            self.keep()

    def say_trouble(self) -> None:
        """Say on the screen what there is to say about saving."""
        if isinstance(self.screen, Place):
            self.screen.say_trouble()

    def on_app_focus(self, event: events.AppFocus) -> None:
        if self.complete and isinstance(self.screen, Place):
            self.screen.read_again()

    # Keys

    def action_help(self) -> None:
        """Every key."""
        from tutor.tui.screens.help import HelpScreen

        if isinstance(self.screen, Place) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_light(self) -> None:
        """Light or dark."""
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    def action_leave(self) -> None:
        """Leave; what was typed is kept first."""
        self.hang_up()

    def hang_up(self) -> None:
        """Write what was typed and leave: on a key, on SIGTERM, and when the terminal goes away."""
        kept = self.saver.flush()
        self.exit(0 if kept else 1, message=None if kept else self.saver.trouble)

    async def on_unmount(self) -> None:
        self.saver.flush()
        if self._code is not None:
            self._code.close()
        if self.engine is not None:
            # Its thread ends the process; that may take a moment that nobody has to wait for.
            self.engine.close()
        with suppress(StoreError):
            self.saver.store.close()

    def copy_to_clipboard(self, text: str) -> None:
        """Copy, by the way that can work here, and say which it was."""
        self._clipboard = text
        if text:
            self.copy_beside(text)

    @work(thread=True, exclusive=True)
    def copy_beside(self, text: str) -> None:
        """Copy without holding the interface up: tmux may be slow."""
        from tutor.tui.copy import copy

        driver = self._driver
        write = None if driver is None or self.is_headless else (lambda code: self.call_from_thread(driver.write, code))
        self.call_from_thread(self.notify, copy(text, write, os.environ, paths.state_folder()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the keys in force here by name, and every problem."""
        places = (*screen.places(), "everywhere") if isinstance(screen, Place) else ("everywhere",)
        in_force = screen.in_force if isinstance(screen, Place) else lambda key: True
        for key in keys.TABLE:
            if key.palette and key.action and key.place in places and in_force(key):
                name = f"{(key.label or key.id).replace('-', ' ').capitalize()}"
                yield SystemCommand(
                    f"{name}: {key.says}", keys.names(key, self.keymap, True), self._runner(key, screen)
                )
        for one in self.sets:
            for problem in one.problems:
                yield SystemCommand(
                    f"Problem {problem.number}: {problem.title}", one.title, lambda to=problem: self.jump(to)
                )

    def _runner(self, key: keys.Key, screen: Screen[object]):
        async def run_action() -> None:
            await self.run_action(key.action if "(" in key.action else f"{key.action}()", default_namespace=screen)

        return run_action

    def jump(self, problem: Problem) -> None:
        """Open a problem from anywhere."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.open_problem(problem)


def run(problem: str | None = None, *, mouse: bool = True, color: str | None = None, theme: str | None = None) -> int:
    """Open the interface; `color` is truecolor, 256 or 16. Returns the exit code."""
    if color is not None:
        # Textual reads the environment when it is imported, which is past; the app asks here.
        # Its name for 16 colours is "standard".
        setattr(constants, COLOURS, {"16": "standard"}.get(color, color))
    app = TutorApp(problem, theme=theme or _configured_theme(paths.config_file()), measures=True)
    return app.run(mouse=mouse) or 0


def _configured_theme(file: Path) -> str | None:
    """`theme = "light"` of the configuration file."""
    import tomllib

    try:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("theme")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    return found if found in ("light", "dark") else None
