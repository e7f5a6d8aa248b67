"""A problem: the statement, its parts, and the one being answered."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, TextArea

from tutor.content.judge import judge, look
from tutor.content.model import Part, Problem, Verdict
from tutor.tui import drawing, keys, prose
from tutor.tui.screens.with_laboratory import WithLaboratory
from tutor.tui.screens.with_measurement import WithMeasurement
from tutor.tui.screens.with_runs import WithRuns
from tutor.tui.summary import summary
from tutor.tui.widgets.active import ActivePart
from tutor.tui.widgets.drawn import Drawn
from tutor.tui.widgets.fields import AnswerChoice, Edited
from tutor.tui.widgets.measured import NumbersLine

DRAFT_SECONDS = 0.4
ASK_SOLUTION = "F4 again shows the worked solution. That is recorded, and is no shame; hints are under F2."
SAME = "This is the answer judged just before; it is not counted again."


class PartLine(Drawn):
    """The line of a part; a click goes to it."""

    def __init__(self, at: int) -> None:
        super().__init__(classes="part")
        self.at = at

    def on_click(self) -> None:
        screen = self.screen
        if isinstance(screen, ProblemScreen):
            screen.go(self.at)


class ProblemScreen(WithLaboratory, WithMeasurement, WithRuns):
    """Answer the parts of a problem, one at a time."""

    BINDINGS = keys.bindings("problem")
    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    ProblemScreen #matter { height: auto; max-width: 82; padding: 0 1 1 0; scrollbar-size-vertical: 1; }
    ProblemScreen #parts { height: auto; max-width: 82; padding: 0 1 0 0; scrollbar-size-vertical: 1; }
    ProblemScreen #body { layout: vertical; overflow-y: auto; }
    ProblemScreen.-wide #body { layout: horizontal; overflow-y: hidden; scrollbar-gutter: auto; }
    ProblemScreen.-wide #matter {
        width: 2fr; height: 100%; overflow-y: auto;
        padding: 1 2 1 0; scrollbar-gutter: stable;
    }
    ProblemScreen.-wide #parts {
        width: 3fr; height: 100%; overflow-y: auto;
        padding: 1 0 1 0; scrollbar-gutter: stable;
    }
    """

    def __init__(self, problem: Problem, part: str | None = None, explore: bool = False) -> None:
        """Show `problem` at the part of this id; else at the first that is not solved. `explore`: in its laboratory."""
        super().__init__()
        self.problem = problem
        self.at = 0
        self._wanted = part
        self._explore = explore
        self._texts: dict[str, str] = {}
        self._verdicts: dict[str, tuple[str, Verdict, str]] = {}
        self._asked = False
        self._solutions: set[str] = set()
        self._timer: Timer | None = None
        self._claims = {}

    # What is on the screen

    def places(self) -> tuple[keys.Place, ...]:
        kind = self.part.kind
        fields: dict[str, keys.Place] = {"choice": "choice", "derivation": "steps", "code": "file"}
        field = fields.get(kind, "line")
        if self.is_mounted and isinstance(self.focused, NumbersLine):
            field = "numbers"
        if self.is_mounted and self.in_laboratory:
            return self.laboratory_places()
        own: tuple[keys.Place, ...] = ("experiment",) if kind == "experiment" else ()
        if self.part.measure is not None and field == "line":
            own = ("measured",)
        return (field, *own, "problem", *(("bench",) if self.laboratory else ()), "everywhere")

    @property
    def part(self) -> Part:
        """The part being answered."""
        return self.problem.parts[self.at]

    @property
    def text(self) -> str:
        """Its answer as typed so far."""
        return self._texts.get(self.part.key, "")

    def top(self, width: int) -> drawing.Lines:
        return drawing.problem_top(self.problem, self.at, self.tutor.progress, width)

    def matter(self) -> ComposeResult:
        with VerticalScroll(id="body", can_focus=False):
            with Container(id="matter"):
                yield Drawn(lambda width: prose.lay_out(self.problem.statement, width), id="statement")
            yield from self.bench()
            with Container(id="parts"):
                for at in range(len(self.problem.parts)):
                    yield PartLine(at)
                yield ActivePart()

    def on_mount(self) -> None:
        self.tutor.read_progress()
        ids = [part.id for part in self.problem.parts]
        following = drawing.next_part(self.problem, self.tutor.progress)
        start = self._wanted or (following.id if following else ids[0])
        self.go(ids.index(start) if start in ids else 0)
        if self._explore and self.laboratory is not None:
            self.call_after_refresh(self.action_laboratory)

    def go(self, at: int) -> None:
        """Answer this part from now on; what was typed elsewhere is kept."""
        self.keep()
        self.leave_laboratory()
        self.at = at
        self._asked = False
        part = self.part
        self.tutor.saver.ask(lambda: self.tutor.saver.store.visit(part.key), None)
        progress = self.tutor.progress.get(part.key)
        if part.key not in self._texts:
            self._texts[part.key] = self.tutor.answer(part)
        lines = list(self.query(PartLine))
        self.query_one("#parts").move_child(self.active, after=lines[at])
        text = self.text
        judged = part.kind != "code" and part.key not in self._verdicts
        if judged and progress and progress.last_answer and text == progress.last_answer:
            self._verdicts[part.key] = (text, judge(part, text, self.earlier(part), self.accuracies()), "")
        self.active.open(part, text)
        self.say()
        self.show_help()
        self.open_laboratory()
        self.show_runs()
        self.look_at_runs()
        self.renew()
        self.reveal(lines[at])
        self.reveal(self.active.query_one("#runs" if part.kind == "experiment" else "#preview"))

    def say(self) -> None:
        """Show the verdict on what is in the field now, if there is one."""
        text, verdict, note = self._verdicts.get(self.part.key, ("", None, ""))
        self.active.say(verdict if text == self.text else None, text, note)

    def show_help(self) -> None:
        """Show the hints read so far, and the solution where it is open."""
        part = self.part
        shown = self.tutor.saver.ask(lambda: self.tutor.saver.store.hints_shown(part.key), ())
        texts = {hint.id: hint.text for hint in part.hints}
        self.active.show_hints([texts[one] for one in shown if one in texts])
        self.active.show_solution(part.solution if part.key in self._solutions else "")

    def renew(self) -> None:
        super().renew()
        for line in self.query(PartLine):
            line.show(lambda width, at=line.at: self.part_line(at, width))

    def part_line(self, at: int, width: int) -> drawing.Lines:
        """The line of one part."""
        part = self.problem.parts[at]
        progress = self.tutor.progress.get(part.key)
        answer = summary(part, progress.last_answer or "") if progress and at != self.at else ""
        return drawing.part_line(at + 1, part, drawing.state(part, self.tutor.progress), answer, at == self.at, width)

    # What is typed

    def on_edited(self, event: Edited) -> None:
        part = self.part
        if event.text == self.text:
            return
        self._texts[part.key] = event.text
        self.tutor.saver.keep(part.key, event.text)
        if self._timer is None:
            self._timer = self.set_timer(DRAFT_SECONDS, self.keep)
        self._asked = False
        self.measured.forget()
        self.forget_claim()
        self.active.read(event.text)
        self.say()
        if part.kind != "choice":
            self.reveal(self.active.query_one("#preview"))

    def keep(self) -> None:
        """Write what was typed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.tutor.keep()

    def read_again(self) -> None:
        """Take over what another interface did, except over what is being typed here."""
        self.keep()
        self.tutor.read_progress()
        part = self.part
        if part.key in self._texts and not self.tutor.saver.waiting:
            draft = self.tutor.saver.draft(part.key)
            if draft and draft != self.text:
                self._texts[part.key] = draft
                self.active.put(draft)
                self.active.read(draft)
                self.say()
        if self.is_mounted and hasattr(self.active, "part"):
            self.renew()

    # What the keys do

    def earlier(self, part: Part) -> Mapping[str, str]:
        """The learner's own wrong answers this part follows from."""
        found: dict[str, str] = {}
        for other in self.problem.parts:
            progress = self.tutor.progress.get(other.key)
            if other.id in part.follows_from and progress and progress.state == "tried" and progress.last_answer:
                found[other.id] = progress.last_answer
        return found

    def action_check(self) -> None:
        """Judge the answer; after a right one, go on."""
        part, text = self.part, self.text
        if part.kind == "code":
            self.tutor.open_code(self.problem, part)
            return
        before = self._verdicts.get(part.key)
        if before and before[0] == text and before[1].status == "correct":
            self.go_on()
            return
        if not text.strip():
            self.told("Choose an option first." if part.kind == "choice" else "Type an answer first.")
            return
        verdict = judge(part, text, self.earlier(part), self.accuracies())
        note = ""
        if verdict.status != "invalid":
            store = self.tutor.saver.store
            new = self.tutor.saver.ask(
                lambda: store.record_attempt(part.key, text, verdict.status, verdict.mistake), True
            )
            self.tutor.read_progress()
            note = SAME if not new and verdict.status == "incorrect" else ""
        if verdict.status == "correct":
            note = f"enter goes on: {prose.plain(following.title)}." if (following := self.following()) else self.done()
            if part.kind == "derivation":
                note = note.replace("enter goes", "F5 goes", 1)
        self._verdicts[part.key] = (text, verdict, note)
        self.keep()
        if verdict.status != "invalid":
            self.measured.of_verdict(self.tutor.engine, self.problem.folder, text, verdict)
            self.open_laboratory()
        self.say()
        self.renew()
        self.reveal(self.active.query_one("#verdict"))

    def judged(self) -> tuple[Part, str, Verdict | None]:
        text, verdict, _ = self._verdicts.get(self.part.key, ("", None, ""))
        return self.part, self.text, verdict if text == self.text else None

    def predicted(self) -> bool:
        return look(self.part, self.text).picture is not None

    def back(self) -> None:
        self.active.field.focus(scroll_visible=False)

    def following(self) -> Part | None:
        """The next part that is not solved, after this one first."""
        parts = self.problem.parts
        ordered = (*parts[self.at + 1 :], *parts[: self.at])
        return next((part for part in ordered if drawing.state(part, self.tutor.progress) != "solved"), None)

    def done(self) -> str:
        """What is said when all parts are solved."""
        neighbour = self.tutor.neighbour(self.problem, 1)
        return f"All parts are solved. enter goes on: {neighbour.title}." if neighbour else "All parts are solved."

    def go_on(self) -> None:
        """To the next part that is not solved; to the next problem when all are."""
        following = self.following()
        if following is not None:
            self.go(self.problem.parts.index(following))
        else:
            self.action_problem(1)

    def action_hint(self) -> None:
        """One hint more: first the one that the mistake names."""
        part, store = self.part, self.tutor.saver.store
        shown = self.tutor.saver.ask(lambda: store.hints_shown(part.key), ())
        left = [hint for hint in part.hints if hint.id not in shown]
        if not left:
            self.told("These are all the hints; F4 shows the worked solution.")
            return
        before = self._verdicts.get(part.key)
        named = before[1].hint if before and before[0] == self.text else None
        hint = next((one for one in left if one.id == named), left[0])
        self.tutor.saver.ask(lambda: store.record_hint(part.key, hint.id), None)
        self.tutor.read_progress()
        self.show_help()
        self.reveal(self.active.query_one("#hints"))

    def on_descendant_focus(self) -> None:
        """Other keys are in force where numbers are typed."""
        self.query_one("#keys", Drawn).show(self.key_line)

    def action_solution(self) -> None:
        """The worked solution: at once when solved, else after asking once; again, and it is put away."""
        part = self.part
        progress = self.tutor.progress.get(part.key)
        free = progress is not None and (progress.state == "solved" or progress.solution_shown)
        if part.key in self._solutions:
            self._solutions.discard(part.key)
        elif free or self._asked:
            self._asked = False
            self._solutions.add(part.key)
            self.tutor.saver.ask(lambda: self.tutor.saver.store.record_solution(part.key), None)
            self.tutor.read_progress()
            self.say()
        else:
            self._asked = True
            self.told(ASK_SOLUTION)
            return
        self.show_help()
        if part.key in self._solutions:
            self.reveal(self.active.query_one("#solution"))

    def action_part(self, step: int) -> None:
        """The next part or the one before; from the last one on to the first."""
        self.go((self.at + step) % len(self.problem.parts))

    def action_problem(self, step: int) -> None:
        """The next problem or the one before."""
        self.keep()
        neighbour = self.tutor.neighbour(self.problem, step)
        if neighbour is None:
            self.told("This is the last problem." if step > 0 else "This is the first problem.")
        else:
            self.tutor.switch_problem(neighbour)

    def action_page(self, step: int) -> None:
        """Scroll what is longer than its place: the parts, else the statement."""
        wide = self.has_class("-wide")
        names = ("#laboratory",) if self.in_laboratory else ("#parts", "#matter") if wide else ("#body",)
        for name in names:
            place = self.query_one(name)
            if place.max_scroll_y:
                place.scroll_relative(y=step * max(1, place.size.height - 2), animate=False)
                return

    def action_option(self, step: int) -> None:
        """Choose the option above or below, for the mouse."""
        if isinstance(field := self.active.field, AnswerChoice):
            field.action_move(step)

    def action_copy(self) -> None:
        """Copy what is selected, else the whole answer."""
        field = self.active.field
        selected = field.selected_text if isinstance(field, (Input, TextArea)) else ""
        self.tutor.copy_to_clipboard(selected or self.screen.get_selected_text() or self.text)

    def action_leave(self) -> None:
        """Back to the list of problems."""
        self.keep()
        self.tutor.pop_screen()
