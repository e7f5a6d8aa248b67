"""The commands: which there are, and the way from a command line to the file of one. Heavy imports happen there."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from tutor.commands import Parser, Trouble, nearest
from tutor.program import program

COMMANDS = {
    "check": "judge an answer, or many as JSON lines",
    "compare": "say whether two formulas are equal",
    "code": "check PyTorch code of yours, or begin a file",
    "measure": "run a part in real PyTorch, and compare its formula",
    "receptive-field": "draw what the units of a network see of its input",
    "train": "train what a recipe says, live; the run outlives the terminal",
    "runs": "list, show, stop, delete training runs",
    "lint": "check the content of a folder of problems",
    "report": "what has been solved, as Markdown, HTML or JSON",
    "doctor": "what this machine and this terminal offer, and what to set",
    "serve": "the interface in a browser on this machine",
}

INTERRUPTED, CLOSED_PIPE = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status. Never a traceback for what a person can do wrong."""
    words = list(sys.argv[1:] if argv is None else argv)
    # A terminal without these characters shows ? in their place, instead of nothing at all.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        status = run(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except Trouble as trouble:
        print(f"tutor: {trouble}", file=sys.stderr)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return CLOSED_PIPE
    except OSError as error:
        if error.filename is not None:
            said = f"{error.filename} cannot be used ({error.strerror}); name another file or folder."
            print(f"tutor: {said}", file=sys.stderr)
        else:
            print(f"tutor: the output cannot be written ({error.strerror}); send it elsewhere.", file=sys.stderr)
        _forget_output()
        return 2
    return status


def run(words: list[str]) -> int:
    """Run a command, or open the interface."""
    if words and words[0] in COMMANDS:
        name, rest = words[0], words[1:]
        module = command(name)
        parser = Parser(prog=f"{program()} {name}", description=module.__doc__, example=f"{program()} {module.EXAMPLE}")
        module.configure(parser)
        prepare = getattr(module, "prepare", None)
        return module.run(parser.parse_args(prepare(rest) if prepare else rest))
    interface = command("interface")
    column = max(map(len, COMMANDS)) + 1
    listed = "\n".join(f"  {name:<{column}} {says}" for name, says in COMMANDS.items())
    examples = "\n".join(f"  {program()} {line}" for line in interface.EXAMPLES)
    parser = Parser(
        prog=program(),
        usage=f"{program()} [PROBLEM] [options]\n       {program()} COMMAND ...",
        description=interface.__doc__,
        epilog=f"commands ({program()} COMMAND --help says more):\n{listed}\n\nexamples:\n{examples}",
    )
    interface.configure(parser)
    arguments, left = parser.parse_known_args(words)
    if unknown := [word for word in left if word.startswith("-")]:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if arguments.problem in COMMANDS:
        raise Trouble(f"The command comes first: {program()} {arguments.problem} ...")
    if arguments.problem is not None and not interface.exists(arguments.problem):
        names = [*COMMANDS, *interface.names()]
        near = nearest(arguments.problem, names) or f"; the problems are {', '.join(interface.names())}."
        raise Trouble(f"There is no command or problem {arguments.problem!r}{near}")
    if left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return interface.run(arguments)


def command(name: str) -> ModuleType:
    """The module of a command."""
    return import_module(f"tutor.commands.{name.replace('-', '_')}")


def _forget_output() -> None:
    """Nobody reads any more; keep the interpreter from complaining about that when it ends."""
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, sys.stdout.fileno())
        os.close(quiet)
    except (OSError, ValueError, AttributeError):
        pass
