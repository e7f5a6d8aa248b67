"""The loop tells every step, the same for the same seed, and ends where it has to."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.training.loop.small import SMALL, curve, small_data, training
from tutor.training.events import Epoch, Examples, Finished, Started, Step
from tutor.training.loop import NotANumber, Stop
from tutor.training.machine import machine_for


def test_a_run_learns_and_tells_every_step(data):
    run, events = training(data, replace(SMALL, epochs=4))
    run.run()
    steps = curve(events)
    assert len(steps) == 40
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert [event.epoch for event in epochs] == [1, 2, 3, 4]
    assert epochs[-1].validation_accuracy > 0.8
    assert epochs[-1].train_loss == pytest.approx(
        sum(loss * (12 if step % 10 == 9 else 32) for step, (loss, _, _) in enumerate(steps[30:], 30)) / 300
    )
    assert events[-1].best_accuracy == max(event.validation_accuracy for event in epochs)


def test_the_same_seed_draws_the_same_curve_and_another_seed_another(data):
    def drawn(seed):
        run, events = training(data, replace(SMALL, seed=seed))
        run.run()
        return curve(events)

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


@pytest.mark.parametrize("model", ["mlp", "cnn", "resnet-8", "plain-8"])
def test_a_curve_is_the_one_of_a_loop_written_by_hand(data, model):
    one = replace(SMALL, model=model, epochs=1)
    run, events = training(data, one)
    run.run()
    again, _ = training(data, one)
    net, losses = again.model, []
    optimizer = torch.optim.AdamW(net.parameters(), lr=one.learning_rate, weight_decay=one.weight_decay)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(0))
    net.train()
    for step, chosen in enumerate(order.split(32)):
        rate = one.learning_rate * (1 + math.cos(math.pi * step / 10)) / 2
        optimizer.param_groups[0]["lr"] = rate
        loss = nn.functional.cross_entropy(net(data.images[chosen]), data.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert [loss for loss, _, _ in curve(events)] == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize("model", ["mlp", "cnn", "resnet-8", "plain-8"])
def test_images_held_in_bfloat16_draw_the_very_same_curve(data, model):
    one = replace(SMALL, model=model, epochs=1, precision="bfloat16")
    held = machine_for(one).image_dtype(one)
    assert held == torch.bfloat16
    halved = replace(data, images=data.images.to(held), validation_images=data.validation_images.to(held))

    def told(images):
        run, events = training(images, one)
        run.run()
        last = next(event for event in events if isinstance(event, Epoch))
        return curve(events), last.validation_loss, last.validation_accuracy

    assert told(halved) == told(data)


def test_what_a_learner_wrote_is_given_images_in_float32():
    for whose in ({"source": "mine"}, {"loop": "mine"}, {"precision": "float32"}):
        one = replace(SMALL, **{"precision": "bfloat16"} | whose)
        assert machine_for(one).image_dtype(one) == torch.float32


def test_the_rate_falls_to_zero_along_a_cosine(data):
    run, events = training(data)
    run.run()
    expected = [1e-3 * (1 + math.cos(math.pi * step / 20)) / 2 for step in range(20)]
    assert [rate for _, _, rate in curve(events)] == pytest.approx(expected)
    assert run.schedule.get_last_lr()[0] == pytest.approx(0, abs=1e-12)


def test_twenty_steps_events_a_second_hold_them_all(data):
    now = [0.0]

    def clock():
        now[0] += 0.0007
        return now[0]

    run, events = training(data, replace(SMALL, epochs=30, batch=3), clock=clock)
    run.run()
    steps = [event for event in events if isinstance(event, Step)]
    assert len(curve(events)) == 3000
    # Epochs tell what is left when they end.
    assert len(steps) <= 20 * now[0] + 30
    assert len(steps) > 30


def test_steps_come_before_the_epoch_that_they_make(data):
    run, events = training(data)
    run.run()
    told = 0
    for event in events:
        if isinstance(event, Step):
            told = event.step
            assert event.epoch == (told - 1) // 10 + 1
        if isinstance(event, Epoch):
            assert event.step == told == 10 * event.epoch


def test_a_loss_that_is_no_number_ends_the_run_at_its_step(data):
    run, events = training(data, replace(SMALL, learning_rate=1e18, epochs=50))
    with pytest.raises(NotANumber) as raised:
        run.run()
    bad = next(number for number, (loss, _, _) in enumerate(curve(events), 1) if not math.isfinite(loss))
    assert f"at step {bad} (epoch" in raised.value.reason
    assert "learning_rate=1e+17" in raised.value.advice
    assert not any(isinstance(event, Finished) for event in events)


def test_a_model_that_divides_by_zero_is_told_to_look_there(data):
    class Spoiled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.calls = nn.Linear(64, 10), 0

        def forward(self, x):
            self.calls += 1
            return self.layer(x.flatten(1)) / (self.calls != 4)

    run, _ = training(data, replace(SMALL, source="mine"), model=Spoiled())
    with pytest.raises(NotANumber) as raised:
        run.run()
    assert "step 4 " in raised.value.reason
    assert "quotient of zero" in raised.value.advice


def test_a_stop_comes_between_two_steps(data):
    asked = []
    run, events = training(data, wanted=lambda: bool(asked) or len(asked.append(1) or asked) > 5 or asked.clear())
    run._wanted = lambda: run.at.step >= 7
    with pytest.raises(Stop):
        run.run()
    run.save()
    assert run.at.step == len(curve(events)) == 7


def test_the_examples_are_the_extremes_of_the_validation_split(data):
    run, events = training(data)
    run.run()
    last = [event for event in events if isinstance(event, Examples)][-1]
    run.model.eval()
    with torch.no_grad():
        outputs = run.model(data.validation_images)
    losses = nn.functional.cross_entropy(outputs, data.validation_labels, reduction="none").sort().values
    assert [each.loss for each in last.best] == pytest.approx(losses[:5].tolist(), rel=1e-4, abs=1e-6)
    assert [each.loss for each in last.worst] == pytest.approx(losses.flip(0)[:5].tolist(), rel=1e-4)
    for each in (*last.best, *last.worst):
        assert len(each.pixels) == len(each.pixels[0]) == 8
        greys = [grey for row in each.pixels for grey in row]
        assert (min(greys), max(greys)) == (0, 255)
        assert (each.label == each.predicted) == (each.probability * math.exp(each.loss) == pytest.approx(1, rel=1e-3))


def test_pictures_are_at_most_32_pixels_wide():
    data = small_data(40, 20, side=45)
    run, events = training(replace_labels(data), replace(SMALL, canvas=45, epochs=1))
    run.run()
    last = [event for event in events if isinstance(event, Examples)][-1]
    assert {(len(each.pixels), len(each.pixels[0])) for each in last.best} == {(32, 32)}


def replace_labels(data):
    return replace(data, labels=data.labels % 10, validation_labels=data.validation_labels % 10)


def test_nothing_in_an_epoch_waits_for_the_device(data, monkeypatch):
    """On the CPU nothing would show it: so every way to a number on the host is watched instead."""
    taken = []
    for name in ("item", "tolist", "__bool__", "__float__", "__int__", "cpu", "numpy"):
        real = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda self, *more, _real=real, _name=name: taken.append(_name) or _real(self, *more)
        )
    run, events = training(data, replace(SMALL, epochs=1, batch=10), clock=lambda: 0.0)
    run.group.anyone = lambda wanted, step: taken.append(step) or wanted
    run.run()
    within = taken[taken.index(1) : taken.index(30)]
    assert len(curve(events)) == 30
    assert within == list(range(1, 30))
