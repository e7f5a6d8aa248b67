"""The idx format: what is written is read, anything else is refused in words."""

import gzip
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tutor.training.data import idx
from tutor.training.data.known import Damaged

suffixes = st.sampled_from(["", ".gz"])
some_array = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=9))


@given(array=some_array, suffix=suffixes)
def test_what_is_written_is_read_and_its_size_told(tmp_path_factory, array, suffix):
    file = tmp_path_factory.mktemp("idx") / f"a{suffix}"
    idx.write(file, array)
    read = idx.read(file, array.shape)
    np.testing.assert_array_equal(read, array)
    assert read.flags.writeable
    assert idx.told_size(file) == idx.size(array.shape)


@given(array=some_array, suffix=suffixes, data=st.data())
def test_a_file_cut_off_anywhere_is_refused(tmp_path_factory, array, suffix, data):
    file = tmp_path_factory.mktemp("idx") / f"a{suffix}"
    idx.write(file, array)
    whole = file.read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(Damaged, match=r"^a(\.gz)? "):
        idx.read(file, array.shape)


@given(array=some_array, suffix=suffixes, data=st.data())
def test_a_flipped_bit_never_changes_an_array_unnoticed(tmp_path_factory, array, suffix, data):
    file = tmp_path_factory.mktemp("idx") / f"a{suffix}"
    idx.write(file, array)
    whole = bytearray(file.read_bytes())
    plain = idx.header(array.shape) + array.tobytes()
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(whole)
    try:
        read = idx.read(file, array.shape, hashlib.sha256(plain).hexdigest())
    except Damaged:
        return
    # A few bits of the gzip header say nothing about the contents.
    assert suffix == ".gz"
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "no idx file: it begins with 89 50 4e 47"),
        (b"\0\0\x0d\x01\0\0\0\x03", "type 13, not unsigned bytes"),
        (b"\0\0\x08\x03\0\0\0\x03", "3 dimensions in place of 1"),
        (b"\0\0\x08\x01\0\0\x10\x04", "an array of 4,100 in place of 3"),
        (b"\0\0\x08", "cut off within its header"),
        (b"\0\0\x08\x01\0\0\0\x03ab", "cut off: 2 of 3 elements"),
        (b"\0\0\x08\x01\0\0\0\x03abcd", "goes on after its last element"),
    ],
)
def test_each_fault_of_a_file_is_named(tmp_path, start, said):
    for file in (tmp_path / "labels", tmp_path / "labels.gz"):
        file.write_bytes(gzip.compress(start) if file.suffix else start)
        with pytest.raises(Damaged) as raised:
            idx.read(file, (3,))
        assert said in str(raised.value)
        assert str(raised.value).startswith(file.name)


def test_a_file_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path):
    file = tmp_path / "labels.gz"
    bomb = idx.header((3,)) + b"abc" + bytes(200_000_000)
    file.write_bytes(gzip.compress(bomb, 1))
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(Damaged, match="goes on"):
        idx.read(file, (3,))
    with pytest.raises(Damaged, match="other bytes"):
        idx.compare(file, (3,), "0" * 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_the_same_array_gives_the_same_compressed_bytes_under_any_name(tmp_path):
    array = np.arange(30, dtype=np.uint8)
    for name in ("a.gz", "b.gz"):
        idx.write(tmp_path / name, array)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
