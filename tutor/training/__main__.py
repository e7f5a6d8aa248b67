"""The runner's own process: `python -m tutor.training FOLDER` trains what the folder's recipe says."""

from __future__ import annotations

import signal
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    """0 finished or stopped, 1 failed (both are events), 2 for a wrong call."""
    if len(words) != 1:
        print("Name the run's folder: python -m tutor.training FOLDER", file=sys.stderr)
        return 2
    asked: list[int] = []
    # Before torch is loaded, which takes seconds: a run may be stopped while it starts.
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    from tutor.training import worker
    from tutor.training.events import EventWriter

    folder = Path(words[0]).resolve()
    writer = EventWriter(folder / "events.jsonl")
    return worker.run(folder, writer.write, lambda: bool(asked))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
