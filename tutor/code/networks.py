"""What the checks of networks ask, and find: shapes, layers, activations, parameters, modes, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import prod
from typing import Any

import torch

from tutor.code.graph import ACTIVATIONS, Graph, Step, replay
from tutor.code.judging import Check, Raised, Session, Wrong, blob, check, tensor, tensors

TOLERANCE = 2e-3
"""So far may an output be from what the layers give, as a share of the largest of them."""


def images(count: int, size: int, channels: int = 1, seed: int = 0) -> torch.Tensor:
    """Random images, the same at every call."""
    made = torch.Generator().manual_seed(1000 + seed)
    return torch.randn(count, channels, size, size, generator=made)


def built(session: Session, name: str, *values: Any, probe: str = "", added: str = "", **options: Any) -> str:
    """Build the learner's network once for these values; its slot. Wrong where it is no module.

    With `probe`, the name of a class of blocks, each of these blocks runs as one convolution (`Step.probe`). With
    `added`, the file has a class of blocks of this name besides its own.
    """
    said = called(name, *values, **options)
    slot = f"{said} {probe} {added}"
    if slot not in session.facts:
        asked = {"name": name, "values": list(values), "options": options, "slot": slot}
        found = session.ask("build", probe=probe, added=added, **asked)
        if not found["module"]:
            if found["type"] == "NoneType":
                raise Wrong(f"{said} returned nothing; is the return missing?")
            raise Wrong(f"{said} gives something of the type {found['type']}; a network was expected.")
        if found["lazy"]:
            raise Wrong(
                f"In {said} {found['lazy']} has no size yet: a lazy layer gets its weights from the first images that "
                "pass through it, and an optimizer made before finds none. Which sizes does it have?"
            )
        session.facts[slot] = found
    return slot


def called(name: str, *values: Any, **options: Any) -> str:
    """A call as it is written: get_model(8, base_width=16)."""
    given = [("", each) for each in values] + [(f"{option}=", each) for option, each in options.items()]
    said = (f'{before}"{each}"' if isinstance(each, str) else f"{before}{each!r}" for before, each in given)
    return f"{name}({', '.join(said)})"


def listed(steps: Iterable[Step]) -> str:
    """The steps in a sentence: a convolution, then a ReLU."""
    return ", then ".join(word for word, _ in groupby(step.word for step in steps)) or "nothing"


def graph(session: Session, slot: str, x: torch.Tensor, train: bool = False) -> Graph:
    """What the network ran on `x`."""
    return Graph(session.ask("trace", slot=slot, x=blob(x), train=train))


def ran(session: Session, slot: str, x: torch.Tensor) -> Graph:
    """What the network runs on images of this shape, in evaluation mode; found once."""
    key = f"{slot} on {tuple(x.shape)}"
    if key not in session.facts:
        session.facts[key] = graph(session, slot, x)
    return session.facts[key]


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
    """Every parameter gets a gradient that is not zero throughout, whatever weights the network begins with."""
    shuffled_weights(session, slot)
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


def count_of_parameters(session: Session, slot: str, found: Graph, hint: str) -> None:
    """As many numbers to learn as the layers have that run, each with at most one bias."""
    wanted = 0
    for step in found.of("conv", "linear"):
        before, after = step.channels
        added = any(other.kind == "add" and other.weights for other in found.after(step))
        wanted += before * prod(step.kernel) * after + (after if step.bias or added else 0)
    count = sum(prod(shape) for _, shape, _ in session.facts[slot]["parameters"])
    if not count:
        raise Wrong("The network has no parameters that an optimizer could find. Layers in a plain list are not seen.")
    if count != wanted:
        raise Wrong(f"The network has {count:,} parameters; the layers that run have {wanted:,}. {hint}")


def in_a_row(found: Graph, layers: list[Step]) -> None:
    """The layers follow one another: nothing bends the input before the first, and no two values are added."""
    above = found.above(layers[0]) if layers else set()
    if early := next((step for step in found.steps if step.makes in above and step.kind in ACTIVATIONS), None):
        raise Wrong(
            f"Before the first layer comes {early.word}; the images were to go in as they are.",
            early.line,
        )
    if joins := found.joins():
        raise Wrong(
            "Two values are added or subtracted on the way; the layers were asked for one after the other.",
            joins[0].line,
        )


def same_in_training(evaluating: Graph, training: Graph) -> None:
    """Nothing runs in training mode alone."""
    known = {step.kind for step in evaluating.steps}
    if more := next((step for step in training.steps if step.kind not in known), None):
        raise Wrong(
            f"In training mode {more.word} runs that does not run in evaluation mode; none was asked for here.",
            more.line,
        )


def nothing_after(found: Graph, last: Step) -> None:
    """The outputs are scores as they come out of the last layer."""
    for step in found.steps[found.steps.index(last) + 1 :]:
        if step.kind in ("softmax", "log_softmax"):
            raise Wrong(
                "A softmax stands at the end. Cross entropy takes the scores as they are, and applies its own.",
                step.line,
            )
        if step.kind in ACTIVATIONS:
            raise Wrong(
                f"After the last layer comes {step.kind}; scores may be negative, and cross entropy takes them as "
                "they are.",
                step.line,
            )


def activation_between(found: Graph, one: Step, two: Step, what: str) -> None:
    """Between two layers stands one ReLU and no other activation."""
    kinds = [kind for kind in found.between(one, two) if kind in ACTIVATIONS]
    if kinds == ["relu"]:
        return
    if not kinds:
        raise Wrong(f"Between {what} nothing bends the line: two linear maps in a row are one. Which is missing?")
    raise Wrong(f"Between {what} stands {', then '.join(kinds)}; one ReLU was expected.")


# ---------------------------------------------------------------- the checks a network for images begins and ends with


def opening(name: str, sizes: tuple[int, ...]) -> tuple[Check, ...]:
    """`name(image_size)` gives a network at each of these sizes, and that gives ten scores an image."""

    @check("builds at two image sizes")
    def builds(session: Session) -> None:
        for size in sizes:
            built(session, name, size)

    @check("shapes")
    def shapes(session: Session) -> None:
        for size in sizes:
            given = ((images(n, size), (n, 10)) for n in (1, 3, 5))
            hint = "One score a class was asked for, ten for each image."
            right_shapes(session, built(session, name, size), given, hint)

    return builds, shapes


def closing(name: str, sizes: tuple[int, ...]) -> tuple[Check, ...]:
    """Whatever its layers are: no mode or chance matters, every weight learns, and nothing else is computed."""

    @check("the same in training and evaluation")
    def modes(session: Session) -> None:
        modes_agree(session, built(session, name, sizes[0]), images(4, sizes[0]))

    @check("gradients reach every weight")
    def gradients(session: Session) -> None:
        gradients_reach(session, built(session, name, sizes[0]), images(4, sizes[0]))

    @check("computes what its layers say")
    def computes(session: Session) -> None:
        for size in sizes:
            same_as_its_layers(session, built(session, name, size), images(3, size))

    return modes, gradients, computes
