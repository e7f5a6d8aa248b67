"""Every formula of the sheet against real PyTorch."""

import re
import shutil

import pytest

from tutor import paths
from tutor.content.load import load_sets
from tutor.engine.agreement import disagreements
from tutor.engine.asking import claims, defaults, request, value_at
from tutor.engine.measurement import Measurement

PARTS = [(problem, part) for one in load_sets() for problem in one.problems for part in problem.parts if claims(part)]


def ask(engine, problem, measure, point):
    return Measurement.of(request(engine, problem.folder, measure, point).result())


def test_the_content_agrees_with_pytorch(engine):
    assert disagreements(paths.problems_folder(), engine) == []


def planted(part):
    """A formula that is not the one of this part."""
    return f"({part.answer}) * 11/10 + 1/10"


@pytest.fixture(scope="module")
def complaints(engine, tmp_path_factory):
    """What is said of the content with a wrong formula in the place of every right one; the folder of the set too."""
    folder = tmp_path_factory.mktemp("planted") / "ps08"
    shutil.copytree(paths.problems_folder() / "ps08", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for _, part in PARTS:
        file = folder / part.problem_id / "problem.toml"
        text = file.read_text()
        start = text.index(f'id = "{part.id}"')
        changed = text[:start] + text[start:].replace(f'answer = "{part.answer}"', f'answer = "{planted(part)}"', 1)
        assert changed != text
        file.write_text(changed)
    return folder, disagreements(folder, engine)


@pytest.mark.parametrize("part", [part for _, part in PARTS], ids=lambda part: part.id)
def test_a_wrong_formula_planted_in_the_content_is_caught_at_its_own_line(complaints, part):
    folder, found = complaints
    file = folder / part.problem_id / "problem.toml"
    lines = file.read_text().splitlines()
    (line,) = (at for at, text in enumerate(lines, 1) if text == f'answer = "{planted(part)}"')
    (message,) = (one.message for one in found if one.file == file and one.line == line)
    assert repr(planted(part)) in message
    assert "PyTorch measured" in message


def only(tmp_path, problem):
    """A copy of the set with this problem alone; its file."""
    folder = tmp_path / "ps08"
    shutil.copytree(paths.problems_folder() / "ps08", folder, ignore=shutil.ignore_patterns("__pycache__"))
    listed = folder / "set.toml"
    listed.write_text(re.sub(r"(?m)^problems = .*$", f'problems = ["{problem}"]', listed.read_text()))
    return folder, folder / problem / "problem.toml"


def test_a_wrong_accepted_form_is_caught_at_its_own_line(engine, tmp_path):
    folder, file = only(tmp_path, "cost")
    file.write_text(file.read_text().replace('"(3 L - 1) n K^2"', '"(3 L - 2) n K^2"'))
    (found,) = disagreements(folder, engine)
    assert file.read_text().splitlines()[found.line - 1] == 'formula = "(3 L - 2) n K^2"'


@pytest.mark.parametrize(("problem", "part"), PARTS, ids=lambda one: one.id)
def test_the_middling_numbers_are_measured_and_agree(engine, problem, part):
    point = defaults(part)
    assert ask(engine, problem, part.measure, point).agrees(value_at(part.tree, point))


def cost(engine, name, n=3, K=5, L=4):
    problem = next(problem for problem, _ in PARTS if problem.id == "cost")
    return ask(engine, problem, name, {"n": n, "K": K, "L": L})


def test_the_backward_pass_is_counted_apart_and_without_the_inputs_gradient_it_is_one_product_less(engine):
    product = 3 * 5 * 5
    both = cost(engine, "training_multiplications")
    assert both.details == {"forward": 4 * product, "backward": 8 * product}
    assert cost(engine, "training_multiplications_without_input_gradient").value == both.value - product


def test_memory_of_inference_is_followed_over_time(engine):
    measured = cost(engine, "inference_memory")
    assert max(measured.details["timeline"]) == measured.value == 4 * 25 + 2 * 15


def test_sampling_refines_itself(engine):
    problem, part = next(pair for pair in PARTS if pair[1].id == "variance")
    steps = []
    request(engine, problem.folder, part.measure, {"d": 4, "sigma": 0.5}, steps.append).result()
    errors = [step["standard_error"] for step in steps]
    assert len(errors) == 8
    assert errors[-1] < errors[0] / 2


def test_a_measurement_by_sampling_is_the_same_every_time(engine):
    problem, part = next(pair for pair in PARTS if pair[1].id == "sigma")
    assert ask(engine, problem, part.measure, {"d": 7}) == ask(engine, problem, part.measure, {"d": 7})


@pytest.mark.parametrize(
    ("value", "error", "formula", "agrees"),
    [
        (12, None, 12.0, True),
        (12, None, 12.0000001, False),
        (0.3, None, 0.1 + 0.2, True),
        (0.3, None, 0.3001, False),
        (0.5, 0.001, 0.504, True),
        (0.5, 0.001, 0.51, False),
    ],
)
def test_agreement_is_exact_for_counts_and_judged_by_the_standard_error_for_samples(value, error, formula, agrees):
    assert Measurement(value, "", error).agrees(formula) is agrees


def test_a_formula_without_a_value_is_a_complaint(engine, tmp_path):
    folder, file = only(tmp_path, "cost")
    planted = "n K^2 L (n-1)/(n-1)"
    file.write_text(file.read_text().replace('answer = "n K^2 L"', f'answer = "{planted}"', 1))
    found = [one.message for one in disagreements(folder, engine) if one.file == file]
    assert any(repr(planted) in message and "has no value at n = 1" in message for message in found)
