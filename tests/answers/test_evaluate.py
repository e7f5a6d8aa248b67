"""Values: exact where rational, bounded before they are computed, and nothing but our two exceptions."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.trees import binary, call, num, power, product, series, sym, total
from tests.clock import within
from tutor.answers.errors import TooMuchWork, Undefined
from tutor.answers.evaluate import FromZero, evaluate, evaluate_mp
from tutor.answers.tree import Constant, Element, Moment, Number, Power, Symbol


def test_rational_arithmetic_is_exact():
    assert evaluate(binary(num(1), "/", num(3)), {}) == Fraction(1, 3)
    assert evaluate(total(num("0.1"), num("0.2")), {}) == Fraction(3, 10)
    assert evaluate(power(num(2), num(-3)), {}) == Fraction(1, 8)


def test_roots_are_exact_where_they_are_rational():
    assert evaluate(call("sqrt", binary(num(9), "/", num(4))), {}) == Fraction(3, 2)
    assert evaluate(power(num(4), binary(num(3), "/", num(2))), {}) == 8
    assert evaluate(call("sqrt", num(2)), {}) == math.sqrt(2)


def test_fifty_digits():
    assert str(evaluate_mp(call("sqrt", num(2)), {})).startswith("1.41421356237309504880168872420969807856967")


@pytest.mark.parametrize("divisor", [num(0), call("sqrt", num(0)), total(sym("x"), sym("x"), minus=True)])
def test_division_by_zero_is_undefined(divisor):
    for run in (evaluate, evaluate_mp):
        with pytest.raises(Undefined):
            run(binary(num(1), "/", divisor), {"x": 0.5})


def test_no_complex_number():
    for tree in (power(num(-8), binary(num(1), "/", num(3))), call("sqrt", num(-1)), call("log", num(-1))):
        for run in (evaluate, evaluate_mp):
            with pytest.raises(Undefined):
                run(tree, {})


def test_empty_series():
    for run in (evaluate, evaluate_mp):
        assert run(series("sum", "j", num(1), num(0), sym("j")), {}) == 0
        assert run(series("product", "j", num(1), num(0), sym("j")), {}) == 1


def test_series_hides_a_symbol_of_its_index():
    tree = total(sym("j"), series("sum", "j", num(1), num(3), sym("j")))
    assert evaluate(tree, {"j": 10}) == 16
    assert evaluate_mp(tree, {"j": 10}) == 16


def test_elements_count_from_one_or_zero():
    tree = Element("K", sym("j"))
    assert evaluate(tree, {"K": (5, 7), "j": 2}) == 7
    assert evaluate(tree, {"K": FromZero((5, 7)), "j": 0}) == 5
    for index in (0, 3, Fraction(1, 2)):
        for run in (evaluate, evaluate_mp):
            with pytest.raises(Undefined):
                run(tree, {"K": (5, 7), "j": index})


def test_a_symbol_without_a_value_or_an_index_is_undefined():
    for tree in (sym("x"), sym("K"), total(sym("K"), num(1)), Moment("E", num(1)), product(num(2), sym("K"))):
        for run in (evaluate, evaluate_mp):
            with pytest.raises(Undefined):
                run(tree, {"K": (1, 2)})


PATHOLOGICAL = {
    "tower": power(num(9), power(num(9), power(num(9), num(9)))),
    "long sum": series("sum", "j", num(1), num(10**9), sym("j")),
    "long product": series("product", "j", num(1), num(10**9), sym("j")),
    "factorial": series("product", "j", num(1), num(900), power(sym("j"), num(9))),
    "nested": series("sum", "i", num(1), num(900), series("sum", "j", num(1), num(900), sym("j"))),
    "deep": series(
        "sum", "i", num(1), num(50), series("sum", "j", num(1), num(50), series("sum", "k", num(1), num(50), num(1)))
    ),
    "huge exponent": power(total(num(1), binary(num(1), "/", num(10**9))), num(10**9)),
    "exponentials": call("exp", call("exp", call("exp", num(100)))),
    "root tower": power(call("sqrt", num(2)), power(num(10), num(30))),
    "many powers": product(*[power(num(7), num(1400)) for _ in range(250)]),
    "long literal": Number(Fraction(10**5000), "1e5000"),
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_work_is_bounded_before_it_is_done(name):
    for run in (evaluate, evaluate_mp):
        run(call("sqrt", num(2)), {})  # the import of mpmath is not counted

        def refused(run=run):
            with pytest.raises(TooMuchWork):
                run(PATHOLOGICAL[name], {})

        within(0.02, refused)


def test_zero_to_the_power_of_zero_is_one():
    assert evaluate(power(num(0), num(0)), {}) == 1
    assert evaluate_mp(power(num(0), num(0)), {}) == 1


def test_floor_sees_through_rounding():
    tree = call("floor", power(call("sqrt", num(3)), num(2)))
    assert evaluate(tree, {}) == 3
    assert evaluate_mp(tree, {}) == 3


TREES = st.recursive(
    st.one_of(st.integers(-9, 10**6).map(num), st.sampled_from([sym("x"), sym("K"), Constant("pi"), Constant("e")])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda parts: binary(*parts)),
        st.tuples(st.sampled_from(["sqrt", "exp", "log", "abs", "floor", "ceil", "relu"]), inner).map(
            lambda parts: call(*parts)
        ),
        st.tuples(st.sampled_from(["sum", "product"]), inner, inner, inner).map(
            lambda parts: series(parts[0], "x", parts[1], parts[2], parts[3])
        ),
        inner.map(lambda index: Element("K", index)),
        st.tuples(inner, inner).map(lambda pair: call("min", *pair)),
    ),
    max_leaves=12,
)


def test_a_sequence_without_its_index_is_undefined_also_under_a_power():
    tree = Power(Symbol("K"), num(1))
    for run in (evaluate, evaluate_mp):
        with pytest.raises(Undefined):
            run(tree, {"K": (1, Fraction(1, 2), 3)})


@given(TREES, st.one_of(st.integers(-5, 5), st.fractions(-3, 3), st.floats(-2, 2)))
def test_nothing_else_is_ever_raised(tree, x):
    point = {"x": x, "K": (1, Fraction(1, 2), 3)}
    for run in (evaluate, evaluate_mp):
        run(num(1), point)

        def attempt(run=run):
            with contextlib.suppress(Undefined, TooMuchWork):
                assert not isinstance(run(tree, point), complex)

        within(0.05, attempt)
