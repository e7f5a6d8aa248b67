"""What a recipe will do: its layers and their work, the receptive field, and, tried out, memory and time."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from tutor.engine.memory import AliveStorages
from tutor.engine.networks.reading import read
from tutor.engine.protocol import MethodError
from tutor.fields.layers import FieldError
from tutor.training import models, own
from tutor.training.data.known import known
from tutor.training.data.placing import size_in_bytes
from tutor.training.groups import Alone
from tutor.training.machine import Machine, MachineError, machine_for, out_of_memory, what_to_change
from tutor.training.optimizing import optimizer_of
from tutor.training.recipe import Recipe, RecipeError, from_toml, label, summary
from tutor.training.stepping import EAGER_FIRST, step_of

STEPS, SECONDS = 5, 3.0
"""A trial takes so many real steps, or fewer where they take longer than that."""
AT_ONCE = {"cpu": 1, "cuda": 20}
"""Steps that are timed together: to wait for a GPU after each would cost more than the step."""
PATIENCE = 120.0
"""Seconds after which a trial is given up."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer without layers inside: its place in the network, its class, the shape it gives for one image."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiplications: int
    """Of its forward and backward pass over one batch."""


@dataclass(frozen=True, slots=True)
class Description:
    """A recipe in figures. Those of a trial are None before it."""

    label: str
    summary: str
    layers: tuple[Layer, ...]
    parameters: int
    multiplications: int
    """Of one step, forward and backward, counted as PyTorch runs it."""
    steps_per_epoch: int
    steps: int
    train_images: int
    validation_images: int
    receptive_field: int | None
    """Pixels that one cell of the last feature map reads along an axis; None where the network has no such map."""
    receptive_field_stride: int | None
    data_bytes: int
    """Of the images, which stay on the device; as float32 until a trial has said how the machine holds them."""
    device: str | None = None
    memory_bytes: int | None = None
    """Images, weights, gradients, the optimizer's state, and what a step needs at its peak."""
    step_seconds: float | None = None
    seconds: float | None = None
    """Of the whole run, validation included."""
    complaint: str = ""
    """Why there was no trial, or why it failed: a sentence."""


def describe(recipe: Recipe, model: nn.Module | None = None) -> Description:
    """The figures that need no trial; `model` is the learner's, else it is ours, built without values."""
    if model is None:
        with torch.device("meta"):
            model = models.build_of(recipe)
    data = known(recipe.data)
    train = recipe.images or data.train
    per_epoch = math.ceil(train / recipe.batch)
    layers, total = _work(model, recipe)
    field, stride = _field(model, recipe)
    return Description(
        label=label(recipe),
        summary=summary(recipe),
        layers=layers,
        parameters=sum(each.numel() for each in model.parameters()),
        multiplications=total,
        steps_per_epoch=per_epoch,
        steps=per_epoch * recipe.epochs,
        train_images=train,
        validation_images=data.test,
        receptive_field=field,
        receptive_field_stride=stride,
        data_bytes=size_in_bytes(train + data.test, recipe.canvas),
    )


def _batch(recipe: Recipe, device: torch.device | str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    images = torch.zeros(recipe.batch, 1, recipe.canvas, recipe.canvas, device=device, dtype=dtype)
    return images.normal_(), torch.zeros(recipe.batch, dtype=torch.int64, device=device)


def _work(model: nn.Module, recipe: Recipe) -> tuple[tuple[Layer, ...], int]:
    """Every layer's work over a batch, and that of a whole step: shapes alone run, on the device "meta"."""
    blank = model.to("meta").train()
    images, labels = _batch(recipe, "meta")
    seen: dict[str, tuple[nn.Module, Tensor, Tensor]] = {}
    hooks = [
        each.register_forward_hook(_noting(seen, name))
        for name, each in blank.named_modules()
        if not any(True for _ in each.children())
    ]
    try:
        with FlopCounterMode(display=False) as counter:
            functional.cross_entropy(blank(images), labels).backward()
    finally:
        for hook in hooks:
            hook.remove()
    layers = [
        Layer(
            name,
            type(layer).__name__,
            tuple(after.shape[1:]),
            sum(each.numel() for each in layer.parameters()),
            _products(layer, before),
        )
        for name, (layer, before, after) in seen.items()
    ]
    return tuple(layers), counter.get_total_flops() // 2


def _noting(seen: dict[str, tuple[nn.Module, Tensor, Tensor]], name: str) -> Any:
    def note(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if inputs and isinstance(inputs[0], Tensor) and isinstance(output, Tensor):
            seen[name] = (layer, inputs[0].detach().requires_grad_(inputs[0].requires_grad), output)

    return note


def _products(layer: nn.Module, before: Tensor) -> int:
    """A layer's own multiplications, forward and backward: PyTorch's counter counts each with its addition."""
    if not any(True for _ in layer.parameters()):
        return 0
    with FlopCounterMode(display=False) as counter:
        out = layer(before)
        out.backward(torch.empty_like(out))
    return counter.get_total_flops() // 2


def _field(model: nn.Module, recipe: Recipe) -> tuple[int | None, int | None]:
    try:
        found = read(model, label(recipe), recipe.canvas).field(1)
    except (FieldError, IndexError):
        return None, None
    return found.receptive_field, int(found.stride)


def trial(recipe: Recipe, machine: Machine, model: nn.Module, figures: Description) -> Description:
    """The figures with memory and seconds, by a few real steps on the machine, random numbers for images."""
    model = machine.holding(model).train()
    optimizer = optimizer_of(model, recipe)
    dtype = machine.image_dtype(recipe)
    images, labels = _batch(recipe, machine.device, dtype)
    step = step_of(model, optimizer, images, labels, machine, Alone())
    chosen = torch.arange(recipe.batch, device=machine.device)
    step(chosen)
    machine.wait()
    with _peak(machine, model, optimizer) as peak:
        step(chosen)
    for _ in range(EAGER_FIRST if machine.replays else 0):
        step(chosen)
    each = _median_seconds(lambda: step(chosen), machine)
    model.eval()
    with torch.inference_mode(), machine.autocast():
        validation = _median_seconds(lambda: model(images), machine)
    epochs, batches = recipe.epochs, figures.validation_images / recipe.batch
    held = figures.train_images + figures.validation_images
    data_bytes = size_in_bytes(held, recipe.canvas, dtype)
    return replace(
        figures,
        device=machine.words,
        data_bytes=data_bytes,
        memory_bytes=data_bytes + peak[0],
        step_seconds=each,
        seconds=figures.steps * each + epochs * batches * validation,
    )


def _median_seconds(run: Any, machine: Machine) -> float:
    taken: list[float] = []
    together = AT_ONCE[machine.device.type]
    machine.wait()
    while len(taken) < STEPS and sum(taken) < SECONDS:
        begun = time.perf_counter()
        for _ in range(together):
            run()
        machine.wait()
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[len(taken) // 2] / together


@contextmanager
def _peak(machine: Machine, model: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[list[int]]:
    """Bytes that were allocated at the peak inside, weights and the optimizer's state included."""
    found: list[int] = []
    if machine.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(machine.device)
        yield found
        machine.wait()
        found.append(torch.cuda.max_memory_allocated(machine.device))
        return
    held = [*model.parameters(), *model.buffers()]
    held += [value for state in optimizer.state.values() for value in state.values() if isinstance(value, Tensor)]
    with AliveStorages(*held) as alive:
        yield found
    found.append(4 * alive.peak)


def answer(
    recipe: str, quick: bool = False, source: str | None = None
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """The engine's method `recipe`: the Description of a recipe (as TOML) as plain values.

    What needs no trial is yielded at once; `quick` ends there. The trial runs in a process of its own, with the threads
    of the recipe. `source` is the file of a learner's model: it is loaded in that process alone, so that the first
    figures are those of ours and the last those of the learner's. Raises MethodError.
    """
    try:
        one = from_toml(recipe)
    except RecipeError as error:
        raise MethodError(str(error)) from None
    figures = asdict(describe(one))
    if quick and not source:
        return figures
    yield figures
    asked = json.dumps({"recipe": recipe, "source": source, "quick": quick})
    words = [sys.executable, "-m", "tutor.training.describing"]
    try:
        done = subprocess.run(words, input=asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return figures | {"complaint": f"A few steps took longer than {PATIENCE:.0f} seconds: the run would be long."}
    except (OSError, ValueError, IndexError):
        return figures | {"complaint": "The trial broke off; there is likely not enough memory for this recipe."}


def _tried(recipe: Recipe, source: str | None, quick: bool) -> Description:
    """The process of a trial: everything that is known about a recipe."""
    figures = describe(recipe)
    try:
        torch.manual_seed(recipe.seed)
        model = own.model_at(Path(source), recipe)[0] if source else None
        if source:
            figures = describe(recipe, own.model_at(Path(source), recipe)[0])
        if quick:
            return figures
        machine = machine_for(recipe)
        return trial(recipe, machine, model or models.build_of(recipe), figures)
    except (MachineError, own.OwnCodeError) as error:
        return replace(figures, complaint=str(error))
    except Exception as error:
        if out_of_memory(error):
            return replace(figures, complaint=f"The memory is not enough for a step. {what_to_change(recipe)}")
        mine = own.told(error, Path(source)) if source else None
        words = str(error).strip().split("\n", 1)[0][:300]
        return replace(figures, complaint=str(mine) if mine else f"A step fails: {type(error).__name__}: {words}")


def main(asked: Mapping[str, Any]) -> None:
    """Print one Description as JSON."""
    found = _tried(from_toml(asked["recipe"]), asked["source"], asked["quick"])
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(json.load(sys.stdin))
