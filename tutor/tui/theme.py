"""Two themes of our own: one accent, green and red for verdicts only, two weights of text. Contrast 4.5:1 or more."""

from textual.theme import Theme

DARK = Theme(
    name="tutor-dark",
    primary="#8ab4f8",
    accent="#8ab4f8",
    foreground="#e4e6ea",
    background="#14161a",
    surface="#14161a",
    panel="#1c1f25",
    success="#7fcf95",
    error="#f58a86",
    warning="#8ab4f8",
    dark=True,
    variables={
        "quiet": "#9aa0aa",
        "rule": "#3a3f48",
        "field": "#1c1f25",
        "input-selection-background": "#8ab4f8 35%",
        "footer-key-foreground": "#8ab4f8",
    },
)

LIGHT = Theme(
    name="tutor-light",
    primary="#0b57b0",
    accent="#0b57b0",
    foreground="#1d2024",
    background="#fcfbf8",
    surface="#fcfbf8",
    panel="#f1efe9",
    success="#17703a",
    error="#b3261e",
    warning="#0b57b0",
    dark=False,
    variables={
        "quiet": "#5c626b",
        "rule": "#cfcbc1",
        "field": "#f4f2ec",
        "input-selection-background": "#0b57b0 25%",
        "footer-key-foreground": "#0b57b0",
    },
)
