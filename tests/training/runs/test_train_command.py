"""`train` and `runs` as a shell sees them: streams, exit status, Ctrl+C, a reader that leaves, what is missing."""

import codecs
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest

from tests.training.runs.conftest import COMMAND, until
from tutor import cli
from tutor.training import folder as files
from tutor.training import following, runs
from tutor.training.events import read_events

TRAIN = ("train", "mlp-centred", "--scale", "quick")


def command(mode, *words):
    """A command line, whose runs have a worker that behaves as `mode` says."""
    return [sys.executable, COMMAND, mode, *words]


def shell(mode, *words):
    """The same, run to its end."""
    return subprocess.run(command(mode, *words), capture_output=True, text=True, timeout=60)


def the_run():
    """The only run there is, as soon as there is one."""
    end = time.monotonic() + 20
    while not (found := runs.list_runs()):
        assert time.monotonic() < end
        time.sleep(0.02)
    [run] = found
    return run


# ---------------------------------------------------------------- train


def test_a_run_is_followed_to_its_end_on_standard_error():
    done = shell("finishes", *TRAIN)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "validation 75.0 %" in done.stderr
    assert "Half of it is done." in done.stderr
    assert done.stderr.splitlines()[-1].startswith("finished, best validation accuracy 75.0 %")
    assert "\x1b" not in done.stderr


def test_json_is_the_events_and_nothing_else():
    done = shell("finishes", *TRAIN, "--json")
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events] == ["started", *["step"] * 3, "message", "epoch", "finished"]
    keys = {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"}
    assert keys <= set(events[-2])
    assert done.stderr == ""


def test_events_arrive_while_the_run_goes_on():
    reading = subprocess.Popen(command("runs", *TRAIN, "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert reading.stdout is not None
    for _ in range(20):
        assert json.loads(reading.stdout.readline())
    assert the_run().state == "running"
    reading.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in reading.stdout]
    assert rest[-1]["type"] == "stopped"
    assert reading.wait(20) == 130
    reading.stdout.close()


def test_a_reader_that_leaves_is_told_that_the_run_goes_on():
    words = " ".join(map(repr, command("runs", *TRAIN, "--json")))
    script = f"set -o pipefail; {words} | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 141
    assert json.loads(done.stdout)["type"] == "started"
    run = the_run()
    assert f"{run.id} goes on" in done.stderr
    assert done.stderr.count("\n") == 1
    assert until(run, lambda now: now.step > 30).state == "running"


def test_ctrl_c_saves_stops_and_says_how_to_go_on():
    following = subprocess.Popen(command("runs", *TRAIN), stderr=subprocess.PIPE, text=True)
    assert following.stderr is not None
    run = until(the_run(), lambda now: now.step > 5)
    following.send_signal(signal.SIGINT)
    told = following.stderr.read()
    following.stderr.close()
    assert following.wait(20) == 130
    assert runs.load(run.path).state == "stopped"
    assert f"tutor train --resume {run.id}" in told
    assert "Traceback" not in told


def test_a_second_ctrl_c_leaves_a_run_that_is_slow_to_stop_to_itself():
    following = subprocess.Popen(command("stubborn", *TRAIN), stderr=subprocess.PIPE, text=True)
    assert following.stderr is not None
    run = until(the_run(), lambda now: now.step > 5)
    following.send_signal(signal.SIGINT)
    while "saving and stopping" not in following.stderr.readline():
        pass
    following.send_signal(signal.SIGINT)
    told = following.communicate(timeout=20)[1]
    assert following.returncode == 130
    assert told == f"tutor: {run.id} is still saving; tutor runs show {run.id} tells more.\n"
    assert runs.load(run.path).alive


@pytest.mark.parametrize(
    ("mode", "said"), [("fails", "The loss of step 7 is no number. Set"), ("dies", "killed (SIGKILL)")]
)
def test_a_run_that_fails_is_status_1_and_a_sentence(mode, said):
    done = shell(mode, *TRAIN)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(shell(mode, *TRAIN, "--json").stdout.splitlines()[-1])["type"] == "failed"


def test_a_run_whose_supervisor_is_killed_ends_its_events_with_failed():
    following = subprocess.Popen(
        command("runs", *TRAIN, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    run = until(the_run(), lambda now: now.step > 5)
    os.kill(files.read_identity(run.path).pid, signal.SIGKILL)
    out, told = following.communicate(timeout=30)
    assert following.returncode == 1
    assert json.loads(out.splitlines()[-1])["type"] == "failed"
    assert f"--resume {run.id}" in told
    assert read_events(run.path / files.EVENTS)[0][-1].type == "step"


def test_detached_it_returns_at_once_with_a_name():
    done = shell("runs", *TRAIN, "--detach")
    assert done.returncode == 0
    run = the_run()
    assert done.stdout == f"{run.id}\n"
    assert until(run, lambda now: now.step > 3).state == "running"
    assert run.id in shell("runs", "runs", "stop", run.id).stdout
    again = json.loads(shell("finishes", "train", "--resume", run.id, "--detach", "--json").stdout)
    assert again["id"] == run.id


def test_resumed_it_tells_only_what_is_new():
    assert shell("finishes", *TRAIN, "--detach").returncode == 0
    run = until(the_run(), lambda now: now.state == "finished")
    refused = shell("finishes", "train", "--resume", run.id)
    assert refused.returncode == 2
    assert "has finished" in refused.stderr
    shell("fails", "train", "mlp-shifted", "--scale", "quick")
    done = shell("finishes", "train", "--resume", "mlp-shifted", "--json")
    assert done.returncode == 0
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()].count("started") == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["train"], "RECIPE is missing"),
        (["train", "cnn-shiftd"], "cnn-shifted"),
        (["train", "resnet21"], "6k + 2"),
        (["train", "cnn-shifted", "--set", "epochs"], "KEY=VALUE"),
        (["train", "cnn-shifted", "--set", "epoch=3"], "epochs"),
        (["train", "cnn-shifted", "--set", "epochs=0"], "whole number"),
        (["train", "cnn-shifted", "--scale", "big"], "quick, full"),
        (["train", "--resume", "nothing"], "no run"),
        (["train", "cnn-shifted", "--take-over"], "--resume"),
        (["train", "cnn-shifted", "--slurm-set", "timeout_min=5"], "--slurm"),
        (["train", "cnn-shifted", "--scale", "quick", "--set", "data=mnist"], "--download"),
        (["train", "mlp-shifted", "--scale", "quick", "--set", "model=mine"], "tutor code convnets/mlp"),
        (["runs", "show"], "needs the name"),
        (["runs", "list", "x"], "runs show x"),
        (["runs", "stop", "x"], "none at all"),
        (["runs", "cancel"], "list, show, stop, delete"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, hint, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert hint in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_a_run_is_not_resumed_with_another_recipe():
    shell("fails", *TRAIN)
    done = shell("finishes", "train", "--resume", the_run().id, "--set", "epochs=77")
    assert done.returncode == 2
    assert "epochs 77 instead of" in done.stderr
    assert shell("finishes", "train", "mlp-centred", "--resume", the_run().id, "--scale", "quick").returncode == 0


def test_help_has_the_exit_status(capsys):
    assert cli.main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(number in told for number in ("0: finished", "1: failed", "2:", "130:", "141:"))


# ---------------------------------------------------------------- on a terminal


def talk(mode, words, answers, tmp_path):
    """A command on a terminal, its questions answered; its exit status and all it said."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(HOME=str(tmp_path), TERM="xterm", COLUMNS="100")
        os.chdir(tmp_path)
        os.execv(sys.executable, command(mode, *words))
    said, waiting = "", list(answers)
    # A piece may end within a character.
    decode = codecs.getincrementaldecoder("utf-8")().decode
    while select.select([terminal], [], [], 30)[0]:
        try:
            piece = decode(os.read(terminal, 4096))
        except OSError:
            break
        said += piece
        if waiting and said.rstrip().endswith("[y/n]"):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            said += "\n"
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def test_a_missing_data_set_is_asked_about_and_no_means_no(tmp_path):
    status, said = talk("finishes", [*TRAIN, "--set", "data=mnist"], ["n", "n"], tmp_path)
    assert status == 2
    assert "Download it (12 MB)?" in said
    assert "Train on fashion-mini instead" in said
    assert runs.list_runs() == []


def test_the_embedded_set_is_taken_with_the_learners_word(tmp_path):
    status, said = talk("finishes", [*TRAIN, "--set", "data=mnist"], ["n", "y"], tmp_path)
    assert status == 0, said
    assert runs.list_runs()[0].recipe.data == "fashion-mini"
    assert "epoch 1 of 5" in said


def shown_at(columns, *words):
    """The lines on a terminal of so many columns after a run has begun and was stopped; those with the bar before."""
    child, terminal = pty.fork()
    if child == 0:
        # Readline, which pytest loads, sets COLUMNS behind Python's back; execve hands on what Python knows of.
        environ = {key: value for key, value in os.environ.items() if key != "COLUMNS"} | {"TERM": "xterm"}
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(sys.executable, command(*words), environ)
    screen = pyte.Screen(columns, 24)
    stream = pyte.ByteStream(screen)
    bars = []
    while not bars:
        stream.feed(os.read(terminal, 4096))
        # Not in the middle of a drawing: they are a fifth of a second apart.
        while select.select([terminal], [], [], 0.08)[0]:
            stream.feed(os.read(terminal, 4096))
        bars = [line.rstrip() for line in screen.display if line.rstrip().endswith(" left")]
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):
        while True:
            stream.feed(os.read(terminal, 4096))
    os.close(terminal)
    os.waitpid(child, 0)
    return bars, [line.rstrip() for line in screen.display]


@pytest.mark.parametrize("columns", [40, 50, 80])
def test_on_a_narrow_terminal_there_is_a_bar_and_no_word_is_broken(columns):
    bars, lines = shown_at(columns, "runs", *TRAIN)
    assert [bar for bar in bars if "━" not in bar or "…" in bar] == []
    said = " ".join(" ".join(lines).split())
    assert "Ctrl+C saves and stops it; when the terminal closes, it goes on" in said
    assert "cpu; 1,000 images, 10 parameters" in said


@pytest.mark.parametrize(
    ("width", "before", "after"),
    [
        (80, "CNN, shifted  epoch 3 of 5", "loss 0.123  94.1 %  3 s left"),
        (60, "epoch 3 of 5", "loss 0.123  94.1 %  3 s left"),
        (50, "epoch 3 of 5", "94.1 %  3 s left"),
        (40, "epoch 3 of 5", "94.1 %  3 s left"),
        (30, "epoch 3 of 5", "3 s left"),
    ],
)
def test_a_bar_keeps_its_place_and_figures_give_way(width, before, after):
    figures = ("loss 0.123", "94.1 %", "3 s left")
    assert following.fitting("CNN, shifted", "epoch 3 of 5", figures, width) == (before, after)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (None, "not a number"),
        (0.1234, "0.123"),
        (123.456, "123.5"),
        (9999.4, "9,999.4"),
        (27293144440013946880.0, "2.7e19"),
    ],
)
def test_a_loss_stays_short(loss, said):
    assert following.loss_in_words(loss) == said


def test_a_terminal_shows_a_bar_and_ctrl_c_there_stops_the_run(tmp_path):
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", COLUMNS="100")
        os.execv(sys.executable, command("runs", *TRAIN))
    said = b""
    while b"left" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    while True:
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert "━".encode() in said
    assert b"saving and stopping" in said
    assert b"--resume" in said
    assert the_run().state == "stopped"


# ---------------------------------------------------------------- runs


def test_runs_are_listed_shown_stopped_and_deleted():
    assert "no runs yet" in shell("runs", "runs").stdout
    shell("finishes", *TRAIN)
    run = the_run()
    listed = shell("runs", "runs").stdout
    assert run.id in listed
    assert "finished" in listed
    assert "val 75.0 %" in listed
    shown = shell("runs", "runs", "show", "mlp").stdout
    assert "best validation accuracy 75.0 %" in shown
    assert "Half of it is done." in shown
    assert shell("runs", "runs", "delete", run.id).stdout == f"{run.id} is deleted.\n"
    assert runs.list_runs() == []


def test_runs_as_json_has_recipe_state_events_and_best_accuracy():
    shell("finishes", *TRAIN)
    values = json.loads(shell("runs", "runs", "show", "mlp", "--json").stdout)
    assert values["state"] == "finished"
    assert values["best_accuracy"] == 0.75
    assert values["recipe"]["model"] == "mlp"
    assert [event["type"] for event in values["events"]] == ["started", "message", "epoch", "finished"]
    [listed] = json.loads(shell("runs", "runs", "--json").stdout)
    assert listed["id"] == values["id"]


def test_a_run_is_stopped_from_another_terminal():
    following = subprocess.Popen(command("runs", *TRAIN), stderr=subprocess.PIPE, text=True)
    run = until(the_run(), lambda now: now.step > 3)
    refused = shell("runs", "runs", "delete", run.id)
    assert refused.returncode == 2
    assert "stop it first" in refused.stderr
    done = shell("runs", "runs", "stop", run.id)
    assert done.returncode == 0
    assert "Stopped at step" in done.stdout
    assert "Stopped at step" in following.communicate(timeout=20)[1]
    assert following.returncode == 1
    assert shell("runs", "runs", "stop", run.id).returncode == 2


def test_nothing_heavy_is_loaded_to_list_runs_or_to_start_one(home):
    program = (
        "import sys; from tutor.cli import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'textual', 'numpy', 'sympy', 'lark', 'submitit', 'rich'} & set(sys.modules);"
        "print(heavy, file=sys.stderr); sys.exit(status or bool(heavy))"
    )
    for words in (["runs"], ["train", "--help"], ["runs", "--json"]):
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
