"""The smallest Textual application that draws a line: what the start of ours is compared with."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("bare and drawn")


if __name__ == "__main__":
    Bare().run()
