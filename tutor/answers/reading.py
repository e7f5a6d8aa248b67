"""Text -> tree: the one entrance to the answer language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tutor.answers.building import Builder
from tutor.answers.errors import Unreadable
from tutor.answers.lexer import Scanner
from tutor.answers.names import Names, names_of, plain_key
from tutor.answers.normalise import normalise
from tutor.answers.scopes import check_scopes, shifted
from tutor.answers.tree import Element, Node, Number, Sum, Symbol
from tutor.answers.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the tree, and what stood left of `=` as asked or as typed (None without one)."""

    tree: Node
    left: str | None = None


_TRAILING = re.compile(r"(?:[\s.,;$]|\\[)\]])+$")
_BOUND = re.compile(r"(?:sum|prod|Σ|Π)\s*(?:\\limits\s*)?_\s*[A-Za-zͰ-Ͽ]\s*$")
_OWN_NAME = re.compile(r"[A-Za-zͰ-Ͽ\\][\w\s{}\\^]*(?:[(\[][\w\s,{}()\\^]*[)\]])?[\s}]*")


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """Read an answer. Raises Unreadable, and nothing else, with the place in the text as typed."""
    places: list[int] | None = None
    try:
        plain, places = normalise(text)
        return _read(plain, names_of(vocabulary))
    except Unreadable as error:
        if error.text == text and places is None:
            raise
        start, end = error.start, error.end
        if places is not None:
            last = len(places) - 1
            start, end = places[min(start, last)], places[min(max(end - 1, start), last)] + 1
        start = min(start, len(text))
        raise Unreadable(error.message, text, start, max(end, start + 1)) from None
    except RecursionError:
        raise Unreadable("this is nested too deep to be read", text, 0, len(text)) from None


def _read(plain: str, names: Names) -> Reading:
    end = len(plain)
    if trailing := _TRAILING.search(plain):
        end = trailing.start()
        while plain.endswith("\\", 0, end):
            end -= 1
    plain = plain[:end]
    if not plain.strip(" $"):
        raise Unreadable("type a formula or a number here", plain, 0)
    equals = _equals(plain) if "=" in plain else None
    if equals is None:
        return Reading(_tree(plain, names, 0))
    left = plain[:equals].rstrip(": ")
    label, shift = _left(left, names, equals)
    tree = _tree(plain, names, equals + 1)
    if shift is not None:
        tree = shifted(tree, *shift)
    return Reading(tree, label)


def _equals(plain: str) -> int | None:
    depth = 0
    for match in re.finditer(r"\\[()\[\]]|[(\[{}\])=]", plain):
        sign = match[0]
        if len(sign) == 2:
            continue
        if sign in "([{":
            depth += 1
        elif sign != "=":
            depth -= 1
        elif depth <= 0 and not _BOUND.search(plain, 0, match.start()):
            return match.start()
    return None


def _tree(plain: str, names: Names, start: int) -> Node:
    body = plain if not start else " " * start + plain[start:]
    scanner = Scanner(body, names)
    scanner.scan(start, len(body), 0)
    if scanner.bars:
        raise scanner.fail("a | is open here and never closed", body.rindex("|"))
    if not scanner.tokens:
        raise scanner.fail("a formula or a number is missing here", len(body))
    from lark.exceptions import UnexpectedInput, VisitError

    try:
        tree: Node = _parser().parse(scanner)  # type: ignore[arg-type]
    except UnexpectedInput as error:
        raise _unexpected(error, scanner) from None
    except VisitError as error:
        raise error.orig_exc from None
    check_scopes(tree, names, plain)
    return tree


@lru_cache(maxsize=1)
def _parser() -> Any:
    """The compiled grammar; lark itself is imported only at the first reading."""
    from lark import Lark
    from lark.lexer import Lexer

    class Tokens(Lexer):
        """The tokens were made before; lark only walks over them."""

        def __init__(self, lexer_conf: Any) -> None:
            pass

        def lex(self, lexer_state: Any, parser_state: Any = None) -> Any:
            return iter(lexer_state.tokens)

    class Thread:
        """What lark calls a lexer with its state."""

        def __init__(self, scanner: Scanner) -> None:
            self.tokens = scanner.tokens
            self.state = None

        @classmethod
        def from_text(cls, _lexer: Any, text: Any) -> Thread:
            return cls(text)

        from_custom_input = from_text

        def lex(self, _parser_state: Any) -> Any:
            return iter(self.tokens)

    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=Tokens, transformer=Builder(), keep_all_tokens=True,
                _plugins={"LexerThread": Thread}).parser  # fmt: skip


def _unexpected(error: Any, scanner: Scanner) -> Unreadable:
    token = error.token
    missing = "a number or a name is missing"
    expected = getattr(error, "accepts", None) or error.expected
    wants_value = "NAME" in expected or "NUMBER" in expected
    if token.type == "$END":
        place = len(scanner.text.rstrip())
        if wants_value:
            return scanner.fail(f"{missing} at the end", place)
        if scanner.tokens and any(t.type in ("LFLOOR", "LCEIL") for t in scanner.tokens):
            return scanner.fail("a floor or ceiling bracket is not closed", place)
        return scanner.fail("something is missing at the end", place)
    start, end = token.start_pos, max(token.end_pos, token.start_pos + 1)
    if wants_value:
        return scanner.fail(f"{missing} here", start, end)
    if token.type == "COMMA":
        return scanner.fail("a comma cannot stand here; decimals are written with a point, 0.5", start, end)
    if token.type == "DOTS":
        return scanner.fail("dots can stand only in the range of a sum or product, j=1..L", start, end)
    if "COMMA" in expected and "PLUS" in expected and token.type == "RPAR":
        return scanner.fail("a comma and one more value are missing before this bracket", start, end)
    return scanner.fail("an operation such as + or * was expected here", start, end)


def _left(left: str, names: Names, equals: int) -> tuple[str, tuple[str, int] | None]:
    stripped = left.strip(" $")
    if not stripped:
        raise Unreadable("the name of what is asked for is missing before this =", left, equals)
    place = left.index(stripped)
    end = place + len(stripped)
    key = plain_key(stripped)
    asked = names.left_keys.get(key)
    if asked is not None:
        return asked, None
    wanted = " or ".join(names.vocabulary.asked)
    instead = f"; this part asks for {wanted}" if wanted else ""
    other = names.other_keys.get(key) or names.symbol_keys.get(key)
    if other is not None:
        raise Unreadable(f"the left side is {other}{instead}", left, place, end)
    try:
        tree = _tree(left, names, 0)
    except Unreadable:
        tree = None
    if tree is not None:
        shift = _shift(tree, names)
        if shift is not None:
            return stripped, shift
        if not (names.vocabulary.free and isinstance(tree, Symbol)):
            raise Unreadable(f"the left side is {stripped}{instead}", left, place, end)
        return stripped, None
    if not _OWN_NAME.fullmatch(stripped):
        raise Unreadable(f"left of = only a name can stand{instead}", left, place, end)
    return stripped, None


def _shift(tree: Node, names: Names) -> tuple[str, int] | None:
    """How far the index on the left is moved against the one asked for: W_{l-1} gives ("l", -1)."""
    if not isinstance(tree, Element):
        return None
    for asked in names.vocabulary.asked:
        try:
            wanted = _tree(asked, names, 0)
        except Unreadable:
            continue
        if not isinstance(wanted, Element) or wanted.sequence != tree.sequence or not isinstance(wanted.index, Symbol):
            continue
        letter = wanted.index.name
        if not isinstance(tree.index, Sum):
            continue
        offset, letters = 0, 0
        for term in tree.index.terms:
            sign = -1 if term.negative else 1
            if isinstance(term.node, Symbol) and term.node.name == letter and sign == 1:
                letters += 1
            elif isinstance(term.node, Number) and term.node.value.denominator == 1:
                offset += sign * int(term.node.value)
            else:
                return None
        if letters == 1:
            return letter, offset
    return None


__all__ = ["Reading", "Unreadable", "read"]
