"""Receptive fields: four ways to one number, and the picture."""

import json
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.fields.arithmetic import closed_first, closed_form, rows, smallest_width, walk
from tutor.fields.diagram import cone, draw
from tutor.fields.layers import FieldError, Layer, parse

LAYER = st.builds(
    lambda kernel, stride, padding, dilation: (kernel, stride, padding, dilation),
    st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3),
)  # fmt: skip
STACK = st.lists(LAYER, min_size=1, max_size=4).map(
    lambda stack: tuple(
        Layer(f"layer {number}", kernel, stride, padding, dilation)
        for number, (kernel, stride, padding, dilation) in enumerate(stack, 1)
    )
)


def gradient(layers, width, unit):
    """The input cells that a unit's gradient reaches in real PyTorch, with positive weights."""
    x = torch.ones(1, 1, width, dtype=torch.float64, requires_grad=True)
    out = x
    for layer in layers:
        weight = torch.ones(1, 1, layer.kernel, dtype=torch.float64)
        out = torch.nn.functional.conv1d(
            out, weight, stride=layer.stride, padding=layer.padding, dilation=layer.dilation
        )
    (found,) = torch.autograd.grad(out[0, 0, unit], x)
    return out.shape[-1], frozenset(found[0, 0].nonzero().flatten().tolist())


@settings(deadline=None, max_examples=150)
@given(STACK, st.integers(1, 4), st.data())
def test_recurrence_closed_form_walk_and_gradient_agree(layers, units, data):
    width = smallest_width(layers, units)
    field = rows(layers, width)
    assert field.receptive_field == closed_form(layers)
    assert field.first_position == closed_first(layers)
    unit = data.draw(st.integers(0, field.size(len(layers) - 1) - 1))
    everything = walk(layers, unit)[0]
    first = field.first_position + unit * field.stride
    assert (min(everything), max(everything)) == (first, first + field.receptive_field - 1)
    size, reached = gradient(layers, width, unit)
    assert size == field.layers[-1].size_out
    assert reached == walk(layers, unit, width)[0]


@settings(deadline=None, max_examples=60)
@given(STACK, st.integers(60, 200), st.booleans())
def test_a_diagram_fits_and_its_lit_cells_are_those_read(layers, columns, ascii_only):
    found = cone(layers, smallest_width(layers, 3))
    lines = draw(found, columns, ascii_only)
    assert all(len(line) <= max(columns, 80) for line in lines)
    if ascii_only:
        assert all(line.isascii() for line in lines)
    if not any("One column stands for" in line for line in lines):
        row = next(line for line in lines if line.startswith("input"))
        assert row.count("#" if ascii_only else "█") == len(found.read[0])


MIDDLE = """\
receptive field 9   jump 2   first position −4
unit 3 of layer 3: 9 wide, from 2 to 10

layer 3  k3 s1 p1      □   □   □   █   □   □   □          7     9    2    −4
layer 2  k3 s2 p1  ·   □   □   █   █   █   □   □   ·      7     5    2    −2
layer 1  k3 s1 p1    · □ □ □ █ █ █ █ █ █ █ □ □ □ □ ·     14     3    1    −1
input                · □ □ █ █ █ █ █ █ █ █ █ □ □ □ ·     14     1    1     0
                       0   2   4   6   8   10  12      size field jump first"""
BORDER = """\
receptive field 9   jump 2   first position -4
unit 1 of layer 3: 9 wide, 7 of them real, from -2 to 6

layer 3  k3 s1 p1      o   #   o   o   o   o   o          7     9    2    -4
layer 2  k3 s2 p1  .   #   #   #   o   o   o   o   .      7     5    2    -2
layer 1  k3 s1 p1    : # # # # # # o o o o o o o o .     14     3    1    -1
input              : : # # # # # # # o o o o o o o .     14     1    1     0
                       0   2   4   6   8   10  12      size field jump first"""


@pytest.mark.parametrize(("unit", "ascii_only", "picture"), [(3, False, MIDDLE), (1, True, BORDER)])
def test_the_cone_stands_over_what_it_reads_and_goes_on_as_an_outline_past_the_border(unit, ascii_only, picture):
    assert "\n".join(draw(cone(parse("k3p1 k3s2p1 k3p1"), 14, unit=unit), 90, ascii_only)) == picture


def test_a_unit_of_a_layer_between_leaves_those_above_unlit():
    lines = draw(cone(parse("k3p1 k3s2p1 k3p1"), 14, level=2, unit=3), 90)
    assert "█" not in lines[3]
    assert lines[4].count("█") == 1
    assert lines[6].count("█") == 5


def test_a_wide_input_is_scaled_and_says_so():
    lines = draw(cone(parse("k7s2p3 max k3s2p1 k3p1 x6 k3s2p1"), 224), 80)
    assert all(len(line) <= 80 for line in lines)
    assert "One column stands for" in lines[-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [("k0", "is no kernel"), ("s2", "before the kernel"), ("banana", "no part of a layer"), ("", "No layers")],
)
def test_layers_that_cannot_be_used_are_a_sentence(text, said):
    with pytest.raises(FieldError, match=said):
        parse(text)


def tutor(*words):
    done = subprocess.run([sys.executable, "-m", "tutor", "receptive-field", *words], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def test_the_command_gives_the_figures_as_json():
    found = json.loads(tutor("k5s1p2 k5s2p2", "--width", "20", "--json").stdout)
    assert (found["receptive_field"], found["stride"], found["first_position"]) == (9, 2, -4)
    assert found["layers"][1] == {
        "name": "layer 2", "kernel": 5, "stride": 2, "padding": 2, "dilation": 1, "size_in": 20, "size_out": 10,
        "receptive_field": 9, "first_position": -4, "jump": 2, "type": "conv", "inputs": ["layer 1"],
    }  # fmt: skip


def test_the_command_refuses_in_one_sentence():
    for words in (["k5s0"], ["k9", "--width", "3"], ["k3", "--unit", "99", "--width", "9"]):
        done = tutor(*words)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
