"""The supervisor: every end has words, nothing is left behind, and it costs little."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.runs.conftest import WORKER, gone, until, worker
from tutor.training import folder as files
from tutor.training import liveness, log, runs, starting
from tutor.training.events import read_events


def last(run):
    """The last event of a run."""
    return read_events(run.path / files.EVENTS)[0][-1]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("dies", ["killed (SIGKILL)", "memory", "smaller batch", "--resume"]),
        ("raises", ["exit status 1", "ModuleNotFoundError: No module named 'torch'", "log.txt"]),
        ("leaves", ["exit status 0", "without a word", "log.txt"]),
    ],
)
def test_an_end_without_a_word_gets_one(start, mode, words):
    run = runs.wait(start(mode, "failed"), 10)
    told = f"{last(run).reason} {last(run).advice}"
    assert all(word in told for word in words), told
    assert run.last == last(run)


@pytest.mark.parametrize(("name", "words"), [("SIGSEGV", "crashed (SIGSEGV)"), ("SIGTERM", "from outside (SIGTERM)")])
def test_an_end_by_a_signal_names_it(start, monkeypatch, name, words):
    monkeypatch.setenv("WITH", name)
    if name == "SIGTERM":
        # The worker takes that as the wish to stop; one that does not know of it is ended.
        run = start("runs")
        os.kill(files.read_identity(run.path).worker, signal.SIGTERM)
        assert runs.wait(run, 10).state == "stopped"
    else:
        run = runs.wait(start("dies", "failed"), 10)
        assert words in last(run).reason
        assert last(run).step == 4


def test_what_a_worker_says_at_its_end_is_left_as_it_is(start):
    run = runs.wait(start("fails", "failed"), 10)
    events = read_events(run.path / files.EVENTS)[0]
    assert [event.type for event in events] == ["started", "failed"]
    assert events[-1].advice == "Set learning_rate=1e-4."


def test_a_worker_that_loads_when_it_is_stopped_has_a_stop_for_its_end(start):
    run = start("silent", "waiting")
    runs.stop(run)
    assert runs.wait(run, 10).state == "stopped"
    assert last(run).step == 0


def test_a_worker_that_does_not_stop_is_killed_when_patience_ends(small, monkeypatch):
    path, lock = files.create(small)
    words = [sys.executable, "-m", "tutor.training.supervisor", str(path), "--lock", str(lock.descriptor)]
    words += ["--patience", "0.3", "--", *worker("stubborn"), str(path)]
    subprocess.run(words, pass_fds=[lock.descriptor], check=True)
    lock.release()
    run = until(runs.load(path), lambda now: now.step > 0)
    pid = files.read_identity(path).worker
    runs.stop(run)
    assert runs.wait(run, 10).state == "stopped"
    assert "did not stop within 0.3 s" in last(run).reason
    assert gone(pid)


def test_what_a_worker_leaves_behind_is_ended_with_it(start):
    run = start("family")
    left = liveness.orphans(run.path, files.read_identity(run.path))
    assert len(left) == 2
    runs.stop(run)
    assert runs.wait(run, 10).state == "stopped"
    assert all(gone(pid) for pid in left)
    assert start("leaves", "failed")
    run = runs.wait(runs.list_runs()[0], 10)
    assert liveness.orphans(run.path, files.read_identity(run.path)) == []


def test_a_supervisor_ignores_a_hang_up_and_takes_ctrl_c_for_a_stop(start):
    run = start()
    pid = files.read_identity(run.path).pid
    os.kill(pid, signal.SIGHUP)
    before = runs.load(run.path).step
    run = until(run, lambda now: now.step > before + 5)
    os.kill(pid, signal.SIGINT)
    assert runs.wait(run, 10).state == "stopped"


def test_a_run_has_a_session_of_its_own(start):
    identity = files.read_identity(start().path)
    sessions = {os.getsid(identity.pid), os.getsid(identity.worker)}
    assert sessions == {identity.pid, identity.worker}
    assert os.getsid(0) not in sessions


def test_what_is_printed_is_kept_within_bounds_its_end_above_all(start):
    run = runs.wait(start("floods", "finished"), 10)
    text = (run.path / files.LOG).read_text()
    assert len(text) < log.MOST_BYTES + 100_000
    assert text.startswith("[what was printed before")
    assert text.splitlines()[-1].startswith("line 59999 ")
    assert text.splitlines()[1].startswith("line ")


def test_a_supervisor_is_small_and_idle(start):
    run = start("silent", "waiting")
    pid = files.read_identity(run.path).pid
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    own = int(status["RssAnon"].split()[0])
    assert own < 16_000, f"{own} kB"
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "torch" not in maps
    assert "numpy" not in maps
    before = cpu_ticks(pid)
    time.sleep(1.5)
    assert cpu_ticks(pid) - before <= 2


def cpu_ticks(pid):
    """Hundredths of a second of the processor that a process has used."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


def test_a_run_whose_worker_cannot_be_started_says_so(small):
    run = starting.start(small, command=["/no/such/program"])
    run = until(run, lambda now: not now.alive)
    assert run.state == "failed"
    assert "could not be started" in last(run).reason


def test_a_supervisor_is_run_with_folders_named_from_the_root(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUTOR_HOME", "here")
    monkeypatch.setenv("TUTOR_DATA", "data")
    run = starting.start(small, command=worker("silent"))
    assert run.path.is_relative_to(tmp_path)
    until(run, lambda now: files.read_identity(run.path).worker)
    environ = Path(f"/proc/{files.read_identity(run.path).worker}/environ").read_bytes().split(b"\0")
    assert f"TUTOR_HOME={tmp_path}/here".encode() in environ
    assert any(each.startswith(b"TUTOR_DATA=/") for each in environ)
    runs.stop(run)
    assert runs.wait(run, 10).state == "stopped"


def test_a_run_begins_with_its_sources_and_its_recipe_or_not_at_all(small, home, monkeypatch):
    run = starting.start(small, {"source.py": "x = 1\n"}, worker("finishes"))
    assert (run.path / "source.py").read_text() == "x = 1\n"
    assert starting.recipe_of(run.path) == small
    until(run, lambda now: now.state == "finished")
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(files.RunError, match="could not be started"):
        starting.start(small)
    assert runs.list_runs()[0].id == run.id
    assert len(list((home / "state" / "runs").iterdir())) == 1


def test_a_home_that_cannot_be_written_is_one_sentence(small, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "file"))
    with pytest.raises(files.RunError, match="TUTOR_HOME"):
        starting.start(small)


def test_the_identity_names_the_worker(start):
    identity = json.loads((start().path / files.IDENTITY).read_text())
    assert str(WORKER).encode() in Path(f"/proc/{identity['worker']}/cmdline").read_bytes()
