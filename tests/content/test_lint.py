"""Each slip an author can make is refused, with its file, its line, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content import small
from tutor.content import ids
from tutor.content.lint import lint
from tutor.content.load import ContentError, load_set

PROBLEM = "area/problem.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small.write(tmp_path)


def change(folder: Path, file: str, old: str, new: str, count: int = 1) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def line_of(folder: Path, file: str, text: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def drop_table(folder: Path, header: str, identity: str) -> None:
    """Take one table out of problem.toml, found by its header and its id."""
    path = folder / PROBLEM
    tables = path.read_text(encoding="utf-8").split("\n\n")
    kept = [each for each in tables if not each.startswith(f'{header}\nid = "{identity}"')]
    assert len(kept) == len(tables) - 1
    path.write_text("\n\n".join(kept), encoding="utf-8")


def test_good_content_has_no_complaints(folder: Path) -> None:
    assert lint(folder) == []
    assert lint(folder.parent) == []


# file, old, new, where (a text on the line complained about), words of the complaint
SLIPS = {
    "unknown key": (PROBLEM, 'measure = "frame"', 'mesure = "frame"', "mesure", ["unknown key mesure", "measure"]),
    "unknown key of a table": (PROBLEM, 'id = "look"', 'id = "look"\ncolour = "red"', "colour", ["unknown key colour"]),
    "unknown key of the set": ("set.toml", "title", 'titel = "x"\ntitle', "titel", ["unknown key titel"]),
    "format": (PROBLEM, "format = 1", "format = 2", "format", ["format = 1"]),
    "no TOML": (PROBLEM, 'id = "frame"', 'id = "frame', 'id = "frame', ["not TOML"]),
    "symbol used by no part": (
        PROBLEM,
        "[[parts]]",
        '[[symbols]]\nname = "q"\ndomain = "real"\n\n[[parts]]',
        'name = "q"',
        ["symbol q", "unused", "take it away"],
    ),
    "own symbol in no formula": (
        PROBLEM,
        'asked = ["F"]',
        'asked = ["F"]\nsymbols = ["a", "b", { name = "q", domain = "real" }]',
        "symbols = [",
        ["symbol q is unused"],
    ),
    "undeclared symbol": (PROBLEM, 'asked = ["F"]', 'symbols = ["a", "b", "z"]', "symbols = [", ["z is not declared"]),
    "unknown domain": (PROBLEM, "positive real", "positive rael", "positive rael", ["unknown domain", "positive real"]),
    "unknown kind": (PROBLEM, 'kind = "number"', 'kind = "numbers"', "numbers", ["unknown kind", "formula"]),
    "unreadable answer": (PROBLEM, "2 (a + b)", "2 (a + b", 'answer = "2 (a + b"', ["answer", "cannot be read"]),
    "unreadable accepted form": (PROBLEM, "2 a + 2 b + 4", "2 a + 2 c + 4", "2 a + 2 c", ["cannot be read", "c"]),
    "unreadable mistake": (PROBLEM, '"4 a"', '"4 ^"', '"4 ^"', ["formula", "cannot be read"]),
    "mistake judged correct": (PROBLEM, '"a + b"', '"2 b + 2 a"', "2 b + 2 a", ["half is judged correct"]),
    "mistake that is accepted": (PROBLEM, '"a + b"', '"2 (a + b + 2)"', "b + 2)", ["half is judged correct"]),
    "the same mistake twice": (PROBLEM, '"2 a + b"', '"b a"', '"b a"', ["area and three-sides are the same formula"]),
    "accepted form equal to the answer": (
        PROBLEM,
        "2 a + 2 b + 4",
        "2 a + 2 b",
        '"2 a + 2 b"',
        ["accepted form is equal to the answer"],
    ),
    "empty hint": (PROBLEM, '"Count the sides."', '" "', 'text = " "', ["hint is empty"]),
    "missing hint of a mistake": (
        PROBLEM,
        'hint = "sides"',
        'hint = "side"',
        'hint = "side"',
        ["side", "did you mean"],
    ),
    "missing section": ("area/solution.md", "## corners", "### corners", "## frame", ["corners is missing"]),
    "unknown section": ("area/statement.md", "## frame", "## frames", "## frames", ["frames", "no part", "frame"]),
    "empty section": ("area/statement.md", "A thin frame.", "", "## frame", ["frame is empty"]),
    "section twice": ("area/solution.md", "## corners", "## frame\n\nX\n\n## corners", "", ["second time"]),
    "part id twice": (PROBLEM, 'id = "corners"', 'id = "frame"', "", ["part id frame is used twice"]),
    "mistake id twice": (PROBLEM, 'id = "square"', 'id = "half"', "", ["half is used twice", "mistakes"]),
    "hint id twice": (PROBLEM, 'id = "pairs"', 'id = "sides"', "", ["sides is used twice", "hints"]),
    "symbol twice": (PROBLEM, 'name = "b"', 'name = "a"', "", ["symbol a is declared twice"]),
    "bad id": (PROBLEM, 'id = "corners"', 'id = "Corners of"', "Corners of", ["no id", "small letters"]),
    "answer is no option": (PROBLEM, 'answer = "linear"', 'answer = "line"', 'answer = "line"', ["not an option"]),
    "mistake of no option": (PROBLEM, 'option = "none"', 'option = "no"', 'option = "no"', ["not an option"]),
    "mistake of the right option": (PROBLEM, 'option = "none"', 'option = "linear"', 'option = "linear"', ["correct"]),
    "just": (PROBLEM, "This is the area. What", "This is just the area. What", "just", ["just", "say it without"]),
    "simply in a hint": (PROBLEM, "Count the sides.", "Simply count.", "Simply", ["simply"]),
    "obviously in a note": (PROBLEM, "Right, counting", "Obviously right, counting", "Obviously", ["obviously"]),
    "exclamation mark": (PROBLEM, "Every side is there twice.", "Twice!", "Twice!", ["exclamation mark"]),
    "message with the answer": (
        PROBLEM,
        "This goes half way round.",
        "It is 2 (a+b) in all.",
        "It is 2",
        ["message contains the reference answer"],
    ),
    "message with the answer in other words": (
        PROBLEM,
        "This goes half way round.",
        "It is $2 b + 2 a$ in all.",
        "It is $2",
        ["message contains the reference answer"],
    ),
    "empty message": (PROBLEM, '"This leaves one side open."', '""', 'message = ""', ["message is empty"]),
    "follows from nothing": (PROBLEM, '["frame"]', '["farme"]', '["farme"]', ["farme is no part before", "frame"]),
    "carried unreadable": (PROBLEM, '"3 frame"', '"3 frrame"', '"3 frrame"', ["carried", "cannot be read"]),
    "measure no name": (PROBLEM, 'measure = "frame"', 'measure = "the frame"', "measure =", ["no function name"]),
    "constraint": (PROBLEM, 'asked = ["F"]', 'constraints = ["a b"]', "constraints", ["compares nothing"]),
    "problem not there": ("set.toml", '["area"]', '["area", "volume"]', "volume", ["no volume/problem.toml"]),
    "published part gone": (PROBLEM, 'id = "corners"', 'id = "edges"', "", ["published part area/corners is gone"]),
    "published mistake gone": (
        "ids.toml",
        '"square"',
        '"square", "old"',
        '"old"',
        ["mistake frame/old is gone"],
    ),
    "published hint gone": ("ids.toml", '"look"', '"look", "old"', '"old"', ["hint corners/old is gone", "aliases"]),
    "id not published": ("ids.toml", '"look", ', "", "format", ["area/corners/hints/look", "tutor.content.ids"]),
    "text for a number": (
        PROBLEM,
        'domain = "positive integer"',
        'domain = "positive integer"\nmost = "9"',
        "most",
        ["whole"],
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_refused_with_its_place(folder: Path, slip: str) -> None:
    file, old, new, where, words = SLIPS[slip]
    change(folder, file, old, new)
    found = lint(folder)
    fitting = [each for each in found if all(word in each.message for word in words)]
    assert fitting, found
    if where:
        expected = file if "is missing" not in words[0] else "area/solution.md"
        places = {(each.file.relative_to(folder).as_posix(), each.line) for each in fitting}
        assert (expected, line_of(folder, file, where)) in places
    assert all(";" in each.message for each in fitting), "what to do is missing"


def test_fewer_than_three_hints(folder: Path) -> None:
    drop_table(folder, "[[parts.hints]]", "pairs")
    assert any("frame has 2 hints; write at least 3" in each.message for each in lint(folder))


def test_fewer_than_four_mistakes_of_a_formula(folder: Path) -> None:
    drop_table(folder, "[[parts.mistakes]]", "square")
    line = line_of(folder, PROBLEM, 'id = "frame"') - 1
    assert any("frame names 3 mistakes" in each.message and each.line == line for each in lint(folder))


def test_an_option_without_a_message(folder: Path) -> None:
    drop_table(folder, "[[parts.mistakes]]", "none")
    assert any("option none has no message" in each.message for each in lint(folder))


def test_a_renamed_id_lives_on_as_an_alias(folder: Path) -> None:
    change(folder, PROBLEM, 'id = "corners"', 'id = "edges"\naliases = ["corners"]')
    change(folder, PROBLEM, 'id = "look"', 'id = "see"\naliases = ["look"]')
    change(folder, PROBLEM, 'id = "square"', 'id = "rhombus"\naliases = ["square"]')
    change(folder, "area/solution.md", "## corners", "## edges")
    assert [each for each in lint(folder) if "not listed yet" not in each.message] == []
    assert ids.main([str(folder)]) == 0
    assert lint(folder) == []


def test_ids_are_not_written_anew_where_one_would_be_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, PROBLEM, 'id = "look"', 'id = "see"')
    before = (folder / "ids.toml").read_text()
    assert ids.main([str(folder)]) == 1
    assert "look is gone" in capsys.readouterr().err
    assert (folder / "ids.toml").read_text() == before


def test_missing_files(folder: Path) -> None:
    (folder / "area/solution.md").unlink()
    (folder / "ids.toml").unlink()
    found = [each.message for each in lint(folder)]
    assert any("solution.md is missing" in each for each in found)
    assert any("ids.toml is missing" in each for each in found)


def test_a_folder_without_sets(tmp_path: Path) -> None:
    assert "no problem set" in lint(tmp_path)[0].message


def test_loading_stops_at_the_first_slip_with_its_line(folder: Path) -> None:
    change(folder, PROBLEM, 'measure = "frame"', 'mesure = "frame"')
    with pytest.raises(ContentError, match="unknown key mesure") as refused:
        load_set(folder)
    assert refused.value.file == folder / PROBLEM
    assert refused.value.line == line_of(folder, PROBLEM, "mesure")


@pytest.mark.parametrize("name", small.FILES)
def test_torn_files_never_crash(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for end in range(0, len(whole), 37):
        (folder / name).write_bytes(whole[:end] + b"\xff" * (end % 2))
        assert isinstance(lint(folder), list)
