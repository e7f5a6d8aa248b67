"""Which numbers are in memory: storages followed through a real pass, each counted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True, slots=True)
class Moment:
    """After an operator: its name, and how many numbers were alive."""

    operator: str
    numbers: int


class AliveStorages(TorchDispatchMode):
    """Follows every storage made inside, and those it is told to hold; `moments` is the timeline over the operators."""

    def __init__(self, *held: torch.Tensor) -> None:
        super().__init__()
        self.moments: list[Moment] = []
        self._known: dict[StorageWeakRef, int] = {}
        for tensor in held:
            self._hold(tensor)

    def _hold(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        self._known[StorageWeakRef(storage)] = storage.nbytes() // tensor.element_size()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self._hold(leaf)
        self._known = {storage: size for storage, size in self._known.items() if not storage.expired()}
        self.moments.append(Moment(str(func), sum(self._known.values())))
        return out

    @property
    def peak(self) -> int:
        """The most numbers alive at once."""
        return max((moment.numbers for moment in self.moments), default=0)


def numbers_stored(tensors: Iterable[torch.Tensor]) -> int:
    """How many numbers the storages behind tensors hold, each storage once."""
    sizes = {
        StorageWeakRef(tensor.untyped_storage()): tensor.untyped_storage().nbytes() // tensor.element_size()
        for tensor in tensors
    }
    return sum(sizes.values())


class Saved:
    """What autograd saves for the backward pass of everything inside."""

    def __init__(self) -> None:
        self.tensors: list[torch.Tensor] = []
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor)

    def _pack(self, tensor: torch.Tensor) -> torch.Tensor:
        self.tensors.append(tensor)
        return tensor

    def __enter__(self) -> Saved:
        self._hooks.__enter__()
        return self

    def __exit__(self, *found: Any) -> None:
        self._hooks.__exit__(*found)
