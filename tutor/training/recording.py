"""The numbers of every step: they stay on the device, and come over in chunks that nobody waits for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Row:
    """One step: the mean loss, the accuracy in 0 to 1, the rate it was made with, how many images it had."""

    loss: float
    accuracy: float
    rate: float
    images: int


@dataclass(slots=True)
class _Chunk:
    """Rows on their way: two values a row (loss, right ones) on the host as soon as `done` says so."""

    values: Tensor
    rates: list[float]
    images: list[int]
    done: torch.cuda.Event | None


class Recorder:
    """Takes a step's loss and number of right answers as a tensor on the device, gives rows on the host.

    `send` begins to copy what was added since, `arrived` gives the rows whose copy is there; neither waits for the
    device unless told to.
    """

    def __init__(self) -> None:
        self._told: list[Tensor] = []
        self._rates: list[float] = []
        self._images: list[int] = []
        self._chunks: list[_Chunk] = []

    def add(self, told: Tensor, rate: float, images: int) -> None:
        """A step's mean loss and count of right answers, (2,), on the device and without a graph."""
        self._told.append(told)
        self._rates.append(rate)
        self._images.append(images)

    def send(self) -> None:
        """Begin to copy everything that was added since the last time."""
        if not self._told:
            return
        values = torch.stack(self._told)
        done = None
        if values.device.type == "cuda":
            host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            values = host.copy_(values, non_blocking=True)
            done = torch.cuda.Event()
            done.record()
        self._chunks.append(_Chunk(values, self._rates, self._images, done))
        self._told, self._rates, self._images = [], [], []

    def arrived(self, *, wait: bool = False) -> list[Row]:
        """The rows that are here, in the order of the steps; with `wait` all that were sent."""
        rows: list[Row] = []
        while self._chunks:
            chunk = self._chunks[0]
            if chunk.done is not None:
                if wait:
                    chunk.done.synchronize()
                elif not chunk.done.query():
                    break
            rows += [
                Row(loss, count / images, rate, images)
                for (loss, count), rate, images in zip(chunk.values.tolist(), chunk.rates, chunk.images, strict=True)
            ]
            del self._chunks[0]
        return rows


def first_not_finite(rows: Sequence[Row]) -> int | None:
    """The index of the first row whose loss is no number."""
    return next((index for index, row in enumerate(rows) if not math.isfinite(row.loss)), None)
