"""A terminal laboratory for a neural-network problem set: without a command, the interface opens."""

from __future__ import annotations

import argparse
import os
import sys

from tutor import paths
from tutor.commands import Trouble

EXAMPLES = (
    "                     open the interface where you were",
    "optimizers           open it at a problem (its name, or its number)",
    "--plain              the same as a conversation, line by line",
    'check cost/forward-multiplications "n K^2 L"',
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the interface."""
    parser.add_argument("problem", nargs="?", metavar="PROBLEM", help="where to begin: its name or number, or PART")
    parser.add_argument("--plain", action="store_true", help="line by line, for screen readers and logs; no screen")
    parser.add_argument("--color", choices=("truecolor", "256", "16"), help="how many colours the terminal has")
    parser.add_argument("--theme", choices=("light", "dark"), help="light or dark")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")


def names() -> list[str]:
    """The problems' names, without reading them: the first frame does not wait for that."""
    return sorted({file.parent.name for file in paths.problems_folder().glob("*/*/problem.toml")})


def exists(problem: str) -> bool:
    """Whether the name begins like a problem that is there; the part, if any, is looked for when it is read."""
    every = names()
    sets = {file.parent.name for file in paths.problems_folder().glob("*/set.toml")}
    pieces = problem.strip("/").split("/")
    if len(pieces) > 1 and pieces[0] in sets:
        pieces = pieces[1:]
    first = pieces[0]
    return first in every or (first.isdecimal() and 1 <= int(first) <= len(every))


def run(arguments: argparse.Namespace) -> int:
    """Open the interface, or hold the conversation."""
    # A browser's terminal (textual-serve) is no terminal of this process.
    driven = "TEXTUAL_DRIVER" in os.environ
    if arguments.plain or (os.environ.get("TERM") == "dumb" and not driven):
        from tutor.plain import converse

        return converse(arguments.problem)
    if not driven and not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise Trouble("The interface needs a terminal; without one, add --plain for a conversation line by line.")
    # Read by Textual when it is imported: no animations and fewer frames over a slow connection.
    if "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
        os.environ.setdefault("TEXTUAL_FPS", "30")
    from tutor.tui.app import run as open_interface

    return open_interface(arguments.problem, mouse=not arguments.no_mouse, color=arguments.color, theme=arguments.theme)
