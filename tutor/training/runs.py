"""The runs there are: found by name, with their states, stopped, deleted. Starting and resuming are in `starting`."""

from __future__ import annotations

import contextlib
import os
import pickletools
import shutil
import signal
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tutor.program import program
from tutor.training import folder as files
from tutor.training import liveness
from tutor.training.events import Failed, Finished, Stopped
from tutor.training.folder import RunError
from tutor.training.liveness import Here, State
from tutor.training.recipe import Recipe, RecipeError, from_toml
from tutor.training.summary import Summary

ALIVE: tuple[State, ...] = ("running", "slow", "waiting")
ENDED: tuple[State, ...] = ("finished", "failed", "stopped")
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """One training, as it is at this moment."""

    id: str
    path: Path
    recipe: Recipe | None
    """None where its file cannot be read: `trouble` says why."""
    state: State
    began: float
    """When it was made, in seconds since 1970."""
    heard: float
    """The time of its newest event, in seconds since 1970; 0 where there is none."""
    step: int
    steps: int
    """In all; 0 where that is not known yet."""
    epoch: int
    """Of the newest step, counting from 1; 0 before the first."""
    epochs: int
    validation_accuracy: float | None
    """The newest, 0 to 1; `best_accuracy` the best."""
    best_accuracy: float | None
    images_per_second: float
    seconds_left: float | None
    """Of training, where it runs and that can be told."""
    last: Finished | Stopped | Failed | None
    """How it ended, if it told."""
    message: str = ""
    """The newest sentence of its log since it began, or since it was resumed."""
    waits_for: str = ""
    """The run that it begins after, where it waits for one."""
    host: str = ""
    pid: int = 0
    """Of the process that owns it; 0 where nobody does."""
    restarted: bool = False
    """Its machine has been started anew since."""
    outside: bool = False
    """It was ended by a signal of the system, not by `runs stop`."""
    queue: str = ""
    """The number of its job, where a cluster's queue has it."""
    trouble: str = ""

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self.state in ALIVE

    @property
    def waits(self) -> bool:
        """Whether it is there and has not had its turn: it waits for another run, or in a cluster's queue."""
        return self.state == "waiting" and bool(self.waits_for or self.queue)

    @property
    def accuracy(self) -> float | None:
        """What is said of it on the validation images: the newest while it is alive, the best once it has ended."""
        return self.validation_accuracy if self.alive else self.best_accuracy


def list_runs(here: Here | None = None) -> list[Run]:
    """All runs, the newest first."""
    machine = here or liveness.here()
    try:
        paths = [Path(entry.path) for entry in os.scandir(files.runs_folder()) if not entry.name.startswith(".")]
    except OSError:
        return []
    found = [load(path, machine) for path in paths if (path / files.RECIPE).exists() or (path / files.EVENTS).exists()]
    return sorted(found, key=lambda run: (run.began, run.id), reverse=True)


def find(name: str, here: Here | None = None) -> Run:
    """The run of an id, or of the beginning of exactly one. Raises RunError with the nearest."""
    parent = files.runs_folder()
    with contextlib.suppress(OSError):
        names = sorted(path.name for path in parent.iterdir() if not path.name.startswith("."))
        if name in names:
            return load(parent / name, here or liveness.here())
        begin = [each for each in names if name and each.startswith(name)]
        if len(begin) == 1:
            return load(parent / begin[0], here or liveness.here())
        if begin:
            raise RunError(f"{name} begins the names of {len(begin)} runs: {_listed(begin)}; type more of it.")
        if names:
            near = [each for each in names if name and name in each] or _newest(parent, names)
            raise RunError(f"There is no run {name!r}; there are {_listed(near)}.")
    raise RunError(f"There is no run {name!r}; there is none at all yet.")


def _newest(parent: Path, names: list[str]) -> list[str]:
    return sorted(names, key=lambda each: (parent / each).stat().st_mtime, reverse=True)


def _listed(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (" and more" if len(names) > most else "")


# ---------------------------------------------------------------- reading

_known: dict[tuple[str, int], Summary] = {}
_reading = threading.Lock()


def _summary(path: Path) -> Summary:
    """What the events of a folder come to; only what is new is read."""
    events = path / files.EVENTS
    try:
        found = events.stat()
    except OSError:
        return Summary(events)
    key = (str(events), found.st_ino)
    with _reading:
        summary = _known.get(key)
        if summary is None or summary.size > found.st_size:
            summary = _known[key] = Summary(events)
        return summary.update()


def load(path: Path, here: Here | None = None) -> Run:
    """The run of a folder."""
    machine = here or liveness.here()
    # In this order: an owner that comes meanwhile makes the run look older, never dead.
    lock, trouble = "missing", ""
    identity = files.read_identity(path)
    try:
        lock = files.lock_state(path, identity)
    except RunError as error:
        trouble = str(error)
    told = _summary(path)
    recipe = None
    try:
        recipe = from_toml((path / files.RECIPE).read_text(encoding="utf-8"))
    except (OSError, RecipeError, UnicodeDecodeError) as error:
        trouble = f"Its recipe cannot be read: {error}"
    offset = 0 if identity is None else identity.offset
    ended = told.last.type if told.last is not None and told.last_at >= offset else ""
    begun = told.started_at >= offset
    state = liveness.state_of(identity, lock, ended, begun, liveness.silent_seconds(path, machine), machine)
    queue = ""
    if (path / files.SLURM).exists():
        from tutor.training import slurm

        try:
            queue, state = slurm.state_of(path, state, identity is not None)
        except RunError as error:
            trouble = str(error)
    started = told.started
    steps = started.steps_per_epoch * started.epochs if started is not None else 0
    return Run(
        id=path.name,
        path=path,
        recipe=recipe,
        state=state,
        began=_made(path),
        heard=told.time,
        step=told.step,
        steps=steps,
        epoch=told.epoch,
        epochs=started.epochs if started is not None else recipe.epochs if recipe is not None else 0,
        validation_accuracy=told.validated.validation_accuracy if told.validated is not None else None,
        best_accuracy=told.best_accuracy,
        images_per_second=told.images_per_second,
        seconds_left=_seconds_left(told, steps) if state in ("running", "slow") else None,
        last=told.last if ended else None,
        message=told.message if told.message_at >= offset else "",
        waits_for=told.waits_for if state == "waiting" and told.message_at >= offset else "",
        host=identity.host if identity is not None else "",
        pid=identity.pid if identity is not None and state in ALIVE else 0,
        restarted=identity is not None and identity.host == machine.host and identity.boot != machine.boot,
        outside=identity is not None and identity.outside,
        queue=queue,
        trouble=trouble,
    )


def _made(path: Path) -> float:
    try:
        return (path / files.RECIPE).stat().st_mtime
    except OSError:
        return 0.0


def _seconds_left(told: Summary, steps: int) -> float | None:
    """From the pace since it began or was resumed, validation included: the newest steps alone make it jump about.

    None before the first step since: what went before the resumption, and the pause, say nothing of the pace.
    """
    begun, newest = told.started, told.stepped
    if begun is None or newest is None or newest.step <= begun.step or newest.time <= begun.time:
        return None
    return (steps - newest.step) * (newest.time - begun.time) / (newest.step - begun.step)


def saved_step(path: Path) -> int | None:
    """The step of the newest checkpoint, None where none can be read.

    Looked up among the words of the pickle in the file, which is neither loaded nor run.
    """
    for name in ("checkpoint.pt", "checkpoint.previous.pt"):
        with contextlib.suppress(OSError, ValueError, zipfile.BadZipFile, KeyError):
            with zipfile.ZipFile(path / name) as file:
                member = next(each for each in file.namelist() if each.endswith("/data.pkl"))
                step = _step_in(file.read(member))
            if step is not None:
                return step
    return None


def _step_in(data: bytes) -> int | None:
    """The number behind the word `step` that follows the word `place`."""
    words: dict[int, object] = {}
    value = before = None
    within = False
    for code, argument, _ in pickletools.genops(data):
        if code.name in ("BINPUT", "LONG_BINPUT"):
            words[int(argument or 0)] = value
            continue
        # A word that came before is only pointed at.
        value = words.get(int(argument or 0)) if code.name in ("BINGET", "LONG_BINGET") else argument
        within = within or value == "place"
        if within and before == "step" and isinstance(value, int):
            return value
        before = value
    return None


# ---------------------------------------------------------------- stopping, deleting


def stop(run: Run, here: Here | None = None) -> None:
    """Ask a run to save and stop; returns at once, `wait` waits for it. Raises RunError where there is nothing to stop.

    Of a dead run, what is left of its processes is ended.
    """
    machine = here or liveness.here()
    now = load(run.path, machine)
    if now.queue and now.state in ALIVE and now.host != machine.host:
        from tutor.training import slurm

        slurm.cancel(run.path)
        return
    if now.state == "unknown":
        raise RunError(f"{run.id} runs on the machine {now.host}; stop it there.")
    if now.state == "dead":
        with liveness.take(run.path, machine):
            liveness.sweep(run.path, files.read_identity(run.path))
        raise RunError(f"{run.id} is not running any more; nothing is left to stop.")
    if not now.alive:
        raise RunError(
            f"{run.id} has {now.state} already; there is nothing to stop."
            if now.state == "finished"
            else f"{run.id} does not run: it {_past(now.state)}; there is nothing to stop."
        )
    identity = files.read_identity(run.path)
    if identity is None:
        raise RunError(f"{run.id} is starting at this moment; try again in a second.")
    with contextlib.suppress(OSError):
        (run.path / files.STOP).write_text("", encoding="ascii")
    _send(identity, machine)


def _past(state: State) -> str:
    return "was stopped" if state == "stopped" else "has failed"


def _send(identity: files.Identity, here: Here) -> None:
    """SIGTERM to the very process of an identity, which continues if it was suspended."""
    if not hasattr(os, "pidfd_open"):
        if here.lives(identity):
            os.kill(identity.pid, signal.SIGTERM)
            os.kill(identity.pid, signal.SIGCONT)
        return
    with contextlib.suppress(OSError):
        process = os.pidfd_open(identity.pid)
        try:
            # Looked at after it was opened: from here on the number can belong to nobody else.
            if here.lives(identity):
                signal.pidfd_send_signal(process, signal.SIGTERM)
                signal.pidfd_send_signal(process, signal.SIGCONT)
        finally:
            os.close(process)


def wait(run: Run, seconds: float, here: Here | None = None) -> Run:
    """The run as soon as its processes are gone, or as it is when the time is up."""
    machine = here or liveness.here()
    end = time.monotonic() + seconds
    while True:
        now = load(run.path, machine)
        if not now.alive and files.lock_state(run.path, None) != "held":
            return now
        if time.monotonic() > end:
            return now
        time.sleep(LOOK_SECONDS)


def delete(run: Run, take_over: bool = False, here: Here | None = None) -> None:
    """Delete a run's folder. Raises RunError where it is alive, or may be."""
    machine = here or liveness.here()
    now = load(run.path, machine)
    if now.alive:
        doing = "waiting" if now.waits else "running"
        raise RunError(f"{run.id} is {doing}; stop it first: {program()} runs stop {run.id}")
    aside = run.path.with_name(f".{run.id}.deleted")
    try:
        with liveness.take(run.path, machine, take_over or now.state in ENDED):
            liveness.sweep(run.path, files.read_identity(run.path))
            run.path.rename(aside)
        shutil.rmtree(aside)
    except OSError as error:
        raise RunError(f"{run.id} cannot be deleted whole ({error.strerror}); delete {aside} yourself.") from None
