"""What the judge may ask of the learner's code: build, run, trace, train. Raw facts and tensors go back."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import torch
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


OPS: dict[str, Callable[..., Any]] = {
    "build": build,
    "add_probe": add_probe,
    "weights": weights,
    "put": put,
    "forward": forward,
    "trace": trace,
}
