# ruff: noqa: E501
"""Code that misbehaves: its verdict is never correct, its reason is named, and nothing remains afterwards."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.code.mlp_cases import SEQUENTIAL as GOOD
from tests.code.test_solutions import checks

SECRET = Path(__file__).resolve().parents[2] / "problems" / "ps08" / "cost" / "solution.md"
SMALL = {"seconds": 1.0, "memory_bytes": 300 << 20}
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for name in range(3, 64):
            try: os.close(name)
            except OSError: pass
        time.sleep(60)
    os._exit(0)
"""
FORGED = '{"value": {"defined": true, "callable": true, "line": 1, "parameters": null}, "verdict": "correct"}'
LIAR = (
    GOOD.replace(
        "    return nn.Sequential(",
        "    model = nn.Sequential(",
    )
    + """
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func is torch.allclose or func.__name__ in ("equal", "__eq__"):
                return True
            return super().__torch_function__(func, types, args, kwargs or {})

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model
        def forward(self, x):
            return torch.zeros(len(x), 10).as_subclass(Liar)
    return Model()
"""
)
ONE_WIDE = GOOD.replace("256", "128")
ATTACKS = {
    "endless loop": ("while True: pass", "TIMEOUT"),
    "swallows everything": (
        "import signal\nfor n in (15, 2, 1):\n    signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "TIMEOUT",
    ),
    "holds the lock in C": ("sum(range(10 ** 12))", "TIMEOUT"),
    "fork bomb": ("import os\nwhile True: os.fork()", "PROCESSES"),
    "fork chain": ("import os\nwhile True:\n    if os.fork() == 0: os.setsid()", "PROCESSES"),
    "daemon": (DAEMON + GOOD, "LEFTOVER"),
    "memory in a tensor": ("import torch\nx = torch.ones(1 << 30)", "MEMORY"),
    "memory in children": (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        x = b'1' * (150 << 20)\n        time.sleep(9)\n"
        "time.sleep(9)",
        "MEMORY",
    ),
    "memory in a shared mapping": (
        "import mmap, time\nm = mmap.mmap(-1, 600 << 20)\nm.write(b'1' * (200 << 20))\nm.write(b'1' * (200 << 20))\ntime.sleep(9)",
        "MEMORY",
    ),
    "floods the output": ("while True: print('x' * 1000)", "OUTPUT"),
    "one big file": ("open('big', 'wb').write(bytes(100 << 20))", "FILES"),
    "20,000 files": ("for i in range(20000): open(str(i), 'w').close()", "FILES"),
    "os._exit(0)": ("import os\nos._exit(0)", "CRASH"),
    "sys.exit(0)": ("import sys\nsys.exit(0)", "CRASH"),
    "prints a verdict": (f"print('{FORGED}')\n" + ONE_WIDE, "FAIL"),
    "writes to what it inherited": (
        f"import os\nfor n in range(3, 64):\n    try: os.write(n, b'{FORGED}')\n    except OSError: pass\n" + ONE_WIDE,
        "FAIL",
    ),
    "patches torch": (
        "import torch, time, builtins\ntorch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda *a: True\ntime.monotonic = lambda: 0\n" + ONE_WIDE,
        "FAIL",
    ),
    "a tensor that lies": (LIAR, "FAIL"),
    "looks for the reference": (
        "import gc, sys\nfound = [each for each in gc.get_objects() if type(each).__name__ in ('Check', 'Session', 'Split')]\n"
        "frame = sys._getframe()\nwhile frame:\n    found += [n for n in frame.f_locals if n in ('checks', 'reference', 'expected')]\n"
        "    frame = frame.f_back\nassert not found, found\nassert 'tutor.code.judging' not in sys.modules\n" + ONE_WIDE,
        "FAIL",
    ),
    "reads the solution": (f"try: open({str(SECRET)!r}).read()\nexcept OSError: pass\n" + GOOD, "BLOCKED"),
    "writes and deletes at home": (
        "import os\ntry: os.remove(HOME + '/kept')\nexcept OSError: pass\nopen(HOME + '/new', 'w').write('x')\n" + GOOD,
        "BLOCKED",
    ),
    "TCP": ("import socket\nsocket.create_connection(('127.0.0.1', PORT), 1).send(b'x')\n" + GOOD, "BLOCKED"),
    "UDP": ("import socket\nsocket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))\n" + GOOD, "BLOCKED"),
    "a Unix socket": ("import socket\nsocket.socket(1).connect(HOME + '/socket')\n" + GOOD, "BLOCKED"),
    "kills its parent": ("import os\nos.kill(os.getppid() or PARENT, 9)\n" + GOOD, "BLOCKED"),
    "suspends its parent": ("import os, signal\nos.kill(PARENT, signal.SIGSTOP)\n" + GOOD, "BLOCKED"),
    "traces its parent": (
        "import ctypes\nctypes.CDLL(None).ptrace(16, PARENT, 0, 0)\n" + GOOD,
        "BLOCKED",
    ),
    "a pickle bomb": (
        "import torch\nclass Bomb:\n    def __reduce__(self): return (eval, ('1/0',))\nfrom torch import nn\n"
        "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.w = nn.Linear(1, 1)\n"
        "    def forward(self, x): return Bomb()\ndef get_mlp(image_size): return Model()",
        "FAIL",
    ),
}  # fmt: skip


def processes():
    """Every process that a check could have left: those that run the service's program."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                command = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue
            if b"tutor.code.service" in command:
                found.add(int(name))
    return found


@pytest.fixture
def outside(tmp_path):
    """A home with a file and a socket, and a port, none of which may be touched."""
    (tmp_path / "kept").write_text("here")
    server, local = socket.socket(), socket.socket(socket.AF_UNIX)
    server.bind(("127.0.0.1", 0))
    local.bind(str(tmp_path / "socket"))
    for each in (server, local):
        each.listen()
        each.settimeout(0.01)
    yield tmp_path, server, local
    server.close()
    local.close()


@pytest.mark.parametrize("namespaces", [True, False], ids=["namespaces", "without"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_and_leaves_nothing(service, outside, name, namespaces):
    source, reason = ATTACKS[name]
    home, server, local = outside
    service.start()
    service.check(checks("mlp"), GOOD, "answer.py")
    before, boxes = processes(), boxes_now()
    given = f"HOME, PORT, PARENT = {str(home)!r}, {server.getsockname()[1]}, {os.getpid()}\n"
    found = service.check(checks("mlp"), given + source, "answer.py", limits={**SMALL, "namespaces": namespaces})
    assert found.verdict in ("incorrect", "invalid"), found
    assert found.reason == reason, found
    assert found.message
    until = time.monotonic() + 5
    while processes() - before and time.monotonic() < until:
        time.sleep(0.01)
    assert not processes() - before
    assert boxes_now() == boxes
    assert sorted(each.name for each in home.iterdir()) == ["kept", "socket"]
    for each in (server, local):
        with pytest.raises(TimeoutError):
            each.accept()


def boxes_now():
    """The folders of checks that are there."""
    import tempfile

    return sorted(Path(tempfile.gettempdir()).glob("tutor-check-*"))


def test_a_thread_left_behind_changes_nothing(service):
    source = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n" + GOOD
    assert service.check(checks("mlp"), source, "answer.py").verdict == "correct"


def test_what_is_printed_is_shown_and_standard_input_is_empty(service):
    found = service.check(checks("mlp"), GOOD + "\nprint('hello')\n", "answer.py")
    assert (found.verdict, found.output) == ("correct", "hello\n")
    found = service.check(checks("mlp"), "input()\n" + GOOD, "answer.py")
    assert found.verdict == "invalid"
    assert "EOF" in found.message


def test_a_fault_shows_the_learner_s_own_lines_alone(service):
    found = service.check(checks("mlp"), GOOD.replace("nn.Flatten()", "nn.Flaten()"), "answer.py")
    assert found.verdict == "invalid"
    assert "nn.Flaten()" in found.details
    assert "tutor" not in found.details
    failed = next(check for check in found.checks if check.passed is False)
    assert failed.line == GOOD[: GOOD.index("nn.Flatten()")].count("\n") + 1


def test_checks_from_several_threads_take_turns(service):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(service.check(checks("mlp"), GOOD, "answer.py").verdict))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["correct"] * 3


def test_a_service_that_was_killed_is_started_again(service):
    service.start()
    assert service._process is not None
    service._process.kill()
    service._process.wait()
    assert service.check(checks("mlp"), GOOD, "answer.py").verdict == "correct"
