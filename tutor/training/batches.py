"""The images of a recipe, prepared once and resident on the device, and the order in which they are taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tutor.training.data.placing import placed
from tutor.training.data.sets import DataSet, Split, load
from tutor.training.machine import Machine
from tutor.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Resident:
    """Both splits on the device: images (N, 1, canvas, canvas) as the machine holds them, labels (N,) as int64."""

    images: Tensor
    labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    classes: tuple[str, ...]
    where: str
    """Where the set was found, in words."""


def resident(recipe: Recipe, machine: Machine, find: Callable[[str], DataSet] = load) -> Resident:
    """Read, place and keep the images of a recipe. Raises DataError, also where they do not fit."""
    found = find(recipe.data)
    train = found.train
    if recipe.images:
        train = Split(train.images[: recipe.images], train.labels[: recipe.images])

    def of(split: Split, name: str) -> tuple[Tensor, Tensor]:
        images = placed(
            split.images,
            canvas=recipe.canvas,
            mean=found.mean,
            std=found.std,
            placement=recipe.placement,
            noise=recipe.noise,
            scrambled=recipe.scrambled,
            seed=recipe.seed,
            split="train" if name == "train" else "validation",
            device=machine.device,
            dtype=machine.image_dtype(recipe),
        )
        return images, torch.as_tensor(split.labels, dtype=torch.int64).to(machine.device)

    return Resident(*of(train, "train"), *of(found.test, "validation"), found.classes, found.where)


def order(seed: int, epoch: int, count: int) -> Tensor:
    """The order of the images in an epoch (from 0): a function of seed and epoch alone, so resuming needs no state."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return torch.randperm(count, generator=generator)
