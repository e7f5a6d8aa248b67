"""The keys: one table, and everything drawn from it is true."""

import asyncio

import pytest

from tests.tui.fake_runs import FakeWriter
from tutor.tui import keys
from tutor.tui.screens.help import HelpScreen

OPENED = {
    "home": None,
    "problem": "cost",
    "line": "cost",
    "numbers": "cost",
    "choice": "optimizers/adam-gradient-dependence",
    "steps": "initialization/derivation",
    "file": "convnets/mlp",
    "code": "convnets/mlp",
    "measured": "cost",
    "experiment": "convnets/shift-experiment",
    "everywhere": "cost",
    "bench": "cost",
    "laboratory": "cost",
    "layers": "receptive-field",
    "typing": "cost",
}


BEFORE = {"step-out": "f", "move-before": "plus", "move-after": "plus", "zoomed-chart": "plus"}
"""What is pressed first where a key does something only then."""

OF_A_RUN = ("open-run", "stop-listed", "resume-listed", "delete-run")
"""Keys of the list that need a run in it."""


@pytest.mark.parametrize("key", [key for key in keys.TABLE if key.action], ids=lambda key: key.id)
async def test_every_key_of_the_table_is_bound_to_what_it_says(start, home, key):
    if key.place == "training" or key.id in OF_A_RUN:
        writer = FakeWriter()
        writer.advance(10)
        if key.id in ("resume-run", "resume-listed"):
            writer.die()
    async with start(OPENED.get(key.place), size=(120, 36) if key.id == "hide" else (80, 24)) as learner:
        if key.place in ("runs", "recipe", "value", "training"):
            await learner.press("r")
        if key.place in ("recipe", "value"):
            await learner.press("n", *(("down", "down", "e") if key.place == "value" else ()))
        if key.place == "training" or key.id in OF_A_RUN:
            while not learner.screen.runs:
                await asyncio.sleep(0.05)
        if key.place == "training":
            await learner.press("enter", *([BEFORE[key.id]] if key.id in BEFORE else []))
        if key.place == "help":
            await learner.press("f1")
        if key.place == "numbers":
            await learner.press("f8")
        if key.place in ("laboratory", "layers", "typing"):
            await learner.press("f3", *(("e",) if key.place == "typing" else ()))
        if key.place == "code":
            await learner.press("enter")
        for one in key.keys.split(","):
            assert learner.screen.active_bindings[one].binding.action == key.action


async def test_every_key_of_the_table_is_in_the_help(start):
    async with start("cost") as learner:
        await learner.press("f1")
        assert isinstance(learner.screen, HelpScreen)
        text = learner.read("help")
        for key in keys.TABLE:
            assert keys.names(key, {}, all_of_them=True) in text
            assert key.says.split()[0] in text
        await learner.press("escape")
        assert learner.problem.problem.id == "cost"


async def test_the_help_begins_with_the_place_one_came_from(start):
    writer = FakeWriter()
    writer.advance(10)
    async with start() as learner:
        await learner.press("f1")
        assert learner.read("help").startswith("The list of problems")
        await learner.press("escape", "r")
        while not learner.screen.runs:
            await asyncio.sleep(0.05)
        for place, title in (("enter", "A run"), ("escape", "The runs")):
            await learner.press(place, "f1")
            assert learner.read("help").startswith(title)
            assert learner.read("help").count(f"{title}\n") == 1
            await learner.press("escape")


@pytest.mark.parametrize("problem", [None, "cost", "initialization/derivation", "optimizers/adam-gradient-dependence"])
@pytest.mark.parametrize("size", [(40, 15), (80, 24), (120, 36)])
async def test_the_keys_of_the_footer_are_whole_on_the_screen(start, problem, size):
    async with start(problem, size=size) as learner:
        shown = learner.shown()
        for key in keys.in_footer(learner.screen.places(), size[0] >= 80):
            assert f"{keys.names(key, {})} {key.label}" in shown


async def test_keys_are_rebound_by_the_configuration_file(start, home):
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[keys]\nhint = "f8"\nnonsense = "f9"\n')
    async with start("cost") as learner:
        assert any("nonsense" in note.message for note in learner.app._notifications)
        assert "F8 hint" in learner.read("keys")
        await learner.press("f2")
        assert not learner.app.saver.store.hints_shown(learner.problem.part.key)
        await learner.press("f8")
        assert len(learner.app.saver.store.hints_shown(learner.problem.part.key)) == 1


@pytest.mark.parametrize("text", ["keys = 3", "[keys", "[keys]\nhint = 3"])
def test_a_configuration_that_cannot_be_used_is_told_and_harmless(tmp_path, text):
    file = tmp_path / "config.toml"
    file.write_text(text)
    keymap, said = keys.read_keymap(file)
    assert keymap == {}
    assert str(file) in said


async def test_the_palette_offers_the_keys_and_the_problems(start):
    async with start("cost") as learner:
        titles = [command.title for command in learner.app.get_system_commands(learner.screen)]
        assert any("hint" in title.lower() for title in titles)
        assert "Problem 4: Receptive fields" in titles
        await learner.press("ctrl+p")
        await learner.type("problem 4")
        await learner.pilot.pause(0.5)
        await learner.press("enter")
        await learner.pilot.pause(0.2)
        assert learner.problem.problem.number == 4


async def test_light_and_dark(start):
    async with start() as learner:
        await learner.press("ctrl+t")
        assert learner.app.theme == "tutor-light"
        await learner.press("ctrl+t")
        assert learner.app.theme == "tutor-dark"
