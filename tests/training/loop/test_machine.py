"""Which numbers a machine computes with."""

from dataclasses import replace

import pytest
import torch

from tests.training.loop.small import SMALL
from tutor.training.machine import machine_for


@pytest.mark.parametrize("has", [True, False])
def test_a_processor_that_multiplies_bfloat16_is_used_for_that_unless_told(monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    one = machine_for(replace(SMALL, precision="auto"))
    assert one.low_precision is has
    assert one.words == ("cpu, 1 thread, bfloat16" if has else "cpu, 1 thread")
    assert not machine_for(replace(SMALL, precision="float32")).low_precision
    assert machine_for(replace(SMALL, precision="bfloat16")).low_precision


def test_where_pytorch_cannot_tell_it_computes_in_float32(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not machine_for(replace(SMALL, precision="auto")).low_precision
