"""Judging: what is said of an answer, on a small set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import within
from tests.content import small
from tutor.content.judge import judge, look
from tutor.content.load import UnknownPart, find_part, load_sets
from tutor.content.model import Part, ProblemSet


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[ProblemSet, ...]:
    return load_sets(small.write(tmp_path_factory.mktemp("content")).parent)


@pytest.fixture
def frame(sets: tuple[ProblemSet, ...]) -> Part:
    return find_part(sets, "area/frame")


def test_the_answer_is_right_and_says_what_it_means(frame: Part) -> None:
    verdict = judge(frame, "F = a + b + a + b")
    assert (verdict.status, verdict.message) == ("correct", "Every side is there twice.")
    assert verdict.preview == "a + b + a + b"


def test_another_convention_is_right_with_its_note(frame: Part) -> None:
    verdict = judge(frame, "2(a+b+2)")
    assert verdict.status == "correct"
    assert "corner piece" in verdict.message


def test_a_known_mistake_has_its_message_and_numbers(frame: Part) -> None:
    verdict = judge(frame, "b + a")
    assert (verdict.status, verdict.mistake, verdict.hint) == ("incorrect", "half", "sides")
    assert verdict.message.startswith("This goes half way round.")
    assert verdict.message.endswith("a = 1, b = 1: yours is 2, expected 4.")
    assert verdict.counterexample is not None
    assert verdict.counterexample.expected == "4"


def test_an_unknown_mistake_is_diagnosed_without_the_answer(frame: Part) -> None:
    verdict = judge(frame, "5 (a + b)")
    assert verdict.status == "incorrect"
    assert "constant factor" in verdict.message
    assert "2 (a" not in verdict.message


def test_an_unreadable_answer_is_invalid_with_its_place(frame: Part) -> None:
    verdict = judge(frame, "2 (a + + )")
    assert (verdict.status, verdict.start) == ("invalid", 9)
    assert judge(frame, "").status == "invalid"
    assert judge(frame, "2 (a + q)").status == "invalid"


def test_a_number_takes_any_expression_and_does_not_tell_the_value(sets: tuple[ProblemSet, ...]) -> None:
    corners = find_part(sets, "area/corners")
    assert judge(corners, "2^2").status == "correct"
    wrong = judge(corners, "3")
    assert wrong.status == "incorrect"
    assert wrong.counterexample is None
    assert "4" not in wrong.message
    assert judge(corners, "a").status == "invalid"


@pytest.mark.parametrize("answer", ["linear", "Linear", " a ", "A", "(a)", "a."])
def test_a_choice_is_an_option_or_its_letter(sets: tuple[ProblemSet, ...], answer: str) -> None:
    assert judge(find_part(sets, "area/growth"), answer).status == "correct"


def test_a_wrong_choice_has_its_message_and_no_choice_is_invalid(sets: tuple[ProblemSet, ...]) -> None:
    growth = find_part(sets, "area/growth")
    assert (judge(growth, "b").status, judge(growth, "b").mistake) == ("incorrect", "none")
    for answer in ("c", "", "²", "both", "ab"):
        verdict = judge(growth, answer)
        assert verdict.status == "invalid"
        assert "a (linear), b (none)" in verdict.message


def test_right_given_an_earlier_wrong_answer_says_so(sets: tuple[ProblemSet, ...]) -> None:
    tiles = find_part(sets, "area/tiles")
    verdict = judge(tiles, "9 a + 3 b", {"frame": "F = 3a + b"})
    assert verdict.status == "incorrect"
    assert "follow from your own answer to frame" in verdict.message
    assert "follow" not in judge(tiles, "9 a + 4 b", {"frame": "3a + b"}).message
    assert "follow" not in judge(tiles, "9 a + 3 b").message
    assert judge(tiles, "6a + 6b", {"frame": "3a + b"}).status == "correct"
    assert judge(tiles, "9 a + 3 b", {"frame": "3 ^^ ("}).status == "incorrect"


def test_look_draws_or_names_the_place(frame: Part, sets: tuple[ProblemSet, ...]) -> None:
    seen = look(frame, "a/b")
    assert seen.picture is not None
    assert len(seen.picture.lines) == 3
    assert seen.uses == ("a", "b")
    assert look(frame, "a/").problem is not None
    assert look(frame, " ").problem is None
    assert look(find_part(sets, "area/growth"), "a").picture is None


def test_unknown_parts_are_told_the_nearest(sets: tuple[ProblemSet, ...]) -> None:
    assert find_part(sets, "shapes/area/frame").key == "shapes/area/frame"
    with pytest.raises(UnknownPart, match="area/frame"):
        find_part(sets, "area/farme")
    with pytest.raises(UnknownPart, match="area/frame"):
        find_part(sets, "frame")
    with pytest.raises(UnknownPart):
        find_part(sets, "")


def test_the_same_name_in_two_sets_needs_the_set(sets: tuple[ProblemSet, ...], tmp_path: Path) -> None:
    small.write(tmp_path).rename(tmp_path / "other")
    both = (*sets, *load_sets(tmp_path))
    with pytest.raises(UnknownPart, match="other/area/frame"):
        find_part(both, "area/frame")
    assert find_part(both, "other/area/frame").set_id == "other"


def test_a_thousand_new_answers_a_second(sets: tuple[ProblemSet, ...]) -> None:
    frame = find_part(sets, "area/frame")
    judge(frame, "a")
    forms = ("{0} (a + b) / {1}", "(a + b) * {0} / {1}")
    answers = [form.format(2 * at + 3, at + 2) for at in range(300) for form in forms]
    within(2 * 0.6, lambda: [judge(frame, answer) for answer in answers])  # twice the budget, for a busy machine
