"""One step of training: forward, backward, the optimizer; on a GPU recorded once as a CUDA graph, then replayed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from tutor.training.groups import Alone
from tutor.training.machine import Machine

EAGER_FIRST = 3
"""Steps in a row with batches of one size before a step is recorded: libraries choose and allocate on their first."""


class EagerStep:
    """A step as PyTorch runs it, one operation after the other."""

    def __init__(self, model: nn.Module, optimizer: Optimizer, machine: Machine, group: Alone) -> None:
        self.model, self.optimizer, self.machine, self.group = model, optimizer, machine, group

    def __call__(self, images: Tensor, labels: Tensor, share: float = 1.0) -> tuple[Tensor, Tensor]:
        """Train on images (n, 1, s, s) with labels (n,): the mean loss and the count of right answers, before the step.

        Both are scalars on the device, over the whole batch, of which `share` (0 to 1) is this process's part.
        """
        with self.machine.autocast():
            outputs = self.model(images)
            loss = functional.cross_entropy(outputs, labels)
        right = (outputs.detach().argmax(1) == labels).sum()
        told = loss.detach()
        if self.group.size > 1:
            # The mean over processes of these is the gradient of the mean over the whole batch.
            loss = loss * (share * self.group.size)
            told, right = self.group.total(torch.stack([told * share, right.to(told.dtype) * bool(share)])).unbind()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return told, right


class ReplayedStep(EagerStep):
    """The same step to the bit; once recorded, the host launches it as one piece and not as hundreds of operations.

    Recorded with batches of one size; a batch of another, as the last of an epoch is, runs as an eager step. Where
    a step cannot be recorded all run so, and the run's log says why.
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer, machine: Machine, group: Alone) -> None:
        super().__init__(model, optimizer, machine, group)
        # The recorded optimizer reads its rate here; a number of the host would be recorded as it was.
        self._rate = torch.zeros((), device=machine.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self.recordable = True
        """Whether it is still to be recorded."""
        self._images, self._labels, self._told, self._right = self._rate, self._rate, self._rate, self._rate
        """What the recorded step reads and writes."""
        self._alike = 0
        """Eager steps in a row with batches of the size of `_images`."""

    def __call__(self, images: Tensor, labels: Tensor, share: float = 1.0) -> tuple[Tensor, Tensor]:
        """As an eager step."""
        self._rate.fill_(self.optimizer.param_groups[0]["lr"])
        if self.recordable and self._alike == EAGER_FIRST and images.shape == self._images.shape:
            self._record()
        if self._graph is None or images.shape != self._images.shape:
            return self._eager(images, labels, share)
        self._images.copy_(images)
        self._labels.copy_(labels)
        self._graph.replay()
        return self._told.clone(), self._right.clone()

    @property
    def recorded(self) -> bool:
        """Whether steps are replayed by now."""
        return self._graph is not None

    def _eager(self, images: Tensor, labels: Tensor, share: float) -> tuple[Tensor, Tensor]:
        if self._graph is None and images.shape != self._images.shape:
            self._images, self._labels, self._alike = torch.empty_like(images), torch.empty_like(labels), 0
        self._alike += 1
        with self._rate_on_device():
            return super().__call__(images, labels, share)

    def _record(self) -> None:
        """Nothing is computed by recording: the step that follows is the first replay."""
        self.recordable = False
        graph = torch.cuda.CUDAGraph()
        try:
            with self._rate_on_device(), torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._told, self._right = super().__call__(self._images, self._labels)
        except RuntimeError as error:
            words = str(error).strip().split("\n", 1)[0]
            print(f"A step is run by operations; it could not be recorded as a CUDA graph: {words}.", file=sys.stderr)
            return
        self._graph = graph

    @contextmanager
    def _rate_on_device(self) -> Iterator[None]:
        """Inside, the optimizer reads its rate from the device; outside it has the schedule's number."""
        groups = self.optimizer.param_groups
        before = [(group["lr"], group["capturable"]) for group in groups]
        for group in groups:
            group["lr"], group["capturable"] = self._rate, True
        try:
            yield
        finally:
            for group, (rate, capturable) in zip(groups, before, strict=True):
                group["lr"], group["capturable"] = rate, capturable


def step_of(model: nn.Module, optimizer: Optimizer, machine: Machine, group: Alone) -> EagerStep:
    """The step of a training: recorded and replayed where the machine can, for one process alone."""
    return (ReplayedStep if machine.replays and group.size == 1 else EagerStep)(model, optimizer, machine, group)
