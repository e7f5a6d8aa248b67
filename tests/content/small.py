"""A small problem set for tests, written into a folder: one formula part, one number, one choice."""

from __future__ import annotations

from pathlib import Path

SET = 'format = 1\ntitle = "Shapes"\nproblems = ["area"]\ncredit = "Made for tests."\n'
PROBLEM = """\
format = 1
title = "Areas"
goals = ["Measure."]

[[symbols]]
name = "a"
domain = "positive real"
meaning = "one side"

[[symbols]]
name = "b"
domain = "positive integer"
meaning = "the other side"

[[parts]]
id = "frame"
kind = "formula"
title = "the frame"
prompt = "How long is the frame around $a × b$?"
asked = ["F"]
answer = "2 (a + b)"
meaning = "Every side is there twice."
measure = "frame"

[[parts.accept]]
formula = "2 a + 2 b + 4"
note = "Right, counting a corner piece at each end."

[[parts.mistakes]]
id = "half"
formula = "a + b"
message = "This goes half way round. How many sides are there?"
hint = "sides"

[[parts.mistakes]]
id = "area"
formula = "a b"
message = "This is the area. What does a frame go along?"

[[parts.mistakes]]
id = "three-sides"
formula = "2 a + b"
message = "This leaves one side open."

[[parts.mistakes]]
id = "square"
formula = "4 a"
message = "This is the frame of a square."

[[parts.hints]]
id = "sides"
text = "Count the sides."

[[parts.hints]]
id = "pairs"
text = "Sides come in pairs."

[[parts.hints]]
id = "add"
text = "Add $a$ and $b$ and take it twice."

[[parts]]
id = "corners"
kind = "number"
title = "corners"
prompt = "How many corners has it?"
answer = "4"

[[parts.hints]]
id = "look"
text = "Look at it."

[[parts.hints]]
id = "count"
text = "Count them."

[[parts.hints]]
id = "more"
text = "One more than a triangle."

[[parts]]
id = "growth"
kind = "choice"
title = "growth"
prompt = "How does the area grow with $a$?"
answer = "linear"

[[parts.options]]
id = "linear"
text = "In proportion."

[[parts.options]]
id = "none"
text = "Not at all."

[[parts.mistakes]]
id = "none"
option = "none"
message = "A longer side leaves the area as it is? Try $a = 2$."

[[parts.hints]]
id = "double"
text = "Double it."

[[parts.hints]]
id = "draw"
text = "Draw it."

[[parts.hints]]
id = "twice"
text = "There are two pieces then."

[[parts]]
id = "tiles"
kind = "formula"
title = "tiles"
prompt = "How many unit tiles fill the frame once?"
answer = "6 (a + b)"
follows_from = ["frame"]
carried = "3 frame"

[[parts.mistakes]]
id = "once"
formula = "2 (a + b)"
message = "This is one row."

[[parts.mistakes]]
id = "twice"
formula = "4 (a + b)"
message = "These are two rows."

[[parts.mistakes]]
id = "four"
formula = "8 (a + b)"
message = "These are four rows."

[[parts.mistakes]]
id = "area"
formula = "a b"
message = "This is the area."

[[parts.hints]]
id = "row"
text = "One row first."

[[parts.hints]]
id = "rows"
text = "There are three rows."

[[parts.hints]]
id = "all"
text = "Each row has the length of the frame."
"""
STATEMENT = "A picture of sides $a$ and $b$.\n\n## frame\n\nA thin frame.\n"
SOLUTION = "".join(f"## {name}\n\nBecause.\n\n" for name in ("frame", "corners", "growth", "tiles"))
IDS = """\
format = 1
[area.frame]
mistakes = ["half", "area", "three-sides", "square"]
hints = ["sides", "pairs", "add"]
[area.corners]
mistakes = []
hints = ["look", "count", "more"]
[area.growth]
mistakes = ["none"]
hints = ["double", "draw", "twice"]
[area.tiles]
mistakes = ["once", "twice", "four", "area"]
hints = ["row", "rows", "all"]
"""
FILES = {
    "set.toml": SET,
    "ids.toml": IDS,
    "area/problem.toml": PROBLEM,
    "area/statement.md": STATEMENT,
    "area/solution.md": SOLUTION,
}


def write(folder: Path) -> Path:
    """Write the set `shapes` into a folder; its path."""
    for name, text in FILES.items():
        file = folder / "shapes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "shapes"
