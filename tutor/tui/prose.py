"""Prose laid out for a terminal: a small Markdown with mathematics, as lines of a given width.

Paragraphs, headings, lists, fenced code, tables as typed, `$mathematics$` and `$$displays$$`. Mathematics goes through
the renderer of the preview. Pure: text and width in, lines out.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from rich.cells import cell_len
from textual.content import Content

Piece: TypeAlias = tuple[str, str]
Word: TypeAlias = list[Piece]

INLINE = re.compile(r"(\$[^$]+\$|`[^`]+`|\*\*.+?\*\*|\*[^*\s](?:[^*]*[^*\s])?\*|\[[^\]]+\]\([^)]+\))", re.DOTALL)
ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s+(.*)$")
HEADING = re.compile(r"^#{1,6}\s+(.*)$")
MATHS = "bold $foreground"
QUIET, QUIET_MATHS = "$quiet", "bold $quiet"
# A short equation in running text ("n = 1") stays in one line.
EQUATION = re.compile(r"(?<=\w) = (?=[\w−-])")
GLUE = "\u00a0"


def inline_maths(text: str) -> str:
    """Mathematics as one line of Unicode; as typed where it cannot be drawn."""
    from tutor.answers.prose import inline

    return inline(text)


def plain(text: str) -> str:
    """A short text with its mathematics drawn and its marks taken away, for titles and lists."""
    return "".join(piece for piece, _ in pieces(text))


def pieces(text: str, style: str = "") -> list[Piece]:
    """Text cut into runs of one style, marks taken away, mathematics drawn."""
    found: list[Piece] = []
    maths = QUIET_MATHS if style == QUIET else MATHS
    for run in INLINE.split(text):
        if not run:
            continue
        if run.startswith("$") and run.endswith("$") and len(run) > 2:
            found.append((inline_maths(run[1:-1].strip()), maths))
        elif run.startswith("`") and len(run) > 2:
            found.append((run[1:-1], maths))
        elif run.startswith("**") and len(run) > 4:
            found.extend(pieces(run[2:-2], f"{style} bold".strip()))
        elif run.startswith("*") and len(run) > 2:
            found.extend(pieces(run[1:-1], f"{style} italic".strip()))
        elif run.startswith("[") and "](" in run:
            found.append((run[1 : run.index("](")], style))
        else:
            found.append((run, style))
    return found


def words(runs: list[Piece], width: int) -> list[Word]:
    """Runs cut into words that stay in one line; a formula is one word unless it is long."""
    found: list[Word] = [[]]
    for text, style in runs:
        if style in (MATHS, QUIET_MATHS) and cell_len(text) <= max(8, width // 2):
            found[-1].append((text, style))
            continue
        for bit in re.split(r"([ \t\n]+)", EQUATION.sub(f"{GLUE}={GLUE}", text)):
            if bit.strip(" \t\n") == "" and bit:
                if found[-1]:
                    found.append([])
            elif bit:
                found[-1].append((bit, style))
    return [word for word in found if word]


def wrap(runs: list[Piece], width: int, first: str = "", rest: str = "") -> list[Content]:
    """Runs as lines at most `width` wide, the first after `first`, the others after `rest`."""
    width = max(width, 8)
    lines: list[list[Piece]] = []
    line: list[Piece] = [(first, "")]
    used = cell_len(first)
    empty = True
    for word in words(runs, width - cell_len(rest)):
        size = sum(cell_len(text) for text, _ in word)
        if not empty and used + 1 + size > width:
            lines.append(line)
            line, used, empty = [(rest, "")], cell_len(rest), True
        if not empty:
            line.append((" ", ""))
            used += 1
        for text, style in word:
            while used + cell_len(text) > width and cell_len(text) > width - cell_len(rest):
                cut = max(1, width - used)
                line.append((text[:cut], style))
                lines.append(line)
                line, used, text = [(rest, "")], cell_len(rest), text[cut:]
            line.append((text, style))
            used += cell_len(text)
        empty = False
    lines.append(line)
    return [Content.assemble(*((text.replace(GLUE, " "), style) for text, style in one if text)) for one in lines]


def display(text: str, width: int) -> list[Content]:
    """A display of mathematics, set in; in one line of prose where it is wider than the place."""
    from tutor.answers.prose import display as draw

    picture = draw(text)
    if max((cell_len(line) for line in picture.lines), default=0) + 4 > width:
        return wrap([(inline_maths(text), MATHS)], width, "  ", "  ")
    return [Content.assemble("    ", (line, MATHS)) for line in picture.lines]


def lay_out(text: str, width: int, style: str = "") -> list[Content]:
    """Markdown as lines at most `width` wide."""
    out: list[Content] = []
    paragraph: list[str] = []
    lead, indent = "", ""

    def close() -> None:
        nonlocal lead, indent
        if paragraph:
            out.extend(wrap(pieces(" ".join(paragraph), style), width, lead, indent))
            paragraph.clear()
        lead = indent = ""

    def gap() -> None:
        if out and out[-1].plain.strip():
            out.append(Content(""))

    rows = iter(text.replace("\r\n", "\n").strip().split("\n"))
    for row in rows:
        bare = row.strip()
        if not bare:
            close()
            gap()
        elif bare.startswith("```"):
            close()
            for code in rows:
                if code.strip().startswith("```"):
                    break
                out.append(Content.assemble("    ", (code, MATHS)))
        elif bare.startswith("$$"):
            close()
            body = bare[2:]
            while not body.rstrip().endswith("$$"):
                following = next(rows, None)
                if following is None:
                    break
                body += " " + following
            out.extend(display(body.rstrip().removesuffix("$$").strip(), width))
        elif match := HEADING.match(bare):
            close()
            gap()
            out.extend(wrap(pieces(match[1], "bold"), width))
        elif match := ITEM.match(row):
            close()
            mark = "·" if match[2] in "-*" else match[2]
            lead = f"{match[1]}{mark} "
            indent = " " * len(lead)
            paragraph.append(match[3])
        elif bare.startswith("|"):
            close()
            if not set(bare) <= set("|-: "):
                out.append(Content.assemble(*((piece, look) for piece, look in pieces(bare.strip("| "), style))))
        else:
            paragraph.append(bare)
    close()
    while out and not out[-1].plain.strip():
        out.pop()
    return out
