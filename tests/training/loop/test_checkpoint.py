"""A checkpoint is whole or is not used, and there is always a whole one."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.loop.small import limited, saving, state
from tutor.training import checkpoint
from tutor.training.checkpoint import NAME, PREVIOUS, CheckpointError, load, save


def number_in(folder):
    found, said = load(folder)
    return (found["number"], said) if found else (None, said)


def number_noted(folder):
    """What a process that saves has said it did last; 0 before."""
    file = folder.with_suffix(".number")
    return int(file.read_text() or 0) if file.exists() else 0


def left(folder):
    return sorted(file.name for file in folder.iterdir())


def test_nothing_saved_is_nothing_loaded(tmp_path):
    assert load(tmp_path) == (None, "")


def test_the_newest_is_loaded_and_the_one_before_kept(tmp_path):
    for number in (1, 2, 3):
        save(tmp_path, state(number))
    assert number_in(tmp_path) == (3, "")
    assert left(tmp_path) == [PREVIOUS, f"{PREVIOUS}.sha256", NAME, f"{NAME}.sha256"]
    assert subprocess.run(["sha256sum", "-c", "--quiet", f"{NAME}.sha256"], cwd=tmp_path, check=False).returncode == 0


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.999])
def test_a_flipped_bit_is_seen_and_the_one_before_is_used(tmp_path, place):
    save(tmp_path, state(1))
    save(tmp_path, state(2))
    flip(tmp_path / NAME, place)
    number, said = number_in(tmp_path)
    assert number == 1
    assert said == f"{NAME} is damaged; the run goes on from the one before."
    # The damaged one never takes the place of the one that is whole.
    save(tmp_path, state(3))
    assert number_in(tmp_path) == (3, "")
    flip(tmp_path / NAME, place)
    assert number_in(tmp_path)[0] == 1


def flip(file, place):
    data = bytearray(file.read_bytes())
    data[int(place * len(data))] ^= 4
    file.write_bytes(data)


def test_both_damaged_is_a_sentence(tmp_path):
    save(tmp_path, state(1))
    save(tmp_path, state(2))
    flip(tmp_path / NAME, 0.5)
    (tmp_path / PREVIOUS).write_bytes(b"")
    with pytest.raises(CheckpointError, match="start it again"):
        load(tmp_path)


def test_what_is_no_checkpoint_is_never_unpickled(tmp_path):
    """Its SHA-256 fits, and still nothing in it is run."""
    data = b"cos\nsystem\n(S'touch " + str(tmp_path / "run").encode() + b"'\ntR."
    (tmp_path / NAME).write_bytes(data)
    (tmp_path / f"{NAME}.sha256").write_text(hashlib.sha256(data).hexdigest())
    with pytest.raises(CheckpointError):
        load(tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("stop", range(14))
def test_killed_between_any_two_steps_of_a_save_leaves_a_whole_one(tmp_path, stop, monkeypatch):
    """Every file operation of a save in turn is the last one."""
    save(tmp_path, state(1))
    save(tmp_path, state(2))
    done = []

    class Killed(BaseException):
        pass

    def counted(real):
        def call(*arguments, **named):
            if len(done) == stop:
                raise Killed
            done.append(real)
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", counted(os.fsync))
        patched.setattr(Path, "replace", counted(Path.replace))
        patched.setattr(checkpoint, "_write", counted(checkpoint._write))
        try:
            save(tmp_path, state(3))
            finished = True
        except Killed:
            finished = False
    assert number_in(tmp_path)[0] in ((3,) if finished else (2, 3))
    assert not [name for name in left(tmp_path) if name.endswith(".writing")]
    save(tmp_path, state(4))
    assert number_in(tmp_path) == (4, "")


def test_killed_while_it_writes_the_one_before_loads(tmp_path, processes):
    chance, last = random.Random(5), 0
    for _ in range(8):
        child = processes.Process(target=saving, args=(str(tmp_path), last))
        child.start()
        while number_noted(tmp_path) <= last and child.is_alive():
            child.join(0.005)
        child.join(0.06 * chance.random())
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        number, _ = number_in(tmp_path)
        assert number >= last
        last = number
        assert not [name for name in left(tmp_path) if name.endswith(".writing")]
    assert last >= 8


def test_no_space_is_a_sentence_and_the_one_before_is_intact(tmp_path, processes):
    save(tmp_path, state(1))
    child = processes.Process(target=limited, args=(str(tmp_path), 20_000))
    child.start()
    child.join()
    assert "could not be written" in (tmp_path / "said").read_text()
    assert number_in(tmp_path) == (1, "")
    assert left(tmp_path) == [NAME, f"{NAME}.sha256", "said"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_every_generator_goes_on_where_it_was(seed, drawn):
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    random.seed(seed)

    def draw():
        return torch.randn(3).tolist(), numpy.random.standard_normal(3).tolist(), random.gauss(0, 1), random.random()

    for _ in range(drawn):
        draw()
    kept = checkpoint.generators()
    expected = [draw(), draw()]
    checkpoint.restore_generators(kept)
    assert [draw(), draw()] == expected
