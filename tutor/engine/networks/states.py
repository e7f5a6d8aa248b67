"""What reading a traced network finds: steps that look at space, and how each value of the graph stands to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from torch import fx

from tutor.fields.arithmetic import INPUT, Field, Node, network
from tutor.fields.layers import FieldError, Layer


@dataclass(frozen=True, slots=True)
class Map:
    """A feature map: the step that made it, and which of the tensor's dimensions are places."""

    step: int
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A value made of a whole map (pooled globally, flattened): it has no places any more."""

    step: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that reads in a way for which there is no receptive field: the sentence, and the map before it."""

    sentence: str
    step: int | None


State: TypeAlias = "Map | Whole | Lost | list[State] | None"


@dataclass(frozen=True, slots=True)
class Step:
    """A layer or a join of the network: a `Layer` and PyTorch's own size for each axis of space."""

    name: str
    type: str
    inputs: tuple[int, ...]
    layers: tuple[Layer, ...]
    sizes: tuple[int, ...]
    made_by: fx.Node


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the positive pass does a node: "same" (its first source), "sum", "pool", "cat", or "run" as it stands."""

    kind: str
    sources: tuple[fx.Node, ...]
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A traced network up to its last feature map."""

    name: str
    graph: fx.GraphModule
    """On the device "meta": shapes without values."""
    steps: tuple[Step, ...]
    axes: int
    channels: int
    width: int
    last: Map
    recipes: dict[fx.Node, Recipe] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def nodes(self, axis: int) -> tuple[Node, ...]:
        """The network along one axis, for the arithmetic."""
        return tuple(Node(step.layers[axis], step.inputs, step.type) for step in self.steps)

    def field(self, axis: int, width: int | None = None) -> Field:
        """The figures along one axis, by the recurrence."""
        return network(self.nodes(axis), self.width if width is None else width)


def up_to(steps: list[Step], last: int) -> tuple[tuple[Step, ...], dict[int, int]]:
    """The steps that lead to `last`, numbered afresh, and the new number of each. Raises FieldError for none."""
    if last == INPUT:
        raise FieldError(
            "This network reads its whole input at once (a linear layer, or a mean, comes first); "
            "it has no feature map, so no receptive field smaller than its input."
        )
    wanted, waiting = set[int](), [last]
    while waiting:
        one = waiting.pop()
        if one != INPUT and one not in wanted:
            wanted.add(one)
            waiting += steps[one].inputs
    numbers = {INPUT: INPUT} | {old: new for new, old in enumerate(sorted(wanted))}
    kept = (steps[one] for one in sorted(wanted))
    return tuple(
        Step(s.name, s.type, tuple(numbers[i] for i in s.inputs), s.layers, s.sizes, s.made_by) for s in kept
    ), numbers
