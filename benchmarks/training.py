"""Images a second of the training loop, with its screen open and alone, beside a bare loop and the sheet's loop."""

from __future__ import annotations

import importlib.util
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.figures import Figure
from benchmarks.terminal import Pseudoterminal
from tutor import paths
from tutor.training import folder, models
from tutor.training.batches import Resident, resident
from tutor.training.data.sets import DataSet, load
from tutor.training.events import Event, EventWriter
from tutor.training.loop import Stop, Training, train_epoch
from tutor.training.machine import Machine, machine_for
from tutor.training.optimizing import optimizer_of
from tutor.training.recipe import Recipe, label, recipe
from tutor.training.stepping import EAGER_FIRST

RECIPES = {"mlp-shifted": 5.0, "cnn-shifted": 1.0, "resnet20": 1.0}
"""The published runs, and how many times as fast as the sheet's loop ours has to be."""
BATCHES, ROUNDS, SECONDS = 78, 5, 2.0
"""Whole batches of the embedded set; rounds of all loops in turn, so that a machine that slows down slows them all."""

PYTORCH_SECONDS = 10.0
"""The interface loads PyTorch beside; that is over before anything is measured."""

Loop = Callable[[float], int]
"""Trains until a time of `perf_counter` and gives the number of its images."""


def figures() -> Iterator[Figure]:
    """Three models; each loop of a round runs for about two seconds, or three steps where they take longer."""
    for name, times in RECIPES.items():
        one = replace(recipe(name, "full"), data="fashion-mini")
        one = replace(one, images=BATCHES * one.batch, epochs=1_000_000 // BATCHES)
        yield from _model(one, times)


def _model(one: Recipe, times: float) -> Iterator[Figure]:
    machine, found = machine_for(one), load(one.data)
    data = resident(one, machine)
    alone = {
        "alone": _ours(one, machine, data, lambda event: None),
        "bare": _bare(one, machine, data),
        "bare, fresh images": _bare_fresh(one, machine, data),
        "sheet": _sheet(one, machine, found),
    }
    if machine.replays:
        alone["bare, replayed"] = _bare_replayed(one, machine, data)
    with tempfile.TemporaryDirectory() as home, _watched(one, Path(home)) as (screen, writer):
        loops: dict[str, Loop] = {"watched": _ours(one, machine, data, writer.write)}
        loops |= {name: _without(screen, loop) for name, loop in alone.items()}
        speeds = _measured(loops, machine)
    said = ", ".join(f"{name} {statistics.median(each):,.0f}" for name, each in speeds.items())
    how = f"images/s: {said}; {machine.words}"
    title = label(one).split(",")[0]
    yield Figure(f"{title}, watched: against a bare loop", _ratio(speeds, "watched", "bare"), "x", 0.95, True, how)
    yield Figure(f"{title}, alone: against a bare loop", _ratio(speeds, "alone", "bare"), "x", 0.95, True)
    fresh = _ratio(speeds, "watched", "bare, fresh images")
    yield Figure(f"{title}, watched: the same with fresh images", fresh, "x", 0.95, True)
    if machine.replays:
        yield Figure(f"{title}, alone: against bare replays", _ratio(speeds, "alone", "bare, replayed"), "x", 0.9, True)
    yield Figure(f"{title}, watched: against the sheet's", _ratio(speeds, "watched", "sheet"), "x", times, True)


@contextmanager
def _watched(one: Recipe, home: Path) -> Iterator[tuple[Pseudoterminal, EventWriter]]:
    """A run in a folder of its own, open on the training screen of a real interface; and what writes its events."""
    os.environ["TUTOR_HOME"] = str(home)
    path, lock = folder.create(one)
    with EventWriter(path / folder.EVENTS) as writer, Pseudoterminal(["-m", "tutor"], home) as screen:
        screen.until(b"Cost and memory")
        for key, drawn in (("r", one.name.encode()), ("\r", b"overlay")):
            screen.press(key)
            screen.until(drawn)
        with screen.looked_at():
            time.sleep(PYTORCH_SECONDS)
            yield screen, writer
    lock.release()


def _without(screen: Pseudoterminal, loop: Loop) -> Loop:
    """The loop with nobody looking on."""

    def until(when: float) -> int:
        with screen.away():
            return loop(when)

    return until


def _ratio(speeds: dict[str, list[float]], one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(speeds[one], speeds[other], strict=True))


def _measured(loops: dict[str, Loop], machine: Machine) -> dict[str, list[float]]:
    """Images a second of each loop in each round; a first round warms up."""
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for round_ in range(ROUNDS + 1):
        for name, loop in loops.items():
            machine.wait()
            begun = time.perf_counter()
            images = loop(begun + (SECONDS if round_ else SECONDS / 4))
            machine.wait()
            if round_:
                speeds[name].append(images / (time.perf_counter() - begun))
    return speeds


def _built(one: Recipe) -> nn.Module:
    torch.manual_seed(one.seed)
    return models.build_of(one)


def _ours(one: Recipe, machine: Machine, data: Resident, emit: Callable[[Event], None]) -> Loop:
    end = 0.0
    training = Training(one, machine, data, _built(one), emit=emit, wanted=lambda: time.perf_counter() > end)

    def until(when: float) -> int:
        nonlocal end
        end, before = when, training.at.step
        try:
            while True:
                train_epoch(training)
                training.at.batch = 0
        except Stop:
            # Every batch is whole, so that images are steps times batch.
            training.at.batch %= BATCHES
        return (training.at.step - before) * one.batch

    return until


def _bare_step(
    one: Recipe, machine: Machine, data: Resident, batch: Callable[[], tuple[Tensor, Tensor]], **named: bool
) -> Callable[[], None]:
    """The model over what `batch` gives: no numbers, no schedule."""
    model = machine.holding(_built(one)).train()
    optimizer = optimizer_of(model, one)
    for group in optimizer.param_groups:
        group |= named

    def step() -> None:
        images, labels = batch()
        with machine.autocast():
            loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def _same_batch(one: Recipe, data: Resident) -> Callable[[], tuple[Tensor, Tensor]]:
    images, labels = data.images[: one.batch].clone(), data.labels[: one.batch].clone()
    return lambda: (images, labels)


def _bare(one: Recipe, machine: Machine, data: Resident) -> Loop:
    """One batch, which is there already and stays in the cache of a processor."""
    return _repeated(_bare_step(one, machine, data, _same_batch(one, data)), one.batch)


def _bare_fresh(one: Recipe, machine: Machine, data: Resident) -> Loop:
    """Each batch is taken from memory, as in any training: what that costs, no loop can save."""
    order = torch.randperm(len(data.labels)).split(one.batch)
    chosen = itertools.cycle([each.to(machine.device) for each in order])
    room = data.images[: one.batch].clone()

    def batch() -> tuple[Tensor, Tensor]:
        indices = next(chosen)
        return torch.index_select(data.images, 0, indices, out=room), data.labels[indices]

    return _repeated(_bare_step(one, machine, data, batch), one.batch)


def _bare_replayed(one: Recipe, machine: Machine, data: Resident) -> Loop:
    """The most that a GPU can give: a bare step recorded as a CUDA graph, and nothing but its replays."""
    step, graph = _bare_step(one, machine, data, _same_batch(one, data), capturable=True), torch.cuda.CUDAGraph()
    for _ in range(EAGER_FIRST):
        step()
    with torch.cuda.graph(graph):
        step()
    replay = _repeated(graph.replay, one.batch)

    def until(when: float) -> int:
        # The graph reads and writes the memory of the step's tensors, which live as long as the step does.
        assert step
        return replay(when)

    return until


def _repeated(step: Callable[[], None], batch: int) -> Loop:
    def until(when: float) -> int:
        count = 0
        while time.perf_counter() <= when or count < 3 * batch:
            step()
            count += batch
        return count

    return until


class _Images(Dataset[tuple[torch.Tensor, int]]):
    """The images as torchvision gives them: each through PIL and its transforms when it is asked for."""

    def __init__(self, found: DataSet, count: int) -> None:
        from torchvision import transforms

        self.images, self.labels = found.train.images[:count], found.train.labels[:count]
        normalise = transforms.Normalize((found.mean,), (found.std,))
        self.transform = transforms.Compose([transforms.ToTensor(), normalise])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def _sheet(one: Recipe, machine: Machine, found: DataSet) -> Loop:
    """What a learner writes: a DataLoader over images prepared one by one, three numbers taken to the host a step."""
    given = _starter()
    placed = given.CanvasDataset(
        _Images(found, one.images), img_size=one.canvas, random_shift=one.placement == "shifted", noise=one.noise
    )
    loader = DataLoader(placed, batch_size=one.batch, shuffle=True, pin_memory=machine.device.type == "cuda")
    model = _built(one).to(machine.device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=one.learning_rate, weight_decay=one.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(loader) * one.epochs)
    numbers: list[tuple[float, float, float]] = []

    def until(when: float) -> int:
        count = 0
        while True:
            for images, labels in loader:
                images, labels = images.to(machine.device), labels.to(machine.device)
                optimizer.zero_grad()
                outputs = model(images)
                loss = functional.cross_entropy(outputs, labels)
                loss.backward()
                optimizer.step()
                schedule.step()
                right = (outputs.argmax(1) == labels).float().mean()
                numbers.append((loss.item(), right.item(), schedule.get_last_lr()[0]))
                count += one.batch
                if time.perf_counter() > when and count >= 3 * one.batch:
                    return count

    return until


def _starter() -> ModuleType:
    """The file that learners are given, with its data set."""
    file = paths.problems_folder() / "ps08" / "convnets" / "code" / "dataloaders.py"
    spec = importlib.util.spec_from_file_location("given_dataloaders", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
