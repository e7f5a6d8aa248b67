"""One recipe on several processes, GPUs or machines: what each process of torchrun calls."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from tutor.training.events import Event, EventWriter
from tutor.training.groups import Several
from tutor.training.recipe import Recipe, to_toml
from tutor.training.worker import RECIPE_FILE, run


def main(recipe: Recipe, folder: Path, listen: Callable[[Event], None] = lambda event: None) -> int:
    """Train `recipe` together with the other processes that torchrun started. The exit status: 0, or 1 for failed.

    Every process calls this with the same recipe. The first one (RANK 0) alone reads and writes `folder`: it makes it
    where it is missing, goes on from its checkpoint, and passes every event to `listen` too; the others may name any
    folder. The recipe's `batch` stays that of all processes together: each takes every size-th image of it, gradients
    are averaged with the weight of the images behind them, and the schedule is that of one process, so the curve is the
    one that a single process draws, within rounding. Batch norm is the exception: each process normalises with the mean
    and variance of its own part of the batch, as DistributedDataParallel has it, and the running averages of the first
    one are kept; only networks without it (mlp, cnn) draw the single process's curve.

    gloo between CPUs, nccl between GPUs. A process that is lost ends the others; resume from the checkpoint.
    """
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    writer: EventWriter | None = None
    if os.environ["RANK"] == "0":
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / RECIPE_FILE).exists():
            (folder / RECIPE_FILE).write_text(to_toml(recipe), encoding="utf-8")
        writer = EventWriter(folder / "events.jsonl")

    def emit(event: Event) -> None:
        if writer is not None:
            writer.write(event)
            listen(event)

    rank = int(os.environ.get("LOCAL_RANK", "0"))
    return run(folder, emit, lambda: bool(asked), recipe=recipe, gather=Several, rank=rank)
