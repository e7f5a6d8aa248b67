"""Small sets under the names of the large ones, and a machine on which nothing else is found."""

import dataclasses
import hashlib

import numpy as np
import pytest

from tutor.training.data import finding, idx, known


@dataclasses.dataclass
class Small:
    """A small data set: what it is known as, and its arrays by file."""

    known: known.Known
    arrays: dict[str, np.ndarray]

    def write(self, folder, suffix="", only=None):
        """Its files, or only some of them, in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for stem, array in self.arrays.items():
            if only is None or stem in only:
                idx.write(folder / f"{stem}{suffix}", array)
        return folder


def _small(one: known.Known, seed: int) -> Small:
    generator = np.random.default_rng(seed)
    one = dataclasses.replace(one, train=40, test=20)
    arrays = {file.stem: generator.integers(0, 10, file.shape, dtype=np.uint8) for file in one.files}
    plain = (idx.header(array.shape) + array.tobytes() for array in arrays.values())
    sums = tuple(hashlib.sha256(each).hexdigest() for each in plain)
    return Small(dataclasses.replace(one, sha256=sums), arrays)


@pytest.fixture
def empty_machine(monkeypatch, tmp_path):
    """No data set but the embedded one; the working folder is `tmp_path`/work."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "tutor"))
    monkeypatch.delenv("TUTOR_DATA", raising=False)
    monkeypatch.setattr(finding, "DEBIAN", tmp_path / "debian")
    return tmp_path


@pytest.fixture
def mnist(monkeypatch, empty_machine):
    """40 and 20 images, known as MNIST."""
    small = _small(known.KNOWN["mnist"], 1)
    monkeypatch.setitem(known.KNOWN, "mnist", small.known)
    return small


@pytest.fixture
def fashion(monkeypatch, empty_machine):
    """40 and 20 others, known as Fashion-MNIST: the same names and sizes."""
    small = _small(known.KNOWN["fashion-mnist"], 2)
    monkeypatch.setitem(known.KNOWN, "fashion-mnist", small.known)
    return small
