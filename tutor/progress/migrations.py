"""The schema of the progress database, as the steps that lead to it.

`user_version` counts the steps a database has taken. A step that has been published never changes; a new schema is a
new step at the end, with a test that takes a database of the step before through it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, part TEXT NOT NULL, answer TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('correct', 'incorrect')), mistake TEXT, at REAL NOT NULL);
    CREATE INDEX attempts_by_part ON attempts (part, id);
    CREATE TABLE drafts (part TEXT PRIMARY KEY, text TEXT NOT NULL, writer TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE earlier_drafts (
        id INTEGER PRIMARY KEY, part TEXT NOT NULL, text TEXT NOT NULL, writer TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE hints (part TEXT NOT NULL, hint TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (part, hint));
    CREATE TABLE solutions (part TEXT PRIMARY KEY, at REAL NOT NULL);
    CREATE TABLE visits (part TEXT PRIMARY KEY, at REAL NOT NULL);
    """,
)

TABLES_WITH_PARTS = ("attempts", "drafts", "earlier_drafts", "hints", "solutions", "visits")


class NewerSchema(Exception):
    """The database was written by a newer version of the program."""


def migrate(connection: sqlite3.Connection, path: Path | None, steps: tuple[str, ...] = STEPS) -> Path | None:
    """Takes the database to the newest schema; returns the backup made on the way, None where none was needed.

    Each step is one transaction with its version, so that a process killed on the way leaves the step before. Two
    processes that start together are kept apart by the write lock: the second finds the work done. Raises NewerSchema.
    """
    version = _version(connection)
    if version > len(steps):
        raise NewerSchema(version)
    backup = None
    if 0 < version < len(steps) and path is not None:
        backup = path.with_name(f"{path.name}.schema-{version}.backup")
        copy = sqlite3.connect(backup)
        with copy:
            connection.backup(copy)
        copy.close()
    while _version(connection) < len(steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)
            if version < len(steps):
                for statement in steps[version].split(";"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return backup


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
