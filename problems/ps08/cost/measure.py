"""Measurements of problem 1: a real stack of linear layers, its products counted and its storages followed."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tutor.engine.measurement import Measurement
from tutor.engine.memory import AliveStorages, Saved, numbers_stored


def layers(K: int, L: int) -> list[nn.Linear]:
    """L layers of width K, without biases."""
    torch.manual_seed(0)
    return [nn.Linear(K, K, bias=False) for _ in range(L)]


def forward(stack: list[nn.Linear], x: torch.Tensor) -> torch.Tensor:
    """One pass: (n, K) -> (n, K), a ReLU between the layers."""
    for layer in stack[:-1]:
        x = torch.relu(layer(x))
    return stack[-1](x)


def products(counter: FlopCounterMode) -> int:
    """The multiplications: PyTorch's counter counts each with its addition."""
    return counter.get_total_flops() // 2


def forward_multiplications(n: int, K: int, L: int) -> Measurement:
    """Multiplications of one forward pass."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        forward(layers(K, L), torch.randn(n, K))
    return Measurement(products(counter), f"one forward pass of {L} nn.Linear({K}, {K}), products counted as they ran")


def training_step(n: int, K: int, L: int, input_gradient: bool) -> Measurement:
    """Multiplications of a forward and a backward pass."""
    stack = layers(K, L)
    x = torch.randn(n, K, requires_grad=input_gradient)
    with FlopCounterMode(display=False) as ahead:
        out = forward(stack, x)
    with FlopCounterMode(display=False) as back:
        out.backward(torch.randn_like(out))
    with_it = "with" if input_gradient else "without"
    how = f"a forward and a backward pass of {L} nn.Linear({K}, {K}), {with_it} a gradient for the input"
    details = {"forward": products(ahead), "backward": products(back)}
    return Measurement(products(ahead) + products(back), how, details=details)


def training_multiplications(n: int, K: int, L: int) -> Measurement:
    """With a gradient for the input."""
    return training_step(n, K, L, input_gradient=True)


def training_multiplications_without_input_gradient(n: int, K: int, L: int) -> Measurement:
    """Without one, as PyTorch does when nothing asks for it."""
    return training_step(n, K, L, input_gradient=False)


def inference_memory(n: int, K: int, L: int) -> Measurement:
    """Numbers alive at the fullest moment of a forward pass."""
    stack = layers(K, L)
    with torch.no_grad(), AliveStorages(*(layer.weight for layer in stack)) as alive:
        x = torch.randn(n, K)
        for layer in stack:
            x = layer(x)
    how = f"the storages alive during a forward pass of {L} nn.Linear({K}, {K}), at their most"
    return Measurement(alive.peak, how, details={"timeline": [moment.numbers for moment in alive.moments]})


def kept(n: int, K: int, L: int) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
    """Weights, their gradients and what autograd saved; the output; the gradient that comes back to it."""
    stack = layers(K, L)
    with Saved() as saved:
        out = forward(stack, torch.randn(n, K))
    saved_tensors = list(saved.tensors)
    coming = torch.randn_like(out)
    out.backward(coming)
    weights = [layer.weight for layer in stack]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return [*weights, *gradients, *saved_tensors], out, coming


def training_memory(n: int, K: int, L: int) -> Measurement:
    """Weights, their gradients, and what autograd really saved for the backward pass, each storage once."""
    tensors, _, _ = kept(n, K, L)
    how = f"weights, gradients and what autograd saved in a real step of {L} nn.Linear({K}, {K}), each storage once"
    return Measurement(numbers_stored(tensors), how)


def training_memory_with_output(n: int, K: int, L: int) -> Measurement:
    """The same, and the output of the last layer."""
    tensors, out, _ = kept(n, K, L)
    how = f"the same step of {L} nn.Linear({K}, {K}), counting the output of the last layer too"
    return Measurement(numbers_stored([*tensors, out]), how)


def training_memory_with_output_and_gradient(n: int, K: int, L: int) -> Measurement:
    """The same, the output of the last layer, and the gradient that comes back to it."""
    tensors, out, coming = kept(n, K, L)
    how = f"the same step of {L} nn.Linear({K}, {K}), counting the output and the gradient that comes back to it"
    return Measurement(numbers_stored([*tensors, out, coming]), how)
