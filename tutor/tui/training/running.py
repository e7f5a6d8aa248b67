"""The runs as the screens use them: listed, found, started, stopped. Trouble comes back as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tutor import paths
from tutor.training import outcomes, runs, starting
from tutor.training.data import sets
from tutor.training.data.known import DataError
from tutor.training.folder import RunError
from tutor.training.recipe import Recipe, model_name
from tutor.training.runs import Run


def listed() -> list[Run]:
    """All runs, the newest first."""
    return runs.list_runs()


def again(run: Run) -> Run:
    """The run as it is now."""
    return runs.load(run.path)


def accuracies_beside(run: Run, names: Sequence[str]) -> dict[str, float]:
    """The accuracies of the runs that can be compared with this one, and its own as far as it is."""
    return outcomes.accuracies_beside(run, listed(), names)


def saved_step(run: Run) -> int | None:
    """The step of the newest checkpoint of a run that is gone; it is not looked for while the run lives."""
    return None if run.alive or run.state == "finished" else runs.saved_step(run.path)


def _told(command: Callable[[], object]) -> str:
    """Carry it out; the sentence of what went wrong, or nothing."""
    try:
        command()
    except RunError as error:
        return str(error)
    except OSError as error:
        return f"This could not be done: {error.strerror or error}."
    return ""


def stop(run: Run) -> str:
    """Ask it to save and stop."""
    return _told(lambda: runs.stop(run))


def resume(run: Run) -> str:
    """Go on from its checkpoint."""
    return _told(lambda: starting.resume(run))


def delete(run: Run) -> str:
    """Delete its folder."""
    return _told(lambda: runs.delete(run))


def start(recipe: Recipe) -> Run | str:
    """Begin a run, with the learner's own files where the recipe says so; else why not."""
    begun: list[Run] = []
    trouble = _told(lambda: begun.append(starting.start(recipe, starting.own_sources(recipe))))
    return begun[0] if begun else trouble


def own_model(recipe: Recipe) -> str | None:
    """The file of the learner's model, where the recipe asks for it."""
    if recipe.source != "mine":
        return None
    name = starting.PARTS[model_name(recipe.model)[0]].replace("-", "_")
    base = paths.home()
    return str((base / "code" if base is not None else Path.home() / "tutor") / f"{name}.py")


def own_trouble(recipe: Recipe) -> str:
    """Why the learner's own files cannot be used; nothing where they can."""
    return _told(lambda: starting.own_sources(recipe))


def download(name: str, progress: Callable[[int, int | None, str], object]) -> str:
    """Fetch a data set; the sentence of what went wrong, or nothing."""
    try:
        sets.load(name, download=True, progress=progress)
    except DataError as error:
        return str(error)
    return ""
