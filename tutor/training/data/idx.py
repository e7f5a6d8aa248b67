"""The idx format of MNIST: a header with the array's shape, then its elements; plain, or compressed with gzip.

The header is two zero bytes, the type of the elements (8: unsigned bytes), the number of dimensions, and each dimension
as a big-endian number of four bytes. Everything is known beforehand here, so that anything else is refused.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.training.data.known import Damaged

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UNSIGNED_BYTES = 8


def header(shape: tuple[int, ...]) -> bytes:
    """What a file of unsigned bytes of this shape begins with."""
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTES, len(shape), *shape)


def size(shape: tuple[int, ...]) -> int:
    """Bytes of the plain file."""
    return len(header(shape)) + math.prod(shape)


def told_size(file: Path) -> int:
    """Bytes of the plain file, as the folder tells, or the last four bytes of a compressed one. Raises OSError.

    Nothing else is read: a damaged file may tell anything.
    """
    there = file.stat().st_size
    if file.suffix != ".gz":
        return there
    if there < 18:
        return 0
    with file.open("rb") as opened:
        opened.seek(-4, 2)
        return int.from_bytes(opened.read(4), "little")


def read(file: Path, shape: tuple[int, ...], sha256: str = "") -> npt.NDArray[np.uint8]:
    """The array of a file that holds unsigned bytes of exactly this shape. Raises Damaged.

    `sha256` is that of the plain file; empty, it is not compared. Never reads much more than the shape needs, whatever
    the file unpacks to.
    """
    import numpy as np

    array = np.empty(shape, np.uint8)
    with _faults(file), _opened(file) as opened:
        digest = hashlib.sha256(_header(opened, file, shape))
        _elements(opened, file, array.reshape(-1).data)
        # The end is read too: there gzip compares its own checksum.
        if opened.read(1):
            raise Damaged(f"{file.name} goes on after its last element")
    digest.update(array.data)
    if sha256 and digest.hexdigest() != sha256:
        raise other(file)
    return array


def compare(file: Path, shape: tuple[int, ...], sha256: str) -> None:
    """Read a file as `read` does, without an array and without numpy. Raises Damaged."""
    with _faults(file), _opened(file) as opened:
        if hashlib.sha256(opened.read(size(shape) + 1)).hexdigest() != sha256:
            raise other(file)


def other(file: Path) -> Damaged:
    """The complaint that the bytes are others."""
    return Damaged(f"{file.name} holds other bytes than it should: damaged, or of another data set")


@contextlib.contextmanager
def _faults(file: Path) -> Iterator[None]:
    """Says what cannot be read. Raises Damaged for what gzip and the disk raise."""
    try:
        yield
    except EOFError:
        raise Damaged(f"{file.name} is cut off") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Damaged(f"{file.name} cannot be unpacked ({error})") from None
    except OSError as error:
        raise Damaged(f"{file.name} cannot be read ({error.strerror or error})") from None


def _opened(file: Path) -> BufferedIOBase:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")


def _header(opened: BufferedIOBase, file: Path, shape: tuple[int, ...]) -> bytes:
    """The header, which must be that of the shape. Raises Damaged."""
    wanted = header(shape)
    found = opened.read(len(wanted))
    if found == wanted:
        return found
    if len(found) < len(wanted):
        raise Damaged(f"{file.name} is cut off within its header")
    if found[:2] != b"\0\0":
        raise Damaged(f"{file.name} is no idx file: it begins with {found[:4].hex(' ')}")
    if found[2] != UNSIGNED_BYTES:
        raise Damaged(f"{file.name} holds elements of type {found[2]}, not unsigned bytes (8)")
    if found[3] != len(shape):
        raise Damaged(f"{file.name} has {found[3]} dimensions in place of {len(shape)}")
    sides = struct.unpack(f">{len(shape)}I", found[4:])
    raise Damaged(f"{file.name} is an array of {_by(sides)} in place of {_by(shape)}")


def _elements(opened: BufferedIOBase, file: Path, room: memoryview) -> None:
    """Fill the room. Raises Damaged."""
    done = 0
    while done < len(room):
        count = opened.readinto(room[done:])
        if not count:
            raise Damaged(f"{file.name} is cut off: {done:,} of {len(room):,} elements")
        done += count


def _by(sides: tuple[int, ...]) -> str:
    return " x ".join(f"{side:,}" for side in sides)


def write(file: Path, array: npt.NDArray[np.uint8]) -> None:
    """Write an array; compressed where the name ends in `.gz`, then the same bytes at any time under any name."""
    plain = header(array.shape) + array.tobytes()
    file.write_bytes(gzip.compress(plain, 9, mtime=0) if file.suffix == ".gz" else plain)
