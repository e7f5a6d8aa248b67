"""The data sets that recipes name: their files, sizes, checksums and classes. Values only."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SIDE = 28
"""Pixels of a side of every image of every set here."""
EMBEDDED = "fashion-mini"
"""The set that comes with the program."""
GO_ON = f"or go on with the embedded set: data={EMBEDDED}"
"""The way on that every complaint about another set offers; it is never taken without being asked for."""


class DataError(Exception):
    """Why there is no data: a sentence for people, that says what to do. `name` is the set's, empty where none is."""

    def __init__(self, sentence: str, name: str = "") -> None:
        super().__init__(sentence)
        self.name = name


class Damaged(Exception):
    """What is wrong with one file, as a clause that a sentence is made of: `t10k-images-idx3-ubyte is missing`."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a set: an array of unsigned bytes in the idx format, plain or compressed with gzip (`.gz`)."""

    stem: str
    """Its name when it is plain."""
    shape: tuple[int, ...]
    sha256: str
    """Of the plain file: compressed ones differ by the program that compressed them."""


@dataclass(frozen=True, slots=True)
class Known:
    """A data set: what it holds, and how it is recognised."""

    name: str
    title: str
    folder: str
    """The name of torchvision's class, and so of the folder in which torchvision keeps the set."""
    train: int
    """Images to train on."""
    test: int
    mean: float
    """Of the pixels of the training images, where black is 0 and white is 1."""
    std: float
    classes: tuple[str, ...]
    sha256: tuple[str, str, str, str]
    """Of the training images, training labels, test images, test labels."""
    download_bytes: int = 0
    """Size of the four compressed files; 0 for a set that is not downloaded."""

    @property
    def files(self) -> tuple[File, File, File, File]:
        """Training images, training labels, test images, test labels."""
        return (
            File("train-images-idx3-ubyte", (self.train, SIDE, SIDE), self.sha256[0]),
            File("train-labels-idx1-ubyte", (self.train,), self.sha256[1]),
            File("t10k-images-idx3-ubyte", (self.test, SIDE, SIDE), self.sha256[2]),
            File("t10k-labels-idx1-ubyte", (self.test,), self.sha256[3]),
        )

    @property
    def embedded(self) -> bool:
        """Whether it comes with the program."""
        return self.name == EMBEDDED


def _known() -> Iterator[Known]:
    yield Known(
        name="mnist",
        title="MNIST",
        folder="MNIST",
        train=60_000,
        test=10_000,
        mean=0.1307,
        std=0.3081,
        classes=tuple("0123456789"),
        sha256=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        download_bytes=11_594_722,
    )
    clothes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    yield Known(
        name="fashion-mnist",
        title="Fashion-MNIST",
        folder="FashionMNIST",
        train=60_000,
        test=10_000,
        mean=0.286041,
        std=0.353024,
        classes=clothes,
        sha256=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        download_bytes=30_878_645,
    )
    yield Known(
        name=EMBEDDED,
        title="The embedded part of Fashion-MNIST",
        folder=EMBEDDED,
        train=10_000,
        test=2_000,
        # Those of the whole set: a network that learnt from the part can be tried on the whole.
        mean=0.286041,
        std=0.353024,
        classes=clothes,
        sha256=(
            "d33512cfdc636a0d8972818e6659995be209a88891df7fa2109d7895922c8985",
            "620cb8e3b9348037c5ff9a07b02d773ab165330e072dfd19e0d21c59f8042dcf",
            "15a92dd1e9b16ea361928086e77df4dfa890c255c00b5a8c8162c1040ce8eef1",
            "234596aeb6eb48133ec99a62541f90bc0728c9559a681f1e0638037462458f2c",
        ),
    )


KNOWN: Mapping[str, Known] = {one.name: one for one in _known()}


def known(name: str) -> Known:
    """The data set of a name. Raises DataError."""
    if name in KNOWN:
        return KNOWN[name]
    near = difflib.get_close_matches(name, KNOWN, 1, 0.4)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}."
    raise DataError(f"There is no data set {name!r}; {advice}", name)
