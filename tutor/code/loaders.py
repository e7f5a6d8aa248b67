"""A learner's data loaders over small data sets: how they are set, and every batch they give."""

from __future__ import annotations

from typing import Any

import torch
import torch.utils.data

from tutor.code.tensors import blob, seed_all

TRAIN_IMAGES, TEST_IMAGES = 96, 40


def stub_datasets(state: dict[str, Any]) -> bool:
    """Put small data sets in the place of torchvision's, so that nothing is downloaded or read from a disk."""
    from torchvision import datasets

    def small(base: Any, *above: Any) -> Any:
        def begin(
            self: Any,
            root: Any = None,
            train: bool = True,
            transform: Any = None,
            target_transform: Any = None,
            download: bool = False,
        ) -> None:
            datasets.VisionDataset.__init__(self, root or ".", None, transform, target_transform)
            self.train = train
            made = torch.Generator().manual_seed(11 if train else 12)
            count = TRAIN_IMAGES if train else TEST_IMAGES
            self.data = torch.randint(0, 256, (count, 28, 28), generator=made, dtype=torch.uint8)
            self.data[:, 0, 0] = 0
            self.data[:, 27, 27] = 255
            self.targets = torch.arange(count) % 10
            state["calls"].append({"train": train, "download": bool(download)})

        return type(base.__name__, (base, *above), {"__init__": begin, "__module__": base.__module__})

    state["calls"] = []
    mnist = small(datasets.MNIST)
    # As in torchvision, where FashionMNIST is a subclass of MNIST.
    fashion = small(datasets.FashionMNIST, mnist)
    for module in (datasets, datasets.mnist):
        for made in (mnist, fashion):
            setattr(module, made.__name__, made)
    return True


def loaders(
    state: dict[str, Any], name: str, dataset: str, batch: int, options: dict[str, Any], workers: int
) -> dict[str, Any]:
    """Call get_dataloaders and read both loaders twice: how they are set, and every batch they give.

    The first time as many workers read as the loader has, up to `workers`: to start one takes longer than all the rest.
    """
    from torchvision import datasets

    seed_all(1)
    found = getattr(state["module"], name)(getattr(datasets, dataset), batch, **options)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        return {"kind": type(found).__name__, "count": len(found) if isinstance(found, (tuple, list)) else 0}
    both = []
    for loader in found:
        if not isinstance(loader, torch.utils.data.DataLoader):
            return {"kind": type(loader).__name__, "count": 2}
        rounds = []
        for most in (workers, 0):
            loader.num_workers = min(loader.num_workers, most)
            loader.timeout = loader.timeout if loader.num_workers else 0
            rounds.append([[blob(x), blob(y)] for x, y in loader])
        both.append({"pinned": bool(loader.pin_memory), "rounds": rounds})
    return {"loaders": both}
