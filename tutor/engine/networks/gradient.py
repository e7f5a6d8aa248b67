"""Receptive fields by a real gradient: the module's own graph, run so that nothing can cancel or be cut off.

Every weight is positive, every bias zero; activations and normalisations are left out (a ReLU would cut gradients off);
maximum pooling is a mean, because the gradient of a maximum follows the largest cell alone; products and differences
are sums. What is left is which cells are read. The input is a strip, as long as the field along one axis and as narrow
as the network allows along the others: a field is found without its square being computed.
"""

from __future__ import annotations

import copy
from fractions import Fraction
from math import ceil
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from tutor.engine.networks.states import Reading
from tutor.fields.arithmetic import Field
from tutor.fields.layers import FieldError, Layer

MARGIN = 2
"""Cells on either side of the field that must have no gradient."""
WIDEST = 1 << 14


class Positive(fx.Interpreter):
    """The positive pass of a reading up to its last feature map."""

    def __init__(self, reading: Reading, seed: int = 0) -> None:
        super().__init__(reading.graph, garbage_collect_values=False)
        self.reading = reading
        self.random = torch.Generator().manual_seed(seed)
        self._weights: dict[str, Any] = {}
        self._needed = needed(reading)

    def map_of(self, x: Tensor) -> Tensor:
        """The last feature map."""
        last = self.reading.steps[-1].made_by
        self.env: dict[fx.Node, Any] = {}
        first = True
        for node in self.reading.graph.graph.nodes:
            if node.op == "placeholder":
                self.env[node] = x if first else node.args[0]
                first = False
            elif node in self._needed:
                self.env[node] = self._do(node)
                if node is last:
                    break
        return self.env[last]

    def _do(self, node: fx.Node) -> Any:
        recipe = self.reading.recipes[node]
        if recipe.kind == "same":
            return self.env[recipe.sources[0]]
        if recipe.kind == "sum":
            total = self.env[recipe.sources[0]]
            for one in recipe.sources[1:]:
                total = total + self.env[one]
            return total
        if recipe.kind == "pool":
            return pooled(self.env[recipe.sources[0]], recipe.detail)
        if recipe.kind == "cat":
            return self._joined(*recipe.detail)
        return self.run_node(node)

    def _joined(self, along: int, parts: tuple[tuple[fx.Node, int, bool], ...]) -> Tensor:
        """Parts that are no maps are zeros of their number of channels."""
        found = {part: self.env[part] for part, _, _ in parts if part in self.env}
        shape = list(next(iter(found.values())).shape)
        values = []
        for part, channels, _ in parts:
            shape[along] = channels
            values.append(found[part] if part in found else torch.zeros(shape, dtype=torch.float64))
        return torch.cat(values, along)

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        if target not in self._weights:
            module: nn.Module = copy.deepcopy(self.fetch_attr(target)).to_empty(device="cpu").double()
            for parameter in module.parameters():
                with torch.no_grad():
                    parameter.copy_(self._positive(parameter))
                parameter.requires_grad_(False)
            self._weights[target] = module
        return self._weights[target](*args, **kwargs)

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        value = super().get_attr(target, args, kwargs)
        if isinstance(value, Tensor) and value.device.type == "meta":
            if target not in self._weights:
                self._weights[target] = self._positive(value)
            return self._weights[target]
        return value

    def _positive(self, like: Tensor) -> Tensor:
        """Random weights between 0.5 and 1.5, over the number of cells they read; a vector is a bias, and zero."""
        if like.dim() < 2:
            return torch.zeros(like.shape, dtype=torch.float64)
        drawn = torch.rand(like.shape, generator=self.random, dtype=torch.float64) + 0.5
        return drawn / max(1, like[0].numel())


def needed(reading: Reading) -> set[fx.Node]:
    """The nodes that the positive pass runs."""
    found, waiting = set[fx.Node](), [reading.steps[-1].made_by]
    while waiting:
        node = waiting.pop()
        if node not in found and node.op != "placeholder":
            found.add(node)
            waiting += reading.recipes[node].sources
    return found


def pooled(x: Tensor, layers: tuple[Layer, ...]) -> Tensor:
    """A mean over the same windows as the pooling's, those included that stick out."""
    for axis, layer in enumerate(layers):
        dim = x.dim() - len(layers) + axis
        size = x.shape[dim]
        far = (layer.size_out(size) - 1) * layer.stride + layer.reach - size - layer.padding
        pads = [0, 0] * (x.dim() - 1 - dim) + [layer.padding, far]
        x = functional.pad(x, pads).unfold(dim, layer.reach, layer.stride)[..., :: layer.dilation].mean(-1)
    return x


def measured(reading: Reading, axis: int) -> tuple[int, Fraction]:
    """Receptive field and first position of unit 0 along an axis, from the gradient of a unit far from the borders.

    Where units of different phase read differently (after resizing), the widest of a period. Raises FieldError.
    """
    field = reading.field(axis)
    spot = field.spots[-1]
    jump = Fraction(spot.jump)
    step = max(1, *(ceil(one.jump) for one in field.spots))
    unit = max(0, ceil((MARGIN - spot.first) / jump))
    phases = _phases(field)
    unit += -unit % phases
    units = range(unit, unit + phases)
    length = ceil(spot.last + units[-1] * jump) + 1 + MARGIN
    length += -length % step
    while reading.field(axis, length).layers[-1].size_out <= units[-1]:
        length += step
    if length > WIDEST:
        raise FieldError(f"A gradient over {length:,} cells was not computed; the recurrence stands alone.")
    torch.manual_seed(0)
    x = torch.rand(_shape(reading, axis, length), dtype=torch.float64, requires_grad=True)
    out = Positive(reading).map_of(x)
    widest, first = 0, Fraction(0)
    for one in units:
        at = list[Any]([slice(None)] * out.dim())
        for which, dim in enumerate(reading.last.dims):
            at[dim] = one if which == axis else out.shape[dim] // 2
        (gradient,) = torch.autograd.grad(out[tuple(at)].sum(), x, retain_graph=True)
        others = [dim for dim in range(x.dim()) if dim != 2 + axis]
        cells = gradient.abs().sum(others).nonzero().flatten()
        if not len(cells):
            raise FieldError("No gradient reaches the input: the network is cut off from it.")
        near, far = int(cells[0]), int(cells[-1])
        if one == unit:
            first = near - one * jump
        widest = max(widest, far - near + 1)
    return widest, first


def _phases(field: Field) -> int:
    """After how many units the way of reading repeats: more than one where a map was made finer."""
    if not any(node.layer.kind == "transposed" for node in field.nodes):
        return 1
    return ceil(max(spot.jump for spot in field.spots) / Fraction(field.stride))


def _shape(reading: Reading, axis: int, length: int) -> list[int]:
    """The strip: `length` along one axis, as narrow as the network allows along the others."""
    sizes = []
    for other in range(reading.axes):
        sizes.append(length if other == axis else _narrowest(reading, other))
    return [1, reading.channels, *sizes]


def _narrowest(reading: Reading, axis: int) -> int:
    width = 1
    while width < WIDEST:
        try:
            reading.field(axis, width)
            return width
        except FieldError:
            width *= 2
    return reading.width


def compared(reading: Reading, axis: int, field: Field) -> dict[str, Any]:
    """The gradient's finding beside the recurrence's, or the sentence why there is none."""
    try:
        width, first = measured(reading, axis)
    except FieldError as error:
        return {"receptive_field": None, "agree": None, "how": str(error)}
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        words = str(error).strip().split("\n", 1)[0]
        return {"receptive_field": None, "agree": None, "how": f"The gradient could not be computed: {words}."}
    # Of a map that was made finer the recurrence gives the widest reading of all phases, the gradient each one.
    one_phase = _phases(field) == 1
    agree = width == field.receptive_field and (not one_phase or first == field.spots[-1].first)
    how = "the input cells with a gradient from one unit, over random positive weights"
    if not one_phase:
        how += ", the widest of neighbouring units"
    return {"receptive_field": width, "first_position": float(first) if first % 1 else int(first), "agree": agree,
            "how": how}  # fmt: skip
