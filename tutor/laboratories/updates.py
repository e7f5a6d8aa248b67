"""The two optimizers of problem 3, step by step, for one weight that starts at 0. Plain arithmetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

NOISE = 0.8
"""The deviation of the noisy gradient, in units of c."""


@dataclass(frozen=True, slots=True)
class Adam:
    """After t updates. What is corrected does not exist before the first."""

    w: float = 0.0
    m: float = 0.0
    v: float = 0.0
    m_hat: float | None = None
    v_hat: float | None = None


@dataclass(frozen=True, slots=True)
class Sgdm:
    """After t updates."""

    w: float = 0.0
    m: float = 0.0


def adam(gradients: Sequence[float], eta: float, beta1: float, beta2: float) -> list[Adam]:
    """The states after 0, 1, 2, … updates, epsilon 0. Where all gradients so far are 0, the weight stays."""
    states = [Adam()]
    for t, g in enumerate(gradients, start=1):
        before = states[-1]
        m = beta1 * before.m + (1 - beta1) * g
        v = beta2 * before.v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        step = eta * m_hat / sqrt(v_hat) if v_hat > 0 else 0.0
        states.append(Adam(before.w - step, m, v, m_hat, v_hat))
    return states


def sgdm(gradients: Sequence[float], eta: float, beta: float) -> list[Sgdm]:
    """The states after 0, 1, 2, … updates."""
    states = [Sgdm()]
    for g in gradients:
        m = beta * states[-1].m + g
        states.append(Sgdm(states[-1].w - eta * m, m))
    return states


@lru_cache(4)
def noise(count: int) -> tuple[float, ...]:
    """The same normal numbers every time."""
    numbers = random.Random(3)
    return tuple(numbers.gauss(0.0, 1.0) for _ in range(count))


def constant(c: float, count: int) -> list[float]:
    """The gradient of the problem."""
    return [c] * count


def noisy(c: float, count: int) -> list[float]:
    """c times 1 and normal noise: twice the c is twice the gradient, everywhere."""
    return [c * (1 + NOISE * one) for one in noise(count)]
