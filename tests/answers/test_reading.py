"""Every spelling of an answer is one tree; what cannot be read is said with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock import within
from tutor.answers.errors import Unreadable
from tutor.answers.preview import draw, one_line, pretty, uses
from tutor.answers.printing import to_latex, to_text
from tutor.answers.prose import display, inline
from tutor.answers.reading import read
from tutor.answers.vocabulary import SymbolSpec, Vocabulary


def _symbol(name, **more):
    return SymbolSpec(name, "positive integer", **more)


PLAIN = Vocabulary(
    tuple(_symbol(name) for name in ("n", "K", "L", "W_in", "W_out", "beta1", "beta", "sigma", "d")),
    asked=("M", "Var[y]"), other_left=("sigma^2",),
)  # fmt: skip
LAYERS = Vocabulary(
    (_symbol("K", length="L"), _symbol("S", length="L"), _symbol("W", length="L", from_zero=True), _symbol("L"),
     _symbol("l")),
    asked=("W_l",),
)  # fmt: skip
FREE = Vocabulary(free=True)
MOMENTS = Vocabulary((_symbol("w", length="d"), _symbol("d"), _symbol("y")), moments=True)


@pytest.mark.parametrize(
    "text", ["nK²L", "n*K**2*L", r"n\cdot K^{2}L", "$n K^2 L$.", "M = n K^2 L", "n×K^2⋅L", "ｎ K^2 L"]
)
def test_every_spelling_is_one_tree(text):
    assert read(text, PLAIN).tree == read("n K^2 L", PLAIN).tree


@pytest.mark.parametrize("name", ["W_in", "Win", "W_{in}", r"W_{\text{in}}", r"W_\text{in}", "Wᵢₙ"])
def test_a_name_with_an_index_has_many_spellings(name):
    assert to_text(read(name, PLAIN).tree) == "W_in"


@pytest.mark.parametrize("name", ["beta1", "β₁", r"\beta_1", "beta_1", r"\beta_{1}", "β1"])
def test_greek_names_have_many_spellings(name):
    assert to_text(read(name, PLAIN).tree) == "beta1"


@pytest.mark.parametrize(
    ("text", "same"),
    [("1/2n", "(1/2)*n"), ("-K^2", "-(K^2)"), ("2^3^n", "2^(3^n)"), ("√2/√d", "sqrt(2)/sqrt(d)"),
     (r"\frac12", "1/2"), (r"\sqrt[3]{n}", "n^(1/3)"), ("n//K", "floor(n/K)"), (r"\lfloor n \rfloor", "floor(n)"),
     ("|n-K|", "abs(n-K)"), ("LnK", "L*n*K"), (".5", ".5"), ("Var[y] = d", "d")],
)  # fmt: skip
def test_reading_means(text, same):
    assert one_line(read(text, PLAIN).tree).replace("(1/2)·", "1/2·") == one_line(read(same, PLAIN).tree).replace(
        "(1/2)·", "1/2·"
    )


@pytest.mark.parametrize(
    "text",
    [r"1+\sum_{j=1}^{L}(K_j-1)\prod_{i=1}^{j-1}S_i", "1+sum(j=1..L,(K_j-1)prod(i=1..j-1,S_i))",
     "1 + Σ_{j=1}^L (K[j]-1) ∏_{i=1}^{j-1} S_i", "sum(j,1,L,(K_j-1)*prod(i,1,j-1,S_i)) + 1",
     r"1+\sum^{L}_{j=1}(K_j-1)\prod_{i=1}^{j-1}S_i"],
)  # fmt: skip
def test_sums_are_read_in_every_form(text):
    assert "Σ(j=1..L, (K" in one_line(read(text, LAYERS).tree)


def test_the_left_index_shifts_the_recurrence():
    moved = read("W_{l-1} = S_l (W_l - 1) + K_l", LAYERS).tree
    assert to_text(moved) == to_text(read("W_l = S_{l+1} (W_{l+1} - 1) + K_{l+1}", LAYERS).tree)


@pytest.mark.parametrize(
    ("text", "words", "start"),
    [("n*K^^2", "missing here", 4), ("nKx", "x is not a name", 2), ("w_in", "W_in", 0), ("(n", "never closed", 0),
     ("n К", "cyrillic", 2), ("K = 3", "asks for M", 0), ("σ² = d", "sigma^2", 0), ("n+", "missing at the end", 2),
     ("1" * 2001, "2,000", 2000), ("(" * 101 + "n" + ")" * 101, "nested", 100)],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(text, words, start):
    with pytest.raises(Unreadable) as caught:
        read(text, PLAIN)
    assert words in caught.value.message
    assert caught.value.start == start


def test_an_index_has_no_meaning_outside_its_sum():
    with pytest.raises(Unreadable, match="outside"):
        read("sum(j,1,L,K_j)*j", LAYERS)


def test_moments_and_free_letters():
    assert one_line(read(r"\mathbb{E}[w_i^2] \operatorname{Var}[y]", MOMENTS).tree) == "E[wᵢ²]·Var[y]"
    assert one_line(read("xy", FREE).tree) == "x·y"


def test_the_picture_shows_multiplications_and_fractions():
    assert draw(read("2nK²L", PLAIN).tree).text == "2 · n · K² · L"
    assert draw(read("1/2n", PLAIN).tree).text == " 1\n─── · n\n 2"
    assert uses(read("n K + n", PLAIN).tree) == ("n", "K")
    assert pretty("beta1") == "β₁"
    assert "Σ" in draw(read("sum(j,1,L,K_j)", LAYERS).tree).text


def test_an_asked_name_with_a_hat_is_dropped():
    vocabulary = Vocabulary((_symbol("c"),), asked=(r"\hat{m}^{(t)}",))
    for left in ("m̂⁽ᵗ⁾", "m̂_t", r"\hat m^{(t)}", r"\hat{m}_t"):
        assert read(f"{left} = c", vocabulary).left == r"\hat{m}^{(t)}"


def test_the_deepest_answer_can_be_drawn_and_printed():
    tree = read("(1+2*" * 99 + "n" + ")" * 99, PLAIN).tree
    assert draw(tree).text
    assert to_latex(tree)
    # Printed forms are compared: == on trees this deep runs into Python's own limit.
    assert to_text(read(to_text(tree), PLAIN).tree) == to_text(tree)


def test_a_short_answer_is_read_in_a_moment():
    read("n K^2 L", PLAIN)
    within(0.2, lambda: [read("3 n K^2 L + n K", PLAIN) for _ in range(200)])


def test_prose_is_readable():
    assert inline("w^(t) >= sqrt(2/d)") == "w⁽ᵗ⁾ ≥ √(2/d)"
    assert inline(r"n \times K \rightarrow \nabla f") == "n × K → ∇ f"
    assert "⎣" in display(r"\left\lfloor \frac{a}{b} \right\rfloor + \sum_{j=1}^{L} K_j").text
    assert inline(r"\hat{m}^{(t)} \le \beta_1") == "m̂⁽ᵗ⁾ ≤ β₁"
    assert inline(r"\mathbb{E}[x_i^2]") == "E[xᵢ²]"
    assert display(r"\frac{1}{2}").lines == (" 1 ", "───", " 2 ")
    assert inline("{") == "{"


_PIECES = st.sampled_from(
    [*"nKLd+-*/^()[]{}|=,._ 12²₁½√Σ⌊⌋", "sum(j,1,L,", r"\frac", r"\sqrt", r"\left(", r"\sum_{j=1}^{L}", "K_j", "..",
     "W_{in}", "beta1", "floor(", r"\text{", "\\", "E[", "min(", "sigma", "$", "//", "j"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=200), st.sampled_from([PLAIN, LAYERS, FREE, MOMENTS])
)
def test_any_text_is_read_or_unreadable_in_time_and_printed_it_reads_back(text, vocabulary):
    read("n" if vocabulary is not LAYERS and vocabulary is not MOMENTS else "1", vocabulary)

    def attempt():
        try:
            return read(text, vocabulary).tree, None
        except Unreadable as unreadable:
            return None, unreadable

    tree, error = within(0.05, attempt)
    if tree is None:
        assert error is not None
        assert error.message
        assert 0 <= error.start <= len(text)
        return
    draw(tree)
    assert to_text(read(one_line(tree), vocabulary).tree).replace(" ", "") == to_text(tree).replace(" ", "")
    assert read(to_text(tree), vocabulary).tree == tree
    assert read(to_latex(tree), vocabulary).tree == tree


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_prose_never_fails(text):
    inline(text)
    display(text)
