"""Runs the benchmarks, or those named: `python -m benchmarks [answers] [interface] [measuring] [training]`."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from benchmarks.figures import line
from tutor.training.supervisor import environment

ALL = ("answers", "interface", "measuring", "training")


def main(names: list[str]) -> int:
    """Prints one line a figure; the status is 1 where a budget is missed."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}.", file=sys.stderr)
        return 2
    # As a run has it: OpenMP reads this when PyTorch is loaded, which is not before the next lines.
    os.environ |= environment()
    missed = 0
    for name in names or ALL:
        for figure in import_module(f"benchmarks.{name}").figures():
            print(line(figure), flush=True)
            missed += not figure.kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
