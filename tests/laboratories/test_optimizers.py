"""The laboratory of optimizers: its arithmetic is torch.optim's, and no size of c shows in Adam."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.laboratories.bench import LaboratoryError
from tutor.laboratories.updates import adam, sgdm

GRADIENTS = st.lists(st.floats(-10, 10).filter(lambda g: abs(g) > 1e-3), min_size=1, max_size=12)
DECAY = st.floats(0.0, 0.99)


def stepped(make, gradients, **settings):
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = make([w], foreach=False, **settings)
    for g in gradients:
        w.grad = torch.full_like(w, g)
        optimizer.step()
    return w.item(), optimizer.state[w]


@settings(deadline=None, max_examples=40)
@given(GRADIENTS, st.floats(0.01, 1.0), DECAY, DECAY)
def test_adam_is_torchs(gradients, eta, beta1, beta2):
    last = adam(gradients, eta, beta1, beta2)[-1]
    w, state = stepped(torch.optim.Adam, gradients, lr=eta, betas=(beta1, beta2), eps=0.0)
    assert (last.w, last.m, last.v) == pytest.approx((w, state["exp_avg"].item(), state["exp_avg_sq"].item()), abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(GRADIENTS, st.floats(0.01, 1.0), st.floats(0.01, 0.99))
def test_sgdm_is_torchs(gradients, eta, beta):
    last = sgdm(gradients, eta, beta)[-1]
    w, state = stepped(torch.optim.SGD, gradients, lr=eta, momentum=beta)
    assert (last.w, last.m) == pytest.approx((w, state["momentum_buffer"].item()), abs=1e-9)


@given(GRADIENTS, st.floats(0.1, 100), DECAY, DECAY)
def test_adams_weight_does_not_see_the_size_of_the_gradient(gradients, factor, beta1, beta2):
    one = adam(gradients, 0.1, beta1, beta2)[-1].w
    other = adam([factor * g for g in gradients], 0.1, beta1, beta2)[-1].w
    assert one == pytest.approx(other, abs=1e-9)


@given(GRADIENTS, st.floats(0.1, 100), DECAY)
def test_sgdms_weight_grows_with_the_gradient(gradients, factor, beta):
    one = sgdm(gradients, 0.1, beta)[-1].w
    assert sgdm([factor * g for g in gradients], 0.1, beta)[-1].w == pytest.approx(factor * one, abs=1e-6)


def test_that_no_c_matters_is_said_and_seen(opened, text):
    said = text(opened("optimizers/adam-weight"))
    assert "one curve for every c" in said
    assert "c 0.5, 1, 2" in said
    assert said.count("one curve") == 1


@pytest.mark.parametrize("kind", ["noisy", "own"])
def test_it_holds_for_other_gradients_too(opened, text, kind):
    bench = opened("optimizers/adam-gradient-dependence").having(gradient="constant")
    bench = bench.turned_to(bench.knob("gradient").typed(kind))
    assert text(bench).count("one curve for every c") == 1


def test_the_claim_is_drawn_and_stands_in_the_table(opened, text):
    point = {"c": 2.0, "t": 3, "eta": 0.5, "beta1": 0.5, "beta2": 0.5}
    said = text(opened("optimizers/adam-weight", point, adam_weight="-eta c t"))
    assert "× your formula" in said
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert rows["Adam"][1] == "−1.5"
    assert rows["yours"][1] == "−3"


@pytest.mark.parametrize(
    ("part", "show"), [("adam-weight", "weight"), ("sgdm-momentum", "m"), ("adam-second-moment-corrected", "v")]
)
def test_it_opens_on_what_the_part_asks_about(opened, part, show):
    assert opened(f"optimizers/{part}").value("show") == show


def test_a_gradient_of_ones_own(opened, text):
    bench = opened("optimizers/adam-weight").choose(-1)
    assert bench.knobs[bench.at].id == "gradient"
    bench = bench.typed("c / (t + 1)")
    assert bench.value("gradient") == "own"
    assert "g = c / (t + 1)" in text(bench)
    for wrong, said in (("x", "formula in c and t"), ("1/t", "no value at t = 0"), ("10^(10 t)", "too large")):
        with pytest.raises(LaboratoryError, match=said):
            bench.typed(wrong)
    assert bench.typed("noisy").value("gradient") == "noisy"


@pytest.mark.parametrize("width", [36, 38, 54, 78, 100])
@pytest.mark.parametrize("part", ["adam-weight", "adam-first-moment", "adam-second-moment"])
def test_it_fits_every_width_and_has_an_ascii_form(opened, text, width, part):
    bench = opened(f"optimizers/{part}", {"c": 0.37, "t": 7}, **{part.replace("-", "_"): "c t"})
    lines = text(bench, width=width).splitlines()
    assert all(len(line.replace("\u0302", "")) <= width for line in lines)
    assert text(bench, width=width, ascii_only=True).isascii()
