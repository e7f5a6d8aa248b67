"""The pieces under the screens: prose, copying, contrast, start-up."""

import subprocess
import sys

import pytest
from textual.color import Color

from tutor.tui import drawing, prose
from tutor.tui.copy import copy, sequence
from tutor.tui.theme import DARK, LIGHT


def lines(text, width=40):
    return [line.plain for line in prose.lay_out(text, width)]


def test_prose_is_wrapped_and_formulas_stay_whole():
    out = lines("The product costs $n K^2$ multiplications a layer, and there are **$L$** layers.", 30)
    assert all(len(line) <= 30 for line in out)
    assert any("K²" in line for line in out)
    assert "$" not in "".join(out)
    assert "*" not in "".join(out)


def test_lists_hang_and_code_stays_as_typed():
    assert lines("- one two three four\n- five", 12) == ["· one two", "  three four", "· five"]
    assert lines("```\na  b\n```") == ["    a  b"]


def test_a_word_longer_than_the_line_is_cut_into_lines():
    assert lines("x" * 100, 20) == ["x" * 20] * 5


def test_a_caret_stands_under_its_place_in_a_long_answer():
    text = "n + " * 60 + "?"
    marked, under = (line.plain for line in drawing.caret(text, len(text) - 1, len(text), "no", 40)[:2])
    assert len(marked) <= 40
    assert marked[under.index("^")] == "?"


def test_inside_tmux_copying_asks_tmux():
    said = copy("n K", None, {"TMUX": "x"}, None, tmux=lambda text: True)  # type: ignore[arg-type]
    assert "tmux" in said


def test_elsewhere_copying_asks_the_terminal():
    written = []
    said = copy("n K", written.append, {"TERM": "xterm-256color"}, None)  # type: ignore[arg-type]
    assert written == [sequence("n K")]
    assert "OSC 52" in said


def test_where_there_is_no_clipboard_the_text_goes_into_a_file(tmp_path):
    said = copy("n K", lambda text: None, {"TERM": "linux"}, tmp_path / "state")
    assert (tmp_path / "state" / "copied.txt").read_text() == "n K"
    assert "copied.txt" in said


def luminance(color):
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_colour_of_text_has_enough_contrast(theme):
    background = Color.parse(theme.background)
    for colour in (theme.foreground, theme.accent, theme.success, theme.error, theme.variables["quiet"]):
        ratio = contrast(background, Color.parse(colour))
        assert ratio >= 4.5, colour


def test_the_first_frame_waits_for_neither_torch_nor_the_grammar():
    code = "import sys, tutor.tui.app; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "textual" in loaded
    assert not {"torch", "sympy", "mpmath", "lark"} & set(loaded)
