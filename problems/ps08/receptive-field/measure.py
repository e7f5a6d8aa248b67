"""Measurements of problem 4: sizes from real convolutions, receptive fields from real gradients."""

from collections.abc import Sequence

import torch
from torch import nn

from tutor.engine.measurement import Measurement


def convolution(K: int, S: int, P: int = 0) -> nn.Conv1d:
    """One channel, no bias, positive weights: nothing can cancel in a gradient."""
    layer = nn.Conv1d(1, 1, K, S, P, bias=False, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.uniform_(0.5, 1.5)
    return layer


def width_of(layer: nn.Conv1d, width: int) -> int:
    """How wide its output is."""
    with torch.no_grad():
        return layer(torch.zeros(1, 1, width, dtype=torch.float64)).shape[-1]


def reached(outputs: torch.Tensor, x: torch.Tensor) -> tuple[int, int]:
    """The first and the last cell of x with a gradient that is not zero."""
    (gradient,) = torch.autograd.grad(outputs.sum(), x)
    cells = gradient.flatten().nonzero().flatten()
    return int(cells[0]), int(cells[-1])


def output_size(W_in: int, K: int, P: int, S: int) -> Measurement:
    """The width of the output."""
    return Measurement(width_of(convolution(K, S, P), W_in), f"nn.Conv1d on an input of width {W_in}")


def input_size(W_out: int, K: int, P: int, S: int) -> Measurement:
    """The smallest width whose output has width W_out: every width is tried."""
    layer, width = convolution(K, S, P), max(1, K - 2 * P)
    while width_of(layer, width) < W_out:
        width += 1
    return Measurement(width, f"nn.Conv1d on wider and wider inputs, until {W_out} outputs came")


def recurrence(L: int, l: int, K: Sequence[int], P: Sequence[int], S: Sequence[int], W: Sequence[int]) -> Measurement:  # noqa: E741
    """W_l: the cells below that W_{l+1} neighbours of layer l+1 can be changed by; K[0] is K_1, W[0] is W_0."""
    kernel, stride, neighbours = K[l], S[l], W[l + 1]
    layer = convolution(kernel, stride)
    x = torch.rand(1, 1, stride * (neighbours + 1) + kernel, dtype=torch.float64, requires_grad=True)
    first, last = reached(layer(x)[..., :neighbours], x)
    how = f"the gradient of {neighbours} neighbouring outputs of nn.Conv1d(kernel {kernel}, stride {stride})"
    return Measurement(last - first + 1, how)


def closed_form(L: int, K: Sequence[int], P: Sequence[int], S: Sequence[int]) -> Measurement:
    """W_0: the input cells with a gradient from one output in the middle, far from every border."""
    stack = nn.Sequential(*(convolution(kernel, stride, pad) for kernel, stride, pad in zip(K, S, P, strict=True)))
    width, before, found = 64, 0, -1
    # A field that a border cuts grows with the input; one that does not is whole.
    while found != before:
        width, before = 2 * width, found
        x = torch.rand(1, 1, width, dtype=torch.float64, requires_grad=True)
        out = stack(x)
        first, last = reached(out[..., out.shape[-1] // 2], x)
        found = last - first + 1
    how = f"the gradient of one output of {L} nn.Conv1d, over an input of width {width}"
    return Measurement(found, how, details={"width": width})
