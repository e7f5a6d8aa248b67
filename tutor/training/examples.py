"""The validation images that a model finds easiest and hardest, as small pictures for the screen."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tutor.training.batches import Resident
from tutor.training.events import Example, Examples
from tutor.training.validating import Scores

COUNT, SIDE = 5, 32
"""Images of either kind, and the most pixels of a side."""


def examples(scores: Scores, data: Resident, epoch: int, time: float) -> Examples:
    """Five images with the lowest and five with the highest loss, most extreme first; a loss that is no number last."""
    losses = scores.losses.double()
    last = torch.where(losses.isfinite(), losses, losses.new_tensor(float("inf")))
    first = torch.where(losses.isfinite(), losses, losses.new_tensor(float("-inf")))
    count = min(COUNT, len(losses))
    best = last.topk(count, largest=False, sorted=True).indices
    worst = first.topk(count, sorted=True).indices
    chosen = torch.cat([best, worst])
    rows = zip(
        data.validation_labels[chosen].tolist(),
        scores.predicted[chosen].tolist(),
        scores.probabilities[chosen].tolist(),
        losses[chosen].tolist(),
        greys(data.validation_images[chosen]),
        strict=True,
    )
    told = [
        Example(data.classes[label], data.classes[predicted], probability, loss, pixels)
        for label, predicted, probability, loss, pixels in rows
    ]
    return Examples(time, epoch, tuple(told[:count]), tuple(told[count:]))


def greys(images: Tensor) -> list[tuple[tuple[int, ...], ...]]:
    """Images (n, 1, s, s) as rows of greys from 0 (their darkest) to 255 (their brightest), at most 32 x 32."""
    side = min(SIDE, images.shape[-1])
    small = functional.interpolate(images.float().cpu(), size=(side, side), mode="area").squeeze(1)
    low, high = small.amin((1, 2), keepdim=True), small.amax((1, 2), keepdim=True)
    values = (255 * (small - low) / (high - low).clamp_min(1e-12)).round().to(torch.uint8)
    return [tuple(tuple(row) for row in image) for image in values.tolist()]
