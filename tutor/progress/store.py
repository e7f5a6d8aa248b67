"""What a learner has done, in one SQLite file: attempts, drafts, hints seen, solutions shown, the part last visited.

Every method is one short transaction, safe from any thread and beside other processes on the same file. Whatever
SQLite says against it becomes a StoreError whose text can be shown as it is.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tutor.progress import journal
from tutor.progress.migrations import TABLES_WITH_PARTS, NewerSchema, migrate

State: TypeAlias = Literal["open", "tried", "solved"]

WAIT_FOR_OTHERS_SECONDS = 5.0


class StoreError(Exception):
    """Progress could not be read or kept; the text says what happened, where, and what to do."""


@dataclass(frozen=True, slots=True)
class PartProgress:
    """How far one part is. `last_verdict` is "correct" or "incorrect", None before the first attempt."""

    state: State
    attempts: int
    hints: int
    solution_shown: bool
    last_answer: str | None
    last_verdict: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One judged answer; `at` is in seconds since 1970."""

    answer: str
    status: Literal["correct", "incorrect"]
    mistake: str | None
    at: float


OPEN = PartProgress("open", 0, 0, False, None, None)


class Store:
    """The progress kept at `path`, created where missing; None keeps it in memory alone.

    `notice` is a sentence for the learner about what was found at opening, or "". Raises StoreError.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.notice = ""
        self._writer = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._seen_drafts: dict[str, tuple[str, float]] = {}
        self._connection = self._open()

    # Opening and closing

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            return self._connect(":memory:")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self.path.parent} cannot be made ({error.strerror}); "
                "set TUTOR_HOME to a folder of yours that can be written."
            ) from error
        try:
            return self._connect(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._explained(error, "opened") from error
            return self._open_anew(error)

    def _connect(self, where: Path | Literal[":memory:"]) -> sqlite3.Connection:
        connection = sqlite3.connect(
            where, timeout=WAIT_FOR_OTHERS_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            if isinstance(where, Path):
                fresh = connection.execute("PRAGMA page_count").fetchone()[0] == 0
                if fresh and mode != "wal":
                    mode = connection.execute(f"PRAGMA journal_mode = {journal.choose(where.parent)}").fetchone()[0]
                # A rollback journal on a network's disk needs every write confirmed; WAL survives a kill without.
                connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
            migrate(connection, where if isinstance(where, Path) else None)
        except NewerSchema:
            connection.close()
            raise StoreError(
                f"{where} was written by a newer version of tutor; update this one, "
                "or set TUTOR_HOME to another folder."
            ) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_anew(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        """Sets a damaged file aside, with whatever can still be saved from it by hand, and begins a new one."""
        assert self.path is not None
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        try:
            self.path.rename(aside)
            for end in ("-wal", "-shm", "-journal"):
                with contextlib.suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + end).rename(aside.with_name(aside.name + end))
            connection = self._connect(self.path)
        except (OSError, sqlite3.Error) as second:
            raise StoreError(f"{self.path} is damaged ({error}) and could not be set aside ({second}).") from second
        self.notice = f"The progress file was damaged; it was set aside as {aside}, and a new one was begun."
        return connection

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def journal_mode(self) -> str:
        """ "wal", "delete", or "memory"."""
        return self._connection.execute("PRAGMA journal_mode").fetchone()[0]

    # Drafts

    def save_draft(self, key: str, text: str) -> None:
        """Keeps what stands in the field of a part.

        A draft another process wrote since this one last looked is kept among the earlier drafts, not written over.
        """
        now, seen = time.time(), self._seen_drafts.get(key)
        text = text.encode("utf-8", "replace").decode()
        with self._writing("kept") as connection:
            row = connection.execute("SELECT text, writer, at FROM drafts WHERE part = ?", (key,)).fetchone()
            if row is not None and row[1] != self._writer and row[0] not in ("", text) and seen != (row[1], row[2]):
                connection.execute(
                    "INSERT INTO earlier_drafts (part, text, writer, at) VALUES (?, ?, ?, ?)", (key, *row)
                )
            connection.execute("REPLACE INTO drafts VALUES (?, ?, ?, ?)", (key, text, self._writer, now))
        self._seen_drafts[key] = (self._writer, now)

    def draft(self, key: str) -> str:
        """The newest draft of a part, "" where there is none."""
        row = self._one("SELECT text, writer, at FROM drafts WHERE part = ?", key)
        if row is None:
            return ""
        self._seen_drafts[key] = (row[1], row[2])
        return row[0]

    def earlier_drafts(self, key: str) -> tuple[str, ...]:
        """Drafts of other processes that a newer one took the place of, oldest first."""
        return tuple(row[0] for row in self._all("SELECT text FROM earlier_drafts WHERE part = ? ORDER BY id", key))

    # Attempts, hints, solutions

    def record_attempt(self, key: str, answer: str, status: str, mistake: str | None = None) -> bool:
        """Keeps a judged answer; False where it is no new attempt: invalid, or the one judged just before."""
        if status not in ("correct", "incorrect"):
            return False
        answer = answer.encode("utf-8", "replace").decode()
        with self._writing("kept") as connection:
            row = connection.execute(
                "SELECT answer, status FROM attempts WHERE part = ? ORDER BY id DESC LIMIT 1", (key,)
            ).fetchone()
            if row is not None and "".join(row[0].split()) == "".join(answer.split()) and row[1] == status:
                return False
            connection.execute(
                "INSERT INTO attempts (part, answer, status, mistake, at) VALUES (?, ?, ?, ?, ?)",
                (key, answer, status, mistake, time.time()),
            )
        return True

    def attempts(self, key: str) -> tuple[Attempt, ...]:
        """The attempts at a part, oldest first."""
        rows = self._all("SELECT answer, status, mistake, at FROM attempts WHERE part = ? ORDER BY id", key)
        return tuple(Attempt(*row) for row in rows)

    def record_hint(self, key: str, hint_id: str) -> None:
        """Keeps that a hint was read; reading it again changes nothing."""
        with self._writing("kept") as connection:
            connection.execute("INSERT OR IGNORE INTO hints VALUES (?, ?, ?)", (key, hint_id, time.time()))

    def hints_shown(self, key: str) -> tuple[str, ...]:
        """The ids of the hints read, in the order they were."""
        return tuple(row[0] for row in self._all("SELECT hint FROM hints WHERE part = ? ORDER BY at, rowid", key))

    def record_solution(self, key: str) -> None:
        """Keeps that the worked solution was shown."""
        with self._writing("kept") as connection:
            connection.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?)", (key, time.time()))

    # What has been done so far

    def progress(self, key: str) -> PartProgress:
        """How far a part is."""
        return self.all_progress().get(key, OPEN)

    def all_progress(self) -> dict[str, PartProgress]:
        """How far every part is that was tried, or whose hints or solution were read."""
        attempts = self._all("SELECT part, count(*), max(status = 'correct') FROM attempts GROUP BY part")
        newest = "SELECT part, answer, status FROM attempts WHERE id IN (SELECT max(id) FROM attempts GROUP BY part)"
        last = {part: (answer, status) for part, answer, status in self._all(newest)}
        hints: dict[str, int] = dict(self._all("SELECT part, count(*) FROM hints GROUP BY part"))
        shown = {row[0] for row in self._all("SELECT part FROM solutions")}
        found: dict[str, PartProgress] = {}
        for part, count, solved in attempts:
            state: State = "solved" if solved else "tried"
            # Another process may have added an attempt between the two questions: the first one's count stands.
            found[part] = PartProgress(state, count, hints.get(part, 0), part in shown, *last[part])
        for part in (hints.keys() | shown) - found.keys():
            found[part] = PartProgress("open", 0, hints.get(part, 0), part in shown, None, None)
        return found

    def visit(self, key: str) -> None:
        """Keeps that the learner is at this part now."""
        with self._writing("kept") as connection:
            connection.execute("REPLACE INTO visits VALUES (?, ?)", (key, time.time()))

    def last_visited(self) -> str | None:
        """The part visited last, by any process."""
        row = self._one("SELECT part FROM visits ORDER BY at DESC LIMIT 1")
        return None if row is None else row[0]

    def adopt(self, renamed: Mapping[str, str]) -> None:
        """Moves what is kept under old part keys to their new ones (old -> new), as newer content renames them."""
        with self._writing("moved to its new name") as connection:
            for old, new in renamed.items():
                for table in TABLES_WITH_PARTS:
                    connection.execute(f"UPDATE OR IGNORE {table} SET part = ? WHERE part = ?", (new, old))

    # SQLite

    @contextlib.contextmanager
    def _writing(self, verb: str) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start, so that what it reads is what it changes."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._explained(error, verb) from error

    def _all(self, query: str, *values: str) -> list[tuple]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._explained(error, "read") from error

    def _one(self, query: str, *values: str) -> tuple | None:
        rows = self._all(query, *values)
        return rows[0] if rows else None

    def _explained(self, error: sqlite3.Error, verb: str) -> StoreError:
        said = str(error)
        where = self.path or "memory"
        if "disk is full" in said or "disk I/O error" in said:
            what, advice = "the disk is full or failing", "free some space; what is on the screen is not lost"
        elif "locked" in said or "busy" in said:
            what, advice = "another program holds it", "close that program, or wait"
        elif "readonly" in said or "unable to open" in said:
            what, advice = "it cannot be written", "set TUTOR_HOME to a folder of yours that can be"
        else:
            what, advice = said, "`python -m tutor doctor` tells more"
        return StoreError(f"Progress could not be {verb} in {where}: {what}; {advice}.")
