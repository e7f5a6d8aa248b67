"""Data sets as arrays: found on this machine or downloaded, compared with their checksums, loaded. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.training.data import finding, idx
from tutor.training.data.finding import Found, find
from tutor.training.data.known import GO_ON, KNOWN, Damaged, DataError, Known, known

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tutor.training.data.downloading import Progress

__all__ = ["KNOWN", "DataError", "DataSet", "Found", "Split", "find", "load"]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images and their classes."""

    images: npt.NDArray[np.uint8]
    """(N, 28, 28), 0 is black."""
    labels: npt.NDArray[np.uint8]
    """(N,), places in the set's `classes`."""


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """A data set in memory."""

    name: str
    train: Split
    test: Split
    mean: float
    """Of the training pixels, where white is 1; images are normalised with it."""
    std: float
    classes: tuple[str, ...]
    """What each label means."""
    where: str
    """The folder that it came from."""


def load(name: str, *, download: bool = False, progress: Progress | None = None) -> DataSet:
    """A data set whose every byte has been checked. Raises DataError; never takes another set in its place.

    A damaged copy is passed over where there is a whole one. With `download`, what no folder holds is fetched.
    """
    one = known(name)
    damaged: str = ""
    for folder in finding.complete(one):
        try:
            return _loaded(one, folder)
        except Damaged as error:
            damaged = damaged or f"In {folder} {error}."
    if download and not one.embedded:
        from tutor.training.data.downloading import download as fetch

        folder = fetch(one, progress=progress)
        try:
            return _loaded(one, folder)
        except Damaged as error:
            damaged = f"In {folder} {error}."
    raise DataError(_sentence(one, damaged or find(name).said), name)


def _loaded(one: Known, folder: Path) -> DataSet:
    """The data set of a folder. Raises Damaged."""
    arrays = [idx.read(finding.path(folder, file), file.shape, file.sha256) for file in one.files]
    train, test = Split(*arrays[:2]), Split(*arrays[2:])
    return DataSet(one.name, train, test, one.mean, one.std, one.classes, str(folder))


def _sentence(one: Known, happened: str) -> str:
    """What happened, and what to do."""
    if one.embedded:
        return f"{happened} It comes with the program: install the tutor again."
    return (
        f"{happened} Fetch it with `python -m tutor.training.data {one.name}`, name the folder that has it (export"
        f" TUTOR_DATA=FOLDER), {GO_ON}."
    )
