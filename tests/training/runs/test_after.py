"""A run that waits for another one."""

from tests.training.runs.conftest import until
from tutor.training import runs
from tutor.training.after import start_after
from tutor.training.events import Message, read_events
from tutor.training.folder import EVENTS
from tutor.training.recipe import changed, recipe

TINY = changed(recipe("mlp-centred", "quick"), {"images": "256", "epochs": "1", "threads": "1", "canvas": "28"})


def test_a_run_waits_until_the_other_is_over_and_then_trains(start):
    first = start()
    second = start_after(first, TINY)
    assert second.state == "waiting"
    assert until(second, lambda now: now.waits).waits_for == first.id
    third = start_after(second, TINY)
    runs.stop(first)
    assert until(first, lambda now: not now.alive).state == "stopped"
    done = until(second, lambda now: now.state == "finished", seconds=90)
    assert done.best_accuracy is not None
    said = [event.text for event in read_events(second.path / EVENTS)[0] if isinstance(event, Message)]
    assert said[:2] == [f"It begins when {first.id} is over.", "Its turn has come."]
    assert done.began <= until(third, lambda now: now.state == "finished", seconds=90).began


def test_a_run_that_waits_can_be_stopped(start):
    first = start()
    second = start_after(first, TINY)
    runs.stop(second)
    assert until(second, lambda now: not now.alive).state == "stopped"
    assert runs.load(first.path).state == "running"
    runs.stop(first)
    until(first, lambda now: not now.alive)
