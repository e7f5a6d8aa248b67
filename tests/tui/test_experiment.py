"""An experiment on the screen: predicted, run, compared."""

import asyncio
from dataclasses import replace

import pytest

from tests.training.finished import finished
from tutor.content.load import find_part
from tutor.content.model import Verdict
from tutor.training import after
from tutor.training.runs import load
from tutor.training.saying import standing
from tutor.tui import experiment


async def until(learner, said, place="runs"):
    for _ in range(100):
        if said in learner.read(place) and (place != "verdict" or said in learner.shown()):
            return learner.read(place)
        await asyncio.sleep(0.1)
        await learner.pilot.pause()
    raise AssertionError(learner.read(place))


async def test_an_experiment_is_predicted_then_compared_with_the_runs(start):
    async with start("convnets/shift-experiment") as learner:
        await until(learner, "not run yet")
        assert "not run yet" in learner.shown()
        await learner.type("mlp 30, cnn 2")
        assert "the MLP loses 30 points, the CNN 2" in learner.read("preview")
        await learner.press("enter")
        assert "Still to be run: mlp-centred" in learner.read("verdict")
        assert "57.4" not in learner.shown()
        for name, accuracy in (("mlp-centred", 0.9), ("mlp-shifted", 0.6), ("cnn-centred", 0.92), ("cnn-shifted", 0.9)):
            finished(name, accuracy)
        table = await until(learner, "57.4 %")
        assert "60.0 %" in table
        assert "the MLP lost 30 points, you said 30" in await until(learner, "yes", "verdict")
        assert learner.app.progress["ps08/convnets/shift-experiment"].state == "solved"


NAMES = ("mlp-centred", "mlp-shifted", "cnn-centred", "cnn-shifted")


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_what_a_key_says_of_an_experiment_is_seen(start, size):
    async with start("convnets/shift-experiment", size=size) as learner:
        await until(learner, "not run yet")
        await learner.press("f6")
        await learner.pilot.pause()
        assert "Predict first" in learner.shown()


async def test_a_prediction_that_was_kept_is_compared_as_soon_as_the_last_run_is_there(start):
    async with start("convnets/shift-experiment") as learner:
        await learner.type("30, 2")
    for name in NAMES[:3]:
        finished(name, 0.9)
    async with start("convnets/shift-experiment") as learner:
        await until(learner, "F6 begins what is missing, 1 run")
        assert learner.read("verdict") == ""
        finished(NAMES[3], 0.6)
        assert "the MLP lost 0 points, you said 30" in await until(learner, "yes", "verdict")
        assert learner.app.progress["ps08/convnets/shift-experiment"].state == "solved"


async def test_runs_that_were_there_before_are_compared_on_enter_and_that_is_said(start):
    for name, accuracy in zip(NAMES, (0.9, 0.6, 0.92, 0.9), strict=True):
        finished(name, accuracy)
    async with start("convnets/shift-experiment") as learner:
        await until(learner, "Type a prediction; enter compares it.")
        await learner.type("30, 2")
        await until(learner, "enter compares your prediction with them.")
        await asyncio.sleep(2.2)
        assert learner.read("verdict") == ""
        await learner.press("enter")
        assert "you said 30" in learner.read("verdict")


async def test_runs_that_have_learned_nothing_solve_nothing_and_can_be_run_again(start, monkeypatch):
    begun = []
    monkeypatch.setattr(after, "start_after", lambda other, recipe, sources=None: begun.append(recipe))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for name, accuracy in zip(NAMES, (0.9, 0.6, 0.112, 0.111), strict=True):
        finished(name, accuracy, images=1500, epochs=1)
    async with start("convnets/shift-experiment") as learner:
        await until(learner, "11.2 %, no better than guessing")
        await learner.type("30, 2")
        await learner.press("enter")
        assert "the CNN has learned nothing" in " ".join(learner.read("verdict").split())
        assert "ps08/convnets/shift-experiment" not in learner.app.progress
        assert "57.4" not in learner.shown()
        await until(learner, "F6 begins what is missing, 4 runs")
        await learner.press("f6")
        for _ in range(100):
            if len(begun) == 4:
                break
            await asyncio.sleep(0.05)
        for name, accuracy in zip(NAMES, (0.9, 0.6, 0.92, 0.91), strict=True):
            finished(name, accuracy)
        said = " ".join((await until(learner, "yes", "verdict")).split())
        assert "the CNN lost 1 point, you said 2" in said
    assert [(one.name, one.epochs) for one in begun] == [(name, 3) for name in NAMES]


@pytest.mark.parametrize(
    ("state", "waits_for", "bar"),
    [
        ("waiting", "", ""),
        ("waiting", "mlp-shifted-1", ""),
        ("running", "", "━━━━━━━━━━━━ "),
        ("slow", "", "━━━━━━━━━━━━ "),
        ("stopped", "", ""),
        ("dead", "", ""),
    ],
)
def test_the_table_says_of_a_run_what_every_place_says(sheet, state, waits_for, bar):
    run = replace(load(finished("mlp-centred", 0.9)), state=state, waits_for=waits_for)
    lines = experiment.table(find_part(sheet, "convnets/shift-experiment"), [run], {}, False, 78)
    assert lines[0].plain == f"  mlp-centred  {bar}{standing(run)}"
    assert ("turn" in lines[0].plain) == bool(waits_for)


async def test_what_is_published_is_not_told_before_it_is_measured(start):
    async with start("convnets/resnet-experiment") as learner:
        await until(learner, "resnet44")
        assert "77.2" not in learner.shown()


async def test_runs_of_another_scale_do_not_count_where_only_one_shows_the_lesson(start):
    for name in ("plain20", "plain44", "resnet20", "resnet44"):
        finished(name, 0.92, "full")
    async with start("convnets/resnet-experiment") as learner:
        assert "F6 begins what is missing, 4 quick runs one" in await until(learner, "4 quick runs")
        assert "92.0 %" not in learner.shown()


async def test_missing_runs_begin_one_after_the_other_and_not_before_a_prediction(start, monkeypatch):
    begun = []

    def start_after(other, recipe, sources=None):
        run = load(finished(recipe.name, 0.5))
        begun.append((None if other is None else other.id, recipe.name, run.id))
        return run

    monkeypatch.setattr(after, "start_after", start_after)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    finished("cnn-centred", 0.9)
    async with start("convnets/shift-experiment") as learner:
        await until(learner, "90.0 %")
        await learner.press("f6")
        assert "Predict first" in learner.read("verdict")
        await learner.type("30, 2")
        await learner.press("f6")
        for _ in range(100):
            if len(begun) == 3:
                break
            await asyncio.sleep(0.05)
    assert [name for _, name, _ in begun] == ["mlp-centred", "mlp-shifted", "cnn-shifted"]
    assert [before for before, _, _ in begun] == [None, begun[0][2], begun[1][2]]


@pytest.mark.parametrize("part", ["shift-effect", "scramble-effect"])
async def test_a_choice_about_runs_is_judged_by_the_learners_own(start, part):
    other = part.removesuffix("-effect").replace("shift", "shifted").replace("scramble", "scrambled")
    for name, accuracy in ((f"mlp-{other}", 0.6), ("mlp-centred", 0.9), (f"cnn-{other}", 0.61), ("cnn-centred", 0.92)):
        finished(name, accuracy)
    async with start(f"convnets/{part}") as learner:
        for _ in range(100):
            if learner.problem.accuracies():
                break
            await asyncio.sleep(0.05)
        await learner.press("a", "enter")
        assert "In your runs the MLP lost 30 points, the CNN 31" in learner.read("verdict")
        verdict = learner.problem.judged()[2]
        assert isinstance(verdict, Verdict)
        assert verdict.status == "correct"
