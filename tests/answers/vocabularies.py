"""Vocabularies of the sheet, for the tests of judging."""

from __future__ import annotations

from tutor.answers.reading import read
from tutor.answers.tree import Node
from tutor.answers.vocabulary import Constraint, SymbolSpec, Vocabulary

FREE = Vocabulary(free=True)
COST = Vocabulary(tuple(SymbolSpec(name, "positive integer") for name in ("n", "K", "L")))
INITIALIZATION = Vocabulary((SymbolSpec("d", "positive integer", most=40), SymbolSpec("sigma", "positive real")))
OPTIMIZERS = Vocabulary(
    (
        SymbolSpec("c", "positive real"),
        SymbolSpec("t", "positive integer", most=20),
        SymbolSpec("eta", "positive real"),
        SymbolSpec("beta", "unit interval"),
    )
)
LAYER = (
    SymbolSpec("W_in", "positive integer", spellings=("Win",)),
    SymbolSpec("K", "positive integer"),
    SymbolSpec("P", "non-negative integer"),
    SymbolSpec("S", "positive integer"),
)
SIZES = Vocabulary(
    LAYER, (Constraint(read("W_in + 2P", Vocabulary(LAYER)).tree, ">=", read("K", Vocabulary(LAYER)).tree),)
)
STACK = Vocabulary(
    (
        SymbolSpec("K", "positive integer", length="L"),
        SymbolSpec("S", "positive integer", length="L"),
        SymbolSpec("L", "positive integer"),
    )
)
LEVELS = (
    SymbolSpec("K", "positive integer", length="L"),
    SymbolSpec("S", "positive integer", length="L"),
    SymbolSpec("W", "positive integer", length="L", from_zero=True),
    SymbolSpec("L", "positive integer"),
    SymbolSpec("l", "non-negative integer"),
)
RECURRENCE = Vocabulary(
    LEVELS, (Constraint(read("l", Vocabulary(LEVELS)).tree, "<", read("L", Vocabulary(LEVELS)).tree),)
)
RANDOM = Vocabulary(
    (
        SymbolSpec("d", "positive integer", most=40),
        SymbolSpec("sigma", "positive real"),
        SymbolSpec("w", "real", length="d", distribution="normal with standard deviation sigma"),
        SymbolSpec("z", "real", length="d", distribution="standard normal"),
        SymbolSpec("x", "real", length="d", distribution="relu of z"),
        SymbolSpec("y", "real"),
    ),
    asked=("Var[y]",),
    moments=True,
)


def tree(text: str, vocabulary: Vocabulary) -> Node:
    """The tree of a text."""
    return read(text, vocabulary).tree
