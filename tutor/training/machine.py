"""The device a recipe runs on: which one, how many threads, what precision; set so that a seed has one curve."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tutor.training.recipe import Recipe


class MachineError(Exception):
    """Why a recipe cannot run here: what happened, and what to change."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} {advice}")
        self.reason, self.advice = reason, advice


@dataclass(frozen=True, slots=True)
class Machine:
    """A device, in PyTorch's terms and in words."""

    device: torch.device
    words: str
    """`cpu, 2 threads` or `cuda:0, NVIDIA H100`."""
    low_precision: bool
    """Whether matrix products and convolutions are taken in bfloat16."""
    replays: bool
    """Whether a step is recorded once and replayed: on a GPU, where nothing in it is a learner's own."""

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the model runs."""
        if not self.low_precision:
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def image_dtype(self, recipe: Recipe) -> torch.dtype:
        """The type in which a recipe's images are held: bfloat16 where the network's first layer takes them so.

        That layer would round each batch in any case, so the curve is the same to the bit; a batch of half the bytes
        is taken from memory in half the time. What a learner wrote may do more with an image than multiply it.
        """
        ours = recipe.source == recipe.loop == "ours"
        return torch.bfloat16 if self.low_precision and ours else torch.float32

    def holding(self, model: nn.Module) -> nn.Module:
        """The model on the device; one that convolves with its channels last."""
        model = model.to(self.device)
        if any(each.dim() == 4 for each in model.parameters()):
            model = model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        return model

    def taken(self, values: Tensor) -> Tensor:
        """A tensor of the host on the device, without waiting for what the device is doing."""
        if self.device.type != "cuda":
            return values.to(self.device)
        return values.pin_memory().to(self.device, non_blocking=True)

    def wait(self) -> None:
        """Until all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def machine_for(recipe: Recipe, rank: int = 0) -> Machine:
    """The machine of a recipe, threads and determinism set for this process; `rank` picks among several GPUs.

    Raises MachineError where the recipe asks for a device that is not there.
    """
    device = _device(recipe.device, rank)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    else:
        torch.set_num_threads(_cores())
    # Without these a GPU may add in another order each time: same seed, same curve would not hold.
    torch.use_deterministic_algorithms(True, warn_only=True)
    # PyTorch would then also fill what nobody has written yet, which costs time and changes nothing here.
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
        words = f"{device}, {torch.cuda.get_device_name(device)}"
        low = recipe.precision == "bfloat16" or (recipe.precision == "auto" and torch.cuda.is_bf16_supported(False))
    else:
        threads = torch.get_num_threads()
        words = f"cpu, {threads} thread{'s' if threads > 1 else ''}"
        low = recipe.precision == "bfloat16" or (recipe.precision == "auto" and _cpu_has_bfloat16())
    replays = device.type == "cuda" and recipe.source == recipe.loop == "ours"
    return Machine(device, f"{words}, bfloat16" if low else words, low, replays)


def _cpu_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: a step then takes half to three quarters of the time."""
    asked = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
    return any(each is not None and each() for each in asked)


def _device(asked: str, rank: int) -> torch.device:
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "cpu" or (asked == "auto" and not there):
        return torch.device("cpu")
    if not there:
        raise MachineError("PyTorch finds no GPU on this machine.", "Set device=cpu, or ask tutor doctor why.")
    number = int(asked.partition(":")[2] or rank % there)
    if number >= there:
        raise MachineError(
            f"There is no {asked} on this machine.", f"It has {there} GPU{'s' if there > 1 else ''}, from cuda:0 on."
        )
    return torch.device("cuda", number)


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device's memory was not enough."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("can't allocate memory" in str(error) or "out of memory" in str(error))
    )


def what_to_change(recipe: Recipe) -> str:
    """Advice for a run that needs too much memory."""
    smaller = [f"batch={max(1, recipe.batch // 2)} in place of {recipe.batch}"]
    if recipe.canvas > 28:
        smaller.append(f"canvas={max(28, recipe.canvas // 2)} in place of {recipe.canvas}")
    if recipe.images != 1:
        smaller.append("fewer images")
    return f"Set {', or '.join(smaller)}."
