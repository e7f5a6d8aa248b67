"""Which runs stand side by side."""

import pytest

from tests.training.finished import finished
from tutor.training.outcomes import accuracies, accuracies_beside
from tutor.training.runs import list_runs, load

NAMES = ("mlp-centred", "mlp-shifted")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))


def test_the_newest_finished_run_of_each_recipe_counts():
    finished("mlp-centred", 0.8, began=1_000)
    finished("mlp-centred", 0.9, began=2_000)
    finished("mlp-shifted", 0.6, began=1_500)
    finished("cnn-shifted", 0.5, began=1_500)
    assert accuracies(list_runs(), NAMES) == {"mlp-centred": 0.9, "mlp-shifted": 0.6}


def test_runs_under_other_conditions_are_not_put_beside_each_other():
    finished("mlp-centred", 0.9, began=1_000)
    finished("mlp-shifted", 0.6, began=1_000)
    finished("mlp-centred", 0.95, "full", began=5_000)
    finished("mlp-shifted", 0.3, began=6_000, canvas=84)
    assert accuracies(list_runs(), NAMES) == {"mlp-centred": 0.9, "mlp-shifted": 0.6}


def test_nothing_run_is_nothing_measured():
    assert accuracies(list_runs(), NAMES) == {}


def test_beside_a_run_stand_those_under_its_conditions_and_itself_as_far_as_it_is():
    finished("mlp-centred", 0.9, "full", began=1_000)
    for name in NAMES:
        finished(name, 0.8, began=9_000)
    path = finished("mlp-shifted", 0.6, "full", began=2_000)
    (path / "events.jsonl").write_text((path / "events.jsonl").read_text().rpartition('{"type":"finished"')[0])
    run = load(path)
    assert run.state != "finished"
    assert accuracies_beside(run, list_runs(), NAMES) == {"mlp-centred": 0.9, "mlp-shifted": 0.6}
