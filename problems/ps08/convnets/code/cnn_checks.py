"""Checks of get_cnn: four convolutions with a ReLU after each, the mean over all places, ten scores."""

from __future__ import annotations

from itertools import pairwise

from tutor.code import networks as of
from tutor.code.judging import Session, Wrong, check

NAME, SIGNATURE = "get_cnn", ("image_size",)
SIZES = (28, 40)
CHANNELS = ((1, 32), (32, 64), (64, 64), (64, 128))
STRIDES = (1, 2, 1, 2)
KERNEL, PADDING = 5, 2


def model(session: Session) -> str:
    return of.built(session, NAME, SIZES[0])


def ran(session: Session) -> of.Graph:
    return of.ran(session, model(session), of.images(2, SIZES[0]))


def layers(found: of.Graph) -> list[of.Step]:
    """The convolutions, and the last layer, which is a 1x1 convolution or a linear layer."""
    return found.of("conv", "linear")


def body(found: of.Graph) -> list[of.Step]:
    """The convolutions before the last layer."""
    return [step for step in layers(found)[:-1] if step.kind == "conv"]


@check("four convolutions and their channels")
def channels(session: Session) -> None:
    found = body(ran(session))
    if strange := next((step for step in layers(ran(session))[:-1] if step.kind != "conv"), None):
        raise Wrong(f"Before the last layer {strange.word} runs; {len(CHANNELS)} convolutions were asked for.")
    if len(found) != len(CHANNELS):
        raise Wrong(f"Before the last layer {len(found)} convolutions run; {len(CHANNELS)} were asked for.")
    for at, (step, wanted) in enumerate(zip(found, CHANNELS, strict=True), 1):
        if step.channels != wanted:
            (mine, out), (want, width) = step.channels, wanted
            raise Wrong(f"Convolution {at} goes from {mine} to {out} channels; {want} to {width} was asked for.")


@check("kernels and padding")
def kernels(session: Session) -> None:
    for at, step in enumerate(body(ran(session)), 1):
        if not step.plain or step.kernel != (KERNEL, KERNEL):
            size = "x".join(str(each) for each in step.kernel)
            raise Wrong(f"Convolution {at} has a kernel of {size}; a plain one of 5x5 was asked for.", step.line)
        if step.padding != PADDING:
            raise Wrong(
                f"Convolution {at} pads {step.padding} cells. With how many does a kernel of 5 keep the size at "
                "stride 1?",
                step.line,
            )
    last = layers(ran(session))[-1]
    if last.kind == "conv" and last.kernel != (1, 1):
        size = "x".join(str(each) for each in last.kernel)
        raise Wrong(f"The last convolution has a kernel of {size}; one of 1x1 gives the scores.", last.line)


@check("strides")
def strides(session: Session) -> None:
    for at, (step, wanted) in enumerate(zip(body(ran(session)), STRIDES, strict=False), 1):
        if step.stride != wanted:
            size = step.shapes[0][-1]
            went = -(-size // wanted)
            said = "The stride is not applied" if step.stride == 1 else f"The stride is {step.stride}"
            raise Wrong(
                f"{said}: from {size}x{size}, {step.shape[-1]}x{step.shape[-1]} comes out of convolution {at}; "
                f"{went}x{went} was expected.",
                step.line,
            )


@check("a ReLU after each convolution")
def bends(session: Session) -> None:
    found = ran(session)
    of.in_a_row(found, layers(found))
    for at, (one, two) in enumerate(pairwise(layers(found)), 1):
        last = two is layers(found)[-1]
        what = "the last convolution and the scores" if last else f"convolutions {at} and {at + 1}"
        of.activation_between(found, one, two, what)


@check("the mean over all places")
def pools(session: Session) -> None:
    found = ran(session)
    if found.of("max_pool"):
        raise Wrong("A maximum is taken over places; the mean over all of them was asked for.")
    pools = found.of("pool")
    if not pools and layers(found)[-1].channels[0] != CHANNELS[-1][1]:
        raise Wrong(
            "The last layer reads every place on its own, so the network fits one image size and knows where things "
            "are. The mean over all places was asked for."
        )
    if not pools:
        raise Wrong("No mean is taken over the places; where do the rows and columns go?")


@check("scores at the end")
def scores(session: Session) -> None:
    found = ran(session)
    of.nothing_after(found, layers(found)[-1])


@check("number of parameters")
def parameters(session: Session) -> None:
    hint = "A convolution has 25 weights for each pair of channels, and at most one bias an output channel."
    of.count_of_parameters(session, model(session), ran(session), hint)


CHECKS = (
    *of.opening(NAME, SIZES),
    channels,
    kernels,
    strides,
    bends,
    pools,
    scores,
    parameters,
    *of.closing(NAME, SIZES),
)
