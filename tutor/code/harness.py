"""The learner's side of a check: executes the file and does what the judge asks, one request at a time.

No reference ever enters this process. What goes back are plain values and tensors as bytes; the judge compares.
"""

from __future__ import annotations

import errno
import inspect
import linecache
import os
import random
import signal
import sys
import tempfile
import traceback
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch

from tutor.code import confine, probes
from tutor.code.confine import Limits
from tutor.code.wire import HEAD_SIZE, pack, read_exactly, sizes, unpack, write_all

MOST_TEXT = 4000


class Blocked(PermissionError):
    """Something outside of the folder of the check was reached for."""


class Guard:
    """Sees what Python reaches for, refuses what is outside, and remembers that it was tried."""

    def __init__(self, box: str, allowed: tuple[list[str], list[str]]) -> None:
        self.box, self.tried = box, ""
        self.read = tuple(f"{path}/" for path in allowed[0])
        self.listed = set(allowed[1])

    def __call__(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(values)
        elif event in ("os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.truncate", "os.chmod", "os.link"):
            for path in values[: 2 if event in ("os.rename", "os.link") else 1]:
                if not self._inside(path):
                    self._refuse(f"{event.removeprefix('os.')} of {path}")
        elif event in ("socket.connect", "socket.bind", "socket.sendto"):
            address = values[1]
            if not (isinstance(address, (str, bytes)) and self._inside(address)):
                self._refuse(f"a connection to {address}")
        elif event in ("os.kill", "os.killpg"):
            if values[0] != os.getpid() and values[0] not in _children():
                self._refuse("a signal to another process")
        elif event == "ctypes.dlsym" and values[1] in ("ptrace", "process_vm_readv", "process_vm_writev"):
            self._refuse(f"the system call {values[1]}")

    def _open(self, values: tuple[Any, ...]) -> None:
        path, _, flags = values
        if not isinstance(path, (str, bytes)):
            return
        path = os.path.realpath(os.fsdecode(path))
        if self._inside(path) or path.startswith(("/dev/shm/", "/dev/null", "/dev/urandom")):
            return
        writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        known = f"{path}/".startswith(self.read) or path in self.listed
        if writes or (not known and os.path.exists(path)):
            # A warning shows the line it comes from, which may be one of ours: refused, and no attempt.
            self._refuse(f"the file {path}", remember=writes or not _showing_source())

    def _inside(self, path: Any) -> bool:
        if isinstance(path, int):
            return True
        whole = os.path.realpath(os.fsdecode(path))
        return whole == self.box or whole.startswith((f"{self.box}/", "/dev/shm/"))

    def _refuse(self, what: str, remember: bool = True) -> None:
        self.tried = self.tried or (what if remember else "")
        raise Blocked(errno.EACCES, f"{what} is outside of the check")


def _showing_source() -> bool:
    frame = sys._getframe(3)
    for _ in range(3):
        if frame is None:
            return False
        if frame.f_code.co_filename == linecache.__file__:
            return True
        frame = frame.f_back
    return False


def _children() -> set[int]:
    module = sys.modules.get("multiprocessing")
    return {child.pid for child in module.active_children()} if module else set()


def runner(limits: Limits, allowed: tuple[list[str], list[str]]) -> Callable[[str, int, bool], None]:
    """What the keeper's child does: confine itself, then serve the judge's requests until it hangs up."""

    def run(box: str, channel: int, namespaces: bool) -> None:
        os.chdir(box)
        quiet = os.open(os.devnull, os.O_RDONLY)
        os.dup2(quiet, 0)
        moved = 3
        if channel != moved:
            os.dup2(channel, moved)
        os.closerange(moved + 1, 1024)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1)  # noqa: SIM115
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "TORCH_HOME"):
            os.environ[name] = box
        for name in ("TUTOR_HOME", "PYTHONPATH", "SSH_AUTH_SOCK"):
            os.environ.pop(name, None)
        tempfile.tempdir = box
        sys.dont_write_bytecode = True
        # The tutor's own folder is out of reach, where it is not one of installed packages.
        top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        sys.path[:] = [entry for entry in sys.path if entry and (entry != top or "packages" in top)]
        torch.set_num_threads(1)
        random.seed(0)
        torch.manual_seed(0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        confine.set_limits(limits)
        confine.no_new_privileges()
        level = [] if namespaces else ["no namespaces"]
        if not confine.landlock(allowed[0], allowed[1], [box, "/dev/shm", "/dev/null"]):
            level.append("no Landlock")
        if not confine.refuse_calls():
            level.append("no seccomp")
        guard = Guard(box, allowed)
        sys.addaudithook(guard)
        serve(moved, guard, ", ".join(level) or "full")

    return run


def serve(channel: int, guard: Guard, level: str) -> None:
    """Requests come as {"op", ...}; each gets {"value"} or {"error"}, until the channel closes."""
    state: dict[str, Any] = {}
    ops: dict[str, Callable[..., Any]] = {"load": load, **probes.OPS}
    leave = os._exit
    while True:
        try:
            text, body = sizes(read_exactly(channel, HEAD_SIZE))
            asked = unpack(read_exactly(channel, text), read_exactly(channel, body))
        except (EOFError, OSError):
            leave(0)
            return
        op = asked.pop("op")
        answer: dict[str, Any] = {}
        try:
            if op == "end":
                answer["value"] = sorted(_children())
            else:
                answer["value"] = ops[op](state, **asked)
        except BaseException as error:
            answer = {"error": told(error, state.get("file", ""))}
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        answer["blocked"], answer["level"] = guard.tried[:300], level
        try:
            frame = pack(answer)
        except (ValueError, TypeError):
            frame = pack({"error": {"type": "ValueError", "message": "a value that cannot be sent", "reason": ""}})
        write_all(channel, frame)


def load(state: dict[str, Any], source: str, file: str, name: str) -> dict[str, Any]:
    """Execute the learner's file as a module; what `name` is there, and the parameters it takes."""
    state["file"] = file
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    module = types.ModuleType("learner")
    module.__file__ = file
    sys.modules["learner"] = module
    state["module"] = module
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    if name not in module.__dict__:
        return {"defined": False, "names": [each for each in module.__dict__ if not each.startswith("_")][:200]}
    found = module.__dict__[name]
    return {"defined": True, "callable": callable(found), "line": _line_of(found), "parameters": _parameters(found)}


def _line_of(found: Any) -> int | None:
    with suppress(Exception):
        return inspect.unwrap(found).__code__.co_firstlineno
    with suppress(Exception):
        return found.__init__.__code__.co_firstlineno - 1
    return None


def _parameters(found: Any) -> list[list[Any]] | None:
    """[name, kind, has a default] of each; None where Python cannot tell."""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    return [[each.name, each.kind.name, each.default is not each.empty] for each in signature.parameters.values()]


def told(error: BaseException, file: str) -> dict[str, Any]:
    """An exception in the learner's terms: its type and text, and the learner's own lines of the traceback."""
    # Only the learner's own frames are read; ours could not be opened here.
    lines = linecache.getlines(file)
    frames = [
        (at, frame.f_code.co_name)
        for frame, at in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == file
    ]
    line = frames[-1][0] if frames else None
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    shown = [f"line {at}, in {name}: {lines[at - 1].strip()}" for at, name in frames[-6:] if 0 < at <= len(lines)]
    text = ""
    with suppress(Exception):
        text = str(error.msg if isinstance(error, SyntaxError) else error)[:MOST_TEXT]
    return {
        "type": type(error).__name__,
        "message": text,
        "line": line,
        "trace": shown,
        "reason": _reason(error, text),
        "own": bool(frames) or isinstance(error, (SyntaxError, SystemExit)),
    }


def _reason(error: BaseException, text: str) -> str:
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return "CRASH"
    if isinstance(error, MemoryError) or "not enough memory" in text or "Cannot allocate memory" in text:
        return "MEMORY"
    if isinstance(error, OSError):
        if error.errno in (errno.EACCES, errno.EPERM):
            return "BLOCKED"
        if error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
            return "FILES"
        if error.errno == errno.EAGAIN:
            return "PROCESSES"
    return ""
