"""Images on canvases: where they lie, what surrounds them, and that nothing else than the seed decides."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import within
from tutor.training.data import room
from tutor.training.data.known import DataError
from tutor.training.data.placing import BLOCK, offsets, permutation, placed, size_in_bytes

MEAN, STD = 0.286041, 0.353024
canvases = st.integers(28, 60)
seeds = st.integers(0, 2**31 - 1)
splits = st.sampled_from(["train", "validation"])
placements = st.sampled_from(["centred", "shifted"])


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def some_images(count, least=0):
    """Images of every grey, each with a minimum of its own where `least` allows."""
    generator = np.random.default_rng(count)
    low = generator.integers(least, 60, (count, 1, 1))
    return (low + generator.integers(0, 190, (count, 28, 28))).astype(np.uint8)


def put(images, **settings):
    usual = {"canvas": 32, "placement": "centred", "noise": 0.0, "scrambled": False, "seed": 0, "split": "train"}
    return placed(images, **(usual | {"mean": MEAN, "std": STD, "device": "cpu"} | settings))


def same(a, b):
    return torch.equal(a, b)


# ---------------------------------------------------------------- where, and on what


@settings(max_examples=30, deadline=None)
@given(canvas=canvases, count=st.integers(0, 70), placement=placements, seed=seeds, split=splits)
def test_each_image_is_whole_at_its_place_on_its_own_minimum(canvas, count, placement, seed, split):
    images = some_images(count)
    out = put(images, canvas=canvas, placement=placement, seed=seed, split=split)
    assert out.shape == (count, 1, canvas, canvas)
    assert out.dtype == torch.float32
    corners = offsets(count, canvas, placement, seed, split)
    for index, (row, column) in enumerate(corners):
        assert 0 <= row <= canvas - 28
        assert 0 <= column <= canvas - 28
        expected = torch.full((canvas, canvas), images[index].min() / 255)
        expected[row : row + 28, column : column + 28] = torch.from_numpy(images[index]) / 255
        torch.testing.assert_close(out[index, 0], (expected - MEAN) / STD)


@pytest.mark.parametrize(("canvas", "corner"), [(28, 0), (29, 0), (32, 2), (56, 14)])
def test_the_centre_is_the_centre(canvas, corner):
    assert (offsets(3, canvas, "centred", 5, "train") == corner).all()


def test_places_are_uniform_and_rows_are_not_columns():
    corners = offsets(29_000, 56, "shifted", 0, "train")
    for axis in (0, 1):
        counts = np.bincount(corners[:, axis], minlength=29)
        assert len(counts) == 29
        # Chi-square with 28 degrees of freedom: above 70 in one of 50,000 cases.
        assert ((counts - 1_000) ** 2 / 1_000).sum() < 70
    assert abs(np.corrcoef(corners.T)[0, 1]) < 0.03


# ---------------------------------------------------------------- the shuffle


@given(canvas=canvases, seed=seeds)
def test_the_shuffle_is_a_permutation_of_its_own_for_each_seed(canvas, seed):
    order = permutation(canvas, seed)
    assert np.array_equal(np.sort(order), np.arange(canvas * canvas))
    assert np.array_equal(order, permutation(canvas, seed))
    assert not np.array_equal(order, permutation(canvas, seed + 1))


@settings(max_examples=20, deadline=None)
@given(canvas=canvases, placement=placements, noise=st.sampled_from([0.0, 1.0]), seed=seeds, split=splits)
def test_a_shuffled_image_is_the_plain_one_in_another_order_alike_in_both_splits(canvas, placement, noise, seed, split):
    one = {"canvas": canvas, "placement": placement, "noise": noise, "seed": seed, "split": split}
    images = some_images(9)
    plain, shuffled = put(images, **one), put(images, **one, scrambled=True)
    order = torch.from_numpy(permutation(canvas, seed))
    assert same(shuffled.flatten(1), plain.flatten(1)[:, order])


# ---------------------------------------------------------------- what decides


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 3 * BLOCK),
    data=st.data(),
    canvas=st.integers(28, 36),
    scrambled=st.booleans(),
    seed=seeds,
    split=splits,
)
def test_an_image_is_the_same_however_many_are_used_and_from_where_on(count, data, canvas, scrambled, seed, split):
    start = data.draw(st.integers(0, count - 1))
    stop = data.draw(st.integers(start + 1, count))
    one = {"canvas": canvas, "placement": "shifted", "noise": 1.0, "scrambled": scrambled, "seed": seed, "split": split}
    images = some_images(count)
    whole = put(images, **one)
    assert same(put(images[start:stop], **one, first=start), whole[start:stop])
    assert same(put(images[:stop], **one), whole[:stop])


def test_the_number_of_threads_and_the_kind_of_array_do_not_matter():
    images = some_images(300)
    one = put(images, placement="shifted", noise=1.0, scrambled=True)
    torch.set_num_threads(2)
    assert same(put(torch.from_numpy(images), placement="shifted", noise=1.0, scrambled=True), one)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_another_type_of_number_is_the_same_image_rounded(dtype):
    images = some_images(100)
    one = put(images, noise=1.0, placement="shifted")
    assert same(put(images, noise=1.0, placement="shifted", dtype=dtype), one.to(dtype))


def test_seeds_and_splits_have_places_and_noise_of_their_own():
    images = np.zeros((200, 28, 28), np.uint8)
    seen = [
        put(images, placement="shifted", noise=1.0, seed=seed, split=split).flatten()
        for seed in (0, 1, 2**31 - 1)
        for split in ("train", "validation")
    ]
    among = np.corrcoef(np.stack([one.numpy() for one in seen]))
    assert np.abs(among - np.eye(6)).max() < 0.015
    corners = [offsets(200, 56, "shifted", seed, split) for seed in (0, 1) for split in ("train", "validation")]
    equal = [(a == b).all(1).mean() for i, a in enumerate(corners) for b in corners[:i]]
    assert max(equal) < 0.05


# ---------------------------------------------------------------- the noise


def test_noise_is_normal_and_independent_from_pixel_to_pixel_and_image_to_image():
    images = np.full((4 * BLOCK, 28, 28), 90, np.uint8)
    plain, noisy = put(images), put(images, noise=2.0)
    drawn = ((noisy - plain) / 2).flatten(1).double()
    count = drawn.numel()
    assert abs(drawn.mean()) < 5 / count**0.5
    assert abs(drawn.std() - 1) < 5 / (2 * count) ** 0.5
    assert abs((drawn**3).mean()) < 5 * (15 / count) ** 0.5
    assert abs((drawn**4).mean() - 3) < 5 * (96 / count) ** 0.5
    assert 4.2 < drawn.abs().max() < 6.5
    inside = (drawn.abs() < 1).double().mean()
    assert abs(inside - 0.682689) < 5 * (0.2166 / count) ** 0.5
    assert abs((drawn[:, 1:] * drawn[:, :-1]).mean()) < 5 / count**0.5
    among = torch.corrcoef(drawn) - torch.eye(len(drawn), dtype=torch.float64)
    assert among.abs().max() < 6 / drawn.shape[1] ** 0.5


def test_the_noise_covers_the_whole_canvas_and_grows_in_proportion():
    images = np.zeros((50, 28, 28), np.uint8)
    plain = put(images, canvas=40)
    once, twice = put(images, canvas=40, noise=0.5), put(images, canvas=40, noise=1.0)
    torch.testing.assert_close((twice - plain), 2 * (once - plain), atol=1e-5, rtol=1e-5)
    for place in (once[:, 0, 0], once[:, 0, -1], once[:, 0, 20]):
        assert abs((place - plain[0, 0, 0, 0]).std() - 0.5) < 0.05


# ---------------------------------------------------------------- time and memory


def test_placing_is_quick():
    images = some_images(3_000)
    put(images[:100], canvas=56, noise=1.0)
    # 60,000 at this pace: 7 s of one core. Measured: a third of it.
    within(0.35, lambda: put(images, canvas=56, placement="shifted", noise=1.0, scrambled=True))


def test_what_does_not_fit_is_refused_before_anything_is_taken():
    many = np.broadcast_to(np.zeros((1, 28, 28), np.uint8), (400_000_000, 28, 28))
    with pytest.raises(DataError) as raised:
        put(many, canvas=512)
    said = str(raised.value)
    assert "400,000,000 images on a canvas of 512x512 take 419,430.4 GB" in said
    for way in ("canvas=N", "images=N", "data=fashion-mini"):
        assert way in said


def test_the_size_is_that_of_the_tensor():
    out = put(some_images(7), canvas=30, dtype=torch.bfloat16)
    assert size_in_bytes(7, 30, torch.bfloat16) == out.untyped_storage().nbytes()


def test_a_container_has_what_its_group_leaves(tmp_path):
    assert room._group(tmp_path) is None
    (tmp_path / "memory.max").write_text("4000\n")
    (tmp_path / "memory.current").write_text("3000\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 500\n")
    assert room._group(tmp_path) == 1500
    (tmp_path / "memory.max").write_text("max\n")
    assert room._group(tmp_path) is None
    free = room.free_bytes(torch.device("cpu"))
    assert free is None or free > 2**20


@pytest.mark.parametrize("wrong", [{"canvas": 27}, {"placement": "left"}, {"split": "test"}])
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        put(some_images(2), **wrong)
