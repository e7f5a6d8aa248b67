"""The training runs: listed, shown, stopped, deleted. Exit status 0, or 2 where that cannot be done."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tutor.commands import Trouble, print_json
from tutor.program import program

if TYPE_CHECKING:
    from tutor.training.runs import Run

EXAMPLE = "runs show cnn-shifted-1125"
ACTIONS = ("list", "show", "stop", "delete")
STOPPING_SECONDS = 90.0
LAST_EVENTS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="list is meant where none is given")
    parser.add_argument("id", nargs="?", metavar="ID", help="the run's name, or the beginning of it")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--take-over", action="store_true", help="delete a run of another machine, which is gone for certain"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked."""
    from tutor.training import runs
    from tutor.training.folder import RunError

    action, name = arguments.action, arguments.id
    if action == "list":
        if name is not None:
            raise Trouble(f"runs list takes no name; did you mean: runs show {name}?")
        return _list(arguments.json)
    if name is None:
        raise Trouble(f"runs {action} needs the name of a run; `runs` lists them.")
    try:
        one = runs.find(name)
        if action == "show":
            return _show(one, arguments.json)
        return _stop(one, arguments.json) if action == "stop" else _delete(one, arguments.take_over, arguments.json)
    except RunError as error:
        raise Trouble(str(error)) from None


def _list(as_json: bool) -> int:
    from tutor.training import runs, saying

    found = runs.list_runs()
    if as_json:
        print_json([_values(each) for each in found])
        return 0
    if not found:
        print(f"There are no runs yet; for example: {program()} train mlp-shifted")
        return 0
    rows = [
        (
            each.id,
            saying.standing(each),
            saying.far(each),
            _validated(each),
            saying.waits_how(each) or saying.when(each),
        )
        for each in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        # A column of which no run has anything is left out.
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True) if width]
        print("   ".join(cells).rstrip())
    return 0


def _validated(run: Run) -> str:
    from tutor.training.saying import percent

    return f"val {percent(run.accuracy)}" if run.accuracy is not None else ""


def _values(run: Run) -> dict[str, Any]:
    """A run as JSON has it."""
    return {
        "id": run.id,
        "state": run.state,
        "step": run.step,
        "steps": run.steps,
        "epoch": run.epoch,
        "epochs": run.epochs,
        "validation_accuracy": run.validation_accuracy,
        "best_accuracy": run.best_accuracy,
        "images_per_second": run.images_per_second,
        "seconds_left": run.seconds_left,
        "began": run.began,
        "heard": run.heard or None,
        "waits_for": run.waits_for or None,
        "host": run.host,
        "job": run.queue or None,
        "path": str(run.path),
    }


def _show(run: Run, as_json: bool) -> int:
    from dataclasses import asdict

    from tutor.training import saying

    events = _last_events(run)
    if as_json:
        recipe = asdict(run.recipe) if run.recipe is not None else None
        happened = {"what": saying.happened(run), "advice": saying.advice(run)}
        print_json(_values(run) | {"recipe": recipe, **happened, "events": events})
        return 0
    from tutor.training.recipe import summary

    print(f"{run.id}\n  {saying.sentence(run)}")
    if run.recipe is not None:
        print(f"  {summary(run.recipe)}")
    if run.steps:
        print(f"  step {saying.number(run.step)} of {saying.number(run.steps)}")
    if run.best_accuracy is not None:
        print(f"  best validation accuracy {saying.percent(run.best_accuracy)}")
    print(f"  {run.path}")
    for event in events:
        print(f"  {_line(event)}")
    return 0


def _last_events(run: Run) -> list[dict[str, Any]]:
    """The last events but those of steps and pictures, as JSON has them."""
    import json

    from tutor.training import folder
    from tutor.training.events import Follower, to_line

    follower, found = Follower(run.path / folder.EVENTS), []
    while lines := follower.raw(1 << 20):
        told = [line for line in lines.splitlines() if not line.startswith((b'{"type":"step"', b'{"type":"examples"'))]
        found = (found + follower.events(b"\n".join(told)))[-LAST_EVENTS:]
    return [json.loads(to_line(event)) for event in found]


def _line(event: dict[str, Any]) -> str:
    from time import localtime, strftime

    from tutor.training.saying import percent

    match event["type"]:
        case "started":
            said = f"on {event['device']}, PyTorch {event['torch']}, from step {event['step']:,}"
        case "epoch":
            accuracies = f"train {percent(event['train_accuracy'])}, validation {percent(event['validation_accuracy'])}"
            said = f"{event['epoch']}: {accuracies}"
        case "message":
            said = event["text"]
        case "finished":
            said = f"at step {event['step']:,}, best validation accuracy {percent(event['best_accuracy'])}"
        case _:
            said = f"at step {event['step']:,}: {event['reason']}"
    return f"{strftime('%H:%M:%S', localtime(event['time']))}  {event['type']} {said}"


def _stop(run: Run, as_json: bool) -> int:
    from tutor.training import runs, saying

    runs.stop(run)
    now = runs.wait(run, STOPPING_SECONDS)
    if as_json:
        print_json(_values(now))
        return 0
    if now.alive:
        raise Trouble(
            f"{run.id} has been asked to stop and is not done yet; {program()} runs show {run.id} tells more."
        )
    print(saying.sentence(now))
    return 0


def _delete(run: Run, take_over: bool, as_json: bool) -> int:
    from tutor.training import runs

    runs.delete(run, take_over)
    if as_json:
        print_json({"deleted": run.id})
    else:
        print(f"{run.id} is deleted.")
    return 0
