"""Train what a recipe says, with progress on standard error. The run outlives this command, the terminal, and SSH.

Exit status 0: finished, 1: failed, or stopped by somebody else, 2: it cannot be done, 130: stopped with Ctrl+C, which
saves first. 141: nobody reads standard output any more, and the run goes on."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tutor.commands import Trouble, print_json, write_bytes
from tutor.program import program

if TYPE_CHECKING:
    from tutor.training.recipe import Recipe
    from tutor.training.runs import Run

EXAMPLE = "train cnn-shifted --scale quick --set epochs=5"
FINISHED, FAILED, INTERRUPTED = 0, 1, 130
SETTLING_SECONDS = 5.0
"""After its last event a run still has to let go of its folder."""
EMBEDDED = "fashion-mini"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="such as cnn-shifted, mlp-scrambled, resnet20")
    parser.add_argument("--scale", choices=("quick", "full"), help="quick fits a laptop; full where there is a GPU")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a setting of the recipe",
    )
    parser.add_argument("--detach", action="store_true", help="start it, print its name, and do not follow it")
    parser.add_argument("--json", action="store_true", help="the run's events as JSON lines on standard output")
    parser.add_argument("--resume", metavar="ID", help="go on with a run from its last checkpoint")
    parser.add_argument(
        "--take-over", action="store_true", help="resume a run of another machine, which is gone for certain"
    )
    parser.add_argument("--download", action="store_true", help="fetch the data set if it is missing, without asking")
    parser.add_argument("--slurm", action="store_true", help="make it a job of the Slurm cluster (pip: tutor[slurm])")
    parser.add_argument(
        "--slurm-set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the job asks for, as submitit names it: slurm_partition=gpu, gpus_per_node=1, timeout_min=60",
    )


def run(arguments: argparse.Namespace) -> int:
    """Start or resume a run, and follow it."""
    from tutor.training.folder import RunError
    from tutor.training.recipe import RecipeError

    try:
        from tutor.training import together

        if together.launched():
            return together.train(*_asked(arguments), as_json=arguments.json, take_over=arguments.take_over)
        return _run(arguments)
    except (RunError, RecipeError) as error:
        raise Trouble(str(error)) from None


def _run(arguments: argparse.Namespace) -> int:
    from tutor.training import folder, slurm, starting

    old, recipe = _asked(arguments)
    options = dict(_pairs(arguments.slurm_set, "--slurm-set"))
    if options and not arguments.slurm:
        raise Trouble("--slurm-set belongs to --slurm; add that, or leave it out.")
    if not arguments.slurm:
        # Before a data set is fetched for it.
        starting.refuse_device(recipe, old.id if old is not None else "")
    recipe, offset = _with_data(recipe, arguments, resumed=old is not None), 0
    if old is not None:
        with contextlib.suppress(OSError):
            offset = (old.path / folder.EVENTS).stat().st_size
        if arguments.slurm:
            path, lock = starting.take_up(old, arguments.take_over)
            slurm.hand_over(path, lock, options)
            new = old
        else:
            new = starting.resume(old, take_over=arguments.take_over)
    elif arguments.slurm:
        new = slurm.start(recipe, starting.own_sources(recipe), options)
    else:
        new = starting.start(recipe, starting.own_sources(recipe))
    if arguments.detach:
        return _name(new, arguments.json)
    return _follow(new, recipe, offset, arguments.json)


def _asked(arguments: argparse.Namespace) -> tuple[Run | None, Recipe]:
    """The run to be resumed, if any, and the recipe. Raises RecipeError, RunError, Trouble."""
    from tutor.training import runs, starting
    from tutor.training.recipe import changed, default_scale, recipe

    settings = dict(_pairs(arguments.settings, "--set"))
    if arguments.resume is None:
        if arguments.recipe is None:
            raise Trouble(
                f"RECIPE is missing; for example: {program()} train cnn-shifted, or --resume ID to go on with a run."
            )
        if arguments.take_over:
            raise Trouble("--take-over belongs to --resume ID; add that, or leave it out.")
        scale = arguments.scale or default_scale(settings.get("device") != "cpu" and starting.gpu_here())
        return None, changed(recipe(arguments.recipe, scale), settings)
    run = runs.find(arguments.resume)
    kept = starting.recipe_of(run.path)
    wanted = kept
    if arguments.recipe is not None or arguments.scale is not None:
        wanted = recipe(arguments.recipe or kept.name, arguments.scale or kept.scale)
    starting.refuse_changes(run, changed(wanted, settings) if settings or wanted is not kept else None)
    return run, kept


def _pairs(texts: list[str], option: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise Trouble(f"{option} takes KEY=VALUE, as in {option} epochs=5, not {text!r}; put = between them.")
        yield key.strip(), value.strip()


# ---------------------------------------------------------------- the data set


def _with_data(recipe: Recipe, arguments: argparse.Namespace, resumed: bool) -> Recipe:
    """The recipe, once its data set is there; with another one where the learner says so. Raises Trouble."""
    from dataclasses import replace

    from tutor.training.data.sets import DataError, find

    try:
        found = find(recipe.data)
    except DataError as error:
        raise Trouble(str(error)) from None
    if found.complete:
        return recipe
    if not arguments.download:
        amount = f"{found.download_bytes / 1e6:.0f} MB"
        if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
            instead = "" if resumed else f", or --set data={EMBEDDED} to take the one that comes with the program"
            raise Trouble(f"{found.said} Add --download to fetch it ({amount}){instead}.")
        if not _wants(f"{found.said} Download it ({amount})?"):
            if not resumed and _wants(f"Train on {EMBEDDED} instead, which comes with the program?"):
                return replace(recipe, data=EMBEDDED, images=min(recipe.images, 10_000))
            raise Trouble(f"Without {recipe.data} this cannot be trained; --download fetches it.")
    _download(recipe.data)
    return recipe


def _wants(question: str) -> bool:
    print(f"{question} [y/n] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _download(name: str) -> None:
    """Fetch a data set in a process of its own: that needs torchvision."""
    from tutor.training.supervisor import environment, program_folder

    words = [sys.executable, "-m", "tutor.training.data", name]
    done = subprocess.run(words, cwd=program_folder(), env=environment(), stdout=subprocess.DEVNULL)
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode:
        raise Trouble(f"{name} could not be fetched; see above, or --set data={EMBEDDED} takes what comes along.")


# ---------------------------------------------------------------- following


def _name(run: Run, as_json: bool) -> int:

    if as_json:
        print_json({"id": run.id, "path": str(run.path), "state": run.state})
    else:
        print(run.id, flush=True)
        _say(f"It goes on by itself; {program()} runs show {run.id} tells how far it is.")
    return FINISHED


def _follow(run: Run, recipe: Recipe, offset: int, as_json: bool) -> int:
    """Show the run until it ends. Ctrl+C asks it to save and stop."""

    stops = _Interrupt()
    before = signal.signal(signal.SIGINT, stops)
    try:
        return _show(run, recipe, offset, as_json, stops)
    except BrokenPipeError:
        _say(f"tutor: nobody reads any more; {run.id} goes on: {program()} runs show {run.id}")
        raise
    except KeyboardInterrupt:
        _say(f"tutor: {run.id} is still saving; {program()} runs show {run.id} tells more.")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)


class _Interrupt:
    """Ctrl+C: the first is a wish, granted between two looks at the run; the second leaves the run to itself."""

    def __init__(self) -> None:
        self.wished = False

    def __call__(self, number: int, frame: object) -> None:
        if self.wished:
            raise KeyboardInterrupt
        self.wished = True


def _show(run: Run, recipe: Recipe, offset: int, as_json: bool, stops: _Interrupt) -> int:
    from tutor.training import following
    from tutor.training.recipe import label

    last = b""
    if as_json:
        for lines in _stoppable(run, offset, stops, lambda: None):
            if lines:
                write_bytes(lines)
                last = lines
    else:
        with following.Screen(label(recipe), sys.stderr) as screen:
            screen.say(f"{run.id}   Ctrl+C saves and stops it; when the terminal closes, it goes on")
            for lines in _stoppable(run, offset, stops, lambda: screen.say("saving and stopping ...")):
                for line in lines.splitlines():
                    screen.take(line)
                last = lines or last
    return _status(str(json.loads(last.splitlines()[-1])["type"]), run, stops, quiet=as_json)


def _stoppable(run: Run, offset: int, stops: _Interrupt, tell: Callable[[], None]) -> Iterator[bytes]:
    """The run's lines; asks it to stop once that is wished."""
    from tutor.training import following, runs
    from tutor.training.folder import RunError

    asked = False
    for lines in following.lines(run, offset):
        if stops.wished and not asked:
            asked = True
            tell()
            # What cannot be stopped has ended, which the lines will tell.
            with contextlib.suppress(RunError):
                runs.stop(run)
        yield lines


def _say(sentence: str) -> None:
    """A sentence on standard error."""
    from tutor.training.following import at_words

    print(at_words(sentence, sys.stderr), file=sys.stderr)


def _status(ended: str, run: Run, stops: _Interrupt, quiet: bool) -> int:
    """The exit status; in words what happened, and how to go on."""
    from tutor.training import runs, saying

    now = runs.wait(run, SETTLING_SECONDS)
    if ended == "finished":
        if not quiet:
            best = saying.percent(now.best_accuracy)
            _say(f"finished, best validation accuracy {best}   {run.id}")
        return FINISHED
    _say(saying.sentence(now))
    return INTERRUPTED if ended == "stopped" and stops.wished else FAILED
