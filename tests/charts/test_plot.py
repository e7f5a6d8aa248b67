"""Charts in cells."""

import numpy as np
import pytest

from tests.clock import within
from tutor.charts.bins import Bins
from tutor.charts.cells import ASCII, DOTS, Picture
from tutor.charts.plot import Chart, Curve, Points, columns, draw
from tutor.charts.scales import Scale, fit, number

WIDE, HIGH = 60, 14


def binned(y, end=None, width=WIDE):
    y = np.asarray(y, dtype=float)
    bins = Bins(0, end or len(y), 2 * columns(width))
    bins.add(np.arange(len(y), dtype=float), y)
    return bins


def chart(*curves, scale=None, points=(), end=100.0, **more):
    ticks = [(float(at), str(at)) for at in range(0, int(end) + 1, int(end) // 5)]
    return Chart("loss", 0, end, scale or Scale(0, 1), curves, points, ticks, "step", **more)


def dots(picture):
    """The dots of the braille cells of the curve's area, as a grid."""
    codes = np.vectorize(ord)(picture.letters[1:-2, 9:])
    bits = np.where((codes >= 0x2800) & (codes < 0x2900), codes - 0x2800, 0)
    grid = (bits[:, None, :, None] & DOTS[None, :, None, :]) > 0
    return grid.reshape(bits.shape[0] * 4, bits.shape[1] * 2)


def test_a_rising_line_rises_from_corner_to_corner():
    picture = draw(chart(Curve(binned(np.linspace(0, 1, 100)), "raw")), WIDE, HIGH)
    grid = dots(picture)
    tops = grid.argmax(axis=0)
    lit = grid.any(axis=0)
    assert lit.mean() > 0.97
    assert (np.diff(tops[lit]) <= 0).all()
    assert tops[lit][0] >= grid.shape[0] - 2
    assert tops[lit][-1] == 0


def test_a_steep_curve_has_no_holes():
    picture = draw(chart(Curve(binned([0, 1] * 50), "raw")), WIDE, HIGH)
    grid = dots(picture)
    first, last = np.flatnonzero(grid.any(axis=0))[[0, -1]]
    assert (grid[:, first + 3 : last - 3].sum(axis=0) > 0).all()


def test_few_points_are_joined_and_a_gap_is_left_open_and_marked():
    y = np.full(100, 0.5)
    y[40:60] = np.nan
    picture = draw(chart(Curve(binned(y), "raw")), WIDE, HIGH)
    lit = dots(picture).any(axis=0)
    middle = len(lit) // 2
    assert not lit[middle - 6 : middle + 6].any()
    assert lit[: middle - 14].all()
    assert lit[middle + 14 : -4].all()
    axis = "".join(picture.letters[-2])
    assert axis.count("×") > 5
    assert axis.index("×") > 25
    sparse = Bins(0, 100, 2 * columns(WIDE))
    sparse.add(np.array([0.0, 100.0]), np.array([0.2, 0.8]))
    assert dots(draw(chart(Curve(sparse, "raw")), WIDE, HIGH)).any(axis=0).all()


def test_one_missing_value_within_a_bin_is_marked_too():
    y = np.full(10_000, 0.5)
    y[5_000] = np.nan
    picture = draw(chart(Curve(binned(y), "smooth"), end=10_000), WIDE, HIGH)
    assert "".join(picture.letters[-2]).count("×") == 1


def test_axes_have_round_numbers_at_their_places():
    picture = draw(chart(scale=Scale(0, 2.5)), WIDE, HIGH)
    lines = picture.lines()
    assert lines[0] == "loss"
    ticks = [line[:8] for line in lines[1:-2] if line[7] == "┤"]
    assert [float(one[:6]) for one in ticks] == sorted((float(one[:6]) for one in ticks), reverse=True)
    assert ticks[-1] == "     0 ┤"
    assert lines[-1].split() == ["0", "20", "40", "60", "80", "step"] or "100" in lines[-1]
    assert lines[-2].startswith("       └")
    assert "┬" in lines[-2]


def test_ascii_has_nothing_else():
    y = np.concatenate([np.linspace(1, 0.2, 60), [np.nan] * 5, np.linspace(0.2, 0.1, 35)])
    whole = chart(Curve(binned(y), "raw", "raw"), Curve(binned(y)), points=[Points([50, 100], [0.2, 0.1])])
    picture = draw(whole, WIDE, HIGH, ascii_only=True)
    assert "\n".join(picture.lines()).isascii()
    assert "*" in "\n".join(picture.lines())
    assert all(letter.isascii() for letter in ASCII)


def test_a_growing_curve_changes_only_its_newest_cells():
    rng = np.random.default_rng(1)
    y = 2 * np.exp(-np.arange(1000) / 200) + 0.1 * rng.random(1000)
    bins = Bins(0, 1000, 2 * columns(80))
    cells = []
    before = None
    for start in range(0, 1000, 4):
        bins.add(np.arange(start, start + 4, dtype=float), y[start : start + 4])
        whole = chart(Curve(bins, "raw", "raw"), Curve(bins), end=1000, scale=Scale(0, 2.5))
        picture = draw(whole, 80, 20)
        if before is not None:
            cells.append(sum(change.end - change.start for change in picture.changes(before)))
        before = picture
    assert np.mean(cells) < 12
    assert max(cells) < 80


def test_a_million_steps_in_four_curves_are_drawn_in_a_few_milliseconds():
    y = np.random.default_rng(2).random(1_000_000)

    def drawn():
        bins = binned(y, width=120)
        draw(chart(Curve(bins, "raw", "raw"), Curve(bins), end=1_000_000), 120, 30)

    within(0.1, drawn, forget=lambda: None)


@pytest.mark.parametrize("size", [(0, 0), (3, 2), (8, 3), (9, 4), (12, 5), (300, 80)])
def test_any_size_is_drawn(size):
    bins = Bins(0, 100, 2 * columns(size[0]))
    bins.add(np.arange(100.0), np.random.default_rng(3).random(100))
    picture = draw(chart(Curve(bins, letter="a"), points=[Points([1], [0.3])]), *size)
    assert picture.letters.shape == (size[1], size[0])


def test_letters_name_the_curves_of_other_runs():
    picture = draw(chart(Curve(binned(np.full(100, 0.5)), "smooth", "other", "b")), WIDE, HIGH)
    assert "\n".join(picture.lines()[1:-2]).count("b") >= 4


def test_a_lettered_curve_is_told_from_another_without_a_colour():
    def rows(letter):
        picture = draw(chart(Curve(binned(np.full(100, 0.5)), "smooth", "line", letter)), WIDE, HIGH)
        return "".join(max(picture.lines()[1:-2], key=len)[9:].split())

    def strokes(letter):
        picture = draw(chart(Curve(binned(np.full(100, 0.5)), "smooth", "line", letter)), WIDE, HIGH)
        return len(max(picture.lines()[1:-2], key=len)[9:].replace("a", " ").split())

    assert strokes("") == 1
    assert strokes("a") > 10
    assert set(rows("a")) > {"a"}


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("count", [3, 17, 60, 1000])
def test_points_stay_signs_however_many_there_are_and_the_newest_is_there(ascii_only, count):
    x = np.linspace(0, 90, count)
    points = Points(x, np.linspace(0.2, 0.8, count))
    picture = draw(chart(points=[points]), WIDE, HIGH, ascii_only)
    sign = "*" if ascii_only else "●"
    area = picture.letters[1:-2, 9:]
    assert set(area.ravel()) == {" ", sign}
    columns_of = np.flatnonzero((area == sign).any(axis=0))
    assert (np.diff(columns_of) >= 3).all()
    assert columns_of[-1] == int(0.9 * columns(WIDE))
    assert len(columns_of) >= min(count, 12)


def test_whose_the_letters_are_stands_below_the_title():
    curve = Curve(binned(np.full(100, 0.5)), letter="a")
    picture = draw(chart(curve, names=["a mlp-shifted   b cnn-centred"]), WIDE, HIGH)
    assert picture.lines()[1] == "a mlp-shifted   b cnn-centred"
    assert "a" in "".join(picture.lines()[2:])


def test_changes_join_what_is_near_and_tell_apart_what_is_far():
    before, after = Picture(40, 2), Picture(40, 2)
    after.put(1, 3, "a")
    after.put(1, 6, "b")
    after.put(1, 30, "c", "line")
    assert [(one.row, one.start, one.end) for one in after.changes(before)] == [(1, 3, 7), (1, 30, 31)]
    assert len(after.changes(None)) == 2
    assert after.changes(after) == []


def test_runs_are_the_row_in_stretches_of_a_role():
    picture = Picture(8, 1)
    picture.put(0, 2, "ab", "line")
    assert list(picture.runs(0)) == [("  ", ""), ("ab", "line"), ("    ", "")]


def test_limits_are_round_and_stay_while_the_values_stay_inside():
    first = fit(0.1, 2.31)
    assert (first.low, first.high) == (0, 2.5)
    assert fit(0.1, 2.4, keep=first) is first
    assert fit(0.1, 2.6, keep=first).high > 2.5
    assert fit(0.01, 0.2, keep=first).high < 0.5
    assert fit(0.9, 0.97, percent=True) == Scale(0, 1, False, True)
    near = fit(0.93, 0.97, percent=True, from_zero=False)
    assert 0.9 <= near.low < 0.94
    assert near.high <= 1
    logarithmic = fit(0.013, 2.3, log=True)
    assert (logarithmic.low, logarithmic.high) == (0.01, 5)
    assert not fit(0.0, 2.3, log=True).log


def test_a_flat_line_has_an_axis():
    for value in (0.0, 1.0, 1e-9, 5e6, -3.0):
        for log in (False, True):
            found = fit(value, value, log=log)
            assert found.high > found.low
            assert found.ticks(5)


def test_logarithmic_ticks_and_places():
    scale = Scale(0.01, 1, log=True)
    assert [label for _, label in scale.ticks(3)] == ["0.01", "0.1", "1"]
    assert scale.place(np.array([0.01, 0.1, 1.0])).tolist() == pytest.approx([0, 0.5, 1])
    assert np.isnan(scale.place(np.array([0.0, -1.0, np.nan]))).all()


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (Scale(0, 1e-3), ["0", "2e-4", "4e-4", "6e-4", "8e-4", "1e-3"]),
        (Scale(0, 1.2e-3), ["0", "2.5e-4", "5e-4", "7.5e-4", "1e-3"]),
        (Scale(0, 0.005), ["0", "0.001", "0.002", "0.003", "0.004", "0.005"]),
        (Scale(5e-4, 1, log=True), ["0.001", "0.01", "0.1", "1"]),
        (Scale(1e-5, 1e-1, log=True), ["1e-5", "1e-4", "1e-3", "1e-2", "1e-1"]),
        (Scale(0, 250_000), ["0", "5e4", "1e5", "1.5e5", "2e5", "2.5e5"]),
        (Scale(0.97, 0.985, False, True), ["97.0 %", "97.5 %", "98.0 %", "98.5 %"]),
        (Scale(1.0001, 1.0003), ["1.0001", "1.0002", "1.0003"]),
    ],
)
def test_an_axis_has_one_notation(scale, labels):
    assert [label for _, label in scale.ticks(6)] == labels


def test_two_rows_have_two_labels_and_no_label_is_cut():
    assert [label for _, label in Scale(0, 3).ticks(2)] == ["0", "2"]
    for high in (1e-7, 3e-4, 0.00123, 0.5, 7.0, 99_999.0, 3e7):
        for rows in (5, 8, HIGH, 40):
            for scale in (Scale(0, high), Scale(high / 1e3, high, log=True), Scale(0.9712, 0.9714, percent=True)):
                drawn = {line[:7].strip() for line in draw(chart(scale=scale), WIDE, rows).lines()[1:-2]} - {""}
                whole = {label for most in range(2, rows) for _, label in scale.ticks(most)}
                assert drawn <= whole
                assert len(drawn) >= 2 or scale.percent or scale.log


@pytest.mark.parametrize(
    ("value", "step", "said"),
    [(0.5, 0.25, "0.50"), (2.0, 0.5, "2.0"), (1500, 500, "1500"), (250000, 50000, "2.5e5"), (0.0002, 0.0001, "2e-4")],
)
def test_numbers_have_the_digits_they_need(value, step, said):
    assert number(value, step) == said
