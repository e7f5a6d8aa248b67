"""Downloads from a server on the loopback that behaves as badly as servers do."""

import contextlib
import hashlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tutor.training.data import __main__ as command
from tutor.training.data.downloading import STALE_SECONDS, Sources, download, torchvision_sources
from tutor.training.data.known import DataError, known
from tutor.training.data.sets import load

FIRST = "train-images-idx3-ubyte.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    """What it does is the first part of the path: `/good/FILE`, `/cut/FILE` and so on."""

    def do_GET(self):
        _, manner, name = self.path.split("/")
        content = (self.server.folder / name).read_bytes()
        self.server.asked.append((manner, name))
        half = len(content) // 2
        with contextlib.suppress(OSError):
            match manner:
                case "good":
                    self.answer(content, len(content))
                case "unsized":
                    self.answer(content, None)
                case "trickle":
                    self.answer(b"", len(content))
                    for start in range(0, len(content), 4_000):
                        self.wfile.write(content[start : start + 4_000])
                        time.sleep(0.01)
                case "drops":
                    self.answer(b"", len(content))
                    for start in range(0, len(content), 20):
                        self.wfile.write(content[start : start + 20])
                        if self.server.over.wait(0.02):
                            return
                case "silent":
                    self.server.over.wait(30)
                case "stalls":
                    self.answer(content[:half], len(content))
                    self.server.over.wait(30)
                case "cut":
                    self.answer(content[:half], len(content))
                case "wrong":
                    self.answer(b"<html>Sign in</html>", None)
                case "flipped":
                    self.answer(content[:-1] + bytes([content[-1] ^ 1]), len(content))
                case "garbled":
                    self.wfile.write(b"\x16\x03\x01 what?\r\n\r\n")
                case "broken":
                    self.send_error(503, "Slow Down")
                case _:
                    self.send_error(404, "Not Found")

    def answer(self, content, length):
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """The test's output stays its own."""


@pytest.fixture
def server(mnist, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.folder = mnist.write(tmp_path / "served", ".gz")
    one.asked, one.over = [], threading.Event()
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield one
    one.over.set()
    one.shutdown()
    one.server_close()
    thread.join()


def sources(server, *manners):
    """The largest file first."""
    files = sorted(server.folder.iterdir(), key=lambda file: -file.stat().st_size)
    md5 = {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in files}
    return Sources(tuple(f"http://127.0.0.1:{server.server_port}/{manner}/" for manner in manners), md5)


def refused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def left(folder: Path):
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("manner", ["good", "unsized", "trickle"])
def test_what_was_downloaded_is_found_and_loaded(server, mnist, tmp_path, manner):
    told = []
    folder = download(known("mnist"), sources=sources(server, manner), progress=lambda *what: told.append(what))
    assert folder == tmp_path / "tutor" / "cache" / "data" / "MNIST" / "raw"
    assert left(folder) == left(server.folder)
    assert load("mnist").where == str(folder)
    size = (server.folder / FIRST).stat().st_size
    own = [(done, total) for done, total, file in told if file == FIRST]
    assert own[-1] == (size, None if manner == "unsized" else size)
    assert own == sorted(own)
    assert {file for *_, file in told} == set(left(folder))
    if manner == "trickle":
        assert len(own) > 1


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("silent", "nothing came for 0.2 s"),
        ("stalls", "nothing came for 0.2 s, after "),
        ("drops", "too slow: "),
        ("cut", "the connection ended after "),
        ("wrong", "some networks answer with a page to sign in"),
        ("flipped", "other bytes came than should"),
        ("garbled", "no connection (??? what?"),
        ("absent", "the server answered 404 Not Found"),
        ("broken", "the server answered 503 Slow Down"),
    ],
)
def test_each_way_to_fail_is_said_and_leaves_nothing_behind(server, tmp_path, manner, said):
    one = sources(server, manner)
    with pytest.raises(DataError) as raised:
        download(known("mnist"), sources=one, patience=0.2)
    text = str(raised.value)
    assert said in text
    assert text.isprintable()
    assert f"127.0.0.1:{server.server_port}" in text
    assert FIRST in text
    assert "TUTOR_DATA" in text
    assert "data=fashion-mini" in text
    assert raised.value.name == "mnist"
    assert left(tmp_path / "tutor" / "cache" / "data" / "MNIST" / "raw") == []


@pytest.mark.parametrize(
    ("mirror", "said"),
    [
        ("http://127.0.0.1:{port}/", "the connection was refused"),
        ("http://no-such-host.invalid/", "no-such-host.invalid"),
    ],
)
def test_a_server_that_is_not_there_is_said(mnist, monkeypatch, mirror, said):
    monkeypatch.setenv("no_proxy", "*")
    one = Sources((mirror.format(port=refused_port()),), {FIRST: "0" * 32})
    with pytest.raises(DataError, match=said) as raised:
        download(mnist.known, sources=one, patience=5)
    assert "data=fashion-mini" in str(raised.value)


def test_another_mirror_is_tried_and_both_failures_are_told(server, mnist):
    folder = download(known("mnist"), sources=sources(server, "cut", "good"))
    assert left(folder) == left(server.folder)
    (folder / FIRST).unlink()
    with pytest.raises(DataError) as raised:
        download(known("mnist"), sources=sources(server, "cut", "absent"))
    assert "the connection ended" in str(raised.value)
    assert "404" in str(raised.value)


def test_an_interrupted_download_goes_on_with_what_is_missing_or_damaged(server, tmp_path):
    folder = tmp_path / "cache"
    one = sources(server, "good")
    order = list(one.md5)
    third = order[2]

    def interrupt(done, total, file):
        if file == third:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(known("mnist"), sources=one, into=folder, progress=interrupt)
    before = order[:2]
    assert left(folder) == sorted(before)
    (folder / before[0]).write_bytes(b"damaged")
    server.asked.clear()
    download(known("mnist"), sources=one, into=folder)
    assert [name for _, name in server.asked] == [before[0], *order[2:]]


def test_a_download_killed_in_the_middle_leaves_no_file_under_its_name(server, mnist, tmp_path):
    folder, one = tmp_path / "cache", sources(server, "drops")
    program = f"""
from pathlib import Path
from tutor.training.data.downloading import Sources, download
from tutor.training.data.known import Known
print("began", flush=True)
download({mnist.known!r}, sources={one!r}, into=Path({str(folder)!r}))
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    deadline = time.monotonic() + 20
    while not list(folder.glob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    (part,) = folder.iterdir()
    assert part.suffix == ".part"
    os.utime(part, (time.time() - STALE_SECONDS - 60,) * 2)
    fresh = folder / f"{FIRST}.1-abc.part"
    fresh.write_bytes(b"another process is writing this")
    download(mnist.known, sources=sources(server, "good"), into=folder)
    assert left(folder) == sorted([*left(server.folder), fresh.name])


def test_a_disk_that_takes_nothing_is_said(server, mnist, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError) as raised:
        download(mnist.known, sources=sources(server, "good"), into=tmp_path / "file" / "below")
    for words in ("could not be kept", "Not a directory", "TUTOR_HOME", "data=fashion-mini"):
        assert words in str(raised.value)


def test_a_full_disk_is_said_and_nothing_is_left(server, mnist, tmp_path):
    folder = tmp_path / "cache"
    # More than one piece: what comes after the first finds no room.
    (server.folder / FIRST).write_bytes(os.urandom(300_000))

    def fill(done, total, file):
        # From here on the file under way is one that never takes a byte.
        (part,) = folder.glob("*.part")
        taken = os.open("/dev/full", os.O_WRONLY)
        for fd in (int(name) for name in os.listdir("/proc/self/fd") if _target(name) == str(part)):
            os.dup2(taken, fd)
        os.close(taken)

    with pytest.raises(DataError, match="No space left on device"):
        download(mnist.known, sources=sources(server, "good"), into=folder, progress=fill)
    assert left(folder) == []


def _target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def test_torchvision_has_every_file_of_the_sets_that_are_downloaded(server, mnist, monkeypatch, capsys):
    for name in ("mnist", "fashion-mnist"):
        one = torchvision_sources(known(name))
        assert set(one.md5) == {f"{file.stem}.gz" for file in known(name).files}
        assert one.mirrors
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in one.mirrors)
    from torchvision import datasets

    own = sources(server, "good")
    monkeypatch.setattr(datasets.MNIST, "mirrors", list(own.mirrors))
    monkeypatch.setattr(datasets.MNIST, "resources", list(own.md5.items()))
    with pytest.raises(DataError, match="not on this machine"):
        load("mnist")
    assert command.main(["mnist"]) == 0
    assert "40 + 20 images" in capsys.readouterr().out
    asked = len(server.asked)
    load("mnist", download=True)
    assert len(server.asked) == asked


def test_the_command_refuses_in_a_sentence(mnist, monkeypatch, capsys):
    assert command.main(["cifar"]) == 2
    assert "mnist or fashion-mnist" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    assert command.main(["mnist"]) == 1
    assert "torchvision does not load" in capsys.readouterr().err
