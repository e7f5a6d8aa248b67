"""A file of the learner's beside its checks. The file on disk is the one thing that counts; nothing typed is lost."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer

from tutor.code import files
from tutor.code.client import CodeServiceError, CodeVerdict
from tutor.content.model import Part, Problem
from tutor.progress.store import StoreError
from tutor.tui import checks, drawing, keys, prose
from tutor.tui.screens.place import Place
from tutor.tui.theme import LIGHT
from tutor.tui.widgets.code_area import CodeArea
from tutor.tui.widgets.drawn import Drawn

SAVE_SECONDS = 0.4
LOOK_SECONDS = 1.0
TO_FILL_IN = "raise NotImplementedError"
"""What stands in a starter where the learner's code goes."""


class CodeScreen(Place):
    """Write a part in PyTorch, and have it checked."""

    BINDINGS = keys.bindings("code")
    AUTO_FOCUS = "#code"

    DEFAULT_CSS = """
    CodeScreen #body { layout: vertical; padding: 0; overflow: hidden; scrollbar-gutter: auto; }
    CodeScreen #said { height: 2fr; padding: 0 1; scrollbar-size-vertical: 1; }
    CodeScreen #written { height: 3fr; border-top: solid $rule; }
    CodeScreen #file { padding: 0 1; height: 1; max-width: 100%; }
    CodeScreen.-wide #body { layout: horizontal; }
    CodeScreen.-wide #said { width: 2fr; height: 100%; padding: 1 2 1 1; }
    CodeScreen.-wide #written { width: 3fr; height: 100%; border-top: none; border-left: solid $rule; }
    CodeScreen .gap { height: 1; }
    """

    def __init__(self, problem: Problem, part: Part) -> None:
        """Open the learner's file of this part; it is begun from the starter where there is none."""
        super().__init__()
        self.problem, self.part = problem, part
        self.file = files.own_file(part)
        self.verdict: CodeVerdict | None = None
        self.status = ""
        self.trouble = ""
        self._disk = ""
        self._readable = True
        self._details = False
        self._hints = 0
        self._history: int | None = None
        self._timer: Timer | None = None
        self._checked = ""
        self._busy = False
        self._again = False

    def places(self) -> tuple[keys.Place, ...]:
        return ("code", "everywhere")

    @property
    def area(self) -> CodeArea:
        """The editor."""
        return self.query_one(CodeArea)

    def top(self, width: int) -> drawing.Lines:
        left = Content.styled(f"{self.problem.number} {self.problem.title}", "bold")
        return [drawing.two_ends(left, Content.styled(self.part.id, drawing.QUIET), width)]

    def matter(self) -> ComposeResult:
        with Container(id="body"):
            with VerticalScroll(id="said", can_focus=False):
                yield Drawn(self.asked, id="asked")
                yield Drawn(classes="gap")
                yield Drawn(id="checks")
                yield Drawn(id="hints")
            with Vertical(id="written"):
                yield CodeArea()
                yield Drawn(self.file_line, id="file")

    def asked(self, width: int) -> drawing.Lines:
        """What the part asks for."""
        text = "\n\n".join(one for one in (self.part.statement, self.part.prompt) if one)
        return prose.lay_out(text, width)

    def file_line(self, width: int) -> drawing.Lines:
        """How the file stands, and where it is."""
        name = str(self.file).replace(str(Path.home()), "~", 1)
        state = self.trouble or self.status
        # The end of a path tells more than its beginning; what happened tells more than the path.
        room = max(len(self.file.name), width - len(state) - 2)
        name = name if len(name) <= room else f"…{name[1 - room :]}" if room > len(self.file.name) else self.file.name
        return [drawing.two_ends(Content(state), Content.styled(name, drawing.QUIET), width)]

    def on_mount(self) -> None:
        self.area.theme = "github_light" if self.tutor.theme == LIGHT.name else "vscode_dark"
        try:
            self.file, new = files.begin(self.part)
            self._disk = self.file.read_text(encoding="utf-8")
            self.status = "begun from the starter" if new else "as it was on disk"
        except (OSError, UnicodeDecodeError) as error:
            # What stands there may be worth something: nothing is written over it.
            self._readable = False
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.trouble = f"{self.file} cannot be read ({reason}); what you type here is not kept."
            self._disk = files.starter(self.part).read_text(encoding="utf-8")
        with self.prevent(CodeArea.Changed):
            self.area.load_text(self._disk)
        open_places = [at for at, line in enumerate(self._disk.splitlines(), 1) if TO_FILL_IN in line]
        if open_places:
            self.call_after_refresh(self.area.go_to, open_places[0])
        self.set_interval(LOOK_SECONDS, self.look)
        self.tell("F5 checks the file: it is run, and each check says what it saw.")
        self.renew_file()

    # The file

    def on_code_area_typed(self, event: CodeArea.Typed) -> None:
        if event.text == self._disk:
            return
        self.status = "not saved yet"
        if self._timer is None:
            self._timer = self.set_timer(SAVE_SECONDS, self.keep)
        self.renew_file()

    def keep(self) -> None:
        """Write what was typed, unless another program wrote the file meanwhile: then both are kept."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        text = self.area.text
        if text == self._disk or not self._readable:
            return
        self.look()
        if self.area.text != text:
            return
        try:
            files.write(self.file, text)
        except OSError as error:
            self.trouble = f"Not saved: {error.strerror}. What you typed is still here."
        else:
            self._disk, self.trouble, self.status = text, "", "saved"
        self.renew_file()

    def look(self) -> None:
        """Take over what another program wrote; text typed here that it does not have goes into a file beside."""
        try:
            found = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return
        if found == self._disk:
            return
        mine = self.area.text
        said = "changed outside, taken over"
        if mine not in (self._disk, found):
            beside = self.file.with_name(f"{self.file.stem}.mine-{time.strftime('%H%M%S')}.py")
            try:
                files.write(beside, mine)
            except OSError as error:
                self.trouble = f"Changed outside, and yours cannot be kept beside ({error.strerror})."
                self.renew_file()
                return
            said = f"changed outside; yours is in {beside.name}"
        self._disk = found
        self.area.put(found)
        self.status = said
        self.renew_file()
        self.check()

    def renew_file(self) -> None:
        """Draw the file's line again."""
        self.query_one("#file", Drawn).show(self.file_line)

    def read_again(self) -> None:
        if self.is_mounted and self._disk:
            self.look()

    # Checking

    def action_check(self) -> None:
        """Save, and check."""
        self.keep()
        self.check(jump=True)

    def check(self, jump: bool = False) -> None:
        """Check what is on the screen; one check at a time, the newest text last."""
        if self._busy:
            self._again = True
            return
        self._busy, self._checked = True, self.area.text
        service = self.tutor.code_service()
        if service.warm:
            self.status = "checking"
        else:
            self.status = "checking as soon as PyTorch is loaded, about 3 s"
        self.renew_file()
        self.run_checks(self._checked, jump)

    @work(thread=True, group="checks", exit_on_error=False)
    def run_checks(self, text: str, jump: bool) -> None:
        """Beside the interface."""
        try:
            verdict = self.tutor.code_service().check(files.checks(self.part), text, str(self.file))
        except CodeServiceError as error:
            self.tutor.call_from_thread(self.failed, str(error))
        else:
            self.tutor.call_from_thread(self.found, text, verdict, jump)

    def failed(self, said: str) -> None:
        """The checks could not be run."""
        self._busy = False
        self.status = ""
        self.tell(said)
        self.renew_file()

    def found(self, text: str, verdict: CodeVerdict, jump: bool) -> None:
        """Show a verdict, and keep the version and the attempt."""
        self._busy = False
        if not self.is_mounted:
            return
        self.verdict = verdict
        self.status = f"saved, {checks.ending(verdict)}" if text == self._disk else checks.ending(verdict)
        try:
            files.keep_version(self.part, text)
            self.tutor.saver.store.record_attempt(self.part.key, text, verdict.verdict)
        except (OSError, StoreError) as error:
            self.trouble = f"Not kept: {error}"
        self._history = None
        self.tutor.read_progress()
        self.show_checks()
        self.renew_file()
        line = next((check.line for check in verdict.checks if check.passed is False), None)
        if jump and line and text == self.area.text:
            self.area.go_to(line)
        if self._again:
            self._again = False
            self.check()

    def show_checks(self) -> None:
        """Draw the checks."""
        verdict, details = self.verdict, self._details
        if verdict is None:
            return
        meaning = self.part.meaning if verdict.verdict == "correct" else ""

        def draw(width: int) -> drawing.Lines:
            lines = checks.check_lines(verdict, details, width)
            if meaning:
                lines += [Content(""), *drawing.said(meaning, width)]
            return lines

        shown = self.query_one("#checks", Drawn)
        shown.show(draw)
        self.reveal(shown)

    def tell(self, sentence: str) -> None:
        """A quiet sentence where the checks stand."""
        self.query_one("#checks", Drawn).show(lambda width: drawing.said(sentence, width, "", drawing.QUIET))

    # The other keys

    def action_hint(self) -> None:
        """One hint more."""
        hints, store = self.part.hints, self.tutor.saver.store
        if self._hints < len(hints):
            hint = hints[self._hints]
            self._hints += 1
            self.tutor.saver.ask(lambda: store.record_hint(self.part.key, hint.id), None)
        texts = [one.text for one in hints[: self._hints]]
        shown = self.query_one("#hints", Drawn)
        shown.show(lambda width: [Content(""), *drawing.hint_lines(texts, width)])
        self.reveal(shown)

    def action_editor(self) -> None:
        """Edit the file in $VISUAL or $EDITOR; afterwards it is taken over and checked."""
        self.keep()
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not command:
            self.tell("EDITOR names no editor; for example: export EDITOR=vim. Any editor beside this will do as well.")
            return
        try:
            with self.app.suspend():
                subprocess.run([*shlex.split(command), str(self.file)], check=False)
        except (OSError, ValueError) as error:
            self.tell(f"{command} could not be started ({error}).")
        except Exception as error:  # a driver that cannot be suspended says so with an exception of its own
            self.tell(f"An editor cannot be opened from here ({error}); the file is {self.file}.")
        self.look()

    def action_history(self) -> None:
        """The version checked before the one shown; what stands here now is kept first. Undo brings it back."""
        self.keep()
        try:
            if self._history is None:
                files.keep_version(self.part, self.area.text)
            kept = files.versions(self.part)
            at = (len(kept) - 1 if self._history is None else self._history) - 1
            at %= len(kept)
            text = kept[at].read_text(encoding="utf-8")
        except (OSError, ZeroDivisionError) as error:
            self.tell(f"There is no earlier version to show ({error}).")
            return
        self._history = at
        self.area.put(text)
        self.keep()
        self.status = f"version {at + 1} of {len(kept)}; F7 the one before, ctrl+z back"
        self.renew_file()

    def action_details(self) -> None:
        """Show where it was raised, or fold it away."""
        self._details = not self._details
        self.show_checks()

    def action_page(self, step: int) -> None:
        """Scroll statement and checks."""
        place = self.query_one("#said")
        place.scroll_relative(y=step * max(1, place.size.height - 2), animate=False)

    def action_leave(self) -> None:
        """Back to the problem; the file is saved."""
        self.keep()
        self.tutor.pop_screen()
