"""Finding and loading data sets: the right one, whole, or a sentence that says what to do."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.clock import slowness
from tests.training.data.conftest import Small
from tutor.training.data.finding import find
from tutor.training.data.known import KNOWN
from tutor.training.data.sets import DataError, load

WAY_ON = "data=fashion-mini"
IMAGES = "train-images-idx3-ubyte"


def refusal(name):
    with pytest.raises(DataError) as raised:
        load(name)
    assert raised.value.name == name
    assert "\n" not in str(raised.value)
    return str(raised.value)


def matches(loaded, small: Small):
    arrays = [loaded.train.images, loaded.train.labels, loaded.test.images, loaded.test.labels]
    return all(np.array_equal(a, b) for a, b in zip(arrays, small.arrays.values(), strict=True))


# ---------------------------------------------------------------- the embedded set


def test_the_embedded_set_is_a_balanced_part_with_the_classes_of_the_whole(empty_machine):
    one = load("fashion-mini")
    assert one.train.images.shape == (10_000, 28, 28)
    assert one.test.images.shape == (2_000, 28, 28)
    assert np.bincount(one.train.labels).tolist() == [1_000] * 10
    assert np.bincount(one.test.labels).tolist() == [200] * 10
    assert one.classes == load_names("fashion-mnist")
    assert one.classes[9] == "Ankle boot"
    # Any stretch of it is mixed: the first images of a set are used alone where fewer are asked for.
    assert np.bincount(one.train.labels[:1_000]).min() > 60


def load_names(name):
    return KNOWN[name].classes


def test_the_embedded_images_look_like_the_clothes_that_their_labels_say(empty_machine):
    one = load("fashion-mini")
    means = np.array([one.train.images[one.train.labels == c].mean(0).ravel() for c in range(10)], np.float32)
    test = one.test.images.reshape(-1, 784).astype(np.float32)
    distance = (means**2).sum(1) - 2 * test @ means.T
    assert (distance.argmin(1) == one.test.labels).mean() > 0.65


def test_the_embedded_set_loads_quickly_without_torch_and_is_found_without_numpy():
    program = """
import json, sys, time
from tutor.training.data.sets import find, load
assert find("fashion-mini").complete
found = sorted({"numpy", "torch", "torchvision"} & set(sys.modules))
import numpy
began = time.process_time()
load("fashion-mini")
seconds = time.process_time() - began
print(json.dumps([found, seconds, "torch" in sys.modules or "torchvision" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found, seconds, torch = json.loads(done.stdout)
    assert found == []
    assert not torch
    assert seconds < 0.5 * slowness()


def test_a_damaged_installation_says_to_install_again(empty_machine, monkeypatch):
    monkeypatch.setattr("tutor.paths.assets_folder", lambda: empty_machine)
    assert not find("fashion-mini").complete
    said = refusal("fashion-mini")
    assert "install the tutor again" in said
    assert WAY_ON not in said


# ---------------------------------------------------------------- where they are found


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    "place",
    [
        "work/data/MNIST/raw",
        "data/MNIST/raw",
        "home/data/MNIST/raw",
        "home/datasets/mnist",
        "tutor/cache/data/MNIST/raw",
    ],
)
def test_a_set_is_found_in_the_usual_places(mnist, empty_machine, place, suffix):
    folder = mnist.write(empty_machine / place, suffix)
    found = find("mnist")
    assert (found.where, found.complete) == (folder, True)
    assert str(folder) in found.said
    loaded = load("mnist")
    assert matches(loaded, mnist)
    assert loaded.where == str(folder)
    assert loaded.classes == tuple("0123456789")


@pytest.mark.parametrize("inside", ["MNIST/raw", "MNIST", "mnist", "."])
def test_tutor_data_may_name_the_root_or_the_folder_itself_and_comes_first(mnist, empty_machine, monkeypatch, inside):
    mnist.write(empty_machine / "work" / "data" / "MNIST" / "raw")
    folder = mnist.write(empty_machine / "mine" / inside)
    monkeypatch.setenv("TUTOR_DATA", str(empty_machine / "mine"))
    assert find("mnist").where == folder


def test_fashion_mnist_is_found_where_debian_puts_it(fashion, empty_machine):
    fashion.write(empty_machine / "debian", ".gz")
    assert matches(load("fashion-mnist"), fashion)


def test_two_sets_with_the_same_names_and_sizes_are_told_apart(mnist, fashion, empty_machine, monkeypatch):
    fashion.write(empty_machine / "some" / "files")
    monkeypatch.setenv("TUTOR_DATA", str(empty_machine / "some" / "files"))
    assert find("mnist").where is None
    assert find("fashion-mnist").complete
    fashion.write(empty_machine / "work" / "data" / "MNIST" / "raw")
    found = find("mnist")
    assert not found.complete
    assert "of another data set" in found.said
    assert "of another data set" in refusal("mnist")


def test_nothing_found_says_every_way_to_get_it(mnist, empty_machine):
    found = find("mnist")
    assert (found.where, found.complete) == (None, False)
    assert found.download_bytes > 10_000_000
    said = refusal("mnist")
    assert "not on this machine" in said
    for way in ("python -m tutor.training.data mnist", "TUTOR_DATA", WAY_ON):
        assert way in said


def test_a_tutor_data_that_is_no_folder_is_said(mnist, empty_machine, monkeypatch):
    monkeypatch.setenv("TUTOR_DATA", str(empty_machine / "gone"))
    assert f"TUTOR_DATA names {empty_machine / 'gone'}" in refusal("mnist")


def test_an_unknown_name_is_told_the_nearest(empty_machine):
    assert "did you mean mnist?" in refusal("mnits")
    with pytest.raises(DataError, match="mnist, fashion-mnist, fashion-mini"):
        find("cifar")


# ---------------------------------------------------------------- damaged files


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_missing_file_is_named(mnist, empty_machine, suffix):
    folder = mnist.write(empty_machine / "work/data/MNIST/raw", suffix, only=[IMAGES])
    for said in (find("mnist").said, refusal("mnist")):
        assert str(folder) in said
        assert "train-labels-idx1-ubyte is missing" in said
    assert WAY_ON in refusal("mnist")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_file_cut_off_is_seen_before_it_is_loaded(mnist, empty_machine, suffix):
    file = mnist.write(empty_machine / "work/data/MNIST/raw", suffix) / f"{IMAGES}{suffix}"
    file.write_bytes(file.read_bytes()[:-50])
    assert not find("mnist").complete
    assert f"{IMAGES}{suffix}" in find("mnist").said
    assert f"{IMAGES}{suffix}" in refusal("mnist")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_flipped_bit_is_seen_when_it_is_loaded(mnist, empty_machine, suffix):
    file = mnist.write(empty_machine / "work/data/MNIST/raw", suffix) / f"{IMAGES}{suffix}"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    assert find("mnist").complete
    said = refusal("mnist")
    assert f"{IMAGES}{suffix}" in said
    assert WAY_ON in said


def test_a_damaged_copy_is_passed_over_for_a_whole_one(mnist, empty_machine):
    file = mnist.write(empty_machine / "work/data/MNIST/raw") / IMAGES
    file.write_bytes(bytes(file.stat().st_size))
    whole = mnist.write(empty_machine / "home/data/MNIST/raw", ".gz")
    assert load("mnist").where == str(whole)


def test_a_plain_file_cut_off_is_passed_over_for_its_compressed_twin(mnist, empty_machine):
    folder = mnist.write(empty_machine / "work/data/MNIST/raw", ".gz")
    (folder / IMAGES).write_bytes(b"\0\0")
    assert matches(load("mnist"), mnist)
