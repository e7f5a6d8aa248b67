"""The laboratory of cost: what it counts is what PyTorch does."""

import pytest

from tutor.engine.measuring import measure
from tutor.laboratories.bench import Found, LaboratoryError
from tutor.laboratories.cost import layer_products
from tutor.paths import problems_folder


def measured(function, **symbols):
    steps = measure(str(problems_folder() / "ps08" / "cost" / "measure.py"), function, symbols)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value["value"]


@pytest.mark.parametrize("numbers", [(1, 1, 1), (2, 8, 3), (4, 4, 4), (3, 5, 1), (16, 2, 5)])
def test_a_followed_step_is_what_the_measurements_say(opened, found, numbers):
    point = dict(zip("nKL", numbers, strict=True))
    values = found(opened("cost/training-memory", point)).values
    assert values["products"]["forward"] == measured("forward_multiplications", **point)
    assert sum(values["products"].values()) == measured("training_multiplications", **point)
    assert values["inference_peak"] == measured("inference_memory", **point)
    assert values["training_kept"] == measured("training_memory", **point)
    assert values["products"] == {
        name: count * point["L"]
        for name, count in zip(
            ("forward", "input", "weights"), layer_products(point["n"], point["K"]).values(), strict=True
        )
    }
    assert len(values["training"]) == 2 * point["L"]
    assert max(values["training"]) == values["training_peak"]
    assert max(values["inference"]) == values["inference_peak"]


def test_the_claim_stands_under_the_measurement(opened, found, text):
    bench = opened("cost/training-multiplications", {"n": 1, "K": 2, "L": 1}, training_multiplications="2nK^2L")
    rows = {line.split("  ")[0].strip(): line for line in text(bench, found(bench)).splitlines()}
    assert rows["PyTorch did"].endswith("12")
    assert rows["your formula"].endswith(" 8")
    done = sum(rows["PyTorch did"].count(sign) for sign in "█▓░")
    assert done * 2 == rows["your formula"].count("█") * 3


def test_the_claim_follows_the_sliders(opened, text):
    bench = opened("cost/forward-multiplications", {"n": 1, "K": 2, "L": 1}, forward_multiplications="nKL")
    for width, claimed in ((2, "2"), (5, "5")):
        said = text(bench.choose(1).typed(str(width)))
        row = next(line for line in said.splitlines() if line.startswith(" your formula"))
        assert row.split()[-1] == claimed


def test_another_convention_is_explained(opened, found, text):
    bench = opened("cost/training-multiplications", training_multiplications="(3L-1) n K^2")
    assert "without a gradient for its input" in " ".join(text(bench, found(bench)).split())


def test_products_are_there_before_pytorch_is(opened, text):
    said = text(opened("cost/training-multiplications"), Found(None, "measuring as soon as PyTorch is loaded"))
    assert "forward  " in said
    assert said.count("measuring as soon as") == 2
    assert "PyTorch did" not in said


def test_what_the_part_asks_about_comes_first(opened, found, text):
    bench = opened("cost/inference-memory")
    said = text(bench, found(bench))
    assert said.index("numbers in memory") < said.index("products, layer by layer")


@pytest.mark.parametrize("width", [36, 38, 54, 78])
@pytest.mark.parametrize("layers", [1, 3, 9, 12, 32])
def test_it_fits_every_width_and_has_an_ascii_form(opened, found, text, width, layers):
    bench = opened("cost/training-memory", {"n": 256, "K": 256, "L": layers}, training_memory="2nK^2L")
    values = found(opened("cost/training-memory", {"n": 2, "K": 2, "L": layers}))
    assert all(len(line) <= width for line in text(bench, values, width).splitlines())
    assert text(bench, values, width, True).isascii()


def test_numbers_outside_are_refused_with_their_range(opened):
    bench = opened("cost/training-memory")
    with pytest.raises(LaboratoryError, match="from 1 to 256"):
        bench.typed("1000")
    with pytest.raises(LaboratoryError, match="whole number"):
        bench.typed("2.5")
    assert opened("cost/training-memory", {"n": 10**6, "K": 3, "L": 1}).value("n") == 256


def test_a_slider_stops_at_its_ends_and_a_click_moves_it(opened):
    bench = opened("cost/training-memory", {"n": 5, "K": 3, "L": 1})
    assert bench.change(1).value("n") == 6
    assert bench.change(-1).value("n") == 4
    for _ in range(40):
        bench = bench.change(1)
    assert bench.value("n") == 256
    spot = next(spot for spot in bench.draw(54, False, Found()).spots if spot.track and spot.knob == 1)
    clicked = bench.clicked(spot.row, spot.end - 1, 54, False)
    assert (clicked.at, clicked.value("K")) == (1, 256)
    assert clicked.clicked(spot.row, spot.start, 54, False).value("K") == 1
