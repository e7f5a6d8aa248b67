"""Right solutions pass; each wrong one is told by the check meant for it, and each check is needed by one of them."""

import importlib

import pytest

from tutor import paths

FOLDER = paths.problems_folder() / "ps08" / "convnets" / "code"
PARTS = ("mlp", "cnn", "residual-block", "residual-network", "train-epoch", "dataloaders")
PARTS = tuple(part for part in PARTS if (FOLDER / f"{part.replace('-', '_')}_checks.py").exists())
CASES = {part: importlib.import_module(f"tests.code.{part.replace('-', '_')}_cases") for part in PARTS}
OPENING = 4
"""The first checks need no proof: without them there is nothing that the others could look at."""


def checks(part):
    return FOLDER / f"{part.replace('-', '_')}_checks.py"


@pytest.mark.parametrize(
    ("part", "source"),
    [pytest.param(part, source, id=f"{part}: {name}") for part in PARTS for name, source in CASES[part].RIGHT.items()],
)
def test_a_right_solution_passes(service, part, source):
    found = service.check(checks(part), source, "answer.py")
    assert found.verdict == "correct", found
    assert all(check.passed for check in found.checks)


@pytest.mark.parametrize(
    ("part", "case"),
    [pytest.param(part, case, id=f"{part}: {case.name}") for part in PARTS for case in CASES[part].WRONG],
)
def test_a_wrong_solution_is_told_by_its_check(service, part, case):
    found = service.check(checks(part), case.source, "answer.py")
    failed = [check for check in found.checks if check.passed is False]
    assert [check.name for check in failed] == [case.check], found
    assert found.verdict in ("incorrect", "invalid")
    assert failed[0].message
    assert len(failed[0].message.splitlines()) <= 12
    if case.alone:
        without = service.check(checks(part), case.source, "answer.py", without=case.check)
        assert without.verdict == "correct", without


@pytest.mark.parametrize("part", PARTS)
def test_every_check_is_needed_by_a_case_that_it_alone_tells(service, part):
    right = next(iter(CASES[part].RIGHT.values()))
    names = [check.name for check in service.check(checks(part), right, "answer.py").checks]
    alone = {case.check for case in CASES[part].WRONG if case.alone}
    assert set(names[OPENING:]) <= alone
    assert len(CASES[part].WRONG) >= 12
    assert len(CASES[part].RIGHT) >= 4
