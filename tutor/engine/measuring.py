"""Runs a function of a problem's measure.py, which the content brings with it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from tutor.engine.measurement import Measurement
from tutor.engine.protocol import MethodError

ROUNDS = 8
"""How often a measurement by sampling is refined where nobody says."""


@lru_cache(32)
def _module(file: Path, changed: int) -> ModuleType:
    """The module of a file; read again when the file has changed."""
    spec = importlib.util.spec_from_file_location(f"measure_{abs(hash(file))}", file)
    if spec is None or spec.loader is None:
        raise MethodError(f"{file} cannot be read as Python; name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _function(file: Path, name: str) -> Callable[..., Any]:
    try:
        changed = file.stat().st_mtime_ns
    except OSError as error:
        raise MethodError(f"{file} cannot be read ({error.strerror}); put the measurements there.") from None
    function = getattr(_module(file, changed), name, None)
    if not callable(function):
        raise MethodError(f"{file.name} has no function {name}; write it, or mend the name in problem.toml.")
    return function


def measure(
    file: str, function: str, symbols: Mapping[str, Any], rounds: int = ROUNDS
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """Run `function` of `file` with these values (lists for sequences) -> a Measurement's values.

    A function that samples yields its Measurement again and again, each from more samples: that is the progress, and
    after `rounds` of them the result. Raises MethodError.
    """
    found: Measurement | Iterator[Measurement] = _function(Path(file), function)(**symbols)
    if isinstance(found, Measurement):
        return found.as_values()
    last: dict[str, Any] | None = None
    for measurement in islice(found, rounds):
        last = measurement.as_values()
        yield last
    if last is None:
        raise MethodError(f"{function} measured nothing.")
    return last
