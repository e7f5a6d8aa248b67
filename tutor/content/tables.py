"""A TOML file read strictly: every complaint knows its file and line, every key that nobody asked for is one."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """What an author has to mend: where it is, and what to do."""

    file: Path
    line: int
    message: str


Complain = Callable[[Path, int, str], None]


def collecting(found: list[Complaint]) -> Complain:
    """A complain that keeps what it is told."""
    return lambda file, line, message: found.append(Complaint(file, line, message))


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+|\"[^\"]*\")\s*=")
_DECODE_LINE = re.compile(r"at line (\d+)")


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """ "; did you mean X?" where something is near, else nothing."""
    near = difflib.get_close_matches(word, known, 1, 0.6)
    return f"; did you mean {near[0]}?" if near else ""


class Source:
    """A file's text, its values, and the line of each table and key."""

    def __init__(self, path: Path, complain: Complain) -> None:
        self.path, self.complain = path, complain
        self.data: dict[str, Any] = {}
        self.lines: dict[tuple[str | int, ...], int] = {(): 1}
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            complain(path, 1, f"{path.name} cannot be read ({reason}); put it there as a UTF-8 text file")
            return
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = _DECODE_LINE.search(str(error))
            line = int(at[1]) if at else max(1, text.count("\n"))
            complain(path, line, f"this is not TOML: {error}; mend the line")
            return
        self._find_lines(text)

    def _find_lines(self, text: str) -> None:
        """The line of every table and key: tables are counted in the order in which the file opens them."""
        here: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                here = ()
                names = [name.strip(" \"'") for name in header[2].split(".")]
                for depth, name in enumerate(names):
                    here = (*here, name)
                    if depth == len(names) - 1 and header[1] == "[[":
                        counts[here] = counts.get(here, -1) + 1
                    if here in counts:
                        here = (*here, counts[here])
                self.lines.setdefault(here, number)
            elif key := _KEY.match(line):
                self.lines.setdefault((*here, key[1].strip('"')), number)

    def line(self, *place: str | int) -> int:
        """The line of a key or table; of the table around it where it has none of its own."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines[place]

    @property
    def top(self) -> Table:
        """The file's outermost table."""
        return Table(self, self.data, ())


class Table:
    """One table of a file. Ask for its keys, then `finish`: what was not asked for is unknown."""

    def __init__(self, source: Source, data: dict[str, Any], place: tuple[str | int, ...]) -> None:
        self.source, self.data, self.place = source, data, place
        self.asked: list[str] = []

    def line(self, key: str = "") -> int:
        """The line of a key, or of the table."""
        return self.source.line(*self.place, key) if key else self.source.line(*self.place)

    def complain(self, key: str, message: str) -> None:
        """Say what is wrong with a key of this table."""
        self.source.complain(self.source.path, self.line(key), message)

    def _take(self, key: str) -> Any:
        self.asked.append(key)
        return self.data.get(key)

    def text(self, key: str, required: bool = False) -> str:
        """A string; "" where there is none."""
        value = self._take(key)
        if value is None:
            if required:
                self.complain("", f'{key} is missing here; add {key} = "..."')
            return ""
        if not isinstance(value, str):
            self.complain(key, f'{key} must be text; put it between quotation marks: {key} = "{value}"')
            return ""
        if required and not value.strip():
            self.complain(key, f"{key} is empty; write something there")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where there is none."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.complain(key, f'{key} must be a list of texts; write {key} = ["...", "..."]')
            return ()
        return tuple(value)

    def flag(self, key: str) -> bool:
        """true or false; false where there is none."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self.complain(key, f"{key} must be true or false; write {key} = true, without quotation marks")
        return value is True

    def whole(self, key: str) -> int | None:
        """A whole number, or None."""
        value = self._take(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            self.complain(key, f"{key} must be a whole number; write {key} = 5, without quotation marks")
            return None
        return value

    def raw(self, key: str) -> Any:
        """The value as it is."""
        return self._take(key)

    def inner(self, data: dict[str, Any], key: str) -> Table:
        """A table written inside the value of a key; its complaints name the key's line."""
        return Table(self.source, data, (*self.place, key))

    def tables(self, key: str) -> list[Table]:
        """The tables of [[key]]."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            name = ".".join(str(step) for step in (*self.place, key) if isinstance(step, str))
            self.complain(key, f"{key} must be tables; begin each with [[{name}]]")
            return []
        return [Table(self.source, item, (*self.place, key, at)) for at, item in enumerate(value)]

    def format_one(self) -> None:
        """The file's first key."""
        if self.source.data and self._take("format") != 1:
            self.complain("format", "the file must begin with format = 1, the only format there is; write that line")
        self.asked.append("format")

    def finish(self) -> None:
        """Complain about every key that was not asked for."""
        for key in self.data:
            if key not in self.asked:
                known = list(dict.fromkeys(self.asked))
                advice = nearest(key, known) or f"; known here: {', '.join(known)}"
                self.complain(key, f"unknown key {key}{advice}")
