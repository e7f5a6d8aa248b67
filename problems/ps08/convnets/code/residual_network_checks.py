"""Checks of get_model: the first convolution, three stages of blocks, the mean, one linear layer.

A class ProbeBlock, one 1x1 convolution, is put into the learner's file and asked for by its name, so that the blocks
can be told from the rest whatever they are made of.
"""

from __future__ import annotations

from tutor.code import graph as of
from tutor.code.judging import Raised, Session, Wrong, check

NAME, SIGNATURE = "get_model", ("depth", 'block_type="ResidualBlock"', "base_width=16")
DEPTHS = (8, 14, 20)
WIDTH, OTHER_WIDTH = 16, 8
SIZE = 16


def probed(session: Session, depth: int, width: int = WIDTH) -> str:
    if "probe" not in session.facts:
        session.facts["probe"] = session.ask("add_probe")
    try:
        return of.built(session, NAME, depth, "ProbeBlock", width)
    except Raised as error:
        if error.error["type"] in ("KeyError", "ValueError", "NotImplementedError", "AttributeError", "NameError"):
            raise Wrong(
                "block_type is the name of a class in your file. A class ProbeBlock was added to it, and "
                f'get_model({depth}, "ProbeBlock") raised {error.error["type"]}. How is a class found by its name?',
                error.error.get("line"),
            ) from None
        raise


def ran(session: Session, depth: int, width: int = WIDTH) -> of.Graph:
    key = f"ran{depth}/{width}"
    if key not in session.facts:
        session.facts[key] = of.graph(session, probed(session, depth, width), of.images(2, SIZE))
    return session.facts[key]


def blocks(session: Session, depth: int, width: int = WIDTH) -> list[of.Step]:
    return [step for step in ran(session, depth, width).of("conv") if step.kernel == (1, 1)]


@check("builds at three depths")
def builds(session: Session) -> None:
    for depth in DEPTHS:
        of.built(session, NAME, depth)


@check("shapes")
def shapes(session: Session) -> None:
    slot = of.built(session, NAME, DEPTHS[0])
    given = ((of.images(n, size), (n, 10)) for n, size in ((2, 16), (3, 28), (1, 32)))
    of.right_shapes(session, slot, given, "One score a class was asked for, ten for each image.")


@check("block_type names the block")
def named(session: Session) -> None:
    for depth in DEPTHS[:2]:
        if not blocks(session, depth):
            raise Wrong(
                f'get_model({depth}, "ProbeBlock") runs no ProbeBlock, a class that was added to your file. Where is '
                "block_type used?"
            )
    usual, asked = (of.built(session, NAME, DEPTHS[0], *more) for more in ((), ("ResidualBlock",)))
    if session.facts[usual]["parameters"] != session.facts[asked]["parameters"]:
        raise Wrong('get_model(8) is another network than get_model(8, "ResidualBlock"); that is the default block.')


@check("begins with a 3x3 convolution, batch norm, ReLU")
def begins(session: Session) -> None:
    steps = ran(session, DEPTHS[0]).steps
    first = steps[:3]
    kinds = [step.kind for step in first]
    if kinds != ["conv", "batch_norm", "relu"]:
        listed = ", ".join(of.WORDS.get(kind, kind) for kind in kinds)
        raise Wrong(f"The network begins with {listed}; a convolution, its batch norm and a ReLU were asked for.")
    step = first[0]
    if step.kernel != (3, 3) or (step.stride, step.padding) != (1, 1) or step.channels[0] != 1:
        size = "x".join(str(each) for each in step.kernel)
        raise Wrong(
            f"The first convolution has a kernel of {size}, stride {step.stride} and padding {step.padding}; 3x3 that "
            "keeps the size was asked for.",
            step.line,
        )


@check("three stages of (depth - 2) / 6 blocks")
def count(session: Session) -> None:
    for depth in DEPTHS:
        found, wanted = len(blocks(session, depth)), (depth - 2) // 2
        if found != wanted:
            raise Wrong(
                f"At depth {depth} {found} blocks run. Each holds two of the {depth} layers, and two are not in "
                f"blocks: that makes {wanted}."
            )


@check("the width doubles from stage to stage")
def widths(session: Session) -> None:
    for depth in DEPTHS[:2]:
        found = blocks(session, depth)
        each = max(1, len(found) // 3)
        for at, step in enumerate(found):
            stage = min(at // each, 2)
            want = WIDTH * 2**stage
            if step.channels[1] != want:
                raise Wrong(
                    f"At depth {depth} block {at + 1} is in stage {stage + 1} and gives {step.channels[1]} channels; "
                    f"{want} were asked for.",
                    step.line,
                )


@check("stages two and three begin with stride 2")
def strides(session: Session) -> None:
    for depth in DEPTHS[:2]:
        found = blocks(session, depth)
        each = max(1, len(found) // 3)
        for at, step in enumerate(found):
            want = 2 if at and at % each == 0 else 1
            if step.stride != want:
                raise Wrong(
                    f"At depth {depth} block {at + 1} has stride {step.stride}; {want} was expected there. Which "
                    "blocks halve the size?",
                    step.line,
                )


@check("base_width sets the width")
def base(session: Session) -> None:
    usual, narrow = (ran(session, DEPTHS[0], width).of("conv") for width in (WIDTH, OTHER_WIDTH))
    for one, other in zip(usual, narrow, strict=False):
        want = one.channels[1] * OTHER_WIDTH // WIDTH
        if other.channels[1] != want:
            raise Wrong(
                f"With base_width={OTHER_WIDTH} a convolution gives {other.channels[1]} channels, with "
                f"base_width={WIDTH} {one.channels[1]}; {want} were expected of the first.",
                other.line,
            )


@check("every block has weights of its own")
def own(session: Session) -> None:
    for depth in DEPTHS[1:]:
        found = blocks(session, depth)
        names = [step.weights for step in found]
        if () in names:
            raise Wrong("A block's weights are no parameters of the network. Blocks in a plain list are not seen.")
        if len(set(names)) < len(names):
            raise Wrong(
                f"At depth {depth} {len(names)} blocks run and {len(set(names))} sets of weights are there: a block "
                "that is multiplied in a list is one and the same block."
            )


@check("the mean over all places, then one linear layer")
def ends(session: Session) -> None:
    found = ran(session, DEPTHS[0])
    steps = found.steps
    last = max(at for at, step in enumerate(steps) if step.kind == "conv")
    kinds = [step.kind for step in steps[last + 1 :] if step.kind in ("conv", "linear", "pool", "max_pool")]
    if kinds != ["pool", "linear"]:
        listed = ", then ".join(of.WORDS.get(kind, kind) for kind in kinds) or "nothing"
        raise Wrong(
            f"After the last block comes {listed}; the mean over all places and one linear layer were expected."
        )


@check("scores at the end")
def scores(session: Session) -> None:
    found = ran(session, DEPTHS[0])
    if linear := found.of("linear"):
        of.nothing_after(found, linear[-1])


@check("batch norm follows the mode")
def modes(session: Session) -> None:
    slot = probed(session, DEPTHS[0])
    x = of.images(4, SIZE)
    if any(not step.values[0] for step in of.graph(session, slot, x, train=True).of("batch_norm")):
        raise Wrong("In training mode a batch norm uses its running statistics, and not those of the batch.")
    if any(step.values[0] for step in of.graph(session, slot, x).of("batch_norm")):
        raise Wrong("In evaluation mode a batch norm still uses the statistics of the batch.")


@check("gradients reach every weight")
def gradients(session: Session) -> None:
    of.gradients_reach(session, of.built(session, NAME, DEPTHS[1]), of.images(4, SIZE))


@check("computes what its layers say")
def computes(session: Session) -> None:
    for depth in DEPTHS[:2]:
        of.same_as_its_layers(session, probed(session, depth), of.images(3, SIZE))


CHECKS = (
    builds,
    shapes,
    named,
    begins,
    count,
    widths,
    strides,
    base,
    own,
    ends,
    scores,
    modes,
    gradients,
    computes,
)
