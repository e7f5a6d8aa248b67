"""The keys of the training screens, put into the table where it does not have them yet."""

from tutor.tui import keys
from tutor.tui.keys import Key

ROWS = (
    Key("open-run", "enter", "screen.open", "open", "watch the run chosen", "runs"),
    Key("run-up", "up,k", "screen.move(-1)", "choose", "the run above", "runs", shown="↑↓", palette=False),
    Key("run-down", "down,j", "screen.move(1)", "", "the run below", "runs", palette=False),
    Key("new-run", "n", "screen.new", "new", "choose a recipe and start it", "runs"),
    Key("stop-listed", "s", "screen.stop", "stop", "stop the run chosen; it saves a checkpoint", "runs"),
    Key("resume-listed", "R", "screen.resume", "resume", "go on from the checkpoint", "runs"),
    Key("delete-run", "d,delete", "screen.delete", "delete", "delete the run chosen; asks once before", "runs"),
    Key("leave-runs", "escape,q", "screen.leave", "back", "back to where you were", "runs", palette=False),
    Key("start-run", "enter", "screen.start", "start", "start what is described", "recipe"),
    Key("recipe-up", "up", "screen.move(-1)", "choose", "the line above", "recipe", shown="↑↓", palette=False),
    Key("recipe-down", "down", "screen.move(1)", "", "the line below", "recipe", palette=False),
    Key("recipe-less", "left", "screen.change(-1)", "change", "the recipe or the value before", "recipe",
        shown="←→", palette=False),
    Key("recipe-more", "right", "screen.change(1)", "", "the recipe or the value after", "recipe", palette=False),
    Key("recipe-type", "e", "screen.type", "type", "type the value chosen", "recipe", palette=False),
    Key("recipe-mine", "m", "screen.mine", "mine", "your own model in place of ours, and back", "recipe"),
    Key("recipe-again", "backspace", "screen.again", "reset", "this value as the recipe has it", "recipe", False,
        palette=False),
    Key("leave-recipe", "escape", "screen.leave", "back", "back; nothing is started", "recipe", palette=False),
    Key("take-value", "enter", "screen.take", "take", "take the value that is typed", "value", palette=False),
    Key("forget-value", "escape", "screen.forget", "back", "leave it as it was", "value", palette=False),
    Key("chart-before", "left", "screen.chart(-1)", "chart", "the chart before; where zoomed, to the left", "training",
        shown="←→", palette=False),
    Key("chart-after", "right", "screen.chart(1)", "", "the chart after; where zoomed, to the right", "training",
        palette=False),
    Key("zoom-in", "plus,equals_sign", "screen.zoom(1)", "zoom", "half as many epochs", "training", shown="+ −"),
    Key("zoom-out", "minus", "screen.zoom(-1)", "", "twice as many epochs", "training"),
    Key("log-scale", "l", "screen.log", "log", "the chart chosen logarithmic, or linear", "training"),
    Key("full-chart", "f", "screen.full", "full", "the chart chosen alone, and back", "training"),
    Key("overlay", "o", "screen.overlay", "overlay", "another run over this one; after the last, none", "training"),
    Key("hide", "h", "screen.hide", "hide", "all but the charts away, and back", "training"),
    Key("pictures", "p", "screen.pictures", "pictures", "the best and worst images, and back", "training"),
    Key("events", "e", "screen.events", "events", "what has happened, and back", "training"),
    Key("stop-run", "s", "screen.stop", "stop", "stop the run; it saves a checkpoint", "training"),
    Key("resume-run", "R", "screen.resume", "resume", "go on from the checkpoint", "training", False),
    Key("leave-run", "escape", "screen.leave", "leave", "back; the run goes on", "training", palette=False),
)  # fmt: skip
TITLES = {
    "runs": "The runs",
    "recipe": "A new run",
    "value": "A value of a recipe",
    "training": "A run",
}

known = {key.id for key in keys.TABLE}
at = keys.TABLE.index(keys.EVERYWHERE[0])
keys.TABLE = (*keys.TABLE[:at], *(row for row in ROWS if row.id not in known), *keys.TABLE[at:])
for place, title in TITLES.items():
    keys.TITLES.setdefault(place, title)  # type: ignore[call-overload]
