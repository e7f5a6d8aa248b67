"""What changes the weights: AdamW with a rate that falls to zero along a cosine, stepped after every batch."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

from tutor.training.recipe import Recipe


def optimizer_of(model: nn.Module, recipe: Recipe) -> AdamW:
    """AdamW over all parameters, its step one operation for all of them where PyTorch has that."""
    parameters = [each for each in model.parameters() if each.requires_grad]
    fused = all(each.is_floating_point() and each.device.type in ("cpu", "cuda") for each in parameters)
    return AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=fused)


def schedule_of(optimizer: torch.optim.Optimizer, steps: int) -> CosineAnnealingLR:
    """The cosine from the recipe's rate at the first step to zero after the last of all `steps`."""
    return CosineAnnealingLR(optimizer, T_max=max(1, steps))
