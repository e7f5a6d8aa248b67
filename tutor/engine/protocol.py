"""What client and engine say to each other: one JSON document a line, frozen dataclasses on both sides. No torch here.

The client sends one Request at a time and waits for its Result or Failure; Progress may come before. A Cancel asks for
the running request to end early; it is answered by a Failure like any other. Paths in parameters are absolute: the
engine runs in a folder of its own choice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

LONGEST_REQUEST = 60_000
"""Bytes; less than a pipe holds, so that sending never waits for the engine."""
LONGEST_ANSWER = 32 * 2**20
"""Bytes of one line from the engine; a longer one is garbage."""


class MethodError(Exception):
    """Why a method cannot answer: one sentence for the learner. Raised in the engine, an EngineError at the client."""


class Garbage(ValueError):
    """A line that is no message."""


@dataclass(frozen=True, slots=True)
class Request:
    """Client: run a method."""

    id: int
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Client: end this request early, if it is running."""

    id: int


@dataclass(frozen=True, slots=True)
class Ready:
    """Engine: torch is loaded. `cuda` names the devices, or says in words why there are none."""

    torch: str
    cuda: str
    gpu: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Broken:
    """Engine: it cannot work; a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Engine: an intermediate result of a request."""

    id: int
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """Engine: the result of a request."""

    id: int
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """Engine: why a request has no result; a sentence."""

    id: int
    reason: str


Message: TypeAlias = Request | Cancel | Ready | Broken | Progress | Result | Failure
_KINDS = {kind.__name__.lower(): kind for kind in (Request, Cancel, Ready, Broken, Progress, Result, Failure)}
_TYPES = {"int": int, "str": str, "bool": bool, "float": (int, float), "Mapping[str, Any]": dict}


def to_line(message: Message) -> bytes:
    """The message as one line. Raises TypeError where a value is no JSON."""
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    return json.dumps({"type": type(message).__name__.lower(), **values}).encode() + b"\n"


def from_line(line: bytes) -> Message:
    """The message of a line. Raises Garbage."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise Garbage(f"{line[:40]!r} is no message") from None
    kind = _KINDS.get(values.pop("type", "")) if isinstance(values, dict) else None
    if kind is None or {field.name for field in fields(kind)} != set(values):
        raise Garbage(f"{line[:40]!r} is no message")
    if any(not isinstance(values[field.name], _TYPES[str(field.type)]) for field in fields(kind)):
        raise Garbage(f"{line[:40]!r} is no message")
    return kind(**values)
