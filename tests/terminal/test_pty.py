"""The interface in a real terminal: a pty with an emulator behind it, the process as a user starts it."""

import fcntl
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

PATIENCE_SECONDS = 40
COLUMNS, ROWS = 80, 24


class Terminal:
    """A terminal that runs the tutor."""

    def __init__(self, home, *words, columns=COLUMNS, rows=ROWS, **environ):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        clean = {
            name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tutor", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**clean, "TERM": "xterm-256color", "TUTOR_HOME": str(home), "LANG": "C.UTF-8", **environ},
            start_new_session=True,
            # The terminal is the one that Ctrl+C and hanging up come from.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    @property
    def text(self):
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def read(self, seconds):
        """Draw what the process writes for a while; False when it has hung up."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        # The emulator knows no private device queries; what it does not know it may not print.
        self.stream.feed(data)
        return bool(data)

    def type(self, text):
        """Press keys."""
        os.write(self.master, text.encode())

    def wait_for(self, *wanted):
        """Until all of it is on the screen."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not all(one in self.text for one in wanted):
            assert time.monotonic() < end, f"{wanted} did not come; the screen is\n{self.text}"
            assert self.read(0.2) or all(one in self.text for one in wanted), f"it ended; the screen is\n{self.text}"

    def wait_for_end(self):
        """Until the process has ended; its exit status."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.process.wait(1)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def test_an_answer_and_its_verdict_are_there_again_the_next_time(home):
    with Terminal(home, "cost") as terminal:
        terminal.wait_for("Cost and memory", "one forward pass", "check")
        terminal.type("2nK^2L\r")
        terminal.wait_for("not yet")
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0
    with Terminal(home, "cost") as terminal:
        terminal.wait_for("2nK^2L", "◐")
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0


def test_what_was_typed_a_second_before_kill_9_is_there_again(home):
    with Terminal(home, "cost") as terminal:
        terminal.wait_for("one forward pass", "check")
        terminal.type("7 n K")
        terminal.wait_for("7 · n · K")
        for _ in range(12):
            terminal.read(0.1)
            time.sleep(0.1)
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait()
    with Terminal(home, "cost") as terminal:
        terminal.wait_for("7 n K", "7 · n · K")


def test_closing_the_terminal_keeps_what_was_typed(home):
    terminal = Terminal(home, "cost")
    terminal.wait_for("one forward pass", "check")
    terminal.type("5 n L")
    terminal.wait_for("5 · n · L")
    os.kill(terminal.process.pid, signal.SIGHUP)
    terminal.wait_for_end()
    terminal.__exit__()
    with Terminal(home, "cost") as terminal:
        terminal.wait_for("5 n L")


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 36)])
def test_it_opens_in_small_and_large_terminals(home, size):
    with Terminal(home, columns=size[0], rows=size[1]) as terminal:
        terminal.wait_for("Cost", "quit")
        terminal.type("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("environ", [{"TERM": "linux"}, {"NO_COLOR": "1"}, {"SSH_CONNECTION": "1 2 3 4"}])
def test_it_opens_on_a_console_without_colour_and_over_ssh(home, environ):
    with Terminal(home, "--no-mouse", **environ) as terminal:
        terminal.wait_for("Cost and memory")
        terminal.type("q")
        assert terminal.wait_for_end() == 0


def test_a_dumb_terminal_gets_the_conversation(home):
    with Terminal(home, TERM="dumb") as terminal:
        terminal.wait_for("1.1> ")
        terminal.type("n K^2 L\n")
        terminal.wait_for("Yes.")
        # Ctrl+C where a person presses it: at the prompt, not in the middle of what is being said.
        end = time.monotonic() + PATIENCE_SECONDS
        while terminal.text.count("1.1> ") < 2 and time.monotonic() < end:
            terminal.read(0.1)
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130


def test_the_file_is_edited_in_the_learners_own_editor(home, tmp_path):
    editor = tmp_path / "editor"
    typed = "def get_mlp(image_size): return 7  # mine"
    editor.write_text(f'#!/bin/sh\necho IN THE EDITOR\necho "{typed}" > "$1"\nsleep 1\n')
    editor.chmod(0o755)
    with Terminal(home, "convnets/mlp", EDITOR=str(editor)) as terminal:
        terminal.wait_for("part 2 of 10", "enter opens it")
        terminal.type("\r")
        terminal.wait_for("F5 checks the file", "raise")
        terminal.type("\x1b[17~")
        terminal.wait_for("IN THE EDITOR")
        terminal.wait_for("return 7  # mine", "F6 $EDITOR")
        terminal.type("\x1b")
        terminal.wait_for("part 2 of 10")
    assert "return 7" in (home / "code" / "mlp.py").read_text()
