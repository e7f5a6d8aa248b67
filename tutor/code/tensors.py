"""Tensors of the learner's process as bytes, and back; and what is drawn there, the same at every call."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import nn

from tutor.code.wire import Blob

_detach, _contiguous, _numpy, _cpu = (
    torch.Tensor.detach,
    torch.Tensor.contiguous,
    torch.Tensor.numpy,
    torch.Tensor.cpu,
)


def blob(tensor: Any) -> Any:
    """A tensor as bytes; of anything else, and of a subclass of Tensor, only its type's name."""
    if type(tensor) not in (torch.Tensor, nn.Parameter):
        return {"kind": type(tensor).__name__, "tensor": isinstance(tensor, torch.Tensor)}
    plain = _contiguous(_cpu(_detach(tensor)))
    return Blob(str(plain.dtype).removeprefix("torch."), tuple(plain.shape), _numpy(plain).tobytes())


def tensor_of(found: Blob) -> torch.Tensor:
    """The tensor of a blob."""
    return torch.frombuffer(bytearray(found.data), dtype=getattr(torch, found.dtype)).reshape(found.shape).clone()


def seed_all(seed: int) -> None:
    """Begin every generator anew."""
    random.seed(seed)
    torch.manual_seed(seed)
