"""Runs that others start: a cluster's queue through submitit, and torchrun's several processes; and the real worker."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.training.runs.conftest import until, worker
from tutor.training import folder as files
from tutor.training import liveness, runs, slurm, starting
from tutor.training.events import Started, Step, read_events
from tutor.training.folder import RunError

SMALL = ("mlp-centred", "--scale", "quick", "--set", "images=640", "--set", "canvas=28", "--set", "batch=64")
SMALL += ("--set", "threads=1")


# ---------------------------------------------------------------- the queue


@pytest.fixture
def queued(small):
    """Begin a run as a job on this machine, without a cluster."""
    begun = []

    def begin(mode):
        run = slurm.start(small, cluster="local", command=worker(mode))
        begun.append(run)
        return run

    yield begin
    for run in begun:
        job = json.loads((run.path / files.SLURM).read_text())["job"]
        submitit_job = slurm._submitit("local").LocalJob(folder=run.path / "slurm", job_id=job)
        assert submitit_job.job_id == job
        identity = files.read_identity(run.path)
        if liveness.here().lives(identity):
            os.kill(identity.pid, signal.SIGKILL)
        if liveness.start_of(int(job)):
            os.kill(int(job), signal.SIGKILL)


def test_a_job_is_a_run_like_any_other(queued):
    run = queued("finishes")
    assert run.state == "waiting"
    assert run.queue
    run = until(run, lambda now: now.state == "finished")
    assert run.best_accuracy == 0.75
    assert [event.type for event in read_events(run.path / files.EVENTS)[0]][-1] == "finished"


def test_a_job_that_runs_is_stopped_and_resumed_as_any_other(queued):
    run = until(queued("runs"), lambda now: now.state == "running" and now.step > 5)
    with pytest.raises(RunError, match="as job"):
        starting.resume(run)
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(run)
    runs.stop(run)
    stopped = runs.wait(run, 10)
    assert stopped.state == "stopped"
    path, lock = starting.take_up(stopped)
    slurm.hand_over(path, lock, cluster="local", command=worker("runs"))
    assert runs.load(path).state == "waiting"
    again = until(run, lambda now: now.state == "running" and now.step > stopped.step)
    runs.stop(again)
    assert runs.wait(again, 10).state == "stopped"


def test_a_job_whose_process_is_killed_is_dead(queued):
    run = until(queued("runs"), lambda now: now.state == "running" and now.step > 0)
    os.kill(files.read_identity(run.path).pid, signal.SIGKILL)
    assert until(run, lambda now: not now.alive).state == "dead"


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Slurm's programs as far as they are asked here: `sacct` says what the test says, `scancel` what it was told."""
    tools = tmp_path / "tools"
    tools.mkdir()
    programs = {
        "sbatch": "echo Submitted batch job 4711",
        "srun": "true",
        "scancel": f'echo "$@" >> {tmp_path}/cancelled',
        "sacct": f"echo asked >> {tmp_path}/asked; echo 'JobID|State'; echo \"4711|$(cat {tmp_path}/state)\"",
    }
    for name, line in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    slurm._jobs.clear()

    def say(state):
        (tmp_path / "state").write_text(state)
        import submitit

        submitit.SlurmJob.watcher.clear()

    say("PENDING")
    yield say, tmp_path
    slurm._jobs.clear()


def test_a_job_on_a_cluster_is_what_the_queue_says_until_it_tells_more(small, cluster):
    say, folder = cluster
    run = slurm.start(small, options={"slurm_partition": "gpu", "timeout_min": "30"})
    assert (run.queue, run.state) == ("4711", "waiting")
    [script] = (run.path / "slurm").glob("4711*.sh")
    assert "--partition=gpu" in script.read_text()
    assert "--time=30" in script.read_text()
    files.write_identity(run.path, replace(files.read_identity(run.path), host="node7"))
    for word, state in (
        ("RUNNING", "running"),
        ("PENDING", "waiting"),
        ("TIMEOUT", "dead"),
        ("CANCELLED by 1", "dead"),
    ):
        say(word)
        assert runs.load(run.path).state == state
    say("RUNNING")
    runs.stop(run)
    assert (folder / "cancelled").read_text() == "--signal=TERM 4711\n"
    say("PENDING")
    runs.stop(run)
    assert (folder / "cancelled").read_text().splitlines()[-1] == "4711"


def test_a_cluster_is_asked_once_for_many_looks(small, cluster):
    _, folder = cluster
    run = slurm.start(small)
    for _ in range(20):
        assert runs.list_runs()[0].id == run.id
    assert len((folder / "asked").read_text().splitlines()) == 1


def test_without_slurm_that_is_one_sentence_and_no_folder(small, home, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RunError, match="no Slurm here"):
        slurm.start(small)
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(RunError, match=r"pip install 'tutor\[slurm\]'"):
        slurm.start(small)
    assert runs.list_runs() == []


def test_a_job_is_unknown_and_listed_where_submitit_is_missing(small, cluster, monkeypatch):
    slurm.start(small)
    monkeypatch.setitem(sys.modules, "submitit", None)
    [run] = runs.list_runs()
    assert run.state == "unknown"
    assert "tutor[slurm]" in run.trouble


# ---------------------------------------------------------------- torch


def run_tutor(*words, **rest):
    """A command line with the real worker."""
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(words, capture_output=True, text=True, timeout=120, env=environ, **rest)


def losses(path):
    """Step -> loss, as a run's events tell it; what was told twice must be the same."""
    found: dict[int, float] = {}
    for event in read_events(path / files.EVENTS)[0]:
        if isinstance(event, Step):
            for number, loss in zip(
                range(event.step - len(event.losses) + 1, event.step + 1), event.losses, strict=True
            ):
                assert found.setdefault(number, loss) == loss
    return found


@pytest.mark.xdist_group("torch")
def test_the_real_worker_killed_and_resumed_tells_the_same_curve_as_undisturbed():
    tutor = (sys.executable, "-m", "tutor")
    done = run_tutor(*tutor, "train", *SMALL, "--set", "epochs=8", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert (events[0]["type"], events[-1]["type"]) == ("started", "finished")
    [undisturbed] = runs.list_runs()
    assert undisturbed.best_accuracy == max(one["validation_accuracy"] for one in events if one["type"] == "epoch")
    assert runs.saved_step(undisturbed.path) == undisturbed.steps == 80

    name = run_tutor(*tutor, "train", *SMALL, "--set", "epochs=8", "--detach").stdout.strip()
    run = until(runs.find(name), lambda now: runs.saved_step(now.path) is not None, 60)
    os.kill(files.read_identity(run.path).pid, signal.SIGKILL)
    assert until(run, lambda now: not now.alive).state == "dead"
    until(run, lambda now: not liveness.orphans(now.path, files.read_identity(now.path)))
    saved = runs.saved_step(run.path)
    assert f"--resume {name} goes on from step {saved}" in run_tutor(*tutor, "runs", "show", name).stdout
    done = run_tutor(*tutor, "train", "--resume", name)
    assert done.returncode == 0, done.stderr
    events, _ = read_events(run.path / files.EVENTS)
    assert [event.step for event in events if isinstance(event, Started)] == [0, saved]
    assert runs.find(name).state == "finished"
    assert losses(run.path) == losses(undisturbed.path)


@pytest.mark.xdist_group("torch")
def test_a_run_of_torchrun_is_alive_while_it_lasts_and_is_stopped_like_any_other():
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "0"]
    words += ["-m", "tutor", "train", *SMALL, "--set", "epochs=1000", "--json"]
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 60
        while not runs.list_runs() and time.monotonic() < end:
            time.sleep(0.1)
        [run] = runs.list_runs()
        run = until(run, lambda now: now.state == "running" and now.step > 20, 60)
        with pytest.raises(RunError, match="running already"):
            starting.resume(run)
        runs.stop(run)
        out, told = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
    assert process.returncode == 0, told[-2000:]
    events = [json.loads(line) for line in out.splitlines()]
    assert (events[0]["processes"], events[-1]["type"]) == (2, "stopped")
    assert runs.load(run.path).state == "stopped"
    assert len([event for event in events if event["type"] == "started"]) == 1
