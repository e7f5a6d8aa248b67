"""The conversation: the whole product line by line, as a learner with a screen reader has it."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.training.finished import finished
from tutor.content.load import load_sets
from tutor.plain.talk import COMMANDS, Conversation
from tutor.progress.store import Store, StoreError
from tutor.training import after
from tutor.training.data import finding
from tutor.training.data.finding import Found

BOXES = set("─│┌┐└┘├┤┬┴┼━┃╭╮╰╯═║\x1b")


@pytest.fixture(scope="module")
def sets():
    return load_sets()


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "progress.db") as one:
        yield one


def talk(sets, store, *typed, problem="cost"):
    """What is said while these lines are typed."""
    said = []
    left = iter(typed)
    conversation = Conversation(sets, store, lambda prompt: next(left, None), said.append)
    conversation.run(problem)
    return "\n".join(said)


def test_a_part_is_solved_with_one_wrong_try(sets, store):
    said = talk(sets, store, "2 n K^2 L", "n K^2 L")
    wrong, right = said.index("Not yet."), said.index("Yes.")
    assert wrong < right
    assert "Read as 2·n·K²·L, uses n, K, L." in said
    assert "next goes on with part 2" in said
    progress = store.progress("ps08/cost/forward-multiplications")
    assert (progress.state, progress.attempts) == ("solved", 2)


def test_what_cannot_be_read_is_placed_in_words_and_is_no_attempt(sets, store):
    said = talk(sets, store, "n*K^^2")
    assert "Not readable: at character 5, ^:" in said
    assert store.progress("ps08/cost/forward-multiplications").attempts == 0


def test_the_same_answer_again_is_not_counted(sets, store):
    said = talk(sets, store, "n", "n")
    assert "not counted again" in said
    assert store.progress("ps08/cost/forward-multiplications").attempts == 1


def test_leaving_in_the_middle_and_coming_back(sets, store):
    talk(sets, store, "part 3", "3 n")
    said = talk(sets, store, problem=None)
    assert "Part 3 of 4" in said
    assert "Your answer so far: 3 n" in said


def test_hints_come_one_at_a_time_and_are_recorded(sets, store):
    said = talk(sets, store, "hint")
    assert said.count("Hint:") == 1
    count = len(sets[0].problems[0].parts[0].hints)
    assert talk(sets, store, *["hint"] * count).count("These are all the hints") == 1
    assert len(store.hints_shown("ps08/cost/forward-multiplications")) == count


def test_the_solution_is_shown_after_asking_once_and_recorded(sets, store):
    said = talk(sets, store, "solution", "hint", "solution")
    assert "The worked solution:" not in said
    said = talk(sets, store, "solution", "solution")
    assert "The worked solution:" in said
    assert store.progress("ps08/cost/forward-multiplications").solution_shown


def test_a_choice_is_answered_by_its_number_or_name(sets, store):
    place = "optimizers/sgdm-gradient-dependence"
    said = talk(sets, store, "b", "2.", "proportional", problem=place)
    assert "Chosen: It does not depend on the size of c at all." in said
    assert store.progress(f"ps08/{place}").state == "solved"


def test_a_derivation_is_taken_down_line_by_line_and_judged_on_an_empty_line(sets, store):
    place = "initialization/derivation"
    steps = ("Var[y] = sum(i,1,d, Var[x_i w_i])", "E[x_1^", "oops)", "undo", "Var[y] = sum(i,1,d, Var[x_i w_i])")
    said = talk(sets, store, *steps, "d E[x_1^2] E[w_1^2]", "d sigma^2 / 2", "", problem=place)
    assert "Step 1 is taken down." in said
    assert "Taken back: Var[y]" in said
    assert "Not readable:" in said
    assert "Yes." in said
    assert store.progress(f"ps08/{place}").state == "solved"


EXPERIMENT = "convnets/shift-experiment"
RECIPES = ("mlp-centred", "mlp-shifted", "cnn-centred", "cnn-shifted")


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """Runs in a folder of their own; the names of those that were begun, none of which really is."""
    names = []
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(after, "start_after", lambda other, recipe, sources=None: names.append(recipe.name))
    return names


def test_an_experiment_is_predicted_run_and_compared(sets, store, begun):
    said = talk(sets, store, "run", "30, 2", "runs", "run", problem=EXPERIMENT)
    assert "Predict first, then run begins the runs. Points of accuracy that each loses" in said
    assert "run begins what is missing, runs tells how far each is; an empty line then" in " ".join(said.split())
    assert "  mlp-centred: not run yet" in said
    assert "run begins what is missing: mlp-centred, mlp-shifted, cnn-centred," in said
    assert "Begun, one after the other: mlp-centred, mlp-shifted," in said
    assert begun == list(RECIPES)
    assert "Not readable" not in said
    for name, accuracy in zip(RECIPES, (0.9, 0.6, 0.92, 0.9), strict=True):
        finished(name, accuracy)
    said = talk(sets, store, "runs", "run", "", problem=EXPERIMENT)
    assert "  cnn-shifted: 90.0 %\nAn empty line compares your prediction with them." in said
    assert "Every run is there or on its way" in said
    assert "the MLP lost 30 points, you said 30" in said
    assert store.progress(f"ps08/{EXPERIMENT}").state == "solved"


def test_one_run_of_an_experiment_is_begun_by_its_name(sets, store, begun):
    said = talk(sets, store, "30, 2", "run cnn-shifted", "run resnet20", problem=EXPERIMENT)
    assert begun == ["cnn-shifted"]
    assert "Begun: cnn-shifted." in said
    assert "This experiment has no run resnet20; it has mlp-centred," in said


def test_an_experiment_whose_lesson_needs_a_scale_is_run_and_judged_at_that_alone(sets, store, begun, monkeypatch):
    monkeypatch.setattr("tutor.training.lacking.default_scale", lambda gpu: "full")
    scales = []
    monkeypatch.setattr(after, "start_after", lambda other, recipe, sources=None: scales.append(recipe.scale))
    place, names = "convnets/resnet-experiment", ("plain20", "plain44", "resnet20", "resnet44")
    for name, accuracy in zip(names, (0.927, 0.917, 0.926, 0.929), strict=True):
        finished(name, accuracy, "full")
    said = talk(sets, store, "plain 20, resnet 1", "runs", "run", problem=place)
    assert "Still to be run at the quick scale: plain20, plain44, resnet20, resnet44." in " ".join(said.split())
    assert "run begins what is missing at the quick scale: plain20," in " ".join(said.split())
    assert scales == 4 * ["quick"]
    for name, accuracy in zip(names, (0.8, 0.54, 0.86, 0.84), strict=True):
        finished(name, accuracy)
    assert "the plain network lost 26 points, you said 20" in talk(sets, store, "", problem=place)


def test_a_run_that_has_learned_nothing_is_told_so_and_run_again(sets, store, begun):
    for name, accuracy in zip(RECIPES, (0.9, 0.6, 0.112, 0.11), strict=True):
        finished(name, accuracy, epochs=1)
    said = talk(sets, store, "30, 2", "runs", "run", problem=EXPERIMENT)
    assert "the CNN has learned nothing" in " ".join(said.split())
    assert "  cnn-centred: 11.2 %, no better than guessing" in said
    assert begun == list(RECIPES)
    assert store.progress(f"ps08/{EXPERIMENT}").state != "solved"


def test_runs_are_listed_anywhere_and_run_says_where_it_belongs(sets, store, begun):
    said = " ".join(talk(sets, store, "runs", "run").split())
    assert "There are no runs yet; run begins those of an experiment, such as problem 5, part" in said
    assert "There is nothing to run here; run begins the runs of an experiment, such as" in said
    folder = finished("mlp-centred", 0.9)
    said = talk(sets, store, "runs")
    assert f"  {folder.name}: finished, validation 90.0 %" in said
    assert "runs stop with a name stops one." in " ".join(said.split())


def test_a_data_set_that_is_not_here_is_told_and_run_again_does_without(sets, store, begun, monkeypatch):
    monkeypatch.setattr("tutor.training.lacking.default_scale", lambda gpu: "full")
    lacks = Found("mnist", None, False, "", 11_600_000)
    monkeypatch.setattr(finding, "find", lambda name: replace(lacks, complete=name == "fashion-mini"))
    said = talk(sets, store, "30, 2", "run", "run", problem=EXPERIMENT)
    assert "train mlp-centred --download fetches it. run again takes the quick recipes" in " ".join(said.split())
    assert begun == list(RECIPES)


def test_an_answer_that_follows_from_an_earlier_one_is_told_so(sets, store):
    said = talk(sets, store, "part variance", "d sigma^2", "part sigma", "1/sqrt(d)", problem="initialization")
    assert "earlier" in said or "Var[y]" in said


def test_progress_is_said_in_words(sets, store):
    talk(sets, store, "n K^2 L", "next", "n")
    said = talk(sets, store, "left")
    assert "problem 1: Cost and memory: 1 of 4 parts solved, 1 tried" in said
    assert "part 2: one training step, forward and backward: tried" in said


def test_one_can_walk_through_every_part_and_back(sets, store):
    parts = sum(len(problem.parts) for problem in sets[0].problems)
    said = talk(sets, store, *["next"] * parts, *["back"] * parts)
    for problem in sets[0].problems:
        assert f"Problem {problem.number}: " in said
    assert "the last part of the last problem" in said
    assert "the first part of the first problem" in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("problem 9", "there are 1 cost"),
        ("problem", "Say which problem"),
        ("part 9", "parts 1 to 4"),
        ("solutoin", "is it solution?"),
        ("", "Type an answer, or help."),
    ],
)
def test_what_is_no_command_is_told_what_there_is(typed, said, sets, store):
    assert said in talk(sets, store, typed)


def test_help_names_every_command_and_each_works(sets, store):
    said = talk(sets, store, "help")
    for name in COMMANDS:
        assert f"  {name}: " in said
    assert "There is no command" not in talk(sets, store, *(name for name in COMMANDS if name != "quit"))


def test_nothing_is_drawn_and_lines_are_short(sets, store):
    parts = sum(len(problem.parts) for problem in sets[0].problems)
    said = talk(sets, store, *[word for _ in range(parts) for word in ("solution", "solution", "hint", "next")])
    assert not BOXES & set(said)
    assert max(map(len, said.splitlines())) <= 110
    assert "$" not in said
    # Only where it is told how to type LaTeX does any stand.
    assert not any("\\frac" in row or "\\hat" in row or "\\mathbb" in row for row in said.splitlines())


def test_a_disk_that_is_full_is_said_and_stops_nothing(sets, store, monkeypatch):
    def full(*_):
        raise StoreError("There is no room left on the disk; free some space.")

    monkeypatch.setattr(store, "save_draft", full)
    monkeypatch.setattr(store, "record_attempt", full)
    said = talk(sets, store, "n K^2 L")
    assert "Not kept: There is no room" in said
    assert "Yes." in said


def test_it_runs_from_a_pipe_and_keeps_what_was_typed(tmp_path):
    environ = {**os.environ, "TUTOR_HOME": str(tmp_path), "TERM": "dumb"}
    words = [sys.executable, "-m", "tutor"]
    for send, expected in ((b"n K^2 L\nnext\n4 n\nquit\n", "Yes."), (b"", "Your answer so far: 4 n")):
        done = subprocess.run(words, input=send, capture_output=True, env=environ, timeout=60)
        assert done.returncode == 0, done.stderr
        out = done.stdout.decode()
        assert expected in out
        assert "Everything typed is kept." in out
        assert not BOXES & set(out)
