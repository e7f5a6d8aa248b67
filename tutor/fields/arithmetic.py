"""Where units look: sizes, fields, jumps and first positions of every layer, and the cells behind one unit.

A network is a list of nodes, each a layer and the nodes that it reads; -1 is the input. A chain of typed layers is the
plain case. Four ways lead to the same numbers, and the tests hold them against each other: the recurrence (`rows`),
the closed form, the walk of indices one by one, and the gradient of real PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default
from fractions import Fraction
from math import ceil, floor, prod
from typing import TypeAlias

from tutor.fields.layers import FieldError, Layer

Number: TypeAlias = int | Fraction
INPUT = -1


@dataclass(frozen=True, slots=True)
class Node:
    """A layer and what it reads: indices of earlier nodes, `INPUT` for the input."""

    layer: Layer
    inputs: tuple[int, ...] = (INPUT,)
    type: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a layer. Positions count input cells from 0; in the padding they are negative."""

    name: str
    kernel: int
    stride: int
    padding: int
    dilation: int
    size_in: int
    size_out: int
    receptive_field: int
    jump: Number
    first_position: int
    type: str = "conv"
    inputs: tuple[str, ...] = ("input",)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where unit 0 looks, exactly, and how far apart neighbours look."""

    first: Number = 0
    last: Number = 0
    jump: Number = 1

    @property
    def width(self) -> int:
        """The receptive field: the last position minus the first, plus one."""
        return ceil(self.last - self.first) + 1


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of a network's last layer, and the rows of all layers, the first layer first."""

    receptive_field: int
    stride: Number
    first_position: int
    layers: tuple[Row, ...]
    width: int
    nodes: tuple[Node, ...]
    spots: tuple[Spot, ...]
    warnings: tuple[str, ...] = ()

    def size(self, node: int) -> int:
        """How many units a node has; the input too."""
        return self.width if node == INPUT else self.layers[node].size_out

    def spot(self, node: int) -> Spot:
        """Where unit 0 of a node looks; the input looks at itself."""
        return Spot() if node == INPUT else self.spots[node]

    def name(self, node: int) -> str:
        """The name of a node."""
        return "input" if node == INPUT else self.layers[node].name

    def twice_centre(self, node: int, unit: int) -> Number:
        """Twice the position of the middle of what a unit reads: whole wherever the layers are."""
        spot = self.spot(node)
        return spot.first + spot.last + 2 * unit * spot.jump

    def nearest(self, node: int, twice_position: Number) -> int:
        """The unit of a node whose middle is nearest to a position (doubled), inside the map."""
        spot = self.spot(node)
        unit = round(Fraction(twice_position - spot.first - spot.last) / (2 * spot.jump))
        return min(max(unit, 0), self.size(node) - 1)


def chain(layers: Sequence[Layer]) -> tuple[Node, ...]:
    """Layers one after the other."""
    return tuple(Node(layer, (index - 1,), layer.kind) for index, layer in enumerate(layers))


def rows(layers: Sequence[Layer], width: int) -> Field:
    """The figures of a stack of layers over `width` cells. Raises FieldError where a kernel does not fit."""
    return network(chain(layers), width)


def network(nodes: Sequence[Node], width: int) -> Field:
    """The figures of a network, by the recurrence: each node from those that it reads.

    Where branches meet, the first position is the least and the last the greatest of theirs: the union.
    """
    if width < 1:
        raise FieldError("An input has 1 cell at least; take a width of 1 or more.")
    spots: list[Spot] = []
    found: list[Row] = []
    warnings: list[str] = []
    for node in nodes:
        below = [Spot() if index == INPUT else spots[index] for index in node.inputs]
        sizes = [width if index == INPUT else found[index].size_out for index in node.inputs]
        names = tuple("input" if index == INPUT else found[index].name for index in node.inputs)
        layer = node.layer
        joined = Spot(
            min(spot.first for spot in below), max(spot.last for spot in below), max(spot.jump for spot in below)
        )
        if len({spot.jump for spot in below}) > 1:
            jumps = " and ".join(
                dict.fromkeys(f"{spot.jump} ({name})" for spot, name in zip(below, names, strict=True))
            )
            warnings.append(
                f"{layer.name} joins branches of unequal jumps, {jumps}: their units drift apart, and no one field "
                f"holds for every unit. Given is unit 0's."
            )
        size = max(sizes)
        if len(set(sizes) - {1}) > 1:
            raise FieldError(f"{layer.name} joins maps of {' and '.join(map(str, sizes))} units; they do not match.")
        try:
            size_out = layer.size_out(size)
        except FieldError as error:
            least = smallest_width([one.layer for one in nodes]) if _is_chain(nodes) else None
            advice = f" A width of {least} or more is enough." if least else " Take a wider input."
            raise FieldError(f"{error}{advice}") from None
        if size_out < 1:
            raise FieldError(f"{layer.name} ({layer.text}) has no unit left over {size} cells. Take a wider input.")
        spot = _above(layer, joined)
        spots.append(spot)
        found.append(
            Row(
                layer.name,
                layer.kernel,
                layer.stride,
                layer.padding,
                layer.dilation,
                size,
                size_out,
                spot.width,
                spot.jump,
                floor(spot.first),
                node.type or layer.kind,
                names,
            )
        )
    last = spots[-1] if spots else Spot()
    return Field(
        last.width, last.jump, floor(last.first), tuple(found), width, tuple(nodes), tuple(spots), tuple(warnings)
    )


def _above(layer: Layer, below: Spot) -> Spot:
    """Where unit 0 of a layer looks, from where unit 0 below it does."""
    if layer.kind == "transposed":
        # Units of different phase read different numbers of cells; this is the widest.
        first = below.first + below.jump * -((layer.reach - 1 - layer.padding) // layer.stride)
        last = first + (below.last - below.first) + below.jump * ((layer.reach - 1) // layer.stride)
        return Spot(first, last, _plain(Fraction(below.jump) / layer.stride))
    first = below.first - layer.padding * below.jump
    last = below.last + (layer.reach - 1 - layer.padding) * below.jump
    return Spot(_plain(first), _plain(last), below.jump * layer.stride)


def _plain(number: Number) -> Number:
    return int(number) if number == int(number) else number


def _is_chain(nodes: Sequence[Node]) -> bool:
    return all(node.inputs == (index - 1,) for index, node in enumerate(nodes))


def closed_form(layers: Sequence[Layer]) -> int:
    """The receptive field of a stack at once: 1 + Σ d_j (K_j - 1) ∏ S_i over the layers below j."""
    return 1 + sum(
        layer.dilation * (layer.kernel - 1) * prod(below.stride for below in layers[:j])
        for j, layer in enumerate(layers)
    )


def closed_first(layers: Sequence[Layer]) -> int:
    """The first position of a stack at once: -Σ P_j ∏ S_i over the layers below j."""
    return -sum(layer.padding * prod(below.stride for below in layers[:j]) for j, layer in enumerate(layers))


def walk(layers: Sequence[Layer], unit: int, width: int | None = None) -> tuple[frozenset[int], ...]:
    """The cells behind a unit of the last layer, index by index: those of the input first, the unit itself last.

    With a width, cells outside the maps are dropped (padding is a constant and reads nothing); without, they count.
    """
    sizes = [width]
    for layer in layers:
        sizes.append(None if sizes[-1] is None else layer.size_out(sizes[-1]))
    levels = [frozenset({unit})]
    for layer, size in zip(reversed(layers), reversed(sizes[:-1]), strict=True):
        cells = {cell for above in levels[-1] for cell in layer.taps(above)}
        levels.append(frozenset(cell for cell in cells if size is None or 0 <= cell < size))
    return tuple(reversed(levels))


def smallest_width(layers: Sequence[Layer], units: int = 1) -> int:
    """The narrowest input over which the last layer has `units` units."""
    size = units
    for layer in reversed(layers):
        if layer.kind == "transposed":
            size = max(
                1, -((layer.reach + layer.extra - layer.padding - layer.padding_after - size) // layer.stride) + 1
            )
            continue
        size = max(1, layer.stride * (size - 1) + layer.reach - layer.padding - layer.padding_after)
    return size


@dataclass(frozen=True, slots=True)
class Glance:
    """What one unit reads of the input: positions from `first` to `last`, those past the border included."""

    first: int
    last: int
    real: int
    """How many of these positions are cells of the input."""
    read: int
    """How many cells of the input are really read: fewer where dilation or strides leave holes."""

    @property
    def width(self) -> int:
        """The last position minus the first, plus one."""
        return self.last - self.first + 1

    @property
    def words(self) -> str:
        """`9 wide`, `9 wide, 7 of them real`, `9 wide, 5 of them read`."""
        said = f"{self.width} wide"
        if self.real < self.width:
            said += f", {self.real} of them real"
        if self.read < self.real:
            said += f", {self.read} of them read" if self.real == self.width else f" and {self.read} read"
        return said


@dataclass(frozen=True, slots=True)
class Figures:
    """The document of `receptive-field --json`, before it is JSON."""

    field: Field
    extra: dict[str, object] = default(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain values, in the published order of keys."""
        layers = []
        for row in self.field.layers:
            values: dict[str, object] = {name: getattr(row, name) for name in ROW_KEYS}
            values |= {"jump": plain_number(row.jump), "type": row.type, "inputs": list(row.inputs)}
            layers.append(values)
        return {
            "receptive_field": self.field.receptive_field,
            "stride": plain_number(self.field.stride),
            "first_position": self.field.first_position,
            "layers": layers,
            "width": self.field.width,
            "warnings": list(self.field.warnings),
        } | self.extra


ROW_KEYS = (
    "name",
    "kernel",
    "stride",
    "padding",
    "dilation",
    "size_in",
    "size_out",
    "receptive_field",
    "jump",
    "first_position",
)


def plain_number(number: Number) -> int | float:
    """A number that JSON can hold."""
    return int(number) if number == int(number) else float(number)
