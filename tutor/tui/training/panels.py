"""What stands around the charts, as lines: figures, machine, other runs, log. Functions of values and a width."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from tutor.training.events import Failed, Finished, Stopped
from tutor.training.runs import Run
from tutor.training.saying import as_sentence, duration, standing
from tutor.tui import drawing
from tutor.tui.drawing import Lines
from tutor.tui.training.charts_of import Shown, smoothed_end
from tutor.tui.training.lines import named
from tutor.tui.training.machine import Gpu, Reading
from tutor.tui.training.naming import shortened
from tutor.tui.training.reading import History
from tutor.tui.training.words import QUIET, bar, gibibytes, images, percent, rate

BAR_COLUMNS, LEAST_BAR, EPOCH_COLUMNS = 24, 6, 10
ROOMY_COLUMNS = 110
"""From here on the bar of the epoch stands in the first line."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A run as the screen knows it at one moment."""

    run: Run
    history: History
    saved: int | None = None
    """The step of the newest checkpoint, where the run is gone."""


def place(facts: Facts) -> tuple[int, int]:
    """The epoch it is in, counted from 1, and how many there are; 0 of 0 before the run has said it."""
    history = facts.history
    if history.started is None:
        return 0, facts.run.epochs
    epochs = history.started.epochs
    return min(epochs, history.steps // history.steps_per_epoch + 1), epochs


def top(facts: Facts, width: int, time_left: bool = False) -> Lines:
    """Which run, how far; with the `time_left` where no line of figures says it.

    Where room is short, the step goes first and then the bar, whose place a number takes.
    """
    history, run = facts.history, facts.run
    word = "" if run.state == "running" else standing(run) if run.state in ("unknown", "waiting", "dead") else run.state
    said = Content.styled(word, "bold")
    if time_left and run.seconds_left is not None:
        said = Content.assemble(said, "  " if word else "", duration(run.seconds_left), (" left", QUIET))
    lefts = list(_lefts(facts, width))
    least = said.cell_length + (2 if said.plain else 0) + LEAST_BAR + 2
    left = next((one for one in lefts if one.cell_length + least <= width), lefts[-1])
    room = min(BAR_COLUMNS, width - left.cell_length - least + LEAST_BAR)
    share = history.steps / history.total if history.total else 0.0
    done = bar(share, room) if room >= LEAST_BAR else Content(f"{100 * share:.0f} %")
    if not history.total or left.cell_length + least - LEAST_BAR + done.cell_length > width:
        done = Content("")
    return [drawing.two_ends(left, Content("  ").join(one for one in (said, done) if one.plain), width)]


def _lefts(facts: Facts, width: int) -> Iterator[Content]:
    """What stands at the left of the first line, from all of it to the least."""
    history, run = facts.history, facts.run
    epoch, epochs = place(facts)
    name, gap = Content.styled(named(run), "bold"), Content("   " if width >= 70 else "  ")
    about = [Content.styled(images(run.recipe), QUIET)] if width >= 100 and run.recipe is not None else []
    if history.started is None:
        yield gap.join([name, *about])
        return
    where = Content.assemble(("epoch ", QUIET), f"{epoch} of {epochs}")
    within = epoch_bar(facts, EPOCH_COLUMNS) if width >= ROOMY_COLUMNS - 2 else Content("")
    with_bar = Content.assemble(where, "  ", within) if within.plain else where
    step = Content.assemble(("step ", QUIET), f"{history.steps:,} of {history.total:,}")
    yield gap.join([name, *about, with_bar, step])
    yield gap.join([name, *about, with_bar, Content.assemble(("step ", QUIET), f"{history.steps:,}")])
    yield gap.join([name, *about, where])
    yield gap.join([name, where])


def epoch_bar(facts: Facts, width: int) -> Content:
    """How much of the epoch is done; all of it when the run is."""
    history = facts.history
    within = history.steps % history.steps_per_epoch or (history.steps_per_epoch if history.steps else 0)
    return bar(within / history.steps_per_epoch, width)


def figures(facts: Facts, width: int, progress: bool = True) -> Lines:
    """The line of figures; where the run has ended, what became of it. `progress` adds a bar of the epoch."""
    history = facts.history
    if history.last is not None and not facts.run.alive:
        return ended(facts, width)
    if facts.run.state == "dead":
        return drawing.said(lost(facts), width)
    if not history.steps:
        return drawing.said(awaited(facts), width, "", QUIET)
    left = facts.run.seconds_left
    parts = [
        Content.assemble(("learning rate ", QUIET), rate(float(history.learning_rates[-1]))),
        Content.assemble(f"{history.images_per_second:,.0f}", (" images/s", QUIET)),
        Content.assemble(duration(left), (" left", QUIET)) if left is not None else Content(""),
    ]
    line = _fitting(parts, (2, 0, 1), width)
    room = width - line.cell_length - 3 - 6
    if progress and room >= 8:
        line = Content.assemble(line, "   ", ("epoch ", QUIET), epoch_bar(facts, min(BAR_COLUMNS, room)))
    return [line]


def _fitting(parts: Sequence[Content], order: Sequence[int], width: int) -> Content:
    """The parts that fit into a line; those that come first in `order` are the last to be left out."""
    kept: set[int] = set()
    for at in order:
        line = Content("   ").join(parts[one] for one in sorted({*kept, at}) if parts[one].plain)
        if line.cell_length <= width:
            kept.add(at)
    return Content("   ").join(parts[one] for one in sorted(kept) if parts[one].plain)


def awaited(facts: Facts) -> str:
    """What it waits for, before its first step."""
    history, run = facts.history, facts.run
    if history.started is not None:
        return "waiting for the first step"
    if not history.complete:
        return "reading its history"
    if run.queue:
        return f"It waits in the queue as {run.queue}, until there is a machine for it."
    return run.message or "starting; waiting for the first step"


def lost(facts: Facts) -> str:
    """When it was lost, and where it goes on."""
    why = "when the machine restarted" if facts.run.restarted else "without a word: its process is gone"
    on = "R begins it again" if facts.saved is None else f"R goes on from step {facts.saved:,}"
    return f"Stopped at step {facts.history.steps:,} {why}; {on}."


def ended(facts: Facts, width: int) -> Lines:
    """What became of a run."""
    history = facts.history
    match history.last:
        case Finished() as last:
            best = history.best
            parts = [Content.assemble(("best ", QUIET), percent(last.best_accuracy))]
            if best is not None:
                parts[0] = Content.assemble(parts[0], (f" after epoch {best.epoch}", QUIET))
            parts.append(Content.assemble(duration(last.seconds), (" of training", QUIET)))
            if history.images_per_second:
                speed = f"{history.images_per_second:,.0f}"
                parts.append(Content.assemble(speed, (" images/s at the end", QUIET)))
            return [_fitting(parts, range(len(parts)), width)]
        case Stopped() as last:
            on = "R goes on from there" if last.step else "R begins it"
            return drawing.said(f"{as_sentence(last)} {on}.", width)
        case Failed() as last:
            lines = drawing.said(f"{as_sentence(last)} {last.advice}".rstrip(), width - 2)
            return [Content.assemble(("✗ ", drawing.WRONG), lines[0])] + [
                Content.assemble("  ", line) for line in lines[1:]
            ]
        case None:
            return []


def machine(reading: Reading | None, width: int, most: int = 3) -> Lines:
    """GPUs in two lines each; without one the processor and the memory."""
    if reading is None:
        return [Content.styled("reading the machine", QUIET)]
    lines: Lines = []
    for gpu in reading.gpus[:most]:
        lines += _gpu(gpu, width)
    if not reading.gpus:
        cores = f"{reading.cores} core{'s' * (reading.cores > 1)}"
        lines.append(_gauge("CPU", reading.cpu, f"{_share(reading.cpu)}  {cores}", width))
        if reading.used_bytes is not None and reading.total_bytes:
            lines.append(_memory(reading.used_bytes, reading.total_bytes, width))
    if reading.word:
        lines.append(Content.styled(drawing.cut(reading.word, width), QUIET))
    return lines


def machine_line(reading: Reading | None, width: int) -> Content:
    """All of it in one line."""
    if reading is None:
        return Content("")
    if reading.gpus:
        gpu = max(reading.gpus, key=lambda one: one.use or 0.0)
        words = [f"GPU {gpu.index} {_share(gpu.use)}"]
        if gpu.used_bytes is not None and gpu.total_bytes:
            words.append(f"{gibibytes(gpu.used_bytes)} of {gibibytes(gpu.total_bytes)} GiB")
        words += [] if gpu.celsius is None else [f"{gpu.celsius} °C"]
        words += [] if gpu.watts is None else [f"{gpu.watts:.0f} W"]
    else:
        words = [f"CPU {_share(reading.cpu)}"]
        if reading.used_bytes is not None and reading.total_bytes:
            words.append(f"memory {gibibytes(reading.used_bytes)} of {gibibytes(reading.total_bytes)} GiB")
        words += [reading.word] if reading.word else []
    return Content.styled(drawing.cut("   ".join(words), width), QUIET)


def _share(value: float | None) -> str:
    return "  –" if value is None else f"{100 * value:3.0f} %"


def _gauge(name: str, share: float | None, text: str, width: int) -> Content:
    room = max(6, min(BAR_COLUMNS, width - 8 - len(text) - 2))
    return Content.assemble((f"{name:<8}", QUIET), bar(share or 0.0, room), f"  {text}")


def _memory(used: int, total: int, width: int) -> Content:
    return _gauge("memory", used / total, f"{gibibytes(used):>3} of {gibibytes(total)} GiB", width)


def _gpu(gpu: Gpu, width: int) -> Lines:
    words = _share(gpu.use)
    words += "" if gpu.celsius is None else f"  {gpu.celsius} °C"
    words += "" if gpu.watts is None else f"  {gpu.watts:.0f} W"
    lines = [_gauge(f"GPU {gpu.index}", gpu.use, words, width)]
    if gpu.used_bytes is not None and gpu.total_bytes:
        lines.append(_memory(gpu.used_bytes, gpu.total_bytes, width))
    return lines


def compared(runs: Sequence[Shown], names: Sequence[str], width: int) -> Lines:
    """The runs laid over one another, each with its letter and its newest validation."""
    if len(runs) < 2:
        return []
    lines: Lines = [Content.styled("compared", QUIET)]
    # The name gives way to the figure: `100.0 % train` takes 13 columns.
    column = max(8, min(max(map(len, names)), width - 3 - 2 - 13))
    for run, name in zip(runs, names, strict=True):
        epochs = run.history.epochs
        accuracy = epochs[-1].validation_accuracy if epochs else smoothed_end(run.history.accuracies)
        said = f"{percent(accuracy)}{'' if epochs else ' train'}"
        sign = run.letter or "─"
        text = drawing.cut(f"{sign}  {shortened(name, column):<{column}}  {said}", width)
        lines.append(Content.styled(text, "" if not run.letter else QUIET))
    return lines


def log_lines(history: History, width: int, height: int) -> Lines:
    """The newest sentences that fit, oldest first, each with its time of day."""
    lines: Lines = []
    for when, sentence in reversed(history.log):
        clock = time.strftime("%H:%M:%S  ", time.localtime(when))
        body = drawing.said(sentence, max(12, width - len(clock)))
        entry = [
            Content.assemble((clock if row == 0 else " " * len(clock), QUIET), line) for row, line in enumerate(body)
        ]
        if len(lines) + len(entry) > height:
            break
        lines = entry + lines
    return lines


def seen(canvas: int, field: tuple[int, int] | None, width: int) -> Lines:
    """How much of the canvas one unit of the last feature map sees: (cells, stride)."""
    if field is None:
        return []
    size, stride = field
    text = f"receptive field {size} of {canvas}, stride {stride}"
    if size > canvas:
        text = f"receptive field {size}, more than the canvas of {canvas}; stride {stride}"
    return drawing.said(text, width, "", QUIET)
