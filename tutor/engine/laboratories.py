"""What the laboratories measure: a training step layer by layer, variances through many layers, cells reached."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import torch
from torch import nn

from tutor.engine.memory import AliveStorages, Saved, numbers_stored
from tutor.engine.protocol import MethodError

PRODUCTS = ("aten.mm", "aten.addmm", "aten.matmul", "aten.linear")
DEPTH, BATCH, NETWORKS = 100, 64, 8
NUMBERS = 400_000
"""Normal numbers drawn in a round for one output's variance."""


class Steps(AliveStorages):
    """Follows a pass: in each of its phases, the multiplications by what they make, and the most numbers alive."""

    def __init__(self, *weights: torch.Tensor) -> None:
        super().__init__(*weights)
        self.products = {"forward": 0, "input": 0, "weights": 0}
        self.alive: list[int] = []
        self.backward = False
        self._weights = {weight.untyped_storage().data_ptr() for weight in weights}

    def begin(self) -> None:
        """From here on it is the next phase."""
        self.alive.append(self.moments[-1].numbers if self.moments else 0)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = super().__torch_dispatch__(func, types, args, kwargs)
        if str(func).startswith(PRODUCTS):
            left, right = [each for each in args if isinstance(each, torch.Tensor) and each.dim() == 2][-2:]
            made = "forward"
            if self.backward:
                # The input's gradient is made with the weights, theirs without.
                mine = {each.untyped_storage().data_ptr() for each in (left, right)}
                made = "input" if mine & self._weights else "weights"
            self.products[made] += left.shape[0] * left.shape[1] * right.shape[1]
        if self.alive:
            self.alive[-1] = max(self.alive[-1], self.moments[-1].numbers)
        return out


def cost(n: int, K: int, L: int) -> dict[str, Any]:
    """One inference and one training step of L linear layers of width K: products, and numbers alive by phase.

    `training` has a phase for each layer going forward and then for each coming back, `inference` one for each layer.
    `training_kept` is what weights, gradients and autograd keep in all, each storage once; `allocator_peak` the bytes
    that CUDA's allocator gave out at most, where there is a GPU.
    """
    torch.manual_seed(0)
    stack = [nn.Linear(K, K, bias=False) for _ in range(L)]
    weights = [layer.weight for layer in stack]
    with torch.no_grad(), Steps(*weights) as inference:
        x = torch.randn(n, K)
        for layer in stack:
            inference.begin()
            x = layer(x)
    with Steps(*weights) as training:
        x = torch.randn(n, K, requires_grad=True)
        for at, layer in enumerate(stack):
            training.begin()
            x = layer(x if at == 0 else torch.relu(x))
            # When its gradient is there, going back, this layer begins.
            x.register_hook(lambda gradient: training.begin())
        coming = torch.ones(n, K)
        training.backward = True
        x.backward(coming)
    for weight in weights:
        weight.grad = None
    del x, coming
    allocator = allocator_peak(n, K, L) if torch.cuda.is_available() else None
    return {
        "allocator_peak": allocator,
        "products": training.products,
        "training": training.alive,
        "inference": inference.alive,
        "training_peak": training.peak,
        "inference_peak": inference.peak,
        "training_kept": kept(stack, n, K),
    }


def allocator_peak(n: int, K: int, L: int) -> int:
    """Bytes that CUDA's own allocator gives out at most in a training step, beyond what was given out before."""
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    stack = [nn.Linear(K, K, bias=False, device="cuda") for _ in range(L)]
    x = torch.randn(n, K, device="cuda", requires_grad=True)
    for at, layer in enumerate(stack):
        x = layer(x if at == 0 else torch.relu(x))
    x.backward(torch.ones_like(x))
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def kept(stack: Sequence[nn.Linear], n: int, K: int) -> int:
    """Numbers in weights, their gradients and what autograd saves in a step, each storage once."""
    with Saved() as saved:
        x = torch.randn(n, K)
        for at, layer in enumerate(stack):
            x = layer(x if at == 0 else torch.relu(x))
    tensors = list(saved.tensors)
    x.backward(torch.ones_like(x))
    weights = [layer.weight for layer in stack]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return numbers_stored([*weights, *gradients, *tensors])


def variances(d: int) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Variances after each of 100 layers of d ReLUs with normal weights of deviation 1, from more and more networks.

    log10 of the mean over the networks, and of the least and the greatest; None from where every unit was off.
    `variance` is that of one output y = relu(z) · w with fresh weights for each sample, `second_moment` E[relu(z)²].
    """
    random = torch.Generator().manual_seed(2)
    runs: list[list[float]] = []
    count, sums = 0, [0.0] * 4
    samples = max(1000, NUMBERS // d)
    found: dict[str, Any] = {}
    for _ in range(NETWORKS):
        runs.append(network(d, random))
        z, w = (torch.randn(samples, d, generator=random) for _ in range(2))
        x = torch.relu(z)
        y = (x * w).sum(1).double()
        squares = x.square().double()
        count += samples
        for at, each in enumerate((y.square(), y.square().square(), squares.mean(1), squares.square().mean(1))):
            sums[at] += each.sum().item()
        second, fourth, moment, moment_square = (total / count for total in sums)
        found = {
            "log10": [_mean(logs) for logs in zip(*runs, strict=True)],
            "low": [_plain(min(logs)) for logs in zip(*runs, strict=True)],
            "high": [_plain(max(logs)) for logs in zip(*runs, strict=True)],
            "networks": len(runs),
            "samples": count,
            "variance": second,
            "variance_error": math.sqrt(max(fourth - second**2, 0.0) / count),
            "second_moment": moment,
            "second_moment_error": math.sqrt(max(moment_square - moment**2, 0.0) / (count * d)),
        }
        yield found
    return found


def network(d: int, random: torch.Generator) -> list[float]:
    """log10 of the variance after each layer of one network; every layer is rescaled, so that nothing overflows."""
    z = torch.randn(BATCH, d, generator=random)
    found, log = [], 0.0
    for _ in range(DEPTH):
        z = torch.relu(z) @ torch.randn(d, d, generator=random)
        variance = z.square().mean().item()
        if variance <= 0:
            return found + [-math.inf] * (DEPTH - len(found))
        log += math.log10(variance)
        found.append(log)
        z = z / math.sqrt(variance)
    return found


def _mean(logs: Sequence[float]) -> float | None:
    """log10 of the mean of what these are the logarithms of."""
    most = max(logs)
    if math.isinf(most):
        return None
    return most + math.log10(sum(10 ** (log - most) for log in logs) / len(logs))


def _plain(log: float) -> float | None:
    return None if math.isinf(log) else log


def reached(layers: Sequence[Sequence[Any]], width: int, unit: int) -> dict[str, Any]:
    """The cells of the input with a gradient from a unit of the last layer: runs of (first, last).

    Layers are (kind, kernel, stride, padding, dilation, ceil_mode). Weights are positive and pooling takes means, so
    that nothing cancels and no cell is left out by chance. Raises MethodError.
    """
    stack = nn.Sequential(*(_layer(*layer) for layer in layers)).double()
    x = torch.ones(1, 1, width, dtype=torch.float64, requires_grad=True)
    out = stack(x)
    (gradient,) = torch.autograd.grad(out[0, 0, unit], x)
    runs: list[list[int]] = []
    for cell in gradient.flatten().nonzero().flatten().tolist():
        if runs and cell == runs[-1][1] + 1:
            runs[-1][1] = cell
        else:
            runs.append([cell, cell])
    return {"runs": runs, "size": out.shape[-1]}


def _layer(kind: str, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> nn.Module:
    if kind in ("max", "avg") and dilation == 1:
        return nn.AvgPool1d(kernel, stride, padding, ceil_mode=ceil_mode)
    if ceil_mode:
        raise MethodError("PyTorch has no mean pooling with dilation that rounds up, so no gradient is taken here.")
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation, bias=False)
    nn.init.constant_(layer.weight, 1 / kernel)
    return layer
