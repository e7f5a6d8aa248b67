"""A run's folder: what lies in it, who owns it (a lock and an identity), and the one moment at which it is made."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import time
import weakref
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from tutor import paths
from tutor.training.recipe import Recipe, to_toml

RECIPE, EVENTS, LOG, LOCK = "recipe.toml", "events.jsonl", "log.txt", "lock"
IDENTITY, HEARD, STOP, SLURM = "identity.json", "heard", "stop", "slurm.json"
SOURCES = ("source.py", "loop.py")
"""What a learner wrote: a model, an epoch's loop."""

LockState: TypeAlias = Literal["held", "free", "missing", "replaced"]
"""`replaced`: there is a lock file, but not the one that the owner holds or held."""

LEFT_SECONDS = 3600.0
"""Half a folder that is so old is nobody's work any more."""
_ATTEMPTS, _PAUSE_SECONDS = 100, 0.01


class RunError(Exception):
    """Why nothing can be done with a run: one sentence for people, which says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The process that owns, or owned, a run."""

    host: str
    boot: str
    """The machine's boot, so that a restart is noticed."""
    pid: int
    started: str
    """When the process began, as the system counts it: a process id is used again, this pair is not."""
    lock: str
    """Device and inode of the lock file that it holds."""
    offset: int
    """Bytes of events that were there before: what is behind them it, or its worker, has told."""
    worker: int = 0
    worker_started: str = ""
    outside: bool = False
    """It was ended by a signal that nobody sent through `runs stop`: at a logout, at a shutdown."""


def runs_folder() -> Path:
    """Where all runs are. Not created here."""
    return (paths.state_folder() / "runs").absolute()


def create(recipe: Recipe, sources: Mapping[str, str] | None = None, now: float | None = None) -> tuple[Path, Lock]:
    """Make the folder of a new run; it appears complete and locked, or not at all. Raises RunError."""
    parent = runs_folder()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _tidy(parent)
        name = _new_name(parent, recipe.name, time.time() if now is None else now)
        beside = parent / f".{name}.new"
        beside.mkdir()
        (beside / RECIPE).write_text(to_toml(recipe), encoding="utf-8")
        for file, text in (sources or {}).items():
            (beside / file).write_text(text, encoding="utf-8")
        lock = Lock.take(beside)
        beside.rename(parent / name)
    except OSError as error:
        raise RunError(
            f"The run's folder cannot be made in {parent} ({error.strerror}); "
            "free some space, or set TUTOR_HOME to a folder of yours that can be written."
        ) from None
    return parent / name, lock


def _tidy(parent: Path) -> None:
    """Delete what is left where somebody was killed while a folder was made or deleted."""
    for left in (*parent.glob(".*.new"), *parent.glob(".*.deleted")):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                shutil.rmtree(left)


def _new_name(parent: Path, recipe: str, now: float) -> str:
    """`cnn-shifted-1125-0203-x7`: what it is, when it began, and two letters that make it one."""
    plain = re.sub(r"[^a-z0-9]+", "-", recipe.lower()).strip("-")[:40] or "run"
    stem = f"{plain}-{time.strftime('%m%d-%H%M', time.localtime(now))}"
    draw = random.SystemRandom()
    while True:
        # Neither vowels nor what looks like another letter: no words, no doubt.
        name = f"{stem}-{draw.choice('bcdfghjkmnpqrstvwxz')}{draw.choice('23456789')}"
        if not (parent / name).exists() and not (parent / f".{name}.new").exists():
            return name


def read_identity(folder: Path) -> Identity | None:
    """Who owns or owned the run; None where nobody ever did, or where it cannot be read."""
    try:
        values = json.loads((folder / IDENTITY).read_bytes())
        known = {field.name for field in fields(Identity)}
        return Identity(**{key: value for key, value in values.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def write_identity(folder: Path, identity: Identity) -> None:
    """Write it beside and rename, so that no moment has half of it. Raises OSError."""
    beside = folder / f"{IDENTITY}.writing"
    beside.write_text(json.dumps(asdict(identity), indent=1) + "\n", encoding="utf-8")
    beside.replace(folder / IDENTITY)


def write_heard(folder: Path, monotonic: float) -> None:
    """Keep when the run was last heard, on the clock that nobody sets. A full disk is none of its business."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / HEARD, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            # Of one width and in one piece: there is no moment at which it is empty.
            os.pwrite(descriptor, f"{monotonic:16.1f}\n".encode(), 0)
        finally:
            os.close(descriptor)


def read_heard(folder: Path) -> float | None:
    """When the run was last heard, on the monotonic clock of its machine since it started; None where nobody knows."""
    try:
        return float((folder / HEARD).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


class Lock:
    """The exclusive lock on a run, for as long as this process lives; children that it forks do not hold it.

    The system drops it when the process ends in whatever way, so it never lies about a death.
    """

    _open: ClassVar[weakref.WeakSet[Lock]] = weakref.WeakSet()

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self.descriptor = descriptor
        Lock._open.add(self)

    @classmethod
    def take(cls, folder: Path) -> Lock:
        """Take the lock of a folder, or raise RunError where somebody holds it."""
        path = folder / LOCK
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            for _ in range(_ATTEMPTS):
                if _flock(descriptor, fcntl.LOCK_EX):
                    break
                # Who only looks holds it shared, for a moment; who owns it does not share.
                if not _flock(descriptor, fcntl.LOCK_SH):
                    raise RunError(f"{folder.name} is running already; it cannot be run twice at a time.")
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                time.sleep(_PAUSE_SECONDS * random.random())
            else:
                raise RunError(f"{folder.name} is being looked at without end; try again.")
            if _key(os.fstat(descriptor)) != _key(path.stat()):
                raise RunError(f"The lock of {folder.name} was deleted while it was taken; try again.")
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    @property
    def key(self) -> str:
        """Device and inode of the lock file."""
        return _key(os.fstat(self.descriptor))

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        Lock._open.discard(self)
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise RunError(
            f"The disk that holds the runs has no locks ({error.strerror}); set TUTOR_HOME to a folder on another one."
        ) from None
    return True


def _key(found: os.stat_result) -> str:
    return f"{found.st_dev}:{found.st_ino}"


def lock_state(folder: Path, identity: Identity | None) -> LockState:
    """Whether somebody holds the lock of a folder. Raises RunError where the disk knows no locks."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return "missing"
    try:
        if not _flock(descriptor, fcntl.LOCK_SH):
            return "held"
        return "replaced" if identity is not None and _key(os.fstat(descriptor)) != identity.lock else "free"
    finally:
        os.close(descriptor)


def _forget_in_child() -> None:
    """A forked child that outlives its parent would hold the lock of a dead run."""
    for lock in list(Lock._open):
        with contextlib.suppress(OSError):
            lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
