"""Numbers, times and states of runs as they stand on the screen."""

from __future__ import annotations

import math

from textual.content import Content

from tutor.training.recipe import Recipe

DATA = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "fashion-mini": "Fashion-MNIST, small"}
RESUMABLE = ("stopped", "dead", "failed")
QUIET, RULE, ACCENT = "$quiet", "$rule", "$accent"


def bar(share: float, width: int, look: str = "") -> Content:
    """Progress: what is done in full strength, the rest as a rule."""
    width = max(0, width)
    done = min(width, max(0, int(share * width + 1e-9)))
    return Content.assemble(("━" * done, look), ("─" * (width - done), RULE))


def percent(share: float | None) -> str:
    """A share as `94.1 %`; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def gibibytes(size: int) -> str:
    """Bytes as GiB: one decimal below ten."""
    value = size / 2**30
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def memory(size: float) -> str:
    """Bytes with a unit that keeps them short."""
    for unit, step in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= step:
            value = size / step
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
    return f"{size:.0f} bytes"


def rate(value: float) -> str:
    """A learning rate: `0.1`, `2.1e-4`."""
    if not math.isfinite(value):
        return "–"
    if value >= 0.001:
        return f"{value:.4f}".rstrip("0").rstrip(".")
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(power)}"


def count(value: float) -> str:
    """A large number in words of thousands: `1.2 million`."""
    for name, step in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if value >= step:
            return f"{value / step:.3g} {name}" if value < 999.5 * step else f"{value / step:,.0f} {name}"
    return f"{value:,.0f}"


def images(recipe: Recipe) -> str:
    """What it is trained on: `MNIST 56x56, shifted`."""
    size = f" {recipe.canvas}x{recipe.canvas}" if recipe.canvas != 28 else ""
    how = f", {recipe.placement}" if recipe.canvas != 28 else ""
    return f"{DATA.get(recipe.data, recipe.data)}{size}{how}{', scrambled' if recipe.scrambled else ''}"
