"""Events: written in one piece, followed as they come, and a whole course as arrays."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import within
from tutor.training.events import (
    Epoch,
    EventWriter,
    Example,
    Examples,
    Failed,
    Finished,
    Follower,
    Message,
    Started,
    Step,
    Stopped,
    from_line,
    read_events,
    to_line,
)
from tutor.training.history import History
from tutor.training.summary import Summary

STARTED = Started(1.0, "cpu", "2.8", 1, 1000, 100, 10, 5, 1000)
IMAGE = Example("3", "5", 0.9, 2.5, ((0, 255), (17, 3)))
EVENTS = [
    STARTED,
    Step(1.8e9, 2, 1, 0.5, 0.25, 1e-3, 4e4, (0.75, 0.5), (0.125, 0.25), (2e-3, 1e-3)),
    Epoch(2.0, 1, 2, 0.5, 0.25, None, 0.75, 3.5),
    Examples(3.0, 1, (IMAGE,), (IMAGE, IMAGE)),
    Message(4.0, "Half of it: ½."),
    Finished(5.0, 2, 1, 0.75, 4.0),
    Stopped(6.0, 2, 1, "asked"),
    Failed(7.0, 2, 1, "no memory", "smaller batch"),
]


def step(number, *losses):
    """An event of the steps up to `number`."""
    same = tuple(0.5 for _ in losses)
    return Step(1.0, number, 1, losses[-1], 0.5, 0.5, 100.0, losses, same, same)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_comes_back_as_it_was(event):
    assert from_line(to_line(event)) == event


def test_what_is_no_number_is_null_in_strict_json():
    line = to_line(step(2, math.nan, math.inf))
    values = json.loads(line, parse_constant=pytest.fail)
    assert values["losses"] == [None, None]
    assert values["loss"] is None


def test_a_follower_gives_each_event_once_and_waits_for_the_end_of_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    follower = Follower(path)
    assert follower.new() == []
    line = to_line(EVENTS[1])
    path.write_bytes(to_line(EVENTS[0]) + line[:30])
    assert follower.new() == [EVENTS[0]]
    assert follower.new() == []
    with open(path, "ab") as file:
        file.write(line[30:])
    assert follower.new() == [EVENTS[1]]
    assert follower.complaints == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_however_a_file_grows_followers_and_histories_see_the_same(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("grown") / "events.jsonl"
    number, written = 0, []
    for _ in range(data.draw(st.integers(1, 12))):
        losses = data.draw(st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=4))
        number += len(losses)
        written.append(step(number, *losses))
        written += data.draw(st.sampled_from([[], [EVENTS[4]], [replace(EVENTS[2], step=number)]]))
    text = b"".join(map(to_line, written))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    follower, history, seen = Follower(path), History(path), []
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        with open(path, "ab") as file:
            file.write(text[begin:end])
        seen += follower.new()
        history.update(data.draw(st.sampled_from([None, 1, 300])))
    while history.update():
        pass
    assert seen == [from_line(to_line(event)) for event in written] == read_events(path)[0]
    steps = [event for event in seen if isinstance(event, Step)]
    np.testing.assert_array_equal(history.step, np.arange(1, number + 1))
    wanted = np.array([loss for event in steps for loss in event.losses], float)
    np.testing.assert_allclose(history.loss, wanted.astype(np.float32), rtol=2e-6)
    assert history.messages == [event for event in seen if isinstance(event, Message)]
    assert not history.complaints


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
@settings(deadline=None)
def test_the_quick_way_and_json_read_the_same_numbers(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("numbers") / "events.jsonl"
    path.write_bytes(to_line(step(len(values), *values)))
    history = History(path)
    history.update()
    told = json.loads(path.read_bytes())["losses"]
    np.testing.assert_array_equal(history.loss, np.array(told).astype(np.float32))
    np.testing.assert_allclose(history.loss, values, rtol=1e-5, atol=1e-40)


def test_not_a_number_is_a_gap(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(to_line(step(3, 1.0, math.nan, 0.5)))
    history = History(path)
    assert history.update()
    np.testing.assert_array_equal(history.loss, [1.0, np.nan, 0.5])
    assert not history.update()


def test_steps_that_were_written_otherwise_are_read_too(tmp_path):
    path = tmp_path / "events.jsonl"
    pretty = {"type": "step", "step": 2, "time": 1, "epoch": 1, "loss": -0.5, "accuracy": 1, "lr": 1, "new": [1]}
    other = pretty | {"images_per_second": 3, "step": 3, "losses": [], "accuracies": [], "learning_rates": []}
    one = json.dumps(pretty | {"images_per_second": 3}).encode()
    path.write_bytes(to_line(step(1, 1e120)) + one + b"\n" + json.dumps(other).encode() + b"\n")
    history = History(path)
    history.update()
    np.testing.assert_array_equal(history.step, [1, 2, 3])
    np.testing.assert_array_equal(history.loss[1:], [-0.5, -0.5])
    assert not history.complaints


@pytest.mark.parametrize("cut", [3, 20, 100, 116, 130, 150, 165, 190, 210, 223])
def test_a_damaged_line_of_steps_costs_itself_alone(tmp_path, cut):
    path = tmp_path / "events.jsonl"
    lines = [to_line(step(2 * number, 0.5, 0.25)) for number in range(1, 6)]
    assert len(lines[2]) == 225
    path.write_bytes(b"".join([*lines[:2], lines[2][:cut] + b"\n", *lines[3:]]))
    history = History(path)
    history.update()
    np.testing.assert_array_equal(history.step, [1, 2, 3, 4, 7, 8, 9, 10])
    np.testing.assert_array_equal(history.loss, [0.5, 0.25] * 4)
    assert len(history.complaints) == 1


def test_what_is_told_again_after_a_resumption_stands_once(tmp_path):
    path = tmp_path / "events.jsonl"
    again = replace(STARTED, step=2, epoch=0)
    told = [STARTED, step(3, 3.0, 2.0, 1.0), replace(EVENTS[2], step=3), Stopped(1.0, 3, 1, "killed")]
    path.write_bytes(b"".join(map(to_line, [*told, again, step(4, 1.5, 0.5), replace(EVENTS[2], step=3)])))
    history = History(path)
    history.update()
    np.testing.assert_array_equal(history.step, [1, 2, 3, 4])
    np.testing.assert_array_equal(history.loss, [3.0, 2.0, 1.5, 0.5])
    assert len(history.epochs) == 1
    assert history.started == again
    assert history.last is None


def test_an_epoch_that_is_validated_again_stands_once(tmp_path):
    path = tmp_path / "events.jsonl"
    epoch = replace(EVENTS[2], step=3)
    events = [STARTED, step(3, 3.0, 2.0, 1.0), epoch, replace(STARTED, step=3), replace(epoch, seconds=9.0)]
    path.write_bytes(b"".join(map(to_line, events)))
    history = History(path)
    history.update()
    assert [each.seconds for each in history.epochs] == [9.0]


def test_a_view_handed_out_before_keeps_what_it_showed(tmp_path):
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        history = History(path)
        writer.write(step(2, 2.0, 1.0))
        history.update()
        before = history.loss
        for event in (replace(STARTED, step=1), step(3, 7.0, 6.0)):
            writer.write(event)
        history.update()
    np.testing.assert_array_equal(before, [2.0, 1.0])
    np.testing.assert_array_equal(history.loss, [2.0, 7.0, 6.0])


def test_a_summary_agrees_with_the_events_and_reads_on(tmp_path):
    path = tmp_path / "events.jsonl"
    summary = Summary(path)
    with EventWriter(path) as writer:
        for event in (STARTED, step(3, 3.0, 2.0, 1.0)):
            writer.write(event)
        assert (summary.update().step, summary.last) == (3, None)
        for number, accuracy in enumerate((0.5, 0.75, 0.625), 1):
            writer.write(replace(EVENTS[2], epoch=number, step=10 * number, validation_accuracy=accuracy))
        before = path.stat().st_size
        writer.write(EVENTS[5])
        summary.update()
        assert (summary.best_accuracy, summary.validated.validation_accuracy) == (0.75, 0.625)
        assert (summary.last, summary.last_at) == (EVENTS[5], before)
        writer.write(replace(STARTED, step=20))
        assert summary.update().last is None
        assert (summary.step, summary.started_at > before) == (20, True)


def test_a_run_of_a_million_steps_is_read_in_a_fraction_of_a_second(tmp_path):
    path = tmp_path / "events.jsonl"
    losses = tuple(2.3 / math.sqrt(each) for each in range(1, 21))
    head, tail = to_line(Step(1.0, 20, 1, losses[-1], 0.5, 1e-3, 4e4, losses, losses, losses)).split(b'"step":20,')
    lines = [b'%s"step":%d,%s' % (head, last, tail) for last in range(20, 1_000_001, 20)]
    path.write_bytes(b"".join([to_line(STARTED), *lines, to_line(EVENTS[5])]))
    history, summary = History(path), Summary(path)
    within(0.8, history.update)
    within(0.4, summary.update)
    assert len(history.step) == summary.step == 1_000_000
    np.testing.assert_allclose(history.loss[[0, 24, -1]], [2.3, 2.3 / math.sqrt(5), 2.3 / math.sqrt(20)], rtol=1e-5)
