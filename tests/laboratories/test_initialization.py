"""The laboratory of initialization: measured once, drawn for every σ."""

import math

import pytest
import torch

from tutor.engine.laboratories import variances
from tutor.laboratories.initialization import power, scaled


@pytest.fixture(scope="module")
def values():
    """At d = 64."""
    return list(variances(64))[-1]


def test_weights_larger_by_sigma_make_layer_l_larger_by_its_power():
    random = torch.Generator().manual_seed(0)
    z = torch.randn(32, 16, generator=random, dtype=torch.float64)
    weights = [torch.randn(16, 16, generator=random, dtype=torch.float64) for _ in range(5)]

    def logs(sigma):
        x, found = z, []
        for weight in weights:
            x = torch.relu(x) @ (weight * sigma)
            found.append(math.log10(x.square().mean().item()))
        return found

    assert scaled(logs(1.0), 0.3) == pytest.approx(logs(0.3))


def test_one_layer_is_measured_within_its_standard_error(values):
    assert abs(values["variance"] - 32) < 5 * values["variance_error"]
    assert abs(values["second_moment"] - 0.5) < 5 * values["second_moment_error"]


def test_it_refines_itself():
    found = list(variances(8))
    assert [one["networks"] for one in found] == list(range(1, len(found) + 1))
    assert found[-1]["variance_error"] < found[0]["variance_error"]


@pytest.mark.parametrize(
    ("sigma", "word"), [("sqrt(2/d)", "keeps its size"), ("1/sqrt(d)", "vanishes"), ("2/sqrt(d)", "explodes")]
)
def test_vanishing_and_exploding_are_seen_and_said(opened, found, text, sigma, word):
    bench = opened("initialization/sigma", {"d": 256}, sigma=sigma)
    said = text(bench, found(bench))
    assert f"It {word}" in said
    assert "◈" in said
    assert "yours" in said


def test_the_own_sigma_is_marked_and_drawn_beside_another(opened, found, text):
    bench = opened("initialization/variance", {"d": 64, "sigma": 0.5}, variance="d sigma^2", sigma="sqrt(2/d)")
    said = text(bench, found(bench))
    assert "◆" in said
    assert "yours 0.1768" in said
    rows = [line for line in said.splitlines() if line.startswith((" Var[y] measured", " your formula"))]
    assert len(rows) == 2
    assert rows[1].endswith("16")
    assert said.index("one layer at") < said.index("measured variance of activations")


def test_the_own_sigma_moves_with_d(opened):
    bench = opened("initialization/sigma", {"d": 64}, sigma="sqrt(2/d)").choose(1).change(1)
    assert bench.value("d") == 128
    assert bench.knob("sigma").marks[0][0] == pytest.approx(0.125)


def test_a_network_that_dies_says_where(opened, found, text):
    bench = opened("initialization/variance", {"d": 1, "sigma": 1.0})
    assert "every unit was off" in " ".join(text(bench, found(bench)).split())


def test_the_second_moment_has_its_own_row(opened, found, text):
    bench = opened("initialization/second-moment", second_moment="1")
    said = text(bench, found(bench))
    assert "E[x²] measured" in said
    assert "your formula" in said


@pytest.mark.parametrize("width", [36, 38, 54, 78])
def test_it_fits_every_width_and_has_an_ascii_form(opened, found, text, values, width):
    from tutor.laboratories.bench import Found

    bench = opened("initialization/sigma", {"d": 64}, sigma="2/sqrt(d)", variance="d sigma^2").typed("0.01")
    assert all(len(line) <= width for line in text(bench, Found(values), width).splitlines())
    said = text(bench, Found(values), width, True)
    assert said.replace("²", "").isascii()


def test_powers_for_people():
    assert [power(log) for log in (0.0, 1.08, -0.43, -31.0, 7.72, 99.99)] == [
        "1",
        "12",
        "0.37",
        "1e−31",
        "5e7",
        "1e100",
    ]
