"""What the engine and the screens say of a GPU."""

from __future__ import annotations

import pytest

from tutor.engine.laboratories import allocator_peak
from tutor.tui.training.machine import Machine

pytestmark = pytest.mark.gpu


def test_the_peak_of_the_allocator_is_at_least_what_a_step_must_hold():
    n, K, L = 256, 512, 6
    weights_and_gradients, activations = 2 * L * K * K, L * n * K
    assert allocator_peak(n, K, L) >= 4 * (weights_and_gradients // 2 + activations)


def test_the_machine_is_read_from_its_driver():
    reading = Machine().read()
    assert reading.gpus
    assert reading.gpus[0].name
    assert 0 < reading.gpus[0].used_bytes < reading.gpus[0].total_bytes
