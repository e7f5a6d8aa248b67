"""Asks the checking service, started when first needed; no torch on this side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_QUIET = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


class CodeServiceError(Exception):
    """The checks cannot be run; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: `passed` is None where an earlier one failed and it was not run; `line` counts from 1."""

    name: str
    passed: bool | None
    message: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CodeVerdict:
    """What the checks found. `reason` is why a run was ended ("TIMEOUT"), `details` the learner's own traceback.

    `output` is what the code printed, `confinement` how far it was kept to itself, `loading` the seconds torch took.
    """

    verdict: Literal["correct", "incorrect", "invalid"]
    seconds: float
    checks: tuple[CheckResult, ...]
    reason: str = ""
    output: str = ""
    details: str = ""
    confinement: str = ""
    loading: float = 0.0

    @property
    def message(self) -> str:
        """What the first failed check says; "" where none failed."""
        return next((check.message for check in self.checks if check.passed is False), "")


class CodeService:
    """One service; `check` may be called from any thread, one check runs at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def warm(self) -> bool:
        """Whether torch is loaded already."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> float:
        """Load torch; the seconds that took, 0 where it is loaded already. Raises CodeServiceError."""
        if self.warm:
            return 0.0
        began = time.monotonic()
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tutor.code.service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **_QUIET, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
            start_new_session=True,
        )
        self._line()
        return time.monotonic() - began

    def check(
        self, checks: Path, source: str, name: str, *, limits: dict[str, Any] | None = None, without: str = ""
    ) -> CodeVerdict:
        """Run the checks of the file `checks` on `source`, the text of the learner's file called `name`.

        `limits` changes fields of confine.Limits; `without` leaves a check out. Raises CodeServiceError.
        """
        with self._lock:
            loading = self.start()
            began = time.monotonic() - loading
            asked = {"checks": str(checks), "source": source, "name": name, "limits": limits or {}, "without": without}
            assert self._process is not None
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps(asked).encode() + b"\n")
                self._process.stdin.flush()
            except OSError:
                raise self._trouble() from None
            found = self._line()
            if "trouble" in found:
                raise CodeServiceError(found["trouble"])
            return CodeVerdict(
                found["verdict"],
                round(time.monotonic() - began, 3),
                tuple(CheckResult(**each) for each in found["checks"]),
                found["reason"],
                found["output"],
                found["details"],
                found["confinement"],
                round(loading, 3),
            )

    def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._trouble()
        return json.loads(line)

    def _trouble(self) -> CodeServiceError:
        process, self._process = self._process, None
        said = ""
        if process is not None and process.stderr is not None:
            process.kill()
            said = process.stderr.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        return CodeServiceError(f"PyTorch could not be started for the checks ({said or 'it ended at once'}).")

    def close(self) -> None:
        """End the service and all it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
