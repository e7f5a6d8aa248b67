"""The cells behind a unit and those that it reaches, as runs of neighbours: a wide field is a few numbers.

`Runs` are pairs of first and last, in order, apart from each other. The walk of indices one by one (`arithmetic.walk`)
says the same and is what the tests hold these against.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tutor.fields.arithmetic import INPUT, Field, Glance
from tutor.fields.layers import FieldError, Layer

Runs: TypeAlias = tuple[tuple[int, int], ...]
MOST_RUNS = 100_000


@dataclass(frozen=True, slots=True)
class Cone:
    """What one unit of a node reads of every node below it."""

    read: dict[int, Runs]
    """Cells that are really read: padding is a constant, and what lies behind it is not read."""
    reached: dict[int, Runs]
    """The same without borders: in what lies outside, the cone goes on."""

    @property
    def glance(self) -> Glance:
        """What the unit reads of the input."""
        if not self.reached.get(INPUT):
            return Glance(0, -1, 0, 0)
        first, last = self.reached[INPUT][0][0], self.reached[INPUT][-1][1]
        read = self.read.get(INPUT, ())
        return Glance(first, last, last - first + 1 - self.outside, count(read))

    @property
    def outside(self) -> int:
        """How many positions of the field, from its first to its last, lie past the border."""
        return self._outside

    _outside: int = 0


def cone(field: Field, node: int, unit: int) -> Cone:
    """The cells behind a unit, through every branch. Raises FieldError where they are too many and too scattered."""
    read: dict[int, Runs] = {node: ((unit, unit),)}
    reached = dict(read)
    for at in range(node, INPUT, -1):
        if at not in reached:
            continue
        layer = field.nodes[at].layer
        for below in field.nodes[at].inputs:
            reached[below] = merged((*reached.get(below, ()), *_below(reached[at], layer)))
            inside = clipped(_below(read.get(at, ()), layer), field.size(below))
            read[below] = merged((*read.get(below, ()), *inside))
    outside = 0
    if reached.get(INPUT):
        first, last = reached[INPUT][0][0], reached[INPUT][-1][1]
        outside = last - first + 1 - max(0, min(last, field.width - 1) - max(first, 0) + 1)
    return Cone(read, reached, outside)


def reach(field: Field, node: int, unit: int) -> dict[int, Runs]:
    """The units of every node above that read a unit, directly or through others; the unit itself included."""
    found: dict[int, Runs] = {node: ((unit, unit),)}
    for at in range(node + 1, len(field.nodes)):
        runs = [
            run
            for below in field.nodes[at].inputs
            if below in found
            for run in _above(found[below], field.nodes[at].layer)
        ]
        if runs:
            found[at] = clipped(merged(runs), field.size(at))
    return found


def _below(runs: Runs, layer: Layer) -> Runs:
    return gathered(runs, layer) if layer.kind == "transposed" else spread(runs, layer)


def _above(runs: Runs, layer: Layer) -> Runs:
    return spread(runs, layer) if layer.kind == "transposed" else gathered(runs, layer)


def spread(runs: Runs, layer: Layer) -> Runs:
    """The places unit · stride − padding + tap · dilation of all units and taps."""
    kernel, stride, padding, step = layer.kernel, layer.stride, layer.padding, layer.dilation
    last_tap = (kernel - 1) * step

    def places() -> Iterator[tuple[int, int]]:
        for a, b in runs:
            units = b - a + 1
            if units == 1 and step == 1:
                yield a * stride - padding, a * stride - padding + last_tap
            elif (step == 1 and kernel >= stride) or (stride == 1 and units >= step):
                yield a * stride - padding, b * stride - padding + last_tap
            elif stride == 1:
                yield from ((a - padding + tap, b - padding + tap) for tap in range(0, last_tap + 1, step))
            elif step == 1:
                yield from ((u * stride - padding, u * stride - padding + last_tap) for u in range(a, b + 1))
            else:
                for unit in range(a, b + 1):
                    start = unit * stride - padding
                    yield from ((start + tap, start + tap) for tap in range(0, last_tap + 1, step))

    return merged(places())


def gathered(runs: Runs, layer: Layer) -> Runs:
    """The units for which one of those places lies in the runs."""
    kernel, stride, padding, step = layer.kernel, layer.stride, layer.padding, layer.dilation

    def units() -> Iterator[tuple[int, int]]:
        for a, b in runs:
            # A run as long as the step between two taps is met by every window that comes near it.
            taps = (0,) if b - a + 1 >= step else range(0, kernel * step, step)
            for tap in taps:
                furthest = (kernel - 1) * step if len(taps) == 1 else tap
                first, last = -(-(a + padding - furthest) // stride), (b + padding - tap) // stride
                if first <= last:
                    yield first, last

    return merged(units())


def merged(runs: Iterable[tuple[int, int]]) -> Runs:
    """In order, neighbours joined. Raises FieldError where there are too many to draw."""
    taken: list[tuple[int, int]] = []
    for run in runs:
        taken.append(run)
        if len(taken) > MOST_RUNS:
            raise FieldError("What this unit reads is too scattered to be drawn; --json gives the figures.")
    taken.sort()
    found: list[tuple[int, int]] = []
    for first, last in taken:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def clipped(runs: Runs, size: int) -> Runs:
    """What lies inside a map."""
    return tuple((max(a, 0), min(b, size - 1)) for a, b in runs if b >= 0 and a < size)


def count(runs: Runs) -> int:
    """How many cells."""
    return sum(b - a + 1 for a, b in runs)


def overlap(runs: Runs, first: int, last: int) -> int:
    """How many cells from first to last are in the runs."""
    at = max(0, bisect_left(runs, (first, first)) - 1)
    found = 0
    while at < len(runs) and runs[at][0] <= last:
        found += max(0, min(runs[at][1], last) - max(runs[at][0], first) + 1)
        at += 1
    return found
