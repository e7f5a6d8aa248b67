"""Runs begin here: a folder is made, or taken up again, and a supervisor started that outlives this process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tutor.program import program
from tutor.training import folder as files
from tutor.training import liveness, runs
from tutor.training.folder import Lock, RunError
from tutor.training.liveness import Here
from tutor.training.recipe import Recipe, RecipeError, difference, from_toml, model_name
from tutor.training.runs import Run
from tutor.training.supervisor import environment, program_folder

SECONDS = 30.0
"""So long may it take to start a small Python; a network's disk is slow."""
PARTS = {"mlp": "mlp", "cnn": "cnn", "resnet": "residual-network", "plain": "residual-network"}
"""The part of problem `convnets` in which a learner writes a model."""
OTHER_GPUS = ("/dev/kfd", "/dev/dxg")
"""Where AMD's driver, and that of Windows below Linux, offer GPUs: what PyTorch finds there, only PyTorch knows."""


def start(recipe: Recipe, sources: Mapping[str, str] | None = None, command: Sequence[str] | None = None) -> Run:
    """Begin a run and return as soon as its supervisor holds it. Raises RunError.

    `sources` are the learner's own files of the run, `source.py` and `loop.py`; `command` a worker other than ours,
    which is given the folder as its last word.
    """
    refuse_device(recipe)
    path, lock = files.create(recipe, sources)
    try:
        launch(path, lock, command)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return runs.load(path)


def resume(run: Run, take_over: bool = False, command: Sequence[str] | None = None, here: Here | None = None) -> Run:
    """Go on with a run from its last checkpoint. Raises RunError where that cannot be.

    `take_over`: the learner says that the other machine, to which the run belongs, is gone.
    """
    if run.recipe is not None:
        refuse_device(run.recipe, run.id)
    path, lock = take_up(run, take_over, here)
    launch(path, lock, command)
    return runs.load(path)


def refuse_changes(run: Run, wanted: Recipe | None) -> None:
    """Raise RunError, with the difference, where a run is to be resumed with another recipe than its own."""
    if wanted is not None and (other := difference(recipe_of(run.path), wanted)):
        raise RunError(f"{run.id} cannot go on with another recipe ({other}); leave that out, or begin a new run.")


def refuse_device(recipe: Recipe, run: str = "") -> None:
    """Raise RunError where a GPU is asked for and there is none for certain; `run` is to be resumed with it."""
    if not recipe.device.startswith("cuda") or gpu_here() or any(Path(each).exists() for each in OTHER_GPUS):
        return
    hidden = "CUDA_VISIBLE_DEVICES hides every GPU" if _hidden() else "this machine has no driver of a GPU"
    if run:
        raise RunError(
            f"{run} runs on device={recipe.device}, and {hidden}; go on where there is one, or begin a new run with "
            "device=cpu."
        )
    raise RunError(f"device={recipe.device} cannot be had: {hidden}; device=cpu trains without, device=auto too.")


def take_up(run: Run, take_over: bool = False, here: Here | None = None) -> tuple[Path, Lock]:
    """The folder of a run to be resumed, locked, nothing of its last owner left. Raises RunError."""
    here = here or liveness.here()
    now = runs.load(run.path, here)
    if now.state == "finished":
        again = f"{program()} train {now.recipe.name if now.recipe is not None else 'RECIPE'}"
        raise RunError(f"{run.id} has finished; there is nothing to resume. A new run begins with: {again}")
    if now.recipe is None:
        raise RunError(f"{run.id} cannot be resumed. {now.trouble}")
    if now.queue and now.alive:
        raise RunError(f"{run.id} is {now.state} as job {now.queue} of the cluster; it cannot be run twice at a time.")
    lock = liveness.take(run.path, here, take_over or now.state in runs.ENDED)
    try:
        liveness.sweep(run.path, files.read_identity(run.path))
        (run.path / files.SLURM).unlink(missing_ok=True)
    except BaseException:
        lock.release()
        raise
    return run.path, lock


def launch(path: Path, lock: Lock, command: Sequence[str] | None = None) -> None:
    """Hand a locked folder to a supervisor in a session of its own. Raises RunError."""
    own = [*command, str(path)] if command else []
    words = [sys.executable, "-m", "tutor.training.supervisor", str(path), "--lock", str(lock.descriptor)]
    try:
        done = subprocess.run(
            [*words, "--", *own],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[lock.descriptor],
            cwd=program_folder(),
            env=_environment(path),
            start_new_session=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunError(f"The run's supervisor could not be started ({error}).") from None
    finally:
        lock.release()
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RunError(lines[-1] if lines else "The run's supervisor ended without a word.")


def _environment(path: Path) -> dict[str, str]:
    """The environment of a run; its data set is named, which was perhaps found from where we are."""
    from tutor.training.data.sets import DataError, find

    environ = environment()
    with contextlib.suppress(DataError):
        found = find(recipe_of(path).data)
        if found.complete and found.where is not None:
            environ["TUTOR_DATA"] = str(found.where.absolute())
    return environ


def gpu_here() -> bool:
    """Whether there is a GPU that PyTorch may use; torch is not asked, which takes seconds."""
    if _hidden():
        return False
    with contextlib.suppress(Exception):  # without a driver its library raises errors of its own making
        import pynvml

        pynvml.nvmlInit()
        try:
            return pynvml.nvmlDeviceGetCount() > 0
        finally:
            pynvml.nvmlShutdown()
    return Path("/dev/nvidia0").exists() or any(Path("/proc/driver/nvidia/gpus").glob("*"))


def _hidden() -> bool:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1")


def own_sources(recipe: Recipe) -> dict[str, str]:
    """The learner's files that a recipe asks for, to be copied into the run. Raises RunError."""
    found: dict[str, str] = {}
    if recipe.source == "mine":
        found["source.py"] = _own_file(PARTS[model_name(recipe.model)[0]])
    if recipe.loop == "mine":
        found["loop.py"] = _own_file("train-epoch")
    return found


def _own_file(part: str) -> str:
    from tutor.code.files import folder

    file = folder() / f"{part.replace('-', '_')}.py"
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise RunError(
            f"There is no {file} of yours yet; {program()} code convnets/{part} begins it, and checks it "
            "when you are done."
        ) from None


def recipe_of(path: Path) -> Recipe:
    """The recipe in a run's folder. Raises RunError."""
    try:
        return from_toml((path / files.RECIPE).read_text(encoding="utf-8"))
    except (OSError, RecipeError) as error:
        raise RunError(f"The recipe of {path.name} cannot be read: {error}") from None
