"""Two processes with half a batch each draw the curve of one process with the whole batch."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from tests.training.loop.small import EMBEDDED, among, curve, events_of
from tutor.training import checkpoint, worker
from tutor.training.events import Epoch, Finished, Started, Stopped
from tutor.training.recipe import to_toml


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def together(processes, recipe, folder, size=2, stop_after=0):
    """Train a recipe in several processes; their exit codes."""
    port = free_port()
    children = [
        processes.Process(target=among, args=(rank, size, port, to_toml(recipe), folder, stop_after))
        for rank in range(size)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    return [child.exitcode for child in children]


def alone(recipe, folder):
    folder.mkdir()
    (folder / "recipe.toml").write_text(to_toml(recipe))
    events = []
    assert worker.run(folder, events.append, lambda: False) == 0
    return events


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_two_processes_draw_the_curve_of_one(tmp_path, processes, model):
    # 600 images in batches of 57: the last one has fewer, and no batch is of an even number for both.
    one = replace(EMBEDDED, model=model, stem_stride=2, batch=57, images=171 if model == "cnn" else 601)
    expected = alone(one, tmp_path / "one")
    assert together(processes, one, tmp_path / "two") == [0, 0]
    events = events_of(tmp_path / "two")
    found = curve(events)
    assert [event.processes for event in events if isinstance(event, Started)] == [2]
    assert len([event for event in events if isinstance(event, Finished)]) == 1
    for index, tolerance in ((0, 1e-3), (1, 1e-2), (2, 1e-5)):
        assert [row[index] for row in found] == pytest.approx([row[index] for row in curve(expected)], rel=tolerance)
    ours, theirs = (
        [event.validation_loss for event in some if isinstance(event, Epoch)] for some in (expected, events)
    )
    assert theirs == pytest.approx(ours, rel=1e-2)


def test_a_batch_with_fewer_images_than_processes_is_still_trained(tmp_path, processes):
    one = replace(EMBEDDED, images=41, batch=20, epochs=1)
    expected = alone(one, tmp_path / "one")
    assert together(processes, one, tmp_path / "two") == [0, 0]
    assert [loss for loss, _, _ in curve(events_of(tmp_path / "two"))] == pytest.approx(
        [loss for loss, _, _ in curve(expected)], rel=1e-3
    )


def test_they_stop_after_the_same_step_and_go_on_together(tmp_path, processes):
    assert together(processes, EMBEDDED, tmp_path / "two", stop_after=5) == [0, 0]
    stopped = events_of(tmp_path / "two")[-1]
    assert isinstance(stopped, Stopped)
    assert stopped.step == 16
    assert checkpoint.load(tmp_path / "two")[0]["place"]["step"] == stopped.step
    assert together(processes, EMBEDDED, tmp_path / "two") == [0, 0]
    events = events_of(tmp_path / "two")
    assert [event.step for event in events if isinstance(event, Started)] == [0, stopped.step]
    assert len(curve(events)) == 60


def test_the_learners_model_reaches_every_process(tmp_path, processes):
    one = replace(EMBEDDED, source="mine", images=120, epochs=1)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "source.py").write_text(
        "from torch import nn\ndef get_mlp(image_size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(image_size**2, 10))\n"
    )
    assert together(processes, one, tmp_path / "two") == [0, 0]
    assert events_of(tmp_path / "two")[0].parameters == 7850


def test_batch_norm_runs_in_several_processes(tmp_path, processes):
    one = replace(EMBEDDED, model="resnet-8", stem_stride=2, width=4, images=120, epochs=1)
    assert together(processes, one, tmp_path / "two") == [0, 0]
    assert len(curve(events_of(tmp_path / "two"))) == 6
