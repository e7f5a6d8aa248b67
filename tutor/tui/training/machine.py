"""What the machine is doing: GPUs by NVIDIA's library, processor and memory by /proc. Nothing here raises."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")

RETRIES = 3
"""So many failures in a row, and the GPUs are not asked again."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; None where the driver does not say."""

    index: int
    name: str
    use: float | None
    """In 0 to 1."""
    used_bytes: int | None
    total_bytes: int | None
    celsius: int | None
    watts: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the machine."""

    gpus: tuple[Gpu, ...] = ()
    word: str = ""
    """Why no GPU is shown, where there may be one."""
    cpu: float | None = None
    """The share of all cores that worked since the look before, in 0 to 1."""
    cores: int = field(default=1)
    used_bytes: int | None = None
    total_bytes: int | None = None


class Machine:
    """Reads the machine, about once a second. Without a driver, or with a broken one, it says so and goes on."""

    def __init__(self, proc: Path = Path("/proc"), library: str = "pynvml") -> None:
        """`proc` and `library` are for tests."""
        self._proc = proc
        self._library = library
        self._nvml: Any = None
        self._handles: list[Any] = []
        self._word = ""
        self._opened = False
        self._failures = 0
        self._before: tuple[int, int] | None = None

    def read(self) -> Reading:
        """What there is to read now."""
        used, total = self._memory()
        return Reading(self._gpus(), self._word, self._cpu(), os.cpu_count() or 1, used, total)

    def close(self) -> None:
        """Let the driver go."""
        if self._nvml is not None:
            with suppress(Exception):
                self._nvml.nvmlShutdown()
        self._nvml, self._handles = None, []

    # GPUs

    def _open(self) -> None:
        self._opened = True
        try:
            nvml = import_module(self._library)
        except Exception:  # a broken package may raise anything
            self._word = "GPU readings need the package nvidia-ml-py" if _has_gpu() else ""
            return
        try:
            nvml.nvmlInit()
            self._nvml = nvml
            self._handles = [nvml.nvmlDeviceGetHandleByIndex(at) for at in range(nvml.nvmlDeviceGetCount())]
        except Exception:  # the library has a class of its own for each of the driver's complaints
            self._nvml, self._handles = None, []
            self._word = "the NVIDIA driver does not answer" if _has_gpu() else ""

    def _gpus(self) -> tuple[Gpu, ...]:
        if not self._opened:
            self._open()
        if self._nvml is None:
            return ()
        try:
            found = tuple(self._gpu(at, handle) for at, handle in enumerate(self._handles))
        except Exception:
            found = ()
        if any(gpu.used_bytes is not None or gpu.use is not None for gpu in found) or not self._handles:
            self._failures, self._word = 0, ""
            return found
        self._failures += 1
        self._word = "the NVIDIA driver does not answer"
        if self._failures >= RETRIES:
            self.close()
        return ()

    def _gpu(self, index: int, handle: Any) -> Gpu:
        nvml = self._nvml
        name = _tried(lambda: nvml.nvmlDeviceGetName(handle)) or "GPU"
        name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
        memory = _tried(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        use = _tried(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        power = _tried(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        return Gpu(
            index,
            name.removeprefix("NVIDIA "),
            None if use is None else use / 100,
            None if memory is None else int(memory.used),
            None if memory is None else int(memory.total),
            _tried(lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
            None if power is None else power / 1000,
        )

    # Processor and memory

    def _cpu(self) -> float | None:
        try:
            words = (self._proc / "stat").read_text().split("\n", 1)[0].split()[1:9]
            times = [int(word) for word in words]
            idle, total = times[3] + times[4], sum(times)
        except (OSError, ValueError, IndexError):
            return None
        before, self._before = self._before, (idle, total)
        if before is None or total <= before[1]:
            return None
        return min(1.0, max(0.0, 1 - (idle - before[0]) / (total - before[1])))

    def _memory(self) -> tuple[int | None, int | None]:
        try:
            rows = dict(line.split(":", 1) for line in (self._proc / "meminfo").read_text().splitlines())
            total, free = (int(rows[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        except (OSError, ValueError, KeyError, IndexError):
            return None, None
        return total - free, total


def _tried(ask: Callable[[], Value]) -> Value | None:
    """What the driver says; None where it does not know this of this GPU."""
    try:
        return ask()
    except Exception:  # the library's errors, and those of its bindings to an older driver
        return None


def _has_gpu() -> bool:
    """Whether the machine has an NVIDIA device at all."""
    return any(Path(place).exists() for place in ("/dev/nvidiactl", "/proc/driver/nvidia/version"))
