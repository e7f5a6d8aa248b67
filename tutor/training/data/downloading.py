"""Downloads a data set from torchvision's mirrors into the cache, each file checked before it has its name.

The transfer is not torchvision's own, which waits for ever on a silent server, shows its progress on standard error
only, and leaves half a file under the whole one's name.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib
import os
import secrets
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from tutor.training.data.finding import downloads
from tutor.training.data.known import GO_ON, DataError, Known

Progress: TypeAlias = Callable[[int, int | None, str], object]
"""Called with the bytes that have come, the bytes of the file (None where the server does not say) and its name.

What it raises ends the download: the file under way is deleted, those before it stay.
"""

PATIENCE_SECONDS = 30.0
"""A server may take so long to answer, and then for each piece."""
PIECE = 64 * 1024
"""Bytes of a piece."""
LARGEST = 256 * 2**20
"""No file is larger: a server that sends more sends something else."""
STALE_SECONDS = 3600.0
"""A partial file of a download that was killed is deleted after so long."""


class _Failed(Exception):
    """Why a mirror did not give a file, as a clause."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a data set can be had."""

    mirrors: tuple[str, ...]
    """Addresses that end in a slash, tried in this order for each file."""
    md5: Mapping[str, str]
    """Names of the compressed files, and their checksums."""


def torchvision_sources(one: Known) -> Sources:
    """The mirrors and checksums that the installed torchvision knows. Raises DataError where it does not load."""
    try:
        # By name: this takes seconds and must happen here only; who imports this module has not imported torch.
        kind = getattr(importlib.import_module("torchvision.datasets"), one.folder)
    except Exception as error:
        # A broken installation raises anything, at any depth.
        text = f"{one.title} cannot be downloaded: torchvision does not load ({error}); install it again, {GO_ON}."
        raise DataError(text, one.name) from None
    return Sources(tuple(kind.mirrors), dict(kind.resources))


def download(
    one: Known,
    *,
    sources: Sources | None = None,
    into: Path | None = None,
    progress: Progress | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Path:
    """Fetch what is missing of a data set; the folder that then holds it all. Raises DataError.

    Files that are there and right are kept, so that a download goes on where it was interrupted, file by file.
    """
    folder = into or downloads(one)
    found = sources or torchvision_sources(one)
    with _disk(one, folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        missing = [file for file, md5 in found.md5.items() if _md5(folder / file) != md5]
    for file in missing:
        complaints = []
        for mirror in found.mirrors:
            try:
                _fetch(one, mirror + file, folder / file, found.md5[file], progress, patience)
            except _Failed as error:
                complaints.append(_printable(f"{urllib.parse.urlsplit(mirror).netloc}: {error}"))
            else:
                break
        else:
            raise DataError(_sentence(one, file, complaints), one.name)
    return folder


def _sentence(one: Known, file: str, complaints: list[str]) -> str:
    tried = "; ".join(complaints)
    return (
        f"{one.title} could not be downloaded ({file}, {tried}). Try again with a network, put its files into a folder"
        f" of your own (export TUTOR_DATA=FOLDER), {GO_ON}."
    )


def _fetch(one: Known, url: str, target: Path, md5: str, progress: Progress | None, patience: float) -> None:
    """Write a file beside its place, compare it, and rename it. Raises _Failed, or DataError for the disk."""
    part = target.with_name(f"{target.name}.{os.getpid()}-{secrets.token_hex(3)}.part")
    digest, done = hashlib.md5(usedforsecurity=False), 0
    try:
        with contextlib.ExitStack() as stack:
            with _disk(one, target.parent):
                file = part.open("xb")
            stack.callback(_close, file)
            for piece, total in _pieces(url, patience):
                with _disk(one, target.parent):
                    file.write(piece)
                digest.update(piece)
                done += len(piece)
                if progress is not None:
                    progress(done, total, target.name)
            with _disk(one, target.parent):
                file.flush()
                os.fsync(file.fileno())
        if digest.hexdigest() != md5:
            raise _Failed("other bytes came than should; some networks answer with a page to sign in")
        with _disk(one, target.parent):
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _close(file: IO[bytes]) -> None:
    """Close a file that is synced, or to be deleted: what closing would still write does not matter."""
    with contextlib.suppress(OSError):
        file.close()


def _pieces(url: str, patience: float) -> Iterator[tuple[bytes, int | None]]:
    """What a server sends, and how much it said it would send. Raises _Failed."""
    done, since, mark = 0, time.monotonic(), PIECE
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "tutor"})
        with urllib.request.urlopen(request, timeout=patience) as answer:
            total: int | None = answer.length
            while piece := answer.read1(PIECE):
                done += len(piece)
                if done > LARGEST:
                    raise _Failed(f"more than {LARGEST:,} bytes came")
                yield piece, total
                now = time.monotonic()
                if done >= mark:
                    since, mark = now, done + PIECE
                elif now - since > patience:
                    raise _Failed(f"too slow: {done:,} bytes came, the last few in {now - since:.0f} s")
    except urllib.error.HTTPError as error:
        raise _Failed(f"the server answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _Failed(_why(error.reason, done, patience)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Failed(_why(error, done, patience)) from None
    if total is not None and done < total:
        raise _Failed(f"the connection ended after {done:,} of {total:,} bytes")


def _why(error: object, done: int, patience: float) -> str:
    """A fault of the network, as a clause."""
    if isinstance(error, TimeoutError):
        return f"nothing came for {patience:g} s" + (f", after {done:,} bytes" if done else "")
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, socket.gaierror):
        return "the name was not found, so that there may be no network"
    if isinstance(error, ssl.SSLError):
        return f"no safe connection ({getattr(error, 'verify_message', '') or error.reason or error})"
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the connection broke after {done:,} bytes ({told})" if done else f"no connection ({told})"


def _printable(text: str) -> str:
    """What a server said, fit for a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text[:300])


@contextlib.contextmanager
def _disk(one: Known, folder: Path) -> Iterator[None]:
    """Says what the disk refused. Raises DataError for OSError."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        text = (
            f"{one.title} could not be kept in {folder} ({why}). Make room or mend the folder, choose another place"
            f" (export TUTOR_HOME=FOLDER), {GO_ON}."
        )
        raise DataError(text, one.name) from None


def _md5(file: Path) -> str:
    """The checksum of a file; empty where there is none. Raises OSError."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except FileNotFoundError:
        return ""


def _sweep(folder: Path) -> None:
    """Delete what a killed download left, unless another may still be writing it."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                part.unlink()
