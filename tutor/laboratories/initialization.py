"""Problem 2: the variance of activations through a hundred layers of ReLU, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from tutor.fields.spans import Line
from tutor.laboratories.bench import Asking, Claim, Found, Numbers, Picture
from tutor.laboratories.charts import Axes, Bar, Curve, bars, curves, heading, number, said
from tutor.laboratories.knobs import Knob, Knobbed, knob_lines

DEEPEST = 100
SIGMAS = tuple(float(f"{10 ** (at / 12):.3g}") for at in range(-36, 13))
KNOBS = (
    Knob("sigma", "σ", "weights' deviation", SIGMAS, 0.056, 1e-6, 100.0),
    Knob("d", "d", "inputs of a layer", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512), 256, 1, 512),
    Knob("depth", "depth", "layers", (2, 5, 10, 20, 30, 50, 70, DEEPEST), DEEPEST, 2, DEEPEST),
)
ASCII_NAMES = {"σ": "sigma"}
LARGEST_SQUARE, SMALLEST_SQUARE = 77.06, -89.7
"""log10 of the squares of the largest and the smallest number of float32."""
ROWS = 8
WIDE = 64
FADES, KEEPS = -1.0, 1.0
"""Between these powers of ten a variance counts as kept."""


def scaled(logs: Sequence[float | None], sigma: float) -> list[float | None]:
    """log10 of the variance after each layer, from that for weights of deviation 1.

    relu(a z) is a relu(z) for a > 0, so weights larger by sigma make layer l larger by sigma^l, and no run is needed.
    """
    grows = 2 * math.log10(sigma)
    return [None if log is None else log + (at + 1) * grows for at, log in enumerate(logs)]


@dataclass(frozen=True)
class InitializationBench(Knobbed):
    """Sliders for σ, d and the depth."""

    title: ClassVar[str] = "variance from layer to layer"
    knobs: tuple[Knob, ...] = KNOBS

    def opened(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> Self:
        here = replace(self, part=part, claims=claims)
        if numbers is not None:
            given = {name: numbers[name] for name in ("d", "sigma") if name in numbers}
            if part == "sigma":
                # Any d shows what this σ does; in narrow networks single weights would decide it.
                d = min(max(int(given.get("d", 1)), WIDE), int(here.knob("d").most))
                given["d"] = d
                given["sigma"] = here._own(d) or here.value("sigma")
            here = here.having(**given)
        return here._marked()

    def turned_to(self, knob: Knob) -> Self:
        return super().turned_to(knob)._marked()

    def _own(self, d: int) -> float | None:
        """The learner's own σ at this d."""
        claim = self.claims.get("sigma")
        value = claim.value({"d": d}) if claim else None
        return value if value is not None and value > 0 else None

    def _marked(self) -> Self:
        """With the learner's own σ marked on its track."""
        own = self._own(self.value("d"))
        knob = replace(self.knob("sigma"), marks=() if own is None else ((own, "◆ yours"),))
        return replace(self, knobs=tuple(knob if one.id == "sigma" else one for one in self.knobs))

    def asks(self) -> Asking:
        return Asking("variances", (("d", self.value("d")),))

    def draw(self, width: int, ascii_only: bool, found: Found) -> Picture:
        knobs = self.knobs
        if ascii_only:
            knobs = tuple(
                replace(
                    one, name=ASCII_NAMES.get(one.name, one.name), marks=tuple((v, "v yours") for v, _ in one.marks)
                )
                for one in knobs
            )
        head = knob_lines(knobs, self.at, width, ascii_only)
        lines: list[Line] = [*head.lines, ()]
        if found.values is None:
            lines += [heading("measured variance of activations", width), *said(found.said, width)]
            return Picture(tuple(lines), head.spots)
        values = found.values
        chart = self._chart(values, width, ascii_only)
        rows = [*self._one_layer(values, width, ascii_only)]
        # The question in hand stands first.
        first, second = (rows, chart) if self.part in ("second-moment", "variance") else (chart, rows)
        return Picture((*lines, *first, (), *second), head.spots)

    # ------------------------------------------------------------------ through the layers

    def _chart(self, values: Mapping[str, Any], width: int, ascii_only: bool) -> list[Line]:
        depth, sigma = self.value("depth"), self.value("sigma")
        name = "sigma" if ascii_only else "σ"
        logs = scaled(values["log10"], sigma)[:depth]
        own = self._own(self.value("d"))
        same = own is not None and abs(own - sigma) <= 1e-9 * own
        drawn = [Curve([0.0, *logs], "yours" if same else name, number(float(f"{sigma:.4g}"), ascii_only))]
        if own is not None and not same:
            mine = scaled(values["log10"], own)[:depth]
            drawn.append(Curve([0.0, *mine], "yours", number(float(f"{own:.4g}"), ascii_only), "yours"))
        inside = [value for curve in drawn for value in curve.values if value is not None]
        most = max(2.0, *(abs(value) for value in inside))
        ends = math.ceil(most / 2) * 2
        low = -ends if min(inside) < -1 or max(inside) <= 1 else -max(2, ends // 4)
        high = ends if max(inside) > 1 or min(inside) >= -1 else max(2, ends // 4)
        ticks = tuple((float(value), power(value, ascii_only)) for value in (low, 0, high))
        axes = Axes(low, high, depth, ticks, level=0.0, along="layer")
        count = values["networks"]
        right = f"{count} network{'s' if count > 1 else ''}, float32"
        return [
            heading("measured variance of activations", width, right),
            *curves(drawn, axes, width, ROWS, ascii_only),
            *self._verdict(logs, values, width, ascii_only),
        ]

    def _verdict(
        self, logs: Sequence[float | None], values: Mapping[str, Any], width: int, ascii_only: bool
    ) -> list[Line]:
        """What becomes of the signal, in words."""
        depth = len(logs)
        off = next((at for at, log in enumerate(logs) if log is None), None)
        if off is not None:
            return said(
                f"In layer {off + 1} every unit was off in every network: nothing comes through.", width, "note"
            )
        last = logs[-1]
        assert last is not None
        grows = number(float(f"{10 ** (last / depth):.3g}"), ascii_only)
        word = "vanishes" if last < FADES else "explodes" if last > KEEPS else "keeps its size"
        ends = [end - mean + last for end, mean in self._ends(values, depth)]
        lines = said(
            f"It {word}: {power(last, ascii_only)} after {depth} layers, {grows} times as much each layer.",
            width,
            "note",
        )
        beyond = next(
            (at for at, log in enumerate(logs) if log is not None and not SMALLEST_SQUARE < log < LARGEST_SQUARE), None
        )
        if beyond is not None:
            lines += said(
                f"From layer {beyond + 1} on, float32 has no such numbers; here each layer is rescaled.", width
            )
        elif len(ends) == 2 and ends[1] > ends[0] + 1:
            apart = " to ".join(power(end, ascii_only) for end in ends)
            lines += said(f"Single networks of this width: {apart}.", width)
        return lines

    @staticmethod
    def _ends(values: Mapping[str, Any], depth: int) -> list[tuple[float, float]]:
        mean = values["log10"][depth - 1]
        ends = [values["low"][depth - 1], values["high"][depth - 1]]
        return [(end, mean) for end in ends if end is not None and mean is not None]

    # ------------------------------------------------------------------ one layer

    def _one_layer(self, values: Mapping[str, Any], width: int, ascii_only: bool) -> list[Line]:
        sigma, d = self.value("sigma"), self.value("d")
        name, around = ("sigma", "+-") if ascii_only else ("σ", "±")
        if self.part == "second-moment":
            label, value, error = "E[x²]", values["second_moment"], values["second_moment_error"]
            title, claim, point = "x = relu(z), one input", self.claims.get("second-moment"), {}
        else:
            label, value, error = "Var[y]", values["variance"] * sigma**2, values["variance_error"] * sigma**2
            title = f"one layer at d = {d}, {name} = {number(sigma, ascii_only)}"
            claim, point = self.claims.get("variance"), {"d": d, "sigma": sigma}
        if ascii_only:
            label = label.replace("²", "^2")
        text = f"{number(float(f'{value:.4g}'), ascii_only)} {around} {error:.1g}"
        rows = [Bar(f"{label} measured", value, "measured", text=text)]
        yours = claim.value(point) if claim else None
        if self.part == "sigma":
            rows.append(Bar("asked for", 1.0, "label"))
        if yours is not None:
            rows.append(Bar("your formula", yours, "yours"))
        right = f"{values['samples']:,} samples"
        return [heading(title, width, right), *bars(rows, width, ascii_only)]


def power(log: float, ascii_only: bool = False) -> str:
    """10 to this power, for people: 0.37, 12, 1e−31."""
    if -2 <= log <= 3:
        return number(float(f"{10**log:.2g}"), ascii_only)
    whole = math.floor(log)
    first = 10 ** (log - whole)
    text = f"1e{whole}" if f"{first:.0f}" == "1" else f"{first:.0f}e{whole}" if first < 9.5 else f"1e{whole + 1}"
    return text if ascii_only else text.replace("-", "−")
