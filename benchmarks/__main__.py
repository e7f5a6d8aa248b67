"""Runs the benchmarks, or those named: `python -m benchmarks [answers] [interface] [measuring] [training]`."""

from __future__ import annotations

import sys

from benchmarks import answers, interface, measuring, training
from benchmarks.figures import line

ALL = {
    "answers": answers.figures,
    "interface": interface.figures,
    "measuring": measuring.figures,
    "training": training.figures,
}


def main(names: list[str]) -> int:
    """Prints one line a figure; the status is 1 where a budget is missed."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}.", file=sys.stderr)
        return 2
    missed = 0
    for name in names or ALL:
        for figure in ALL[name]():
            print(line(figure), flush=True)
            missed += not figure.kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
