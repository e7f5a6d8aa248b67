"""Receptive fields of typed layers: four ways to one number, and the command."""

import json
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.fields.arithmetic import Node, closed_first, closed_form, network, rows, smallest_width, walk
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max0s2", "is no kernel"),
        ("k3 max", "layer 2 has no kernel"),
        ("k3s1s2", "two strides"),
        ("k3c", "Only pooling"),
        ("k2p9999999", "is no padding"),
        ("max2p2", "pads too much"),
        ("k3 x900", "More than 500"),
        ("k0", "is no kernel"),
        ("s2", "before the kernel"),
        ("banana", "no part of a layer"),
        ("", "No layers"),
    ],
)
def test_layers_that_cannot_be_used_are_a_sentence(text, said):
    with pytest.raises(FieldError, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("k5s1p2 k5s2p2 max3s2", ["k5 s1 p2", "k5 s2 p2", "max k3 s2 p0"]),
        ("K3 S2, k3", ["k3 s2 p0", "k3 s1 p0"]),
        ("maxpool k2 s2 ceil avg3", ["max k2 s2 p0 ceil", "avg k3 s1 p0"]),
        ("k=3 d=2 x2", ["k3 s1 p0 d2"] * 2),
        ("conv3p1 → max 2 s 2", ["k3 s1 p1", "max k2 s2 p0"]),
    ],
)
def test_layers_are_typed_in_many_ways(text, read):
    assert [layer.text for layer in parse(text)] == read


@pytest.mark.parametrize("size", range(1, 12))
def test_rounding_up_changes_sizes_only_and_as_pytorch_does(size):
    for kernel, stride, padding in [(2, 2, 0), (3, 2, 1), (2, 3, 1), (3, 3, 0)]:
        if size + 2 * padding < kernel:
            continue
        (layer,) = parse(f"max{kernel}s{stride}p{padding}c")
        pool = torch.nn.MaxPool1d(kernel, stride, padding, ceil_mode=True)
        assert layer.size_out(size) == pool(torch.zeros(1, 1, size)).shape[-1]
        figures = rows([layer], size)
        assert (figures.receptive_field, figures.stride, figures.first_position) == (kernel, stride, -padding)


def test_branches_make_a_union_and_unequal_jumps_a_warning():
    wide, narrow = Layer("wide", 5, padding=2), Layer("narrow", 3, 2, padding=1)
    join = Layer("join", 1, kind="add")
    same = network([Node(wide), Node(Layer("narrow", 1)), Node(join, (0, 1))], 9)
    assert (same.receptive_field, same.first_position, same.warnings) == (5, -2, ())
    shifted = network(
        [Node(Layer("left", 1, padding=3, after=-3)), Node(Layer("right", 2, after=1)), Node(join, (0, 1))], 9
    )
    assert (shifted.receptive_field, shifted.first_position) == (5, -3)
    uneven = network([Node(wide), Node(narrow), Node(join, (0, 1))], 1)
    assert "unequal jumps, 1 (wide) and 2 (narrow)" in uneven.warnings[0]


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


def test_the_command_draws_and_lights_both_ways():
    done = tutor("k3p1 k3s2p1 k3p1", "--width", "14", "--layer", "1", "--unit", "5", "--forward", "--ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "reaches units 1 to 4 of layer 3" in done.stdout
