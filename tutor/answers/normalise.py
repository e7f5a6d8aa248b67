"""A text as typed -> the same text in plain characters, with the way back to the places as typed."""

from __future__ import annotations

import unicodedata

from tutor.answers.errors import Unreadable

LIMIT = 2000
"""Characters an answer may have."""

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
GREEK_NAMES = {letter: name for name, letter in GREEK.items()}

SUPERSCRIPTS = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᵠᵡ",
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδφχ",
        strict=True,
    )
)
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", "0123456789+-=()aehijklmnoprstuvxβγρφχ", strict=True))
FRACTIONS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"

_PLAIN = {
    **dict.fromkeys("−‒–—﹣－", "-"), **dict.fromkeys("·⋅∙∗×•✕✖⨯", "*"), **dict.fromkeys("÷∕⁄", "/"),
    "∑": "Σ", "∏": "Π", "…": "..", "ˆ": "^", "ϵ": "ε", "ϑ": "θ", "ϕ": "φ", "ϱ": "ρ", "ς": "σ", "µ": "μ", "≔": ":=",
    "‖": "|", "∣": "|",
}  # fmt: skip
_HAT = "\u0302"
_KEPT = frozenset("ΣΠπ√∛⌊⌋⌈⌉" + FRACTIONS) | frozenset(GREEK_NAMES)
_LOOKS_LIKE = dict(
    zip(
        "АВСЕНІЈКМОРЅТХУаеорсухіјѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοɡıν",
        "ABCEHIJKMOPSTXYaeopcyxijshdqwABEZHIKMNOPTYXogiv",
        strict=True,
    )
)


def normalise(text: str) -> tuple[str, list[int] | None]:
    """The text in plain characters, and for each of them (and the end) its place as typed; None if nothing moved."""
    if len(text) > LIMIT:
        raise Unreadable(f"an answer has at most {LIMIT:,} characters; this one has {len(text):,}", text, LIMIT)
    if text.isascii():
        return text, None
    out: list[str] = []
    places: list[int] = []
    raised: dict[str, str] | None = None
    for place, character in enumerate(text):
        for scripts, opening in ((SUPERSCRIPTS, "^{"), (SUBSCRIPTS, "_{")):
            if character in scripts:
                if raised is not scripts:
                    piece = ("}" if raised is not None else "") + opening + scripts[character]
                else:
                    piece = scripts[character]
                raised = scripts
                break
        else:
            piece = ("}" if raised is not None else "") + _plain(character, text, place)
            raised = None
        if piece == _HAT and out and out[-1].isalpha():
            # A hat is written after its letter and read before it, as LaTeX has it.
            piece = f"\\hat {out.pop()}"
            places.pop()
            out.append(piece)
            places.extend([place - 1] * len(piece))
            continue
        out.append(piece)
        places.extend([place] * len(piece))
    if raised is not None:
        out.append("}")
        places.append(len(text) - 1)
    places.append(len(text))
    return "".join(out), places


def _plain(character: str, text: str, place: int) -> str:
    if character.isascii() or (character in _KEPT and character not in _LOOKS_LIKE):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    if character == _HAT:
        return character
    decomposed = unicodedata.normalize("NFD", character)
    if len(decomposed) == 2 and decomposed[1] == _HAT and decomposed[0].isascii():
        return f"\\hat {decomposed[0]}"
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp", "Cf", "Cc") or character in "\ufe0f\u3164":
        return " "
    if character == "ν":
        return character
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    if character in _LOOKS_LIKE:
        plain = _LOOKS_LIKE[character]
        raise Unreadable(
            f"this {character} is the {name}, which only looks like {plain}; type a plain {plain}", text, place
        )
    compatible = unicodedata.normalize("NFKC", character)
    if len(compatible) == 1 and ((compatible.isascii() and compatible.isprintable()) or compatible in _KEPT):
        return compatible
    compatible = _PLAIN.get(compatible, "")
    if compatible:
        return compatible
    if category.startswith("M"):
        raise Unreadable(f"an accent ({name}) cannot be read here; type the name without it", text, place)
    if category.startswith("L"):
        raise Unreadable(f"{character} is the {name}; names here use Latin and Greek letters", text, place)
    if character in "≤≥≠≈<>":
        raise Unreadable(f"{character} compares; an answer is one expression", text, place)
    shown = character if character.isprintable() else f"the character U+{ord(character):04X}"
    raise Unreadable(f"{shown} ({name}) has no meaning in an answer", text, place)
