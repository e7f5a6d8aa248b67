"""The README's pictures, drawn by the interface itself: `python -m tests.pictures` (or `make pictures`)."""

import asyncio
import os
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (92, 28)


async def draw(folder: Path = FOLDER) -> None:
    """Solve some, stumble once, and look at the help, as a learner would."""
    from tutor.progress.store import Store
    from tutor.tui.app import TutorApp

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


def save(app, file: Path) -> None:
    """The screen as it is, as a picture."""
    file.write_text(app.export_screenshot(title="tutor"), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(draw())
