"""Images on canvases: normalised, placed, made noisy, shuffled; once, for a whole split, as one tensor on the device.

What is drawn depends on the seed, the split and the image's index alone. It is drawn on the CPU for every device, so
that a run on a GPU sees the images of a run without one, bit for bit, and in blocks of images, each with a generator of
its own, so that it does not matter how many images are used or how many threads draw.

The tensor is complete before the first step: 60,000 images of 56x56 in float32 are 753 MB. In return nothing is left to
do for a batch but to index it. At most one block a thread is held beside it; what does not fit is refused beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch

from tutor.training.data.known import EMBEDDED, SIDE, DataError
from tutor.training.data.room import free_bytes
from tutor.training.recipe import Placement

Bytes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]
SplitName: TypeAlias = Literal["train", "validation"]

BLOCK = 64
"""Images that share a generator of noise. Another number is another noise."""
LEFT_FREE = 0.1
"""This part of the free memory is left alone."""

_SPLITS = {"train": 0, "validation": 1}
_OFFSETS, _NOISE, _SHUFFLE = range(3)
"""What a generator is for: each has a stream of its own."""


def placed(
    images: Bytes | torch.Tensor,
    *,
    canvas: int,
    mean: float,
    std: float,
    placement: Placement,
    noise: float,
    scrambled: bool,
    seed: int,
    split: SplitName,
    device: torch.device | str,
    dtype: torch.dtype = torch.float32,
    first: int = 0,
) -> torch.Tensor:
    """Images (N, 28, 28) of 0 to 255 as a tensor (N, 1, canvas, canvas) on the device.

    In this order: normalised with `mean` and `std` (of pixels from 0 to 1); placed on a canvas that is filled with the
    image's own minimum, at a random place or in the centre; Gaussian noise with standard deviation `noise` added to the
    whole canvas; the pixels shuffled, alike for all images of both splits. `first` is the index of `images[0]` in its
    split. Works on as many threads as torch may use. Raises DataError where the memory does not suffice.
    """
    _must_make_sense(canvas, placement, split)
    source = images.numpy() if isinstance(images, torch.Tensor) else images
    count = len(source)
    device = torch.device(device)
    _must_fit(count, canvas, device, dtype)
    out = torch.empty((count, 1, canvas, canvas), dtype=dtype, device=device)
    grey = ((np.arange(256) / 255 - mean) / std).astype(np.float32)
    corners = offsets(first + count, canvas, placement, seed, split)[first:]
    order = permutation(canvas, seed) if scrambled else None
    direct = out.numpy() if device.type == "cpu" and dtype == torch.float32 else None

    def block(number: int) -> None:
        """Fill the places of one block; a thread's work."""
        begin, end = max(number * BLOCK - first, 0), min((number + 1) * BLOCK - first, count)
        here = slice(begin, end)
        result = np.empty((end - begin, canvas, canvas), np.float32) if direct is None else direct[here, 0]
        scene = result if order is None else np.empty_like(result)
        _place(source[here], corners[here], grey, scene)
        if noise:
            skipped = begin + first - number * BLOCK
            scene += _noise(skipped, end - begin, canvas, noise, _generator(seed, _NOISE, _SPLITS[split], number))
        if order is not None:
            # The mode spares a copy: no place is out of range.
            np.take(scene.reshape(len(scene), -1), order, 1, result.reshape(len(scene), -1), mode="clip")
        if direct is None:
            out[here, 0].copy_(torch.from_numpy(result))

    _each(block, range(first // BLOCK, math.ceil((first + count) / BLOCK)))
    return out


def size_in_bytes(count: int, canvas: int, dtype: torch.dtype = torch.float32) -> int:
    """What the tensor of so many images takes."""
    return count * canvas * canvas * dtype.itemsize


def offsets(count: int, canvas: int, placement: Placement, seed: int, split: SplitName) -> npt.NDArray[np.int64]:
    """Row and column of the upper left corner of each of the first `count` images of a split, (count, 2)."""
    room = canvas - SIDE
    if placement == "centred":
        return np.full((count, 2), room // 2)
    return _generator(seed, _OFFSETS, _SPLITS[split]).integers(0, room + 1, (count, 2))


def permutation(canvas: int, seed: int) -> npt.NDArray[np.int64]:
    """The shuffle: pixel i of a shuffled canvas, counted along rows, is pixel `permutation[i]` of the plain one."""
    return _generator(seed, _SHUFFLE, canvas).permutation(canvas * canvas)


def _place(images: Bytes, corners: npt.NDArray[np.int64], grey: Floats, out: Floats) -> None:
    """Normalised images at their corners of `out` (n, canvas, canvas), each on its own minimum."""
    out[:] = grey[images.min((1, 2))][:, None, None]
    windows = np.lib.stride_tricks.sliding_window_view(out, (SIDE, SIDE), axis=(1, 2), writeable=True)
    windows[np.arange(len(images)), corners[:, 0], corners[:, 1]] = grey[images]


def _noise(skipped: int, count: int, canvas: int, deviation: float, generator: np.random.Generator) -> Floats:
    """Noise for `count` canvases, those after the first `skipped` of a block."""
    drawn = generator.standard_normal((skipped + count, canvas, canvas), np.float32)[skipped:]
    drawn *= deviation
    return drawn


def _generator(seed: int, *stream: int) -> np.random.Generator:
    """A generator of its own for each seed and stream: numpy's fastest."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=stream)))


def _each(work: Callable[[int], None], numbers: range) -> None:
    """Do all of it on as many threads as torch may use; numpy lets go of the interpreter while it draws."""
    with ThreadPoolExecutor(max(torch.get_num_threads(), 1)) as pool:
        for _ in pool.map(work, numbers):
            pass


def _must_make_sense(canvas: int, placement: str, split: str) -> None:
    """Raises ValueError: these are a program's mistakes, a recipe is checked before."""
    if canvas < SIDE:
        raise ValueError(f"a canvas of {canvas} is smaller than an image of {SIDE}")
    if placement not in get_args(Placement):
        raise ValueError(f"there is no placement {placement!r}")
    if split not in _SPLITS:
        raise ValueError(f"there is no split {split!r}")


def _must_fit(count: int, canvas: int, device: torch.device, dtype: torch.dtype) -> None:
    """Raises DataError where the tensor is larger than what is free."""
    needed, free = size_in_bytes(count, canvas, dtype), free_bytes(device)
    if free is None or needed <= free * (1 - LEFT_FREE):
        return
    raise DataError(
        f"{count:,} images on a canvas of {canvas}x{canvas} take {needed / 1e9:,.1f} GB, and {device} has"
        f" {free / 1e9:,.1f} GB free; choose a smaller canvas=N, fewer with images=N,"
        f" or data={EMBEDDED}."
    )
