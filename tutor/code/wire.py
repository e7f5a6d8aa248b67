"""Frames between the judge and the learner's process: JSON and raw bytes, capped; nothing is ever unpickled."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from typing import Any

_HEAD = struct.Struct(">II")
MOST_JSON = 4 << 20
MOST_BYTES = 128 << 20


class BadFrame(Exception):
    """What came over the channel is no frame."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A tensor as bytes: dtype as torch names it ("float32"), shape, row by row."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def pack(value: Any) -> bytes:
    """A frame. Values are those of JSON, and Blobs."""
    pieces: list[bytes] = []

    def plain(each: Any) -> Any:
        if isinstance(each, Blob):
            pieces.append(each.data)
            return {"$blob": [each.dtype, list(each.shape), len(each.data)]}
        if isinstance(each, dict):
            return {str(key): plain(inner) for key, inner in each.items()}
        if isinstance(each, (list, tuple)):
            return [plain(inner) for inner in each]
        return each

    text = json.dumps(plain(value)).encode("utf-8", "replace")
    body = b"".join(pieces)
    return _HEAD.pack(len(text), len(body)) + text + body


def sizes(head: bytes) -> tuple[int, int]:
    """The lengths that a frame's head announces, in bytes. Raises BadFrame past the caps."""
    text, body = _HEAD.unpack(head)
    if text > MOST_JSON or body > MOST_BYTES:
        raise BadFrame("the answer is larger than any answer can be")
    return text, body


def unpack(text: bytes, body: bytes) -> Any:
    """The value of a frame. Raises BadFrame."""
    at = 0

    def rich(each: Any) -> Any:
        nonlocal at
        if isinstance(each, dict):
            if "$blob" in each:
                dtype, shape, size = each["$blob"]
                if not (isinstance(dtype, str) and isinstance(size, int) and 0 <= size <= len(body) - at):
                    raise BadFrame("a tensor's bytes are not there")
                blob = Blob(dtype, tuple(int(length) for length in shape), body[at : at + size])
                at += size
                return blob
            return {key: rich(inner) for key, inner in each.items()}
        if isinstance(each, list):
            return [rich(inner) for inner in each]
        return each

    try:
        return rich(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadFrame("the answer is not in the form of one") from error


def read_exactly(file: int, size: int) -> bytes:
    """So many bytes of a file descriptor. Raises EOFError."""
    pieces = []
    while size:
        piece = os.read(file, min(size, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def write_all(file: int, data: bytes) -> None:
    """All bytes to a file descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


HEAD_SIZE = _HEAD.size
