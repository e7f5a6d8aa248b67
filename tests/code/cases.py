"""Solutions as students write them: right ones by what is special about them, and wrong ones, each with its check."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"


def changed(source: str, *changes: tuple[str, str]) -> str:
    """A right solution with these things changed."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


@dataclass(frozen=True)
class Case:
    """A wrong solution: what is wrong, the text, the check that says so, and whether that one alone sees it."""

    name: str
    source: str
    check: str
    alone: bool = True


def wrong(source: str, name: str, old: str, new: str, check: str, alone: bool = True) -> Case:
    """A right solution with one thing changed."""
    assert old in source, (name, old)
    return Case(name, source.replace(old, new), check, alone)
