"""What every screen of runs does alike: tell a run something without waiting, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.worker import get_current_worker

from tutor.training.runs import Run
from tutor.tui import drawing
from tutor.tui.screens.place import KeyLine, Place
from tutor.tui.training import running
from tutor.tui.training.sparing import SparingCompositor
from tutor.tui.training.words import RESUMABLE

LOOK_SECONDS = 0.2


class Commanding(Place):
    """A screen that sends the terminal no more than what changed, and runs commands beside the interface."""

    ALLOW_SELECT = False

    class Done(Message):
        """A command has been carried out, or not: what there is to say, and what was said meanwhile."""

        def __init__(self, said: str, meanwhile: str = "") -> None:
            super().__init__()
            self.said, self.meanwhile = said, meanwhile

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SparingCompositor()
        self._said = ""

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As always, except that regions are what the screen below wants drawn: nothing of it shines through here."""
        if regions and not layout and not recompose:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notice(self, width: int) -> drawing.Lines:
        lines = super().notice(width)
        return lines + (drawing.said(self._said, min(width, 100)) if self._said else [])

    def say(self, sentence: str) -> None:
        """A sentence above the keys, until the next key, or until what it tells of is done."""
        self._said = sentence
        self.say_trouble()

    def turn(self) -> None:
        """Something was pressed: what was said before has been read."""
        if self._said:
            self.say("")

    # The handlers of the classes below are called as well, before the key does what it does.

    def on_key(self, event: events.Key) -> None:
        self.turn()

    async def on_key_line_pressed(self, event: KeyLine.Pressed) -> None:
        self.turn()

    def tell(self, command: Callable[[], str], meanwhile: str = "") -> None:
        """Carry a command out beside the interface; it returns what there is to say, `meanwhile` is said until then."""
        self.say(meanwhile)
        self.run_worker(lambda: self._carry_out(command, meanwhile), thread=True, exit_on_error=False)

    def _carry_out(self, command: Callable[[], str], meanwhile: str) -> None:
        said = command()
        if self.is_attached:
            self.post_message(self.Done(said, meanwhile))

    def on_commanding_done(self, event: Done) -> None:
        # Where something else is said by now, that stays.
        if event.said or self._said == event.meanwhile:
            self.say(event.said)

    def stop_run(self, run: Run) -> None:
        """Stop a run; one that trains saves a checkpoint first."""
        if not run.alive:
            self.say("This run is not running.")
            return
        self.tell(lambda: running.stop(run) or _until_stopped(run), stopping(run))

    def resume_run(self, run: Run) -> None:
        """Go on with a run from its checkpoint."""
        if run.state not in RESUMABLE:
            self.say("Only a run that was stopped, failed or lost goes on from its checkpoint.")
            return
        self.tell(lambda: running.resume(run))


def stopping(run: Run) -> str:
    """What comes of stopping a run, while it is being done."""
    if run.state != "waiting":
        return "It is being stopped: the step is finished and a checkpoint saved. R goes on from there."
    # It has not taken a step since it was begun or resumed.
    goes_on = "R goes on from its checkpoint" if run.step else "R begins it"
    return f"It is being stopped before it trains; {goes_on}."


def _until_stopped(run: Run) -> str:
    """Wait beside the interface until the run is over; there is nothing more to say then."""
    worker = get_current_worker()
    # Who leaves the screen does not wait.
    while not worker.is_cancelled and running.again(run).alive:
        time.sleep(LOOK_SECONDS)
    return ""
