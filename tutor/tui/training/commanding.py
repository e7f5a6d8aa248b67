"""What every screen of runs does alike: tell a run something without waiting, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from textual.geometry import Region
from textual.message import Message

from tutor.training.runs import Run
from tutor.tui import drawing
from tutor.tui.screens.place import Place
from tutor.tui.training import running
from tutor.tui.training.sparing import SparingCompositor
from tutor.tui.training.words import RESUMABLE


class Commanding(Place):
    """A screen that sends the terminal no more than what changed, and runs commands beside the interface."""

    ALLOW_SELECT = False

    class Done(Message):
        """A command has been carried out, or not: what there is to say."""

        def __init__(self, said: str) -> None:
            super().__init__()
            self.said = said

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
        """A sentence above the keys; nothing takes it away."""
        self._said = sentence
        self.say_trouble()

    def tell(self, command: Callable[[], str]) -> None:
        """Carry a command out beside the interface; it returns what there is to say."""
        self.run_worker(lambda: self._carry_out(command), thread=True, exit_on_error=False)

    def _carry_out(self, command: Callable[[], str]) -> None:
        said = command()
        if self.is_attached:
            self.post_message(self.Done(said))

    def on_commanding_done(self, event: Done) -> None:
        if event.said:
            self.say(event.said)

    def stop_run(self, run: Run) -> None:
        """Stop a run; it saves a checkpoint first."""
        if not run.alive:
            self.say("This run is not running.")
            return
        self.say("It is being stopped: the step is finished and a checkpoint saved. R goes on from there.")
        self.tell(lambda: running.stop(run))

    def resume_run(self, run: Run) -> None:
        """Go on with a run from its checkpoint."""
        if run.state not in RESUMABLE:
            self.say("Only a run that was stopped, failed or lost goes on from its checkpoint.")
            return
        self.say("")
        self.tell(lambda: running.resume(run))
