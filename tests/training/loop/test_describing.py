"""What is said of a recipe before it runs is what it then does."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.training.loop.small import EMBEDDED
from tutor.training import models, worker
from tutor.training.describing import answer, describe
from tutor.training.events import Started
from tutor.training.machine import machine_for
from tutor.training.recipe import NAMES, recipe, to_toml


@pytest.mark.parametrize("name", NAMES)
def test_the_layers_do_all_the_work(name):
    found = describe(recipe(name, "quick"))
    assert sum(layer.multiplications for layer in found.layers) == found.multiplications
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    assert found.layers[-1].output == (10,)


def test_the_multiplications_are_those_of_a_real_step():
    one = replace(EMBEDDED, model="resnet-8", batch=6, width=4)
    model = models.build(one.model, canvas=28, width=4, stem_stride=one.stem_stride)
    with FlopCounterMode(display=False) as counter:
        nn.functional.cross_entropy(model(torch.randn(6, 1, 28, 28)), torch.zeros(6, dtype=torch.int64)).backward()
    assert describe(one).multiplications == counter.get_total_flops() // 2


def test_the_mlp_costs_what_the_first_problem_says():
    # Three products a layer of n K^2, and two for the first, which needs no gradient for its input.
    one = replace(EMBEDDED, canvas=28, batch=7)
    sizes = [28 * 28, 256, 256, 256, 256, 10]
    products = [7 * a * b for a, b in pairwise(sizes)]
    assert describe(one).multiplications == 3 * sum(products) - products[0]


@pytest.mark.parametrize(
    ("name", "field", "stride"), [("cnn-shifted", 25, 4), ("resnet20", 81, 4), ("mlp-shifted", None, None)]
)
def test_the_receptive_field_is_that_of_the_last_map(name, field, stride):
    found = describe(recipe(name, "full"))
    assert (found.receptive_field, found.receptive_field_stride) == (field, stride)


def test_the_figures_are_those_of_the_run(folder):
    found, events = describe(EMBEDDED), []
    made, asked = folder(EMBEDDED), []
    worker.run(made, events.append, lambda: asked.append(1) or len(asked) > 1)
    started = next(event for event in events if isinstance(event, Started))
    assert (found.parameters, found.steps_per_epoch) == (started.parameters, started.steps_per_epoch)
    assert (found.train_images, found.validation_images) == (started.train_images, started.validation_images)
    assert found.steps == 60


def last_of(answers):
    first = next(answers)
    while True:
        try:
            next(answers)
        except StopIteration as end:
            return first, end.value


def test_a_trial_tells_time_and_memory():
    first, last = last_of(answer(to_toml(EMBEDDED)))
    assert first["seconds"] is first["memory_bytes"] is None
    assert last["complaint"] == ""
    assert last["device"] == machine_for(EMBEDDED).words
    assert 60 * last["step_seconds"] < last["seconds"] < 60
    weights = 4 * last["parameters"]
    # Weights, their gradients and Adam's two moments at least; activations of a small batch are little beside them.
    assert 4 * weights <= last["memory_bytes"] - last["data_bytes"] <= 6 * weights
    assert math.isclose(last["data_bytes"], 4 * 2600 * 28 * 28)


def test_quick_runs_nothing():
    answers = answer(to_toml(EMBEDDED), quick=True)
    with pytest.raises(StopIteration) as ended:
        next(answers)
    assert ended.value.value["parameters"] == describe(EMBEDDED).parameters


def test_a_learners_model_is_described_in_another_process(tmp_path):
    source = tmp_path / "mlp.py"
    source.write_text(
        "import os\nfrom torch import nn\nopen(os.environ['TUTOR_HOME'] + '/here', 'w').write(str(os.getpid()))\n"
        "def get_mlp(image_size):\n    return nn.Sequential(nn.Flatten(), nn.Linear(image_size**2, 10))\n"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TUTOR_HOME", str(tmp_path))
        first, last = last_of(answer(to_toml(replace(EMBEDDED, source="mine")), quick=True, source=str(source)))
    assert first["parameters"] == describe(EMBEDDED).parameters
    assert last["parameters"] == 28 * 28 * 10 + 10
    assert int((tmp_path / "here").read_text()) != os.getpid()
