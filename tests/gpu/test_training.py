"""Training on a GPU: as published, in minutes; one curve a seed; resumed to the bit; nothing waits for the host."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import pytest
import torch

from tests.training.loop.small import curve, events_of, same_weights
from tests.training.loop.test_own import LOOP, MLP
from tutor.training import checkpoint, models, own, worker
from tutor.training.batches import resident
from tutor.training.data.finding import find
from tutor.training.describing import describe, trial
from tutor.training.events import Epoch, EventWriter, Failed, Started, Stopped
from tutor.training.loop import Training, train_epoch
from tutor.training.machine import machine_for
from tutor.training.recipe import default_scale, recipe, to_toml
from tutor.training.starting import gpu_here
from tutor.training.stepping import ReplayedStep

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(900)]

PUBLISHED = {
    "mlp-centred": (93.55, 1.0),
    "mlp-shifted": (57.38, 2.5),
    "mlp-scrambled": (93.63, 1.0),
    "cnn-centred": (95.93, 1.2),
    "cnn-shifted": (95.65, 1.2),
    "cnn-scrambled": (69.31, 4.0),
    "resnet20": (92.77, 1.0),
}
"""Validation accuracy in per cent that is published, and how far from it a run of another seed may be."""
MINUTES = 5
QUICK = {name: replace(recipe(name, "quick"), device="cuda") for name in ("mlp-shifted", "cnn-shifted", "resnet20")}


def folder_of(path, one):
    path.mkdir()
    (path / "recipe.toml").write_text(to_toml(one))
    return path


def ran(folder, wanted=lambda: False):
    with EventWriter(folder / "events.jsonl") as writer:
        status = worker.run(folder, writer.write, wanted)
    return status, events_of(folder)


def model_of(one):
    torch.manual_seed(one.seed)
    return models.build_of(one)


def trained(one, records=True, model=None):
    """A training to its end; with `records` false its steps are never recorded."""
    machine = machine_for(one)
    training = Training(one, machine, resident(one, machine), model or model_of(one), emit=lambda event: None)
    training.step.recordable = records
    training.run()
    return training


def test_the_full_scale_is_the_usual_one():
    assert default_scale(gpu_here()) == "full"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_full_run_comes_to_what_is_published_in_minutes(tmp_path, name):
    one = recipe(name, "full")
    assert find(one.data).complete, f"{one.data} is needed: set TUTOR_DATA, or tutor train {name} --download"
    began = time.monotonic()
    status, events = ran(folder_of(tmp_path / "run", one))
    seconds = time.monotonic() - began
    last = [event for event in events if isinstance(event, Epoch)][-1]
    published, spread = PUBLISHED[name]
    print(f"{name:<14} {100 * last.validation_accuracy:5.2f} % (published {published}), {seconds:.0f} s")
    assert status == 0
    assert "cuda" in next(event for event in events if isinstance(event, Started)).device
    assert 100 * last.validation_accuracy == pytest.approx(published, abs=spread)
    assert seconds < 60 * MINUTES


@pytest.mark.parametrize("name", QUICK)
def test_one_seed_draws_one_curve(tmp_path, name):
    one = replace(QUICK[name], epochs=1)
    first, second = (curve(ran(folder_of(tmp_path / each, one))[1]) for each in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("name", QUICK)
def test_resumed_it_ends_as_if_nothing_had_been(tmp_path, name):
    one = replace(QUICK[name], epochs=1)
    whole, torn = folder_of(tmp_path / "whole", one), folder_of(tmp_path / "torn", one)
    ran(whole)
    asked: list[int] = []
    _, events = ran(torn, lambda: asked.append(1) or len(asked) > 40)
    assert isinstance(events[-1], Stopped)
    ran(torn)
    (expected, _), (found, _) = checkpoint.load(whole), checkpoint.load(torn)
    assert same_weights(expected["model"], found["model"])
    assert curve(events_of(torn)) == curve(events_of(whole))


@pytest.mark.parametrize("name", QUICK)
def test_nothing_in_an_epoch_waits_for_the_device(name):
    """PyTorch itself raises where a step would wait."""
    one = replace(QUICK[name], images=60 * QUICK[name].batch)
    machine = machine_for(one)
    training = Training(one, machine, resident(one, machine), model_of(one), emit=lambda event: None, save_every=1e9)
    train_epoch(training)
    training.at.batch = 0
    machine.wait()
    try:
        torch.cuda.set_sync_debug_mode("error")
        train_epoch(training)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert training.at.step == 120


@pytest.mark.parametrize("name", QUICK)
def test_a_step_that_is_replayed_gives_what_it_gave_before_it_was_recorded(name):
    recorded, eager = (trained(replace(QUICK[name], images=3000, epochs=1), records) for records in (True, False))
    assert isinstance(recorded.step, ReplayedStep)
    assert recorded.step.recorded
    assert not eager.step.recorded
    assert same_weights(recorded.model.state_dict(), eager.model.state_dict())


class Waiting(torch.nn.Module):
    """A network that asks the device for a number, which no recording can hold."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        scores = self.model(images)
        return scores if scores.detach().sum().item() < 1e30 else 2 * scores


def test_a_step_that_cannot_be_recorded_runs_all_the_same(capsys):
    one = replace(QUICK["mlp-shifted"], images=3000, epochs=2)
    expected, found = trained(one), trained(one, model=Waiting(model_of(one)))
    assert expected.step.recorded
    assert not found.step.recorded
    assert same_weights(found.model.model.state_dict(), expected.model.state_dict())
    assert capsys.readouterr().err.count("could not be recorded as a CUDA graph") == 1


@pytest.mark.parametrize("name", ["mlp-shifted", "cnn-shifted", "resnet20"])
def test_a_trial_foretells_how_long_a_run_takes(tmp_path, name):
    one = recipe(name, "full")
    machine = machine_for(one)
    foretold = trial(one, machine, model_of(one), describe(one))
    _, events = ran(folder_of(tmp_path / "run", one))
    taken = events[-1].seconds
    print(f"{name:<14} {foretold.seconds:.1f} s foretold, {taken:.1f} s taken")
    assert 0.5 < foretold.seconds / taken < 2


@pytest.mark.parametrize("mine", ["source", "loop"])
def test_what_a_learner_wrote_trains_as_ours_does(tmp_path, mine):
    """Theirs is run operation by operation; a rate held in double precision makes a difference in the last places."""
    one = replace(QUICK["mlp-shifted"], epochs=1, precision="float32")
    _, ours = ran(folder_of(tmp_path / "ours", one))
    theirs = folder_of(tmp_path / "theirs", replace(one, **{mine: "mine"}))
    (theirs / own.MODEL_FILE).write_text(MLP)
    (theirs / own.LOOP_FILE).write_text(LOOP)
    status, events = ran(theirs)
    assert status == 0
    (expected, found) = ([loss for loss, _, _ in curve(each)[:50]] for each in (ours, events))
    assert found == pytest.approx(expected, rel=1e-2)


def test_nothing_is_computed_in_another_order_each_time():
    """PyTorch warns where an operation has no deterministic implementation."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*deterministic.*")
        for one in QUICK.values():
            small = replace(one, images=4 * one.batch)
            machine = machine_for(small)
            train_epoch(Training(small, machine, resident(small, machine), model_of(one), emit=lambda event: None))


def test_memory_that_is_not_enough_is_told_with_what_to_change(tmp_path):
    """A network that no GPU of today holds a batch of."""
    one = replace(QUICK["resnet20"], width=1024, batch=4096, canvas=128, stem_stride=1)
    status, events = ran(folder_of(tmp_path / "run", one))
    assert status == worker.FAILED
    assert isinstance(events[-1], Failed)
    assert events[-1].reason == "The GPU's memory is not enough for this training."
    assert "batch=2048" in events[-1].advice


def test_torchrun_trains_on_every_gpu_there_is(tmp_path):
    count = torch.cuda.device_count()
    words = ["--standalone", f"--nproc-per-node={count}", "-m", "tutor", "train", "cnn-shifted", "--scale=quick"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words, "--set", "epochs=1", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TUTOR_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert f'"processes":{count}' in done.stdout.replace(" ", "")
    assert '"finished"' in done.stdout
