"""A module read as a network of windows: its graph traced by torch.fx, run on shapes alone, each operation understood.

What is pointwise in space is read through; what moves, pads, resizes or joins is a step; where a value is made of the
whole map (global pooling, flattening) the map before it is remembered. What is not known is never guessed.
"""

from __future__ import annotations

import contextlib
import copy
import traceback
import warnings

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.conv import _ConvNd

from tutor.engine.networks.rules import Reader
from tutor.engine.networks.states import Lost, Map, Reading, Step, Whole, up_to
from tutor.fields.arithmetic import INPUT, Node, network
from tutor.fields.layers import FieldError


def read(model: nn.Module, name: str, width: int) -> Reading:
    """The network of a module over an input of `width` cells along each axis. Raises FieldError with a sentence.

    The module is not changed; it is read as it stands for inference (`eval`).
    """
    axes, channels = input_of(model)
    graph = trace(model, name)
    x = torch.empty(1, channels, *[width] * axes, device="meta")
    reader = Reader(graph, axes)
    reader.read(x)
    found = next((state for state in reader.outputs() if isinstance(state, Map | Whole | Lost)), None)
    if found is None:
        raise FieldError(f"{name} returns nothing that is made of its input by layers that can be followed.")
    if isinstance(found, Lost):
        raise FieldError(found.sentence + _before(reader, found, width))
    steps, numbers = up_to(reader.steps, found.step)
    said = [*reader.gates(numbers), *reader.notes(numbers)]
    for axis in range(axes):
        field = network(tuple(_node(step, axis) for step in steps), width)
        for row, step in zip(field.layers, steps, strict=True):
            if row.size_out != step.sizes[axis]:
                said.append(f"{row.name} makes {step.sizes[axis]} cells in PyTorch, and {row.size_out} by arithmetic.")
    made_by = steps[-1].made_by
    state = reader.states[made_by]
    assert isinstance(state, Map)
    last = Map(len(steps) - 1, state.dims)
    return Reading(name, graph, steps, axes, channels, width, last, reader.recipes, tuple(dict.fromkeys(said)))


def _node(step: Step, axis: int) -> Node:
    return Node(step.layers[axis], step.inputs, step.type)


def _before(reader: Reader, lost: Lost, width: int) -> str:
    """The figures of the last map before the network loses its places."""
    if lost.step is None or lost.step == INPUT:
        return ""
    steps, _ = up_to(reader.steps, lost.step)
    with contextlib.suppress(FieldError):
        field = network(tuple(_node(step, reader.axes - 1) for step in steps), width)
        return f" The last map before it is {steps[-1].name}, with a receptive field of {field.receptive_field}."
    return ""


def trace(model: nn.Module, name: str) -> fx.GraphModule:
    """The graph of the forward pass, its parameters without values. Raises FieldError where it cannot be traced."""
    blank = copy.deepcopy(model).eval().to("meta")
    tracer = fx.Tracer()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = tracer.trace(blank)
    except Exception as error:
        words = (str(error).strip() or type(error).__name__).split("\n", 1)[0].split(". ", 1)[0].rstrip(".")
        raise FieldError(
            f"The layers of {name} cannot be read off, because its forward pass decides on values as it runs"
            f"{_place(error)}: {words}. Ask for a part of it that does not."
        ) from None
    extra = [node for node in graph.nodes if node.op == "placeholder"][1:]
    if any(not node.args for node in extra):
        raise FieldError(
            f"{name} takes {len(extra) + 1} inputs; only networks of one input have a receptive field here."
        )
    return fx.GraphModule(tracer.root, graph)


def _place(error: BaseException) -> str:
    """Where in the module's own code: `, line 12 of net.py`."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/torch/" not in one.filename]
    own = [one for one in frames if "/tutor/engine/" not in one.filename]
    return f", line {own[-1].lineno} of {own[-1].filename.rsplit('/', 1)[-1]}" if own else ""


def input_of(model: nn.Module) -> tuple[int, int]:
    """How many axes of space the input has, and how many channels: from the first convolution."""
    for module in model.modules():
        if isinstance(module, _ConvNd):
            return len(module.kernel_size), module.in_channels
        if isinstance(module, nn.Linear):
            break
    weights = [one for one in model.parameters() if isinstance(one, Tensor) and one.dim() >= 3]
    if weights:
        return weights[0].dim() - 2, weights[0].shape[1]
    raise FieldError(
        "This network begins with a linear layer, or has no convolution: it reads its whole input at once, "
        "so it has no receptive field smaller than that."
    )
