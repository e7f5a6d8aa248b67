"""How much memory is free, so that what cannot fit is refused in words and not ended by the system."""

from __future__ import annotations

import os
from pathlib import Path

import torch

_GROUP = Path("/sys/fs/cgroup")


def free_bytes(device: torch.device) -> int | None:
    """Bytes that can still be had on a device; None where nothing tells."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    told = [amount for amount in (_machine(), _group()) if amount is not None]
    return min(told, default=None)


def _machine() -> int | None:
    """What Linux could give, caches included; elsewhere the free pages, if the system counts them."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return None
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _group(folder: Path = _GROUP) -> int | None:
    """What the container or job may still take (control groups, version 2); None where it is not limited."""
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        # Cached files count as used, and are given up for us.
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return max(limit - used + int(stat.get("inactive_file", 0)), 0)
    except (OSError, ValueError):
        return None
