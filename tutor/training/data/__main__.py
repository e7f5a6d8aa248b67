"""`python -m tutor.training.data NAME`: fetches a data set, where there is a network, for when there is none."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tutor.training.data.known import EMBEDDED, KNOWN
from tutor.training.data.sets import DataError, load


def main(words: Sequence[str]) -> int:
    """Exit status 0: it is there, 1: it could not be had, 2: not asked for properly."""
    if len(words) != 1 or words[0] not in KNOWN:
        names = " or ".join(name for name in KNOWN if name != EMBEDDED)
        print(f"tutor: name one data set: {names}.", file=sys.stderr)
        return 2
    bar = _Bar()
    try:
        there = load(words[0], download=True, progress=bar)
    except DataError as error:
        bar.end()
        print(f"tutor: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        bar.end()
        return 130
    bar.end()
    print(f"{words[0]}: {len(there.train.labels):,} + {len(there.test.labels):,} images in {there.where}")
    return 0


class _Bar:
    """A line of progress on standard error: redrawn on a terminal, a line a file elsewhere."""

    def __init__(self) -> None:
        self.file = ""
        self.tenth = -1

    def __call__(self, done: int, total: int | None, file: str) -> None:
        """Draws when another percent has come."""
        part = done * 100 // total if total else done // 2**20
        if (file, part) == (self.file, self.tenth):
            return
        if sys.stderr.isatty():
            self.end(file)
            amount = f"{part:3} %" if total else f"{done:,} bytes"
            print(f"\r{file}  {amount}", end="", file=sys.stderr, flush=True)
        elif file != self.file:
            print(file, file=sys.stderr)
        self.file, self.tenth = file, part

    def end(self, file: str = "") -> None:
        """Begin a new line where another file begins, or nothing follows."""
        if self.file and self.file != file and sys.stderr.isatty():
            print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
