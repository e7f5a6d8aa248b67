"""The README's pictures, drawn by the interface itself: `python -m tests.pictures` (or `make pictures`)."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tutor.progress.store import Store
from tutor.training import runs, starting
from tutor.training.recipe import recipe
from tutor.tui.app import TutorApp
from tutor.tui.screens.code import CodeScreen
from tutor.tui.screens.problem import ProblemScreen
from tutor.tui.screens.runs import RunsScreen

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (92, 28)
WIDE = (120, 36)
WRONG = "from torch import nn\n\n\ndef get_mlp(image_size):\n    return nn.Sequential(\n        nn.Flatten(),\n"
LAYERS = (
    "        nn.Linear(image_size**2, 256),\n        nn.ReLU(),\n"
    + 3 * "        nn.Linear(256, 256),\n        nn.ReLU(),\n"
)


async def draw(folder: Path = FOLDER) -> None:
    """Solve some, stumble, and look at the help; write code, train, as a learner would."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUTOR_HOME"] = home
        store = Store(Path(home) / "progress.db")
        for key, answer, status in (
            ("ps08/cost/forward-multiplications", "n K^2 L", "correct"),
            ("ps08/cost/inference-memory", "L K^2 + 2 n K", "correct"),
            ("ps08/initialization/second-moment", "1/2", "correct"),
            ("ps08/initialization/variance", "d sigma^2", "incorrect"),
            ("ps08/optimizers/adam-state", "2", "correct"),
        ):
            store.save_draft(key, answer)
            store.record_attempt(key, answer, status)
        store.visit("ps08/cost/training-multiplications")
        app = TutorApp(store=store)
        async with app.run_test(size=SIZE) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            save(app, folder / "home.svg")
            await pilot.press("enter")
            await pilot.pause()
            await pilot.press(*"2nK^2L")
            await pilot.press("enter")
            await pilot.pause()
            save(app, folder / "problem.svg")
            await pilot.press("f1")
            await pilot.pause()
            save(app, folder / "help.svg")
        for each in (laboratory, code, training):
            # An interface closes its store when it ends.
            await each(folder, Store(Path(home) / "progress.db"))


async def laboratory(folder: Path, store: Store) -> None:
    """A wrong formula for the receptive field, over the real one."""
    app = TutorApp("receptive-field/closed-form", store=store, measures=True)
    async with app.run_test(size=WIDE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ProblemScreen)
        screen.active.field.value = "1 + sum(j,1,L,K_j-1)"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(lambda: screen.laboratory and screen.laboratory.found.values, pilot)
        save(app, folder / "laboratory.svg")


async def code(folder: Path, store: Store) -> None:
    """A network with a softmax too many."""
    app = TutorApp("convnets/mlp", store=store)
    async with app.run_test(size=WIDE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        screen = app.screen
        assert isinstance(screen, CodeScreen)
        screen.area.put(f"{WRONG}{LAYERS}        nn.Linear(256, 10),\n        nn.Softmax(dim=1),\n    )\n")
        await pilot.press("f5")
        await until(lambda: screen.verdict is not None, pilot)
        save(app, folder / "code.svg")


async def training(folder: Path, store: Store) -> None:
    """A real run, beyond its middle."""
    run = starting.start(recipe("cnn-shifted", "quick"))
    while (now := runs.load(run.path)).step < 0.7 * max(now.steps, 1) or not now.best_accuracy:
        assert now.state in ("running", "waiting"), now
        await asyncio.sleep(0.5)
    app = TutorApp(store=store, measures=True)
    async with app.run_test(size=WIDE) as pilot:
        await app.workers.wait_for_complete()
        await pilot.press("r")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(lambda: screen.runs, pilot)
        await pilot.press("enter")
        for _ in range(8):
            await asyncio.sleep(0.5)
            await pilot.pause()
        save(app, folder / "training.svg")
    runs.stop(now)
    runs.wait(now, 60)


async def until(true: Callable[[], object], pilot: Pilot[int]) -> None:
    """Wait for something to be there, at most a minute."""
    for _ in range(600):
        if true():
            break
        await asyncio.sleep(0.1)
    await pilot.pause()
    await pilot.pause()


def save(app, file: Path) -> None:
    """The screen as it is, as a picture."""
    file.write_text(app.export_screenshot(title="tutor"), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(draw())
