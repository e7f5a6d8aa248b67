"""What a command loads: starting must stay quick."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "sympy", "textual", "lark", "rich", "numpy", "mpmath")


def loaded(*words: str) -> set[str]:
    """The top-level modules that a command line imports."""
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "tutor", *words], capture_output=True, text=True)
    names = (line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    "words", [["--help"], ["check", "--help"], ["doctor", "--json"], ["serve", "--help"], ["chekc"]]
)
def test_what_needs_nothing_heavy_loads_nothing_heavy(words):
    assert not loaded(*words) & set(HEAVY)


def test_judging_an_answer_loads_neither_screens_nor_torch():
    modules = loaded("check", "cost/forward-multiplications", "n K^2 L")
    assert "tutor" in modules
    assert not modules & {"torch", "torchvision", "textual", "sympy", "numpy"}
