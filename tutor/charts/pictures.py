"""Small grey pictures: two pixels a cell, as the upper half block in two greys, or one ASCII character for both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RAMP = " .:-=+*#%@"


@dataclass(frozen=True, slots=True)
class Block:
    """A cell: the greys (0 black to 255 white) of its upper and its lower pixel."""

    upper: int
    lower: int


def shrunk(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """The image (H x W, any numbers) as `height` x `width` means of the pixels that lie there; never enlarged."""
    pixels = np.asarray(image, dtype=float)
    for axis, size in ((0, height), (1, width)):
        old = pixels.shape[axis]
        if old <= size:
            continue
        # Each new pixel is the mean over an interval that may cut old ones: the differences of a running sum.
        sums = np.concatenate([np.zeros_like(np.take(pixels, [0], axis)), np.cumsum(pixels, axis)], axis)
        edges = np.linspace(0, old, size + 1)
        whole = np.minimum(edges.astype(int), old - 1)
        share = np.expand_dims(edges - whole, 1 - axis)
        at = np.take(sums, whole, axis) * (1 - share) + np.take(sums, whole + 1, axis) * share
        pixels = np.diff(at, axis=axis) * size / old
    return pixels


def greys(image: np.ndarray) -> np.ndarray:
    """Whole greys from 0 to 255: values up to 1 are shares of white, others are clipped to bytes."""
    pixels = np.nan_to_num(np.asarray(image, dtype=float))
    if pixels.size and pixels.max() <= 1.0:
        pixels = pixels * 255
    return np.clip(np.round(pixels), 0, 255).astype(np.uint8)


def half_blocks(image: np.ndarray, columns: int) -> list[list[Block]]:
    """The picture in at most `columns` cells of width; rows of cells, each two pixels high."""
    high, wide = image.shape[:2]
    if image.ndim == 3:
        image = image.mean(axis=2)
    columns = min(columns, wide)
    rows = min(high, max(2, round(high * columns / wide)))
    rows += rows % 2
    pixels = greys(shrunk(greys(image), columns, rows)).astype(int)
    if pixels.shape[0] % 2:
        pixels = np.vstack([pixels, np.zeros((1, pixels.shape[1]), dtype=int)])
    return [
        [Block(int(up), int(down)) for up, down in zip(pixels[row], pixels[row + 1], strict=True)]
        for row in range(0, pixels.shape[0], 2)
    ]


def ascii_lines(image: np.ndarray, columns: int) -> list[str]:
    """The same picture in characters, dark to bright."""
    return [
        "".join(RAMP[min(len(RAMP) - 1, (block.upper + block.lower) * len(RAMP) // 512)] for block in row)
        for row in half_blocks(image, columns)
    ]
