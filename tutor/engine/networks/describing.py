"""Everything that is known about a network's receptive field, as one document of plain values."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from tutor.engine.networks.effective import effective
from tutor.engine.networks.finding import build, load
from tutor.engine.networks.gradient import compared
from tutor.engine.networks.reading import read
from tutor.engine.networks.states import Reading
from tutor.fields.arithmetic import Figures
from tutor.fields.layers import FieldError

WIDTHS = (64, 128, 224, 448)
"""Tried one after the other, where the usual width is too narrow for a network."""

RESIZED = (
    "Maps that were made finer read differently from unit to unit, and where branches of them meet, the recurrence "
    "follows the first unit alone. The gradient's figure is the one that holds."
)


def describe(
    model: str, width: int | None = None, heat: int = 0, checkpoint: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """The document of `receptive-field --json` for a network: figures, the gradient's finding, the heat map if asked.

    `model` is `torchvision:NAME`, `FILE.py:NAME` or a network of the tutor's; `heat` the cells of the map's side.
    Figures are those of the last axis (the width); another axis that differs has its own entry. Raises FieldError.
    """
    began = time.monotonic()
    torch.manual_seed(seed)
    network, usual = build(model, blank=not heat)
    if checkpoint is not None:
        load(network, Path(checkpoint))
    reading = _read(network, model, width, usual)
    axis = reading.axes - 1
    field = reading.field(axis)
    found: dict[str, Any] = {
        "model": model,
        "feature_map": reading.steps[-1].name,
        "axes": reading.axes,
        "gradient": compared(reading, axis, field),
    }
    for other, name in zip(range(axis), ("height",) if axis == 1 else ("depth", "height"), strict=False):
        across = reading.field(other)
        mine = (across.receptive_field, across.stride, across.first_position)
        if mine != (field.receptive_field, field.stride, field.first_position):
            found[name] = dict(zip(("receptive_field", "stride", "first_position"), mine, strict=True)) | {
                "gradient": compared(reading, other, across)
            }
    if heat:
        found["effective"] = effective(reading, network, heat, width, seed) | {"checkpoint": checkpoint}
    found["seconds"] = round(time.monotonic() - began, 3)
    uneven = found["gradient"]["agree"] is False and any(node.layer.kind == "transposed" for node in field.nodes)
    resized = [RESIZED] if uneven else []
    document = Figures(field, found).as_dict()
    document["warnings"] = list(dict.fromkeys([*reading.warnings, *field.warnings, *resized]))
    return document


def _read(network: Any, name: str, width: int | None, usual: int) -> Reading:
    if width is not None:
        return read(network, name, width)
    first: FieldError | None = None
    for one in (usual, *(more for more in WIDTHS if more > usual)):
        try:
            return read(network, name, one)
        except FieldError as error:
            first = first or error
    assert first is not None
    raise first
