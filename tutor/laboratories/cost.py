"""Problem 1: the products of a training step layer by layer, and the memory alive while they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from tutor.fields.spans import Line, Span, joined
from tutor.laboratories.bench import Asking, Claim, Found, Numbers, Picture
from tutor.laboratories.charts import Bar, bars, columns, flush, heading, number, said, spread, thinned
from tutor.laboratories.knobs import Knob, Knobbed, knob_lines

SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)
KNOBS = (
    Knob("n", "n", "examples", SIZES, 4, 1, 256),
    Knob("K", "K", "width", SIZES, 8, 1, 256),
    Knob("L", "L", "layers", DEPTHS, 3, 1, 32),
)
FORWARD, INPUT, WEIGHTS = "forward", "input's gradient", "weights' gradient"
SIGNS = {FORWARD: "█", INPUT: "▓", WEIGHTS: "░"}
ASCII_SIGNS = {FORWARD: "#", INPUT: "+", WEIGHTS: "o"}
PRODUCTS = ("forward-multiplications", "training-multiplications")
MEMORY_ROWS = 4
SIDE = 9
BYTES = 4
"""Of a float32."""


def product(left: tuple[int, int], right: tuple[int, int]) -> int:
    """The multiplications of a matrix product: each number of the left meets each column of the right."""
    rows, inner = left
    _, columns_of_it = right
    return rows * inner * columns_of_it


def layer_products(n: int, K: int) -> dict[str, int]:
    """The three products of one layer in a training step, by what they make."""
    activations, weights = (n, K), (K, K)
    return {
        FORWARD: product(activations, weights),
        INPUT: product(activations, weights),
        WEIGHTS: product((K, n), activations),
    }


@dataclass(frozen=True)
class CostBench(Knobbed):
    """Sliders for n, K and L."""

    title: ClassVar[str] = "cost of a training step"
    knobs: tuple[Knob, ...] = KNOBS

    def opened(self, part: str, claims: Mapping[str, Claim], numbers: Numbers | None) -> Self:
        here = replace(self, part=part, claims=claims)
        return here if numbers is None else here.having(**{name: numbers[name] for name in "nKL" if name in numbers})

    @property
    def numbers(self) -> dict[str, int]:
        """The values of n, K and L."""
        return {knob.id: knob.value for knob in self.knobs}

    def asks(self) -> Asking:
        return Asking("cost", tuple(self.numbers.items()))

    def draw(self, width: int, ascii_only: bool, found: Found) -> Picture:
        head = knob_lines(self.knobs, self.at, width, ascii_only)
        products = self._products(width, ascii_only, found)
        memory = self._memory(width, ascii_only, found)
        sections = [memory, products] if self.part.endswith("memory") else [products, memory]
        lines: list[Line] = list(head.lines)
        for section in sections:
            lines += [(), *section]
        return Picture(tuple(lines), head.spots)

    # ------------------------------------------------------------------ products

    def _products(self, width: int, ascii_only: bool, found: Found) -> list[Line]:
        one = layer_products(self.value("n"), self.value("K"))
        layers = self.value("L")
        signs = ASCII_SIGNS if ascii_only else SIGNS
        each = number(one[FORWARD], ascii_only)
        lines = [heading("products, layer by layer", width, f"each block is {each}")]
        lines += self._blocks(width, signs)
        only_forward = self.part == "forward-multiplications"
        totals = {name: count * layers for name, count in one.items()}
        shown = [FORWARD] if only_forward else [FORWARD, INPUT, WEIGHTS]
        rows = [Bar(name, totals[name], "bar", ((totals[name], signs[name]),)) for name in shown]
        rows += self._measured_products(found, only_forward, signs)
        claim = self.claim if self.part in PRODUCTS else None
        value = claim.value(self.numbers) if claim else None
        if value is not None:
            rows.append(Bar("your formula", value, "yours"))
        lines += bars(rows, width, ascii_only, unit=totals[FORWARD])
        if found.values is None and found.said:
            lines += said(found.said, width)
        if claim and claim.note:
            lines += said(claim.note, width)
        return lines

    @staticmethod
    def _measured_products(found: Found, only_forward: bool, signs: Mapping[str, str]) -> list[Bar]:
        if found.values is None:
            return []
        counted = found.values["products"]
        pieces = [(counted["forward"], signs[FORWARD])]
        if not only_forward:
            pieces += [(counted["input"], signs[INPUT]), (counted["weights"], signs[WEIGHTS])]
        return [Bar("PyTorch did", sum(value for value, _ in pieces), "measured", tuple(pieces))]

    def _blocks(self, width: int, signs: Mapping[str, str]) -> list[Line]:
        """A block a product: layer 1 to L forward, then back, where each layer makes two."""
        layers = self.value("L")
        wide, gap, shown, space = self._columns(width)
        row = (" " * gap).join([signs[FORWARD] * wide] * shown)
        upper = (" " * gap).join([signs[WEIGHTS] * wide] * shown)
        lower = (" " * gap).join([signs[INPUT] * wide] * shown)
        blank = " " * len(row)
        between = " " * space
        lines: list[Line] = [
            joined([Span(" " * SIDE), Span(blank + between), Span(upper, "block-weights")]),
            joined([Span(" " * SIDE), Span(row, "block-forward"), Span(between), Span(lower, "block-input")]),
            (Span(" " * SIDE + self._numbers(width, (False, True)), "axis"),),
        ]
        if shown < layers:
            lines.append((Span(f" {layers} layers in {shown} columns each way", "quiet"),))
        return lines

    # ------------------------------------------------------------------ memory

    def _memory(self, width: int, ascii_only: bool, found: Found) -> list[Line]:
        passes = "training" if self._apart(width) else "training, then inference"
        lines = [heading("numbers in memory", width, passes)]
        if found.values is None:
            return [*lines, *said(found.said, width)]
        values = found.values
        wide, gap, shown, space = self._columns(width)
        layers = self.value("L")
        training = [thinned(values["training"][:layers], shown), thinned(values["training"][layers:], shown)]
        inference = thinned(values["inference"], shown)
        top = max(values["training_peak"], values["inference_peak"])
        between = " " * space
        parts = [
            columns(group, MEMORY_ROWS, wide, gap, top, ascii_only) for group in (training[0], training[1], inference)
        ]
        for row in range(MEMORY_ROWS):
            tick = number(top, ascii_only) if row == 0 else ""
            edge = ("|" if ascii_only else "┤") if row == 0 else "|" if ascii_only else "│"
            # `columns` gives the upper row first, as the lines come.
            body = parts[0][row] + between + parts[1][row]
            tail = "" if self._apart(width) else between + parts[2][row]
            lines.append(joined([Span(f"{flush(tick, SIDE - 2)} {edge}"[:SIDE], "axis"), Span(body + tail, "memory")]))
        marks = [self._peak(group, values["training_peak"], wide, gap) for group in training]
        lines.append((Span(" " * SIDE + self._numbers(width, (False, True), not self._apart(width)), "axis"),))
        peak = "^" if ascii_only else "▲"
        under = marks[0] + between + marks[1]
        at = under.find("*")
        under = " " * at + peak if at >= 0 else ""
        if not self._apart(width):
            name = len(marks[0]) + len(marks[1]) + 2 * space
            lower = self._peak(inference, values["inference_peak"], wide, gap).find("*")
            under = under.ljust(name) + " " * max(lower, 0) + peak
        lines.append((Span(" " * SIDE + under, "peak"),))
        return [*lines, *self._memory_rows(values, width, ascii_only)]

    @staticmethod
    def _peak(group: list[float], peak: float, wide: int, gap: int) -> str:
        """A star under the first column as high as the peak."""
        at = next((i for i, value in enumerate(group) if value == peak), None)
        length = len(group) * (wide + gap) - gap
        return " " * length if at is None else (" " * (at * (wide + gap) + (wide - 1) // 2) + "*").ljust(length)

    def _memory_rows(self, values: Mapping[str, Any], width: int, ascii_only: bool) -> list[Line]:
        rows = [Bar("inference, peak", values["inference_peak"], "measured")]
        if self.part == "inference-memory":
            rows += self._yours()
        rows.append(Bar("training, peak", values["training_peak"], "measured"))
        rows.append(Bar("training, all kept", values["training_kept"], "measured"))
        allocator = values.get("allocator_peak")
        if allocator is not None:
            rows.append(Bar("CUDA's allocator", allocator / BYTES, "measured"))
        if self.part == "training-memory":
            rows += self._yours()
        lines = bars(rows, width, ascii_only)
        if self.part == "training-memory":
            lines += said(
                "All kept: weights, their gradients and what autograd saves, each once. They are not all there at one "
                "moment; the peak also holds what is being computed.",
                width,
            )
        if allocator is not None:
            lines += said(
                f"CUDA's allocator gave out {number(allocator, ascii_only)} bytes at most, {BYTES} a number. It gives "
                "whole blocks of 512 bytes, and the products need room of their own.",
                width,
            )
        note = self.claim.note if self.claim and self.part.endswith("memory") else ""
        return lines + (said(note, width) if note else [])

    def _yours(self) -> list[Bar]:
        value = self.claim.value(self.numbers) if self.claim else None
        return [] if value is None else [Bar("your formula", value, "yours")]

    # ------------------------------------------------------------------ places

    def _columns(self, width: int) -> tuple[int, int, int, int]:
        """Width and gap of a column, how many a pass, and the space between passes."""
        layers = self.value("L")
        space = 2
        room = (width - SIDE - 1 - 2 * space) // (2 if self._apart(width) else 3)
        wide, gap = spread(layers, room)
        return wide, gap, min(layers, room), space

    @staticmethod
    def _apart(width: int) -> bool:
        """Whether inference has no room beside training."""
        return width < 44

    def _numbers(self, width: int, backward: tuple[bool, ...], inference: bool = False) -> str:
        """The layers' numbers under their columns; where these are thin, the ends only."""
        wide, gap, shown, space = self._columns(width)
        layers = self.value("L")
        pieces = []
        for turned in (*backward, False) if inference else backward:
            order = range(layers, 0, -1) if turned else range(1, layers + 1)
            if shown == layers and (layers < 10 or wide > 1):
                text = (" " * gap).join(f"{one:^{wide}}" for one in order)
            else:
                first, last = str(order[0]), str(order[-1])
                text = first + " " * (shown * (wide + gap) - gap - len(first) - len(last)) + last
            pieces.append(text)
        return (" " * space).join(pieces)
