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

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        images: Tensor,
        labels: Tensor,
        machine: Machine,
        group: Alone,
    ) -> None:
        self.model, self.optimizer, self.machine, self.group = model, optimizer, machine, group
        self.images, self.labels = images, labels
        self._batch = images[:0]
        """Where the images of each batch are written: no memory asked of the system at every step."""

    def __call__(self, chosen: Tensor, share: float = 1.0) -> Tensor:
        """Train on the images of the indices `chosen` (n,): the mean loss and the count of right answers, (2,).

        They stay on the device, and are over the whole batch, of which `share` (0 to 1) is this process's part.
        """
        count = len(chosen)
        if len(self._batch) < count:
            self._batch = self.images.new_empty((count, *self.images.shape[1:]))
        images = torch.index_select(self.images, 0, chosen, out=self._batch[:count])
        labels = self.labels.index_select(0, chosen)
        with self.machine.autocast():
            outputs = self.model(images)
            loss = functional.cross_entropy(outputs, labels)
        # In float32 also where a learner's network answers in bfloat16, which counts no further than 256.
        told = torch.stack([loss.detach().float(), (outputs.detach().argmax(1) == labels).sum().float()])
        if self.group.size > 1:
            # The mean over processes of these is the gradient of the mean over the whole batch.
            loss = loss * (share * self.group.size)
            told = self.group.total(torch.stack([told[0] * share, told[1] * bool(share)]))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return told


class ReplayedStep:
    """The same step to the bit; once recorded, the host launches it as one piece and not as hundreds of operations.

    Recorded with batches of one size; a batch of another, as the last of an epoch is, runs as an eager step. Where
    a step cannot be recorded all run so, and the run's log says why.
    """

    def __init__(self, step: EagerStep) -> None:
        self._step = step
        self.recordable = True
        """Whether it is still to be recorded."""
        self._graph: torch.cuda.CUDAGraph | None = None
        # What the recorded step reads: a number of the host, as the rate is, would be recorded as it was.
        self._rate = torch.zeros((), device=step.machine.device)
        self._chosen = torch.empty(0, dtype=torch.int64, device=step.machine.device)
        self._told = self._rate
        """What the recorded step writes."""
        self._alike = 0
        """Eager steps in a row with batches of the size of `_chosen`."""

    def __call__(self, chosen: Tensor, share: float = 1.0) -> Tensor:
        """As an eager step."""
        self._rate.fill_(self._step.optimizer.param_groups[0]["lr"])
        if self.recordable and self._alike == EAGER_FIRST and chosen.shape == self._chosen.shape:
            self._record()
        if self._graph is None or chosen.shape != self._chosen.shape:
            return self._eager(chosen, share)
        self._chosen.copy_(chosen)
        self._graph.replay()
        return self._told.clone()

    @property
    def recorded(self) -> bool:
        """Whether steps are replayed by now."""
        return self._graph is not None

    def _eager(self, chosen: Tensor, share: float) -> Tensor:
        if self._graph is None and chosen.shape != self._chosen.shape:
            self._chosen, self._alike = torch.zeros_like(chosen), 0
        self._alike += 1
        with self._rate_on_device():
            return self._step(chosen, share)

    def _record(self) -> None:
        """Nothing is computed by recording: the step that follows is the first replay."""
        self.recordable = False
        graph = torch.cuda.CUDAGraph()
        try:
            with self._rate_on_device(), torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._told = self._step(self._chosen)
        except RuntimeError as error:
            words = str(error).strip().split("\n", 1)[0]
            print(f"A step is run by operations; it could not be recorded as a CUDA graph: {words}.", file=sys.stderr)
            return
        self._graph = graph

    @contextmanager
    def _rate_on_device(self) -> Iterator[None]:
        """Inside, the optimizer reads its rate from the device; outside it has the schedule's number."""
        groups = self._step.optimizer.param_groups
        before = [(group["lr"], group["capturable"]) for group in groups]
        for group in groups:
            group["lr"], group["capturable"] = self._rate, True
        try:
            yield
        finally:
            for group, (rate, capturable) in zip(groups, before, strict=True):
                group["lr"], group["capturable"] = rate, capturable


def step_of(
    model: nn.Module, optimizer: Optimizer, images: Tensor, labels: Tensor, machine: Machine, group: Alone
) -> EagerStep | ReplayedStep:
    """The step of a training on all images (N, 1, s, s): recorded where the machine can, for one process alone."""
    step = EagerStep(model, optimizer, images, labels, machine, group)
    return ReplayedStep(step) if machine.replays and group.size == 1 else step
