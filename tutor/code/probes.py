"""What the judge may ask of the learner's code: build, run, trace, train. Raw facts and tensors go back."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.overrides
import torch.utils.data
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from tutor.code.wire import Blob

_detach, _contiguous, _numpy, _cpu = (
    torch.Tensor.detach,
    torch.Tensor.contiguous,
    torch.Tensor.numpy,
    torch.Tensor.cpu,
)
MOST_OPS = 4000


def blob(tensor: Any) -> Any:
    """A tensor as bytes; of anything else, and of a subclass of Tensor, only its type's name."""
    if type(tensor) not in (torch.Tensor, nn.Parameter):
        return {"kind": type(tensor).__name__, "tensor": isinstance(tensor, torch.Tensor)}
    plain = _contiguous(_cpu(_detach(tensor)))
    return Blob(str(plain.dtype).removeprefix("torch."), tuple(plain.shape), _numpy(plain).tobytes())


def tensor_of(found: Blob) -> torch.Tensor:
    """The tensor of a blob."""
    return torch.frombuffer(bytearray(found.data), dtype=getattr(torch, found.dtype)).reshape(found.shape).clone()


def _seed(seed: int) -> None:
    random.seed(seed)
    torch.manual_seed(seed)


def build(state: dict[str, Any], name: str, values: list[Any], slot: str, seed: int = 0) -> dict[str, Any]:
    """Call the learner's `name(*values)` and keep the result as `slot`; what kind of thing it is."""
    _seed(seed)
    made = getattr(state["module"], name)(*values)
    state[slot] = made
    if not isinstance(made, nn.Module):
        return {"module": False, "type": type(made).__name__}
    named = [[each, list(one.shape), one.requires_grad] for each, one in made.named_parameters()]
    return {"module": True, "type": type(made).__name__, "parameters": named, "training": made.training}


_PROBE = """
import torch as _torch

class ProbeBlock(_torch.nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.only = _torch.nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)

    def forward(self, x):
        return self.only(x)
"""


def add_probe(state: dict[str, Any]) -> bool:
    """Write a class ProbeBlock under the learner's file: one 1x1 convolution in the place of a block."""
    exec(compile(_PROBE, state["file"], "exec"), state["module"].__dict__)
    return True


def weights(state: dict[str, Any], slot: str) -> dict[str, Any]:
    """Every parameter and buffer."""
    return {name: blob(value) for name, value in state[slot].state_dict(keep_vars=True).items()}


def put(state: dict[str, Any], slot: str, values: dict[str, Blob]) -> bool:
    """Write values into parameters and buffers."""
    held = state[slot].state_dict(keep_vars=True)
    with torch.no_grad():
        for name, value in values.items():
            held[name].data.copy_(tensor_of(value))
    return True


def forward(
    state: dict[str, Any], slot: str, x: Blob, train: bool = False, gradient: bool = False, seed: int = 0
) -> dict[str, Any]:
    """Run the model; with `gradient` also the gradients of a weighted sum of its outputs."""
    model = state[slot]
    model.train(train)
    _seed(seed)
    given = tensor_of(x).requires_grad_(gradient)
    with torch.set_grad_enabled(gradient):
        out = model(given)
    found: dict[str, Any] = {"out": blob(out)}
    if gradient:
        found["gradient"] = {}
        if isinstance(out, torch.Tensor) and out.requires_grad:
            model.zero_grad()
            torch.sum(out * torch.linspace(-1, 1, out.numel()).reshape(out.shape)).backward()
            found["gradient"] = {name: blob(one.grad) for name, one in model.named_parameters() if one.grad is not None}
    return found


_SILENT = {
    "view", "_unsafe_view", "reshape", "t", "transpose", "permute", "detach", "alias", "clone", "contiguous",
    "squeeze", "unsqueeze", "flatten", "_to_copy", "expand", "lift_fresh", "select", "slice", "_reshape_alias",
}  # fmt: skip


class Trace(TorchDispatchMode):
    """The operations in the order they run, each with the numbers of the values it reads and makes."""

    def __init__(self, model: nn.Module, file: str) -> None:
        super().__init__()
        self.file = file
        self.ops: list[dict[str, Any]] = []
        self.names = {id(value): name for name, value in model.state_dict(keep_vars=True).items()}
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []
        self.sources: dict[int, str] = {}

    def number(self, tensor: torch.Tensor, new: bool = False) -> int:
        """The number of a value."""
        if new or id(tensor) not in self.numbers:
            self.kept.append(tensor)
            number = len(self.kept)
            self.numbers[id(tensor)] = number
            if id(tensor) in self.names:
                self.sources[number] = self.names[id(tensor)]
        return self.numbers[id(tensor)]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        inputs = [each for each in args if isinstance(each, torch.Tensor)]
        for each in args:
            if isinstance(each, (list, tuple)):
                inputs += [inner for inner in each if isinstance(inner, torch.Tensor)]
        read = [self.number(each) for each in inputs]
        shapes = [list(each.shape) for each in inputs]
        out = func(*args, **(kwargs or {}))
        first = out[0] if isinstance(out, (tuple, list)) and out else out
        if not isinstance(first, torch.Tensor) or len(self.ops) >= MOST_OPS:
            return out
        if name.rstrip("_") in _SILENT and read:
            self.kept.append(first)
            self.numbers[id(first)] = read[0]
            return out
        made = self.number(first, new=True)
        plain = [each for each in args if isinstance(each, (bool, int, float, list, tuple)) and _plain(each)]
        self.ops.append(
            {
                "op": name.rstrip("_"),
                "in": read,
                "names": [self.sources.get(each, "") for each in read],
                "shapes": shapes,
                "out": made,
                "shape": list(first.shape),
                "values": [list(each) if isinstance(each, tuple) else each for each in plain],
                "line": self.line(),
            }
        )
        return out

    def line(self) -> int | None:
        """The learner's line that this came from."""
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                return frame.f_lineno
            frame = frame.f_back
        return None


def _plain(value: Any) -> bool:
    return not isinstance(value, (list, tuple)) or all(isinstance(each, (bool, int, float)) for each in value)


def trace(state: dict[str, Any], slot: str, x: Blob, train: bool = False) -> dict[str, Any]:
    """Run the model once and tell what ran; `input` and `out` are the numbers of what went in and came out."""
    model = state[slot]
    model.train(train)
    given = tensor_of(x)
    mode = Trace(model, state["file"])
    first = mode.number(given)
    with torch.no_grad(), mode:
        out = model(given)
    return {"ops": mode.ops, "input": first, "out": mode.number(out) if isinstance(out, torch.Tensor) else 0}


class _Watched(nn.Module):
    """A small classifier that writes down how it is used."""

    def __init__(self, inputs: int, classes: int, values: dict[str, Blob], log: list[dict[str, Any]]) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(inputs)
        self.linear = nn.Linear(inputs, classes)
        self.log = log
        with torch.no_grad():
            self.linear.weight.copy_(tensor_of(values["weight"]))
            self.linear.bias.copy_(tensor_of(values["bias"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.linear(self.norm(x.flatten(1)))
        entry = {"event": "forward", "training": self.training, "x": blob(x), "out": blob(out)}
        self.log.append(entry)
        if out.requires_grad:
            out.register_hook(self.backward)
        return out

    def backward(self, _: torch.Tensor) -> None:
        """The backward pass begins; whether gradients of an earlier one are still there."""
        left = any(one.grad is not None and bool(torch.count_nonzero(one.grad)) for one in self.parameters())
        self.log.append({"event": "backward", "left": left})


class _Moves(torch.overrides.TorchFunctionMode):
    """Counts what is moved to the device that was asked for."""

    def __init__(self, device: torch.device, file: str, log: list[dict[str, Any]]) -> None:
        super().__init__()
        self.device, self.file, self.log = device, file, log

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        values = (*args, *(kwargs or {}).values())
        named = [each for each in values if isinstance(each, (torch.device, str))]
        own = sys._getframe(1).f_code.co_filename == self.file
        moves = getattr(func, "__name__", "") in ("to", "cuda", "cpu")
        if own and moves and args and isinstance(args[0], torch.Tensor):
            self.log.append({"event": "moved", "right": any(str(each) == str(self.device) for each in named)})
        return func(*args, **(kwargs or {}))


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
    model = _Watched(inputs, classes, values, log)

    class Optimizer(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            log.append({"event": "step", "gradients": {each: blob(one.grad) for each, one in model.named_parameters()}})
            return super().step(closure)

    class Scheduler(torch.optim.lr_scheduler.LambdaLR):
        def step(self, epoch: int | None = None) -> None:
            if self.last_epoch >= 0:
                log.append({"event": "scheduler"})
            super().step(epoch)

    class Loss(nn.CrossEntropyLoss):
        def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            log.append({"event": "loss", "target": blob(target)})
            return super().forward(input, target)

    class Loader:
        def __init__(self) -> None:
            self.dataset = [pair for x, y in held for pair in zip(x, y, strict=True)]

        def __len__(self) -> int:
            return len(held)

        def __iter__(self) -> Any:
            for x, y in held:
                log.append({"event": "batch"})
                yield x.clone(), y.clone()

    held = [(tensor_of(x), tensor_of(y)) for x, y in batches]
    optimizer = Optimizer(model.parameters(), lr=rate)
    scheduler = Scheduler(optimizer, lambda at: 1 / (1 + 0.25 * at))
    where = torch.device(device)
    model.eval()
    returned = []
    for at in epochs:
        log.append({"event": "epoch", "rate": optimizer.param_groups[0]["lr"]})
        _seed(at)
        with _Moves(where, state["file"], log):
            found = getattr(state["module"], name)(model, optimizer, scheduler, Loss(), Loader(), at, where)
        returned.append(_returned(found))
    return {"log": log, "returned": returned, "rates": optimizer.param_groups[0]["lr"]}


def stub_datasets(state: dict[str, Any]) -> bool:
    """Put small data sets in the place of torchvision's, so that nothing is downloaded or read from a disk."""
    from torchvision import datasets

    def small(base: Any) -> Any:
        def begin(
            self: Any,
            root: Any = None,
            train: bool = True,
            transform: Any = None,
            target_transform: Any = None,
            download: bool = False,
        ) -> None:
            datasets.VisionDataset.__init__(self, root or ".", None, transform, target_transform)
            self.train = train
            made = torch.Generator().manual_seed(11 if train else 12)
            count = TRAIN_IMAGES if train else TEST_IMAGES
            self.data = torch.randint(0, 256, (count, 28, 28), generator=made, dtype=torch.uint8)
            self.data[:, 0, 0] = 0
            self.data[:, 27, 27] = 255
            self.targets = torch.arange(count) % 10
            state["calls"].append({"train": train, "download": bool(download)})

        return type(base.__name__, (base,), {"__init__": begin, "__module__": base.__module__})

    state["calls"] = []
    for name in ("MNIST", "FashionMNIST"):
        made = small(getattr(datasets, name))
        setattr(datasets, name, made)
        for module in (datasets.mnist,):
            setattr(module, name, made)
    return True


TRAIN_IMAGES, TEST_IMAGES = 96, 40


def loaders(
    state: dict[str, Any], name: str, dataset: str, batch: int, options: dict[str, Any], seed: int, epochs: int = 2
) -> dict[str, Any]:
    """Call get_dataloaders and read both loaders `epochs` times: how they are set, and every batch they give."""
    from torchvision import datasets

    _seed(seed)
    found = getattr(state["module"], name)(getattr(datasets, dataset), batch, **options)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        return {"kind": type(found).__name__, "count": len(found) if isinstance(found, (tuple, list)) else 0}
    both = []
    for loader in found:
        if not isinstance(loader, torch.utils.data.DataLoader):
            return {"kind": type(loader).__name__, "count": 2}
        rounds = []
        for _ in range(epochs):
            batches = []
            for pair in loader:
                x, y = pair
                batches.append([blob(x), blob(y)])
            rounds.append(batches)
        both.append({"pinned": bool(loader.pin_memory), "workers": loader.num_workers, "rounds": rounds})
    return {"loaders": both}


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


OPS: dict[str, Callable[..., Any]] = {
    "build": build,
    "add_probe": add_probe,
    "weights": weights,
    "put": put,
    "forward": forward,
    "trace": trace,
    "epoch": epoch,
    "stub_datasets": stub_datasets,
    "loaders": loaders,
}
