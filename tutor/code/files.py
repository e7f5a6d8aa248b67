"""The learner's files: where they are, the starters, the checks of a part, and every version that was checked."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tutor import paths
from tutor.content.model import Part


def folder() -> Path:
    """The learner's folder: `TUTOR_HOME/code`, else `~/tutor`. Not created here."""
    base = paths.home()
    return base / "code" if base is not None else Path.home() / "tutor"


def name_of(part: Part) -> str:
    """The file's name: `residual_block.py` for residual-block."""
    return f"{part.id.replace('-', '_')}.py"


def own_file(part: Part) -> Path:
    """Where the learner's file of a part is."""
    return folder() / name_of(part)


def starter(part: Part) -> Path:
    """The file a learner begins with, as it was shipped."""
    return paths.problems_folder() / part.set_id / part.problem_id / "code" / name_of(part)


def checks(part: Part) -> Path:
    """The checks of a part."""
    return starter(part).with_name(f"{part.id.replace('-', '_')}_checks.py")


def begin(part: Part) -> tuple[Path, bool]:
    """The learner's file of a part, written from the starter where there is none; whether it was. Raises OSError."""
    file = own_file(part)
    if file.exists():
        return file, False
    write(file, starter(part).read_text(encoding="utf-8"))
    return file, True


def write(file: Path, text: str) -> None:
    """Write beside and rename, so that no moment has half a file. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _versions(part: Part) -> Path:
    return paths.state_folder() / "code" / f"{part.problem_id}-{part.id}"


def versions(part: Part) -> tuple[Path, ...]:
    """The versions that were checked, oldest first."""
    return tuple(sorted(_versions(part).glob("*.py")))


def keep_version(part: Part, text: str) -> None:
    """Keep a checked version, unless it is the one kept last. Raises OSError."""
    kept = versions(part)
    if kept and kept[-1].read_text(encoding="utf-8") == text:
        return
    number = int(kept[-1].name.split("-")[0]) + 1 if kept else 1
    write(_versions(part) / f"{number:05d}-{time.strftime('%Y%m%d-%H%M%S')}.py", text)
