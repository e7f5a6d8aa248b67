"""Measurements of problem 3: real steps of torch.optim in float64, its state counted and read."""

from typing import Any

import torch

from tutor.engine.measurement import Measurement

LARGE = 1e14
"""As Adam's epsilon: beside it the root of v is nothing, so that a step shows m alone."""


def state_tensors(make: Any, weight_too: bool, **settings: float) -> Measurement:
    """How many tensors of the parameter's shape an optimizer keeps from one step to the next."""
    parameter = torch.zeros(7, 5, requires_grad=True)
    optimizer = make([parameter], lr=0.1, **settings)
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    kept = [name for name, value in optimizer.state[parameter].items() if getattr(value, "shape", None) == (7, 5)]
    beside = ", and the parameter itself" if weight_too else ""
    return Measurement(
        len(kept) + weight_too, f"the state of torch.optim.{make.__name__}: {' and '.join(kept)}{beside}"
    )


def adam_state() -> Measurement:
    """Adam's state."""
    return state_tensors(torch.optim.Adam, weight_too=False)


def adam_state_with_weight() -> Measurement:
    """Adam's state and the weight."""
    return state_tensors(torch.optim.Adam, weight_too=True)


def sgdm_state() -> Measurement:
    """The state of SGD with momentum."""
    return state_tensors(torch.optim.SGD, weight_too=False, momentum=0.9)


def sgdm_state_with_weight() -> Measurement:
    """The state of SGD with momentum, and the weight."""
    return state_tensors(torch.optim.SGD, weight_too=True, momentum=0.9)


def stepped(optimizer: torch.optim.Optimizer, w: torch.Tensor, c: float, t: int) -> None:
    """t steps with the constant gradient c."""
    for _ in range(t):
        w.grad = torch.full_like(w, c)
        optimizer.step()


def zero() -> torch.Tensor:
    """A weight that starts at 0."""
    return torch.zeros(1, dtype=torch.float64, requires_grad=True)


def sgdm(c: float, t: int, eta: float, beta: float) -> tuple[float, float]:
    """The momentum and the weight after t steps of SGD."""
    w = zero()
    optimizer = torch.optim.SGD([w], lr=eta, momentum=beta, foreach=False)
    stepped(optimizer, w, c, t)
    buffer = optimizer.state[w].get("momentum_buffer") if t else None
    return (0.0 if buffer is None else buffer.item()), w.item()


def sgdm_momentum(c: float, t: int, beta: float) -> Measurement:
    """m after t steps."""
    return Measurement(sgdm(c, t, 1.0, beta)[0], f"the momentum buffer after {t} steps of torch.optim.SGD")


def sgdm_weight(c: float, t: int, eta: float, beta: float) -> Measurement:
    """w after t steps."""
    return Measurement(sgdm(c, t, eta, beta)[1], f"the weight after {t} steps of torch.optim.SGD")


def adam(c: float, t: int, beta1: float, beta2: float, eps: float = 0.0) -> tuple[float, float, float]:
    """Both averages, and the length of the last step, after t steps of Adam with the learning rate 1."""
    if t == 0:
        return 0.0, 0.0, 0.0
    w = zero()
    optimizer = torch.optim.Adam([w], lr=1.0, betas=(beta1, beta2), eps=eps, foreach=False)
    stepped(optimizer, w, c, t - 1)
    with torch.no_grad():
        w.zero_()
    stepped(optimizer, w, c, 1)
    state = optimizer.state[w]
    return state["exp_avg"].item(), state["exp_avg_sq"].item(), -w.item()


def adam_first_moment(c: float, t: int, beta1: float, beta2: float) -> Measurement:
    """m after t steps, before any correction."""
    return Measurement(adam(c, t, beta1, beta2)[0], f"exp_avg after {t} steps of torch.optim.Adam")


def adam_second_moment(c: float, t: int, beta1: float, beta2: float) -> Measurement:
    """v after t steps, before any correction."""
    return Measurement(adam(c, t, beta1, beta2)[1], f"exp_avg_sq after {t} steps of torch.optim.Adam")


def corrected_first(c: float, t: int, beta1: float, beta2: float) -> float:
    """m-hat, read off the weight: with a large epsilon a step is m-hat / epsilon."""
    large = LARGE * max(c, 1.0)
    return adam(c, t, beta1, beta2, eps=large)[2] * large


def adam_first_moment_corrected(c: float, t: int, beta1: float, beta2: float) -> Measurement:
    """m-hat at step t."""
    how = f"step {t} of torch.optim.Adam with an epsilon so large that the step shows the corrected m alone"
    return Measurement(corrected_first(c, t, beta1, beta2), how)


def adam_second_moment_corrected(c: float, t: int, beta1: float, beta2: float) -> Measurement:
    """v-hat at step t: a step without epsilon is m-hat / sqrt(v-hat)."""
    step = adam(c, t, beta1, beta2)[2]
    how = f"step {t} of torch.optim.Adam without epsilon, beside one with a large epsilon: their ratio is the root of v"
    return Measurement((corrected_first(c, t, beta1, beta2) / step) ** 2, how)


def adam_weight(c: float, t: int, eta: float, beta1: float, beta2: float) -> Measurement:
    """w after t steps."""
    w = zero()
    stepped(torch.optim.Adam([w], lr=eta, betas=(beta1, beta2), eps=0.0, foreach=False), w, c, t)
    return Measurement(w.item(), f"the weight after {t} steps of torch.optim.Adam, epsilon 0")
