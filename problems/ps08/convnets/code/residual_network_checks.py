"""Checks of get_model: the first convolution, three stages of blocks, the mean, one linear layer.

While the network is built, each ResidualBlock is made to run as one 1x1 convolution of its channels and stride, so that
the blocks can be told from the rest whatever they are made of.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tutor.code import networks as of
from tutor.code.judging import Raised, Session, Wrong, check

NAME, SIGNATURE = "get_model", ("depth", 'block_type="ResidualBlock"', "base_width=16")
BLOCK, OTHER = "ResidualBlock", "PlainBlock"
DEPTHS = (8, 14, 20)
WIDTH, OTHER_WIDTH = 16, 8
SIZE = 16


def options(block: str = BLOCK, width: int = WIDTH) -> dict[str, Any]:
    return {"block_type": block, "base_width": width}


def probed(session: Session, depth: int, width: int = WIDTH) -> str:
    return of.built(session, NAME, depth, probe=BLOCK, **options(width=width))


def ran(session: Session, depth: int, width: int = WIDTH) -> of.Graph:
    return of.ran(session, probed(session, depth, width), of.images(2, SIZE))


def blocks(session: Session, depth: int, width: int = WIDTH) -> list[of.Step]:
    return [step for step in ran(session, depth, width).steps if step.probe]


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
    depth = DEPTHS[0]
    usual, asked = of.built(session, NAME, depth), by_name(session, BLOCK)
    said = of.called(NAME, depth, **options())
    if session.facts[usual]["parameters"] != session.facts[asked]["parameters"]:
        raise Wrong(f"get_model({depth}) is another network than {said}; these are the defaults.")
    if not blocks(session, depth):
        raise Wrong(f"{said} runs no {BLOCK}. Which class do you use there?")
    in_blocks(session, BLOCK)  # An error of theirs, called as they are to be called, is told here.
    if works(session, OTHER):
        other(session)
    else:
        added(session)


def by_name(session: Session, block: str) -> str:
    """The network of blocks of this name; its slot. Wrong where the name is not understood."""
    try:
        return of.built(session, NAME, DEPTHS[0], **options(block))
    except Raised as error:
        said = of.called(NAME, DEPTHS[0], **options(block))
        raise Wrong(
            f"block_type is the name of a class in your file, and {said} raised {error.error['type']}: "
            f"{error.error['message'][:200]}. How is a class found by its name?",
            error.error.get("line"),
        ) from None


def content(session: Session, slot: str, channels: int) -> Counter[Any]:
    """The steps by their kinds, and the kernels of convolutions, each with how often it is there."""
    steps = of.ran(session, slot, of.images(2, SIZE, channels)).steps
    return Counter((step.kind, step.shapes[1] if step.kind == "conv" else ()) for step in steps)


def in_blocks(session: Session, block: str) -> Counter[Any]:
    """The same of the three blocks of the smallest network together."""
    found: Counter[Any] = Counter()
    for before, after, stride in ((WIDTH, WIDTH, 1), (WIDTH, 2 * WIDTH, 2), (2 * WIDTH, 4 * WIDTH, 2)):
        found += content(session, of.built(session, block, before, after, stride), before)
    return found


def works(session: Session, block: str) -> bool:
    """Whether the file has such blocks, and they run."""
    try:
        in_blocks(session, block)
    except (Raised, Wrong):
        return False
    return True


def other(session: Session) -> None:
    """With the other class of the learner's the network is the same but for its blocks."""
    found, usual = (content(session, by_name(session, block), 1) for block in (OTHER, BLOCK))
    if found + in_blocks(session, BLOCK) != usual + in_blocks(session, OTHER):
        raise Wrong(
            f"{of.called(NAME, DEPTHS[0], **options(OTHER))} is not the network of {BLOCK}s with a {OTHER} in the "
            "place of each. Where is block_type used?"
        )


def added(session: Session) -> None:
    """A class that is added to the file is used, or refused: a table has only the names that the learner knew."""
    try:
        slot = of.built(session, NAME, DEPTHS[0], probe=BLOCK, added=OTHER, **options(OTHER))
        steps = of.ran(session, slot, of.images(2, SIZE)).steps
    except (Raised, Wrong):
        return
    if any(step.probe for step in steps):
        raise Wrong(
            f"{of.called(NAME, DEPTHS[0], **options(OTHER))} runs {BLOCK}s, and a class {OTHER} had been added to your "
            "file. Where is block_type used?"
        )


@check("begins with a 3x3 convolution, batch norm, ReLU")
def begins(session: Session) -> None:
    steps = ran(session, DEPTHS[0]).steps
    first = steps[:3]
    if [step.kind for step in first] != ["conv", "batch_norm", "relu"]:
        raise Wrong(
            f"The network begins with {of.listed(first)}; a convolution, its batch norm and a ReLU were asked for."
        )
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
        between(session, depth)


def between(session: Session, depth: int) -> None:
    """Between the blocks nothing else runs; a ReLU more does no harm, since theirs is the last thing they do."""
    steps = ran(session, depth).steps
    last = max(at for at, step in enumerate(steps) if step.probe)
    strange = next((step for step in steps[3:last] if not step.probe and step.kind != "relu"), None)
    if strange:
        raise Wrong(
            f"At depth {depth} {strange.word} runs before the last block; after the first convolution, its batch norm "
            "and the ReLU only blocks were asked for.",
            strange.line,
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
    usual, narrow = (wide(session, width) for width in (WIDTH, OTHER_WIDTH))
    for one, other in zip(usual, narrow, strict=False):
        want = one.channels[1] * OTHER_WIDTH // WIDTH
        if other.channels[1] != want:
            raise Wrong(
                f"With base_width={OTHER_WIDTH} a convolution gives {other.channels[1]} channels, with "
                f"base_width={WIDTH} {one.channels[1]}; {want} were expected of the first.",
                other.line,
            )


def wide(session: Session, width: int) -> list[of.Step]:
    """The first convolution and the blocks."""
    return [ran(session, DEPTHS[0], width).of("conv")[0], *blocks(session, DEPTHS[0], width)]


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


def after(session: Session) -> list[of.Step]:
    """The steps after the last block."""
    steps = ran(session, DEPTHS[0]).steps
    return steps[max(at for at, step in enumerate(steps) if step.probe) + 1 :]


def scoring(session: Session) -> of.Step | None:
    """The layer that gives the scores; after the mean a 1x1 convolution is a linear layer too."""
    found = [step for step in after(session) if step.kind in ("conv", "linear")]
    return found[0] if len(found) == 1 and found[0].kernel in ((), (1, 1)) else None


@check("the mean over all places, then one linear layer")
def ends(session: Session) -> None:
    last, steps = scoring(session), after(session)
    first = steps[: steps.index(last)] if last else steps
    # The mean may be taken over rows and then columns, and nothing below zero is left for another ReLU.
    if not last or {step.kind for step in first} - {"relu"} != {"pool"}:
        raise Wrong(
            f"After the last block comes {of.listed(steps)}; the mean over all places and one linear layer were "
            "expected."
        )


@check("scores at the end")
def scores(session: Session) -> None:
    if last := scoring(session):
        of.nothing_after(ran(session, DEPTHS[0]), last)


@check("batch norm follows the mode")
def modes(session: Session) -> None:
    slot, x = probed(session, DEPTHS[0]), of.images(4, SIZE)
    training, evaluating = of.graph(session, slot, x, train=True), of.graph(session, slot, x)
    if any(not step.values[0] for step in training.of("batch_norm")):
        raise Wrong("In training mode a batch norm uses its running statistics, and not those of the batch.")
    if any(step.values[0] for step in evaluating.of("batch_norm")):
        raise Wrong("In evaluation mode a batch norm still uses the statistics of the batch.")
    of.same_in_training(evaluating, training)


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
