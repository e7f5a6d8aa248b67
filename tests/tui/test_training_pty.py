"""What a training screen costs, in a real terminal: bytes on the line, and time of the processor."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pyte
import pytest

from tests.clock import slowness
from tests.tui.fake_runs import FakeWriter

PATIENCE_SECONDS = 30
SECONDS = 8.0
STEPS_A_LINE, LINES_A_SECOND = 15, 20


class Line:
    """A terminal's line with the interface at its end: what comes over it is counted, and drawn."""

    def __init__(self, columns, rows):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = self.frames = 0
        self.quiet_since = 0.0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tutor"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**clean, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    @property
    def text(self):
        return "\n".join(self.screen.display)

    def read(self, seconds):
        """Take what comes for a while. What comes after a pause is another frame."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                data = os.read(self.master, 65536)
                now = time.monotonic()
                self.frames += now - self.quiet_since > 0.02
                self.quiet_since = now
                self.bytes += len(data)
                self.stream.feed(data)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, *wanted):
        end = time.monotonic() + PATIENCE_SECONDS
        while not all(one in self.text for one in wanted):
            assert time.monotonic() < end, f"{wanted} did not come; the screen is\n{self.text}"
            self.read(0.2)

    def seconds(self):
        """Of the processor, used so far."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def streaming():
    """A run that goes on writing until the test is over."""
    writer = FakeWriter(epochs=400)
    writer.advance(writer.per_epoch * 3 // 2)
    ended = threading.Event()

    def write():
        while not ended.wait(1 / LINES_A_SECOND) and writer.advance(STEPS_A_LINE):
            pass

    thread = threading.Thread(target=write)
    thread.start()
    yield writer
    ended.set()
    thread.join()


def measured(size):
    """Bytes a frame, bytes a second, share of one core; and what stands on the screen at the end."""
    with Line(*size) as line:
        line.wait_for("Cost and memory", "quit")
        line.type("r")
        line.wait_for("cnn-shifted", " of 400", "open")
        line.type("\r")
        line.wait_for("images/s", "left", "leave")
        line.read(3)
        line.bytes = line.frames = 0
        began, used = time.monotonic(), line.seconds()
        line.read(SECONDS)
        taken = time.monotonic() - began
        return line.bytes / max(line.frames, 1), line.bytes / taken, (line.seconds() - used) / taken, line


def test_at_80x24_a_frame_is_at_most_two_kilobytes(streaming):
    frame, _, _, line = measured((80, 24))
    assert line.frames >= SECONDS
    assert frame <= 2000
    assert "epoch" in line.text


def test_at_120x36_it_sends_at_most_twenty_kilobytes_a_second_and_takes_a_twentieth_of_a_core(streaming):
    _, second, share, line = measured((120, 36))
    assert line.frames >= SECONDS
    assert second <= 20_000
    assert share <= 0.05 * slowness()


def test_where_nothing_changes_nothing_is_sent(home):
    writer = FakeWriter()
    writer.advance(700)
    with Line(120, 36) as line:
        line.wait_for("Cost and memory", "quit")
        for key, wanted in (("r", "open"), ("\r", "images/s")):
            line.type(key)
            line.wait_for("cnn-shifted", wanted)
            line.read(4)
            line.bytes = 0
            line.read(3)
            # The load of the processor may be another one each second.
            assert line.bytes < 1000


def test_a_terminal_that_goes_away_without_a_signal_ends_the_interface(home):
    """As below make, which is told of it in its place."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tutor"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    written = b""
    while b"Cost and memory" not in written:
        written += os.read(master, 65536)
    os.close(master)
    try:
        process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
