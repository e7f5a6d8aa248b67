"""The list of runs and the runs on the first screen: whose mark, whose turn, and what is said for how long."""

import asyncio
import time
from dataclasses import replace

import pytest

from tests.training.finished import finished
from tests.training.runs.conftest import end, worker
from tests.tui.fake_runs import FakeWriter
from tests.tui.test_training import until
from tutor.training import folder, runs, starting
from tutor.training.events import EventWriter, Failed, Message, Stopped
from tutor.training.recipe import changed, recipe
from tutor.training.saying import standing
from tutor.training.summary import WAITS
from tutor.tui.screens import home as home_module
from tutor.tui.screens import runs as runs_module
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.recipe import RecipeScreen
from tutor.tui.screens.training import TrainingScreen
from tutor.tui.terminal import TWINS
from tutor.tui.training import running
from tutor.tui.training.lines import SIGNS, counted, list_lines, run_lines
from tutor.tui.training.lines import WAITS as WAITING_SIGN

TINY = changed(recipe("mlp-centred", "quick"), {"images": "1000"})


@pytest.fixture
def real(home):
    """Real processes, whose worker behaves as told; they are ended with the test."""
    yield lambda mode: starting.start(TINY, command=worker(mode))
    for path in (home / "state" / "runs").glob("*"):
        end(path)


class Waiting:
    """A run that waits for another one, without its process."""

    def __init__(self, name, before):
        self.path, self.lock = folder.create(recipe(name, "quick"))
        with EventWriter(self.path / "events.jsonl") as writer:
            writer.write(Message(time.time(), WAITS.format(before.path.name)))


def queued():
    """A run that trains and three that wait, each for the one before."""
    first = FakeWriter("mlp-centred")
    first.advance(100)
    line = [first]
    for name in ("mlp-shifted", "cnn-centred", "cnn-shifted"):
        time.sleep(0.02)
        line.append(Waiting(name, line[-1]))
    return line


def marked(learner):
    """The row with the mark, as far as it is on the screen."""
    return next((line for line in learner.shown().splitlines() if line.startswith(" ▸ ")), "")


async def listed(learner, wanted):
    await learner.press("r")
    return await until(learner, wanted)


# The mark


async def test_the_mark_stays_with_its_run_when_a_newer_one_comes(start):
    for name in ("mlp-shifted", "mlp-centred"):
        FakeWriter(name).advance(9999)
        time.sleep(0.02)
    async with start() as learner:
        await listed(learner, "finished")
        await learner.press("down")
        assert "mlp-shifted" in marked(learner)
        chosen = learner.screen.chosen.id
        writer = FakeWriter("cnn-shifted")
        writer.advance(1204)
        # The list is drawn before it has the height of one more row.
        await until(learner, "cnn-shifted")
        await until(learner, "▸ ✓ mlp-shifted")
        await learner.press("enter")
        assert isinstance(learner.screen, TrainingScreen)
        assert learner.screen.run.id == chosen


async def test_where_the_run_chosen_is_deleted_its_neighbour_is_chosen(start):
    for name in ("mlp-shifted", "mlp-centred", "cnn-centred"):
        FakeWriter(name).advance(9999)
        time.sleep(0.02)
    async with start() as learner:
        await listed(learner, "finished")
        await learner.press("down")
        assert "mlp-centred" in marked(learner)
        await learner.press("d", "d")
        await until(learner, "2 in all")
        assert "mlp-shifted" in marked(learner)
        assert learner.screen.chosen.recipe.name == "mlp-shifted"


async def test_the_run_that_is_asked_about_stays_in_sight(start):
    for at in range(14):
        finished("mlp-shifted", 0.5, began=time.time() - 10_000 * at)
    async with start(size=(80, 24)) as learner:
        await listed(learner, "14 in all")
        room = learner.screen.query_one("#body").size.height
        await learner.press(*["down"] * (room - 1))
        assert marked(learner)
        before = learner.screen.chosen.id
        await learner.press("d")
        assert f"d again deletes {before}" in learner.read("notice")
        assert marked(learner)
        await learner.press("x")
        assert "again deletes" not in learner.read("notice")
        await learner.press("d")
        assert runs.find(before)


# Whose turn it is


async def test_home_has_the_run_that_trains_then_the_one_whose_turn_is_next(start):
    line = queued()
    async with start() as learner:
        shown = await until(learner, "epoch 1 of 5")
        assert "1 running, 3 waiting, 4 in all" in shown
        rows = [row.split()[0] for row in learner.read("runs").splitlines()[1:]]
        assert rows == ["mlp-centred", "mlp-shifted", "cnn-centred"]
        assert f"waits its turn  after {line[0].path.name}" in shown
        assert "1 running, 3 waiting, 4 in all" in await listed(learner, "cnn-shifted-")


def test_counting_leaves_out_what_there_is_none_of(home):
    for name in ("mlp-centred", "mlp-shifted"):
        finished(name, 0.5)
    assert counted(runs.list_runs()) == "2 in all"
    assert counted([]) == ""


async def test_the_list_says_what_a_run_waits_for(start):
    line = queued()
    async with start(size=(80, 24)) as learner:
        await listed(learner, "waits its turn")
        assert f"It begins when {line[2].path.name} is over." in learner.read("notice")


# Rows


def bars(lines):
    """Where the bars of some rows begin and end."""
    texts = [line.plain for line in lines]
    found = [[at for at, letter in enumerate(text) if letter in "━─"] for text in texts]
    return {(places[0], places[-1]) for places in found if places}


@pytest.mark.parametrize("width", [76, 80, 110])
def test_bars_stand_below_each_other_whatever_a_row_says(home, width):
    for name in ("mlp-shifted", "cnn-shifted", "resnet20"):
        FakeWriter(name).advance(300)
    silent, long, other = runs.list_runs()
    many = [replace(silent, state="slow"), replace(long, seconds_left=5220.0), other]
    assert len(bars(list_lines(many, 0, time.time(), width))) == 1
    assert len(bars(run_lines(many, time.time(), width))) == 1
    words = list_lines(many, 0, time.time(), 110)[1].plain
    assert "1 h 27 min left" in words


def test_running_has_a_sign_of_its_own_and_every_sign_a_twin_in_ascii(home):
    writer = FakeWriter()
    writer.advance(300)
    [line] = list_lines(runs.list_runs(), 0, time.time(), 80)
    assert line.plain.startswith("▸ • cnn-shifted")
    signs = {SIGNS[state] for state in ("running", "finished", "stopped", "failed", "unknown")} | {WAITING_SIGN}
    assert len(signs) == len({sign.translate(TWINS) for sign in signs}) == 6
    writer.die()
    [line] = list_lines(runs.list_runs(), 0, time.time(), 80)
    assert line.plain.translate(TWINS).isascii()


# What changes by itself


async def test_ages_go_on_where_nothing_runs_any_more(start, monkeypatch):
    finished("mlp-shifted", 0.5)
    ahead = [0.0]
    now = time.time
    for module in (home_module, runs_module):
        monkeypatch.setattr(module.time, "time", lambda: now() + ahead[0])
    monkeypatch.setattr(runs_module, "AGES_SECONDS", 0.2)
    async with start() as learner:
        await until(learner, "just now")
        ahead[0] = 120.0
        await until(learner, "2 min ago")
        await listed(learner, "2 min ago")
        ahead[0] = 300.0
        await until(learner, "5 min ago")


async def test_on_return_home_the_runs_are_read_at_once(start, monkeypatch):
    monkeypatch.setattr(home_module, "LOOK_SECONDS", 1000.0)
    writer = FakeWriter()
    writer.advance(100)
    async with start() as learner:
        await listed(learner, "epoch 1 of 5")
        writer.advance(1500)
        await learner.press("escape")
        assert isinstance(learner.screen, HomeScreen)
        await until(learner, "epoch 4 of 5", seconds=5)


# Stopping, and what is said


async def test_a_run_that_has_not_begun_is_stopped_without_talk_of_checkpoints(start, real):
    real("silent-lingers")
    async with start() as learner:
        await listed(learner, "starting")
        await learner.press("s")
        assert "It is being stopped before it trains; R begins it." in learner.read("notice")
        await until(learner, "Stopped before its first step, as asked.")
        assert "being stopped" not in learner.shown()


async def test_what_is_said_while_a_run_is_stopped_goes_when_it_has_stopped(start, real):
    real("lingers")
    async with start() as learner:
        await listed(learner, "epoch 1 of 5")
        await learner.press("s")
        assert "the step is finished and a checkpoint saved" in learner.read("notice")
        shown = await until(learner, "Stopped at step")
        assert "being stopped" not in shown
        assert ", as asked." in shown
        assert "Stopped as asked" not in shown


async def test_a_sentence_goes_at_the_next_key(start):
    FakeWriter().advance(9999)
    async with start() as learner:
        await listed(learner, "finished")
        await learner.press("d")
        assert "d again deletes" in learner.read("notice")
        await learner.press("down")
        assert "d again" not in learner.read("notice")


async def test_keys_that_do_nothing_for_the_run_chosen_are_not_shown(start):
    FakeWriter().advance(9999)
    async with start() as learner:
        await listed(learner, "finished")
        for name in ("stop", "resume"):
            assert name not in learner.read("keys")
        FakeWriter("mlp-shifted").advance(100)
        await listed(learner, "epoch 1 of 5")
        await learner.press("up", "up")
        assert "stop" in learner.read("keys")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (Stopped(1.0, 0, 0, "It was asked to stop."), "Stopped before its first step, as asked."),
        (Stopped(1.0, 60, 1, "The disk is full. Make some space."), "Stopped at step 60: The disk is full."),
        (
            Failed(1.0, 60, 1, "The loss is no number.", "Set batch=9."),
            "at step 60: The loss is no number. Set batch=9.",
        ),
    ],
)
async def test_the_list_says_what_became_of_the_run_chosen(start, last, said):
    writer = FakeWriter()
    writer.writer.write(last)
    writer.die()
    async with start(size=(120, 36)) as learner:
        await listed(learner, last.type)
        assert said in learner.read("notice")


# A GPU that is not there


async def test_a_run_for_a_gpu_that_is_not_there_is_not_begun(start, monkeypatch):
    monkeypatch.setattr(starting, "gpu_here", lambda: False)
    monkeypatch.setattr(starting, "OTHER_GPUS", ())
    async with start() as learner:
        await learner.app.push_screen(RecipeScreen(replace(TINY, device="cuda")))
        await learner.press("enter")
        for _ in range(100):
            if "device=cuda cannot be had" in learner.read("notice").replace("\n", " "):
                break
            await asyncio.sleep(0.05)
            await learner.pilot.pause()
        assert "device=cpu trains without" in learner.read("notice").replace("\n", " ")
    assert runs.list_runs() == []


def test_a_run_that_asks_for_a_missing_gpu_is_not_taken_up_again(home, monkeypatch):
    monkeypatch.setattr(starting, "gpu_here", lambda: False)
    monkeypatch.setattr(starting, "OTHER_GPUS", ())
    path, lock = folder.create(replace(TINY, device="cuda:0"))
    lock.release()
    said = running.resume(runs.load(path))
    assert "begin a new run with device=cpu" in said
    assert standing(runs.load(path)) == "lost"
