"""What a network ran, as a graph: found from the operations themselves, so that every style of writing it is the same.

A functional, a Sequential and an own Module leave the same operations. `replay` computes what they should have given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
import torch.nn.functional as F

from tutor.code.probes import PROBE_DILATION

_KINDS = {
    "convolution": "conv", "addmm": "linear", "mm": "linear", "clamp_min": "relu", "threshold": "relu",
    "mean": "pool", "avg_pool2d": "pool", "_adaptive_avg_pool2d": "pool", "_softmax": "softmax",
    "_log_softmax": "log_softmax", "max_pool2d_with_indices": "max_pool", "amax": "max_pool",
    "adaptive_max_pool2d": "max_pool", "sub": "add", "native_dropout": "dropout", "bernoulli": "dropout",
    "empty_like": "dropout",
}  # fmt: skip
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "gelu": F.gelu, "silu": F.silu, "elu": F.elu,
    "leaky_relu": F.leaky_relu, "hardtanh": F.hardtanh, "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
}  # fmt: skip
"""What bends a value, by the kind of step."""
_WORDS = {
    "conv": "a convolution", "linear": "a linear layer", "relu": "a ReLU", "batch_norm": "a batch norm",
    "pool": "a mean over places", "max_pool": "a maximum over places", "add": "an addition",
    "dropout": "a dropout",
}  # fmt: skip
_CONSTANTS = {"zeros_like", "ones_like", "full_like"}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its kind, the values it reads and makes by number, the names of its weights, its line."""

    kind: str
    reads: tuple[int, ...]
    makes: int
    weights: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    values: tuple[Any, ...]
    turned: bool
    """Whether the last of its weights is read transposed."""
    line: int | None

    @property
    def word(self) -> str:
        """What it is called in a sentence, with its article where we have one."""
        return _WORDS.get(self.kind, self.kind)

    @property
    def probe(self) -> bool:
        """Whether this is the convolution of a block that was built as a probe."""
        return self.kind == "conv" and self.values[2][0] == PROBE_DILATION

    @property
    def bias(self) -> bool:
        """Whether a convolution or linear layer adds a bias of its own."""
        return len(self.shapes) > 2

    @property
    def channels(self) -> tuple[int, int]:
        """Of a convolution or linear layer: in, out."""
        if self.kind == "linear":
            return self.shapes[-1][0], self.shapes[-1][1]
        return self.shapes[1][1] * int(self.values[-1]), self.shapes[1][0]

    @property
    def kernel(self) -> tuple[int, ...]:
        """The size of a convolution's kernel; that of a linear layer has no dimensions."""
        return self.shapes[1][2:] if self.kind == "conv" else ()

    @property
    def stride(self) -> int:
        """A convolution's stride."""
        return self.values[0][0]

    @property
    def padding(self) -> int:
        """A convolution's padding."""
        return self.values[1][0]

    @property
    def plain(self) -> bool:
        """Whether a convolution is neither dilated, transposed nor grouped, and the same in both directions."""
        stride, padding, dilation, transposed = self.values[:4]
        square = all(len(set(each)) == 1 for each in (stride, padding, self.kernel))
        return square and set(dilation) == {1} and not transposed and self.values[-1] == 1


class Graph:
    """The steps between a network's input and its output, in the order they ran."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.input, self.out = int(found["input"]), int(found["out"])
        steps = [_step(each) for each in found["ops"]]
        below = {self.input}
        for step in steps:
            if below & set(step.reads) and step.kind not in _CONSTANTS:
                below.add(step.makes)
        needed, kept = {self.out}, []
        for step in reversed(steps):
            if step.makes in needed & below:
                needed |= set(step.reads)
                kept.append(step)
        self.steps: list[Step] = kept[::-1]
        self.live = below

    def of(self, *kinds: str) -> list[Step]:
        """The steps of these kinds."""
        return [step for step in self.steps if step.kind in kinds]

    def after(self, step: Step) -> list[Step]:
        """The steps that read what this one makes."""
        return [other for other in self.steps if step.makes in other.reads]

    def source(self, step: Step) -> Step | None:
        """The step whose value this one reads first."""
        read = next((each for each in step.reads if each in self.live), None)
        return next((other for other in self.steps if other.makes == read), None)

    def ancestors(self, value: int) -> set[int]:
        """Every value that this one is made from, itself included."""
        found = {value}
        for step in reversed(self.steps):
            if step.makes in found:
                found |= set(step.reads)
        return found

    def above(self, step: Step) -> set[int]:
        """Every value that a step is made from."""
        return set().union(*(self.ancestors(each) for each in step.reads if each in self.live))

    def joins(self) -> list[Step]:
        """The steps that add two values which both come from the input."""
        return [step for step in self.of("add") if sum(each in self.live for each in step.reads) > 1]

    def between(self, one: Step, two: Step) -> list[str]:
        """The kinds of the steps after `one` that `two` depends on and that depend on `one`."""
        above = self.above(two)
        chosen = [step for step in self.steps if step.makes in above and one.makes in self.ancestors(step.makes)]
        return [step.kind for step in chosen if step is not one]


def _step(found: dict[str, Any]) -> Step:
    kind = str(_KINDS.get(found["op"], found["op"]))
    if "batch_norm" in kind:
        kind = "batch_norm"
    values = tuple(tuple(each) if isinstance(each, list) else each for each in found["values"])
    if (kind == "clamp" and values[:1] == (0,)) or (kind == "maximum"):
        kind = "relu"
    shapes = tuple(tuple(each) for each in found["shapes"])
    weights = tuple(each for each in found["names"] if each)
    turned = [turn for turn, name in zip(found["turned"], found["names"], strict=True) if name][-1:] == [True]
    reads, shape = tuple(found["in"]), tuple(found["shape"])
    return Step(kind, reads, found["out"], weights, shapes, shape, values, turned, found["line"])


def replay(graph: Graph, x: torch.Tensor, weights: dict[str, torch.Tensor]) -> torch.Tensor:
    """What the layers of the graph make of `x`; an operation that is none of theirs is left out.

    Raises RuntimeError where the layers do not fit together.
    """
    values = {graph.input: x}
    for step in graph.steps:
        held = [values[each] for each in step.reads if each in values]
        own = [weights[each] for each in step.weights if each in weights]
        if not held:
            continue
        values[step.makes] = _value(step, held, own)
    return values[graph.out]


def _value(step: Step, held: list[torch.Tensor], own: list[torch.Tensor]) -> torch.Tensor:
    x = held[0]
    if step.kind == "conv":
        x = x if x.dim() == 4 else x[:, :, None, None]
        stride, padding, dilation = step.values[:3]
        return F.conv2d(x, own[0], own[1] if len(own) > 1 else None, stride, padding, dilation, int(step.values[-1]))
    if step.kind == "linear":
        flat = x.flatten(1) if x.dim() > 2 else x
        product = flat @ (own[-1].T if step.turned else own[-1])
        return product + own[0] if len(own) > 1 else product
    if step.kind == "batch_norm":
        training = bool(step.values[0])
        mean, var = (own[-2], own[-1]) if not training else (None, None)
        scale, shift = (own[0], own[1]) if len(own) > 3 or (training and len(own) > 1) else (None, None)
        return F.batch_norm(x, mean, var, scale, shift, training, 0.1, float(step.values[-1]))
    if step.kind == "add":
        others = held[1:] or [each.reshape(_shape_in(step, each)) for each in own]
        return x + others[0] if others else x
    if step.kind == "pool":
        return x.mean((2, 3)) if x.dim() == 4 else x
    if step.kind == "max_pool" and x.dim() == 4 and len(step.shape) == 4:
        return F.adaptive_max_pool2d(x, list(step.shape[2:]))
    if step.kind in ACTIVATIONS:
        return ACTIVATIONS[step.kind](x)
    return x


def _shape_in(step: Step, weight: torch.Tensor) -> tuple[int, ...]:
    """The shape that a step reads a weight in."""
    return next((each for each in step.shapes if prod(each) == weight.numel()), tuple(weight.shape))
