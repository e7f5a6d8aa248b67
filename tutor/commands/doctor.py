"""What this machine and this terminal offer, and what to set. Exit status 0: the tutor works, 1: it cannot."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor import paths
from tutor.commands import print_json

EXAMPLE = "doctor --json"
SECONDS = 3.0
ENOUGH_BYTES = 20 * 2**20

Ask = Callable[..., str | None]
"""Runs a program; what it printed, or None where it is not there or failed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `ok` is False where something would be better set; `needed` where the tutor does not work then."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    needed: bool = False


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("--json", action="store_true", help='{"checks": [{"name", "ok", "found", "advice"}]}')


def run(arguments: argparse.Namespace) -> int:
    """Look at everything, and say it."""
    checks = [*survey(os.environ, ask), engine()]
    if arguments.json:
        print_json({"checks": [dataclasses.asdict(check) for check in checks]})
    else:
        print("\n".join(as_lines(checks, shutil.get_terminal_size().columns)))
    return 1 if any(check.needed and not check.ok for check in checks) else 0


def as_lines(checks: Sequence[Check], width: int) -> Iterator[str]:
    """The checks for people; a line to copy is never broken, what is said about it goes below."""
    column = max(len(check.name) for check in checks) + 4
    room = max(width - column, 30)
    for check in checks:
        sign = "✓" if check.ok else "✗" if check.needed else "·"
        found = textwrap.wrap(check.found, room, break_long_words=False, break_on_hyphens=False)
        yield f"{sign} {check.name}".ljust(column) + found[0]
        rows = found[1:]
        if len(check.advice) <= room:
            rows += [check.advice] if check.advice else []
        else:
            line, _, remark = check.advice.partition("   ")
            rows += [line, *textwrap.wrap(remark, room, break_long_words=False, break_on_hyphens=False)]
        yield from (" " * column + row for row in rows)


def engine() -> Check:
    """Whether PyTorch loads in its own process, and what it finds there."""
    from tutor.engine.client import LOADING_SECONDS, Engine

    one, decided = Engine(pauses=()), threading.Event()
    one.listen(lambda state: None if state == "starting" else decided.set())
    one.start()
    decided.wait(LOADING_SECONDS)
    found, state = one.found, one.state
    one.close()
    if found is not None:
        return Check("engine", True, f"PyTorch {found.torch} loads in {found.seconds:.1f} s; {found.cuda}")
    return Check("engine", False, state.removeprefix("broken: "), "pip install --force-reinstall torch torchvision")


def ask(*words: str) -> str | None:
    """What a program prints."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def survey(environ: Mapping[str, str], ask: Ask) -> Iterator[Check]:
    """Every check, in the order in which one would look."""
    yield from versions()
    yield from terminal(environ)
    yield colour(environ, ask)
    yield characters(environ)
    yield from tmux(environ, ask)
    yield clipboard(environ, ask)
    yield mouse(environ, ask)
    yield keys(environ)
    yield ssh(environ)
    yield from folders()
    yield journal(paths.state_folder() / "progress.db")
    yield gpu(ask)
    yield from data()


def versions() -> Iterator[Check]:
    """Python and what the tutor is made of; looked up, not imported."""
    from importlib.metadata import PackageNotFoundError, version

    python = ".".join(str(part) for part in sys.version_info[:3])
    new = sys.version_info >= (3, 11)
    yield Check("python", new, python, "" if new else "make tutor PYTHON=python3.12   (or any from 3.11 on)", True)
    least = {"textual": (8, 2), "torch": (2, 6), "torchvision": (0, 21), "textual-serve": (1, 1)}
    for name, wanted in least.items():
        needed = name == "textual"
        advice = f"pip install '{name}>={'.'.join(map(str, wanted))}'"
        try:
            found = version(name)
        except PackageNotFoundError:
            why = {"textual-serve": "; only serve needs it"}.get(name, "; problems 1 to 4 do without it")
            yield Check(name, False, "not installed" + ("" if needed else why), advice, needed)
            continue
        numbers = tuple(int(digits) for digits in re.findall(r"\d+", found)[:2])
        yield Check(name, numbers >= wanted, found, "" if numbers >= wanted else advice, needed)


def terminal(environ: Mapping[str, str]) -> Iterator[Check]:
    """Which terminal, and how large."""
    name = environ.get("TERM", "")
    here = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    if name in ("", "dumb"):
        advice = "export TERM=xterm-256color   (if it is one; otherwise: python -m tutor --plain)"
        yield Check("terminal", False, f"TERM={name}" if name else "TERM is not set", advice)
    else:
        program = environ.get("TERM_PROGRAM", "")
        yield Check(
            "terminal", True, f"{name}{f', {program}' if program else ''}{'' if here else ', output redirected'}"
        )
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            assert stream is not None
            columns, rows = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError, AssertionError):
            continue
        large = columns >= 80 and rows >= 24
        advice = "" if large else "Make the window 80 by 24 or larger; from 40 by 15 on every key is reachable."
        yield Check("size", large, f"{columns} columns, {rows} rows", advice)
        return
    yield Check("size", True, "no terminal here to measure")


def colour(environ: Mapping[str, str], ask: Ask) -> Check:
    """How many colours will be used."""
    name = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return Check("colour", True, "none, as NO_COLOR asks", "unset NO_COLOR brings colours back")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or name.endswith("-direct"):
        return Check("colour", True, "24 bits")
    if "TMUX" in environ:
        advice = "set -as terminal-features ',*:RGB'   (in ~/.tmux.conf; until then: python -m tutor --color truecolor)"
    elif "SSH_CONNECTION" in environ:
        advice = "export COLORTERM=truecolor   (ssh drops it; or: python -m tutor --color truecolor)"
    else:
        advice = "export COLORTERM=truecolor   (if the terminal has 24 bits)"
    if "256" in name:
        return Check("colour", True, "256 colours", advice)
    if name in ("", "dumb"):
        return Check("colour", False, "none", "export TERM=xterm-256color")
    if name == "linux":
        return Check("colour", True, "16 colours, all that the console has")
    return Check("colour", False, "16 colours", "export TERM=xterm-256color")


def characters(environ: Mapping[str, str]) -> Check:
    """Whether α, ² and ● come through."""
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower().replace("_", "-")
    language = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "unset"
    ok = encoding in ("utf-8", "utf8") and ("utf" in language.lower() or language == "unset")
    found = f"{encoding}, locale {language}"
    return Check("utf-8", ok, found, "" if ok else "export LANG=C.UTF-8   (and start tmux as tmux -u)")


def tmux(environ: Mapping[str, str], ask: Ask) -> Iterator[Check]:
    """The settings of tmux that reach through to the tutor."""
    installed = ask("tmux", "-V")
    if "TMUX" not in environ:
        inside = "inside GNU screen, which has 256 colours and no clipboard" if "STY" in environ else "not inside tmux"
        advice = "tmux   (keeps the tutor open when the connection is lost)" if "STY" in environ and installed else ""
        yield Check("tmux", True, inside + (f"; {installed} is installed" if installed else ""), advice)
        return
    version = tuple(int(digits) for digits in re.findall(r"\d+", installed or "")[:2])
    new = version >= (3, 2)
    yield Check("tmux", new, installed or "an unknown version", "" if new else "Install tmux 3.2 or newer.")
    clip = ask("tmux", "show-options", "-sv", "set-clipboard")
    ok = clip in ("on", "external")
    yield Check(
        "tmux-clipboard",
        ok,
        f"set-clipboard {clip or 'unknown'}",
        "" if ok else "set -s set-clipboard on   (in ~/.tmux.conf, then: tmux source ~/.tmux.conf)",
    )
    default = ask("tmux", "show-options", "-gv", "default-terminal") or ask(
        "tmux", "show-options", "-sv", "default-terminal"
    )
    ok = "256" in (default or "") or (default or "").endswith("direct")
    advice = "" if ok else "set -g default-terminal tmux-256color   (in ~/.tmux.conf, then a new window)"
    yield Check("tmux-terminal", ok, f"default-terminal {default or 'unknown'}", advice)
    extended = ask("tmux", "show-options", "-sv", "extended-keys")
    ok = extended in ("on", "always")
    advice = "" if ok else "set -s extended-keys on   (only for Ctrl+Enter; F5 and Ctrl+J work without)"
    yield Check("tmux-keys", True, f"extended-keys {extended or 'unknown'}", advice)


def clipboard(environ: Mapping[str, str], ask: Ask) -> Check:
    """How a copied answer leaves the tutor."""
    if "TMUX" in environ:
        return Check("clipboard", True, "through tmux, to its buffer and on to the terminal")
    if environ.get("TERM", "") in ("linux", "dumb", ""):
        return Check("clipboard", True, f"none here; copies go to {paths.state_folder() / 'copied.txt'}")
    deaf = environ.get("TERM_PROGRAM") == "Apple_Terminal" or "VTE_VERSION" in environ or "STY" in environ
    advice = "Hold Shift (Option on a Mac) and select with the mouse, or use tmux." if deaf else ""
    told = "OSC 52, which this terminal may not take" if deaf else "through the terminal (OSC 52)"
    return Check("clipboard", not deaf, told, advice)


def mouse(environ: Mapping[str, str], ask: Ask) -> Check:
    """Whether clicks arrive; nothing needs them."""
    if "TMUX" in environ:
        setting = ask("tmux", "show-options", "-gv", "mouse")
        ok = setting == "on"
        return Check("mouse", True, f"tmux: mouse {setting or 'unknown'}", "" if ok else "set -g mouse on")
    if environ.get("TERM", "") in ("linux", "dumb", ""):
        return Check("mouse", True, "none here; every key is listed under F1")
    return Check("mouse", True, "yes; Shift selects past it, --no-mouse leaves it to the terminal")


def keys(environ: Mapping[str, str]) -> Check:
    """Which keys arrive everywhere."""
    if environ.get("TERM", "").startswith("screen") and "TMUX" not in environ:
        return Check("keys", True, "Ctrl+A is screen's own; the tutor does not use it")
    return Check("keys", True, "enter, F5 and Ctrl+J check; nothing needs Ctrl+A, Ctrl+B or Shift+Enter")


def ssh(environ: Mapping[str, str]) -> Check:
    """Whether this is another machine's terminal."""
    over = "SSH_CONNECTION" in environ or "SSH_TTY" in environ
    if not over:
        return Check("ssh", True, "no")
    advice = "" if "TMUX" in environ else "tmux new -A -s tutor   (keeps the tutor open when the connection is lost)"
    return Check("ssh", True, "yes: no animations, at most 30 frames a second", advice)


def folders() -> Iterator[Check]:
    """Where things are, and whether they can be written."""
    problems = paths.problems_folder()
    count = len(list(problems.glob("*/*/problem.toml")))
    advice = "" if count else "Install the tutor again; its problems are not where they belong."
    yield Check("content", bool(count), f"{count} problems in {problems}", advice, needed=True)
    state = paths.state_folder()
    for name, folder in (
        ("state", state),
        ("cache", paths.cache_folder()),
        ("configuration", paths.config_file().parent),
    ):
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        advice = "" if ok else "export TUTOR_HOME=~/tutor   (any folder that you may write in)"
        yield Check(name, ok, f"{folder}{'' if ok else ' cannot be written'}", advice, needed=name == "state")
        if name == "state" and ok:
            free = shutil.disk_usage(there).free
            room = free >= ENOUGH_BYTES
            advice = "" if room else "Free some space, or: export TUTOR_HOME=FOLDER on another disk"
            yield Check("space", room, f"{_bytes(free)} free", advice)


def journal(file: Path) -> Check:
    """How progress is written."""
    import sqlite3

    version = f"SQLite {sqlite3.sqlite_version}"
    if not file.exists():
        return Check("progress", True, f"{version}; nothing recorded yet")
    try:
        with file.open("rb") as start:
            head = start.read(20)
        if head[:15] != b"SQLite format 3":
            raise sqlite3.DatabaseError("it is no SQLite file")
        # Byte 18 tells the journal without opening the database beside a running interface.
        mode = "wal" if head[18] == 2 else "rollback journal, as on network folders"
    except (OSError, sqlite3.Error, IndexError) as error:
        return Check("progress", False, f"{file} cannot be read ({error})", f"mv {file} {file}.broken", needed=True)
    return Check("progress", True, f"{version}, {mode}, {_bytes(file.stat().st_size)}")


def gpu(ask: Ask) -> Check:
    """Which GPU there is, without loading torch."""
    listed = ask("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    if listed:
        return Check("gpu", True, "; ".join(listed.splitlines()))
    models = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            models += re.findall(r"Model:\s*(.+)", file.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    if models:
        return Check("gpu", True, "; ".join(models), "nvidia-smi does not answer; install the driver again.")
    if sys.platform == "darwin":
        return Check("gpu", True, "Apple's, through Metal" if os.uname().machine == "arm64" else "none")
    return Check("gpu", True, "none; everything here runs without one")


def data() -> Iterator[Check]:
    """The data sets: where they are, or how to get them. What their files hold is seen when they are loaded."""
    from tutor.training.data.finding import find
    from tutor.training.data.known import KNOWN

    for name, one in KNOWN.items():
        found = find(name)
        if found.complete:
            yield Check("data" if one.embedded else name, True, found.said)
        elif one.embedded:
            yield Check("data", False, found.said, "Install the tutor again; its data set is not where it belongs.")
        else:
            advice = f"python -m tutor.training.data {name}   ({_bytes(found.download_bytes)}; or, where the set is"
            advice += " already: export TUTOR_DATA=FOLDER)"
            yield Check(name, False, f"{found.said} Quick runs need only the embedded one.", advice)


def _bytes(count: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} TB"
