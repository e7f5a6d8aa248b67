"""Problems 1 to 4 as they are: the published results, equal rewrites, small changes."""

from __future__ import annotations

from random import Random

import pytest

from tests.content.rewrites import changed, rewritten, written
from tutor import paths
from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.evaluate import evaluate, evaluate_mp
from tutor.answers.reading import read
from tutor.answers.sampling import points
from tutor.answers.tree import Node
from tutor.content.judge import judge, look, right
from tutor.content.lint import lint
from tutor.content.load import find_part, load_set
from tutor.content.model import Accepted

PS08 = load_set(paths.problems_folder() / "ps08")
PARTS = {f"{part.problem_id}/{part.id}": part for problem in PS08.problems for part in problem.parts}
FORMULAS = [name for name, part in PARTS.items() if part.kind == "formula"]
MANY = 1000

IDS = {
    "cost": "forward-multiplications training-multiplications inference-memory training-memory",
    "initialization": "second-moment variance sigma derivation",
    "optimizers": "adam-state sgdm-state sgdm-momentum sgdm-weight adam-first-moment adam-second-moment "
    "adam-first-moment-corrected adam-second-moment-corrected adam-weight sgdm-gradient-dependence "
    "adam-gradient-dependence",
    "receptive-field": "output-size input-size recurrence closed-form",
    "convnets": "dataloaders mlp cnn train-epoch shift-experiment shift-effect scramble-effect residual-block "
    "residual-network resnet-experiment",
}
CLOSED = "1 + sum(j,1,L,(K_j-1) prod(i,1,j-1,S_i))"
RIGHT = {
    "cost/forward-multiplications": ["n K^2 L", "nK²L", "n*K**2*L", "L·n·K·K", r"n\cdot K^{2}L", "M = n K^2 L"],
    "cost/training-multiplications": ["3 n K^2 L", "(3L-1) n K^2"],
    "cost/inference-memory": ["L K^2 + 2 n K"],
    "cost/training-memory": ["2 L K^2 + L n K", "2LK^2 + LnK + nK", "2LK^2 + LnK + 2nK", "2LK² + (L+1)nK"],
    "initialization/second-moment": ["1/2", "0.5", "½", r"\frac{1}{2}"],
    "initialization/variance": ["d sigma^2/2", "Var[y] = dσ²/2"],
    "initialization/sigma": ["sqrt(2/d)", "√2/√d", r"\sqrt{\frac{2}{d}}", "(2/d)^(1/2)", "σ = sqrt(2/d)"],
    "optimizers/adam-state": ["2", "3"],
    "optimizers/sgdm-state": ["1", "2"],
    "optimizers/sgdm-momentum": ["c (1-β^t)/(1-β)", r"c\frac{1-\beta^t}{1-\beta}", "c sum(i,0,t-1,beta^i)"],
    "optimizers/sgdm-weight": ["-η c/(1-β) (t + 1 - (1-β^(t+1))/(1-β))"],
    "optimizers/adam-first-moment": ["c (1-β1^t)", "c(1-β₁ᵗ)"],
    "optimizers/adam-second-moment": ["c^2 (1-β2^t)"],
    "optimizers/adam-first-moment-corrected": ["c"],
    "optimizers/adam-second-moment-corrected": ["c^2", "c²"],
    "optimizers/adam-weight": ["-eta t", "w^{(t)} = -ηt"],
    "optimizers/sgdm-gradient-dependence": ["proportional"],
    "optimizers/adam-gradient-dependence": ["independent"],
    "convnets/shift-effect": ["mlp-falls"],
    "convnets/scramble-effect": ["cnn-falls"],
    "receptive-field/output-size": [
        "floor((W_in + 2P - K)/S) + 1",
        r"W_{out} = \left\lfloor \frac{W_{in} + 2P - K}{S} \right\rfloor + 1",
        "(W_in + 2P - K)//S + 1",
    ],
    "receptive-field/input-size": ["S (W_out - 1) + K - 2P"],
    "receptive-field/recurrence": ["S_{l+1} (W_{l+1} - 1) + K_{l+1}", "W_{l-1} = S_l (W_l - 1) + K_l"],
    "receptive-field/closed-form": [CLOSED, r"1+\sum_{j=1}^{L}(K_j-1)\prod_{i=1}^{j-1}S_i"],
}
SLIPS = {
    "cost/training-multiplications": ["2 n K^2 L", "6 n K^2 L"],
    "cost/inference-memory": ["L K^2 + n K"],
    "cost/training-memory": ["L K^2 + L n K", "L K^2 + 2 n K"],
    "initialization/variance": ["d sigma^2", "d sigma^2 (1/2 - 1/(2 pi))"],
    "initialization/sigma": ["2/d", "1/sqrt(d)"],
    "optimizers/sgdm-momentum": ["c/(1-beta)", "c (1 - beta^t)", "c (1-beta^(t+1))/(1-beta)"],
    "optimizers/sgdm-weight": ["eta c/(1-beta) (t + 1 - (1-beta^(t+1))/(1-beta))", "-eta c t/(1-beta)"],
    "optimizers/adam-first-moment": ["c (1-beta1^t)/(1-beta1)", "c (1-beta1^(t+1))"],
    "optimizers/adam-second-moment": ["c^2 (1-beta2^(t+1))"],
    "optimizers/adam-weight": ["eta t"],
    "receptive-field/output-size": [
        "(W_in + 2P - K)/S + 1",
        "floor((W_in + P - K)/S) + 1",
        "floor((W_in + 2P - K)/S)",
    ],
    "receptive-field/input-size": ["S (W_out - 1) + K - P"],
    "receptive-field/recurrence": ["S_{l+1} (W_{l+1} - 1) + K_{l+1} - 2 P_{l+1}", "W_{l+1} - 1 + K_{l+1}"],
    "receptive-field/closed-form": ["1 + sum(j,1,L,(K_j-1) prod(i,1,j,S_i))", "1 + sum(j,1,L,K_j-1)"],
}
STEPS = """Var[y] = sum(i,1,d, Var[x_i w_i])
= sum(i,1,d, E[x_i^2 w_i^2] - E[x_i w_i]^2)
= sum(i,1,d, E[x_i^2] E[w_i^2])
= d/2 sigma^2"""


def test_every_part_is_there_in_order() -> None:
    assert {problem.id: " ".join(part.id for part in problem.parts) for problem in PS08.problems} == IDS


def test_the_content_passes_its_own_lint() -> None:
    assert lint(paths.problems_folder()) == []


@pytest.mark.parametrize("name", RIGHT)
def test_published_answers_are_right(name: str) -> None:
    for answer in (*RIGHT[name], PARTS[name].answer):
        verdict = judge(PARTS[name], answer)
        assert verdict.status == "correct", (answer, verdict.message)
        assert verdict.message


@pytest.mark.parametrize("name", SLIPS)
def test_published_slips_are_known_mistakes(name: str) -> None:
    for answer in SLIPS[name]:
        verdict = judge(PARTS[name], answer)
        assert verdict.status == "incorrect", answer
        assert verdict.mistake is not None, answer
        assert verdict.counterexample is not None


@pytest.mark.parametrize("name", PARTS)
def test_every_mistake_and_accepted_form_is_recognised(name: str) -> None:
    part = PARTS[name]
    if part.kind == "derivation":
        return
    for mistake in part.mistakes:
        verdict = judge(part, mistake.formula)
        assert (verdict.status, verdict.mistake) == ("incorrect", mistake.id)
    for accepted in part.accept:
        assert judge(part, accepted.formula).message == accepted.note


def test_sigma_that_follows_from_a_wrong_variance_is_told_so() -> None:
    verdict = judge(PARTS["initialization/sigma"], "1/sqrt(d)", {"variance": "Var[y] = d σ²"})
    assert verdict.status == "incorrect"
    assert verdict.mistake is not None
    assert "follow from your own answer to variance" in verdict.message


def test_the_derivation_is_judged_line_by_line() -> None:
    part = find_part((PS08,), "initialization/derivation")
    verdict = judge(part, STEPS)
    assert verdict.status == "correct", verdict.message
    wrong = judge(part, STEPS.replace("d/2 sigma^2", "d sigma^2"))
    assert (wrong.status, wrong.mistake) == ("incorrect", "relu-forgotten")
    assert wrong.message.startswith("Line 4")
    assert "this line comes to 1, the line before to 0.5." in wrong.message
    seen = look(part, "Var[y] = sum(i,1,d, Var[x_i w_i])\n= d E[x_1^2] =")
    assert seen.picture is not None
    assert "sum" not in seen.picture.text
    faulty = look(part, "Var[y]\n = d ^^ 2").problem
    assert faulty is not None
    assert (faulty.start, judge(part, "").status) == (13, "invalid")
    assert judge(part, "Var[y]").status == "incorrect"
    torn = judge(part, STEPS.replace("d/2 sigma^2", "d/2 ^^ sigma^2"))
    assert (torn.status, torn.start) == ("invalid", STEPS.index("d/2 sigma") + 5)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_thousand_equal_rewrites_are_right(name: str) -> None:
    part, random = PARTS[name], Random(name)
    assert part.tree is not None
    refused = []
    texts: set[str] = set()
    while len(texts) < MANY:
        texts.add(written(rewritten(part.tree, random), random))
    for text in sorted(texts):
        if right(part, read(text, part.vocabulary).tree) is not True:
            refused.append(text)
    assert not refused, refused[:5]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_thousand_small_changes_are_not(name: str) -> None:
    part, random = PARTS[name], Random(name + "/changed")
    assert part.tree is not None
    where = points(part.vocabulary, "another seed", 40)
    made: set[Node] = set()
    accepted = []
    for _ in range(MANY * 20):
        start = rewritten(part.tree, random) if random.random() < 0.5 else part.tree
        tree = changed(start, random)
        if tree is None or tree in made or not differs_from(tree, part.tree, where):
            continue
        made.add(tree)
        verdict = right(part, tree)
        if verdict is True or (isinstance(verdict, Accepted) and differs_from(tree, verdict.tree, where)):
            accepted.append(written(tree, random))
        if len(made) == MANY:
            break
    assert len(made) == MANY
    assert not accepted, accepted[:5]


def differs_from(tree: Node, other: Node, where: tuple) -> bool:
    """Whether two trees have different values at one of the points: by plain evaluation, without `compare`."""
    for point in where:
        try:
            expected = evaluate(other, point)
        except (Undefined, TooMuchWork):
            continue
        try:
            mine = evaluate(tree, point)
        except Undefined:
            return True
        except TooMuchWork:
            continue
        if mine == expected:
            continue
        if not isinstance(mine, float) and not isinstance(expected, float):
            return True
        if abs(mine - expected) > 1e-9 * abs(expected):
            return True
        one, two = evaluate_mp(tree, point), evaluate_mp(other, point)
        if abs(one - two) > abs(two) * 10**-30:
            return True
    return False
