"""Mathematics inside prose -> characters a terminal has; whatever is not understood stays as it was written."""

from __future__ import annotations

import re

from tutor.answers.normalise import GREEK
from tutor.answers.preview import Picture, beside, fenced, lowered, raised, stacked

_WORDS = {
    **GREEK, "pi": "π", "varepsilon": "ε", "cdot": "·", "times": "×", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "neq": "≠", "ne": "≠", "approx": "≈", "rightarrow": "→", "to": "→", "leftarrow": "←", "gets": "←",
    "Rightarrow": "⇒", "mapsto": "↦", "nabla": "∇", "partial": "∂", "infty": "∞", "in": "∈", "sim": "~", "odot": "⊙",
    "sum": "Σ", "prod": "Π", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "ldots": "…", "dots": "…",
    "cdots": "⋯", "pm": "±", "quad": "  ", "qquad": "    ", "mid": "|", "top": "ᵀ", "ell": "ℓ", "propto": "∝",
    "ast": "*", "div": "÷", "left": "", "right": "", "displaystyle": "", "limits": "", "mathcal": "", "langle": "⟨",
    "rangle": "⟩", "equiv": "≡", "ll": "≪", "gg": "≫", "forall": "∀", "exists": "∃",
}  # fmt: skip
_BOARD = {"E": "E", "R": "ℝ", "N": "ℕ", "Z": "ℤ"}
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "vec": "\u20d7"}
_PLAIN = ("text", "mathrm", "operatorname", "mathbf", "mathit", "textrm", "boldsymbol", "mathcal", "bm")
_TALL = {
    "()": ("(⎛⎜⎝", ")⎞⎟⎠"), "[]": ("[⎡⎢⎣", "]⎤⎥⎦"), "⌊⌋": ("⌊⎢⎢⎣", "⌋⎥⎥⎦"), "⌈⌉": ("⌈⎡⎢⎢", "⌉⎤⎥⎥"), "||": ("|", "|"),
}  # fmt: skip
_TOKEN = re.compile(r"\\([A-Za-z]+)\*?|\\(.)|([{}^_])|(\s+)|([A-Za-z0-9.]+|[<>]=|.)", re.S)


def inline(text: str) -> str:
    """One line of characters: `\\hat{m}^{(t)} \\le \\beta_1` becomes m̂⁽ᵗ⁾ ≤ β₁."""
    try:
        done = re.sub(r" {2,}", " ", _Reader(text).row().lines[0]).strip()
    except (ValueError, IndexError, RecursionError):
        return text
    return done or text


def display(text: str) -> Picture:
    """Displayed mathematics, with fractions stacked."""
    try:
        return _Reader(text, stack=True).row()
    except (ValueError, IndexError, RecursionError):
        lines = text.splitlines() or [""]
        width = max(len(line) for line in lines)
        return Picture(tuple(line.ljust(width) for line in lines), 0)


class _Reader:
    """Walks over the text once, making pictures; `stack` sets fractions over each other."""

    def __init__(self, text: str, stack: bool = False) -> None:
        self.tokens = [match for match in _TOKEN.finditer(text.strip().strip("$"))]
        self.place = 0
        self.stack = stack
        self.scripts = False

    def row(self, closing: bool = False, until: str = "") -> Picture:
        """Everything up to the closing brace, the command `until`, or the end."""
        pieces: list[Picture] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if until and (token[1] == until or token[5] == until):
                return beside(*pieces) if pieces else Picture(("",))
            if token[3] == "}":
                if closing:
                    return beside(*pieces) if pieces else Picture(("",))
                raise ValueError("a brace too many")
            if token[3] in ("^", "_"):
                self.scripts = True
                script = self._argument(stack=False)
                self.scripts = False
                low = token[3] == "_"
                inner = script.lines[0]
                up = lowered(inner) if low else raised(inner)
                mark = up or (f"{token[3]}{inner}" if len(inner) == 1 or (low and inner.isalnum())
                              else f"{token[3]}({inner})")  # fmt: skip
                last = pieces[-1] if pieces else Picture(("",))
                raised_to = last.baseline if up and not low and len(last.lines) > 1 else 0
                pieces.append(Picture((mark,), raised_to))
                continue
            pieces.append(self._piece(token))
        if closing or until:
            raise ValueError("a bracket is missing")
        return beside(*pieces) if pieces else Picture(("",))

    def _argument(self, stack: bool | None = None) -> Picture:
        before = self.stack
        if stack is not None:
            self.stack = stack
        while self.tokens[self.place][4]:
            self.place += 1
        token = self.tokens[self.place]
        self.place += 1
        if self.scripts and token[5] == "(":
            # w^(t), as one types it without braces
            inner = self.row(until=")").lines[0]
            picture = Picture((f"({inner})",))
        else:
            picture = self._piece(token)
        self.stack = before
        return picture

    def _piece(self, token: re.Match[str]) -> Picture:
        if token[3] == "{":
            return self.row(closing=True)
        if token[4]:
            return Picture((" ",))
        if token[5]:
            sign = {"-": "−", "*": "·", "&": "", "~": " ", "<=": "≤", ">=": "≥", "sqrt": "√"}.get(token[5], token[5])
            return Picture((re.sub(r"^(beta|sigma|eta|pi)(\d?)$", _named, sign),))
        if token[2]:
            return Picture(({",": " ", ";": " ", ":": " ", "!": "", " ": " "}.get(token[2], token[2]),))
        name = token[1]
        if name in ("frac", "dfrac", "tfrac"):
            upper, lower = self._argument(), self._argument()
            if self.stack and name != "tfrac":
                return stacked(upper, lower)
            return Picture((f"{_closed(upper.lines[0])}/{_closed(lower.lines[0])}",))
        if name == "sqrt":
            inner = self._argument(stack=False).lines[0]
            return Picture((f"√{inner}" if len(inner) <= 1 or inner.isdigit() else f"√({inner})",))
        if name in _ACCENTS:
            inner = self._argument(stack=False).lines[0]
            return Picture((inner[:1] + _ACCENTS[name] + inner[1:],))
        if name == "mathbb":
            inner = self._argument(stack=False).lines[0]
            return Picture((_BOARD.get(inner, inner),))
        if name in _PLAIN:
            return self._argument(stack=False)
        if name == "left":
            return self._between()
        if name in ("sum", "prod") and self.stack:
            return self._limits(_WORDS[name])
        return Picture((_WORDS.get(name or "", name or ""),))

    def _between(self) -> Picture:
        r"""\left( ... \right): the brackets grow with what they hold."""
        opening = self._argument().lines[0]
        inner = self.row(until="right")
        closing = self._argument().lines[0]
        tall = _TALL.get(opening + closing)
        if len(inner.lines) > 1 and tall:
            return fenced(inner, *tall)
        opening, closing = opening.strip("."), closing.strip(".")
        return beside(Picture((opening,)), inner, Picture((closing,)))

    def _limits(self, sign: str) -> Picture:
        limits = {"_": "", "^": ""}
        while self.place < len(self.tokens) and (mark := self.tokens[self.place][3]) in limits:
            self.place += 1
            limits[mark] = self._argument(stack=False).lines[0]
        width = max(1, len(limits["_"]), len(limits["^"]))
        lines = (limits["^"].center(width), sign.center(width), limits["_"].center(width))
        return Picture(lines, 1)


def _named(match: re.Match[str]) -> str:
    return {**GREEK, "pi": "π"}[match[1]] + lowered(match[2])


def _closed(text: str) -> str:
    return text if re.fullmatch(r"[\w²³√ᵗ₁₂·]+", text) and "·" not in text else f"({text})"
