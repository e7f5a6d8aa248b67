"""Problem 5: the loop over one epoch."""

import torch


def train_epoch(model, optimizer, scheduler, criterion, train_loader, epoch, device):
    """Train `model` on every batch of `train_loader` once.

    Returns (losses, accuracies, learning_rates): three lists with one float for each batch; an accuracy is in 0 to 1.
    The scheduler changes the learning rate after every batch.
    """
    losses, accuracies, learning_rates = [], [], []
    # For each batch: to the device, forward, loss, backward, one step. Keep the three numbers.
    raise NotImplementedError
    return losses, accuracies, learning_rates
