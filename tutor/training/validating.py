"""The validation split through the model: the mean loss, the accuracy, and what was said of every image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tutor.training.batches import Resident
from tutor.training.machine import Machine

AT_ONCE = {"cpu": 250, "cuda": 2000}
"""Images that go through the model together."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of every validation image, on the device: its loss, the class predicted and that class's probability, (N,)."""

    losses: Tensor
    predicted: Tensor
    probabilities: Tensor
    loss: float
    accuracy: float


def validate(model: nn.Module, data: Resident, machine: Machine, between: Callable[[], None]) -> Scores:
    """All validation images in evaluation mode; `between` is called between chunks and may raise to end it."""
    training = model.training
    model.eval()
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    try:
        with torch.inference_mode():
            many = AT_ONCE.get(machine.device.type, 250)
            for images, labels in zip(
                data.validation_images.split(many), data.validation_labels.split(many), strict=True
            ):
                with machine.autocast():
                    outputs = model(images)
                outputs = outputs.float()
                probability, predicted = outputs.softmax(1).max(1)
                losses = functional.cross_entropy(outputs, labels, reduction="none")
                parts.append((losses, predicted, probability))
                between()
    finally:
        model.train(training)
    losses, predicted, probabilities = (torch.cat(each) for each in zip(*parts, strict=True))
    right = (predicted == data.validation_labels).double().mean()
    loss, accuracy = torch.stack([losses.double().mean(), right]).tolist()
    return Scores(losses, predicted, probabilities, loss, accuracy)
