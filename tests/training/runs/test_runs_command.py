"""`runs` as a shell sees it: what the list says of each run; and what is refused before a run is begun."""

import os

import pytest

from tests.training.runs.conftest import until
from tests.training.runs.test_train_command import TRAIN, shell, the_run
from tutor.training import folder as files
from tutor.training import runs, starting
from tutor.training.events import Epoch, EventWriter, Stopped


def test_the_list_says_how_far_a_run_came_and_the_accuracy_that_the_interface_says():
    shell("runs", *TRAIN, "--detach")
    run = until(the_run(), lambda now: now.step > 3)
    shell("runs", "runs", "stop", run.id)
    step = runs.load(run.path).step
    with EventWriter(run.path / files.EVENTS) as writer:
        for epoch, accuracy in ((1, 0.722), (2, 0.72)):
            writer.write(Epoch(2.0, epoch, step, 0.5, 0.8, 0.6, accuracy, 1.0))
        writer.write(Stopped(3.0, step, 1, "Stopped as asked; resume it whenever you like."))
    assert f"   stopped   step {step:,} of 5,000   val 72.2 %   " in shell("runs", "runs").stdout
    shown = shell("runs", "runs", "show", run.id).stdout
    assert f"Stopped at step {step}, as asked; tutor train --resume {run.id}" in shown


def test_what_is_asked_without_a_run_names_the_program():
    assert "for example: tutor train mlp-shifted" in shell("runs", "runs").stdout
    assert "for example: tutor train cnn-shifted" in shell("runs", "train").stderr


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_begun():
    if starting.gpu_here() or any(os.path.exists(each) for each in starting.OTHER_GPUS):
        pytest.skip("there is a GPU")
    done = shell("finishes", *TRAIN, "--set", "device=cuda", "--set", "data=mnist")
    assert done.returncode == 2
    assert "device=cuda cannot be had" in done.stderr
    assert done.stderr.count("\n") == 1
    assert runs.list_runs() == []
