"""CPU time of a piece of work, apart from the garbage that the rest of the test run leaves to be collected."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object]) -> float:
    """Call `work` and say how much CPU time it took."""
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()


def least_cpu_seconds(work: Callable[[], object], forget: Callable[[], object], tries: int = 3) -> float:
    """The least of some calls, each after `forget`: what others do to the machine only ever adds."""
    found = []
    for _ in range(tries):
        forget()
        found.append(cpu_seconds(work))
    return min(found)
