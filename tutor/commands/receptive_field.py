"""Draw what the units of a stack of layers see of the input. Exit status 0: drawn, 2: the layers cannot be used."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tutor.commands import CORRECT, Trouble, print_json

EXAMPLE = 'receptive-field "k3p1 k3s2p1 k3p1" --width 14'
LEAST_COLUMNS = 60
NETWORK_SECONDS = 120.0


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument(
        "layers", nargs="*", metavar="LAYERS", help="kernel, stride, padding, dilation of each: k5s2p2, k3d2, max k2s2"
    )
    parser.add_argument("--model", metavar="NAME", help="a network of torchvision instead: torchvision:resnet50")
    parser.add_argument("--width", type=int, metavar="N", help="cells of the input (default: enough for five outputs)")
    parser.add_argument("--layer", type=int, metavar="N", help="the layer of the chosen unit (default: the last)")
    parser.add_argument("--unit", type=int, metavar="N", help="the unit whose field is lit (default: the middle one)")
    parser.add_argument("--ascii", action="store_true", help="letters and signs of ASCII only")
    parser.add_argument("--json", action="store_true", help="the figures of every layer as one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """The diagram, or the figures."""
    from tutor.fields.arithmetic import Figures
    from tutor.fields.diagram import cone, draw, usual_width
    from tutor.fields.layers import FieldError, parse

    if arguments.model is not None:
        if arguments.layers:
            raise Trouble("Give either layers or --model, not both.")
        return _network(arguments)
    try:
        layers = parse(" ".join(arguments.layers))
        width = usual_width(layers) if arguments.width is None else arguments.width
        found = cone(layers, width, arguments.layer, arguments.unit)
    except FieldError as error:
        raise Trouble(str(error)) from None
    if arguments.json:
        print_json(Figures(found.field).as_dict())
        return CORRECT
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "") if sys.stdout is not None else "ascii"
    columns = max(shutil.get_terminal_size().columns, LEAST_COLUMNS)
    print("\n".join(draw(found, columns, arguments.ascii or not encoding.startswith("utf"))))
    for warning in found.field.warnings:
        print(warning, file=sys.stderr)
    return CORRECT


def _network(arguments: argparse.Namespace) -> int:
    """The figures of a network, from its graph and from its gradient."""
    from tutor.engine.client import Engine, EngineError

    engine = Engine()
    try:
        params = {"model": arguments.model, "width": arguments.width}
        document = engine.request("field", params, NETWORK_SECONDS).result()
    except EngineError as error:
        raise Trouble(str(error)) from None
    finally:
        engine.close()
    if arguments.json:
        print_json(document)
        return CORRECT
    print("\n".join(_table(document["layers"])))
    words = f"receptive field {document['receptive_field']}   jump {document['stride']}"
    print(f"\n{words}   first position {document['first_position']}   at {document['layers'][-1]['name']}")
    agree = "the same" if document["agree"] else "not the same"
    print(f"The gradient of a unit in the middle reaches {document['measured']} cells: {agree}.")
    for warning in document["warnings"]:
        print(warning, file=sys.stderr)
    return CORRECT


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a layer."""
    column = max(len(row["name"]) for row in rows) + 2
    return [
        f"{'':{column}}kernel stride padding dilation   size  field  jump  first",
        *(
            f"{row['name']:{column}}{row['kernel']:>6}{row['stride']:>7}{row['padding']:>8}{row['dilation']:>9}"
            f"{row['size_out']:>7}{row['receptive_field']:>7}{row['jump']:>6}{row['first_position']:>7}"
            for row in rows
        ),
    ]
