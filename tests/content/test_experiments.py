"""Experiments: predictions read, losses compared, options judged by what was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.content import small
from tutor.answers.errors import Unreadable
from tutor.content.experiments import (
    fallen,
    own_runs,
    published,
    read_prediction,
    recipes,
    right_option,
    so_far,
    unlearned,
)
from tutor.content.judge import judge, look
from tutor.content.lint import lint
from tutor.content.load import find_part, load_sets
from tutor.training.recipe import recipe

SETS = load_sets()
SHIFT = find_part(SETS, "convnets/shift-experiment")
EFFECT = find_part(SETS, "convnets/shift-effect")
RUNS = {"mlp-centred": 0.9, "mlp-shifted": 0.6, "cnn-centred": 0.92, "cnn-shifted": 0.9}
COMPARING = [part for one in SETS for problem in one.problems for part in problem.parts if part.changes]


@pytest.mark.parametrize("text", ["30, 2", "mlp 30, cnn 2", "CNN: 2 points; the MLP: 30", "30 2", "mlp 30.0 % cnn 2 %"])
def test_a_prediction_is_read_in_order_or_by_name(text):
    assert read_prediction(SHIFT, text) == (30.0, 2.0)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_every_two_numbers_of_points_are_read_as_they_stand(one, two):
    points = (one / 10, two / 10)
    assert read_prediction(SHIFT, f"{points[0]}, {points[1]}") == points
    assert read_prediction(SHIFT, f"cnn {points[1]} mlp {points[0]}") == points


@pytest.mark.parametrize(
    ("text", "start", "said"),
    [
        ("", 0, "the MLP loses and the points that the CNN loses"),
        ("30", 2, "the points that the CNN loses"),
        ("30 2 1", 5, "One number more"),
        ("mlp 30 mlp 2", 11, "One number more"),
        ("130 2", 0, "up to 100"),
    ],
)
def test_what_is_no_prediction_is_told_with_its_place(text, start, said):
    with pytest.raises(Unreadable, match=said) as found:
        read_prediction(SHIFT, text)
    assert found.value.start == start
    verdict = judge(SHIFT, text)
    assert (verdict.status, verdict.start) == ("invalid", start)


def test_a_prediction_waits_for_its_runs():
    verdict = judge(SHIFT, "30, 2", accuracies={"mlp-centred": 0.9})
    assert (verdict.status, verdict.start) == ("invalid", None)
    assert "Still to be run: mlp-shifted, cnn-centred, cnn-shifted" in verdict.message
    assert look(SHIFT, "30, 2").picture.text == "the MLP loses 30 points, the CNN 2"


def test_what_was_measured_stands_beside_what_was_said():
    near = judge(SHIFT, "28, 1", accuracies=RUNS)
    assert near.status == "correct"
    assert "the MLP lost 30 points, you said 28; the CNN lost 2 points, you said 1. That was near." in near.message
    assert "It is the MLP that loses more: what is it" in judge(SHIFT, "5, 20", accuracies=RUNS).message
    assert "as you said, by another amount" in judge(SHIFT, "80, 2", accuracies=RUNS).message


def test_a_choice_is_judged_by_the_learners_runs_where_they_are_complete():
    assert judge(EFFECT, "mlp-falls").status == "correct"
    mine = judge(EFFECT, "mlp-falls", accuracies=RUNS)
    assert mine.status == "correct"
    assert mine.message.startswith("In your runs the MLP lost 30 points, the CNN 2.")
    both = {**RUNS, "cnn-shifted": 0.5}
    assert judge(EFFECT, "both-fall", accuracies=both).status == "correct"
    assert judge(EFFECT, "mlp-falls", accuracies=both).status == "incorrect"
    incomplete = {"mlp-centred": 0.5}
    assert judge(EFFECT, "mlp-falls", accuracies=incomplete) == judge(EFFECT, "mlp-falls")


def test_a_fall_is_more_than_runs_of_one_recipe_differ_by():
    still = {**RUNS, "mlp-shifted": 0.88, "cnn-shifted": 0.905}
    assert fallen(EFFECT, still) == frozenset()
    assert right_option(EFFECT, still).id == "neither"


UNTRAINED = {**RUNS, "cnn-centred": 0.112, "cnn-shifted": 0.111}


def test_runs_that_have_learned_nothing_are_no_measurement():
    verdict = judge(SHIFT, "30, 2", accuracies=UNTRAINED)
    assert (verdict.status, verdict.start) == ("invalid", None)
    said = "in these runs the CNN has learned nothing (cnn-centred 11.2 %, cnn-shifted 11.1 %; guessing gets 10 %)"
    assert said in verdict.message
    assert "more epochs" in verdict.message
    everything = dict.fromkeys(RUNS, 0.1)
    assert "the MLP and the CNN have learned nothing" in judge(SHIFT, "30, 2", accuracies=everything).message


def test_a_choice_falls_back_to_what_is_published_where_a_run_has_learned_nothing():
    both = {"mlp-centred": 0.9, "mlp-shifted": 0.1, "cnn-centred": 0.9, "cnn-shifted": 0.1}
    assert right_option(EFFECT, both) is None
    assert (judge(EFFECT, "mlp-falls", accuracies=both).status) == "correct"
    wrong = judge(EFFECT, "both-fall", accuracies=both)
    assert wrong.status == "incorrect"
    assert wrong.message.startswith("In your runs the MLP and the CNN have learned nothing (mlp-shifted 10.0 %,")
    assert "so what is published decides." in own_runs(EFFECT, both)


def test_what_has_learned_nothing_says_nothing_so_far():
    assert so_far(SHIFT, UNTRAINED) == "the MLP lost 30 points"
    assert so_far(SHIFT, {"cnn-centred": 0.9, "cnn-shifted": 0.12}) == ""


@pytest.mark.parametrize("part", COMPARING, ids=lambda part: part.id)
def test_what_is_published_has_learned(part):
    assert unlearned(part, published(part)) == []


@pytest.mark.parametrize("part", COMPARING, ids=lambda part: part.id)
def test_every_recipe_of_the_sheet_exists(part):
    for name in recipes(part):
        assert {recipe(name, scale).name for scale in ("quick", "full")} == {name}


@pytest.mark.parametrize("part", [part for part in COMPARING if part.kind == "choice"], ids=lambda part: part.id)
def test_the_published_accuracies_give_the_answer(part):
    assert right_option(part, published(part)).id == part.answer


def test_an_author_is_told_what_an_experiment_lacks(tmp_path):
    folder = small.write(tmp_path)
    file = folder / "area" / "problem.toml"
    file.write_text(
        file.read_text()
        + '\n[[parts]]\nid = "try"\nkind = "experiment"\ntitle = "t"\nprompt = "p"\nscale = "small"\n'
        + '[[parts.changes]]\nid = "a"\nname = "a"\nbefore = "mlp-centred"\nafter = "mlp-shifted"\npublished = [2, 1]\n'
    )
    said = [one.message for one in lint(folder)]
    assert any("published must be the accuracies" in one for one in said)
    assert any("unknown scale 'small'; use quick or full" in one for one in said)
    assert any("does not say where its published accuracies are from" in one for one in said)
