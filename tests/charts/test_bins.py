"""Curves in bins: nothing is lost to the shape, however long the run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import within
from tutor.charts.bins import Bins

values = st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf"))


@given(st.lists(values, min_size=1, max_size=60), st.integers(1, 40), st.integers(1, 20))
def test_every_value_lies_in_the_range_of_its_bin_however_it_came(found, count, piece):
    y = np.array(found)
    x = np.arange(len(y), dtype=float)
    at_once, in_pieces = Bins(0, len(y) - 1, count), Bins(0, len(y) - 1, count)
    at_once.add(x, y)
    for start in range(0, len(y), piece):
        in_pieces.add(x[start : start + piece], y[start : start + piece])
    for name in ("low", "high", "weight", "missing"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(in_pieces, name))
    finite = np.isfinite(y)
    assert at_once.weight.sum() == finite.sum()
    assert at_once.missing.sum() == (~finite).sum()
    if finite.any():
        assert at_once.range() == (y[finite].min(), y[finite].max())
    else:
        assert at_once.range() is None


def test_a_single_spike_among_a_million_steps_is_in_the_curve_and_it_is_quick():
    y = np.full(1_000_000, 0.3)
    y[654_321] = 9.0
    x = np.arange(1_000_000, dtype=float)

    def filled():
        bins = Bins(0, 1_000_000, 200)
        bins.add(x, y)
        return bins

    bins = within(0.1, filled)
    assert np.flatnonzero(bins.high == 9.0).tolist() == [654_321 * 200 // 1_000_000]


def test_points_in_another_order_and_points_outside():
    bins = Bins(10, 20, 10)
    bins.add(np.array([19.0, 12.0, 5.0, 25.0, 20.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert bins.weight.sum() == 3
    assert bins.low[2] == 2
    assert (bins.low[9], bins.high[9]) == (1, 5)


def test_smoothing_stays_where_it_was_while_the_curve_grows():
    rng = np.random.default_rng(0)
    x, y = np.arange(1000.0), rng.random(1000)
    bins = Bins(0, 1000, 100)
    bins.add(x[:500], y[:500])
    before = bins.smoothed()[:30].copy()
    bins.add(x[500:], y[500:])
    assert np.abs(bins.smoothed()[:30] - before).max() < 0.002
    assert bins.smoothed().std() < y.std() / 3


def test_smoothing_lies_within_a_curve_that_falls_steeply():
    x = np.arange(1000.0)
    bins = Bins(0, 1000, 100)
    bins.add(x, np.exp(-x / 100))
    inner = slice(5, 40)
    assert (np.abs(bins.smoothed() / bins.mean() - 1)[inner] < 0.12).all()


def test_not_a_number_is_a_gap_in_the_smoothed_curve_only_where_it_was():
    bins = Bins(0, 10, 10)
    bins.add(np.arange(10.0), np.array([1, 1, 1, np.nan, np.nan, 1, 1, 1, 1, 1]))
    assert np.flatnonzero(np.isnan(bins.smoothed())).tolist() == [3, 4]
    assert bins.smoothed()[9] == pytest.approx(1)
