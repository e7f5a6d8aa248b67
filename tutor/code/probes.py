"""What the judge may ask of the learner's code: build, run, trace, train. Raw facts and tensors go back."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter
from torch.utils._python_dispatch import TorchDispatchMode

from tutor.code.epochs import epoch
from tutor.code.loaders import loaders, stub_datasets
from tutor.code.tensors import blob, seed_all, tensor_of
from tutor.code.wire import Blob

MOST_OPS = 4000


def build(
    state: dict[str, Any],
    name: str,
    values: list[Any],
    options: dict[str, Any],
    slot: str,
    probe: str = "",
    added: str = "",
) -> dict[str, Any]:
    """Call the learner's `name(*values, **options)` and keep the result as `slot`; what kind of thing it is.

    `probe` is the name of a class of blocks: those made meanwhile run as one convolution each. `added` is the name of a
    class of blocks that the file has meanwhile.
    """
    seed_all(0)
    module = state["module"]
    probing = _probing(module, probe) if probe else nullcontext()
    with probing, _adding(module, added) if added else nullcontext():
        made = getattr(module, name)(*values, **options)
    state[slot] = made
    if not isinstance(made, nn.Module):
        return {"module": False, "type": type(made).__name__}
    held = dict(made.named_parameters())
    lazy = next((each for each, one in held.items() if isinstance(one, UninitializedParameter)), "")
    named = [] if lazy else [[each, list(one.shape), one.requires_grad] for each, one in held.items()]
    return {"module": True, "type": type(made).__name__, "parameters": named, "lazy": lazy}


PROBE_DILATION = 7
"""Without effect on a kernel of one cell: it tells the convolution of a probe from all others."""


def _probing(module: Any, name: str) -> AbstractContextManager[None]:
    """While it lasts, each new block of the class `name` runs one 1x1 convolution with its channels and stride.

    The class itself is changed, not its name, so that it does not matter where the learner's code has it from.
    """
    block = getattr(module, name)
    signature = inspect.signature(block)

    def probe(made: nn.Module, *given: Any, **named: Any) -> nn.Module:
        bound = signature.bind(*given, **named)
        bound.apply_defaults()
        before, after, stride = [*bound.args, *bound.kwargs.values()][:3]
        only = nn.Conv2d(before, after, 1, stride, dilation=PROBE_DILATION, bias=False)
        made.add_module("probe", only)
        made.forward = only.forward
        return made

    if not isinstance(block, type):
        return _set(module, name, lambda *given, **named: probe(block(*given, **named), *given, **named))
    begin = block.__init__

    def begun(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        if type(self) is block:
            probe(self, *given, **named)

    return _set(block, "__init__", begun)


def _adding(module: Any, name: str) -> AbstractContextManager[None]:
    """While it lasts, the learner's file has a class `name` of blocks, one 1x1 convolution each."""

    class Added(nn.Conv2d):
        def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
            super().__init__(in_channels, out_channels, 1, stride)

    Added.__name__, Added.__module__ = name, module.__name__
    return _set(module, name, Added)


@contextmanager
def _set(holder: Any, name: str, value: Any) -> Iterator[None]:
    """An attribute of a module or a class, set for a while."""
    missing = object()
    before = vars(holder).get(name, missing)
    setattr(holder, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(holder, name)
        else:
            setattr(holder, name, before)


def _held(model: nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter and buffer once, under the first of its names."""
    first: dict[int, tuple[str, torch.Tensor]] = {}
    for name, value in model.state_dict(keep_vars=True).items():
        first.setdefault(id(value), (name, value))
    return dict(first.values())


def weights(state: dict[str, Any], slot: str) -> dict[str, Any]:
    """Every parameter and buffer."""
    return {name: blob(value) for name, value in _held(state[slot]).items()}


def put(state: dict[str, Any], slot: str, values: dict[str, Blob]) -> bool:
    """Write values into parameters and buffers."""
    held = _held(state[slot])
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
    seed_all(seed)
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
        self.held = {id(value): (name, value) for name, value in _held(model).items()}
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []
        self.sources: dict[int, tuple[str, torch.Tensor]] = {}

    def number(self, tensor: torch.Tensor, new: bool = False) -> int:
        """The number of a value."""
        if new or id(tensor) not in self.numbers:
            self.kept.append(tensor)
            number = len(self.kept)
            self.numbers[id(tensor)] = number
            if id(tensor) in self.held:
                self.sources[number] = self.held[id(tensor)]
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
                "names": [self.sources[each][0] if each in self.sources else "" for each in read],
                "turned": [self.turned(number, each) for number, each in zip(read, inputs, strict=True)],
                "shapes": shapes,
                "out": made,
                "shape": list(first.shape),
                "values": [list(each) if isinstance(each, tuple) else each for each in plain],
                "line": self.line(),
            }
        )
        return out

    def turned(self, number: int, read: torch.Tensor) -> bool:
        """Whether a weight is read transposed."""
        if number not in self.sources:
            return False
        held = self.sources[number][1]
        return (read.shape, read.stride()) != (held.shape, held.stride())

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


OPS: dict[str, Callable[..., Any]] = {
    "build": build,
    "weights": weights,
    "put": put,
    "forward": forward,
    "trace": trace,
    "epoch": epoch,
    "stub_datasets": stub_datasets,
    "loaders": loaders,
}
