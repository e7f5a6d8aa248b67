"""Plain text -> tokens: names by the vocabulary, LaTeX commands, brackets matched, multiplications put in."""

from __future__ import annotations

import re
from typing import Any

from tutor.answers.errors import Unreadable
from tutor.answers.names import WRAPPED, Names
from tutor.answers.normalise import FRACTIONS

NESTING = 100
"""Levels of brackets, powers and sums an answer may have."""

_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?|[" + FRACTIONS + "]")
_SPACE = re.compile(r"(?:[\s$~&]|\\[()\[\],;:! ]|\\(?:left|right|q?quad|displaystyle|limits|nolimits|[bB]igg?[lrm]?)"
                    r"(?![A-Za-z])\s*\.?(?<!\.\.))+")  # fmt: skip
_WORD = re.compile(r"\\?[A-Za-zͰ-Ͽ]+(?:_\{?[A-Za-z0-9]+\}?)?")
_COMMAND = re.compile(r"\\([A-Za-z]+|.?)", re.S)
_INDEX = r"([A-Za-zͰ-Ͽ])(?![A-Za-z])"
_LOW = re.compile(rf"\s*(?:\\limits\s*)?_\s*([{{(]?)\s*{_INDEX}\s*=")
_CALLED = re.compile(rf"\s*(?:\\left\s*)?([(\[])\s*{_INDEX}\s*[=,]")
_HIGH_FIRST = re.compile(r"\s*(?:\\limits\s*)?\^\s*(\{[^{}]*\}|[A-Za-z0-9])\s*_\s*(\{[^{}]*\})")
_EXPONENT_INDEX = re.compile(r"\s*\^\s*(?=\{\s*\()")
_SERIES_INDEX = re.compile(rf"(?:sum|prod|Σ|Π)[^=,]{{0,40}}?[_(\[{{]\s*{_INDEX}\s*[=,]")
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_COMMANDS = {
    "cdot": "*", "times": "*", "ast": "*", "bullet": "*", "div": "/", "dots": "..", "ldots": "..", "cdots": "..",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "{": "(", "}": ")", "lbrace": "(", "rbrace": ")", "lbrack": "[", "rbrack": "]", "|": "|",
}  # fmt: skip
_FENCES = {"⌊": "LFLOOR", "⌋": "RFLOOR", "⌈": "LCEIL", "⌉": "RCEIL"}
_SIGNS = {"+": "PLUS", "-": "MINUS", "*": "MUL", "/": "DIV", "^": "POW", ",": "COMMA"}
_SKIPPED = frozenset(" \t\r\n\v\f\\$~&")
_BRACKET = re.compile(r"\\?[()\[\]{}]")
_ENDS = frozenset(("NUMBER", "NAME", "CONSTANT", "RPAR", "RBAR", "RFLOOR", "RCEIL"))
_STARTS = frozenset(("NUMBER", "NAME", "CONSTANT", "LPAR", "LBAR", "LFLOOR", "LCEIL", "SEQ", "FUNC", "FUNCB", "ROOT",
                     "FRAC", "MOMENT", "SERIES", "SERIESC"))  # fmt: skip
_RESETS = frozenset(("PLUS", "MINUS", "COMMA"))
_DEEPER = frozenset(("POW", "FUNCB", "FLOORDIV", "SERIES", "LFLOOR", "LCEIL"))
_OPERATORS = frozenset(("POW", "MUL", "DIV", "FLOORDIV", "OPEN", "PLUS", "MINUS", "COMMA", ""))


class Token:
    """What lark needs of a token, and no more: a `lark.Token` is a string and twice as dear."""

    __slots__ = ("end_pos", "start_pos", "type", "value")
    line = column = end_line = end_column = 1

    def __init__(self, kind: str, value: Any, start: int, end: int) -> None:
        self.type = kind
        self.value = value
        self.start_pos = start
        self.end_pos = end


class Scanner:
    """One reading of one text; `tokens` is what came of it."""

    def __init__(self, text: str, names: Names) -> None:
        self.text = text
        self.names = names
        self.tokens: list[Token] = []
        self.last = ""
        self.bars: list[bool] = []
        self.powers = 0
        self.pairs = self._pairs()
        self.indices = frozenset(_SERIES_INDEX.findall(text)) if "=" in text or "," in text else frozenset()

    def fail(self, message: str, start: int, end: int | None = None) -> Unreadable:
        """An error at a place of the plain text; the reader turns it into a place as typed."""
        return Unreadable(message, self.text, start, start + 1 if end is None else end)

    def _pairs(self) -> dict[int, int]:
        pairs: dict[int, int] = {}
        waiting: list[int] = []
        text = self.text
        for match in _BRACKET.finditer(text):
            place = match.end() - 1
            character = text[place]
            if match.end() - match.start() == 2 and character not in "{}":
                continue
            if character in "([{":
                waiting.append(place)
                if len(waiting) > NESTING:
                    raise self.fail(f"this is nested more than {NESTING} levels deep", place)
            elif not waiting:
                raise self.fail(f"this {character} closes nothing; no bracket is open here", place)
            else:
                start = waiting.pop()
                if _CLOSES[text[start]] != character:
                    raise self.fail(f"{_CLOSES[text[start]]} was expected here, to close the {text[start]}", place)
                pairs[start] = place
        if waiting:
            raise self.fail(f"this {text[waiting[-1]]} is never closed", waiting[-1])
        return pairs

    def emit(self, kind: str, value: Any, start: int, end: int) -> None:
        """Add a token, and before it the multiplication that was left out."""
        last = self.last
        if last in _ENDS and kind in _STARTS:
            if kind == "NUMBER" and last == "NUMBER":
                raise self.fail("an operation is missing between these two numbers", start, end)
            self.tokens.append(Token("IMUL", "", start, start))
        if kind in _DEEPER:
            self.powers += 1
            if self.powers > NESTING:
                raise self.fail(f"this is nested more than {NESTING} levels deep", start, end)
        elif kind in _RESETS and last not in _OPERATORS:
            self.powers = 0
        self.tokens.append(Token(kind, value, start, end))
        self.last = kind

    def inside(self, start: int, depth: int, skip: int = 0) -> int:
        """A bracketed stretch, from its opening bracket at `start`; the place behind it."""
        close = self.pairs[start]
        self.emit("LPAR", "", start, start + 1)
        self.stretch(start + 1 + skip, close, depth + 1)
        self.emit("RPAR", "", close, close + 1)
        return close + 1

    def stretch(self, start: int, end: int, depth: int) -> None:
        """Scan a part of the text on its own."""
        powers, bars = self.powers, self.bars
        self.powers, self.bars, self.last = powers + 1, [], "OPEN"
        if end > start and self.text[end - 1] == "\\":
            end -= 1
        self.scan(start, end, depth)
        if self.bars:
            raise self.fail("a | that opens here is never closed", start, end)
        self.powers, self.bars = powers, bars

    def space(self, pos: int) -> int:
        """The place after spaces, dollars and commands that only move things."""
        match = _SPACE.match(self.text, pos)
        return match.end() if match else pos

    def piece(self, pos: int, what: str, depth: int) -> int:
        """An argument in TeX's manner: a group in braces, or one character, or one name."""
        pos = self.space(pos)
        if pos in self.pairs:
            return self.inside(pos, depth)
        self.last = "OPEN"
        if pos < len(self.text) and self.text[pos].isdigit():
            self.emit("LPAR", "", pos, pos)
            self.last = "OPEN"
            self.emit("NUMBER", self.text[pos], pos, pos + 1)
            self.emit("RPAR", "", pos, pos + 1)
            return pos + 1
        match = self.names.pattern.match(self.text, pos)
        letter = self.text[pos : pos + 1]
        if match and self.names.meanings[match.lastindex or 0][0] in ("symbol", "constant"):
            kind, name = self.names.meanings[match.lastindex or 0]
            token, end = ("NAME" if kind == "symbol" else "CONSTANT"), match.end()
        elif (letter and letter in self.indices) or (
            letter.isalpha() and self.names.vocabulary.moments and what == "an index"
        ):
            token, name, end = "NAME", letter, pos + 1
        else:
            raise self.unknown(pos) if letter.isalpha() else self.fail(f"{what} is missing here", pos)
        self.emit("LPAR", "", pos, pos)
        self.last = "OPEN"
        self.emit(token, name, pos, end)
        self.emit("RPAR", "", end, end)
        return end

    def unknown(self, pos: int) -> Unreadable:
        """An unknown name, with the nearest known ones."""
        match = _WORD.match(self.text, pos)
        if not match:
            return self.fail(f"{self.text[pos]!r} has no meaning here", pos)
        return self.fail(self.names.advice(match[0]), pos, match.end())

    def scan(self, pos: int, end: int, depth: int) -> None:
        """Turn text[pos:end] into tokens."""
        if depth > NESTING:
            raise self.fail(f"this is nested more than {NESTING} levels deep", pos)
        text, match_name, meanings = self.text, self.names.pattern.match, self.names.meanings
        while pos < end:
            character = text[pos]
            if character == " ":
                pos += 1
                continue
            if character in _SKIPPED and (spaces := _SPACE.match(text, pos)):
                pos = spaces.end()
                continue
            match = match_name(text, pos, end)
            if match is not None:
                kind, name = meanings[match.lastindex or 0]
                if kind == "symbol":
                    self.emit("NAME", name, pos, match.end())
                    pos = match.end()
                    continue
                if kind != "sequence" and character in self.indices and match.end() == pos + 1:
                    self.emit("NAME", character, pos, pos + 1)
                    pos += 1
                    continue
                pos = getattr(self, "_" + kind)(name, pos, match.end(), depth)
                continue
            if character in self.indices:
                self.emit("NAME", character, pos, pos + 1)
                pos += 1
                continue
            match = _NUMBER.match(text, pos, end)
            if match is not None:
                self.emit("NUMBER", match[0], pos, match.end())
                pos = match.end()
                continue
            pos = self._sign(character, pos, pos + 1, depth)

    def _sign(self, character: str, pos: int, end: int, depth: int) -> int:
        text = self.text
        two = text[pos : pos + 2]
        if character in "([{":
            return self.inside(pos, depth)
        if two == "**":
            self.emit("POW", "^", pos, pos + 2)
            return pos + 2
        if two == "//":
            self.emit("FLOORDIV", "//", pos, pos + 2)
            return pos + 2
        if two == "..":
            self.emit("DOTS", "..", pos, pos + 2)
            return pos + (3 if text[pos : pos + 3] == "..." else 2)
        if character in _SIGNS:
            self.emit(_SIGNS[character], character, pos, end)
            return end
        if character in _FENCES:
            self.emit(_FENCES[character], character, pos, end)
            return end
        if character == "|":
            closing = self.last in _ENDS and bool(self.bars)
            self.bars.pop() if closing else self.bars.append(True)
            self.emit("RBAR" if closing else "LBAR", "|", pos, end)
            self.powers += -1 if closing else 1
            return end
        if character == "\\":
            return self._command(pos, depth)
        if character == "=":
            raise self.fail("only one = can stand in an answer, after the name of what is asked for", pos)
        if character == "_":
            raise self.fail("an index cannot stand here; only a sequence or a name with an index takes one", pos)
        if character == "!":
            raise self.fail("! (factorial) is not part of the answer language", pos)
        if character.isalpha():
            raise self.unknown(pos)
        raise self.fail(f"{character} has no meaning in an answer", pos)

    def _command(self, pos: int, depth: int) -> int:
        text = self.text
        if wrapped := WRAPPED.match(text, pos):
            if not wrapped[1]:
                return wrapped.end()
            inner = self.names.pattern.fullmatch(text, wrapped.start(1), wrapped.end(1))
            if inner is None and wrapped[1] not in self.indices:
                raise self.fail(self.names.advice(wrapped[1]), wrapped.start(1), wrapped.end(1))
            if inner is None:
                self.emit("NAME", wrapped[1], pos, wrapped.end())
                return wrapped.end()
            kind, name = self.names.meanings[inner.lastindex or 0]
            if kind == "symbol":
                self.emit("NAME", name, pos, wrapped.end())
                return wrapped.end()
            return getattr(self, "_" + kind)(name, pos, wrapped.end(), depth)
        match = _COMMAND.match(text, pos)
        name = match[1] if match else ""
        end = match.end() if match else pos + 1
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            self.emit("FRAC", name, pos, end)
            end = self.piece(end, "the upper part of the fraction", depth + 1)
            self.last = "OPEN"
            return self.piece(end, "the lower part of the fraction", depth + 1)
        if name in ("{", "}", "lbrace", "rbrace"):
            return self.inside(end - 1, depth) if name == "{" else end
        if name in _COMMANDS:
            sign = _COMMANDS[name]
            if sign == "..":
                self.emit("DOTS", "..", pos, end)
                return end
            return self._sign(sign, pos, end, depth)
        raise self.fail(f"\\{name} is not part of the answer language", pos, end)

    def _sequence(self, name: str, pos: int, end: int, depth: int) -> int:
        self.emit("SEQ", name, pos, end)
        after = self.space(end)
        character = self.text[after : after + 1]
        if character == "[":
            return self.inside(after, depth)
        if character == "_":
            return self.piece(after + 1, "an index", depth)
        if match := _EXPONENT_INDEX.match(self.text, after):
            return self.inside(match.end(), depth)
        if self.text[after : after + 2] == "^(":
            return self.inside(after + 1, depth)
        raise self.fail(f"{name} is a sequence and needs an index here, such as {name}_j or {name}[j]", pos, end)

    def _constant(self, name: str, pos: int, end: int, _depth: int) -> int:
        self.emit("CONSTANT", name, pos, end)
        return end

    def _function(self, name: str, pos: int, end: int, depth: int) -> int:
        after = self.space(end)
        if name == "sqrt" and self.text[pos] != "√" and self.text[after : after + 1] == "[" and self.text[pos] == "\\":
            self.emit("ROOT", name, pos, end)
            after = self.inside(after, depth)
            self.last = "OPEN"
            return self.piece(after, "what the root is taken of", depth)
        if after in self.pairs:
            self.emit("FUNC", name, pos, end)
            return self.inside(after, depth)
        self.emit("FUNCB", name, pos, end)
        return end

    def _moment(self, name: str, pos: int, end: int, depth: int) -> int:
        self.emit("MOMENT", name, pos, end)
        return self.inside(self.space(end), depth)

    def _series(self, name: str, pos: int, end: int, depth: int) -> int:
        text = self.text
        if called := _CALLED.match(text, end):
            start = called.start(1)
            close = self.pairs[start]
            self.emit("SERIESC", (name, called[2]), pos, called.end())
            self.stretch(called.end(), close, depth + 1)
            self.emit("RPAR", "", close, close + 1)
            return close + 1
        if high := _HIGH_FIRST.match(text, end):
            low_at, high_at, after = high.start(2) - 1, high.start(1), high.end()
            while text[low_at] != "_":
                low_at -= 1
            low = _LOW.match(text, low_at)
        else:
            low, high_at, after = _LOW.match(text, end), None, None
        if low is None:
            word = "sum" if name == "sum" else "prod"
            raise self.fail(f"a {name} is written {word}(j, 1, L, ...) or \\{word}_{{j=1}}^{{L}} ...", pos, end)
        self.emit("SERIES", (name, low[2]), pos, end)
        bracket = low.start(1)
        if low[1]:
            place = self.inside(bracket, depth, low.end() - bracket - 1)
        else:
            place = self.piece(low.end(), "where the index starts", depth)
        if high_at is None:
            hat = self.space(place)
            if text[hat : hat + 1] != "^":
                if not any(token.type == "DOTS" for token in self.tokens[-12:]):
                    raise self.fail(f"the end of the {name} is missing here, such as ^{{L}}", min(hat, len(text) - 1))
                return place
            high_at = hat + 1
        self.emit("POW", "^", high_at - 1, high_at)
        place = self.piece(high_at, f"the end of the {name}", depth)
        return after if after is not None else place
