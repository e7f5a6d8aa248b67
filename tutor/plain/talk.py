"""One learner's talk with the tutor: where they are, the commands, the answers. Lines come in and go out as values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import TypeVar

from tutor.commands import nearest
from tutor.content.judge import judge, look
from tutor.content.model import Part, Problem, ProblemSet, Verdict
from tutor.plain import experiments, programs, where
from tutor.plain.words import called, fault, reading, verdict_in_words
from tutor.plaintext import line, lines
from tutor.progress.store import OPEN, PartProgress, Store, StoreError
from tutor.training.outcomes import own_accuracies

Result = TypeVar("Result")

COMMANDS = {
    "list": "the problems, and what is solved",
    "statement": "the text of this problem again",
    "part": "this part again; part 2 goes to part 2",
    "hint": "one hint more",
    "solution": "the worked solution; it asks once before",
    "next": "the next part, or the next problem after the last one",
    "back": "the part before",
    "problem": "problem 2 goes to problem 2; a name will do",
    "left": "the parts that are not solved yet",
    "run": "begin the runs that an experiment lacks; run and a name begins one of them",
    "runs": "the runs of an experiment, or all of them, and how far each is",
    "undo": "take back the last line of a derivation",
    "help": "these commands",
    "quit": "leave; everything typed is kept",
}
ALSO = {"exit": "quit", "bye": "quit", "previous": "back", "hints": "hint", "?": "help", "steps": "part"}
ASK_SOLUTION = "Type solution again to read it. That is recorded, and is no shame; hint gives a hint."
SAME = "This is the answer judged just before; it is not counted again."


class Conversation:
    """One learner's talk with the tutor; `read` gives a line typed, or None at the end, `say` takes a line to show."""

    def __init__(
        self,
        sets: Sequence[ProblemSet],
        store: Store,
        read: Callable[[str], str | None],
        say: Callable[[str], None],
        width: int = 78,
    ) -> None:
        self.store, self._read, self._say, self._width = store, read, say, width
        self.problems = [problem for one in sets for problem in one.problems]
        self.titles = [one.title for one in sets]
        self.bench = experiments.Bench(self.problems)
        self.problem, self.at = self.problems[0], 0
        self.asked = False
        self.verdict: tuple[str, Verdict] | None = None
        self.unsaved = ""
        """What could not be kept, as a sentence; empty when all is on disk."""

    @property
    def part(self) -> Part:
        """The part being answered."""
        return self.problem.parts[self.at]

    def run(self, wanted: str | None = None) -> None:
        """Talk until quit, or the end of the input."""
        self.say("tutor, line by line. Type an answer, or a command; help lists the commands.")
        self.list()
        self.begin(wanted)
        while True:
            typed = self._read(f"{self.problem.number}.{self.at + 1}> ")
            if typed is None:
                break
            words = typed.split()
            name = ALSO.get(words[0].lower(), words[0].lower()) if words else ""
            if name == "quit" and len(words) == 1:
                break
            if self.command(name, words[1:]):
                self.asked = self.asked and name == "solution"
            else:
                self.asked = False
                self.answer(typed.strip())
        self.say("Everything typed is kept." if not self.unsaved else self.unsaved)

    def command(self, name: str, rest: list[str]) -> bool:
        """Run a command; False where the line is none, and so an answer. An option's name is an answer."""
        if any(name == option.id for option in self.part.options):
            return False
        named = {"part": self.go_part, "problem": self.go_problem, "run": self.run_missing}
        if name in named and len(rest) <= 1:
            named[name](rest[0] if rest else "")
        elif name in COMMANDS and not rest:
            getattr(self, name)()
        elif len(rest) <= 1 and len(name) > 3 and (near := nearest(name, COMMANDS, "")) and not self._readable(name):
            self.say(f"There is no command {name}; is it {near} To answer, type a formula.")
        else:
            return False
        return True

    def _readable(self, text: str) -> bool:
        return self.part.kind != "choice" and look(self.part, text).problem is None

    # Where

    def begin(self, wanted: str | None) -> None:
        """Go where was asked, else where the learner was, else to the first part that is not solved."""
        if wanted is not None:
            self.go_problem(wanted)
            return
        last = self.ask(self.store.last_visited, None)
        for problem in self.problems:
            for at, part in enumerate(problem.parts):
                if part.key == last:
                    self.enter(problem, at)
                    return
        self.enter(self.problems[0], None)

    def enter(self, problem: Problem, at: int | None) -> None:
        """Go to a part, the first that is not solved without one; the statement is read where the problem is new."""
        if at is None:
            at = next((at for at, part in enumerate(problem.parts) if self.state(part) != "solved"), 0)
        self.problem, self.at, self.verdict, self.asked = problem, at, None, False
        self.statement()
        self.show()

    def show(self) -> None:
        """Say what this part asks, and what was answered so far."""
        part = self.part
        self.ask(lambda: self.store.visit(part.key), None)
        self.say("")
        title = f"Part {self.at + 1} of {len(self.problem.parts)}: {line(part.title)} ({self.state(part)})"
        self.say(title)
        self.text("\n\n".join(text for text in (part.statement, part.prompt) if text))
        for letter, option in zip(ascii_lowercase, part.options, strict=False):
            self.text(f"{letter}) {option.text}")
        if part.kind == "choice":
            self.say("Type the letter of an option.")
        elif part.kind == "derivation":
            self.text(part.type_it)
            self.say("Type one step a line; an empty line has them judged.")
        elif part.kind == "code":
            self.text(programs.how(part))
        elif part.kind == "experiment":
            self.text(part.type_it)
            self.text(experiments.HOW)
        else:
            self.text(part.type_it)
        kept = self.kept()
        if kept and part.kind == "derivation":
            self.say("Your steps so far:")
            for step in kept.splitlines():
                self.say(f"  {step}")
        elif kept and part.kind != "code":
            self.say(f"Your answer so far: {self.as_said(kept)}")

    def kept(self) -> str:
        """What was typed here before: the draft, else the last answer."""
        part = self.part
        return self.ask(lambda: self.store.draft(part.key), "") or self.progress(part).last_answer or ""

    def as_said(self, answer: str) -> str:
        """An answer in one line; of a choice the option's text."""
        return next((line(option.text) for option in self.part.options if option.id == answer), answer)

    def go_part(self, number: str) -> None:
        """This part again, or another one by its number or name."""
        ids = [part.id for part in self.problem.parts]
        if number:
            at = ids.index(number) if number in ids else int(number) - 1 if number.isdecimal() else -1
            if not 0 <= at < len(ids):
                self.say(f"Problem {self.problem.number} has parts 1 to {len(ids)}; for example: part 2")
                return
            self.at, self.verdict, self.asked = at, None, False
        self.show()

    def go_problem(self, wanted: str) -> None:
        """Another problem by its number or name, with a part behind it or without."""
        name, _, part = wanted.strip("/").partition("/")
        if part and any(problem.set_id == name for problem in self.problems):
            name, _, part = part.partition("/")
        found = [problem for problem in self.problems if name in (problem.id, str(problem.number))]
        if not found:
            known = ", ".join(f"{problem.number} {problem.id}" for problem in self.problems)
            said = f"There is no problem {wanted}" if wanted else "Say which problem"
            self.say(f"{said}; there are {known}. For example: problem 2")
            return
        ids = [one.id for one in found[0].parts]
        if part and part not in ids:
            self.say(f"There is no part {part} in problem {found[0].number}{nearest(part, ids) or '.'}")
        self.enter(found[0], ids.index(part) if part in ids else None)

    # Commands

    def list(self) -> None:
        """The problems with what is solved, in words."""
        self.say("")
        for title in self.titles:
            self.say(line(title))
        for row in where.solved(self.problems, self.state):
            self.say(row)

    def statement(self) -> None:
        """The problem's own text."""
        self.say("")
        self.say(f"Problem {self.problem.number}: {line(self.problem.title)}")
        self.text(self.problem.statement)

    def hint(self) -> None:
        """One hint more: first the one the mistake names."""
        part = self.part
        shown = self.ask(lambda: self.store.hints_shown(part.key), ())
        left = [hint for hint in part.hints if hint.id not in shown]
        if not left:
            for hint in part.hints:
                self.text(f"Hint: {hint.text}")
            self.say("These are all the hints; solution shows the worked solution.")
            return
        named = self.verdict[1].hint if self.verdict else None
        hint = next((one for one in left if one.id == named), left[0])
        self.ask(lambda: self.store.record_hint(part.key, hint.id), None)
        self.text(f"Hint: {hint.text}")

    def solution(self) -> None:
        """The worked solution: at once when solved, else after asking once."""
        part, progress = self.part, self.progress(self.part)
        if not (self.asked or progress.state == "solved" or progress.solution_shown):
            self.asked = True
            self.say(ASK_SOLUTION)
            return
        self.ask(lambda: self.store.record_solution(part.key), None)
        self.say("The worked solution:")
        self.text(part.solution)

    def next(self) -> None:
        """The next part; after the last one, the next problem."""
        if self.at + 1 < len(self.problem.parts):
            self.go_part(str(self.at + 2))
            return
        place = self.problems.index(self.problem) + 1
        if place < len(self.problems):
            self.enter(self.problems[place], None)
        else:
            self.say("This is the last part of the last problem; left says what is not solved yet.")

    def back(self) -> None:
        """The part before; before the first one, the last of the problem before."""
        if self.at:
            self.go_part(str(self.at))
            return
        place = self.problems.index(self.problem)
        if place:
            before = self.problems[place - 1]
            self.enter(before, len(before.parts) - 1)
        else:
            self.say("This is the first part of the first problem.")

    def left(self) -> None:
        """The parts that are not solved."""
        rows = list(where.left(self.problems, self.state))
        for row in rows or ["Nothing is left; every part is solved."]:
            self.say(row)

    def run_missing(self, name: str) -> None:
        """Begin the runs that an experiment lacks, or one of them."""
        self.text(self.bench.begin(self.part, self.kept(), name))

    def runs(self) -> None:
        """How far the runs are."""
        for row in self.bench.runs(self.part, self.kept()):
            (self.say if row.startswith(" ") else self.text)(row)

    def undo(self) -> None:
        """Take back a step."""
        if self.part.kind != "derivation":
            self.say("undo takes back a step of a derivation; here, type the answer again.")
            return
        steps = self.kept().splitlines()
        if not steps:
            self.say("There is no step to take back.")
            return
        self.save("\n".join(steps[:-1]))
        self.say(f"Taken back: {steps[-1]}. {len(steps) - 1} left.")

    def help(self) -> None:
        """The commands."""
        self.say("Type an answer as you would write it on paper: n K^2 L, sqrt(2/d), sum(j, 1, L, K_j), beta1^t.")
        for name, says in COMMANDS.items():
            self.say(f"  {name}: {says}")

    # Answers

    def answer(self, text: str) -> None:
        """Judge an answer; of a derivation, add a step, or judge them all on an empty line."""
        part = self.part
        if part.kind == "code":
            self.code(text)
            return
        if part.kind == "derivation":
            steps = self.kept()
            if text:
                self.step(steps, text)
                return
            text = steps
        if part.kind == "experiment":
            text = text or self.kept()
        if not text:
            self.say("Type an answer, or help.")
            return
        if part.kind == "choice":
            text = called(part.options, text)
            if any(option.id == text for option in part.options):
                self.say(f"Chosen: {self.as_said(text)}")
        elif part.kind != "derivation" and (read := reading(part, text)):
            self.say(read)
        self.save(text)
        verdict = judge(part, text, self.earlier(), own_accuracies(part))
        note = ""
        if verdict.status != "invalid":
            new = self.ask(lambda: self.store.record_attempt(part.key, text, verdict.status, verdict.mistake), True)
            note = SAME if not new and verdict.status == "incorrect" else ""
        self.verdict = (text, verdict)
        self.text(verdict_in_words(part, text, verdict))
        if note:
            self.say(note)
        if verdict.status == "correct":
            self.say(where.following(self.problems, self.problem, self.at))

    def code(self, name: str) -> None:
        """Check a file; without a name the learner's own, which is begun where there is none."""
        part = self.part
        found = programs.checked(part, name)
        for row in found.said:
            self.say(row)
        if found.status in ("correct", "incorrect"):
            self.ask(lambda: self.store.record_attempt(part.key, found.text, found.status), True)
        if found.status == "correct":
            self.say(where.following(self.problems, self.problem, self.at))

    def step(self, steps: str, text: str) -> None:
        """Add a line to a derivation, unless it cannot be read."""
        problem = look(self.part, text).problem
        if problem is not None:
            self.text(fault(text, problem.start, problem.end, problem.message))
            return
        taken = f"{steps}\n{text}" if steps else text
        self.save(taken)
        self.say(f"Step {len(taken.splitlines())} is taken down.")

    def earlier(self) -> dict[str, str]:
        """The learner's own wrong answers this part follows from."""
        found: dict[str, str] = {}
        for other in self.problem.parts:
            if other.id in self.part.follows_from:
                progress = self.progress(other)
                if progress.state == "tried" and progress.last_answer:
                    found[other.id] = progress.last_answer
        return found

    # Progress and words

    def progress(self, part: Part) -> PartProgress:
        """What was done at a part."""
        return self.ask(lambda: self.store.progress(part.key), OPEN)

    def state(self, part: Part) -> str:
        """solved, tried or open."""
        return self.progress(part).state

    def save(self, text: str) -> None:
        """Keep what was typed."""
        self.ask(lambda: self.store.save_draft(self.part.key, text), None)

    def ask(self, question: Callable[[], Result], otherwise: Result) -> Result:
        """What the store says or does; where it cannot, that is said, once for as long as it lasts."""
        try:
            found = question()
        except StoreError as error:
            trouble = f"Not kept: {error}"
            if trouble != self.unsaved:
                self.unsaved = trouble
                self.say(trouble)
            return otherwise
        return found

    def say(self, text: str) -> None:
        """One line."""
        self._say(text)

    def text(self, text: str) -> None:
        """Prose, in as many lines as it needs."""
        for row in lines(text, self._width):
            self._say(row)
