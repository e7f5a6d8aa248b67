"""Draw what the units of a stack of layers, or of a network, see of the input. Exit status 0: found, 2: not."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tutor
from tutor.commands import CORRECT, Trouble, print_json

if TYPE_CHECKING:
    from tutor.fields.spans import Line

EXAMPLE = 'receptive-field "k3p1 k3s2p1 k3p1" --width 14'
LEAST_COLUMNS = 40
SECONDS = 300.0
"""For a network, which is read and measured in a process of its own."""
LARGEST_MAP = 64
RUN = "run:"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "layers", nargs="*", metavar="LAYERS", help="kernel, stride, padding, dilation of each: k5s2p2, k3d2, max3s2"
    )
    parser.add_argument("--width", type=int, metavar="N", help="cells of the input (default: enough for a few outputs)")
    parser.add_argument("--layer", type=int, metavar="N", help="the layer of the chosen unit (default: the last)")
    parser.add_argument("--unit", type=int, metavar="N", help="the unit whose field is lit (default: the middle one)")
    parser.add_argument("--forward", action="store_true", help="light the units above that read the chosen one, too")
    parser.add_argument("--whole", action="store_true", help="all of a wide input at once, several cells a column")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a network instead: torchvision:resnet50, resnet20, FILE.py:Net (yours), run:ID (trained)",
    )
    parser.add_argument("--effective", action="store_true", help="with --model: the heat map of the real gradient")
    parser.add_argument("--checkpoint", metavar="FILE", help="with --effective: trained weights, a saved state_dict")
    parser.add_argument("--ascii", action="store_true", help="letters and signs of ASCII only")
    parser.add_argument("--json", action="store_true", help="the figures of every layer as one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """The diagram or the table, or the figures."""
    columns = max(shutil.get_terminal_size().columns, LEAST_COLUMNS)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "") if sys.stdout is not None else "ascii"
    ascii_only = arguments.ascii or not encoding.startswith("utf") or os.environ.get("TERM") in ("linux", "dumb")
    if arguments.model is not None:
        return _network(arguments, columns, ascii_only)
    if arguments.effective or arguments.checkpoint is not None:
        raise Trouble("A heat map is of a network; name one with --model, such as torchvision:resnet18.")
    return _stack(arguments, columns, ascii_only)


def _stack(arguments: argparse.Namespace, columns: int, ascii_only: bool) -> int:
    from tutor.fields.arithmetic import Figures, rows
    from tutor.fields.diagram import layout, usual_width
    from tutor.fields.layers import FieldError, parse
    from tutor.fields.spans import plain

    if not arguments.layers:
        raise Trouble(
            f"No layers; write some, as in {EXAMPLE.split(' --')[0]}. The problem of this name: ps08/receptive-field"
        )
    try:
        layers = parse(" ".join(arguments.layers))
        width = usual_width(layers) if arguments.width is None else arguments.width
        field = rows(layers, width)
        if arguments.json:
            print_json(Figures(field).as_dict())
            return CORRECT
        chosen = (arguments.layer, arguments.unit)
        found = layout(field, *chosen, columns, ascii_only, arguments.forward, arguments.whole)
    except FieldError as error:
        raise Trouble(str(error)) from None
    colours = _colours()
    for line in found.lines:
        print(_styled(line) if colours else plain(line))
    return CORRECT


def _network(arguments: argparse.Namespace, columns: int, ascii_only: bool) -> int:
    if arguments.layers:
        raise Trouble("Layers and --model are two questions; leave out one of them.")
    if arguments.layer is not None or arguments.unit is not None or arguments.forward or arguments.whole:
        raise Trouble("--layer, --unit, --forward and --whole are for the diagram of typed layers, not for --model.")
    if arguments.checkpoint is not None and not arguments.effective:
        raise Trouble("Weights do not change what can be read; --checkpoint goes with --effective.")
    if arguments.width is not None and not 1 <= arguments.width <= 4096:
        raise Trouble("--width takes a number from 1 to 4096 with --model.")
    cells = min(columns - 2, LARGEST_MAP) // 2 * 2 if arguments.effective else 0
    asked = {"model": _absolute(arguments.model), "width": arguments.width, "heat": cells}
    checkpoint = arguments.checkpoint
    if checkpoint is None and arguments.effective and asked["model"].startswith(RUN):
        checkpoint = Path(asked["model"].removeprefix(RUN)) / "checkpoint.pt"
    if checkpoint is not None:
        asked["checkpoint"] = str(Path(checkpoint).expanduser().resolve())
    document = describe(asked) | {"model": arguments.model}
    if arguments.json:
        print_json(document)
        return CORRECT
    from tutor.fields.table import lines

    print("\n".join(lines(document, columns, ascii_only)))
    if arguments.effective:
        from tutor.fields.heat import caption, draw

        found = document["effective"]
        colours = _colours() and not ascii_only
        print()
        for line in draw(found["heat"], found["square"], columns - 1, ascii_only, colours):
            print(_coloured(line) if colours else "".join(span.text for span in line).rstrip())
        print("\n".join(caption(found, document["receptive_field"], columns - 1)))
    for warning in document["warnings"]:
        print(warning, file=sys.stderr)
    return CORRECT


def _absolute(model: str) -> str:
    """The process that reads a file has a folder of its own."""
    if model.startswith(RUN):
        from tutor.training.folder import RunError
        from tutor.training.runs import find

        try:
            return f"{RUN}{find(model.removeprefix(RUN)).path}"
        except RunError as error:
            raise Trouble(str(error)) from None
    path, colon, inside = model.rpartition(":")
    if colon and path != "torchvision":
        return f"{Path(path).expanduser().resolve()}:{inside}"
    return str(Path(model).resolve()) if model.endswith(".py") else model


STYLES = {
    "title": "1", "label-chosen": "1", "chosen": "1;36", "lit": "36", "reach": "36", "part": "36", "outline": "2;36",
    "padding": "2", "quiet": "2", "axis": "2", "end": "1",
}  # fmt: skip
"""What a terminal is told for the roles of a diagram: bold, dim, and one accent."""


def _colours() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _styled(line: Line) -> str:
    spans = ((STYLES.get(span.role) if span.text.strip() else None, span.text) for span in line)
    return "".join(f"\x1b[{style}m{text}\x1b[0m" if style else text for style, text in spans)


def _coloured(line: Line) -> str:
    """Half blocks in the 24 greys that every terminal of 256 colours has."""
    text = ""
    for span in line:
        if span.levels is None:
            text += f"\x1b[0;36m{span.text}"
        else:
            upper, lower = (232 + min(23, int(level * 24)) for level in span.levels)
            text += f"\x1b[38;5;{upper};48;5;{lower}m{span.text}"
    return text + "\x1b[0m"


def describe(asked: dict[str, Any]) -> dict[str, Any]:
    """What `tutor.engine.networks` finds, in a process of its own: PyTorch, and the learner's file, run only there."""
    waiting = sys.stderr is not None and sys.stderr.isatty()
    if waiting:
        print("loading PyTorch ...", end="\r", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tutor.engine.networks", json.dumps(asked)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            cwd=Path(tutor.__file__).resolve().parent.parent,
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"The network was not read within {SECONDS:g} seconds; take a smaller --width.") from None
    except OSError as error:
        raise Trouble(f"The process that reads networks could not be started ({error.strerror}).") from None
    finally:
        if waiting:
            print(" " * 20, end="\r", file=sys.stderr, flush=True)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = f": {said[-1][:200]}" if said else ""
        raise Trouble(f"The process that reads networks ended with status {done.returncode}{why}") from None
    if "error" in document:
        raise Trouble(document["error"])
    return document
