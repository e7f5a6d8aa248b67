"""The engine's process, and all that may happen to it."""

import os
import signal
import sys
import time

import pytest

from tutor.engine.client import Engine, EngineError

FILE = """
import os, sys, time
from tutor.engine.measurement import Measurement
def one(): return Measurement(1, "one")
def noise():
    print("{}" * 3); os.write(1, b'{"type":"result"}' + bytes([10])); return Measurement(2, "two")
def sleep(): time.sleep(60)
def die(): os._exit(3)
def imports():
    sys.path.insert(0, os.path.dirname(__file__))
    import heavy
    return Measurement(heavy.value, "heavy")
def fault(): raise ValueError("no such thing")
"""


@pytest.fixture
def ask(engine, tmp_path):
    file = tmp_path / "measure.py"
    file.write_text(FILE)

    def asked(function, seconds=10.0, of=engine):
        return of.request("measure", {"file": str(file), "function": function, "symbols": {}}, seconds)

    return asked


def test_it_loads_pytorch_and_says_what_it_found(engine, ask):
    ask("one").result(60)
    assert engine.state == "ready"
    assert engine.found.torch.startswith("2.")
    assert "GPU" in engine.found.cuda or "CUDA" in engine.found.cuda or engine.found.gpu


def test_what_prints_cannot_disturb_it(ask):
    assert ask("noise").result(60)["value"] == 2


def test_a_fault_is_one_sentence(ask):
    with pytest.raises(EngineError, match=r"ValueError: no such thing\)\.$"):
        ask("fault").result(60)
    with pytest.raises(EngineError, match="no function gone"):
        ask("gone").result(60)


def test_a_request_that_takes_too_long_is_stopped_and_the_next_one_answered(ask):
    with pytest.raises(EngineError, match=r"longer than 0\.3 seconds"):
        ask("sleep", 0.3).result(60)
    assert ask("one").result(60)["value"] == 1


def test_a_request_is_not_cancelled_in_the_middle_of_an_import(engine, ask, tmp_path):
    """What torch imports when it is first used cannot be imported again after it was broken off."""
    heavy = "import builtins, time\nassert not hasattr(builtins, 'begun')\nbuiltins.begun = 1\n"
    (tmp_path / "heavy.py").write_text(heavy + "open(__file__ + '.seen', 'w').close()\ntime.sleep(0.4)\nvalue = 7\n")
    ask("one").result(60)
    starts = engine.starts
    waiting = ask("imports")
    while not (tmp_path / "heavy.py.seen").exists():
        time.sleep(0.01)
    waiting.cancel()
    assert ask("imports").result(60)["value"] == 7
    assert engine.starts == starts


def test_a_cancelled_request_makes_room_for_the_next(ask):
    waiting = ask("sleep", 50)
    time.sleep(0.3)
    waiting.cancel()
    assert ask("one").result(30)["value"] == 1


@pytest.mark.parametrize("how", ["die", "kill"])
def test_a_crash_is_said_once_and_the_engine_comes_back(engine, ask, how):
    ask("one").result(60)
    if how == "die":
        asked = ask("die")
    else:
        asked = ask("sleep", 50)
        time.sleep(0.3)
        os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="engine"):
        asked.result(60)
    assert ask("one").result(60)["value"] == 1


def test_the_child_ends_with_the_engine(ask, tmp_path):
    other = Engine()
    ask("one", of=other).result(60)
    pid = other.pid
    other.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(EngineError, match="closed"):
        ask("one", of=other).result(1)


def test_a_torch_that_cannot_be_imported_is_said_in_a_sentence(ask, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('libcudart.so.12 is missing')")
    broken = Engine(environ={**os.environ, "PYTHONPATH": str(tmp_path)}, pauses=())
    with pytest.raises(EngineError, match=r"cannot be loaded.*libcudart"):
        ask("one", of=broken).result(30)
    assert broken.state.startswith("broken: ")
    broken.close()


@pytest.mark.parametrize("program", ["print('garbage')", "import time; time.sleep(60)", "raise SystemExit(1)"])
def test_a_process_that_is_no_engine_is_given_up_with_a_sentence(ask, program):
    odd = Engine([sys.executable, "-c", program], pauses=(), loading_seconds=1.0)
    with pytest.raises(EngineError, match=r"\.$"):
        ask("one", of=odd).result(30)
    odd.close()


SPEAKS = """
import os, sys
from tutor.engine.protocol import Ready, Result, from_line, to_line
seen = os.environ.get("CUDA_VISIBLE_DEVICES", "not set")
if FAILS and seen != "":
    os._exit(3)
def say(message):
    sys.stdout.buffer.write(to_line(message)); sys.stdout.buffer.flush()
say(Ready("2.0", "none", False, 0.0))
for line in sys.stdin.buffer:
    request = from_line(line)
    if request.method == "die":
        os._exit(3)
    say(Result(request.id, {"seen": seen}))
"""


@pytest.mark.parametrize(("fails", "seen"), [(True, ""), (False, "not set")])
def test_the_gpu_is_left_out_after_a_failed_start_and_kept_after_a_crash_at_work(fails, seen):
    environ = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    other = Engine([sys.executable, "-c", SPEAKS.replace("FAILS", str(fails))], environ, pauses=(0.0, 0.0))
    if fails:
        with pytest.raises(EngineError):
            other.request("look", {}, 10).result(30)
    else:
        with pytest.raises(EngineError):
            other.request("die", {}, 10).result(30)
    assert other.request("look", {}, 10).result(30) == {"seen": seen}
    assert other.starts == 2
    other.close()


def test_states_are_told_to_listeners(ask):
    told = []
    other = Engine()
    other.listen(told.append)
    ask("one", of=other).result(60)
    other.close()
    assert told[:2] == ["starting", "ready"]
