"""Progress is kept: across restarts, kills, other processes, full disks and damaged files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.progress import migrations
from tutor.progress.store import OPEN, Store, StoreError

KEY = "ps08/cost/forward-multiplications"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "progress.db"


def test_what_was_kept_is_there_after_a_restart(path: Path):
    with Store(path) as store:
        store.save_draft(KEY, "2 n K")
        assert store.record_attempt(KEY, "2 n K", "incorrect", "two")
        store.record_hint(KEY, "first")
        store.record_solution(KEY)
        store.visit(KEY)
    with Store(path) as store:
        assert store.draft(KEY) == "2 n K"
        assert store.hints_shown(KEY) == ("first",)
        assert store.last_visited() == KEY
        progress = store.progress(KEY)
        assert (progress.state, progress.attempts, progress.hints, progress.solution_shown) == ("tried", 1, 1, True)
        assert (progress.last_answer, progress.last_verdict) == ("2 n K", "incorrect")
        assert [attempt.mistake for attempt in store.attempts(KEY)] == ["two"]


def test_the_same_answer_twice_is_one_attempt_and_an_invalid_one_is_none(path: Path):
    with Store(path) as store:
        assert store.record_attempt(KEY, "n K", "incorrect")
        assert not store.record_attempt(KEY, " n  K ", "incorrect")
        assert not store.record_attempt(KEY, "n K^^", "invalid")
        assert store.record_attempt(KEY, "n K^2", "incorrect")
        assert store.record_attempt(KEY, "n K", "incorrect")
        assert store.progress(KEY).attempts == 3


def test_solved_stays_solved(path: Path):
    with Store(path) as store:
        store.record_attempt(KEY, "n K^2 L", "correct")
        store.record_attempt(KEY, "n", "incorrect")
        assert store.progress(KEY).state == "solved"
        assert store.progress(KEY).last_answer == "n"
        assert store.progress("ps08/cost/other") == OPEN


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_any_text_is_a_draft(text: str):
    with Store(None) as store:
        store.save_draft(KEY, text)
        assert store.draft(KEY) == text.encode("utf-8", "replace").decode()


def test_two_interfaces_lose_nothing_of_each_other(path: Path):
    with Store(path) as one, Store(path) as other:
        one.save_draft(KEY, "first")
        other.save_draft(KEY, "second, typed without seeing the first")
        assert one.draft(KEY) == "second, typed without seeing the first"
        assert other.earlier_drafts(KEY) == ("first",)
        one.save_draft(KEY, "third, going on from the second")
        assert one.earlier_drafts(KEY) == ("first",)
        one.record_attempt(KEY, "a", "incorrect")
        other.record_attempt(KEY, "b", "correct")
        assert [attempt.answer for attempt in one.attempts(KEY)] == ["a", "b"]


def test_two_writing_processes_both_get_through(path: Path):
    program = (
        "import sys; from pathlib import Path; from tutor.progress.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for i in range(100): store.record_attempt(sys.argv[2], str(i), 'incorrect')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), f"ps08/cost/{name}"]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with Store(path) as store:
        assert [store.progress(f"ps08/cost/{name}").attempts for name in "ab"] == [100, 100]


def test_a_killed_process_loses_nothing_it_had_kept(path: Path):
    program = (
        "import sys; from pathlib import Path; from tutor.progress.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for i in range(10**6):\n"
        "    store.save_draft('p', str(i)); print(i, flush=True)\n"
    )
    for pause in (0.05, 0.15, 0.3):
        writer = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(pause)
        os.kill(writer.pid, signal.SIGKILL)
        said = writer.stdout.read().split()
        writer.wait()
        complete = [int(line) for line in said[:-1]]
        with Store(path) as store:
            assert int(store.draft("p")) >= (complete[-1] if complete else 0)
        check = sqlite3.connect(path)
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        check.close()


def test_a_full_disk_is_said_and_what_was_there_stays(path: Path):
    with Store(path) as store:
        store.save_draft(KEY, "before")
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match=r"disk is full.*free some space"):
            store.save_draft(KEY, "x" * 100_000)
        assert store.draft(KEY) == "before"
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store._connection.execute("PRAGMA max_page_count = 100000")
        store.save_draft(KEY, "after")
        assert store.draft(KEY) == "after"


def test_a_damaged_file_is_set_aside_and_said(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all, " * 100)
    with Store(path) as store:
        assert "set aside" in store.notice
        store.save_draft(KEY, "new")
    aside = [file for file in path.parent.iterdir() if "damaged" in file.name]
    assert len(aside) == 1
    assert aside[0].read_bytes().startswith(b"this is no database")


def test_a_newer_file_is_left_alone(path: Path):
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        Store(path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="TUTOR_HOME"):
        Store(tmp_path / "file" / "state" / "progress.db")


def test_renamed_parts_keep_their_work(path: Path):
    with Store(path) as store:
        store.record_attempt("ps08/cost/old", "n", "correct")
        store.save_draft("ps08/cost/old", "n")
        store.adopt({"ps08/cost/old": "ps08/cost/new"})
        assert store.progress("ps08/cost/new").state == "solved"
        assert store.draft("ps08/cost/new") == "n"
        assert store.progress("ps08/cost/old") == OPEN


def test_a_new_schema_keeps_a_backup_and_the_work(path: Path):
    with Store(path) as store:
        store.record_attempt(KEY, "n", "correct")
    connection = sqlite3.connect(path, isolation_level=None)
    steps = (*migrations.STEPS, "ALTER TABLE attempts ADD COLUMN note TEXT")
    backup = migrations.migrate(connection, path, steps)
    assert connection.execute("SELECT answer, note FROM attempts").fetchall() == [("n", None)]
    connection.close()
    assert backup is not None
    old = sqlite3.connect(backup)
    assert old.execute("PRAGMA user_version").fetchone() == (len(migrations.STEPS),)
    assert old.execute("SELECT answer FROM attempts").fetchall() == [("n",)]
    old.close()


def test_a_migration_that_fails_leaves_the_schema_before(path: Path):
    Store(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.Error):
        migrations.migrate(connection, path, (*migrations.STEPS, "CREATE TABLE extra (x); CREATE TABLE extra (x)"))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations.STEPS),)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    connection.close()
