"""Derivations: moments worked out exactly, each step against the one before, and the chain's two ends."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers.vocabularies import RANDOM, tree
from tests.clock import within
from tutor.answers.derivation import Step, check, complaint, equals, split, verdict
from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.moments import Random, value_of

POINT = {"d": 3, "sigma": Fraction(1, 2)}
START, GOAL = "Var[y]", "d sigma^2 / 2"
GOOD = [
    "Var[y] = sum(i,1,d,Var[w_i x_i]) = sum(i,1,d,E[w_i^2 x_i^2] - E[w_i x_i]^2) = d sigma^2 E[x_1^2] = d sigma^2/2",
    "= sum(i=1..d, Var[w_i x_i])\n= sum(i=1..d, E[w_i^2] E[x_i^2])\n= d σ² (1/2) E[z_i^2]\n= d σ²/2",
    "Var[y] = E[y^2] - E[y]^2\nVar[y] = E[y^2]\nVar[y] = d E[w_i^2] E[relu(z_i)^2]\nVar[y] = d sigma^2/2",
    r"\operatorname{Var}[y] = \sum_{i=1}^{d} \mathrm{Var}[w_i x_i] = d\,\mathbb{E}[w_i^2]\mathbb{E}[x_i^2]"
    r" = \frac{d\sigma^2}{2}",
    "Var[y] &= d Var[w_i x_i] \\\\\n&= d sigma^2/2",
]


def value(text: str):
    return value_of(tree(text, RANDOM), POINT, RANDOM)


def steps(text: str) -> list[Step]:
    return check(text, RANDOM, START, GOAL, "derivation")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E[z_1]", 0),
        ("E[z_1^4]", 3),
        ("E[w_2^2]", Fraction(1, 4)),
        ("E[w_2^6]", Fraction(15, 64)),
        ("E[x_1^2]", Fraction(1, 2)),
        ("E[x_1^4]", Fraction(3, 2)),
        ("E[x_1 z_1]", Fraction(1, 2)),
        ("E[x_1 z_2]", 0),
        ("E[x_1]", 1 / math.sqrt(2 * math.pi)),
        ("E[x_1^3]", 2 / math.sqrt(2 * math.pi)),
        ("Var[x_1]", 0.5 - 1 / (2 * math.pi)),
        ("E[abs(z_1)]", math.sqrt(2 / math.pi)),
        ("E[max(0, z_1)^2]", Fraction(1, 2)),
        ("E[relu(-3 z_1)^2]", Fraction(9, 2)),
        ("E[relu(2 x_1)^2]", 2),
        ("Var[y]", Fraction(3, 8)),
        ("E[y]", 0),
        ("E[y^4]", 3 * Fraction(1, 16) * (Fraction(3, 2) * 3 + 6 * Fraction(1, 4))),
        ("Var[w_1 + 2 w_2]", Fraction(5, 4)),
        ("Var[3]", 0),
        ("E[E[z_1^2] w_1^2]", Fraction(1, 4)),
        ("sum(i,1,d,E[x_i^2])", Fraction(3, 2)),
        ("E[prod(i,1,d,z_i^2)]", 1),
        ("E[(z_1+z_2)^3 (z_1-z_2)]", 0),
    ],
)
def test_moments(text, expected):
    found = value(text)
    if isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-12)
    else:
        assert found == expected
        assert not isinstance(found, float)


@pytest.mark.parametrize("text", ["E[1/z_1]", "E[sqrt(z_1)]", "E[z_1^(1/2)]", "E[z_4]", "E[relu(z_1 + z_2)]", "1/0"])
def test_what_cannot_be_worked_out_is_undefined(text):
    with pytest.raises(Undefined):
        value(text)


def test_what_is_left_random_is_named():
    with pytest.raises(Random) as caught:
        value("x_1 + E[w_1^2]")
    assert caught.value.names == ("x",)


@pytest.mark.parametrize("text", ["E[(z_1 + z_2 + z_3 + w_1 + w_2 + w_3)^12]", "E[z_1^40]", "sum(i,1,10^9,E[z_1])"])
def test_work_is_bounded(text):
    def refused():
        with pytest.raises((TooMuchWork, Undefined)):
            value(text)

    within(0.03, refused)


@pytest.mark.parametrize("text", GOOD)
def test_a_right_derivation(text):
    found = steps(text)
    assert verdict(found) == "correct"
    assert complaint(found) is None


def test_the_first_wrong_step_is_named_with_numbers():
    found = steps("Var[y] = sum(i,1,d,Var[w_i x_i]) = sum(i,1,d,Var[w_i] Var[x_i]) = d sigma^2/2")
    assert [step.status for step in found] == ["start", "right", "wrong", "unchecked"]
    fault = complaint(found)
    assert fault is not None
    assert fault.message.startswith("For d = 1, σ = 1 this line comes to 0.340845, the line before to 0.5.")
    assert verdict(found) == "incorrect"


def test_steps_are_wanted_with_the_goal():
    for text in (GOAL, "Var[y] = d sigma^2/2", "Var[y] = Var[y] = d sigma^2/2", "Var[y] = sigma^2 d/2 = d sigma^2/2"):
        found = steps(text)
        assert verdict(found) == "incorrect"
        assert found[-1].status == "unfinished"
        assert "steps" in found[-1].message


def test_the_chain_must_begin_at_the_start():
    found = steps("E[x_1^2] = 1/2")
    assert found[0].status == "wrong"
    assert "begins" in found[0].message


def test_the_chain_must_reach_a_formula():
    found = steps("Var[y] = d Var[w_1 x_1]")
    assert found[-1].status == "unfinished"
    assert "Go on" in found[-1].message


def test_agreeing_at_small_numbers_is_not_enough():
    extra = "(d-1)(d-2)(d-3)"
    assert verdict(steps(f"Var[y] = E[y^2] = d sigma^2/2 + {extra}")) == "incorrect"
    assert verdict(steps(f"Var[y] = E[y^2] = d sigma^2/2 + {extra} = d sigma^2/2")) == "incorrect"


def test_a_line_left_random_is_told_so():
    fault = complaint(steps("Var[y] = sum(i,1,d,w_i^2 E[x_i^2]) = d sigma^2/2"))
    assert fault is not None
    assert "w stands outside" in fault.message


def test_an_unreadable_line_is_invalid_with_its_place():
    found = steps("Var[y] = E[y^2 = d sigma^2/2")
    assert verdict(found) == "invalid"
    fault = complaint(found)
    assert fault is not None
    assert fault.start is not None
    assert fault.message


def test_split_leaves_the_equals_sign_of_a_sum():
    assert split("Var[y] = sum(i=1..d, x_i)\n\n = 2") == ["Var[y]", "sum(i=1..d, x_i)", "2"]
    assert split(r"a = \sum_{i=1}^{d} x_i \\ &= b") == ["a", r"\sum_{i=1}^{d} x_i", "b"]
    assert split(" \n = \n") == []


def test_values_can_be_compared_for_known_mistakes():
    assert equals(tree("d E[w_1^2]", RANDOM), tree("d sigma^2", RANDOM), RANDOM)
    assert not equals(tree("d E[w_1^2]", RANDOM), tree("d sigma^2/2", RANDOM), RANDOM)
    assert not equals(tree("w_1", RANDOM), tree("w_1", RANDOM), RANDOM)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Var[y]",
                "E[y^2]",
                "=",
                "\n",
                "sum(i,1,d,",
                "w_i",
                "x_i^2",
                ")",
                "]",
                "E[",
                "Var[",
                "^9",
                "/0",
                "d",
                " 2 ",
                "π",
                "é",
            ]
        ),
        max_size=20,
    ).map(" ".join)
)
def test_any_text_gives_its_verdict_in_time(text):
    found = within(0.05, lambda: steps(text))
    assert verdict(found) in ("correct", "incorrect", "invalid")
    assert found
    if verdict(found) != "correct":
        fault = complaint(found)
        assert fault is not None
        assert fault.message


def test_a_heavy_derivation_stays_in_time():
    text = "Var[y] = " + " = ".join(["E[y^4 + w_1^4 (z_1 + x_2 + z_1)^4] - 0"] * 28)
    for heavy in (text, "Var[y]" + " = E[y^2]" * 28, "Var[y] = E[(" + "+".join(["w_1 x_1"] * 60) + ")^2]"):
        within(0.05, lambda heavy=heavy: steps(heavy))
