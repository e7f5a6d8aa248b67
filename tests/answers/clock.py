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
