"""The laboratory of receptive fields: layers edited, units chosen, claims laid over what is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.answers.evaluate import FromZero
from tutor.fields.cones import cone
from tutor.fields.layers import Layer
from tutor.laboratories.bench import LaboratoryError
from tutor.laboratories.receptive_field import FieldBench


def ruler(said, name):
    """The cells a ruler covers, and its number."""
    line = next(line for line in said.splitlines() if line.startswith(f" {name} "))
    return sum(line.count(sign) for sign in "├─┤│"), line.split()[-1]


def test_the_claim_lies_under_what_is(opened, found, text):
    numbers = {"L": 3, "K": (3, 3, 3), "S": (1, 2, 1), "P": (1, 1, 1)}
    bench = opened("receptive-field/closed-form", numbers, closed_form="sum(j,1,L,K_j-1)+1")
    said = text(bench, found(bench))
    assert "It is 9 cells of the input; your formula says 7." in said
    assert ruler(said, "is") == (17, "9")
    assert ruler(said, "yours") == (13, "7")
    assert "PyTorch agrees" in said
    lit = next(line for line in said.splitlines() if line.startswith(" input"))
    ruled = next(line for line in said.splitlines() if line.startswith(" is "))
    assert ruled.index("├") == lit.index("█")
    assert ruled.index("┤") == lit.rindex("█")


def test_the_width_of_an_output_and_of_an_input(opened, text):
    one = opened("receptive-field/output-size", {"W_in": 14, "K": 3, "S": 2, "P": 0}, output_size="W_in/S")
    assert "It is 6 outputs; your formula says 7." in text(one)
    numbers = {"W_out": 5, "K": 3, "S": 2, "P": 0}
    other = opened("receptive-field/input-size", numbers, input_size="S W_out")
    assert "It is 11 input cells for 5 outputs; your formula says 10." in text(other, width=78)


def test_the_recurrence_is_drawn_as_neighbours_over_one_layer(opened, text):
    numbers = {"L": 2, "l": 0, "K": (3, 3), "P": (0, 0), "S": (2, 1), "W": FromZero((0, 4, 1))}
    bench = opened("receptive-field/recurrence", numbers, recurrence="W_{l+1} + K_{l+1}")
    said = text(bench, width=78)
    assert "It is 9 cells below 4 neighbours; your formula says 7." in said
    assert "neighbours" in said


def test_a_claim_without_a_value_is_said(opened, text):
    bench = opened("receptive-field/output-size", {"W_in": 5, "K": 3, "S": 2, "P": 0}, output_size="1/(S-2)")
    assert "no value here" in text(bench)


def test_layers_are_added_moved_edited_and_removed(opened):
    bench = opened("receptive-field/closed-form")
    added = bench.add()
    assert (len(added.layers), added.level) == (4, 4)
    assert [layer.name for layer in added.layers] == ["layer 1", "layer 2", "layer 3", "layer 4"]
    edited = added.typed("max k2 s2")
    assert edited.layers[3].text == "max k2 s2 p0"
    moved = edited.shift(1)
    assert (moved.layers[2].kind, moved.level) == ("max", 3)
    removed = moved.remove()
    assert [layer.kind for layer in removed.layers] == ["conv"] * 3
    with pytest.raises(LaboratoryError, match="before the kernel"):
        bench.typed("s2")
    with pytest.raises(LaboratoryError, match="One layer stays"):
        bench.remove().remove().remove()


def test_the_input_is_made_wider_by_keys_and_by_typing(opened):
    bench = opened("receptive-field/closed-form").choose(1).choose(1).choose(1)
    assert bench.level == 0
    assert bench.widen(1).width == bench.width + 1
    assert bench.typed("200").width == 200
    with pytest.raises(LaboratoryError, match="whole number"):
        bench.typed("0")


def test_arrows_and_the_mouse_choose_a_cell(opened, text):
    bench = opened("receptive-field/closed-form")
    assert bench.choose(1).level == 2
    assert bench.change(1).unit == bench.unit + 1
    lines = text(bench).splitlines()
    row = next(at for at, line in enumerate(lines) if line.startswith(" layer 3"))
    column = lines[row].index("□")
    clicked = bench.clicked(row, column, 54, False)
    assert (clicked.level, clicked.unit) == (3, 0)


def test_what_reads_a_cell_is_lit_on_request(opened, text):
    bench = opened("receptive-field/closed-form").choose(1).choose(1)
    assert text(bench.turn()).count("█") > text(bench).count("█")


LAYERS = st.builds(
    lambda kind, k, s, p, d: Layer("", k, s, min(p, k // 2), 1 if kind == "avg" else d, kind),
    st.sampled_from(["conv", "conv", "max", "avg"]),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.data())
def test_pytorchs_gradient_reaches_what_is_lit(layers, data):
    from tutor.engine.laboratories import reached

    bench = FieldBench()._edited(tuple(layers), len(layers))
    size = bench.field.size(len(layers) - 1)
    bench = bench._at(len(layers), data.draw(st.integers(0, size - 1)))
    asking = bench.asks()
    values = reached(**dict(asking.params))
    lit = cone(bench.field, bench.level - 1, bench.unit)
    assert tuple(map(tuple, values["runs"])) == lit.read.get(-1, ())
    assert values["size"] == size


@pytest.mark.parametrize("width", [36, 38, 54, 78])
def test_it_fits_every_width_and_has_an_ascii_form(opened, text, width):
    numbers = {"L": 3, "K": (7, 3, 3), "S": (2, 2, 1), "P": (3, 1, 1)}
    bench = opened("receptive-field/closed-form", numbers, closed_form="sum(j,1,L,K_j-1)+1")
    assert all(len(line) <= width for line in text(bench, width=width).splitlines())
    assert text(bench, width=width, ascii_only=True).isascii()
