"""Checks of ResidualBlock: two convolutions with their norms, the input added, then the ReLU."""

from __future__ import annotations

from tutor.code import networks as of
from tutor.code.judging import Session, Wrong, check

NAME, SIGNATURE = "ResidualBlock", ("in_channels", "out_channels", "stride")
SAME = (16, 16, 1)
CHANGES = ((16, 32, 2), (16, 32, 1), (16, 16, 2))
SIZE = 8


def block(session: Session, given: tuple[int, int, int]) -> str:
    return of.built(session, NAME, *given)


def ran(session: Session, given: tuple[int, int, int]) -> of.Graph:
    return of.ran(session, block(session, given), of.images(2, SIZE, given[0]))


def called(given: tuple[int, int, int]) -> str:
    return of.called(NAME, *given)


class Ways:
    """The two ways through a block: the convolutions of the longer one, the addition, the steps of the shorter one."""

    def __init__(self, found: of.Graph) -> None:
        self.found = found
        convolutions = found.of("conv")
        above = {
            step.makes: [one for one in convolutions if one is not step and one.makes in found.above(step)]
            for step in convolutions
        }
        self.second = next((step for step in reversed(convolutions) if above[step.makes]), None)
        self.first = above[self.second.makes][0] if self.second else None

    @property
    def add(self) -> of.Step | None:
        """The addition that joins the two ways."""
        joins = self.found.joins()
        return next((step for step in joins if not self.second or self.second.makes in self.found.above(step)), None)

    def skip(self) -> list[of.Step]:
        """The steps of the way around."""
        if self.add is None or self.second is None:
            return []
        sides = [self.found.ancestors(each) for each in self.add.reads if each in self.found.live]
        around = next((side for side in sides if self.second.makes not in side), set())
        return [step for step in self.found.steps if step.makes in around]


def convolutions(session: Session, given: tuple[int, int, int]) -> tuple[of.Step, of.Step]:
    ways = Ways(ran(session, given))
    if ways.first is None or ways.second is None:
        count = len(ran(session, given).of("conv"))
        raise Wrong(f"Two convolutions one after the other were asked for; in {called(given)} {count} run that way.")
    return ways.first, ways.second


@check("builds for (16, 16, 1) and (16, 32, 2)")
def builds(session: Session) -> None:
    for given in (SAME, *CHANGES):
        block(session, given)


@check("shapes at 3 sizes")
def shapes(session: Session) -> None:
    for given in (SAME, *CHANGES):
        channels, out, stride = given
        sizes = ((2, 8), (1, 14), (3, 7))
        wanted = ((of.images(n, s, channels), (n, out, -(-s // stride), -(-s // stride))) for n, s in sizes)
        hint = f"This is {called(given)}: the stride divides the size once."
        of.right_shapes(session, block(session, given), wanted, hint)


@check("two 3x3 convolutions one after the other")
def kernels(session: Session) -> None:
    for given in (SAME, *CHANGES):
        found, both = ran(session, given), convolutions(session, given)
        if before := found.source(both[0]):
            raise Wrong(
                f"Before the first convolution {before.word} runs; the input was to go in as it is.", before.line
            )
        for at, step in enumerate(both, 1):
            if not step.plain or step.kernel != (3, 3) or step.padding != 1:
                size = "x".join(str(each) for each in step.kernel)
                raise Wrong(
                    f"Convolution {at} has a kernel of {size} and padding {step.padding}; 3x3 that keeps the size at "
                    "stride 1 was asked for.",
                    step.line,
                )
            before = given[0] if at == 1 else given[1]
            if step.channels != (before, given[1]):
                mine, out = step.channels
                raise Wrong(
                    f"In {called(given)} convolution {at} goes from {mine} to {out} channels; {before} to {given[1]} "
                    "was asked for.",
                    step.line,
                )


@check("the stride is in the first convolution")
def strides(session: Session) -> None:
    for given in (SAME, *CHANGES):
        one, two = convolutions(session, given)
        if (one.stride, two.stride) != (given[2], 1):
            raise Wrong(
                f"In {called(given)} the convolutions have strides {one.stride} and {two.stride}; the first carries "
                f"the stride of the block, {given[2]}, the second none.",
                one.line,
            )


@check("a batch norm after each convolution")
def norms(session: Session) -> None:
    for given in (SAME, *CHANGES):
        found = ran(session, given)
        for at, step in enumerate(convolutions(session, given), 1):
            after = found.after(step)
            if [each.kind for each in after] != ["batch_norm"]:
                raise Wrong(f"After convolution {at} comes {of.listed(after)}; its batch norm was expected.", step.line)


@check("a ReLU between the two")
def bends(session: Session) -> None:
    found = ran(session, SAME)
    one, two = convolutions(session, SAME)
    of.activation_between(found, one, two, "the two convolutions")


@check("adds its input")
def adds(session: Session) -> None:
    for given in (SAME, CHANGES[0]):
        if Ways(ran(session, given)).add is None:
            raise Wrong(
                "Nothing is added to what the two convolutions make: this is a plain block. Where does the input go?"
            )


@check("the ReLU comes after the addition")
def order(session: Session) -> None:
    for given in (SAME, CHANGES[0]):
        found = ran(session, given)
        ways = Ways(found)
        if ways.add is None or ways.second is None:
            continue
        before = [kind for kind in found.between(ways.second, ways.add) if kind in ("relu", "gelu", "tanh", "sigmoid")]
        after = [step for step in found.steps if ways.add.makes in found.above(step)]
        kinds = [step.kind for step in after]
        if kinds == ["relu"] and not before:
            continue
        if kinds not in ([], ["relu"]):
            raise Wrong(f"After the sum comes {of.listed(after)}; a ReLU alone was expected.", after[0].line)
        out = of.output(session, block(session, given), of.images(4, SIZE, given[0]))
        negative = int((out < 0).sum())
        line = next((step.line for step in found.of("relu") if step.line), None)
        said = f"yours: negative at {negative:,} of {out.numel():,} places; a ReLU at the end leaves none."
        if before:
            said += " A ReLU stands between the second norm and the sum."
        raise Wrong(said[0].upper() + said[1:], line)


@check("the input is added as it is where shapes agree")
def identity(session: Session) -> None:
    steps = Ways(ran(session, SAME)).skip()
    if steps:
        raise Wrong(
            f"In {called(SAME)} the input passes {of.listed(steps)} before it is added. Shapes agree here, so it can "
            "be added as it is.",
            steps[0].line,
        )


@check("a projection where the shape changes")
def projection(session: Session) -> None:
    for given in CHANGES:
        steps = Ways(ran(session, given)).skip()
        if not Ways(ran(session, given)).add:
            continue
        kinds = [step.kind for step in steps]
        wanted = ((given[0], given[1]), (3, 3), given[2], 1)
        if kinds == ["conv", "batch_norm"] and steps[0].plain:
            step = steps[0]
            found = (step.channels, step.kernel, step.stride, step.padding)
            if found == wanted:
                continue
            size = "x".join(str(each) for each in step.kernel)
            raise Wrong(
                f"In {called(given)} the projection has a kernel of {size}, stride {step.stride}, padding "
                f"{step.padding}; it is set up as the first convolution is.",
                step.line,
            )
        raise Wrong(
            f"In {called(given)} the way around has {of.listed(steps)}; a convolution and its norm were asked for."
        )


@check("every layer has weights of its own")
def own(session: Session) -> None:
    for given in (SAME, CHANGES[0]):
        seen: dict[str, of.Step] = {}
        for step in ran(session, given).of("conv", "batch_norm"):
            name = step.weights[0] if step.weights else ""
            if name in seen and name:
                raise Wrong(f"{name} is used twice. Each {step.word[2:]} has weights of its own here.", step.line)
            seen[name] = step
    names = {name for name, _, _ in session.facts[block(session, SAME)]["parameters"]}
    used = {name for step in ran(session, SAME).steps for name in step.weights}
    if unused := sorted(names - used):
        raise Wrong(f"In {called(SAME)} the layer of {unused[0]} is built and never run; build it where it is needed.")


@check("batch norm follows the mode")
def modes(session: Session) -> None:
    slot = block(session, SAME)
    x = of.images(4, SIZE, SAME[0])
    before = of.tensors(session.ask("weights", slot=slot))
    training = of.graph(session, slot, x, train=True)
    after = of.tensors(session.ask("weights", slot=slot))
    for step in training.of("batch_norm"):
        if not step.values[0]:
            raise Wrong("In training mode a batch norm uses its running statistics, and not those of the batch.")
    moved = [name for name in before if "running" in name and not bool((before[name] == after[name]).all())]
    evaluating = of.graph(session, slot, x)
    if any(step.values[0] for step in evaluating.of("batch_norm")) or (training.of("batch_norm") and not moved):
        raise Wrong(
            "In evaluation mode a batch norm still uses the statistics of the batch: an image's output depends on the "
            "others beside it. Is the norm kept as a layer of the block, with its running statistics?"
        )
    of.same_in_training(evaluating, training)


@check("gradients reach every weight")
def gradients(session: Session) -> None:
    for given in (SAME, CHANGES[0]):
        of.gradients_reach(session, block(session, given), of.images(4, SIZE, given[0]))


@check("computes what its layers say")
def computes(session: Session) -> None:
    for given in (SAME, *CHANGES):
        of.same_as_its_layers(session, block(session, given), of.images(3, SIZE, given[0]))


CHECKS = (
    builds,
    shapes,
    kernels,
    strides,
    norms,
    bends,
    adds,
    order,
    identity,
    projection,
    own,
    modes,
    gradients,
    computes,
)
