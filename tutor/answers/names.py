"""The names a vocabulary knows, compiled once into one pattern: longest spelling first."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tutor.answers.normalise import GREEK, GREEK_NAMES
from tutor.answers.vocabulary import Vocabulary

Kind = Literal["symbol", "sequence", "constant", "function", "series", "moment"]

_FUNCTIONS = {
    "sqrt": "sqrt", "exp": "exp", "log": "log", "ln": "log", "abs": "abs", "floor": "floor", "ceil": "ceil",
    "min": "min", "max": "max", "relu": "relu",
}  # fmt: skip
_WRAPPERS = r"\\(?:text|mathrm|textrm|mathit|textit|mathbf|mathsf|mathbb|operatorname\*?|rm|bm|boldsymbol)"
WRAPPED = re.compile(_WRAPPERS + r"\s*\{\s*([^{}]*?)\s*\}")
_SPELLING = re.compile(r"\\?([A-Za-z]+|[Ͱ-Ͽ])(?:_?\{?(?:\\text\{)?([A-Za-z0-9]+)\}*)?")


@dataclass(frozen=True)
class Names:
    """What the lexer needs of a vocabulary. `meanings[group]` says what a group of `pattern` stands for."""

    vocabulary: Vocabulary
    pattern: re.Pattern[str]
    meanings: tuple[tuple[Kind, str], ...]
    symbols: frozenset[str]
    sequences: frozenset[str]
    known: tuple[str, ...]
    left_keys: dict[str, str]
    other_keys: dict[str, str]
    symbol_keys: dict[str, str]

    def advice(self, word: str) -> str:
        """What to say of an unknown name: the case, or the nearest names."""
        for name in self.known:
            if name != word and plain_key(name).lower() == plain_key(word).lower():
                return f"{word} is not a name here; with this case it is written {name}"
        near = difflib.get_close_matches(word, self.known, n=2, cutoff=0.5)
        if near:
            return f"{word} is not a name here; did you mean {' or '.join(near)}?"
        if self.known:
            return f"{word} is not a name here; the names are {', '.join(self.known)}"
        return f"{word} is not a name here; this answer is a number without names"


def plain_key(text: str) -> str:
    """A left side or a name without its dress: every spelling of it gives the same letters and digits."""
    text = re.sub(r"\\(?:left|right|text|mathrm|textrm|mathit|mathbf|mathbb|operatorname|displaystyle)(?![A-Za-z])", "",
                  text)  # fmt: skip
    text = re.sub(r"\\var(?=[a-z])", "", text)
    text = "".join(GREEK_NAMES.get(letter, letter) for letter in text)
    return re.sub(r"[^A-Za-z0-9+\-*/]", "", text)


_by_identity: dict[int, Names] = {}


def names_of(vocabulary: Vocabulary) -> Names:
    """The compiled names; looked up by identity first, since hashing a vocabulary costs more than a short reading."""
    found = _by_identity.get(id(vocabulary))
    if found is not None and found.vocabulary is vocabulary:
        return found
    if len(_by_identity) > 512:
        _by_identity.clear()
    names = _by_identity[id(vocabulary)] = _compile(vocabulary)
    if names.vocabulary is not vocabulary:
        # An equal vocabulary was compiled before; keep this very object too, so that its id stays taken.
        fields = {name: getattr(names, name) for name in Names.__dataclass_fields__}
        names = _by_identity[id(vocabulary)] = Names(**{**fields, "vocabulary": vocabulary})
    return names


def _spelling_patterns(spelling: str) -> list[tuple[int, str]]:
    match = _SPELLING.fullmatch(spelling)
    if match is None:
        return [(len(spelling), re.escape(spelling))]
    head, sub = match.groups()
    head = GREEK_NAMES.get(head, head)
    if head in GREEK:
        variants = rf"\\(?:var)?{head}(?![A-Za-z])|{head}|{GREEK[head]}"
    else:
        variants = rf"{head}|{_WRAPPERS}\s*\{{\s*{head}\s*\}}"
    variants = f"(?:{variants})"
    if sub is None:
        return [(len(head), variants)]
    end = r"(?!\d)" if sub[-1].isdigit() else ""
    wrapped = rf"{_WRAPPERS}\s*\{{\s*{sub}\s*\}}"
    dressed = rf"\s*_\s*(?:\{{\s*(?:{sub}|\\rm\s+{sub}|{wrapped})\s*\}}|\(\s*{sub}\s*\)|{wrapped}|{sub}{end})"
    return [(len(head) + len(sub) + 1, variants + dressed), (len(head) + len(sub), variants + sub + end)]


@lru_cache(maxsize=256)
def _compile(vocabulary: Vocabulary) -> Names:
    found: list[tuple[int, int, str, Kind, str]] = []
    symbols, sequences = [], []
    symbol_keys: dict[str, str] = {}
    for spec in vocabulary.symbols:
        kind: Kind = "symbol" if spec.length is None else "sequence"
        (symbols if spec.length is None else sequences).append(spec.name)
        for spelling in (spec.name, *spec.spellings):
            symbol_keys.setdefault(plain_key(spelling), spec.name)
            found.extend((length, 3, pattern, kind, spec.name) for length, pattern in _spelling_patterns(spelling))
    for name, function in _FUNCTIONS.items():
        found.append(
            (len(name), 2, rf"\\?{name}|\\(?:operatorname|text|mathrm)\s*\{{\s*{name}\s*\}}", "function", function)
        )
    found.append((8, 2, r"\\(?:operatorname|text|mathrm)\s*\{\s*ReLU\s*\}", "function", "relu"))
    found.append((1, 2, "√", "function", "sqrt"))
    found.append((3, 2, r"\\?sum(?![A-Za-z])|Σ", "series", "sum"))
    found.append((4, 2, r"\\?prod(?![A-Za-z])|Π", "series", "product"))
    found.append((2, 1, r"\\?pi(?![A-Za-z])|π|pi", "constant", "pi"))
    if vocabulary.moments:
        after = r"(?=\s*(?:\\(?:left|[bB]ig[gl]?)\s*)?[\[({])"
        found.append((3, 4, rf"(?:\\?Var|{_WRAPPERS}\s*\{{\s*(?:Var|V)\s*\}}){after}", "moment", "Var"))
        found.append((1, 4, rf"(?:E|{_WRAPPERS}\s*\{{\s*E\s*\}}){after}", "moment", "E"))
    if "e" not in symbol_keys:
        found.append((1, 1, r"e|\\(?:mathrm|text)\s*\{\s*e\s*\}", "constant", "e"))
    if vocabulary.free:
        for name in GREEK:
            found.extend((length, 0, pattern, "symbol", name) for length, pattern in _spelling_patterns(name))
        for letter in "abcdfghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
            found.append((1, 0, letter, "symbol", letter))
            symbols.append(letter)
        symbols.extend(GREEK)
    found.sort(key=lambda item: (-item[0], -item[1]))
    return Names(
        vocabulary=vocabulary,
        pattern=re.compile("|".join(f"({item[2]})" for item in found)),
        meanings=(("symbol", ""), *((item[3], item[4]) for item in found)),
        symbols=frozenset(symbols),
        sequences=frozenset(sequences),
        known=tuple(spec.name for spec in vocabulary.symbols),
        left_keys={plain_key(left): left for left in vocabulary.asked},
        other_keys={plain_key(left): left for left in vocabulary.other_left},
        symbol_keys=symbol_keys,
    )
