"""Runs in a folder of their own, with a worker that needs no torch; nothing of them is left behind."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tutor.training import folder as files
from tutor.training import liveness, runs, starting
from tutor.training.recipe import changed, recipe

WORKER = Path(__file__).with_name("worker.py")
COMMAND = str(Path(__file__).with_name("command.py"))


def worker(mode):
    """The command of a worker that behaves as `mode` says."""
    return [sys.executable, str(WORKER), mode]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A state of its own, for a program that was started as `tutor`; whatever still runs there at the end is ended."""
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TUTOR_PROGRAM", "tutor")
    yield tmp_path / "home"
    for path in (tmp_path / "home" / "state" / "runs").glob("*"):
        end(path)


def end(path):
    """End every process of a run."""
    identity = files.read_identity(path)
    if identity is not None and identity.pid != os.getpid() and liveness.here().lives(identity):
        with suppress(OSError):
            os.kill(identity.pid, signal.SIGKILL)
    if path.is_dir():
        liveness.sweep(path, identity)


@pytest.fixture(scope="session")
def small():
    """A recipe; the worker of these tests does not read it."""
    return changed(recipe("mlp-centred", "quick"), {"images": "1000"})


@pytest.fixture
def start(small):
    """Begin a run whose worker behaves as told; wait until it is as told."""

    def begin(mode="runs", state="running"):
        run = starting.start(small, command=worker(mode))
        return until(run, lambda now: now.state == state and (now.step > 0 or state != "running"))

    return begin


def until(run, true, seconds=20.0):
    """The run as soon as something is true of it."""
    end = time.monotonic() + seconds
    while True:
        now = runs.load(run.path)
        if true(now):
            return now
        assert time.monotonic() < end, now
        time.sleep(0.02)


def gone(pid):
    """Whether a process has ended."""
    return liveness.start_of(pid) is None
