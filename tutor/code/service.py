"""The process behind the checks: loads torch once, forks the judge, and then forks a fresh process for each check.

The fork server itself never computes (a matrix product here would make the children's hang), never loads a check, and
never starts CUDA.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import sys
from contextlib import suppress

from tutor import family
from tutor.code import confine, harness, keeper
from tutor.code.confine import Limits

WANTED_SOON = ("torch._dynamo", "torch.utils.data", "torch.optim.lr_scheduler")
"""What PyTorch loads at the first step, mode or loader: a second in every child, else."""


def main() -> None:
    """Serve until standard input ends."""
    judge_end, server_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gc.freeze()
    judge = os.fork()
    if judge == 0:
        server_end.close()
        family.die_with_parent(os.getppid())
        from tutor.code import judging

        judging.serve(judge_end)
        os._exit(0)
    judge_end.close()
    quiet = os.open(os.devnull, os.O_RDWR)
    for file in (0, 1):
        os.dup2(quiet, file)
    for name in WANTED_SOON:
        with suppress(ImportError):
            importlib.import_module(name)
    allowed = confine.readable()
    while True:
        try:
            message, files, _, _ = socket.recv_fds(server_end, 1 << 16, 2)
        except (OSError, KeyboardInterrupt):
            break
        if not message:
            break
        wanted = json.loads(message)
        for name in wanted["preload"]:
            with suppress(ImportError):
                importlib.import_module(name)
        channel, watcher = files
        if os.fork() == 0:
            try:
                server_end.close()
                limits = Limits(**wanted["limits"])
                runs = harness.runner(limits, allowed)
                keeper.keep(socket.socket(fileno=watcher), limits, runs, channel)
            finally:
                os._exit(0)
        for file in files:
            os.close(file)
        while True:
            with suppress(ChildProcessError):
                if os.waitpid(-1, os.WNOHANG)[0]:
                    continue
            break
    sys.exit(0)


if __name__ == "__main__":
    main()
