"""Checks of get_mlp: five linear layers with a ReLU between them."""

from __future__ import annotations

from itertools import pairwise

from tutor.code import networks as of
from tutor.code.judging import Session, Wrong, check

NAME, SIGNATURE = "get_mlp", ("image_size",)
SIZES = (28, 32)
WIDTHS = (256, 256, 256, 256, 10)


def model(session: Session, size: int = SIZES[0]) -> str:
    return of.built(session, NAME, size)


def ran(session: Session, size: int = SIZES[0]) -> of.Graph:
    return of.ran(session, model(session, size), of.images(2, size))


@check("five linear layers of the right width")
def widths(session: Session) -> None:
    for size in SIZES:
        layers = ran(session, size).of("linear", "conv")
        if strange := next((step for step in layers if step.kind != "linear"), None):
            raise Wrong(f"There is {strange.word}; linear layers alone were asked for.", strange.line)
        found = [step.channels for step in layers]
        expected = list(zip((size * size, *WIDTHS[:-1]), WIDTHS, strict=True))
        if len(found) != len(expected):
            raise Wrong(f"{len(found)} linear layers run; {len(expected)} were asked for.")
        for at, (pair, wanted) in enumerate(zip(found, expected, strict=True), 1):
            if pair != wanted:
                (mine, out), (want, width) = pair, wanted
                raise Wrong(f"Linear layer {at} goes from {mine} to {out}; {want} to {width} was asked for.")


@check("a ReLU between the layers")
def bends(session: Session) -> None:
    found = ran(session)
    layers = found.of("linear")
    of.in_a_row(found, layers)
    for at, (one, two) in enumerate(pairwise(layers), 1):
        of.activation_between(found, one, two, f"linear layers {at} and {at + 1}")


@check("scores at the end")
def scores(session: Session) -> None:
    found = ran(session)
    if layers := found.of("linear"):
        of.nothing_after(found, layers[-1])


@check("number of parameters")
def parameters(session: Session) -> None:
    hint = "A layer that runs twice has its weights once: each of the five has its own."
    of.count_of_parameters(session, model(session), ran(session), hint)


CHECKS = (*of.opening(NAME, SIZES), widths, bends, scores, parameters, *of.closing(NAME, SIZES))
