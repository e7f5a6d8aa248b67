"""Measurements of problem 2, by sampling: each yields its estimate again and again, from more and more samples."""

from collections.abc import Iterator
from math import sqrt

import torch

from tutor.engine.measurement import Measurement

NUMBERS = 500_000
"""Normal numbers drawn in a round, of each kind."""


def generator() -> torch.Generator:
    """The same numbers in every process."""
    return torch.Generator().manual_seed(8)


def second_moment() -> Iterator[Measurement]:
    """E[x^2] of a standard normal after the ReLU."""
    random, count, total, squares = generator(), 0, 0.0, 0.0
    while True:
        x = torch.relu(torch.randn(NUMBERS, generator=random, dtype=torch.float64)).square()
        count, total, squares = count + NUMBERS, total + x.sum().item(), squares + x.square().sum().item()
        mean = total / count
        error = sqrt((squares / count - mean**2) / count)
        yield Measurement(mean, f"the mean of relu(z)^2 over {count:,} normal numbers", error, {"samples": count})


def variances(d: int, sigma: float) -> Iterator[tuple[float, float, int]]:
    """The variance of y, its standard error, and the samples it is from."""
    random, count, sums = generator(), 0, [0.0] * 3
    samples = max(1000, NUMBERS // d)
    while True:
        z, w = (torch.randn(samples, d, generator=random, dtype=torch.float64) for _ in range(2))
        y = (torch.relu(z) * (w * sigma)).sum(1)
        count += samples
        for power, each in enumerate((y, y.square(), y.square().square())):
            sums[power] += each.sum().item()
        mean, second, fourth = (total / count for total in sums)
        yield second - mean**2, sqrt(max(fourth - second**2, 0.0) / count), count


def variance(d: int, sigma: float) -> Iterator[Measurement]:
    """Var[y] for weights of standard deviation sigma."""
    for value, error, count in variances(d, sigma):
        yield Measurement(value, f"the variance of y = relu(z) @ w over {count:,} samples", error, {"samples": count})


def sigma(d: int) -> Iterator[Measurement]:
    """The standard deviation that gives Var[y] = 1: y scales with the weights, so one variance tells it."""
    for value, error, count in variances(d, 1.0):
        found = 1 / sqrt(value)
        how = f"the variance of y over {count:,} samples with weights of standard deviation 1"
        yield Measurement(found, how, found * error / (2 * value), {"samples": count})
