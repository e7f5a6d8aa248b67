"""Builds assets/fashion-mini from the whole of Fashion-MNIST: `python tools/make_fashion_mini.py [--check]`.

The rule: the first 1,000 training and the first 200 test images of each class, in their order in the original files.
Anybody can repeat it with any tool, as nothing is drawn; the original files are shuffled already, so that the first
images of a class are as good a sample as any. What was built is compared with the checksums in
`tutor/training/data/known.py`; `--check` builds nothing and compares what is there with the original files.

The original files are looked for where the tutor looks for data sets (Debian: `apt install dataset-fashion-mnist`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from tutor import paths
from tutor.training.data import idx
from tutor.training.data.known import KNOWN, Damaged
from tutor.training.data.sets import DataError, Split, load


def first_of_each(split: Split, count: int) -> Split:
    """The first `count` images of each class, in their order. Raises ValueError where a class has fewer."""
    classes = np.unique(split.labels)
    places = [np.flatnonzero(split.labels == one)[:count] for one in classes]
    if any(len(one) < count for one in places):
        raise ValueError(f"a class has fewer than {count} images")
    kept = np.sort(np.concatenate(places))
    return Split(split.images[kept], split.labels[kept])


def main() -> int:
    """Exit status 0: built, or as it should be; 1: not."""
    parser = argparse.ArgumentParser(description="Builds assets/fashion-mini from the whole of Fashion-MNIST.")
    parser.add_argument("--check", action="store_true", help="compare what is there with the original files")
    checking = parser.parse_args().check
    mini = KNOWN["fashion-mini"]
    folder: Path = paths.assets_folder() / mini.folder
    try:
        whole = load("fashion-mnist")
        train, test = first_of_each(whole.train, mini.train // 10), first_of_each(whole.test, mini.test // 10)
        folder.mkdir(parents=True, exist_ok=True)
        for file, array in zip(mini.files, (train.images, train.labels, test.images, test.labels), strict=True):
            path = folder / f"{file.stem}.gz"
            if not checking:
                idx.write(path, array)
            if not np.array_equal(idx.read(path, file.shape, file.sha256), array):
                raise Damaged(f"{path.name} is not what the original files give")
            print(f"{path.name}  {path.stat().st_size:,} bytes")
    except (DataError, Damaged, OSError) as error:
        print(f"make_fashion_mini: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
