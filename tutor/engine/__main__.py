"""The engine's own process: torch loaded once, then one request after the other from standard input.

A method is a function of the parameters (keywords) that returns a dictionary, or a generator that yields intermediate
dictionaries and returns the last. It raises MethodError with a sentence where it cannot answer.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Generator, Mapping
from importlib import import_module
from types import FrameType
from typing import Any, BinaryIO

from tutor.engine.protocol import (
    Broken,
    Cancel,
    Failure,
    Garbage,
    Message,
    MethodError,
    Progress,
    Ready,
    Request,
    Result,
    from_line,
    to_line,
)

METHODS = {
    "measure": "tutor.engine.measuring:measure",
    "cost": "tutor.engine.laboratories:cost",
    "variances": "tutor.engine.laboratories:variances",
    "reached": "tutor.engine.laboratories:reached",
    "recipe": "tutor.training.describing:answer",
}
"""The name of a method -> module:function, imported when it is first asked for."""


AGAIN_SECONDS = 0.02
"""From one try to interrupt a request to the next."""


class _Cancelled(BaseException):
    """The running request is wanted no more."""


class _Server:
    """Reads requests in a thread, runs them in the main thread (where a signal can interrupt them)."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self.requests, self.answers = requests, answers
        self.queue: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self.running: int | None = None
        self.unwanted: int | None = None

    def say(self, message: Message) -> None:
        self.answers.write(to_line(message))
        self.answers.flush()

    def read(self) -> None:
        """Until the client is gone; then so is the engine."""
        for line in self.requests:
            try:
                message = from_line(line)
            except Garbage:
                break
            if isinstance(message, Request):
                self.queue.put(message)
            elif isinstance(message, Cancel):
                self.unwanted = message.id
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        os._exit(0)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.running is None or self.running != self.unwanted:
            return
        if _importing(frame):
            # Half a module would stay behind, and every later request would fail on it: a moment later, then.
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            return
        self.running = None
        raise _Cancelled

    def serve(self) -> None:
        while True:
            request = self.queue.get()
            try:
                answer: Message = Result(request.id, self.run(request))
            except _Cancelled:
                answer = Failure(request.id, "This was stopped.")
            except MethodError as error:
                answer = Failure(request.id, str(error))
            except MemoryError:
                answer = Failure(request.id, "There is not enough memory for this; try smaller numbers.")
            except Exception as error:
                words = str(error).strip().split("\n", 1)[0][:200]
                answer = Failure(request.id, f"PyTorch could not do this ({type(error).__name__}: {words}).")
            try:
                self.say(answer)
            except (TypeError, ValueError):
                self.say(Failure(request.id, "The result cannot be passed on; it is not made of plain values."))

    def run(self, request: Request) -> Mapping[str, Any]:
        place = METHODS.get(request.method)
        if place is None:
            raise MethodError(f"The computation engine has no method {request.method!r}.")
        module, _, name = place.partition(":")
        method = getattr(import_module(module), name)
        try:
            self.running = request.id
            if self.unwanted == request.id:
                raise _Cancelled
            result = method(**request.params)
            if not isinstance(result, Generator):
                return result
            while True:
                try:
                    value = next(result)
                except StopIteration as end:
                    return end.value
                line = to_line(Progress(request.id, value))
                # Half a line on the pipe would be the end of the engine: not to be interrupted.
                self.running = None
                self.answers.write(line)
                self.answers.flush()
                self.running = request.id
                if self.unwanted == request.id:
                    raise _Cancelled
        finally:
            self.running = None


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported at this place of the program: torch imports much when it is first used."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def main() -> None:
    """Take the pipes away from whatever prints, load torch, serve."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    server = _Server(requests, answers)
    for number in (signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, server.interrupted)
    threading.Thread(target=server.read, daemon=True).start()
    begun = time.perf_counter()
    try:
        ready = load(begun)
    except BaseException as error:  # what another package does while it is imported is beyond prediction
        words = str(error).strip().split("\n", 1)[0][:200]
        server.say(Broken(f"PyTorch cannot be loaded ({type(error).__name__}: {words}); tutor doctor says more."))
        sys.exit(1)
    server.say(ready)
    server.serve()


def load(begun: float) -> Ready:
    """Import torch and see what it has. A CUDA that does not work is a finding, and no reason to stop."""
    import torch

    torch.set_num_threads(1)
    float(torch.ones(2, 2).matmul(torch.ones(2, 2)).sum())
    gpu, cuda = False, "this build of PyTorch has no CUDA"
    if torch.version.cuda is not None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                if torch.cuda.is_available():
                    names = [torch.cuda.get_device_name(each) for each in range(torch.cuda.device_count())]
                    float(torch.ones(1, device="cuda").sum())
                    gpu, cuda = True, ", ".join(names)
                else:
                    cuda = str(said[-1].message).split("\n", 1)[0] if said else "PyTorch finds no GPU"
            except Exception as error:
                words = str(error).split("\n", 1)[0]
                cuda = f"CUDA does not work ({words})"
    return Ready(torch.__version__, cuda, gpu, round(time.perf_counter() - begun, 3))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main()
