"""Limits on CPU time, in seconds of a machine at its usual pace: one that is slow at the moment is granted more."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PIECE_SECONDS = 0.008
"""What `_piece` takes on the processor that all limits were measured on."""


def _piece() -> None:
    """A fixed piece of work."""
    total = 0
    for number in range(200_000):
        total += number


def slowness() -> float:
    """How many times as long as usual everything takes here and now; 1 where it is not slower than usual."""
    return max(1.0, min(_taken(_piece)[0] for _ in range(3)) / PIECE_SECONDS)


def within(seconds: float, work: Callable[[], T], *, forget: Callable[[], object] | None = None) -> T:
    """Call `work`, which has to keep within so much CPU time; what it returns.

    Where `forget` undoes what a call leaves behind, it is tried three times: what others do to the machine only ever
    adds. How slow the machine is, is asked after each try: the others come and go.
    """
    for _ in range(3 if forget else 1):
        if forget:
            forget()
        taken, result = _taken(work)
        granted = seconds
        if taken <= granted or taken <= (granted := seconds * slowness()):
            return result
    raise AssertionError(f"{taken:.4f} s of CPU time, at most {granted:.4f} s are granted here and now")


def _taken(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds, apart from the garbage that the rest of the tests leaves to be collected; and the result."""
    gc.disable()
    try:
        began = time.process_time()
        result = work()
        return time.process_time() - began, result
    finally:
        gc.enable()
