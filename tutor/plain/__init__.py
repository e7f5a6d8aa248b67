"""The whole product as a conversation line by line: for screen readers, TERM=dumb, pipes and logs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tutor.commands import Trouble, open_store, sets_or_trouble
from tutor.plain.talk import Conversation
from tutor.progress.store import Store, StoreError


def converse(problem: str | None = None) -> int:
    """Hold the conversation on standard input and output; returns the exit status."""
    sets = sets_or_trouble()
    talk: Conversation | None = None
    try:
        store = open_store(sets)
        trouble = ""
    except StoreError as error:
        store, trouble = Store(None), f"{error} Nothing of this visit will be kept."
    try:
        talk = Conversation(sets, store, _reader(), _say, _width())
        if trouble or store.notice:
            _say(trouble or store.notice)
        talk.run(problem)
    finally:
        try:
            store.close()
        except StoreError as error:
            print(f"tutor: {error}", file=sys.stderr)
    return 1 if trouble or talk.unsaved else 0


def _width() -> int:
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, 80) - 2
    except (OSError, ValueError, AttributeError):
        return 78


def _say(text: str) -> None:
    print(text, flush=True)


def _reader() -> Callable[[str], str | None]:
    """Reads lines: with editing in a terminal, and repeated in the output where they come from a pipe."""
    if sys.stdin is None:
        raise Trouble("The conversation needs an input; send answers to it, for example: echo quit | tutor --plain")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if terminal and os.environ.get("TERM") != "dumb":
        import contextlib

        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  input() edits lines with it

    def read(prompt: str) -> str | None:
        try:
            if terminal:
                return input(prompt)
            typed = sys.stdin.readline()
        except EOFError:
            print()
            return None
        if not typed:
            return None
        print(prompt + typed.rstrip("\r\n"), flush=True)
        return typed

    return read
