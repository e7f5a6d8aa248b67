"""Images a second of the training loop, streaming and alone, beside a bare loop over one batch and the sheet's loop."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.figures import Figure
from tutor import paths
from tutor.training import models
from tutor.training.batches import Resident, resident
from tutor.training.data.sets import DataSet, load
from tutor.training.events import Event, EventWriter
from tutor.training.loop import Stop, Training, train_epoch
from tutor.training.machine import Machine, machine_for
from tutor.training.optimizing import optimizer_of
from tutor.training.recipe import Recipe, label, recipe

RECIPES = {"mlp-shifted": 5.0, "cnn-shifted": 1.0, "resnet20": 1.0}
"""The published runs, and how many times as fast as the sheet's loop ours has to be."""
BATCHES, ROUNDS, SECONDS = 78, 5, 2.0
"""Whole batches of the embedded set; rounds of all loops in turn, so that a machine that slows down slows them all."""

FOLLOWER = """
import sys, time
from pathlib import Path
from tutor.training.events import Follower
follower = Follower(Path(sys.argv[1]))
while True:
    follower.new()
    time.sleep(0.1)
"""
"""Reads events ten times a second, as a screen does, in a process of its own."""

Loop = Callable[[], int]
"""Makes a step and gives the number of its images."""


def figures() -> Iterator[Figure]:
    """Three models; each loop of a round runs for about two seconds, or three steps where they take longer."""
    for name, times in RECIPES.items():
        one = replace(recipe(name, "full"), data="fashion-mini")
        one = replace(one, images=BATCHES * one.batch, epochs=1_000_000 // BATCHES)
        yield from _model(one, times)


def _model(one: Recipe, times: float) -> Iterator[Figure]:
    machine, found = machine_for(one), load(one.data)
    data = resident(one, machine)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.jsonl"
        with EventWriter(file) as writer:
            words = [sys.executable, "-c", FOLLOWER, str(file)]
            follower = subprocess.Popen(words)
            try:
                loops = {
                    "streaming": _ours(one, machine, data, writer.write),
                    "alone": _ours(one, machine, data, lambda event: None),
                    "bare": _bare(one, machine, data),
                    "sheet": _sheet(one, machine, found),
                }
                speeds = _measured(loops, machine)
            finally:
                follower.kill()
                follower.wait()
    said = ", ".join(f"{name} {statistics.median(each):,.0f}" for name, each in speeds.items())
    how = f"images/s: {said}; {machine.words}"
    title = label(one).split(",")[0]
    yield Figure(f"{title}: streaming, against a bare loop", _ratio(speeds, "streaming", "bare"), "x", 0.95, True, how)
    yield Figure(f"{title}: alone, against a bare loop", _ratio(speeds, "alone", "bare"), "x", 0.95, True)
    yield Figure(f"{title}: streaming, against the sheet's", _ratio(speeds, "streaming", "sheet"), "x", times, True)


def _ratio(speeds: dict[str, list[float]], one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(speeds[one], speeds[other], strict=True))


def _measured(loops: dict[str, Callable[[float], int]], machine: Machine) -> dict[str, list[float]]:
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
    return models.build(one.model, canvas=one.canvas, width=one.width, stem_stride=one.stem_stride)


def _ours(one: Recipe, machine: Machine, data: Resident, emit: Callable[[Event], None]) -> Callable[[float], int]:
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


def _bare(one: Recipe, machine: Machine, data: Resident) -> Callable[[float], int]:
    """The model over one batch that is there already: no data, no numbers, no schedule."""
    model = _built(one).to(machine.device).train()
    if one.model != "mlp":
        model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = optimizer_of(model, one)
    images, labels = data.images[: one.batch].clone(), data.labels[: one.batch].clone()

    def until(when: float) -> int:
        count = 0
        while time.perf_counter() <= when or count < 3 * one.batch:
            with machine.autocast():
                loss = functional.cross_entropy(model(images), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            count += one.batch
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


def _sheet(one: Recipe, machine: Machine, found: DataSet) -> Callable[[float], int]:
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
