"""The code parts: what is shipped is complete, the worked solutions are right, the slips of an author are told."""

import re
import shutil

import pytest

from tutor import paths
from tutor.code import files
from tutor.code.client import CodeService
from tutor.content.judge import judge, look
from tutor.content.lint import lint
from tutor.content.load import load_set

PS08 = paths.problems_folder() / "ps08"
PARTS = {part.id: part for problem in load_set(PS08).problems for part in problem.parts if part.kind == "code"}


@pytest.fixture(scope="module")
def service():
    """A service of its own."""
    one = CodeService()
    yield one
    one.close()


def solved(part):
    """The starter with the worked solution in it."""
    code = re.search(r"```python\n(.*?)```", part.solution, re.DOTALL)
    assert code is not None
    starter = files.starter(part).read_text()
    if part.id == "residual-block":
        return starter[: starter.index("class ")] + code[1]
    body = "".join(f"    {line}\n" if line else "\n" for line in code[1].splitlines())
    text = starter[: starter.rindex("    raise NotImplementedError")] + body
    if part.id == "residual-network":
        block = re.search(r"```python\n(.*?)```", PARTS["residual-block"].solution, re.DOTALL)
        assert block is not None
        text = text.replace(text[text.index("class ") : text.index("def get_model")], block[1] + "\n\n")
    return text


@pytest.mark.parametrize("name", PARTS)
def test_the_worked_solution_is_right_and_the_starter_is_not_filled_in(service, name):
    part = PARTS[name]
    found = service.check(files.checks(part), solved(part), "answer.py")
    assert found.verdict == "correct", found
    found = service.check(files.checks(part), files.starter(part).read_text(), "answer.py")
    assert found.verdict == "invalid"
    assert "still to be filled in" in found.message


@pytest.mark.parametrize("name", PARTS)
def test_an_answer_typed_in_a_line_is_told_where_it_belongs(name):
    verdict = judge(PARTS[name], "nn.Linear(2, 3)")
    assert verdict.status == "invalid"
    assert f"tutor code convnets/{name}" in verdict.message
    assert look(PARTS[name], "nn.Linear(").problem is None


def test_lint_tells_of_a_missing_starter_a_missing_check_and_another_name(tmp_path):
    copy = tmp_path / "ps08"
    shutil.copytree(PS08, copy)
    code = copy / "convnets" / "code"
    (code / "mlp.py").unlink()
    (code / "cnn_checks.py").unlink()
    problem = copy / "convnets" / "problem.toml"
    problem.write_text(problem.read_text().replace('answer = "train_epoch"', 'answer = "train epoch"'))
    said = " ".join(each.message for each in lint(copy))
    assert "the starter of mlp cannot be found" in said
    assert "the checks of cnn cannot be found" in said
    assert "is no name" in said


def test_the_learner_s_file_is_begun_once_and_every_checked_version_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    part = PARTS["mlp"]
    file, new = files.begin(part)
    assert new
    assert file.read_text() == files.starter(part).read_text()
    file.write_text("mine")
    assert files.begin(part) == (file, False)
    assert file.read_text() == "mine"
    for text in ("one", "two", "two", "one"):
        files.keep_version(part, text)
    assert [each.read_text() for each in files.versions(part)] == ["one", "two", "one"]
