"""Keeps what is typed: drafts wait here at most a moment, and stay here while they cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tutor.progress.store import Store, StoreError

Result = TypeVar("Result")


class Saver:
    """The one writer of an interface. No method raises: trouble is told in `trouble`, and nothing typed is dropped."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.trouble = ""
        self._waiting: dict[str, str] = {}

    @property
    def waiting(self) -> bool:
        """Whether something typed is not on disk yet."""
        return bool(self._waiting)

    def keep(self, key: str, text: str) -> None:
        """Take a draft; the next `flush` writes it."""
        self._waiting[key] = text

    def draft(self, key: str) -> str:
        """The newest draft of a part, written or not."""
        if key in self._waiting:
            return self._waiting[key]
        return self.ask(lambda: self.store.draft(key), "")

    def flush(self) -> bool:
        """Write the drafts that wait. False, and a sentence in `trouble`, where that fails: they go on waiting."""
        for key, text in list(self._waiting.items()):
            try:
                self.store.save_draft(key, text)
            except StoreError as error:
                self.trouble = f"Not saved yet: {error} What you typed is still here, and is tried again."
                return False
            if self._waiting.get(key) == text:
                del self._waiting[key]
        self.trouble = ""
        return True

    def ask(self, question: Callable[[], Result], otherwise: Result) -> Result:
        """What the store says or does; `otherwise`, and a sentence in `trouble`, where it cannot."""
        try:
            return question()
        except StoreError as error:
            self.trouble = str(error)
            return otherwise
