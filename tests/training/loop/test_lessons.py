"""The quick recipes teach what the full ones do, in a minute each: real runs, so `make test-training` only."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.training.loop.small import events_of
from tutor.training.events import Epoch
from tutor.training.recipe import NAMES, recipe, to_toml

pytestmark = [pytest.mark.training, pytest.mark.timeout(3600), pytest.mark.xdist_group("lessons")]
DEPTHS = ("resnet20", "resnet44", "plain20", "plain44")
SEEDS = (0, 1, 2)
"""Of the networks of two depths, which differ more from seed to seed than the others."""
RUNS = (*((name, 0) for name in NAMES if "20" not in name), *((name, seed) for seed in SEEDS for name in DEPTHS))


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    """Validation accuracy in per cent, and CPU seconds, of every run; one thread each, which spends none on waiting."""
    found = {}
    for name, seed in RUNS:
        folder = tmp_path_factory.mktemp(name)
        (folder / "recipe.toml").write_text(to_toml(replace(recipe(name, "quick"), threads=1, seed=seed)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "tutor.training", str(folder)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        last = [event for event in events_of(folder) if isinstance(event, Epoch)][-1]
        found[name, seed] = (100 * last.validation_accuracy, seconds)
        print(f"{name:<14} {seed}  {found[name, seed][0]:5.1f} % {seconds / 2:5.1f} s on two cores")
    return found


def lost(lessons, before, after, seed=0):
    return lessons[before, seed][0] - lessons[after, seed][0]


def test_every_quick_run_fits_a_minute_on_two_cores(lessons):
    assert {name: seconds for name, (_, seconds) in lessons.items() if seconds / 2 > 60} == {}


def test_shifting_costs_the_mlp_much_and_the_cnn_at_most_a_third_of_that(lessons):
    much = lost(lessons, "mlp-centred", "mlp-shifted")
    assert much >= 15
    assert lost(lessons, "cnn-centred", "cnn-shifted") <= much / 3


def test_shuffling_costs_the_cnn_much_and_the_mlp_nothing(lessons):
    assert lost(lessons, "mlp-centred", "mlp-scrambled") <= 3
    assert lost(lessons, "cnn-centred", "cnn-scrambled") >= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_depth_costs_the_plain_network_much_and_the_residual_one_little(lessons, seed):
    assert lost(lessons, "plain20", "plain44", seed) >= 15
    assert lost(lessons, "resnet20", "resnet44", seed) <= 5
