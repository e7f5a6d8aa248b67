"""Checkpoints: written beside and renamed, each with its SHA-256, the one before kept; read back only if intact."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch

NAME, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
FORMAT = 1
_BESIDE = ".writing"


class CheckpointError(Exception):
    """Why a checkpoint cannot be used: one sentence, and what to do."""


class NoSpace(Exception):
    """A checkpoint could not be written; the ones before are intact. One sentence."""


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Put `state` (tensors, numbers, texts) into the folder as its newest checkpoint. Raises NoSpace.

    At every moment at least one whole checkpoint is there: a file counts as whole where its SHA-256 is written beside
    any of them, so it does not matter between which two of these steps a process is killed.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    data = buffer.getbuffer()
    newest, previous = folder / NAME, folder / PREVIOUS
    beside = newest.with_name(NAME + _BESIDE)
    try:
        _write(beside, data)
        before = _intact(newest)
        if before is not None:
            newest.replace(previous)
            _note(previous, before)
        _note(newest, hashlib.sha256(data).hexdigest())
        beside.replace(newest)
        _settle(folder)
    except OSError as error:
        clean(folder)
        reason = error.strerror or str(error)
        raise NoSpace(f"The checkpoint could not be written ({reason}); the one before it is intact.") from None


def load(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """The newest intact checkpoint (None where there was never one) and a sentence if it is not the newest.

    Raises CheckpointError where there are checkpoints and none is intact.
    """
    clean(folder)
    known = {_noted(folder / name) for name in (NAME, PREVIOUS)} - {None}
    damaged: list[str] = []
    for name in (NAME, PREVIOUS):
        try:
            data = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            damaged.append(f"{name} cannot be read ({error.strerror})")
            continue
        state = _read(data) if hashlib.sha256(data).hexdigest() in known else None
        if state is not None:
            return state, f"{damaged[0]}; the run goes on from the one before." if damaged else ""
        damaged.append(f"{name} is damaged")
    if damaged:
        raise CheckpointError(f"{' and '.join(damaged)}; the run cannot be resumed, start it again.")
    return None, ""


def _intact(file: Path) -> str | None:
    """The digest of a checkpoint that is as it was written, else None: a damaged one never takes another's place."""
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None
    return digest if digest == _noted(file) else None


def clean(folder: Path) -> None:
    """Delete what a killed process left of a checkpoint that it was writing."""
    for left in folder.glob(f"checkpoint*{_BESIDE}"):
        with contextlib.suppress(OSError):
            left.unlink()


def _read(data: bytes) -> dict[str, Any] | None:
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception:  # what a damaged file makes torch.load raise is beyond prediction
        return None
    return state if isinstance(state, dict) and state.get("format") == FORMAT else None


def _note(file: Path, digest: str) -> None:
    """Write the digest as `sha256sum -c` reads it."""
    note = _note_of(file)
    beside = note.with_name(note.name + _BESIDE)
    _write(beside, f"{digest}  {file.name}\n".encode())
    beside.replace(note)


def _noted(file: Path) -> str | None:
    try:
        words = _note_of(file).read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    return words[0] if words else None


def _note_of(file: Path) -> Path:
    return file.with_name(file.name + ".sha256")


def _write(file: Path, data: Any) -> None:
    with open(file, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _settle(folder: Path) -> None:
    """Make the renames themselves last, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def generators() -> dict[str, Any]:
    """The state of every random generator that a model or a loop may draw from."""
    kind, keys, place, has_gauss, cached = numpy.random.get_state(legacy=True)
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "numpy": [kind, torch.from_numpy(numpy.asarray(keys).astype("int64")), place, has_gauss, cached],
        "python": [version, list(internal), gauss],
    }


def restore_generators(state: Mapping[str, Any]) -> None:
    """Put every random generator where it was."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    kind, keys, place, has_gauss, cached = state["numpy"]
    numpy.random.set_state((kind, keys.numpy().astype("uint32"), place, has_gauss, cached))
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
