"""Checks of get_cnn: four convolutions with a ReLU after each, the mean over all places, ten scores."""

from __future__ import annotations

from itertools import pairwise

from tutor.code import graph as of
from tutor.code.judging import Session, Wrong, check

NAME, SIGNATURE = "get_cnn", ("image_size",)
SIZES = (28, 40)
CHANNELS = ((1, 32), (32, 64), (64, 64), (64, 128))
STRIDES = (1, 2, 1, 2)
KERNEL, PADDING = 5, 2


def model(session: Session, size: int = SIZES[0]) -> str:
    return of.built(session, NAME, size)


def ran(session: Session) -> of.Graph:
    if "ran" not in session.facts:
        session.facts["ran"] = of.graph(session, model(session), of.images(2, SIZES[0]))
    return session.facts["ran"]


def body(found: of.Graph) -> list[of.Step]:
    """The convolutions before the last layer, which is a 1x1 convolution or a linear layer."""
    layers = found.of("conv", "linear")
    return [step for step in layers[:-1] if step.kind == "conv"]


@check("builds at two image sizes")
def builds(session: Session) -> None:
    for size in SIZES:
        model(session, size)


@check("shapes")
def shapes(session: Session) -> None:
    for size in SIZES:
        given = ((of.images(n, size), (n, 10)) for n in (1, 3, 5))
        of.right_shapes(session, model(session, size), given, "One score a class was asked for, ten for each image.")


@check("four convolutions and their channels")
def channels(session: Session) -> None:
    layers = body(ran(session))
    if len(layers) != len(CHANNELS):
        raise Wrong(f"Before the last layer {len(layers)} convolutions run; {len(CHANNELS)} were asked for.")
    for at, (step, wanted) in enumerate(zip(layers, CHANNELS, strict=True), 1):
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
    layers = found.of("conv", "linear")
    for at, (one, two) in enumerate(pairwise(layers), 1):
        what = f"convolutions {at} and {at + 1}" if two is not layers[-1] else "the last convolution and the scores"
        of.activation_between(found, one, two, what)


@check("the mean over all places")
def pools(session: Session) -> None:
    found = ran(session)
    layers = found.of("conv", "linear")
    if found.of("max_pool"):
        raise Wrong("A maximum is taken over places; the mean over all of them was asked for.")
    pools = found.of("pool")
    if len(layers) > 1 and not pools and layers[-1].channels[0] != CHANNELS[-1][1]:
        raise Wrong(
            "The last layer reads every place on its own, so the network fits one image size and knows where things "
            "are. The mean over all places was asked for."
        )
    if not pools:
        raise Wrong("No mean is taken over the places; where do the rows and columns go?")


@check("scores at the end")
def scores(session: Session) -> None:
    found = ran(session)
    of.nothing_after(found, found.of("conv", "linear")[-1])


@check("number of parameters")
def parameters(session: Session) -> None:
    hint = "A convolution has 25 weights for each pair of channels, and one bias an output channel."
    of.count_of_parameters(session, model(session), ran(session).of("conv", "linear"), hint)


@check("the same in training and evaluation")
def modes(session: Session) -> None:
    of.modes_agree(session, model(session), of.images(4, SIZES[0]))


@check("gradients reach every weight")
def gradients(session: Session) -> None:
    of.gradients_reach(session, model(session), of.images(3, SIZES[0]))


@check("computes what its layers say")
def computes(session: Session) -> None:
    for size in SIZES:
        of.same_as_its_layers(session, model(session, size), of.images(3, size))


CHECKS = (
    builds,
    shapes,
    channels,
    kernels,
    strides,
    bends,
    pools,
    scores,
    parameters,
    modes,
    gradients,
    computes,
)
