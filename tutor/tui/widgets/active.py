"""The part being answered: what is asked, the field, what was read, the verdict, hints and the solution."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tutor.content.judge import look
from tutor.content.model import Part, Verdict
from tutor.tui import drawing, prose
from tutor.tui.widgets.drawn import Drawn, nothing
from tutor.tui.widgets.fields import AnswerChoice, AnswerFile, AnswerLine, AnswerSteps
from tutor.tui.widgets.measured import Measured


class ActivePart(Vertical):
    """One part, open. It is moved from part to part and never made anew, so that nothing flickers."""

    DEFAULT_CSS = """
    ActivePart { height: auto; padding: 0 0 1 4; }
    ActivePart > #runs, ActivePart > #verdict, ActivePart > #hints, ActivePart > #solution {
        margin-top: 1; display: none;
    }
    ActivePart > #runs.-shown, ActivePart > #verdict.-shown { display: block; }
    ActivePart > #hints.-shown, ActivePart > #solution.-shown { display: block; }
    Place.-slim ActivePart { padding: 0 0 1 1; }
    """

    part: Part

    def compose(self) -> ComposeResult:
        yield Drawn(id="said")
        yield AnswerLine()
        yield AnswerChoice()
        yield AnswerSteps()
        yield AnswerFile()
        yield Drawn(id="preview")
        yield Drawn(id="runs")
        yield Drawn(id="verdict")
        yield Measured()
        yield Drawn(id="hints")
        yield Drawn(id="solution")

    @property
    def field(self) -> Widget:
        """The field of this kind of part."""
        if self.part.kind == "choice":
            return self.query_one(AnswerChoice)
        if self.part.kind == "code":
            return self.query_one(AnswerFile)
        return self.query_one(AnswerSteps if self.part.kind == "derivation" else AnswerLine)

    def open(self, part: Part, text: str) -> None:
        """Show a part with the text of its answer, and give its field the keys."""
        self.part = part
        said = "\n\n".join(one for one in (part.statement, part.prompt) if one)
        self.query_one("#said", Drawn).show(lambda width: prose.lay_out(said, width))
        field = self.field
        for kind in (AnswerLine, AnswerChoice, AnswerSteps, AnswerFile):
            one = self.query_one(kind)
            one.display = one is field
        self.query_one(Measured).open(part)
        self.put(text)
        field.focus(scroll_visible=False)
        self.read(text)

    def put(self, text: str) -> None:
        """Put a text into the field, without telling anyone."""
        with self.prevent(AnswerLine.Changed, AnswerSteps.Changed):
            field = self.field
            if isinstance(field, AnswerChoice):
                field.offer(self.part.options, text)
            elif isinstance(field, AnswerFile):
                field.offer(f"{self.part.id.replace('-', '_')}.py")
            elif isinstance(field, AnswerSteps):
                field.load_text(text)
                field.move_cursor(field.document.end)
            elif isinstance(field, AnswerLine):
                field.value = text
                field.cursor_position = len(text)

    def read(self, text: str) -> None:
        """Draw what was read, at each key; while it cannot be read, the place and what could stand there."""
        preview = self.query_one("#preview", Drawn)
        if self.part.kind in ("choice", "code"):
            preview.show(nothing)
            return
        if not text.strip():
            how = self.part.type_it
            preview.show(lambda width: drawing.said(how, width, "  ", drawing.QUIET) if how else [Content("")])
            return
        seen = look(self.part, text)
        if seen.problem is not None:
            fault = seen.problem
            preview.show(lambda width: drawing.caret(text, fault.start, fault.end, fault.message, width))
        elif seen.picture is not None:
            lines, baseline, uses = seen.picture.lines, seen.picture.baseline, seen.uses
            preview.show(lambda width: drawing.preview(lines, baseline, uses, width))
        else:
            preview.show(nothing)

    def say(self, verdict: Verdict | None, text: str = "", note: str = "") -> None:
        """Show a verdict, or take it away. Of an answer that cannot be read, the preview says it already."""
        self._show("verdict", (lambda width: drawing.verdict_lines(verdict, text, note, width)) if verdict else None)
        preview = self.query_one("#preview", Drawn)
        preview.display = verdict is None or verdict.start is None

    def tell(self, sentence: str) -> None:
        """A quiet sentence where the verdict would stand."""
        self._show("verdict", lambda width: drawing.said(sentence, width, "  "))

    def show_runs(self, draw: Callable[[int], drawing.Lines] | None) -> None:
        """The table of an experiment's runs, or nothing."""
        self._show("runs", draw)

    def show_hints(self, texts: list[str]) -> None:
        """The hints read so far."""
        self._show("hints", (lambda width: drawing.hint_lines(texts, width)) if texts else None)

    def show_solution(self, text: str) -> None:
        """The worked solution, or nothing."""
        self._show("solution", (lambda width: drawing.solution_lines(text, width)) if text else None)

    def _show(self, name: str, draw: Callable[[int], drawing.Lines] | None) -> None:
        widget = self.query_one(f"#{name}", Drawn)
        widget.set_class(draw is not None, "-shown")
        widget.show(draw or nothing)
