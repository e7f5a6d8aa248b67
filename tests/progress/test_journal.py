"""A network's disk gets no write-ahead log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.progress import journal
from tutor.progress.store import Store


def test_the_file_system_is_that_of_the_longest_mount_point(tmp_path: Path):
    mounts = tmp_path / "mounts"
    inner = tmp_path / "home of all"
    inner.mkdir()
    point = str(inner.resolve()).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/home {point} nfs4 rw 0 0\n")
    assert journal.file_system(inner, mounts) == "nfs4"
    assert journal.file_system(tmp_path, mounts) == "ext4"
    assert journal.file_system(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(("kind", "expected"), [("nfs4", "delete"), ("lustre", "delete"), (None, "delete")])
def test_a_disk_that_may_be_remote_keeps_a_rollback_journal(tmp_path: Path, monkeypatch, kind, expected):
    monkeypatch.setattr(journal, "file_system", lambda folder: kind)
    with Store(tmp_path / "progress.db") as store:
        assert store.journal_mode == expected
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
        store.save_draft("p", "x")


def test_a_local_disk_keeps_a_write_ahead_log_and_no_probe_is_left(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(journal, "file_system", lambda folder: "ext4")
    with Store(tmp_path / "progress.db") as store:
        assert store.journal_mode == "wal"
    assert [file.name for file in tmp_path.iterdir()] == ["progress.db"]
