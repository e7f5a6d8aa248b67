"""A learner's loop over an epoch, watched: everything it does in order, and what it returns."""

from __future__ import annotations

from typing import Any

import torch
import torch.overrides
from torch import nn

from tutor.code.tensors import blob, seed_all, tensor_of
from tutor.code.wire import Blob


def _place(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


class _Moves(torch.overrides.TorchFunctionMode):
    """Knows which tensors are still where the loader left them: what is sent to the device is another tensor here."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.given: dict[int, torch.Tensor] = {}

    def give(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the loader, written down."""
        self.given[_place(tensor)] = tensor
        return tensor

    def left(self, tensor: torch.Tensor) -> bool:
        """Whether it is a tensor of the loader, or a view of one, that was not sent to the device."""
        return _place(tensor) in self.given

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") == "to" and isinstance(args[0], torch.Tensor) and self.left(out):
            named = [getattr(each, "device", each) for each in (*args[1:], *(kwargs or {}).values())]
            if any(isinstance(each, (torch.device, str)) and torch.device(each) == self.device for each in named):
                return out.clone()
        return out


class _Watched(nn.Module):
    """A small classifier that writes down how it is used."""

    def __init__(
        self, inputs: int, classes: int, values: dict[str, Blob], log: list[dict[str, Any]], moves: _Moves
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(inputs)
        self.linear = nn.Linear(inputs, classes)
        self.log, self.moves = log, moves
        with torch.no_grad():
            self.linear.weight.copy_(tensor_of(values["weight"]))
            self.linear.bias.copy_(tensor_of(values["bias"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.linear(self.norm(x.flatten(1)))
        left = self.moves.left(x)
        self.log.append({"event": "forward", "training": self.training, "left": left, "x": blob(x), "out": blob(out)})
        if out.requires_grad:
            out.register_hook(self.backward)
        return out

    def backward(self, _: torch.Tensor) -> None:
        """The backward pass begins; whether gradients of an earlier one are still there."""
        left = any(one.grad is not None and bool(torch.count_nonzero(one.grad)) for one in self.parameters())
        self.log.append({"event": "backward", "left": left})


def epoch(
    state: dict[str, Any],
    name: str,
    batches: list[list[Blob]],
    values: dict[str, Blob],
    rate: float,
    epochs: list[int],
    device: str = "cpu",
) -> dict[str, Any]:
    """Run the learner's loop over a small classifier; everything it did in order, and what it returned."""
    log: list[dict[str, Any]] = []
    inputs, classes = values["weight"].shape[1], values["weight"].shape[0]
    where = torch.device(device)
    moves = _Moves(where)

    class Optimizer(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            with torch.enable_grad():
                loss = closure() if closure else None
            log.append({"event": "step", "gradients": {each: blob(one.grad) for each, one in model.named_parameters()}})
            super().step()
            return loss

    class Scheduler(torch.optim.lr_scheduler.LambdaLR):
        def step(self, epoch: int | None = None) -> None:
            if self.last_epoch >= 0:
                log.append({"event": "scheduler"})
            super().step(epoch)

    class Loss(nn.CrossEntropyLoss):
        def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            log.append({"event": "loss", "left": moves.left(target)})
            return super().forward(input, target)

    class Loader:
        def __init__(self) -> None:
            self.dataset = [pair for x, y in held for pair in zip(x, y, strict=True)]
            self.batch_size = len(held[0][1])

        def __len__(self) -> int:
            return len(held)

        def __iter__(self) -> Any:
            for x, y in held:
                log.append({"event": "batch"})
                yield moves.give(x.clone()), moves.give(y.clone())

    held = [(tensor_of(x), tensor_of(y)) for x, y in batches]
    model = _Watched(inputs, classes, values, log, moves)
    optimizer = Optimizer(model.parameters(), lr=rate)
    scheduler = Scheduler(optimizer, lambda at: 1 / (1 + 0.25 * at))
    model.eval()
    returned = []
    for at in epochs:
        log.append({"event": "epoch", "rate": optimizer.param_groups[0]["lr"]})
        seed_all(at)
        with moves:
            found = getattr(state["module"], name)(model, optimizer, scheduler, Loss(), Loader(), at, where)
        returned.append(_returned(found))
    return {"log": log, "returned": returned, "rates": optimizer.param_groups[0]["lr"]}


def _returned(found: Any) -> Any:
    """The lists that came back: each entry a number, or the name of its type."""
    if not isinstance(found, (tuple, list)):
        return type(found).__name__
    lists = []
    for one in found[:6]:
        if not isinstance(one, (list, tuple)):
            lists.append(type(one).__name__)
            continue
        lists.append([float(each) if _number(each) else type(each).__name__ for each in one[:5000]])
    return lists


def _number(value: Any) -> bool:
    return type(value) in (float, int) or type(value).__module__ == "numpy"
