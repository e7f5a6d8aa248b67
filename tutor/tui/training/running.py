"""The runs as the screens use them: listed, found, started, stopped. Trouble comes back as a sentence."""

from __future__ import annotations

from collections.abc import Callable

from tutor.training import runs, starting
from tutor.training.folder import RunError
from tutor.training.recipe import Recipe
from tutor.training.runs import Run


def listed() -> list[Run]:
    """All runs, the newest first."""
    return runs.list_runs()


def again(run: Run) -> Run:
    """The run as it is now."""
    return runs.load(run.path)


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
