"""Checks of train_epoch: run on a small classifier that writes down how it is used, judged from those notes."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from tutor.code.judging import Session, Wrong, blob, check, tensor

NAME = "train_epoch"
SIGNATURE = ("model", "optimizer", "scheduler", "criterion", "train_loader", "epoch", "device")
BATCHES, INPUTS, CLASSES, RATE = 12, 16, 4, 0.5
SIZES = (8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 5)


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """A small set that can be learned: the class stands in the first cells, under noise."""
    made = torch.Generator().manual_seed(3)
    found = []
    for size in SIZES:
        target = torch.randint(0, CLASSES, (size,), generator=made)
        x = torch.randn(size, 1, 4, 4, generator=made) * 0.6
        x.view(size, -1)[torch.arange(size), target] += 2.0
        found.append((x, target))
    return found


def start() -> dict[str, torch.Tensor]:
    """The weights the classifier begins with."""
    made = torch.Generator().manual_seed(5)
    return {"weight": torch.randn(CLASSES, INPUTS, generator=made), "bias": torch.randn(CLASSES, generator=made)}


def ran(session: Session, epochs: tuple[int, ...] = (1,)) -> dict[str, Any]:
    """What happened in these epochs, one after the other."""
    key = f"ran{epochs}"
    if key not in session.facts:
        session.facts[key] = session.ask(
            "epoch",
            name=NAME,
            batches=[[blob(x), blob(y)] for x, y in batches()],
            values={name: blob(value) for name, value in start().items()},
            rate=RATE,
            epochs=list(epochs),
        )
    return session.facts[key]


def events(session: Session, *names: str) -> list[dict[str, Any]]:
    return [each for each in ran(session)["log"] if each["event"] in names]


def lists(session: Session, epochs: tuple[int, ...] = (1,), at: int = 0) -> list[list[Any]]:
    found = ran(session, epochs)["returned"][at]
    if not isinstance(found, list) or len(found) != 3:
        what = f"{len(found)} things" if isinstance(found, list) else found
        raise Wrong(f"train_epoch returned {what}; three lists were expected: losses, accuracies, learning rates.")
    return found


@check("runs through an epoch")
def runs(session: Session) -> None:
    lists(session)


@check("three lists with one value a batch")
def counts(session: Session) -> None:
    for epochs in ((1,), (0, 3)):
        for at in range(len(epochs)):
            for name, found in zip(("losses", "accuracies", "learning rates"), lists(session, epochs, at), strict=True):
                if not isinstance(found, list):
                    raise Wrong(f"The {name} are of the type {found}; a list was expected.")
                if len(found) != BATCHES:
                    raise Wrong(
                        f"In epoch {epochs[at]} there are {len(found)} {name} for {BATCHES} batches; one for each was "
                        "expected."
                    )


@check("every batch once")
def reads(session: Session) -> None:
    given = [x for x, _ in batches()]
    seen = [tensor(each["x"]) for each in events(session, "forward")]
    if len(seen) != len(given):
        raise Wrong(f"The model runs {len(seen)} times in an epoch of {BATCHES} batches; once for each was expected.")
    for at, (one, other) in enumerate(zip(given, seen, strict=True), 1):
        if one.numel() != other.numel() or not torch.equal(one.flatten(), other.flatten()):
            raise Wrong(f"What the model gets at step {at} is not batch {at} of the loader as it came.")


@check("training mode")
def mode(session: Session) -> None:
    away = sum(not each["training"] for each in events(session, "forward"))
    if away:
        raise Wrong(
            f"At {away} of {BATCHES} steps the model is in evaluation mode; it was left in that mode by the validation "
            "before. Which call changes it?"
        )


@check("to the device")
def device(session: Session) -> None:
    for what, event in (("images", "forward"), ("labels", "loss")):
        if left := sum(each["left"] for each in events(session, event)):
            raise Wrong(
                f"At {left} of {BATCHES} steps the {what} are still where the loader left them. With a GPU, images and "
                "labels both have to be where the model is; `to` gives a tensor that is there, and leaves the old one."
            )


@check("gradients are cleared")
def cleared(session: Session) -> None:
    left = [at for at, each in enumerate(events(session, "backward"), 1) if each["left"]]
    if left:
        raise Wrong(
            f"At step {left[0]} the gradients of an earlier batch are still there when the backward pass begins, and "
            "the new ones are added to them."
        )


@check("one optimizer step a batch, after the backward pass")
def steps(session: Session) -> None:
    order = [each["event"] for each in events(session, "backward", "step")]
    backward, stepped = order.count("backward"), order.count("step")
    if stepped != BATCHES:
        raise Wrong(f"The optimizer takes {stepped} steps in {BATCHES} batches; one for each was expected.")
    if backward != BATCHES:
        raise Wrong(f"{backward} backward passes run in {BATCHES} batches; one for each was expected.")
    if order != ["backward", "step"] * BATCHES:
        raise Wrong("The optimizer steps before the backward pass of its batch: it uses the gradient before.")


@check("one scheduler step a batch, after the optimizer's")
def scheduled(session: Session) -> None:
    order = [each["event"] for each in events(session, "step", "scheduler")]
    count = order.count("scheduler")
    if count != BATCHES:
        said = "once an epoch" if count == 1 else f"{count} times"
        raise Wrong(f"The scheduler steps {said} in {BATCHES} batches; the learning rate changes at every batch here.")
    if "step" in order and order.index("scheduler") < order.index("step"):
        raise Wrong("The scheduler steps before the optimizer: the first learning rate is never used.")


@check("plain numbers are kept")
def plain(session: Session) -> None:
    for name, found in zip(("losses", "accuracies", "learning rates"), lists(session), strict=True):
        kinds = sorted({each for each in found if isinstance(each, str)}) if isinstance(found, list) else []
        if kinds:
            raise Wrong(
                f"The {name} are kept as {kinds[0]}. A loss that is a tensor holds the whole graph of its batch in "
                "memory; a number does not."
            )


def compared(name: str, found: list[Any], expected: list[float], hint: str) -> None:
    for at, (one, other) in enumerate(zip(found, expected, strict=False), 1):
        if not isinstance(one, str) and not abs(one - other) <= 1e-4 * (1 + abs(other)):
            raise Wrong(f"The {name} of batch {at} is given as {one:.4g}; it was {other:.4g}. {hint}")


@check("the loss of each batch")
def losses(session: Session) -> None:
    asked = len(events(session, "loss"))
    if asked < BATCHES:
        raise Wrong(f"`criterion` is called {asked} times in {BATCHES} batches. The loss is what it gives for a batch.")
    outs = [tensor(each["out"]) for each in events(session, "forward")]
    expected = [float(F.cross_entropy(out, y)) for out, (_, y) in zip(outs, batches(), strict=False)]
    compared("loss", lists(session)[0], expected, "The mean over the batch was expected, as the criterion gives it.")


@check("the accuracy of each batch, from 0 to 1")
def accuracies(session: Session) -> None:
    outs = [tensor(each["out"]) for each in events(session, "forward")]
    expected = [float((out.argmax(1) == y).float().mean()) for out, (_, y) in zip(outs, batches(), strict=False)]
    compared("accuracy", lists(session)[1], expected, "Right predictions over images in the batch were expected.")


@check("the learning rate of each batch")
def rates(session: Session) -> None:
    found = [each for each in lists(session)[2] if not isinstance(each, str)]
    before = [RATE / (1 + 0.25 * at) for at in range(BATCHES)]
    after = [RATE / (1 + 0.25 * (at + 1)) for at in range(BATCHES)]
    count = len(events(session, "scheduler"))
    if count != BATCHES:
        return
    if not any(all(abs(a - b) < 1e-7 for a, b in zip(found, want, strict=False)) for want in (before, after)):
        raise Wrong(
            f"The learning rates begin with {', '.join(f'{each:.3g}' for each in found[:3])}; the optimizer's were "
            f"{', '.join(f'{each:.3g}' for each in before[:3])}, one batch after the other."
        )


@check("the gradient is that of the batch's mean loss")
def gradient(session: Session) -> None:
    stepped = events(session, "step")
    if not stepped:
        return
    x, y = batches()[0]
    weight, bias = (value.clone().requires_grad_() for value in start().values())
    normed = F.batch_norm(x.flatten(1), None, None, training=True)
    F.cross_entropy(normed @ weight.T + bias, y).backward()
    found = stepped[0]["gradients"]
    if not events(session, "forward")[0]["training"] or any(isinstance(one, dict) for one in found.values()):
        return
    for name, one in (("linear.weight", weight), ("linear.bias", bias)):
        assert one.grad is not None
        mine = tensor(found[name])
        if not torch.allclose(mine, one.grad, atol=1e-5 + 1e-3 * float(one.grad.abs().max())):
            ratio = float(mine.norm() / one.grad.norm())
            raise Wrong(
                f"At the first step the gradient of the weights is {ratio:.3g} times as long as that of the batch's "
                "mean loss, or points elsewhere. What is backward() called on, and is the gradient changed after it?"
            )


@check("it really learns")
def learns(session: Session) -> None:
    found = ran(session, (1, 2, 3, 4))["returned"]
    series = [[each for each in one[0] if not isinstance(each, str)] for one in found if isinstance(one, list)]
    if not series or not all(series):
        return
    first, last = (sum(one) / len(one) for one in (series[0], series[-1]))
    if not last < 0.6 * first:
        raise Wrong(
            f"On a small set that can be learned, the mean loss goes from {first:.3g} in epoch 1 to {last:.3g} in "
            "epoch 4. Does an epoch go on where the one before ended?"
        )


CHECKS = (
    runs,
    counts,
    reads,
    mode,
    device,
    cleared,
    steps,
    scheduled,
    plain,
    losses,
    accuracies,
    rates,
    gradient,
    learns,
)
