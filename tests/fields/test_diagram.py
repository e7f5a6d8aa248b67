"""The picture of a receptive field: exact pictures, and that none of them says what is not so."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import within
from tests.fields.test_fields import STACK
from tutor.fields.arithmetic import Node, network, rows, smallest_width, walk
from tutor.fields.cones import cone, count, gathered, overlap, reach, spread
from tutor.fields.diagram import layout, moved, usual_width
from tutor.fields.heat import draw
from tutor.fields.layers import FieldError, Layer, parse
from tutor.fields.spans import plain


def picture(text, cells=None, **rest):
    layers = parse(text)
    return layout(rows(layers, cells or usual_width(layers)), **rest)


def cells(runs):
    """Runs as a set."""
    return {cell for first, last in runs for cell in range(first, last + 1)}


EXAMPLE = "k3p1 k3s2p1 k3p1"
MIDDLE = """\
 receptive field 9   jump 2   first position −4               unit 3 of layer 3

 layer 3   k3 s1 p1      □   □   □   █   □   □   □           7     9    2    −4
 layer 2   k3 s2 p1  ·   □   □   █   █   █   □   □   ·       7     5    2    −2
 layer 1   k3 s1 p1    · □ □ □ █ █ █ █ █ █ █ □ □ □ □ ·      14     3    1    −1
 input     14          · □ □ █ █ █ █ █ █ █ █ █ □ □ □ ·      14     1    1     0
                         0   2   4   6   8  10  12        size field jump first"""
BORDER = """\
 receptive field 9   jump 2   first position −4               unit 1 of layer 3
 reads −2 to 6: 9 wide, 7 of them real
 layer 3   k3 s1 p1      □   █   □   □   □   □   □           7     9    2    −4
 layer 2   k3 s2 p1  ·   █   █   █   □   □   □   □   ·       7     5    2    −2
 layer 1   k3 s1 p1    ▒ █ █ █ █ █ █ □ □ □ □ □ □ □ □ ·      14     3    1    −1
 input     14        ▒ ▒ █ █ █ █ █ █ █ □ □ □ □ □ □ □ ·      14     1    1     0
                         0   2   4   6   8  10  12        size field jump first"""
FORWARD = """\
 receptive field 3   jump 1   first position −1               unit 5 of layer 1
 reaches units 1 to 4 of layer 3
 layer 3   k3 s1 p1      □   █   █   █   █   □   □           7     9    2    −4
 layer 2   k3 s2 p1  ·   □   □   █   █   □   □   □   ·       7     5    2    −2
 layer 1   k3 s1 p1    · □ □ □ □ □ █ □ □ □ □ □ □ □ □ ·      14     3    1    −1
 input     14          · □ □ □ □ █ █ █ □ □ □ □ □ □ □ ·      14     1    1     0
                         0   2   4   6   8  10  12        size field jump first"""
HOLES = """\
 receptive field 15   jump 2   first position 0               unit 3 of layer 3

 layer 3   k3 s2 p0            □ □ □ █ □ □ □                 7    15    2     0
 layer 2   k3 s1 p0 d4        □□□□□□███□□□□□□               15    13    1     0
 layer 1   k3 s1 p0 d2    □□□□□□███□███□███□□□□□□           23     5    1     0
 input     27           □□□□□□███████████████□□□□□□         27     1    1     0
                        0    5   10   15   20   25        size field jump first"""
EDGE = """\
 receptive field 9   jump 2   first position −4               unit 0 of layer 3
 reads −4 to 4: 9 wide, 5 of them real
 layer 3   k3 s1 p1          █   □   □   □   □   □   □  ›  150     9    2    −4
 layer 2   k3 s2 p1      ▒   █   █   □   □   □   □   □  ›  150     5    2    −2
 layer 1   k3 s1 p1    ▒ ▒ ▒ █ █ █ █ □ □ □ □ □ □ □ □ □ □›  300     3    1    −1
 input     300       ▒ ▒ ▒ ▒ █ █ █ █ █ □ □ □ □ □ □ □ □ □›  300     1    1     0
                             0         5        10        size field jump first
 positions 0 to 13 of 0 to 299 are shown; a row goes on at ‹ and ›"""
SCALED = """\
 receptive field 9   jump 2   first position −4              unit 75 of layer 3

 layer 3   k3 s1 p1  □□□□□□□□□□□□□□□□▓□□□□□□□□□□□□□□□□□    150     9    2    −4
 layer 2   k3 s2 p1  □□□□□□□□□□□□□□□□▓▓□□□□□□□□□□□□□□□□    150     5    2    −2
 layer 1   k3 s1 p1  □□□□□□□□□□□□□□□□▓▓□□□□□□□□□□□□□□□□    300     3    1    −1
 input     300       □□□□□□□□□□□□□□□□▓▓□□□□□□□□□□□□□□□□    300     1    1     0
                     0   50   100  150   200   250        size field jump first
 one column stands for 9 cells of the input; ▓ where some of its cells are lit"""
NARROW = """\
 field 9   jump 2   first −4
 unit 3 of layer 3

 layer 3      □ □ □ █ □ □ □           9
 layer 2    · □ □ █ █ █ □ □ ·         5
 layer 1     ·□□□███████□□□□·         3
 input       ·□□█████████□□□·         1
              0    5   10         field"""


@pytest.mark.parametrize(
    ("text", "cells", "rest", "drawn"),
    [
        (EXAMPLE, 14, {}, MIDDLE),
        (EXAMPLE, 14, {"unit": 1}, BORDER),
        (EXAMPLE, 14, {"layer": 1, "unit": 5, "forward": True}, FORWARD),
        ("k3d2 k3d4 k3s2", None, {}, HOLES),
        (EXAMPLE, 300, {"unit": 0}, EDGE),
        (EXAMPLE, 300, {"whole": True}, SCALED),
        (EXAMPLE, 14, {"width": 40}, NARROW),
    ],
)
def test_pictures(text, cells, rest, drawn):
    assert picture(text, cells, **rest).text == drawn


@pytest.mark.parametrize("unit", [0, 1, 3])
def test_the_ascii_twin_differs_in_signs_only(unit):
    drawn = picture(EXAMPLE, 14, unit=unit).text
    twin = picture(EXAMPLE, 14, unit=unit, ascii_only=True).text
    assert twin == drawn.translate(str.maketrans("█□·▒▓−‹›", "#o.:+-<>"))


def test_even_kernels_stand_between_two_cells():
    lines = picture("k2s2", 4, unit=0).text.splitlines()
    assert lines[3].index("█") + 1 == lines[2].index("█")


@settings(deadline=None, max_examples=80)
@given(STACK, st.integers(40, 200), st.booleans(), st.booleans(), st.booleans(), st.data())
def test_every_picture_fits_its_width_and_lights_what_is_read(layers, width, ascii_only, forward, whole, data):
    field = rows(layers, smallest_width(layers, 3))
    layer = data.draw(st.integers(0, len(layers)))
    unit = data.draw(st.integers(0, field.size(layer - 1) - 1))
    found = layout(field, layer, unit, width, ascii_only, forward, whole)
    assert all(len(plain(line)) < width for line in found.lines)
    assert not ascii_only or found.text.isascii()
    if found.view.cells == 1 and not set(found.text) & set("‹›<>"):
        below = walk(layers[:layer], unit, field.width)
        for line, at in zip(found.lines, found.rows, strict=True):
            if at is not None and at <= layer:
                lit = sum(len(span.text) for span in line if span.role in ("lit", "chosen"))
                assert lit == len(below[at])
    # The chosen unit is where a click on it says that it is.
    row = found.rows.index(layer)
    place = found.view.column(field.twice_centre(layer - 1, unit))
    hit = found.at(row, place)
    assert hit is not None
    assert hit[0] == layer
    assert found.view.cells > 1 or hit[1] == unit


def test_a_view_that_follows_the_cone_holds_all_of_it():
    layers = parse("k3p1 x4 k3s2p1")
    field = rows(layers, 400)
    for unit in range(200):
        found = layout(field, None, unit)
        lit = sum(len(span.text) for line in found.lines for span in line if span.role in ("lit", "chosen", "outline"))
        assert lit == sum(count(runs) for runs in cone(field, 4, unit).reached.values())


def test_most_steps_move_nothing_but_the_light():
    field = rows(parse("k3p1 k3p1"), 400)
    origins = [layout(field, None, unit).view.origin for unit in range(50, 90)]
    assert sum(a != b for a, b in pairwise(origins)) <= 7


def test_a_click_finds_a_unit_that_stands_between_two_cells():
    layers = parse("k2s1 k1s2 k1s3")
    found = layout(rows(layers, smallest_width(layers, 3)), 1, 1, 40)
    assert found.at(found.rows.index(1), found.view.column(found.field.twice_centre(0, 1))) == (1, 1)


def test_clicks_and_steps_find_their_units():
    found = picture(EXAMPLE, 14)
    assert found.at(2, 25) == (3, 0)
    assert found.at(5, 25) == (0, 0)
    assert found.at(4, 23) == (1, 0)
    assert found.at(2, 5) == (3, 3)
    assert found.at(5, 3) == (0, 6)
    assert found.at(0, 30) is None
    assert found.at(2, 70) is None
    assert moved(found.field, 3, 3, layers=-1) == (2, 3)
    assert moved(found.field, 3, 3, layers=-9) == (0, 6)
    assert moved(found.field, 3, 6, units=1) == (3, 6)
    assert moved(found.field, 0, 13, layers=1) == (1, 13)


@pytest.mark.parametrize(("layer", "unit"), [(4, 0), (-1, 0), (3, 7), (0, 14), (1, -1)])
def test_units_that_are_not_there_are_refused(layer, unit):
    with pytest.raises(FieldError, match="take one from"):
        picture(EXAMPLE, 14, layer=layer, unit=unit)


def test_a_picture_takes_less_than_a_frame_also_for_wide_and_deep_stacks():
    deep, wide = parse("k3p1 x100"), parse("k1001p500 k3s100 max3s2")
    for layers, width, seconds in ((deep, 224, 0.05), (wide, 100_000, 0.016)):
        field = rows(layers, width)
        layout(field)
        within(seconds, lambda field=field: layout(field), forget=lambda: None)


def test_what_is_too_scattered_is_refused_in_a_sentence_and_quickly():
    field = rows(parse("k2000d3s2 k2000d5s3 k2000d7s2"), 120_000)

    def refused():
        with pytest.raises(FieldError, match="too scattered"):
            layout(field)

    within(2, refused)


# ---------------------------------------------------------------- runs


LAYER = st.builds(
    Layer, st.just("one"), st.integers(1, 5), st.integers(1, 4), st.integers(-2, 3), st.integers(1, 4)
)  # fmt: skip
RUNS = st.lists(st.tuples(st.integers(-9, 30), st.integers(0, 6)), min_size=1, max_size=3).map(
    lambda pairs: tuple((first, first + more) for first, more in pairs)
)


@settings(deadline=None, max_examples=300)
@given(RUNS, LAYER)
def test_runs_say_what_single_indices_say(runs, layer):
    units = cells(runs)
    assert cells(spread(runs, layer)) == {cell for unit in units for cell in layer.taps(unit)}
    readers = {unit for unit in range(-60, 80) if units & set(layer.taps(unit))}
    assert cells(gathered(runs, layer)) == readers
    merged = spread(runs, layer)
    assert overlap(merged, 3, 11) == len(cells(merged) & set(range(3, 12)))


@settings(deadline=None, max_examples=100)
@given(STACK, st.data())
def test_cones_are_walks_and_reach_is_their_reverse(layers, data):
    field = rows(layers, smallest_width(layers, 4))
    last = len(layers) - 1
    reads = {unit: walk(layers, unit, field.width) for unit in range(field.size(last))}
    for unit, levels in reads.items():
        found = cone(field, last, unit)
        assert [cells(found.read[node]) for node in range(-1, last + 1)] == [set(level) for level in levels]
        assert cells(found.reached[-1]) == walk(layers, unit)[0]
    layer = data.draw(st.integers(0, last + 1))
    cell = data.draw(st.integers(0, field.size(layer - 1) - 1))
    readers = {unit for unit, levels in reads.items() if cell in levels[layer]}
    assert cells(reach(field, layer - 1, cell).get(last, ())) == readers


def test_a_cone_goes_through_every_branch():
    nodes = [
        Node(Layer("a", 3, padding=1)),
        Node(Layer("b", 3, padding=2, dilation=2)),
        Node(Layer("+", 1, kind="add"), (0, 1)),
    ]
    found = cone(network(nodes, 9), 2, 4)
    assert cells(found.read[-1]) == {2, 3, 4, 5, 6}
    assert found.glance.words == "5 wide"


# ---------------------------------------------------------------- heat


def test_a_heat_map_in_ascii_with_the_theoretical_field_as_a_frame():
    heat = [[0.0] * 8 for _ in range(8)]
    for row in (3, 4):
        heat[row][3] = heat[row][4] = 1.0
    big = [plain(line) for line in draw(heat, [2, 2, 6, 6], 40, ascii_only=True)]
    assert len(big) == 20
    assert max(len(line) for line in big) <= 40
    assert big[4].strip() == "+" + "-" * 20 + "+"


def test_half_blocks_carry_both_levels():
    (first, *_), *_ = draw([[0.0, 1.0], [0.5, 0.25]], [-1, -1, 3, 3], 1000)
    assert (first.text, first.role, first.levels) == ("▀", "heat", (0.0, 0.0))
    lines = draw([[0.25] * 64] * 64, [0, 0, 64, 64], 32)
    assert len(lines) == 16
    assert {span.levels for line in lines for span in line} == {(0.25, 0.25)}
