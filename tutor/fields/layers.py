"""Layers as they are typed (`k5s1p2 k5s2p2`): kernel, stride, padding and dilation along one axis."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MOST_LAYERS, MOST_VALUE = 500, 100_000
KINDS = {"conv": "conv", "max": "max", "maxpool": "max", "pool": "max", "avg": "avg", "avgpool": "avg"}
VALUES = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation"}
PLURALS = {"k": "kernels", "s": "strides", "p": "paddings", "d": "dilations"}


class FieldError(ValueError):
    """Why layers, a width or a unit cannot be used: one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer along one axis. Padding is on both sides; `after` where the far side has another.

    Kinds: conv, max, avg; of traced networks also transposed (finer than what it reads), pad, slice, add, cat, linear.
    """

    name: str
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    kind: str = "conv"
    ceil_mode: bool = False
    after: int | None = None
    extra: int = 0
    """Cells that a transposed convolution adds at the far side (`output_padding`)."""

    def __post_init__(self) -> None:
        if min(self.kernel, self.stride, self.dilation) < 1:
            raise FieldError(
                f"{self.name} ({self.text}) has a value below 1; kernel, stride and dilation are 1 or more."
            )

    @property
    def padding_after(self) -> int:
        """The padding of the far side."""
        return self.padding if self.after is None else self.after

    @property
    def reach(self) -> int:
        """Cells from the first to the last that one unit reads, holes of dilation included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def text(self) -> str:
        """As it would be typed, with spaces: `k3 s2 p1`."""
        if self.kind in ("add", "cat"):
            return self.kind
        prefix = "" if self.kind in ("conv", "transposed") else f"{self.kind} "
        dilation = f" d{self.dilation}" if self.dilation != 1 else ""
        shift = f"p{self.padding}" if self.after in (None, self.padding) else f"p{self.padding},{self.after}"
        up = "↑" if self.kind == "transposed" else ""
        return f"{prefix}k{self.kernel} s{up}{self.stride} {shift}{dilation}{' ceil' if self.ceil_mode else ''}"

    def size_out(self, size: int) -> int:
        """How many units it has over `size` cells. Raises FieldError where the kernel does not fit."""
        if self.kind == "transposed":
            return (size - 1) * self.stride - self.padding - self.padding_after + self.reach + self.extra
        room = size + self.padding + self.padding_after - self.reach
        if room < 0:
            raise FieldError(f"{self.name} ({self.text}) needs {self.reach} cells and gets {room + self.reach}.")
        steps = room // self.stride
        if self.ceil_mode and room % self.stride and (steps + 1) * self.stride < size + self.padding:
            # PyTorch's rule: a last window that sticks out counts if it begins on the map or its near padding.
            steps += 1
        return steps + 1

    def taps(self, unit: int) -> tuple[int, ...]:
        """The cells below that a unit reads, also those that are padding, from first to last."""
        if self.kind == "transposed":
            found = (unit + self.padding - tap * self.dilation for tap in reversed(range(self.kernel)))
            return tuple(cell // self.stride for cell in found if cell % self.stride == 0)
        start = unit * self.stride - self.padding
        return tuple(start + tap * self.dilation for tap in range(self.kernel))


def parse(text: str) -> tuple[Layer, ...]:
    """Read layers as people type them: `k5s1p2 k5s2p2`, `k3 p1, max k2 s2`, `k3p1 x4`. Raises FieldError."""
    layers: list[Layer] = []
    kind: str | None = None
    values: dict[str, int] = {}
    ceil = False

    def finish() -> None:
        nonlocal kind, values, ceil
        if kind is None and not values:
            return
        name = f"layer {len(layers) + 1}"
        if "k" not in values:
            raise FieldError(f"{name} has no kernel: write k and its size, as in {kind or ''}k3s2.")
        named = {VALUES[letter]: value for letter, value in values.items()}
        layer = Layer(name, **named, kind=kind or "conv", ceil_mode=ceil)  # type: ignore[arg-type]
        if layer.kind in ("max", "avg") and layer.padding > layer.kernel // 2:
            most = layer.kernel // 2
            raise FieldError(
                f"{name} ({layer.text}) pads too much: pooling of kernel {layer.kernel} takes p{most} at most."
            )
        layers.append(layer)
        kind, values, ceil = None, {}, False

    for word, number, separator in _tokens(text):
        here = f"layer {len(layers) + 1}"
        if separator:
            if separator != " ":
                finish()
        elif word in KINDS:
            finish()
            kind = KINDS[word]
            _room(len(layers) + 1)
            if number:
                values["k"] = _value("k", number)
        elif word in ("c", "ceil") and not number:
            if kind not in ("max", "avg"):
                raise FieldError(
                    f"Only pooling rounds up: write max or avg before the k of {here}, or leave out {word!r}."
                )
            ceil = True
        elif word in ("x", "*", "×") and number:
            finish()
            times = _value(word, number)
            if not layers or times < 1:
                raise FieldError(f"{word}{number} repeats the layer before it, as in k3p1 x4.")
            _room(len(layers) + times - 1)
            layers += [replace(layers[-1], name=f"layer {len(layers) + 1 + more}") for more in range(times - 1)]
        elif word in VALUES and number:
            if word == "k" and "k" in values:
                finish()
                here = f"layer {len(layers) + 1}"
            if word != "k" and "k" not in values:
                raise FieldError(
                    f"{word}{number} stands before the kernel of {here}: begin a layer with k, as in k3{word}{number}."
                )
            if word in values:
                raise FieldError(f"{here} has two {PLURALS[word]}; leave out one, or begin the next layer with k.")
            values[word] = _value(word, number)
            _room(len(layers) + 1)
        else:
            said = f"{word}{number}"
            raise FieldError(
                f"{said!r} is no part of a layer; write layers like k5s2p2 (kernel, stride, padding, d for dilation)."
            )
    finish()
    if not layers:
        raise FieldError('No layers; write some, as in "k5s1p2 k5s2p2".')
    return tuple(layers)


def _tokens(text: str) -> Iterable[tuple[str, str, str]]:
    """(word, digits, separator), one of the first and the last filled."""
    pattern = re.compile(
        r"(?P<gap>\s+)|(?P<stop>,|;|\||/|→|->|>)|(?P<word>[a-z]+|[*×])\s*=?\s*(?P<number>-?\d+)?|(?P<other>\S+)"
    )
    for match in pattern.finditer(text.lower()):
        if match["gap"] or match["stop"]:
            yield "", "", " " if match["gap"] else match["stop"]
        elif match["other"]:
            yield match["other"], "", ""
        else:
            yield from _split(match["word"], match["number"] or "")


def _split(word: str, number: str) -> Iterable[tuple[str, str, str]]:
    """`maxk` before a number is a kind and a letter."""
    if number and len(word) > 1 and word[-1] in VALUES and (word[:-1] in KINDS or word[:-1] in ("c", "ceil")):
        yield word[:-1], "", ""
        word = word[-1]
    yield word, number, ""


def _value(letter: str, number: str) -> int:
    least = 0 if letter == "p" else 1
    if len(number) > 7 or not least <= int(number) <= MOST_VALUE:
        name = VALUES.get(letter, "count")
        raise FieldError(f"{letter}{number[:12]} is no {name}; take a whole number from {least} to {MOST_VALUE:,}.")
    return int(number)


def _room(count: int) -> None:
    if count > MOST_LAYERS:
        raise FieldError(f"More than {MOST_LAYERS} layers; leave out some.")
