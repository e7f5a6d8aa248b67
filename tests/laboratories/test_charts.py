"""Bars, columns and curves out of letters."""

from hypothesis import given
from hypothesis import strategies as st

from tutor.fields.spans import plain
from tutor.laboratories.charts import Axes, Bar, Curve, bar, bars, columns, curves, number, spread, thinned

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(st.floats(0, 1e9), st.floats(1e-3, 1e9), st.integers(1, 60), st.booleans())
def test_a_bar_never_leaves_its_room_and_what_is_not_0_is_seen(value, largest, room, ascii_only):
    drawn = bar(value, largest, room, ascii_only)
    assert len(drawn) <= room
    assert bool(drawn) == (value > 0)


@given(VALUES, st.integers(1, 50))
def test_thinning_keeps_the_most(values, most):
    found = thinned(values, most)
    assert len(found) <= max(most, 1)
    assert max(found) == max(values)


@given(st.integers(1, 80), st.integers(4, 80))
def test_columns_fit_their_room(count, room):
    wide, gap = spread(count, room)
    shown = min(count, room)
    assert shown * (wide + gap) - gap <= room


def test_columns_stand_on_the_ground():
    assert columns([0, 1, 4, 8], 2, 1, 0, 8, False) == ["   █", " ▂██"]
    assert columns([0, 1, 4, 8], 2, 1, 0, 8, True) == ["   #", " ###"]


def test_equal_numbers_have_equal_bars_and_a_sum_is_as_long_as_its_pieces():
    rows = [Bar("one", 4), Bar("other", 4), Bar("both", 8, pieces=((4, "#"), (4, "+")))]
    one, other, both = (plain(line) for line in bars(rows, 40, True, unit=4))
    assert one.count("#") == other.count("#") == both.count("#") == both.count("+")


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=2, max_size=60), st.integers(30, 80), st.booleans())
def test_a_chart_of_curves_keeps_its_size_and_its_letters(values, width, ascii_only):
    axes = Axes(-5.0, 5.0, len(values) - 1, ((5.0, "5"), (-5.0, "-5")), cursor=1, level=0.0)
    lines = curves([Curve(values, "c", "1"), Curve(values, marks=True)], axes, width, 6, ascii_only)
    assert len(lines) == 8
    assert all(len(plain(line)) <= width for line in lines[:7])
    if ascii_only:
        assert all(plain(line).isascii() for line in lines)


def test_curves_that_end_together_share_a_name():
    axes = Axes(0.0, 4.0, 4, ((4.0, "4"),))
    lines = curves([Curve([0, 1, 2, 3, 4], "c", "1"), Curve([4] * 5, "c", "2")], axes, 40, 4)
    assert plain(lines[0]).endswith("c 1, 2")


def test_numbers_for_people():
    assert [number(value) for value in (3840, 0.08838834, -1.5, 1.2e-31, float("inf"))] == [
        "3,840",
        "0.08839",
        "−1.5",
        "1.2e−31",
        "inf",
    ]
    assert number(-2, True) == "-2"
