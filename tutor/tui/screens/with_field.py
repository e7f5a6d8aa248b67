"""A screen that tells the receptive field of a run's last feature map, which only the engine knows."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from textual.message import Message

from tutor.training.folder import SOURCES
from tutor.training.recipe import to_toml
from tutor.training.runs import Run
from tutor.tui.training.framed import Framed

FIELD_SECONDS = 60.0


class WithField(Framed):
    """What a screen does to know it. Without an engine, and of a network without such a map, nothing is said."""

    class Field(Message):
        """The engine has answered: pixels along an axis, and from one cell to the next."""

        def __init__(self, size: int, stride: int) -> None:
            super().__init__()
            self.size, self.stride = size, stride

    field: tuple[int, int] | None = None
    """Size and stride, as soon as they are known."""

    def ask_field(self, run: Run) -> None:
        """Ask for it."""
        engine, recipe = self.tutor.engine, run.recipe
        if engine is None or recipe is None or recipe.model == "mlp":
            return
        asked: dict[str, Any] = {"recipe": to_toml(recipe), "quick": True}
        if recipe.source == "mine":
            asked["source"] = str(run.path / SOURCES[0])
        future = engine.request("recipe", asked, FIELD_SECONDS)
        future.add_done_callback(self._field_came)

    def _field_came(self, future: Future[dict[str, Any]]) -> None:
        """From the engine's thread: messages may be posted from any."""
        if future.cancelled() or future.exception() is not None or not self.is_attached:
            return
        size, stride = (future.result().get(name) for name in ("receptive_field", "receptive_field_stride"))
        if size and stride:
            self.post_message(self.Field(int(size), int(stride)))

    def on_with_field_field(self, event: Field) -> None:
        self.field = (event.size, event.stride)
        self.draw()

    def draw(self) -> None:
        """Draw what changed."""
        raise NotImplementedError
