"""Numbers to turn: their stops, their drawing as sliders, and the laboratories that consist of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from tutor.fields.spans import Line, Span, joined
from tutor.laboratories.bench import Bench, Found, LaboratoryError, Picture, Spot, Typing
from tutor.laboratories.charts import number, padded

TRACK, COMPACT_TRACK, LEAST_TRACK = 20, 24, 8
ROWS = 4
"""More knobs than this are drawn in a paragraph, with a track for the chosen one only."""


@dataclass(frozen=True, slots=True)
class Knob:
    """A number with its stops, or one of some words. `marks` are further stops that are named in the drawing."""

    id: str
    name: str
    meaning: str
    stops: tuple[Any, ...]
    value: Any
    least: float = 0.0
    most: float = 0.0
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers can stand here."""
        return all(isinstance(stop, int) for stop in self.stops)

    @property
    def words(self) -> bool:
        """Whether it is a choice of words."""
        return isinstance(self.stops[0], str)

    def places(self) -> tuple[Any, ...]:
        """All stops in order, the marks among them."""
        if self.words:
            return self.stops
        return tuple(sorted({*self.stops, *(value for value, _ in self.marks if self.least <= value <= self.most)}))

    def turned(self, step: int) -> Knob:
        """At the next stop, or the one before."""
        places = self.places()
        if self.words:
            at = places.index(self.value) + step
            return replace(self, value=places[min(max(at, 0), len(places) - 1)])
        near = 1e-9 * abs(self.value)
        if step > 0:
            return replace(self, value=next((one for one in places if one > self.value + near), self.value))
        return replace(self, value=next((one for one in reversed(places) if one < self.value - near), self.value))

    def along(self, value: Any) -> float:
        """Where a value stands on the track, from 0 to 1."""
        places = self.places()
        last = max(len(places) - 1, 1)
        if self.words:
            return places.index(value) / last
        at = bisect_left(places, value)
        if at >= len(places):
            return 1.0
        if at == 0 or places[at] == value:
            return at / last
        return (at - 1 + (value - places[at - 1]) / (places[at] - places[at - 1])) / last

    def slid(self, share: float) -> Knob:
        """At the stop nearest to this place of the track."""
        places = self.places()
        return replace(self, value=places[round(min(max(share, 0.0), 1.0) * (len(places) - 1))])

    def typed(self, text: str) -> Knob:
        """At a value as typed. Raises LaboratoryError."""
        said = text.strip().removeprefix(f"{self.name} =").removeprefix(f"{self.id} =").removeprefix("=").strip()
        if self.words:
            found = next((word for word in self.stops if said and word.startswith(said.lower())), None)
            if found is None:
                raise LaboratoryError(f"{self.name} is one of: {', '.join(self.stops)}.")
            return replace(self, value=found)
        try:
            value = float(said)
        except ValueError:
            raise LaboratoryError(f"{self.name} is a number; write it as 4 or 0.5.") from None
        if self.whole and value != round(value):
            raise LaboratoryError(f"{self.name} is a whole number.")
        if not self.least <= value <= self.most:
            raise LaboratoryError(f"{self.name} goes from {number(self.least)} to {number(self.most)} here.")
        return replace(self, value=round(value) if self.whole else value)

    def shown(self, ascii_only: bool = False) -> str:
        """Its value for people."""
        return self.value if self.words else number(self.value, ascii_only)


def slider(knob: Knob, room: int, ascii_only: bool) -> str:
    """The track with the value on it, and the marks."""
    done, left, here, mark = ("=", "-", "O", "v") if ascii_only else ("━", "─", "●", "◆")
    at = round(knob.along(knob.value) * (room - 1))
    cells = [done] * at + [left] * (room - at)
    for value, _ in knob.marks:
        if knob.least <= value <= knob.most:
            cells[round(knob.along(value) * (room - 1))] = mark
    if cells[at] != mark:
        cells[at] = here
    else:
        cells[at] = "@" if ascii_only else "◈"
    return "".join(cells)


def knob_lines(knobs: Sequence[Knob], at: int, width: int, ascii_only: bool) -> Picture:
    """The knobs at the head of a laboratory, the chosen one marked."""
    rows = _rows if len(knobs) <= ROWS else _paragraph
    return rows(knobs, at, width, ascii_only)


def _rows(knobs: Sequence[Knob], at: int, width: int, ascii_only: bool) -> Picture:
    names = max(len(knob.name) for knob in knobs)
    values = max(6, *(len(knob.shown(ascii_only)) for knob in knobs))
    meanings = max(len(knob.meaning) for knob in knobs)
    room = width - names - values - 7
    if room - meanings - 2 >= LEAST_TRACK + 4:
        room -= meanings + 2
    else:
        meanings = 0
    room = min(room, TRACK)
    lines: list[Line] = []
    spots: list[Spot] = []
    for index, knob in enumerate(knobs):
        chosen = index == at
        mark = (">" if ascii_only else "▸") if chosen else " "
        named = "  ".join(word for value, word in knob.marks if knob.least <= value <= knob.most)
        start = names + values + 6
        lines.append(
            joined(
                [
                    Span(f" {mark} ", "chosen"),
                    Span(padded(knob.name, names), "name-chosen" if chosen else "name"),
                    Span(f" {knob.shown(ascii_only):>{values}}", "value"),
                    Span("  "),
                    Span(slider(knob, room, ascii_only), "track-chosen" if chosen else "track"),
                    Span(f"  {named or knob.meaning}" if meanings else "", "quiet"),
                ]
            )
        )
        spots += [Spot(index, 0, start, index, False), Spot(index, start, start + room, index, True)]
    return Picture(tuple(lines), tuple(spots))


def _paragraph(knobs: Sequence[Knob], at: int, width: int, ascii_only: bool) -> Picture:
    left, right = ("<", ">") if ascii_only else ("‹", "›")
    lines: list[list[Span]] = [[Span(" ")]]
    spots: list[Spot] = []
    used = 1
    for index, knob in enumerate(knobs):
        chosen = index == at
        value = knob.shown(ascii_only)
        cells = len(padded(knob.name, 0, True)) + 1 + len(value) + 2
        if used + cells > width - 1:
            lines.append([Span(" ")])
            used = 1
        lines[-1] += [
            Span(f"{left if chosen else ' '}{knob.name} ", "name-chosen" if chosen else "name"),
            Span(value, "value"),
            Span(right if chosen else " ", "name-chosen"),
            Span(" "),
        ]
        spots.append(Spot(len(lines) - 1, used, used + cells, index, False))
        used += cells + 1
    knob = knobs[at]
    room = max(LEAST_TRACK, min(COMPACT_TRACK, width - len(knob.meaning) - 6))
    spots.append(Spot(len(lines), 2, 2 + room, at, True))
    meaning = f"  {knob.meaning}" if room + len(knob.meaning) + 4 <= width else ""
    track = [Span("  "), Span(slider(knob, room, ascii_only), "track-chosen"), Span(meaning, "quiet")]
    return Picture((*(joined(line) for line in lines), joined(track)), tuple(spots))


@dataclass(frozen=True)
class Knobbed(Bench):
    """A laboratory of knobs."""

    knobs: tuple[Knob, ...] = ()
    at: int = 0

    def value(self, name: str) -> Any:
        """The value of a knob."""
        return next(knob.value for knob in self.knobs if knob.id == name)

    def knob(self, name: str) -> Knob:
        """A knob by its id."""
        return next(knob for knob in self.knobs if knob.id == name)

    def having(self, **values: Any) -> Self:
        """With these values, brought inside what the knobs can take."""
        found = []
        for knob in self.knobs:
            value = values.get(knob.id, knob.value)
            if not knob.words:
                value = min(max(value, knob.least), knob.most)
                value = round(value) if knob.whole else float(value)
            found.append(replace(knob, value=value))
        return replace(self, knobs=tuple(found))

    def turned_to(self, knob: Knob) -> Self:
        """With a knob in another position."""
        return replace(self, knobs=tuple(knob if one.id == knob.id else one for one in self.knobs))

    def choose(self, step: int) -> Self:
        return replace(self, at=(self.at + step) % len(self.knobs))

    def change(self, step: int) -> Self:
        return self.turned_to(self.knobs[self.at].turned(step))

    def typing(self) -> Typing:
        knob = self.knobs[self.at]
        return Typing(f"{knob.name}, {knob.meaning}", knob.value if knob.words else f"{knob.value:.12g}")

    def typed(self, text: str) -> Self:
        return self.turned_to(self.knobs[self.at].typed(text))

    def clicked(self, row: int, column: int, width: int, ascii_only: bool) -> Self:
        for spot in self.draw(width, ascii_only, Found()).spots:
            if spot.row == row and spot.start <= column < spot.end:
                here = replace(self, at=spot.knob)
                if not spot.track:
                    return here
                share = (column - spot.start) / max(spot.end - spot.start - 1, 1)
                return here.turned_to(self.knobs[spot.knob].slid(share))
        return self
