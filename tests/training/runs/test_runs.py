"""The runs there are: their list, their names, their words, and what is refused."""

import io
import json
import os
import pickle
import time
import zipfile
from dataclasses import replace

import pytest

from tests.clock import within
from tests.training.runs.conftest import until, worker
from tutor.training import folder as files
from tutor.training import runs, saying, starting
from tutor.training.events import Epoch, EventWriter, Failed, Finished, Message, Started, Step, Stopped, read_events
from tutor.training.folder import RunError
from tutor.training.recipe import changed, to_toml
from tutor.training.summary import WAITS


def over(recipe, *events, now=None):
    """A run that somebody had, as its folder tells it."""
    path, lock = files.create(recipe, now=now)
    lock.release()
    with EventWriter(path / files.EVENTS) as writer:
        for event in events:
            writer.write(event)
    return runs.load(path)


STARTED = Started(1.0, "cpu", "2.8", 1, 1000, 100, 10, 5, 8)
FINISHED = Finished(100.0, 40, 5, 0.94, 90.0)


def checkpoint(path, step, name="checkpoint.pt"):
    """A file as torch.save writes it, as far as its step is concerned."""
    state = {"format": 1, "optimizer": {"state": {0: {"step": 77}}}, "place": {"epoch": 0, "batch": 3, "step": step}}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("checkpoint/data.pkl", pickle.dumps(state, protocol=2))
    (path / name).write_bytes(data.getvalue())


def test_a_name_says_what_and_when_and_is_safe(small):
    run = over(small)
    stem = f"mlp-centred-{time.strftime('%m%d-%H', time.localtime())}"
    assert run.id.startswith(stem)
    assert len(run.id) == len(stem) + 5
    many = {over(small).id for _ in range(20)}
    assert len(many) == 20
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in many)


def test_the_list_has_the_newest_first_and_goes_on_without_what_it_cannot_read(small, home):
    assert runs.list_runs() == []
    first = over(small, STARTED, FINISHED)
    second = over(small, STARTED, Stopped(5.0, 8, 1, "asked"))
    made = (first.path / files.RECIPE).stat().st_mtime
    for run, later in ((first, -60.0), (second, -30.0)):
        times = (made + later, made + later)
        os.utime(run.path / files.RECIPE, times)
    broken = over(small)
    (broken.path / files.RECIPE).write_text("epochs = [")
    (home / "state" / "runs" / "stray.txt").write_text("")
    (home / "state" / "runs" / ".half.new").mkdir()
    found = runs.list_runs()
    assert [run.id for run in found] == [broken.id, second.id, first.id]
    assert found[0].recipe is None
    assert "recipe" in saying.sentence(found[0])
    assert [run.state for run in found[1:]] == ["stopped", "finished"]
    assert found[2].best_accuracy is None
    assert found[1].recipe == small


def test_a_run_is_found_by_the_beginning_of_its_name(small):
    run = over(small)
    assert runs.find(run.id).id == run.id
    assert runs.find("mlp-cen").id == run.id
    with pytest.raises(RunError, match=f"there are {run.id}"):
        runs.find("cnn")
    other = over(small)
    with pytest.raises(RunError, match="2 runs"):
        runs.find("mlp-cen")
    assert runs.find(other.id).id == other.id
    for name in ("", "..", "../runs", "/"):
        with pytest.raises(RunError):
            runs.find(name)


def test_without_any_run_that_is_said(home):
    with pytest.raises(RunError, match="none at all"):
        runs.find("mlp")


def test_figures_are_those_of_the_events(small):
    steps = (0.5,) * 8
    events = [
        STARTED,
        Step(2.0, 8, 1, 0.5, 0.5, 0.1, 500.0, steps, steps, steps),
        Epoch(3.0, 1, 8, 0.5, 0.8, 0.6, 0.75, 1.0),
        Epoch(4.0, 2, 16, 0.5, 0.8, 0.6, 0.70, 1.0),
        Step(5.0, 20, 3, 0.5, 0.5, 0.1, 500.0, steps[:4], steps[:4], steps[:4]),
    ]
    run = over(small, *events)
    assert (run.step, run.steps, run.epoch, run.epochs, run.heard) == (20, 40, 3, 5, 5.0)
    assert (run.best_accuracy, run.validation_accuracy) == (0.75, 0.70)
    assert run.state == "dead"
    assert run.seconds_left is None


def test_time_left_is_told_from_the_pace_since_the_beginning_whatever_the_newest_steps_took(start):
    run = until(start(), lambda now: now.seconds_left is not None)
    events = list(read_events(run.path / files.EVENTS)[0])
    begun = next(event for event in events if isinstance(event, Started))
    newest = next(event for event in events if isinstance(event, Step) and event.step == run.step)
    assert run.seconds_left == pytest.approx((5000 - run.step) * (newest.time - begun.time) / run.step)


def alive(recipe, *events):
    """A run whose folder is held by this process, and the lock that holds it."""
    path, lock = files.create(recipe)
    with EventWriter(path / files.EVENTS) as writer:
        for event in events:
            writer.write(event)
    return runs.load(path), lock


def test_a_pause_between_two_sessions_says_nothing_of_the_pace(small):
    before = [STARTED, Step(9.0, 8, 1, 0.5, 0.5, 0.1, 500.0), Stopped(9.5, 8, 1, "Stopped as asked.")]
    again = Started(1000.0, "cpu", "2.8", 1, 1000, 100, 10, 5, 8, step=8, epoch=1)
    run, lock = alive(small, *before, again)
    with lock:
        assert (run.state, run.seconds_left) == ("running", None)
    steps = [Step(1002.0, 12, 2, 0.5, 0.5, 0.1, 500.0), Message(5000.0, "The disk was slow.")]
    run, lock = alive(small, *before, again, *steps)
    with lock:
        assert run.seconds_left == pytest.approx((40 - 12) * 2.0 / 4)


def test_a_run_says_what_it_waits_for_until_its_turn_has_come(small):
    waits = Message(1.0, WAITS.format("mlp-shifted-0101-0101-x7"))
    run, lock = alive(small, waits)
    with lock:
        assert saying.standing(run) == "waits its turn"
        assert run.waits
        assert saying.sentence(run).startswith("Waits its turn: it begins when mlp-shifted-0101-0101-x7 is over; ")
    for later in ([Message(2.0, "Its turn has come.")], [Message(2.0, "A checkpoint was damaged.")]):
        run, lock = alive(small, waits, *later)
        with lock:
            assert saying.standing(run) == "starting"
            assert not run.waits
    run, lock = alive(small, waits, STARTED)
    with lock:
        assert saying.standing(run) == "epoch 1 of 5"
        assert run.message == ""


def test_a_run_that_waited_once_and_is_resumed_is_starting(small):
    run = over(small, Message(1.0, WAITS.format("another")), Stopped(2.0, 0, 0, "It was asked to stop."))
    again = starting.resume(run, command=worker("silent"))
    assert (again.state, again.message) == ("waiting", "")
    assert saying.standing(again) == "starting"
    runs.stop(again)
    assert runs.wait(again, 10).state == "stopped"


def test_the_accuracy_said_of_a_run_is_its_best_once_it_has_ended_and_the_newest_before(small):
    told = [STARTED, Epoch(3.0, 1, 8, 0.5, 0.8, 0.6, 0.75, 1.0), Epoch(4.0, 2, 16, 0.5, 0.8, 0.6, 0.70, 1.0)]
    run, lock = alive(small, *told)
    with lock:
        assert run.accuracy == 0.70
    for end in ([], [Stopped(5.0, 16, 2, "Stopped as asked.")], [FINISHED]):
        assert over(small, *told, *end).accuracy == 0.75


def test_the_words_of_a_dead_run_are_those_a_person_needs(small):
    run = over(small, STARTED, Step(2.0, 1204, 2, 0.5, 0.5, 0.1, 500.0))
    checkpoint(run.path, 1200)
    run = replace(run, restarted=True)
    assert saying.sentence(run) == (
        f"Stopped at step 1,204 when the machine restarted; tutor train --resume {run.id} goes on from step 1,200."
    )


def test_the_step_of_a_checkpoint_is_read_without_loading_it(small):
    path = over(small).path
    assert runs.saved_step(path) is None
    checkpoint(path, 70_000)
    assert runs.saved_step(path) == 70_000
    (path / "checkpoint.pt").write_bytes(b"PK damaged")
    checkpoint(path, 300, "checkpoint.previous.pt")
    assert runs.saved_step(path) == 300


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([FINISHED], "Finished."),
        ([Stopped(5.0, 1204, 2, "Stopped as asked.")], "Stopped at step 1,204, as asked; tutor train --resume"),
        (
            [Stopped(5.0, 1204, 2, "Stopped as asked; resume it whenever you like.")],
            "Stopped at step 1,204, as asked; tutor train --resume",
        ),
        ([Stopped(5.0, 0, 0, "It was asked to stop.")], "Stopped before its first step, as asked; tutor train"),
        ([Stopped(5.0, 9, 1, "The disk is full. Make some space.")], "Stopped at step 9: The disk is full. Make some"),
        ([Failed(5.0, 7, 1, "The loss is no number.", "Set batch=64.")], "The loss is no number. Set batch=64."),
    ],
)
def test_every_end_is_a_sentence(small, events, words):
    run = over(small, STARTED, Step(2.0, 1204, 2, 0.5, 0.5, 0.1, 500.0), *events)
    assert words in saying.sentence(run)


def test_what_has_finished_is_not_resumed(small):
    with pytest.raises(RunError, match=r"has finished.*tutor train mlp-centred"):
        starting.resume(over(small, STARTED, FINISHED))


def test_what_has_failed_or_stopped_is_resumed(small):
    run = over(small, STARTED, Failed(5.0, 7, 1, "No memory.", "Smaller batch."))
    again = starting.resume(run, command=worker("finishes"))
    assert until(again, lambda now: now.state == "finished").best_accuracy == 0.75


def test_from_its_beginning_on_a_resumed_run_is_alive_again(small):
    run = over(small, STARTED, Stopped(5.0, 7, 1, "asked"))
    again = starting.resume(run, command=worker("silent"))
    assert again.state == "waiting"
    assert again.last is None
    runs.stop(again)
    assert runs.wait(again, 10).state == "stopped"


def test_another_recipe_is_refused_with_the_difference(small):
    run = over(small, STARTED)
    starting.refuse_changes(run, small)
    starting.refuse_changes(run, None)
    with pytest.raises(RunError, match=r"epochs 9 instead of .*learning_rate 0.5 instead of"):
        starting.refuse_changes(run, changed(small, {"epochs": "9", "learning_rate": "0.5"}))


def test_a_deleted_run_is_gone_with_its_files(small, home):
    run = over(small, STARTED)
    runs.delete(run)
    assert list((home / "state" / "runs").iterdir()) == []
    with pytest.raises(RunError):
        runs.find(run.id)


def test_half_a_folder_of_a_killed_start_is_cleared_away_later(small, home):
    parent = home / "state" / "runs"
    for name, age in ((".old.new", 7200), (".old.deleted", 7200), (".young.new", 60)):
        (parent / name).mkdir(parents=True)
        os.utime(parent / name, (time.time() - age,) * 2)
    run = over(small)
    assert {path.name for path in parent.iterdir()} == {run.id, ".young.new"}


def test_there_is_nothing_to_stop_where_nothing_runs(small):
    for events, words in (([], "not running"), ([FINISHED], "finished"), ([Stopped(5.0, 7, 1, "asked")], "stopped")):
        with pytest.raises(RunError, match=words):
            runs.stop(over(small, STARTED, *events))


def test_stopping_and_resuming_a_dozen_times_loses_no_step(start):
    run = start()
    for _ in range(4):
        before = runs.load(run.path).step
        runs.stop(run)
        assert runs.wait(run, 10).state == "stopped"
        run = starting.resume(run, command=worker("runs"))
        run = until(run, lambda now, least=before: now.state == "running" and now.step > least + 2)
    steps = [
        line["step"]
        for line in map(json.loads, (run.path / files.EVENTS).read_text().splitlines())
        if line["type"] == "step"
    ]
    assert steps == list(range(1, len(steps) + 1))


def test_a_recipe_of_a_run_is_all_that_is_needed_to_repeat_it(small):
    run = over(small)
    assert (run.path / files.RECIPE).read_text() == to_toml(small)


def test_a_gpu_that_is_hidden_is_not_there(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not starting.gpu_here()


def test_a_run_for_a_gpu_is_refused_where_there_is_none_for_certain(small, monkeypatch):
    monkeypatch.setattr(starting, "gpu_here", lambda: False)
    monkeypatch.setattr(starting, "OTHER_GPUS", ())
    with pytest.raises(RunError, match="device=cuda:1 cannot be had: this machine has no driver of a GPU; device=cpu"):
        starting.start(changed(small, {"device": "cuda:1"}), command=worker("finishes"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(RunError, match="CUDA_VISIBLE_DEVICES hides every GPU"):
        starting.refuse_device(changed(small, {"device": "cuda"}))
    assert runs.list_runs() == []
    monkeypatch.setattr(starting, "OTHER_GPUS", ("/dev/null",))
    starting.refuse_device(changed(small, {"device": "cuda"}))


@pytest.mark.parametrize("called", ["tutor", "python -m tutor"])
def test_every_sentence_names_the_program_as_it_was_started(small, monkeypatch, called):
    monkeypatch.delenv("TUTOR_PROGRAM")
    monkeypatch.setattr("sys.argv", ["/usr/bin/tutor" if called == "tutor" else "/usr/lib/tutor/__main__.py"])
    run = starting.start(small, command=worker("dies"))
    ended = until(run, lambda now: now.state == "failed").last
    # The supervisor was started by nobody's hand; it says what its starter would.
    assert f"; {called} train --resume {run.id} " in ended.advice
    with pytest.raises(RunError, match=f": {called} train mlp-centred"):
        starting.resume(over(small, STARTED, FINISHED))
    run, lock = alive(small, STARTED)
    with lock, pytest.raises(RunError, match=f"running; stop it first: {called} runs stop {run.id}"):
        runs.delete(run)


def test_a_list_of_many_runs_is_quick_the_second_time(small):
    steps = (0.5,) * 20
    path = over(small, STARTED).path
    with EventWriter(path / files.EVENTS) as writer:
        for number in range(1, 5001):
            writer.write(Step(2.0, 20 * number, 1, 0.5, 0.5, 0.1, 500.0, steps, steps, steps))
    runs.list_runs()
    found = within(0.2, lambda: [runs.list_runs()[0].step for _ in range(10)])
    assert found == [100_000] * 10


def test_a_standing_is_a_word_or_a_few_in_every_state(small):
    run = over(small, STARTED, Step(2.0, 20, 3, 0.5, 0.5, 0.1, 500.0))
    words = {
        "running": "epoch 3 of 5",
        "slow": "epoch 3, silent",
        "waiting": "starting",
        "finished": "finished",
        "stopped": "stopped",
        "failed": "failed",
        "dead": "lost",
        "unknown": "on elsewhere",
    }
    assert {state: saying.standing(replace(run, state=state, host="elsewhere")) for state in words} == words
    job = replace(run, state="waiting", queue="4711", step=0)
    assert saying.standing(job) == saying.standing(replace(job, queue="", waits_for="another")) == "waits its turn"
    assert saying.sentence(job).startswith("Waits its turn as job 4711 of the cluster; ")
