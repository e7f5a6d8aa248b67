"""The processes that train one model together: one alone, or several that torchrun started."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tutor.training.machine import Machine

BETWEEN_AGREEMENTS = 16
"""Steps between two times at which several processes ask each other whether to stop."""


class Alone:
    """One process: nobody to ask."""

    rank = 0
    size = 1

    def wrapped(self, model: nn.Module, machine: Machine) -> nn.Module:
        """The model whose backward pass knows of the others."""
        return model

    def share(self, indices: Tensor) -> Tensor:
        """This process's part of a batch."""
        return indices

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        return values

    def anyone(self, wanted: bool, step: int) -> bool:
        """Whether any process wants to stop; asked after every step."""
        return wanted

    def same(self, value: Any) -> Any:
        """What the first process has, for all."""
        return value

    def close(self) -> None:
        """Leave the group."""


class Several(Alone):
    """The processes of torchrun: gloo between CPUs, nccl between GPUs, and gloo for what is said on the host."""

    def __init__(self, machine: Machine) -> None:
        backend = "nccl" if machine.device.type == "cuda" else "gloo"
        dist.init_process_group(backend)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._host: Any = dist.new_group(backend="gloo") if backend != "gloo" else None

    def wrapped(self, model: nn.Module, machine: Machine) -> nn.Module:
        """The model with its gradients averaged over all processes as the backward pass goes."""
        ids = [machine.device.index] if machine.device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=ids)

    def share(self, indices: Tensor) -> Tensor:
        """Every size-th image, from the rank's own on; empty where the batch has fewer images than processes."""
        return indices[self.rank :: self.size]

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        dist.all_reduce(values)
        return values

    def anyone(self, wanted: bool, step: int) -> bool:
        """Asked every 16 steps: processes stop after the same step."""
        if step % BETWEEN_AGREEMENTS:
            return False
        answer = torch.tensor([int(wanted)])
        dist.all_reduce(answer, dist.ReduceOp.MAX, group=self._host)
        return bool(answer.item())

    def same(self, value: Any) -> Any:
        """The first process's value, passed to all (plain values and tensors)."""
        held = [value if self.rank == 0 else None]
        dist.broadcast_object_list(held, src=0, group=self._host)
        return held[0]

    def close(self) -> None:
        """Leave; nobody waits for processes that are gone."""
        if dist.is_initialized():
            dist.destroy_process_group()
