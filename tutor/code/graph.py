"""What a network ran, as a graph: found from the operations themselves, so that every style of writing it is the same.

A functional, a Sequential and an own Module leave the same operations. `replay` computes what they should have given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from tutor.code.judging import Raised, Session, Wrong, blob, tensor, tensors

_KINDS = {
    "convolution": "conv", "addmm": "linear", "mm": "linear", "clamp_min": "relu", "threshold": "relu",
    "mean": "pool", "avg_pool2d": "pool", "_adaptive_avg_pool2d": "pool", "_softmax": "softmax",
    "_log_softmax": "log_softmax", "max_pool2d_with_indices": "max_pool", "amax": "max_pool",
    "adaptive_max_pool2d": "max_pool", "sub": "add",
}  # fmt: skip
_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "gelu": F.gelu, "silu": F.silu, "elu": F.elu,
    "leaky_relu": F.leaky_relu, "hardtanh": F.hardtanh, "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
}  # fmt: skip
WORDS = {"conv": "a convolution", "linear": "a linear layer", "relu": "a ReLU", "batch_norm": "a batch norm"}
TOLERANCE = 2e-3


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
    line: int | None

    @property
    def channels(self) -> tuple[int, int]:
        """Of a convolution or linear layer: in, out."""
        if self.kind == "linear":
            return self.shapes[-1][0], self.shapes[-1][1]
        return self.shapes[1][1] * int(self.values[-1]), self.shapes[1][0]

    @property
    def kernel(self) -> tuple[int, ...]:
        """The size of a convolution's kernel."""
        return self.shapes[1][2:]

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
            if below & set(step.reads):
                below.add(step.makes)
        needed, kept = {self.out}, []
        for step in reversed(steps):
            if step.makes in needed and below & set(step.reads):
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

    def between(self, one: Step, two: Step) -> list[str]:
        """The kinds of the steps after `one` that `two` depends on and that depend on `one`."""
        above = set().union(*(self.ancestors(each) for each in two.reads if each in self.live))
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
    return Step(kind, tuple(found["in"]), found["out"], weights, shapes, tuple(found["shape"]), values, found["line"])


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
        weight = own[-1]
        flat = x.flatten(1) if x.dim() > 2 else x
        turned = tuple(weight.shape) == step.shapes[-1] and weight.shape[0] != weight.shape[1]
        product = flat @ (weight if turned else weight.T)
        return product + own[0] if len(own) > 1 else product
    if step.kind == "batch_norm":
        training = bool(step.values[0])
        mean, var = (own[-2], own[-1]) if not training else (None, None)
        scale, shift = (own[0], own[1]) if len(own) > 3 or (training and len(own) > 1) else (None, None)
        return F.batch_norm(x, mean, var, scale, shift, training, 0.1, float(step.values[-1]))
    if step.kind == "add":
        return held[0] + held[1] if len(held) > 1 else x
    if step.kind == "pool":
        return x.mean((2, 3)) if x.dim() == 4 else x
    if step.kind == "max_pool" and x.dim() == 4 and len(step.shape) == 4:
        return F.adaptive_max_pool2d(x, list(step.shape[2:]))
    if step.kind in _ACTIVATIONS:
        return _ACTIVATIONS[step.kind](x)
    return x


# ---------------------------------------------------------------- what checks of networks ask


def images(count: int, size: int, channels: int = 1, seed: int = 0) -> torch.Tensor:
    """Random images, the same at every call."""
    made = torch.Generator().manual_seed(1000 + seed)
    return torch.randn(count, channels, size, size, generator=made)


def built(session: Session, name: str, *values: Any) -> str:
    """Build the learner's network once for these values; its slot. Wrong where it is no module."""
    slot = f"{name}{values}"
    if slot not in session.facts:
        found = session.ask("build", name=name, values=list(values), slot=slot)
        if not found["module"]:
            said = "returned nothing; is the return missing?" if found["type"] == "NoneType" else "gives"
            raise Wrong(
                f"{name}({_listed(values)}) {said}"
                + ("" if "nothing" in said else f" something of the type {found['type']}; a network was expected.")
            )
        session.facts[slot] = found
    return slot


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(repr(value) for value in values)


def graph(session: Session, slot: str, x: torch.Tensor, train: bool = False) -> Graph:
    """What the network ran on `x`."""
    return Graph(session.ask("trace", slot=slot, x=blob(x), train=train))


def output(session: Session, slot: str, x: torch.Tensor, train: bool = False, seed: int = 0) -> torch.Tensor:
    """What the network makes of `x`."""
    return tensor(session.ask("forward", slot=slot, x=blob(x), train=train, seed=seed)["out"])


def shuffled_weights(session: Session, slot: str) -> dict[str, torch.Tensor]:
    """Give the network weights larger than at its start, other gains and other statistics; what they are now."""
    made = torch.Generator().manual_seed(7)
    held = {}
    for name, value in tensors(session.ask("weights", slot=slot)).items():
        if value.dtype.is_floating_point:
            fan = value[0].numel() if value.dim() > 1 else 1
            drawn = torch.randn(value.shape, generator=made) * (2.0 / fan**0.5 if value.dim() > 1 else 0.5)
            value = drawn.abs() + 0.5 if name.endswith("running_var") else drawn
        held[name] = value
    sent = {name: blob(value) for name, value in held.items() if value.dtype.is_floating_point}
    session.ask("put", slot=slot, values=sent)
    return held


def same_as_its_layers(session: Session, slot: str, x: torch.Tensor) -> None:
    """The output is what the layers found make of the input, with larger weights and random statistics."""
    held = shuffled_weights(session, slot)
    found = graph(session, slot, x)
    out = output(session, slot, x)
    try:
        expected = replay(found, x, held).reshape(out.shape)
    except (RuntimeError, IndexError, KeyError):
        raise Wrong("The layers do not fit together the way they ran; is a value used in another place?") from None
    off = (out - expected).abs().max().item()
    if not off <= TOLERANCE * (1 + expected.abs().max().item()):
        strange = next((step for step in found.steps if step.kind not in _USUAL), None)
        where = f" Line {strange.line} applies {strange.kind}." if strange and strange.line else ""
        raise Wrong(
            "The layers are there, and something else is done to the numbers: with the network's own weights put "
            f"into the layers, its output differs by up to {off:.3g}.{where}",
            strange.line if strange else None,
        )


_USUAL = {"conv", "linear", "batch_norm", "relu", "pool", "add"}


def modes_agree(session: Session, slot: str, x: torch.Tensor) -> None:
    """Nothing depends on chance or on the mode."""
    one = output(session, slot, x, train=True, seed=1)
    two = output(session, slot, x, train=False, seed=2)
    if not torch.allclose(one, two, atol=1e-5):
        raise Wrong(
            "The same images give other outputs in training mode than in evaluation mode. Which layer depends on "
            "chance, or on the other images of the batch? None is asked for here."
        )


def gradients_reach(session: Session, slot: str, x: torch.Tensor) -> None:
    """Every parameter gets a gradient that is not zero throughout."""
    found = session.ask("forward", slot=slot, x=blob(x), train=True, gradient=True)["gradient"]
    wanted = [name for name, _, _ in session.facts[slot]["parameters"]]
    for name in wanted:
        if name not in found or not torch.count_nonzero(tensor(found[name])):
            raise Wrong(f"No gradient reaches {name}. Is it frozen, detached, or not used on the way to the output?")


def right_shapes(session: Session, slot: str, given: Iterator[tuple[torch.Tensor, tuple[int, ...]]], hint: str) -> None:
    """Each input gives its shape."""
    for x, expected in given:
        try:
            shape = tuple(output(session, slot, x).shape)
        except Raised as error:
            error.error["where"] = f"With {_size(x.shape)} going in"
            raise
        if shape != expected:
            raise Wrong(f"{_size(x.shape)} goes in, {_size(shape)} comes out; {_size(expected)} was expected. {hint}")


def _size(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(each) for each in shape) + ")"


def count_of_parameters(session: Session, slot: str, layers: list[Step], hint: str) -> None:
    """As many numbers to learn as these layers have, each with a bias."""
    wanted = 0
    for step in layers:
        before, after = step.channels
        size = step.kernel[0] * step.kernel[1] if step.kind == "conv" else 1
        wanted += (before * size + 1) * after
    found = 0
    for _, shape, _ in session.facts[slot]["parameters"]:
        size = 1
        for length in shape:
            size *= length
        found += size
    if found != wanted:
        if not found:
            raise Wrong(
                "The network has no parameters that an optimizer could find. Layers in a plain list are not seen."
            )
        raise Wrong(
            f"The network has {found:,} parameters; the layers that run have {wanted:,}, biases included. {hint}"
        )


def nothing_after(found: Graph, last: Step) -> None:
    """The outputs are scores as they come out of the last layer."""
    for step in found.steps[found.steps.index(last) + 1 :]:
        if step.kind in ("softmax", "log_softmax"):
            raise Wrong(
                "A softmax stands at the end. Cross entropy takes the scores as they are, and applies its own.",
                step.line,
            )
        if step.kind in _ACTIVATIONS:
            raise Wrong(
                f"After the last layer comes {step.kind}; scores may be negative, and cross entropy takes them as "
                "they are.",
                step.line,
            )


def activation_between(found: Graph, one: Step, two: Step, what: str) -> None:
    """Between two layers stands one ReLU and no other activation."""
    kinds = [kind for kind in found.between(one, two) if kind in _ACTIVATIONS]
    if kinds == ["relu"]:
        return
    if not kinds:
        raise Wrong(f"Between {what} nothing bends the line: two linear maps in a row are one. Which is missing?")
    raise Wrong(f"Between {what} stands {', then '.join(kinds)}; one ReLU was expected.")
