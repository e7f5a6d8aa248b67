"""What of a run is seen, and the keys that change it: which chart or pane, which part of it, how large."""

from __future__ import annotations

from tutor.training.runs import Run
from tutor.tui.training.charts_of import WHATS, View, What
from tutor.tui.training.framed import Framed, Side
from tutor.tui.training.words import RESUMABLE


class Viewing(Framed):
    """A screen whose charts and panes can be looked at more closely; escape steps out of that one layer at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.what: What = "loss"
        self.views: dict[What, View] = {what: View() for what in WHATS}

    @property
    def newest(self) -> Run:
        """The run as it was a moment ago."""
        raise NotImplementedError

    @property
    def reached(self) -> float:
        """How far the run has come, as a share of what its charts show in all."""
        raise NotImplementedError

    def settle(self) -> None:
        """Give everything its place."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw what changed."""
        raise NotImplementedError

    # Which keys do anything

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now; one that does not is not shown."""
        charts, zoomed = self.side == "charts", self.zoomed
        match action:
            case "zoom" | "log":
                return charts
            case "chart":
                return not zoomed
            case "along" | "turn":
                return zoomed
            case "overlay":
                return self.side != "pictures"
            case "hide":
                return charts and self.split and not self.full
            case "stop":
                return self.newest.alive
            case "resume":
                return self.newest.state in RESUMABLE
            case "step_out":
                return self.layered
            case "leave":
                return not self.layered
        return super().check_action(action, parameters)

    @property
    def zoomed(self) -> bool:
        """Whether a part of a chart is seen and not the whole."""
        return self.side == "charts" and self.views[self.what].zoomed

    @property
    def layered(self) -> bool:
        """Whether something lies over the screen as it is opened, which escape takes away."""
        return self.zoomed or self.side != "charts" or self.alone

    # Keys

    def action_full(self) -> None:
        """The chart chosen alone, and back."""
        self.side = "charts"
        self.full = not self.full
        self.settle()

    def action_hide(self) -> None:
        """Everything but the charts, away and back."""
        self.hidden = not self.hidden
        self.settle()

    def action_pictures(self) -> None:
        """The pictures on the whole screen, and back."""
        self._turn("pictures")

    def action_events(self) -> None:
        """The log on the whole screen, and back."""
        self._turn("events")

    def _turn(self, side: Side) -> None:
        self.side = "charts" if self.side == side else side
        self.full = False
        self.settle()

    def action_log(self) -> None:
        """The chart chosen, logarithmic or linear."""
        view = self.views[self.what]
        self.views[self.what] = View(not view.log, view.start, view.end)
        self.draw()

    def action_chart(self, step: int) -> None:
        """The chart beside."""
        self.what = WHATS[(WHATS.index(self.what) + step) % len(WHATS)]
        self.side = "charts"
        self.settle()

    def action_along(self, step: int) -> None:
        """Of a part of the chart, the part beside."""
        self._see(self.views[self.what].move(step / 4))

    def action_turn(self) -> None:
        """The same part of the next chart."""
        self.action_chart(1)

    def action_zoom(self, step: int) -> None:
        """Nearer to the newest steps, or away from them; both charts see the same part."""
        view, newest = self.views[self.what], self.reached
        inside = view.start < newest <= view.end
        self._see(view.zoom(0.5 if step > 0 else 2.0, newest if inside else (view.start + view.end) / 2))

    def _see(self, view: View) -> None:
        self.views = {what: View(each.log, view.start, view.end) for what, each in self.views.items()}
        self.draw()

    def action_step_out(self) -> None:
        """One layer out: from a part of the chart to the whole, then back to all of the screen."""
        if self.zoomed:
            self._see(View())
        elif self.side != "charts":
            self.side = "charts"
        elif self.full:
            self.full = False
        else:
            self.hidden = False
        self.settle()
