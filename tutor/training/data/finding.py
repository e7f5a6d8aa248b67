"""Where data sets are on this machine: looked for by names and sizes, without torch and without unpacking them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor import paths
from tutor.training.data import idx
from tutor.training.data.known import Damaged, File, Known, known

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its four files."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a data set."""

    name: str
    where: Path | None
    """The folder of its four files, or the one that comes nearest; None where there is none."""
    complete: bool
    """Whether all are there, in their sizes; that they are whole is seen when they are loaded."""
    said: str
    """In words: `MNIST is in /home/ada/data/MNIST/raw.`"""
    download_bytes: int
    """What would have to be downloaded."""


def find(name: str) -> Found:
    """Where a data set is; reads names, sizes and the labels of the test images. Raises DataError for unknown names."""
    one = known(name)
    nearest: tuple[Path, str] | None = None
    for folder in folders(one):
        trouble = lacking(one, folder)
        if not trouble:
            return Found(name, folder, True, f"{one.title} is in {folder}.", 0)
        nearest = nearest or (folder, trouble)
    if nearest is not None:
        return Found(name, nearest[0], False, f"In {nearest[0]} {nearest[1]}.", one.download_bytes)
    said = f"{one.title} is not on this machine"
    if not one.embedded and (named := _named()) is not None and not os.access(named, os.R_OK | os.X_OK):
        said += f"; TUTOR_DATA names {named}, a folder that is not there or cannot be read"
    return Found(name, None, False, f"{said}.", one.download_bytes)


def complete(one: Known) -> Iterator[Path]:
    """The folders that hold all of a data set, in their sizes."""
    return (folder for folder in folders(one) if not lacking(one, folder))


def downloads(one: Known) -> Path:
    """The folder that a data set is downloaded to; laid out as torchvision does."""
    return paths.cache_folder() / "data" / one.folder / "raw"


def folders(one: Known) -> Iterator[Path]:
    """The folders that hold some file of a data set: those of the learner's first, each once."""
    seen: set[Path] = set()
    for folder in map(_resolved, _places(one)):
        if folder not in seen and _some(one, folder):
            yield folder
        seen.add(folder)


def lacking(one: Known, folder: Path) -> str:
    """What is wrong with the data set in a folder, as a clause; empty where it is complete."""
    try:
        for file in one.files:
            path(folder, file)
        # MNIST and Fashion-MNIST have the same names and sizes: the smallest file tells which it is.
        labels = one.files[3]
        idx.compare(path(folder, labels), labels.shape, labels.sha256)
    except Damaged as error:
        return str(error)
    return ""


def path(folder: Path, file: File) -> Path:
    """The file, plain or compressed, that has its size. Raises Damaged."""
    trouble = f"{file.stem} is missing"
    wanted = idx.size(file.shape)
    for name in _names(file):
        try:
            told = idx.told_size(folder / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            trouble = f"{name} cannot be read ({error.strerror or error})"
            continue
        if told == wanted:
            return folder / name
        trouble = f"{name} is cut off or damaged"
        if name == file.stem:
            trouble = f"{name} has {told:,} bytes in place of {wanted:,}"
    raise Damaged(trouble)


def _places(one: Known) -> Iterator[Path]:
    """Where a data set may be."""
    if one.embedded:
        yield paths.assets_folder() / one.folder
        return
    named = _named()
    for root in ([] if named is None else [named], _usual_roots(), [paths.cache_folder() / "data"]):
        for base in root:
            yield from (base / one.folder / "raw", base / one.folder, base / one.name)
            if base == named and (_is_called(one, base) or _is_it(one, base)):
                yield base
    if one.name == "fashion-mnist":
        yield DEBIAN


def _usual_roots() -> list[Path]:
    """The folders that scripts give torchvision as `root`."""
    return [Path("data"), Path("../data"), Path.home() / "data", Path.home() / "datasets"]


def _named() -> Path | None:
    """The folder of the environment variable TUTOR_DATA."""
    value = os.environ.get("TUTOR_DATA")
    return Path(value).expanduser() if value else None


def _is_called(one: Known, folder: Path) -> bool:
    """Whether the end of a folder's name tells that it is for this set: `MNIST`, `mnist/raw`."""
    return any(part.lower() in (one.folder.lower(), one.name) for part in _resolved(folder).parts[-2:])


def _is_it(one: Known, folder: Path) -> bool:
    """Whether files that lie in a folder of no telling name are this set's: their test labels are."""
    labels = one.files[3]
    try:
        idx.compare(path(folder, labels), labels.shape, labels.sha256)
    except Damaged:
        return False
    return True


def _some(one: Known, folder: Path) -> bool:
    """Whether a folder holds any of the files, under either name."""
    try:
        there = set(os.listdir(folder))
    except OSError:
        return False
    return any(name in there for file in one.files for name in _names(file))


def _names(file: File) -> tuple[str, str]:
    return file.stem, f"{file.stem}.gz"


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):
        return folder
