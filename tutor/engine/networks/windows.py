"""The windows of PyTorch's own operations: kernel, stride, padding and dilation along each axis, as `Layer`s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from tutor.fields.layers import FieldError, Layer

CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
TRANSPOSED = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
MAX = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
AVG = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
SIGNATURES = {
    f"{name}{rank}d": signature
    for name, signature in (("conv", CONV), ("conv_transpose", TRANSPOSED), ("max_pool", MAX), ("avg_pool", AVG))
    for rank in (1, 2, 3)
}
"""The positional arguments of the functions that read windows."""
POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
PADS = ("ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad")


def is_window(module: nn.Module) -> bool:
    """Whether a module reads windows."""
    return isinstance(module, (_ConvNd, *POOLS))


def of_module(name: str, module: Any, axes: int) -> tuple[Layer, ...]:
    """The window of a convolution or pooling module, along each axis."""
    if isinstance(module, _ConvTransposeNd):
        return _layers(name, "transposed", module, axes)
    if isinstance(module, _ConvNd):
        return _layers(name, "conv", module, axes)
    return _layers(name, "max" if type(module).__name__.startswith("Max") else "avg", module, axes)


def of_function(
    name: str, function: str, args: Sequence[Any], kwargs: Mapping[str, Any], axes: int
) -> tuple[Layer, ...]:
    """The window of torch.nn.functional's `function`, called with these values."""
    said = dict(zip(SIGNATURES[function], args, strict=False)) | dict(kwargs)
    if isinstance(weight := said.get("weight"), Tensor):
        said["kernel_size"] = tuple(weight.shape[2:])
    kind = {"conv": "conv", "conv_transpose": "transposed", "max_pool": "max", "avg_pool": "avg"}[function[:-2]]
    if kind in ("conv", "transposed"):
        said.setdefault("stride", 1)
    return _layers(name, kind, SimpleNamespace(**said), axes)


def _layers(name: str, kind: str, said: Any, axes: int) -> tuple[Layer, ...]:
    kernels = each(said.kernel_size, axes)
    stride = getattr(said, "stride", None)
    strides = kernels if stride is None or stride == () else each(stride, axes)
    dilations = each(getattr(said, "dilation", 1), axes)
    extras = each(getattr(said, "output_padding", 0), axes)
    padding = getattr(said, "padding", 0)
    if padding == "same":
        sums = [dilation * (kernel - 1) for kernel, dilation in zip(kernels, dilations, strict=True)]
        pads = [(total // 2, total - total // 2) for total in sums]
    else:
        pads = [(one, one) for one in each(0 if padding == "valid" else padding, axes)]
    return tuple(
        Layer(
            name,
            kernels[axis],
            strides[axis],
            pads[axis][0],
            dilations[axis],
            kind,
            bool(getattr(said, "ceil_mode", False)),
            pads[axis][1],
            extras[axis] if kind == "transposed" else 0,
        )
        for axis in range(axes)
    )


def of_padding(name: str, pairs: Sequence[int], axes: int, places: Sequence[int], rank: int) -> tuple[Layer, ...]:
    """The cells that `F.pad` adds: `pairs` from the last of `rank` dimensions backwards; `places` are the axes."""
    both = {rank - 1 - at: (pairs[2 * at], pairs[2 * at + 1]) for at in range(len(pairs) // 2)}
    found = [both.get(dim, (0, 0)) for dim in places]
    return tuple(Layer(name, 1, 1, near, 1, "pad", False, far) for near, far in found[:axes])


def of_resizing(name: str, mode: str, before: Sequence[int], after: Sequence[int]) -> tuple[Layer, ...]:
    """Which cells a resized map reads: whole factors only. Raises FieldError otherwise."""
    layers = []
    for small, large in zip(before, after, strict=True):
        factor, rest = divmod(large, small)
        if rest or mode not in ("nearest", "nearest-exact", "linear", "bilinear", "trilinear"):
            raise FieldError(
                f"{name} resizes {small} cells to {large} ({mode}): its units read unevenly, and have no one field. "
                f"Take a width at which the factor is whole."
            )
        if mode.startswith("nearest"):
            layers.append(Layer(name, factor, factor, 0, 1, "transposed"))
        else:
            # A mean of two neighbours is a transposed convolution whose kernel is a triangle.
            layers.append(Layer(name, 2 * factor - factor % 2, factor, factor // 2, 1, "transposed"))
    return tuple(layers)


def of_slices(name: str, slices: Sequence[slice], sizes: Sequence[int]) -> tuple[Layer, ...]:
    """Every step-th cell from start to stop: a kernel of one cell with its padding cut off."""
    layers = []
    for one, size in zip(slices, sizes, strict=True):
        start, stop, step = one.indices(size)
        if step < 1 or stop <= start:
            raise FieldError(f"{name} takes no cell of a map of {size}; take a wider input.")
        layers.append(Layer(name, 1, step, -start, 1, "slice", False, stop - size))
    return tuple(layers)


def each(value: Any, axes: int) -> tuple[int, ...]:
    """One number for each axis."""
    if isinstance(value, int):
        return (value,) * axes
    values = tuple(int(one) for one in value)
    return values * axes if len(values) == 1 else values
