"""The faults of runs: what is killed, suspended, restarted, torn or taken twice, and what is said then.

Those of checkpoints and of a resumed curve are tried with the loop, a full disk under SQLite with the progress.
"""

import os
import pty
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.training.runs.conftest import COMMAND, gone, until, worker
from tutor.training import folder as files
from tutor.training import liveness, runs, saying, starting
from tutor.training.events import EventWriter, Message, Step, read_events
from tutor.training.folder import Lock, RunError


def kill(run):
    """Kill the owner of a run; the system kills its worker with it."""
    identity = files.read_identity(run.path)
    os.kill(identity.pid, signal.SIGKILL)
    return until(run, lambda now: not now.alive and gone(identity.worker))


def test_a_killed_runner_is_dead_and_can_be_resumed(start):
    run = kill(start())
    assert run.state == "dead"
    again = until(starting.resume(run, command=worker("runs")), lambda now: now.state == "running" and now.step > 5)
    runs.stop(again)
    assert runs.wait(again, 10).state == "stopped"
    events, complaints = read_events(run.path / files.EVENTS)
    beginnings = [event.step for event in events if event.type == "started"]
    assert len(beginnings) == 2
    assert beginnings[1] % 5 == 0
    assert not complaints


def test_a_suspended_runner_is_slow_and_not_dead(start, monkeypatch):
    run = start()
    identity = files.read_identity(run.path)
    monkeypatch.setattr(liveness, "SLOW_SECONDS", 2.5)
    for pid in (identity.pid, identity.worker):
        os.kill(pid, signal.SIGSTOP)
    assert until(run, lambda now: now.state != "running").state == "slow"
    with pytest.raises(RunError, match="running already"):
        starting.resume(run)
    for pid in (identity.pid, identity.worker):
        os.kill(pid, signal.SIGCONT)
    assert until(run, lambda now: now.state != "slow").state == "running"


def test_a_suspended_worker_is_slow_and_can_be_stopped(start, monkeypatch):
    run = start()
    worker = files.read_identity(run.path).worker
    monkeypatch.setattr(liveness, "SLOW_SECONDS", 2.5)
    os.kill(worker, signal.SIGSTOP)
    assert until(run, lambda now: now.state != "running").state == "slow"
    runs.stop(run)
    assert runs.wait(run, 10).state == "stopped"
    assert gone(worker)


def test_an_orphan_of_a_killed_runner_leaves_it_dead_and_is_ended(start):
    run = start("family")
    identity = files.read_identity(run.path)
    left = set(liveness.orphans(run.path, identity)) - {identity.worker}
    assert len(left) == 1
    assert kill(run).state == "dead"
    assert not any(gone(pid) for pid in left)
    again = starting.resume(run, command=worker("runs"))
    assert all(gone(pid) for pid in left)
    assert until(again, lambda now: now.state == "running").alive


def test_a_forked_child_does_not_keep_the_lock_of_its_dead_parent(tmp_path):
    program = (
        "import os, sys, time; from pathlib import Path; from tutor.training.folder import Lock\n"
        "lock = Lock.take(Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "time.sleep(60) if child == 0 else (print(child, flush=True), os._exit(0))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.wait()
    try:
        assert not gone(child)
        # The child forgets the lock in its first moment, which may come after its parent's last.
        end = time.monotonic() + 10
        while files.lock_state(tmp_path, None) == "held":
            assert time.monotonic() < end
        Lock.take(tmp_path).release()
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()


def test_a_terminal_that_hangs_up_leaves_the_run_alone(home):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, COMMAND, "runs", "train", "mlp-centred", "--scale", "quick"])
    said = b""
    while b"Ctrl+C" not in said:
        said += os.read(terminal, 4096)
    [run] = runs.list_runs()
    until(run, lambda now: now.step > 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGHUP
    before = runs.load(run.path).step
    assert until(run, lambda now: now.step > before + 10).state == "running"


def test_a_run_that_a_logout_killed_names_lingering(start, tmp_path):
    run = kill(start())
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert "loginctl enable-linger" in saying.advice(run, root=tmp_path)
    assert run.id in saying.advice(run, root=tmp_path)
    linger = tmp_path / "var/lib/systemd/linger"
    linger.mkdir(parents=True)
    (linger / saying._user()).write_text("")
    assert "linger" not in saying.advice(run, root=tmp_path)


def test_a_run_that_a_logout_stopped_names_lingering_too(start, tmp_path):
    run = start()
    os.kill(files.read_identity(run.path).pid, signal.SIGTERM)
    run = runs.wait(run, 10)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert run.state == "stopped"
    assert "by a signal of the system" in saying.happened(run)
    assert "loginctl enable-linger" in saying.advice(run, root=tmp_path)


def test_a_process_id_that_is_used_again_is_no_sign_of_life(start):
    run = kill(start())
    identity = files.read_identity(run.path)
    files.write_identity(run.path, replace(identity, pid=os.getpid()))
    assert runs.load(run.path).state == "dead"
    lives = replace(identity, pid=os.getpid(), started=liveness.start_of(os.getpid()))
    files.write_identity(run.path, lives)
    assert runs.load(run.path).alive


def test_a_restart_of_the_machine_leaves_runs_dead_and_says_so(start):
    run = kill(start())
    identity = files.read_identity(run.path)
    files.write_identity(
        run.path, replace(identity, boot="before", pid=os.getpid(), started=liveness.start_of(os.getpid()))
    )
    (run.path / "checkpoint.fake").unlink(missing_ok=True)
    now = runs.load(run.path)
    assert now.state == "dead"
    assert saying.sentence(now) == (
        f"Stopped at step {now.step:,} when the machine restarted; "
        f"tutor train --resume {run.id} starts it again from the beginning."
    )


def test_the_second_runner_on_a_folder_is_refused(start):
    run = start()
    with pytest.raises(RunError, match="running already"):
        starting.resume(run)
    words = [sys.executable, "-m", "tutor.training.supervisor", str(run.path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1
    assert "running already" in done.stderr
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(run)
    assert runs.load(run.path).alive


def test_of_many_runners_that_come_at_once_one_stays(start):
    run = kill(start())
    words = [sys.executable, "-m", "tutor.training.supervisor", str(run.path), "--", *worker("runs"), str(run.path)]
    several = [subprocess.Popen(words, stderr=subprocess.DEVNULL) for _ in range(6)]
    assert sorted(each.wait(30) for each in several) == [0, 1, 1, 1, 1, 1]
    until(run, lambda now: now.state == "running")
    assert len(liveness.orphans(run.path, files.read_identity(run.path))) == 1


def test_a_deleted_lock_file_does_not_let_a_second_runner_in(start):
    run = start()
    (run.path / files.LOCK).unlink()
    assert runs.load(run.path).alive
    with pytest.raises(RunError, match=r"lock file .* was deleted"):
        starting.resume(run)
    (run.path / files.LOCK).write_text("")
    assert files.lock_state(run.path, files.read_identity(run.path)) == "replaced"
    assert runs.load(run.path).alive
    with pytest.raises(RunError, match=r"lock file .* was deleted"):
        starting.resume(run)
    runs.stop(run)
    assert runs.load(run.path).id == run.id


def test_a_run_of_another_machine_is_unknown_and_left_to_it(start):
    run = kill(start())
    files.write_identity(run.path, replace(files.read_identity(run.path), host="elsewhere"))
    now = runs.load(run.path)
    assert now.state == "unknown"
    for forbidden in (starting.resume, runs.stop, runs.delete):
        with pytest.raises(RunError, match="elsewhere"):
            forbidden(now)
    assert "elsewhere" in saying.sentence(now)
    again = starting.resume(now, take_over=True, command=worker("runs"))
    assert until(again, lambda one: one.state == "running").host == liveness.here().host


@pytest.mark.parametrize("shift", [-3600.0, 86400.0])
def test_a_clock_that_is_set_changes_no_state(start, monkeypatch, shift):
    alive, over, dead = start(), start("finishes", "finished"), kill(start())
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + shift)
    for run in (alive, over, dead):
        os.utime(run.path / files.EVENTS, (now() + shift, now() + shift))
        os.utime(run.path / files.HEARD, (now() + shift, now() + shift))
    assert [runs.load(run.path).state for run in (alive, over, dead)] == ["running", "finished", "dead"]


def test_a_torn_last_event_is_dropped_and_a_torn_one_in_the_middle_reported_once(tmp_path):
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        for number in range(3):
            writer.write(Message(1.0, f"message {number}"))
    path.write_bytes(path.read_bytes()[:-9])
    assert [event.text for event in read_events(path)[0]] == ["message 0", "message 1"]
    assert read_events(path)[1] == []
    with EventWriter(path) as writer:
        writer.write(Message(1.0, "after"))
    events, complaints = read_events(path)
    assert [event.text for event in events] == ["message 0", "message 1", "after"]
    assert len(complaints) == 1
    assert "damaged" in complaints[0]


def test_a_full_disk_under_the_events_costs_the_event_that_did_not_fit(tmp_path):
    path = tmp_path / "events.jsonl"
    program = (
        "import resource, signal, sys; from pathlib import Path; from tutor.training.events import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "writer, said = EventWriter(Path(sys.argv[1])), 0\n"
        "try:\n"
        "    for said in range(100): writer.write(Message(1.0, f'message {said}'))\n"
        "except OSError: pass\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "writer.write(Message(1.0, 'after'))\n"
        "print(said)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    kept = int(done.stdout)
    events, complaints = read_events(path)
    assert [event.text for event in events] == [*(f"message {number}" for number in range(kept)), "after"]
    assert 5 < kept < 100
    assert len(complaints) == 1


def test_what_a_killed_worker_told_is_whole_or_torn_and_never_lost(start):
    for pause in (0.0, 0.03, 0.07):
        run = start()
        time.sleep(pause)
        before = runs.load(run.path).step
        kill(run)
        events, complaints = read_events(run.path / files.EVENTS)
        steps = [event.step for event in events if isinstance(event, Step)]
        assert steps == list(range(1, len(steps) + 1))
        assert len(steps) >= before
        assert not complaints
