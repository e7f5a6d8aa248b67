"""The judge: asks the learner's process for facts, compares them with the reference, and says what differs.

It runs beside the fork server and has torch; the learner's code is never here. A file of checks (`mlp_checks.py`) has
`NAME`, `SIGNATURE` and `CHECKS`, a tuple of functions made with `check`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from tutor.code.confine import Limits
from tutor.code.wire import HEAD_SIZE, BadFrame, Blob, pack, read_exactly, sizes, unpack, write_all

DTYPES = {"float32", "float64", "int64", "int32", "uint8", "bool", "float16", "bfloat16"}
MOST_LINES = 12
OUTPUT_SHOWN = 4000


class Wrong(Exception):
    """A check failed: what was expected, what was found, where to look; `line` of the learner's file."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class Ended(Exception):
    """The learner's process is gone; `reason` as the keeper has it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class Raised(Exception):
    """The learner's code raised an exception of its own."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it is called on the screen, and what it does."""

    name: str
    run: Callable[[Session], None]


def check(name: str) -> Callable[[Callable[[Session], None]], Check]:
    """Make a function a check."""
    return lambda function: Check(name, function)


REASONS = {
    "TIMEOUT": "The code did not come to an end within {seconds:g} s. Is there a loop that nothing stops?",
    "MEMORY": "The code needs more memory than the {memory} MiB a check may use. Which tensor grows?",
    "PROCESSES": "The code starts more processes than the {processes} a check may have; all were ended.",
    "LEFTOVER": "A process was still running when the code had returned; it was ended. A check leaves nothing behind.",
    "OUTPUT": "The code prints more than {output} KiB; it was stopped. Is there a print inside a loop?",
    "FILES": "The code writes more or larger files than a check may ({files} files, {file_mib} MiB); they are gone.",
    "CRASH": "The program ended in the middle of the check. Take calls such as exit() out of the file.",
    "BLOCKED": "The code reached for {what}, which a check does not allow. It needs nothing but the arguments it gets.",
    "FAIL": "What came back is not in the form of an answer.",
}


class Session:
    """One learner's process, asked one thing after another."""

    def __init__(self, server: socket.socket, limits: Limits, source: str, file: str, preload: list[str]) -> None:
        self.source, self.file, self.limits = source, file, limits
        self.level = ""
        self.output = ""
        self.ran = False
        """Whether the learner's code has done once what it is for."""
        self.facts: dict[str, Any] = {}
        """What one check found and a later one needs."""
        self.channel, theirs = socket.socketpair()
        self.watcher, keepers = socket.socketpair()
        message = json.dumps({"limits": asdict(limits), "preload": preload}).encode()
        socket.send_fds(server, [message], [theirs.fileno(), keepers.fileno()])
        theirs.close()
        keepers.close()

    def ask(self, op: str, **values: Any) -> Any:
        """The answer to a request. Raises Raised where the learner's code fails, Ended where its process does."""
        try:
            write_all(self.channel.fileno(), pack({"op": op, **values}))
            ready = select.select([self.channel, self.watcher], [], [], self.limits.seconds + 5)[0]
            if self.channel not in ready:
                raise self._end()
            file = self.channel.fileno()
            text, body = sizes(read_exactly(file, HEAD_SIZE))
            answer = unpack(read_exactly(file, text), read_exactly(file, body))
        except (EOFError, OSError):
            raise self._end() from None
        except BadFrame as error:
            raise Ended("FAIL", f"{REASONS['FAIL']} ({error})") from None
        if not isinstance(answer, dict):
            raise Ended("FAIL", REASONS["FAIL"])
        self.level = str(answer.get("level", ""))
        if answer.get("blocked"):
            raise Ended("BLOCKED", self._said("BLOCKED", what=str(answer["blocked"])[:200]))
        if "error" in answer:
            error = answer["error"]
            reason = str(error.get("reason", ""))
            if reason in REASONS:
                raise Ended(reason, self._said(reason, what=str(error.get("message", ""))[:200]))
            raise Raised(error)
        self.ran = self.ran or op in ("forward", "epoch", "loaders")
        return answer.get("value")

    def finish(self) -> None:
        """Hang up; raises Ended where something was left behind."""
        report = self._report({"known": self.ask("end")})
        if report["reason"]:
            raise Ended(report["reason"], self._said(report["reason"]))

    def close(self) -> None:
        """Make sure the process is gone, whatever happened."""
        if not self.watcher._closed:  # type: ignore[attr-defined]
            self._report(None)

    def _end(self) -> Ended:
        report = self._report(None, wait=True)
        reason = report["reason"] or "CRASH"
        return Ended(reason, self._said(reason, what="something outside"))

    def _report(self, last: dict[str, Any] | None, wait: bool = False) -> dict[str, Any]:
        """What the keeper says in the end. With `wait` it finds out by itself what happened."""
        data = b""
        with suppress(OSError):
            if last is not None:
                self.watcher.sendall(json.dumps(last).encode())
            elif not wait:
                self.watcher.shutdown(socket.SHUT_WR)
            self.watcher.settimeout(self.limits.seconds + 20)
            while piece := self.watcher.recv(1 << 16):
                data += piece
        self.watcher.close()
        self.channel.close()
        try:
            report = json.loads(data)
        except ValueError:
            report = {"reason": "CRASH", "output": "", "namespaces": False}
        self.output = report.get("output", "")
        return report

    def _said(self, reason: str, what: str = "") -> str:
        limits = self.limits
        return REASONS[reason].format(
            seconds=limits.seconds,
            memory=limits.memory_bytes >> 20,
            processes=limits.processes,
            output=limits.output_bytes >> 10,
            files=limits.files,
            file_mib=limits.file_bytes >> 20,
            what=what,
        )


def blob(tensor: torch.Tensor) -> Blob:
    """A tensor of ours as bytes."""
    plain = tensor.detach().contiguous()
    return Blob(str(plain.dtype).removeprefix("torch."), tuple(plain.shape), plain.numpy().tobytes())


def tensor(found: Any, what: str = "What comes out") -> torch.Tensor:
    """The tensor of an answer; Wrong where it is none, or claims to be what it is not."""
    if not isinstance(found, Blob):
        kind = found.get("kind", "nothing") if isinstance(found, dict) else type(found).__name__
        raise Wrong(f"{what} is of the type {kind}; a plain torch.Tensor was expected.")
    count = 1
    for length in found.shape:
        count *= length
    if found.dtype not in DTYPES or any(length < 0 for length in found.shape):
        raise Wrong(f"{what} has the type {found.dtype}; float32 was expected.")
    kind = getattr(torch, found.dtype)
    if count * kind.itemsize != len(found.data):
        raise Ended("FAIL", REASONS["FAIL"])
    if not count:
        return torch.empty(found.shape, dtype=kind)
    return torch.frombuffer(bytearray(found.data), dtype=kind).reshape(found.shape)


def tensors(found: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors of an answer by name."""
    return {name: tensor(value, name) for name, value in found.items()}


# ---------------------------------------------------------------- the checks every part begins with


def opening(name: str, signature: Sequence[str]) -> tuple[Check, ...]:
    """It parses; it runs; it defines the name, with the parameters of the signature."""

    def parses(session: Session) -> None:
        try:
            compile(session.source, session.file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            raise Wrong(f"Python cannot read the file: {getattr(error, 'msg', error)}.", line) from None

    def defines(session: Session) -> None:
        for op in session.facts.get("prepare", ()):
            session.ask(op)
        found = session.facts["loaded"] = session.ask("load", source=session.source, file=session.file, name=name)
        if not found["defined"]:
            import difflib

            near = difflib.get_close_matches(name, found["names"], 1, 0.5)
            said = f" There is {near[0]}: is it that?" if near else ""
            raise Wrong(f"The file defines no {name}.{said}")
        if not found["callable"]:
            raise Wrong(f"{name} is there, and cannot be called; a function or a class was expected.")

    def takes(session: Session) -> None:
        found = session.facts["loaded"]
        given = found["parameters"]
        if given is None:
            return
        # What has a default is given by its name, the rest by its place.
        needed = sum("=" not in each for each in signature)
        options = {each.split("=")[0] for each in signature if "=" in each}
        kinds = {each[1] for each in given}
        positional = [each for each in given if each[1] in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
        named = {each[0] for each in given if each[1] in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")}
        listed = f"{name}({', '.join(signature)})"
        few = "VAR_POSITIONAL" not in kinds and len(positional) < needed
        unnamed = "VAR_KEYWORD" not in kinds and not options <= named
        if few or unnamed:
            names = ", ".join(each[0] for each in given)
            raise Wrong(f"{name} takes {names or 'nothing'}; it is called as {listed}.", found["line"])
        only = [each for each in given if each[1] == "KEYWORD_ONLY"]
        extra = [each[0] for each in (*positional[needed:], *only) if not each[2]]
        if extra:
            raise Wrong(f"{name} also needs {', '.join(extra)}; it is called as {listed}.", found["line"])

    return Check("parses", parses), Check(f"defines {name}", defines), Check("takes its arguments", takes)


# ---------------------------------------------------------------- running a file of checks


@dataclass(slots=True)
class Outcome:
    """What is sent to the client."""

    verdict: str = "correct"
    checks: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    output: str = ""
    details: str = ""
    confinement: str = ""


def judged(server: socket.socket, module: ModuleType, asked: dict[str, Any]) -> Outcome:
    """Run the checks in their order; the first that fails ends it."""
    limits = Limits(**asked["limits"])
    source, file = asked["source"], asked["name"]
    checks = [*opening(module.NAME, module.SIGNATURE), *module.CHECKS]
    checks = [each for each in checks if each.name != asked.get("without")]
    outcome = Outcome()
    preload = ["torchvision"] if "torchvision" in source or getattr(module, "TORCHVISION", False) else []
    session = Session(server, limits, source, file, preload)
    session.facts["prepare"] = getattr(module, "PREPARE", ())
    done = 0
    try:
        try:
            for each in checks:
                each.run(session)
                outcome.checks.append(_told(each.name, True))
                done += 1
            session.finish()
        except Wrong as error:
            opens = checks[done].name in ("parses", f"defines {module.NAME}")
            outcome.verdict = "invalid" if opens else "incorrect"
            outcome.checks.append(_told(checks[done].name, False, error.message, error.line))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            # What runs there is so unlike a network of this kind that the check finds nothing to hold on to.
            outcome.verdict = "incorrect"
            outcome.details = f"{type(error).__name__}: {error}"
            said = "What the code does cannot be followed here: it is far from what was asked for."
            outcome.checks.append(_told(checks[done].name, False, said))
        except Raised as error:
            found = error.error
            runs = session.ran and found["type"] != "NotImplementedError"
            outcome.verdict = "incorrect" if runs else "invalid"
            outcome.details = "\n".join([*found.get("trace", ()), f"{found['type']}: {found['message']}"])
            outcome.checks.append(_told(checks[done].name, False, _raised(found), found.get("line")))
        except Ended as error:
            outcome.verdict = "incorrect" if error.reason == "FAIL" else "invalid"
            outcome.reason = error.reason
            if done == len(checks):
                outcome.checks.pop()
                done -= 1
            outcome.checks.append(_told(checks[done].name, False, error.message))
        outcome.checks += [_told(each.name, None) for each in checks[done + 1 :]]
    finally:
        session.close()
    if outcome.verdict == "incorrect" and not outcome.reason:
        outcome.reason = "FAIL"
    outcome.confinement = session.level
    outcome.output = session.output[:OUTPUT_SHOWN]
    return outcome


def _told(name: str, passed: bool | None, message: str = "", line: int | None = None) -> dict[str, Any]:
    lines = message.splitlines()[:MOST_LINES]
    return {"name": name, "passed": passed, "message": "\n".join(lines), "line": line}


_HINTS = {
    "NotImplementedError": "This place is still to be filled in.",
    "NameError": "A name is used that is not defined there.",
    "AttributeError": "An object is asked for something it does not have.",
    "TypeError": "Something is called with the wrong number or kind of arguments.",
    "RuntimeError": "PyTorch refused an operation.",
    "ValueError": "A value is outside of what the operation takes.",
    "IndexError": "A place is read that is not there.",
    "KeyError": "A key is looked up that is not there.",
    "ImportError": "A module is imported that is not there.",
    "ModuleNotFoundError": "A module is imported that is not there.",
    "RecursionError": "A function calls itself without an end.",
    "ZeroDivisionError": "Something is divided by zero.",
}


def _raised(error: dict[str, Any]) -> str:
    said = " ".join(str(error["message"]).split())[:300]
    if where := error.get("where"):
        return f"{where}: {_raised({**error, 'where': ''})}"
    text = said or str(error["type"])
    if "shapes cannot be multiplied" in text:
        return f"The sizes of a layer and of what it gets do not fit: {text}."
    if "channels, but got" in text:
        return f"A convolution gets another number of channels than it was built for: {text}."
    if "must match the size" in text:
        return f"Two tensors that are put together differ in shape: {text}."
    first = _HINTS.get(str(error["type"]), f"The code raised {error['type']}.")
    return f"{first} {text}" if said else first


def _module(path: str, known: dict[str, tuple[float, ModuleType]]) -> ModuleType:
    changed = os.stat(path).st_mtime
    if path in known and known[path][0] == changed:
        return known[path][1]
    folder = str(Path(path).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known[path] = (changed, module)
    return module


def serve(server: socket.socket) -> None:
    """Answer JSON lines on standard output, one for each on standard input, after one that says it is ready."""
    torch.set_num_threads(1)
    sys.dont_write_bytecode = True
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a check prints by mistake must not end up among the answers.
    os.dup2(2, 1)
    out.write(json.dumps({"ready": True}).encode() + b"\n")
    known: dict[str, tuple[float, ModuleType]] = {}
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        began = time.monotonic()
        try:
            found: dict[str, Any] = asdict(judged(server, _module(asked["checks"], known), asked))
        except (OSError, ImportError, SyntaxError) as error:
            found = {"trouble": f"The checks could not be run ({error}); `tutor doctor` tells more."}
        found["seconds"] = round(time.monotonic() - began, 4)
        out.write(json.dumps(found).encode() + b"\n")
