"""A run as a job of a Slurm cluster, through submitit (the extra `slurm`): its folder looks like any other's.

submitit is imported here alone, and only where a run is, or becomes, such a job.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tutor.training import folder as files
from tutor.training import liveness, runs
from tutor.training.folder import Identity, Lock, RunError
from tutor.training.liveness import State
from tutor.training.recipe import Recipe
from tutor.training.runs import Run

USUAL = {"timeout_min": 720, "cpus_per_task": 4}
"""What a job asks for, unless told otherwise."""
SECONDS_BETWEEN_QUESTIONS = 60
QUEUED = ("READY", "PENDING", "REQUEUED", "CONFIGURING", "RESV_DEL_HOLD", "SPECIAL_EXIT", "UNKNOWN")
RUNNING = ("RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "SUSPENDED", "PREEMPTED")

_jobs: dict[str, Any] = {}


def start(
    recipe: Recipe,
    sources: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    cluster: str = "slurm",
    command: Sequence[str] | None = None,
) -> Run:
    """Begin a run as a job: its folder is made here, on the disk that the cluster shares. Raises RunError.

    `options` are submitit's parameters (`slurm_partition`, `timeout_min`, `gpus_per_node`); `cluster` may be `local`,
    which needs no Slurm.
    """
    _submitit(cluster)
    path, lock = files.create(recipe, sources)
    try:
        hand_over(path, lock, options, cluster, command)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return runs.load(path)


def hand_over(
    path: Path,
    lock: Lock,
    options: Mapping[str, str] | None = None,
    cluster: str = "slurm",
    command: Sequence[str] | None = None,
) -> None:
    """Make a job of a locked run folder; the lock is the job's from then on. Raises RunError."""
    submitit = _submitit(cluster)
    size = _size(path / files.EVENTS)
    try:
        executor = submitit.AutoExecutor(folder=path / "slurm", cluster=cluster)
        executor.update_parameters(name=path.name, **USUAL | {key: _value(text) for key, text in _given(options)})
        # Until the job has begun, the run belongs to the queue: what was told before is not its end.
        queue = Identity("the cluster's queue", "", 0, "", lock.key, size)
        files.write_identity(path, queue)
        lock.release()
        job = executor.submit(keep, str(path), list(command) if command else None)
        (path / files.SLURM).write_text(json.dumps({"job": str(job.job_id), "cluster": cluster}) + "\n")
    except (OSError, ValueError, TypeError, NameError, RuntimeError, subprocess.SubprocessError) as error:
        raise RunError(f"The cluster does not take the run: {' '.join(str(error).split())}; see --slurm-set.") from None
    finally:
        lock.release()


def keep(path: str, command: Sequence[str] | None = None) -> int:
    """What the job does: own the run and see it through."""
    from tutor.training.supervisor import keep as keep_run

    here = liveness.here()
    lock = liveness.take(Path(path), here, take_over=True)
    liveness.sweep(Path(path), None)
    return keep_run(Path(path), lock, [*command, path] if command else None)


def state_of(path: Path, state: State, owned: bool) -> tuple[str, State]:
    """The number of a run's job, and its state: what its folder tells, or else what the cluster says."""
    found = _job(path)
    if found is None:
        return "", state
    job, cluster = found
    if state not in ("unknown", "dead") or (state == "dead" and owned):
        return job, state
    if cluster == "local":
        return job, "waiting" if liveness.start_of(int(job)) is not None else "dead"
    said = _asked(path, job)
    word = said.split(" ")[0].rstrip("+").upper()
    if word in QUEUED:
        return job, "waiting" if said else "unknown"
    return job, "running" if word in RUNNING else "dead"


def cancel(path: Path) -> None:
    """Ask the cluster to stop a run's job; one that runs saves first. Raises RunError."""
    found = _job(path)
    if found is None:
        return
    job, cluster = found
    try:
        if cluster == "local":
            os.kill(int(job), signal.SIGTERM)
            return
        running = _asked(path, job).upper().startswith(RUNNING)
        words = ["scancel", *(["--signal=TERM"] if running else []), job]
        subprocess.run(words, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        raise RunError(f"Job {job} could not be stopped ({error}); try: scancel {job}") from None


def _asked(path: Path, job: str) -> str:
    """The state of a job in Slurm's words; all jobs are asked for at once, and at most once a minute."""
    submitit = _submitit("")
    submitit.SlurmJob.watcher._delay_s = SECONDS_BETWEEN_QUESTIONS
    known = _jobs.get(job) or _jobs.setdefault(job, submitit.SlurmJob(folder=path / "slurm", job_id=job))
    return str(known.state)


def _job(path: Path) -> tuple[str, str] | None:
    try:
        values = json.loads((path / files.SLURM).read_bytes())
        return str(values["job"]), str(values["cluster"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _submitit(cluster: str) -> Any:
    try:
        import submitit
    except ImportError:
        raise RunError("Runs on a Slurm cluster need submitit; install it with: pip install 'tutor[slurm]'") from None
    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise RunError("There is no Slurm here (sbatch is not found); log in to the cluster, or leave out --slurm.")
    return submitit


def _given(options: Mapping[str, str] | None) -> list[tuple[str, str]]:
    return list((options or {}).items())


def _value(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
