"""The lines of the screens, as functions of values and a width: no widget, no clock, no file.

A sign always stands beside a colour, and a word beside a sign where there is room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len
from textual.content import Content

from tutor.content.model import Part, Problem, ProblemSet, Verdict
from tutor.progress.store import PartProgress
from tutor.tui import keys, prose

Lines: TypeAlias = list[Content]
Progress: TypeAlias = Mapping[str, PartProgress]

SIGNS = {"solved": "●", "tried": "◐", "open": "○"}
QUIET, ACCENT, RIGHT, WRONG = "$quiet", "bold $accent", "bold $success", "bold $error"
WIDE_VERDICT = 56
ROOMY = 70
SMALLEST = (40, 15)


def state(part: Part, progress: Progress) -> str:
    """`solved`, `tried` or `open`."""
    found = progress.get(part.key)
    return found.state if found else "open"


def signs(parts: Sequence[Part], progress: Progress) -> Content:
    """One sign a part: solved in full strength, the rest quiet."""
    return Content.assemble(
        *((SIGNS[word], "" if word == "solved" else QUIET) for word in (state(part, progress) for part in parts))
    )


def cut(text: str, width: int) -> str:
    """A text in at most `width` cells, with … where something was cut."""
    if cell_len(text) <= width:
        return text
    kept = ""
    for character in text:
        if cell_len(kept + character) > width - 1:
            break
        kept += character
    return kept.rstrip() + "…" if width > 0 else ""


def two_ends(left: Content, right: Content, width: int) -> Content:
    """Left and right of one line, at least two cells apart; the left is cut first."""
    room = width - right.cell_length - 2
    if left.cell_length > room:
        left = left.truncate(max(room, 1), ellipsis=True)
    return Content.assemble(left, " " * max(1, width - left.cell_length - right.cell_length), right)


def solved(sets: Iterable[ProblemSet], progress: Progress) -> tuple[int, int]:
    """How many parts are solved, of how many."""
    parts = [part for one in sets for problem in one.problems for part in problem.parts]
    return sum(state(part, progress) == "solved" for part in parts), len(parts)


def home_top(sets: Sequence[ProblemSet], progress: Progress, width: int) -> Lines:
    """The top line of the list of problems."""
    done, of = solved(sets, progress)
    name = f"{sets[0].id}   " if len(sets) == 1 and width >= 50 else ""
    right = Content.assemble((name, QUIET), f"{done} of {of} solved") if of else Content("")
    return [two_ends(Content.styled("tutor", "bold"), right, width)]


def problem_top(problem: Problem, at: int, progress: Progress, width: int) -> Lines:
    """The top line of a problem: where, which part, how far."""
    place = f"part {at + 1} of {len(problem.parts)}" if width >= 60 else f"{at + 1}/{len(problem.parts)}"
    right = Content.assemble((place + "   " if width >= 60 else place + " ", QUIET), signs(problem.parts, progress))
    return [two_ends(Content.styled(f"{problem.number} {prose.plain(problem.title)}", "bold"), right, width)]


def next_part(problem: Problem, progress: Progress) -> Part | None:
    """The first part that is not solved."""
    return next((part for part in problem.parts if state(part, progress) != "solved"), None)


def problem_row(problem: Problem, progress: Progress, chosen: bool, column: int, width: int) -> Lines:
    """A problem in the list: in one line, or in two where the terminal is narrow."""
    mark = ("▸ ", ACCENT) if chosen else ("  ", "")
    title = prose.plain(problem.title)
    look = "bold" if chosen else ""
    head = Content.assemble(mark, (f"{problem.number}  ", look or QUIET), (cut(title, width - 6), look))
    dots = signs(problem.parts, progress)
    part = next_part(problem, progress)
    following = f"next: {prose.plain(part.title)}" if part else "solved"
    longest = max(len(problem.parts), 11)
    if width >= column + longest + 8:
        gap = " " * max(2, column - head.cell_length)
        # The sentence below the list says it in full; here it stands only where it fits.
        fits = chosen and cell_len(following) <= width - column - longest - 3
        after = (" " * (longest + 3 - dots.cell_length) + following, QUIET) if fits else ""
        return [Content.assemble(head, gap, dots, after)]
    room = width - 5 - dots.cell_length - 2
    return [head, Content.assemble("     ", dots, "  ", (cut(following, room), QUIET))]


def home_list(sets: Sequence[ProblemSet], progress: Progress, chosen: int, width: int) -> tuple[Lines, list[int]]:
    """The sets with their problems; beside the lines, which problem each line belongs to (-1 for none)."""
    lines: Lines = []
    owner: list[int] = []
    titles = [cell_len(prose.plain(problem.title)) for one in sets for problem in one.problems]
    column = min(max(titles, default=0), 44) + 7
    at = 0
    for one in sets:
        if lines:
            lines.append(Content(""))
        lines += [Content.styled(one.title, "bold"), Content("")]
        owner += [-1] * (len(lines) - len(owner))
        for problem in one.problems:
            rows = problem_row(problem, progress, at == chosen, column, width)
            lines += rows
            owner += [at] * len(rows)
            at += 1
    return lines, owner


def home_about(problem: Problem | None, progress: Progress, fresh: bool, width: int) -> Lines:
    """Below the list: two sentences at first start; later what the chosen problem is about."""
    width = min(width, 80)
    if fresh:
        text = (
            "Answers are typed the way they are written on paper; each one is computed, not looked up, and a wrong one "
            "is told why.\n\nenter starts with problem 1."
        )
        return prose.lay_out(text, width)
    if problem is None:
        return []
    part = next_part(problem, progress)
    goals = prose.lay_out("\n".join(f"- {goal}" for goal in problem.goals), width, QUIET)
    where = f"enter goes on with “{part.title}”." if part else "All of it is solved; enter opens it again."
    return [*goals, Content(""), *prose.lay_out(where, width)]


def part_line(number: int, part: Part, word: str, answer: str, active: bool, width: int) -> Lines:
    """A part's one line: the active title bright, what was answered quiet, what comes later a title."""
    title = prose.plain(part.title)
    left = f"{number:>2}  "
    if active:
        return [Content.assemble((left, ACCENT), (cut(title, width - 4), "bold"))]
    sign = {"solved": ("✓", RIGHT), "tried": ("◐", QUIET)}.get(word, ("", ""))
    room = width - 4 - 3
    if answer and room >= 24:
        said = cut(answer, max(10, room // 2))
        start = max(min(room // 2, 44), 0)
        heading = cut(title, max(room - cell_len(said) - 2, 8))
        gap = " " * max(2, start - cell_len(heading))
        body = cut(heading + gap + said, room)
    else:
        body = cut(title, room)
    space = " " * max(1, width - 4 - cell_len(body) - 1)
    return [Content.assemble((left + body, QUIET), space if sign[0] else "", sign)]


def caret(text: str, start: int, end: int, message: str, width: int) -> Lines:
    """The answer as typed with a caret under the place, and what could stand there; no sign, no red."""
    row = text.replace("\t", " ")
    begin = row.rfind("\n", 0, start) + 1
    stop = row.find("\n", begin)
    row, start, end = row[begin : stop if stop >= 0 else None], start - begin, end - begin
    shown = max(8, width - 2)
    offset = 0 if cell_len(row) <= shown else max(0, min(start - shown // 2, len(row) - shown))
    row = row[offset : offset + shown]
    start, end = max(0, start - offset), max(1, end - offset)
    before = cell_len(row[:start])
    under = "^" * max(1, min(cell_len(row[start:end]), shown - before))
    marked = Content.assemble("  ", (row[:start], QUIET), (row[start:end], "bold"), (row[end:], QUIET))
    return [marked, Content.assemble("  " + " " * before, (under, ACCENT)), *said(message, width, "  ")]


def said(text: str, width: int, indent: str = "", style: str = "") -> Lines:
    """Prose set in by `indent`."""
    return [Content.assemble(indent, line) for line in prose.lay_out(text, width - len(indent), style)]


def preview(lines: Sequence[str], baseline: int, uses: Sequence[str], width: int) -> Lines:
    """What was read, in two dimensions; the symbols it uses at the right of its base line."""
    widest = max((cell_len(line) for line in lines), default=0)
    names = f"uses {', '.join(uses)}" if uses else ""
    if widest + 2 > width:
        return [Content.styled("  " + cut(line, width - 2), "") for line in lines]
    beside = names and widest + cell_len(names) + 6 <= width
    out: Lines = []
    for row, line in enumerate(lines):
        right = Content.styled(names, QUIET) if beside and row == baseline else Content("")
        out.append(two_ends(Content("  " + line), right, width) if beside else Content("  " + line))
    if names and not beside:
        out.append(Content.styled("  " + cut(names, width - 2), QUIET))
    return out


def numbers_apart(message: str, verdict: Verdict) -> str:
    """The message with the numbers of the counterexample in a line of their own."""
    found = verdict.counterexample
    where = found.where if found else ""
    before, numbers_of_it, after = message.partition(where) if where else (message, "", "")
    return f"{before.rstrip()}\n\n{numbers_of_it}{after}" if before.rstrip().endswith((".", "?")) else message


def verdict_lines(verdict: Verdict, text: str, note: str, width: int) -> Lines:
    """What was said about an answer: the sign and the words, then why, then numbers, then what to do now."""
    if verdict.status == "invalid":
        start = verdict.start if verdict.start is not None else 0
        if verdict.start is None:
            return said(verdict.message, width, "  ")
        return caret(text, start, verdict.end if verdict.end is not None else start + 1, verdict.message, width)
    correct = verdict.status == "correct"
    label, look = ("✓ yes", RIGHT) if correct else ("✗ not yet", WRONG)
    message = verdict.message.strip()
    if correct:
        for opening in ("✓ ", "yes.", "Yes.", "yes,"):
            message = message.removeprefix(opening).strip()
    text = "\n\n".join(one for one in (numbers_apart(message, verdict), verdict.numbers) if one)
    body = prose.lay_out(text, width - (13 if width >= WIDE_VERDICT else 4))
    body = [line for line in body if line.plain.strip()]
    if width >= WIDE_VERDICT:
        first = body[0] if body else Content("")
        lines = [Content.assemble("  ", (label, look), " " * (11 - cell_len(label)), first)]
        lines += [Content.assemble(" " * 13, line) for line in body[1:]]
    else:
        lines = [Content.assemble("  ", (label, look)), *(Content.assemble("    ", line) for line in body)]
    if note:
        lines += said(note, width, " " * 13 if width >= WIDE_VERDICT else "    ", QUIET)
    return lines


def hint_lines(texts: Sequence[str], width: int) -> Lines:
    """The hints shown so far, the newest in full strength."""
    lines: Lines = []
    for at, text in enumerate(texts):
        last = at == len(texts) - 1
        body = prose.lay_out(text, width - 8, "" if last else QUIET)
        for row, line in enumerate(body):
            lines.append(Content.assemble(("  hint  " if row == 0 else " " * 8, ACCENT if last else QUIET), line))
    return lines


def solution_lines(text: str, width: int) -> Lines:
    """The worked solution under its heading."""
    return [Content.styled("  solution", QUIET), *said(text, width, "  ")]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a key's name stands at the bottom, in cells, and what a click on it does."""

    row: int
    start: int
    end: int
    action: str


def key_line(
    places: Iterable[keys.Place],
    keymap: Mapping[str, str],
    width: int,
    in_force: Callable[[keys.Key], bool] = lambda key: True,
    plain: bool = False,
) -> tuple[Lines, list[Spot]]:
    """The keys of these places that are `in_force`, in as many lines as they need, and where each can be clicked."""
    lines: list[list[Content]] = [[]]
    spots: list[Spot] = []
    used = 0
    for key in filter(in_force, keys.in_footer(places, width >= ROOMY)):
        item = Content.assemble((keys.names(key, keymap, plain=plain), "$accent"), (f" {key.label}", QUIET))
        if used and used + 2 + item.cell_length > width:
            lines.append([])
            used = 0
        start = used + (2 if used else 0)
        used = start + item.cell_length
        lines[-1].append(item)
        spots.append(Spot(len(lines) - 1, start, used, click(key)))
    return [Content("  ").join(line) for line in lines], spots


def click(key: keys.Key) -> str:
    """The action a click on a key runs, from the screen's point of view."""
    if key.id == "option-up":
        return "screen.option(1)"
    if not key.action:
        return ""
    return key.action if "(" in key.action else f"{key.action}()"


def help_lines(keymap: Mapping[str, str], width: int, first: Sequence[keys.Place] = (), plain: bool = False) -> Lines:
    """The help screen: every key of the table by place, those in `first` first; then how answers are typed."""
    width = min(width, 80)
    column = 18 if width >= 60 else 13
    names = ", ".join(f"`{key.id}`" for key in keys.TABLE if key.action)
    lines: Lines = []
    for place in dict.fromkeys((*first, *keys.TITLES)):
        rows = keys.at(place)
        if not rows:
            continue
        lines += [Content.styled(keys.TITLES[place], "bold"), Content("")]
        for key in rows:
            name = keys.names(key, keymap, all_of_them=True, plain=plain)
            body = prose.lay_out(key.says, width - column - 2)
            if cell_len(name) > column - 1:
                lines.append(Content.assemble("  ", (name, "$accent")))
                lines += [Content.assemble(" " * (column + 2), line) for line in body]
                continue
            lines.append(Content.assemble("  ", (name, "$accent"), " " * (column - cell_len(name)), body[0]))
            lines += [Content.assemble(" " * (column + 2), line) for line in body[1:]]
        lines.append(Content(""))
    return [*lines, *prose.lay_out(TYPING + CHANGING.format(names=names), width)]


TYPING = """
## How answers are typed

The way they are written on paper, in a calculator or in LaTeX: `n K^2 L`, `nK²L`, `n*K**2*L` and `n\\cdot K^{2}L` are
one answer. The preview below the field shows what was read.

- `W_in` or `W_{in}`, `beta1` or `β₁`, `sigma` or `σ`: any usual spelling of a symbol
- `K_j`, `K[j]`, `K^{(j)}`: an element of a sequence
- `sqrt(2/d)`, `√2`, `\\frac{2}{d}`, `|x|`, `floor(x)`, `⌊x⌋`, `min(a, b)`
- `sum(j, 1, L, K_j)`, `\\sum_{j=1}^{L} K_j`, and `prod` alike

What is typed is kept within a second, and when you leave. Looking at a hint or a solution is recorded, and is no shame.
Where the mouse is in the terminal's way, `tutor --no-mouse` leaves it alone; Shift selects past it.
"""

CHANGING = """
## Other keys

The configuration file (`tutor doctor` says where) takes others: under `[keys]`, a line such as `hint = "f8"`. The names
are {names}.
"""
