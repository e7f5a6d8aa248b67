"""One file a command, imported when it is asked for: `configure(parser)` and `run(arguments)`, the exit status."""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from tutor.content.model import Part, ProblemSet
    from tutor.progress.store import Store

CORRECT, INCORRECT, INVALID = 0, 1, 2


class Trouble(Exception):
    """Why a command cannot do what was asked: one sentence that says what to do. Exit status 2."""


class Parser(argparse.ArgumentParser):
    """argparse, whose complaints are one sentence that says what to do."""

    def __init__(self, example: str = "", **rest: Any) -> None:
        rest.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        if example:
            rest["epilog"] = f"example:\n  {example}"
        super().__init__(allow_abbrev=False, **rest)
        self.example = example

    def error(self, message: str) -> NoReturn:
        """Say it in a sentence."""
        sentence = self._sentence(message)
        raise Trouble(sentence if "; " in sentence else f"{sentence}; see {self.prog} --help.")

    def _sentence(self, message: str) -> str:
        if match := re.fullmatch(r"the following arguments are required: (.*)", message):
            sentence = f"{match[1]} is missing"
            return f"{sentence}; for example: {self.example}" if self.example else sentence
        if match := re.fullmatch(r"unrecognized arguments: (.*)", message, re.DOTALL):
            known = [option for action in self._actions for option in action.option_strings]
            return f"{self.prog} takes no {match[1]}{nearest(match[1].split()[0], known) or '; leave it out.'}"
        if match := re.fullmatch(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", message, re.DOTALL):
            return f"{match[1]} is one of {match[3].replace(chr(39), '')}, not {match[2]}"
        if match := re.fullmatch(r"argument (\S+): expected one argument", message):
            return f"{match[1]} needs a value after it"
        if match := re.fullmatch(r"argument (\S+): invalid (\w+) value: (.*)", message, re.DOTALL):
            kind = {"int": "whole number"}.get(match[2], match[2])
            return f"{match[1]} takes a {kind}, not {match[3]}"
        return message[0].upper() + message[1:]


def nearest(word: str, known: Iterable[str], before: str = "; did you mean ") -> str:
    """`; did you mean check?`, or nothing where nothing is near."""
    near = difflib.get_close_matches(word, list(known), 3, 0.55)
    return f"{before}{' or '.join(near)}?" if near else ""


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON in the characters people read; escaped where they are no characters (half of a surrogate pair)."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    return text


def print_json(value: Any) -> None:
    """One JSON document on standard output, in UTF-8 whatever the locale."""
    write_bytes(as_json(value, indent=2).encode() + b"\n")


def write_bytes(data: bytes) -> None:
    """Bytes on standard output, at once."""
    stream = sys.stdout
    buffer = getattr(stream, "buffer", None)
    if buffer is not None:
        stream.flush()
        buffer.write(data)
        buffer.flush()
    elif stream is not None:
        stream.write(data.decode())
        stream.flush()


def sets_or_trouble() -> tuple[ProblemSet, ...]:
    """The content; Trouble where it cannot be read."""
    from tutor.content.load import ContentError, load_sets

    try:
        return load_sets()
    except ContentError as error:
        raise Trouble(f"The problems cannot be read: {error}. `tutor lint` lists all that is wrong.") from None


def part_or_trouble(sets: tuple[ProblemSet, ...], name: str) -> Part:
    """The part of this name; Trouble where there is none, or more than one."""
    from tutor.content.load import UnknownPart, find_part

    try:
        return find_part(sets, name)
    except UnknownPart as error:
        raise Trouble(str(error)) from None


def open_store(sets: tuple[ProblemSet, ...]) -> Store:
    """The learner's progress, under the names its parts have now. Raises StoreError."""
    from tutor import paths
    from tutor.content.ids import renamed
    from tutor.progress.store import Store

    store = Store(paths.state_folder() / "progress.db")
    store.adopt(renamed(sets))
    return store
