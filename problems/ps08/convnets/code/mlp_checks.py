"""Checks of get_mlp: five linear layers with a ReLU between them."""

from __future__ import annotations

from itertools import pairwise

from tutor.code import graph as of
from tutor.code.judging import Session, Wrong, check

NAME, SIGNATURE = "get_mlp", ("image_size",)
SIZES = (28, 32)
WIDTHS = (256, 256, 256, 256, 10)


def model(session: Session, size: int = SIZES[0]) -> str:
    return of.built(session, NAME, size)


@check("builds at two image sizes")
def builds(session: Session) -> None:
    for size in SIZES:
        model(session, size)


@check("shapes")
def shapes(session: Session) -> None:
    for size in SIZES:
        given = ((of.images(n, size), (n, 10)) for n in (1, 5, 8))
        of.right_shapes(session, model(session, size), given, "One score a class was asked for, ten for each image.")


@check("five linear layers of the right width")
def widths(session: Session) -> None:
    for size in SIZES:
        layers = of.graph(session, model(session, size), of.images(2, size)).of("linear")
        found = [step.channels for step in layers]
        expected = list(zip((size * size, *WIDTHS[:-1]), WIDTHS, strict=True))
        if found != expected:
            at = next((i for i, pair in enumerate(expected) if i >= len(found) or found[i] != pair), len(expected))
            if len(found) != len(expected):
                raise Wrong(f"{len(found)} linear layers run; {len(expected)} were asked for.")
            (mine, out), (want, width) = found[at], expected[at]
            raise Wrong(f"Linear layer {at + 1} goes from {mine} to {out}; {want} to {width} was asked for.")


@check("a ReLU between the layers")
def bends(session: Session) -> None:
    found = of.graph(session, model(session), of.images(2, SIZES[0]))
    layers = found.of("linear")
    for at, (one, two) in enumerate(pairwise(layers), 1):
        of.activation_between(found, one, two, f"linear layers {at} and {at + 1}")


@check("scores at the end")
def scores(session: Session) -> None:
    found = of.graph(session, model(session), of.images(2, SIZES[0]))
    if layers := found.of("linear"):
        of.nothing_after(found, layers[-1])


@check("number of parameters")
def parameters(session: Session) -> None:
    layers = of.graph(session, model(session), of.images(2, SIZES[0])).of("linear")
    hint = "Each layer has a weight for every pair and one bias an output."
    of.count_of_parameters(session, model(session), layers, hint)


@check("the same in training and evaluation")
def modes(session: Session) -> None:
    of.modes_agree(session, model(session), of.images(8, SIZES[0]))


@check("gradients reach every weight")
def gradients(session: Session) -> None:
    of.gradients_reach(session, model(session), of.images(8, SIZES[0]))


@check("computes what its layers say")
def computes(session: Session) -> None:
    of.same_as_its_layers(session, model(session), of.images(6, SIZES[0]))


CHECKS = (builds, shapes, widths, bends, scores, parameters, modes, gradients, computes)
