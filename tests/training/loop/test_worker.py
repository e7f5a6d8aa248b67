"""A run's folder, worked on by processes that are killed, stopped, refused, and started again."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
import torch

from tests.training.loop.small import EMBEDDED, curve, events_of, same_weights, work
from tutor.training import checkpoint, worker
from tutor.training.events import Epoch, EventWriter, Failed, Finished, Message, Started, Step, Stopped
from tutor.training.recipe import changed, from_toml, recipe, to_toml


def ran(folder, wanted=lambda: False):
    """Run the worker here; its exit status and its events, which are in the folder too."""
    events = []
    with EventWriter(folder / "events.jsonl") as writer:
        status = worker.run(folder, lambda event: (events.append(event), writer.write(event))[1], wanted)
    return status, events


def saved_when(folder):
    """When the newest checkpoint was written, None before there is one."""
    file = folder / checkpoint.NAME
    return file.stat().st_mtime_ns if file.exists() else None


def killed_until_done(processes, folder, chance, kills):
    """Start it, kill it a random time after it has saved, start it again; the last one is left in peace."""
    for _ in range(kills):
        child, before = processes.Process(target=work, args=(folder, 0.05)), saved_when(folder)
        child.start()
        while child.is_alive() and saved_when(folder) in (before, None):
            child.join(0.002)
        child.join(0.15 * chance.random())
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
        child.join()
    child = processes.Process(target=work, args=(folder, 0.05))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.parametrize(("model", "seed", "kills"), [("mlp", 1, 4), ("resnet-8", 2, 2)])
def test_killed_at_random_places_it_ends_as_if_nothing_had_been(folder, processes, model, seed, kills):
    """Weights, optimizer, curve and epochs are those of the run that nobody touched, bit for bit."""
    settings = {"model": model, "stem_stride": 2, "width": 4, "batch": 8 if model == "mlp" else 20}
    if model == "mlp":
        settings["precision"] = "bfloat16"
    whole, torn = folder(EMBEDDED, "whole", **settings), folder(EMBEDDED, "torn", **settings)
    ran(whole)
    assert killed_until_done(processes, torn, random.Random(seed), kills) == 0
    expected, _ = checkpoint.load(whole)
    found, _ = checkpoint.load(torn)
    assert same_weights(expected["model"], found["model"])
    for one, other in zip(expected["optimizer"]["state"].values(), found["optimizer"]["state"].values(), strict=True):
        assert same_weights(one, other)
    assert curve(events_of(torn)) == curve(events_of(whole))
    starts = [event.step for event in events_of(torn) if isinstance(event, Started)]
    assert len(starts) == kills + 1
    assert any(0 < step < len(curve(events_of(whole))) for step in starts)
    assert epochs_of(torn) == epochs_of(whole)


def epochs_of(folder):
    """What each epoch came to."""
    return {
        event.epoch: (event.train_loss, event.train_accuracy, event.validation_loss, event.validation_accuracy)
        for event in events_of(folder)
        if isinstance(event, Epoch)
    }


def test_stopped_it_keeps_what_it_has_and_goes_on_to_the_same_end(folder, processes):
    whole, halved = folder(EMBEDDED, "whole"), folder(EMBEDDED, "halved")
    ran(whole)
    child = processes.Process(target=work, args=(halved,))
    child.start()
    while not (halved / "events.jsonl").exists() or not any(isinstance(each, Step) for each in events_of(halved)):
        time.sleep(0.005)
    child.terminate()
    child.join()
    stopped = events_of(halved)[-1]
    assert child.exitcode == 0
    assert isinstance(stopped, Stopped)
    assert 0 < stopped.step == len(curve(events_of(halved)))
    status, events = ran(halved)
    assert status == 0
    assert (events[0].step, events[-1].type) == (stopped.step, "finished")
    assert same_weights(checkpoint.load(whole)[0]["model"], checkpoint.load(halved)[0]["model"])


@pytest.mark.parametrize("at", [0, 1, 29, 30, 31, 59])
def test_stopped_at_any_step_it_ends_the_same(folder, at, uninterrupted):
    made = folder(EMBEDDED)
    asked = []
    status, events = ran(made, wanted=lambda: asked.append(1) or len(asked) > at)
    assert status == 0
    assert isinstance(events[-1], Stopped)
    assert ran(made)[0] == 0
    assert same_weights(checkpoint.load(made)[0]["model"], uninterrupted)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    made = tmp_path_factory.mktemp("uninterrupted")
    (made / "recipe.toml").write_text(to_toml(EMBEDDED))
    torch.set_num_threads(1)
    assert ran(made)[0] == 0
    return checkpoint.load(made)[0]["model"]


def test_a_finished_run_is_finished_again_at_once(folder):
    made = folder(EMBEDDED, epochs=1)
    first = ran(made)[1][-1]
    status, events = ran(made)
    assert (status, [event.type for event in events]) == (0, ["started", "finished"])
    assert (events[-1].step, events[-1].best_accuracy) == (first.step, first.best_accuracy)
    assert events[-1].seconds == pytest.approx(first.seconds, abs=0.5)


def test_a_damaged_checkpoint_is_told_and_the_one_before_taken(folder):
    made = folder(EMBEDDED)
    assert ran(made)[0] == 0
    file = made / checkpoint.NAME
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    status, events = ran(made)
    assert status == 0
    assert [event.text for event in events if isinstance(event, Message)] == [
        "checkpoint.pt is damaged; the run goes on from the one before."
    ]
    assert next(event for event in events if isinstance(event, Started)).step == 30


def test_another_recipe_is_refused_with_the_difference(folder):
    made = folder(EMBEDDED, epochs=1)
    ran(made)
    other = changed(from_toml((made / "recipe.toml").read_text()), {"epochs": "3", "noise": "0.5"})
    (made / "recipe.toml").write_text(to_toml(other))
    status, (failed,) = ran(made)
    assert status == 1
    assert isinstance(failed, Failed)
    assert "noise 0.5 instead of 1, epochs 3 instead of 1" in failed.reason
    assert failed.advice == "Start a new run for that."


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(lambda text: "", "format"), (lambda text: text.replace("batch = 20", "batch = 0"), "batch cannot be"),
     (lambda text: text.replace('device = "cpu"', 'device = "cuda:99"'), "this machine"),
     (lambda text: text.replace("canvas = 28", "canvas = 99999"), "canvas")],
)  # fmt: skip
def test_a_recipe_that_cannot_run_is_a_failure_in_words(folder, spoil, told):
    made = folder(EMBEDDED)
    (made / "recipe.toml").write_text(spoil((made / "recipe.toml").read_text()))
    status, (failed,) = ran(made)
    assert (status, failed.type) == (1, "failed")
    assert told in failed.reason
    assert failed.advice
    assert (failed.reason[-1], failed.advice[-1]) == (".", ".")


def test_data_that_is_not_there_is_a_failure_with_the_way_out(folder, tmp_path, monkeypatch):
    from tutor.training.data.sets import DataError

    def load(name):
        raise DataError(f"There is no {name} on this machine. Fetch it, or go on with data=fashion-mini.", name)

    monkeypatch.setattr("tutor.training.worker.resident", lambda recipe, machine: load(recipe.data))
    status, (failed,) = ran(folder(EMBEDDED, data="mnist"))
    assert status == 1
    assert failed.reason == "There is no mnist on this machine."
    assert failed.advice.startswith("Fetch it")


def test_too_little_memory_says_what_to_change(folder, monkeypatch):
    def forward(self, x):
        return torch.empty(10**16)

    monkeypatch.setattr(torch.nn.Sequential, "forward", forward)
    status, events = ran(folder(EMBEDDED))
    assert status == 1
    assert events[-1].reason == "The machine's memory is not enough for this training."
    assert "batch=10 in place of 20" in events[-1].advice


def test_a_loss_that_is_no_number_is_a_failure_with_its_step(folder):
    made = folder(EMBEDDED, learning_rate=100.0, weight_decay=100.0)
    status, events = ran(made)
    assert status == 1
    assert "not a number at step" in events[-1].reason
    assert "learning_rate=10" in events[-1].advice
    # Resumed, it would only be no number again.
    assert checkpoint.load(made) == (None, "")


def test_no_space_for_a_checkpoint_pauses_the_run(folder, monkeypatch):
    made, real, count = folder(EMBEDDED), checkpoint._write, []

    def write(file, data):
        if file.name.startswith(checkpoint.NAME + ".writing"):
            count.append(1)
        if len(count) == 2:
            with open(file, "wb") as opened:
                opened.write(data[:1000])
            raise OSError(28, "No space left on device")
        real(file, data)

    monkeypatch.setattr(checkpoint, "_write", write)
    status, events = ran(made)
    assert status == 0
    assert isinstance(events[-1], Stopped)
    assert "No space left on device" in events[-1].reason
    assert "then resume" in events[-1].reason
    assert not list(made.glob("*.writing"))
    monkeypatch.undo()
    status, events = ran(made)
    assert events[0].step == 30
    assert isinstance(events[-1], Finished)


def test_no_space_for_an_event_ends_without_a_traceback(folder, capsys):
    def emit(event):
        if isinstance(event, Step):
            raise OSError(28, "No space left on device")

    assert worker.run(folder(EMBEDDED), emit, lambda: False) == 0
    assert "make some space" in capsys.readouterr().err


def test_the_module_runs_a_folder(folder):
    """As the supervisor starts it, also when it is told to stop while torch is still loading."""
    import subprocess
    import sys

    made = folder(EMBEDDED)
    process = subprocess.Popen([sys.executable, "-m", "tutor.training", str(made)])
    time.sleep(0.3)
    process.terminate()
    assert process.wait(60) == 0
    (stopped,) = events_of(made)
    assert (stopped.type, stopped.step) == ("stopped", 0)


def test_recipes_of_both_scales_are_prepared(folder):
    """Every recipe that is listed begins and can be stopped."""
    for name in ("cnn-scrambled", "plain20"):
        one = changed(recipe(name, "quick"), {"images": "64", "threads": "1", "epochs": "1"})
        asked = []
        status, events = ran(folder(one, name), wanted=lambda asked=asked: asked.append(1) or len(asked) > 2)
        assert status == 0
        assert [event.type for event in events][-1] == "stopped"
