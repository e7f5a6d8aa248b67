"""Comparison: equal formulas are equal, small changes are seen, and every process says the same."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers.trees import binary, num, sym, total
from tests.answers.vocabularies import (
    COST,
    FREE,
    INITIALIZATION,
    LAYER,
    OPTIMIZERS,
    RECURRENCE,
    SIZES,
    STACK,
    tree,
)
from tests.clock import within
from tutor.answers.compare import Comparison, compare
from tutor.answers.evaluate import children
from tutor.answers.sampling import points, simple_points
from tutor.answers.tree import Factor, Node, Product, Sum, Term
from tutor.answers.variants import with_child
from tutor.answers.vocabulary import SymbolSpec, Vocabulary

KEYS = {
    "cost": ("3 n K^2 L", COST),
    "memory": ("2 L K^2 + L n K", COST),
    "sigma": ("sqrt(2/d)", INITIALIZATION),
    "variance": ("d sigma^2/2", INITIALIZATION),
    "momentum": ("c (1-beta^t)/(1-beta)", OPTIMIZERS),
    "weight": ("-eta c/(1-beta) (t + 1 - (1-beta^(t+1))/(1-beta))", OPTIMIZERS),
    "size": ("floor((W_in + 2P - K)/S) + 1", SIZES),
    "recurrence": ("S_{l+1} (W_{l+1} - 1) + K_{l+1}", RECURRENCE),
    "closed form": ("1 + sum(j,1,L,(K_j-1) prod(i,1,j-1,S_i))", STACK),
}


def judged(answer: str, reference: str, vocabulary: Vocabulary = FREE) -> Comparison:
    return compare(tree(answer, vocabulary), tree(reference, vocabulary), vocabulary, "a part")


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("(a+b)^2", "a^2 + 2 a b + b^2"),
        ("sqrt(x^2)", "abs(x)"),
        ("sqrt(2/9)", "sqrt(2)/3"),
        ("x^a x^b", "x^(a+b)"),
        ("(a^2-b^2)/(a-b)", "a+b"),
        ("exp(a+b)", "exp(a) exp(b)"),
        ("floor(x)", "-ceil(-x)"),
        ("sum(j,1,n,j)", "n(n+1)/2"),
        ("prod(j,1,n,2)", "2^n"),
        ("log(exp(x))", "x"),
        ("exp(1000 x)", "exp(500 x)^2"),
        ("sqrt(x^2+1) - 10^20 + 10^20", "sqrt(x^2+1)"),
        ("0 x", "0"),
    ],
)
def test_equal_formulas(answer, reference):
    assert judged(answer, reference).equal is True


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("x (1 + 1e-12)", "x"),
        ("sqrt(x^2)", "x"),
        ("x + 10^-30", "x"),
        ("exp(-1000 x^2)", "2 exp(-1000 x^2)"),
        ("10^300 x + 1", "10^300 x"),
        ("floor(x)", "x"),
        ("2", "3"),
    ],
)
def test_small_changes_are_seen(answer, reference):
    assert judged(answer, reference).equal is False


def test_a_rounded_number_is_told_so():
    for answer in ("1.414/sqrt(d)", "1.41421356237/sqrt(d)", "sqrt(2.0001/d)"):
        result = judged(answer, "sqrt(2/d)", INITIALIZATION)
        assert result.equal is False
        assert result.kind == "rounded"
        assert "rounded" in result.reason
    assert judged("1.5/sqrt(d)", "sqrt(2/d)", INITIALIZATION).kind == "different"


def test_undefined_where_the_reference_is_defined_is_incorrect():
    result = judged("n(L-1)/(L-1)", "n", COST)
    assert result.equal is False
    assert result.kind == "undefined"
    assert result.counterexample is not None
    assert result.counterexample.yours is None
    assert judged("sqrt(x) sqrt(x)", "x").equal is False


def test_an_index_only_some_values_reach_is_incorrect():
    assert judged("S_l (W_{l+1} - 1) + K_{l+1}", "S_{l+1} (W_{l+1} - 1) + K_{l+1}", RECURRENCE).equal is False


@pytest.mark.parametrize("answer", ["9^9^9^9", "sum(j,1,10^9,j)", "x + 9^9^9^9"])
def test_an_answer_beyond_every_bound_has_no_verdict(answer):
    result = judged(answer, "x")
    assert result.equal is None
    assert result.reason


def test_an_overflow_is_not_agreement():
    assert judged("exp(exp(exp(x^2+9)))", "exp(exp(exp(x^2+9))) 2").equal is None
    assert judged("10^400 x y", "10^400 y x").equal is True


def test_one_point_is_enough_without_symbols():
    nothing = Vocabulary()
    assert judged("1/2", "0.5", nothing).equal is True
    assert judged("1/3", "0.3333333333333333", nothing).equal is False


def test_the_counterexample_has_the_smallest_numbers_and_both_values():
    found = judged("2 n K^2 L", "3 n K^2 L", COST).counterexample
    assert found is not None
    assert found.symbols() == (("n", "1"), ("K", "1"), ("L", "1"))
    assert (found.yours_text, found.expected_text) == ("2", "3")
    assert found.text == "n = 1, K = 1, L = 1: yours is 2, expected 3"
    found = judged("(W_in + 2P - K)/S + 1", "floor((W_in + 2P - K)/S) + 1", SIZES).counterexample
    assert found is not None
    assert found.text == "W_in = 2, K = 1, P = 0, S = 2: yours is 1.5, expected 1"


def test_values_that_differ_are_shown_different():
    for answer in ("x (1 + 1e-12)", "x + 10^-30", "10^300 x + 1"):
        reference = "10^300 x" if "300" in answer else "x"
        found = judged(answer, reference).counterexample
        assert found is not None
        assert found.yours_text != found.expected_text
        assert len(found.text) < 120


def test_points_obey_the_joint_domain_and_begin_with_the_edges():
    drawn = points(SIZES, "seed")
    assert len(drawn) == 24
    assert all(point["W_in"] + 2 * point["P"] >= point["K"] for point in drawn)
    assert drawn[0] == {"W_in": 1, "K": 1, "P": 0, "S": 1}
    assert any((point["W_in"] + 2 * point["P"] - point["K"]) % point["S"] for point in drawn)
    assert all(0 <= point["l"] < point["L"] == len(point["K"]) for point in points(RECURRENCE, "seed"))
    assert all(len(point["W"]) == point["L"] + 1 for point in points(RECURRENCE, "seed"))
    assert points(SIZES, "seed", 96)[0] == drawn[0]
    assert points(SIZES, "seed") != points(SIZES, "another seed")


def test_an_equation_among_the_constraints_sets_its_symbol():
    from tutor.answers.vocabulary import Constraint

    plain = Vocabulary((*LAYER, SymbolSpec("D", "positive integer")))
    vocabulary = Vocabulary(plain.symbols, (Constraint(sym("D"), "=", tree("2 K", plain)),))
    assert len(points(vocabulary, "seed")) == 24
    assert all(point["D"] == 2 * point["K"] for point in points(vocabulary, "seed"))


def test_free_symbols_take_both_signs():
    drawn = points(FREE, "seed", trees=(tree("a b", FREE),))
    assert {point["a"] > 0 for point in drawn if point["a"]} == {True, False}
    assert any(isinstance(point["b"], Fraction) for point in drawn)


def test_simple_points_begin_with_the_smallest():
    assert [dict(point) for point in simple_points(COST, 2)] == [{"n": 1, "K": 1, "L": 1}, {"n": 1, "K": 1, "L": 2}]


# -- laws of algebra ------------------------------------------------------------------------------------------------


def _places(node: Node) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for place, child in enumerate(children(node)):
        found += [(place, *rest) for rest in _places(child)]
    return found


def _changed(node: Node, path: tuple[int, ...], change) -> Node:
    if not path:
        return change(node)
    return with_child(node, path[0], _changed(children(node)[path[0]], path[1:], change))


def _commuted(node: Node) -> Node:
    if isinstance(node, Sum):
        return Sum(tuple(reversed(node.terms)))
    if isinstance(node, Product):
        return Product((Factor(num(1)), *reversed(node.factors)))
    return node


def _distributed(node: Node) -> Node:
    if isinstance(node, Product):
        for place, factor in enumerate(node.factors):
            if isinstance(factor.node, Sum) and not factor.inverse:
                before, after = node.factors[:place], node.factors[place + 1 :]
                return Sum(
                    tuple(
                        Term(Product((Factor(num(1)), *before, Factor(term.node), *after)), term.negative)
                        for term in factor.node.terms
                    )
                )
    return node


REWRITES = (
    _commuted,
    _distributed,
    lambda node: total(node, num(0)),
    lambda node: binary(binary(node, "*", num(3)), "/", num(3)),
    lambda node: binary(binary(node, "+", num(7)), "-", num(7)),
    lambda node: binary(node, "^", num(1)),
    lambda node: Sum((Term(Sum((Term(node, True),)), True),)),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(KEYS)), st.lists(st.tuples(st.integers(0, 50), st.sampled_from(REWRITES)), max_size=4))
def test_laws_of_algebra_keep_the_verdict(name, steps):
    text, vocabulary = KEYS[name]
    reference = rewritten = tree(text, vocabulary)
    for place, change in steps:
        paths = _places(rewritten)
        rewritten = _changed(rewritten, paths[place % len(paths)], change)
    assert compare(rewritten, reference, vocabulary, name).equal is True


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(KEYS)),
    st.sampled_from(
        [
            lambda node: binary(node, "*", num(2)),
            lambda node: binary(node, "/", num("1.001")),
            lambda node: binary(node, "+", num(1)),
            lambda node: binary(node, "-", num("1e-15")),
            lambda node: binary(node, "^", num(2)),
            lambda node: binary(num(0), "-", node),
            lambda node: binary(num(1), "/", node),
            lambda node: num(0),
        ]
    ),
)
def test_changes_break_the_verdict(name, change):
    text, vocabulary = KEYS[name]
    reference = tree(text, vocabulary)
    assert compare(change(reference), reference, vocabulary, name).equal is False


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KEYS)), st.data())
def test_a_number_changed_anywhere_is_seen(name, data):
    from tutor.answers.tree import Number

    text, vocabulary = KEYS[name]
    reference = tree(text, vocabulary)
    numbers = []
    for path in _places(reference):
        node = reference
        for place in path:
            node = children(node)[place]
        if isinstance(node, Number):
            numbers.append(path)
    if not numbers:
        return
    path = data.draw(st.sampled_from(numbers))
    changed = _changed(reference, path, lambda node: num(node.value + 1))
    assert compare(changed, reference, vocabulary, name).equal is False


# -- the same everywhere, and in time -------------------------------------------------------------------------------


SCRIPT = """
from tests.answers.vocabularies import *
from tutor.answers.compare import compare
from tutor.answers.diagnose import diagnose
for answer, reference, vocabulary in [
    ("2 n K L", "n K^2 L", COST), ("1.414/sqrt(d)", "sqrt(2/d)", INITIALIZATION), ("a b + c/d", "x y", FREE),
    ("(W_in+2P-K)/S+1", "floor((W_in+2P-K)/S)+1", SIZES), ("sum(j,1,L,K_j)", "sum(j,1,L,K_j S_j)", STACK),
    ("beta^t + exp(c)", "beta^(t+1) + exp(c)", OPTIMIZERS),
]:
    one, two = tree(answer, vocabulary), tree(reference, vocabulary)
    result = compare(one, two, vocabulary, "part")
    print(result.equal, result.kind, result.counterexample and result.counterexample.text)
    print(diagnose(one, two, vocabulary, "part").message)
"""


def test_every_process_gives_the_same_verdict():
    said = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert "False rounded" in said.pop()


SLOW = [
    "9^9^9^9",
    "sum(j,1,10^9,j)",
    "sum(j,1,700,1/j)",
    "sum(j,1,n+600,j^(1/3))",
    "sum(j,1,20,sum(i,1,20,1/(i+j)))",
    "sum(j,1,40,exp(x/j))",
    "prod(j,1,300,1+1/(j x))",
    "sum(j,1,100,sqrt(j+x^2)) + sum(j,1,100,sqrt(j+y^2))",
    "(x+y)^1000",
    "x^4000 + y^4000",
    "(1/7+x)^700 (2/9+y)^700",
    "exp(exp(exp(x)))",
    "2^(2^(2^x))",
    "sum(j,1,14,sum(i,1,14,sum(k,1,14,x)))",
    "+".join(f"sqrt(x^2+{k})" for k in range(80)),
    "*".join(["(x+1/3)^30"] * 80),
    "(1+" * 99 + "x" + ")" * 99,
    "2^(1-x^" * 40 + "x" + "+1)" * 40,
    "(1+2*x^(" * 49 + "x" + "))" * 49,
]


def forget():
    """What was compared before."""
    import tutor.answers.compare as module

    for each in vars(module).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


@pytest.mark.parametrize("answer", SLOW, ids=lambda answer: answer[:30])
def test_no_answer_takes_long(answer):
    from tutor.answers.diagnose import diagnose

    judged("sqrt(2)", "1.5")  # the import of mpmath is not counted
    for one, two in ((answer, "x"), (answer, answer + "+0"), ("x", answer)):
        left, right = tree(one, FREE), tree(two, FREE)
        within(0.05, lambda left=left, right=right: compare(left, right, FREE, "slow"), forget=forget)
        within(0.05, lambda left=left, right=right: diagnose(left, right, FREE, "slow"), forget=forget)


@pytest.mark.parametrize("answer", ["(1+" * 99 + "x" + ")" * 99, "sqrt(1+2/(1+" * 49 + "x" + "))" * 49])
def test_the_verdict_does_not_depend_on_how_deep_the_caller_is(answer):
    one, two = tree(answer, FREE), tree(answer + "+1", FREE)

    def called(calls: int) -> Comparison:
        return called(calls - 1) if calls else compare.__wrapped__(one, two, FREE, "deep")

    assert called(0) == called(400)
    assert called(0).equal is False


def test_a_small_formula_takes_half_a_millisecond():
    reference = tree("3 n K^2 L", COST)
    answers = [tree(f"{k} n K^2 L + {3 - k} L n K K", COST) for k in range(4, 104)]
    compare(answers[0], reference, COST, "fast")
    within(0.0005 * len(answers), lambda: [compare(answer, reference, COST, "fast") for answer in answers])
    assert all(compare(answer, reference, COST, "fast").equal for answer in answers)
