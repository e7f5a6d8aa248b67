"""Which journal SQLite may keep: WAL on a local disk, the old rollback journal where the disk may be a network's.

WAL needs memory shared between processes, which NFS, Lustre, GPFS and their like do not give; there it corrupts or
fails, at times only at the first write. So the file system is looked up first, and WAL then tried out.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Literal, TypeAlias

Journal: TypeAlias = Literal["WAL", "DELETE"]

LOCAL_FILE_SYSTEMS = frozenset(
    {
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "f2fs",
        "bcachefs",
        "jfs",
        "reiserfs",
        "tmpfs",
        "ramfs",
        "overlay",
        "vfat",
        "exfat",
        "ntfs3",
    }
)


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The type of the file system that holds `folder` ("ext4"), or None where the system does not tell."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    here = str(folder.resolve())
    found, longest = None, -1
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = here == point or here.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            found, longest = fields[2], len(point)
    return found


def choose(folder: Path) -> Journal:
    """The journal for a database in `folder` (which exists)."""
    return "WAL" if file_system(folder) in LOCAL_FILE_SYSTEMS and _wal_works(folder) else "DELETE"


def _wal_works(folder: Path) -> bool:
    """Writes to a throwaway database in WAL mode."""
    probe = folder / f".probe-{os.getpid()}.db"
    try:
        connection = sqlite3.connect(probe)
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            connection.execute("CREATE TABLE probe (x)")
            connection.execute("INSERT INTO probe VALUES (1)")
            connection.commit()
        finally:
            connection.close()
        return mode == "wal"
    except sqlite3.Error:
        return False
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                probe.with_name(probe.name + end).unlink(missing_ok=True)
