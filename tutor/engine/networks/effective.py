"""The effective receptive field: how strongly each input cell moves one unit, by the module's own gradient.

The theoretical field says which cells can be read. How much they count is the gradient itself, which is near a bell
around the middle at random weights, and changes as the network learns (Luo et al., 2016).
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from tutor.engine.networks.states import Reading
from tutor.fields.layers import FieldError

SAMPLES, SECONDS = 16, 8.0
LARGEST = 640
SHARE = 0.95


class _Real(fx.Interpreter):
    """The module's own pass, up to its last feature map."""

    def __init__(self, reading: Reading, model: nn.Module) -> None:
        own = fx.GraphModule(model, reading.graph.graph)
        super().__init__(own, garbage_collect_values=False)
        self._traced: fx.Graph = own.graph
        names = {node.name for node in _before(reading.steps[-1].made_by)}
        self._wanted = [node for node in self._traced.nodes if node.name in names]
        self._last = next(node for node in self._wanted if node.name == reading.steps[-1].made_by.name)

    def map_of(self, x: Tensor) -> Tensor:
        self.env: dict[fx.Node, Any] = {}
        first = True
        for node in self._traced.nodes:
            if node.op == "placeholder":
                self.env[node] = x if first else node.args[0]
                first = False
        for node in self._wanted:
            if node.op != "placeholder":
                self.env[node] = self.run_node(node)
        return self.env[self._last]


def _before(node: fx.Node) -> set[fx.Node]:
    found, waiting = set[fx.Node](), [node]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += one.all_input_nodes
    return found


def effective(
    reading: Reading, model: nn.Module, cells: int, width: int | None = None, seed: int = 0
) -> dict[str, Any]:
    """The heat map of the middle unit, `cells` x `cells` at most, each the root of the mean squared gradient.

    `square` is the theoretical field in these cells (top, left, bottom, right; it may lie past the border), `side` the
    smallest square around the middle that holds 95 % of the gradient, in input cells. Raises FieldError.
    """
    if reading.axes != 2:
        raise FieldError("The heat map is for networks over two dimensions; the figures above say what this one reads.")
    fields = [reading.field(axis) for axis in range(2)]
    field = max(one.receptive_field for one in fields)
    step = max(1, int(max(one.stride for one in fields)))
    size = width or min(max(field + field // 5, 2 * step), LARGEST)
    size += -size % step
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    own = _Real(reading, model.eval())
    random = torch.Generator().manual_seed(seed)
    total = torch.zeros(size, size)
    began, samples = time.monotonic(), 0
    units = [0, 0]
    while samples < SAMPLES and (samples == 0 or time.monotonic() - began < SECONDS):
        x = torch.randn(1, reading.channels, size, size, generator=random).requires_grad_()
        try:
            out = own.map_of(x)
        except RuntimeError as error:
            words = str(error).strip().split("\n", 1)[0]
            raise FieldError(f"The network cannot take an input of {size} x {size}: {words}.") from None
        at = list[Any]([slice(None)] * out.dim())
        for axis, dim in enumerate(reading.last.dims):
            units[axis] = at[dim] = out.shape[dim] // 2
        middle = out[tuple(at)].flatten()
        # Random weights over the channels, so that none of them is preferred and none cancels every time.
        mix = torch.randn(middle.shape, generator=random)
        (gradient,) = torch.autograd.grad((middle * mix).sum(), x)
        total += gradient[0].square().sum(0)
        samples += 1
    heat = (total / samples).sqrt()
    if not float(heat.max()) > 0 or not bool(heat.isfinite().all()):
        raise FieldError("The gradient of the middle unit is zero or not finite everywhere; there is nothing to draw.")
    shown = min(cells, size)
    small = functional.adaptive_avg_pool2d(heat[None, None], shown)[0, 0]
    small = small / small.max()
    spots = [one.spots[-1] for one in fields]
    edges = [
        (float(spot.first + unit * spot.jump), float(spot.last + unit * spot.jump) + 1)
        for spot, unit in zip(spots, units, strict=True)
    ]
    scale = shown / size
    square = [edges[0][0] * scale, edges[1][0] * scale, edges[0][1] * scale, edges[1][1] * scale]
    return {
        "size": size,
        "samples": samples,
        "heat": [[round(float(value), 4) for value in row] for row in small],
        "square": [round(edge, 3) for edge in square],
        "side": _side(heat, [(near + far - 1) / 2 for near, far in edges]),
    }


def _side(heat: Tensor, middle: list[float]) -> int:
    """The side of the smallest square around the middle with 95 % of the sum."""
    rows = (torch.arange(heat.shape[0]) - middle[0]).abs()
    columns = (torch.arange(heat.shape[1]) - middle[1]).abs()
    away = torch.maximum(rows[:, None], columns[None, :]).flatten()
    order = away.argsort()
    sums = heat.flatten()[order].double().cumsum(0)
    at = int((sums < SHARE * sums[-1]).sum())
    return int(2 * float(away[order][min(at, len(order) - 1)])) + 1
