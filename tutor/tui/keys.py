"""The one table of keys: bindings, the line at the bottom, the help screen and the palette are drawn from it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from textual.binding import Binding, BindingType

Place: TypeAlias = Literal[
    "home", "problem", "line", "numbers", "choice", "steps", "file", "code", "help", "everywhere",
    "bench", "laboratory", "layers", "typing", "experiment", "measured",
    "runs", "recipe", "value", "training",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does at one place.

    `keys` is what Textual calls them, separated by commas; `label` the word at the bottom of the screen, `says` the
    sentence of the help screen. `shown` replaces the keys' names where they would be long. A key that is not in the
    `footer` stands there only where there is room, and always in the help. `palette` offers it in the command palette.
    """

    id: str
    keys: str
    action: str
    label: str
    says: str
    place: Place
    footer: bool = True
    shown: str | None = None
    palette: bool = True

    @property
    def first(self) -> bool:
        """Whether the key is ours before a field sees it."""
        return self.place in ("problem", "experiment", "code", "bench") and self.id != "home"


HOME = (
    Key("continue", "enter", "screen.open", "continue", "open the problem chosen, where you were", "home"),
    Key("up", "up,k", "screen.move(-1)", "choose", "the problem above", "home", shown="↑↓", palette=False),
    Key("down", "down,j", "screen.move(1)", "", "the problem below", "home", palette=False),
    Key("runs", "r", "app.runs", "runs", "the runs there are, and new ones", "home"),
    Key("explore", "x", "screen.explore", "explore", "the laboratory of the problem chosen", "home"),
    Key("help-home", "question_mark", "app.help", "keys", "this list of keys", "home", palette=False),
    Key("quit-home", "q", "app.leave", "quit", "leave; everything typed is kept", "home", palette=False),
)
FIELDS = (
    Key("check-line", "enter", "screen.check", "check", "judge the answer; after a right one, go on", "line"),
    Key("measure", "f8", "screen.measure", "measure", "run it in real PyTorch, with numbers of your own", "measured"),
    Key("measure-numbers", "enter", "screen.measure_numbers", "measure", "run it with these numbers", "numbers"),
    Key("close-numbers", "escape,f8", "screen.close_numbers", "answer", "back to the answer", "numbers", palette=False),
    Key("option-up", "up", "move(-1)", "choose", "the option above", "choice", shown="↑↓", palette=False),
    Key("option-down", "down", "move(1)", "", "the option below", "choice", palette=False),
    Key("check-choice", "enter", "screen.check", "check", "judge the option chosen; its letter chooses", "choice"),
)
PROBLEM = (
    Key("check", "f5,ctrl+j", "screen.check", "check", "judge the answer, also one of several lines", "problem"),
    Key("hint", "f2", "screen.hint", "hint", "one hint more", "problem"),
    Key("laboratory", "f3", "screen.laboratory", "laboratory", "a place to try it out, and back", "bench"),
    Key("solution", "f4", "screen.solution", "solution", "the worked solution; asks once before", "problem"),
    Key("next-part", "tab", "screen.part(1)", "part", "the next part", "problem", shown="tab/⇧tab"),
    Key("previous-part", "shift+tab", "screen.part(-1)", "", "the part before", "problem"),
    Key("next-problem", "ctrl+n", "screen.problem(1)", "problem", "the next problem", "problem", False, "^n/o"),
    Key("previous-problem", "ctrl+o", "screen.problem(-1)", "", "the problem before", "problem"),
    Key("page-down", "pagedown", "screen.page(1)", "scroll", "scroll down", "problem", False, "pg↑↓", False),
    Key("page-up", "pageup", "screen.page(-1)", "", "scroll up", "problem", palette=False),
    Key("copy", "ctrl+c", "screen.copy", "copy", "copy what is selected, else the whole answer", "problem", False),
    Key("home", "escape", "screen.leave", "home", "back to the problems; the answer is kept", "problem"),
)
EXPERIMENT = (
    Key("run-missing", "f6", "screen.run_missing", "run", "begin the runs that are missing", "experiment"),
    Key("watch-runs", "f7", "screen.watch_runs", "runs", "the list of runs", "experiment"),
)
FILE = (Key("open-file", "enter", "screen.check", "open", "open the file beside its checks", "file"),)
CODE = (
    Key("check-code", "f5,ctrl+s", "screen.check", "check", "save, run, and check the file", "code"),
    Key("hint-code", "f2", "screen.hint", "hint", "one hint more", "code"),
    Key("editor", "f6", "screen.editor", "$EDITOR", "the file in your own editor", "code"),
    Key("history", "f7", "screen.history", "history", "the version checked before; ctrl+z brings yours back", "code"),
    Key("details", "f8", "screen.details", "details", "where it was raised, shown or folded", "code"),
    Key("page-down-code", "alt+pagedown", "screen.page(1)", "scroll", "statement and checks, down", "code", False),
    Key("page-up-code", "alt+pageup", "screen.page(-1)", "", "statement and checks, up", "code", palette=False),
    Key("leave-code", "escape", "screen.leave", "back", "back to the problem; the file is saved", "code"),
)
LABORATORY = (
    Key("bench-less", "left", "screen.bench('change',-1)", "change", "less, or the unit at the left", "laboratory",
        shown="←→", palette=False),
    Key("bench-more", "right", "screen.bench('change',1)", "", "more, or the unit at the right", "laboratory",
        palette=False),
    Key("bench-up", "up", "screen.bench('choose',-1)", "choose", "the slider or the layer above", "laboratory",
        shown="↑↓", palette=False),
    Key("bench-down", "down", "screen.bench('choose',1)", "", "the slider or the layer below", "laboratory",
        palette=False),
    Key("bench-type", "e", "screen.bench('type')", "type", "type the number or the layer chosen", "laboratory",
        palette=False),
    Key("bench-again", "r", "screen.bench('again')", "again", "the numbers it opened with", "laboratory",
        palette=False),
    Key("add-layer", "a", "screen.bench('add')", "add", "a layer over the one chosen", "layers", palette=False),
    Key("remove-layer", "d,delete", "screen.bench('remove')", "remove", "the layer chosen away", "layers",
        palette=False),
    Key("forward", "f", "screen.bench('forward')", "forward", "also light what reads the unit chosen", "layers",
        palette=False),
    Key("layer-up", "left_square_bracket,shift+up", "screen.bench('shift',-1)", "move", "the layer chosen, up",
        "layers", shown="[ ]", palette=False),
    Key("layer-down", "right_square_bracket,shift+down", "screen.bench('shift',1)", "", "the layer chosen, down",
        "layers", palette=False),
    Key("wider", "plus", "screen.bench('widen',1)", "width", "an input one cell wider", "layers", False, "+ −", False),
    Key("narrower", "minus", "screen.bench('widen',-1)", "", "an input one cell narrower", "layers", palette=False),
    Key("close-laboratory", "escape", "screen.close_laboratory", "answer", "back to the answer", "laboratory",
        palette=False),
    Key("take", "enter", "screen.bench('take')", "take", "take what is typed", "typing", palette=False),
    Key("forget", "escape", "screen.bench('forget')", "back", "leave it as it was", "typing", palette=False),
)  # fmt: skip
RUNS = (
    Key("open-run", "enter", "screen.open", "open", "watch the run chosen", "runs"),
    Key("run-up", "up,k", "screen.move(-1)", "choose", "the run above", "runs", shown="↑↓", palette=False),
    Key("run-down", "down,j", "screen.move(1)", "", "the run below", "runs", palette=False),
    Key("new-run", "n", "screen.new", "new", "choose a recipe and start it", "runs"),
    Key("stop-listed", "s", "screen.stop", "stop", "stop the run chosen; it saves a checkpoint", "runs"),
    Key("resume-listed", "R", "screen.resume", "resume", "go on from the checkpoint", "runs"),
    Key("delete-run", "d,delete", "screen.delete", "delete", "delete the run chosen; asks once before", "runs"),
    Key("leave-runs", "escape,q", "screen.leave", "back", "back to where you were", "runs", palette=False),
)  # fmt: skip
RECIPE = (
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
    Key("recipe-page-down", "pagedown", "screen.page(1)", "scroll", "what it will do, down", "recipe", False, "pg↑↓",
        False),
    Key("recipe-page-up", "pageup", "screen.page(-1)", "", "what it will do, up", "recipe", palette=False),
    Key("leave-recipe", "escape", "screen.leave", "back", "back; nothing is started", "recipe", palette=False),
    Key("take-value", "enter", "screen.take", "take", "take the value that is typed", "value", palette=False),
    Key("forget-value", "escape", "screen.forget", "back", "leave it as it was", "value", palette=False),
)  # fmt: skip
TRAINING = (
    Key("chart-before", "left", "screen.chart(-1)", "chart", "the chart before", "training", shown="←→", palette=False),
    Key("chart-after", "right", "screen.chart(1)", "", "the chart after", "training", palette=False),
    Key("move-before", "left", "screen.along(-1)", "move", "where zoomed: what is before", "training", shown="←→",
        palette=False),
    Key("move-after", "right", "screen.along(1)", "", "where zoomed: what comes after", "training", palette=False),
    Key("zoomed-chart", "tab", "screen.turn", "chart", "where zoomed: the same part of the chart after", "training",
        palette=False),
    Key("zoom-in", "plus,equals_sign", "screen.zoom(1)", "zoom", "half as many epochs", "training", shown="+ −"),
    Key("zoom-out", "minus", "screen.zoom(-1)", "", "twice as many epochs", "training"),
    Key("log-scale", "l", "screen.log", "log", "the chart chosen logarithmic, or linear", "training"),
    Key("full-chart", "f", "screen.full", "full", "the chart chosen alone, and back", "training"),
    Key("overlay", "o", "screen.overlay", "overlay", "another run over this one; after the last, none", "training"),
    Key("hide", "h", "screen.hide", "hide", "all but the two charts away, and back; on a large screen", "training"),
    Key("pictures", "p", "screen.pictures", "pictures", "the best and worst images, and back", "training"),
    Key("events", "e", "screen.events", "events", "what has happened, and back", "training"),
    Key("stop-run", "s", "screen.stop", "stop", "stop the run; it saves a checkpoint", "training"),
    Key("resume-run", "R", "screen.resume", "resume", "go on from the checkpoint", "training"),
    Key("step-out", "escape", "screen.step_out", "back", "one layer out: from a part, from one chart", "training",
        palette=False),
    Key("leave-run", "escape", "screen.leave", "leave", "back; the run goes on", "training", palette=False),
)  # fmt: skip
EVERYWHERE = (
    Key("help", "f1", "app.help", "keys", "this list of keys", "everywhere"),
    Key("light", "ctrl+t", "app.light", "light", "light or dark", "everywhere", False),
    Key(
        "palette",
        "ctrl+p",
        "app.command_palette",
        "commands",
        "every command by name",
        "everywhere",
        False,
        None,
        False,
    ),
    Key("quit", "ctrl+q", "app.leave", "quit", "leave; everything typed is kept", "everywhere", False),
)
HELP = (
    Key("close-help", "escape,q,f1", "screen.leave", "back", "back to where you were", "help", palette=False),
    Key("scroll-help", "up,down,pageup,pagedown", "", "scroll", "scroll", "help", shown="↑↓", palette=False),
)
TABLE: tuple[Key, ...] = (
    *HOME,
    *FIELDS,
    *PROBLEM,
    *EXPERIMENT,
    *FILE,
    *CODE,
    *LABORATORY,
    *RUNS,
    *RECIPE,
    *TRAINING,
    *EVERYWHERE,
    *HELP,
)

TITLES: dict[Place, str] = {
    "home": "The list of problems",
    "problem": "A problem",
    "line": "An answer in one line",
    "numbers": "Numbers for a measurement",
    "choice": "A choice",
    "steps": "A derivation",
    "file": "An answer in a file",
    "code": "The code screen",
    "runs": "The runs",
    "recipe": "A new run",
    "value": "A value of a recipe",
    "training": "A run",
    "measured": "An answer that is measured",
    "experiment": "An experiment",
    "bench": "A problem with a laboratory",
    "laboratory": "The laboratory",
    "layers": "A laboratory of layers",
    "typing": "Typing in the laboratory",
    "everywhere": "Everywhere",
    "help": "This screen",
}

NAMES = {
    "escape": "esc",
    "question_mark": "?",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "pageup": "page up",
    "pagedown": "page down",
}

PLAIN = {
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "↑↓": "up/down",
    "←→": "left/right",
    "tab/⇧tab": "tab/shift+tab",
    "pg↑↓": "pgup/pgdn",
    "+ −": "+ -",
}
"""The same in ASCII."""


def at(*places: Place) -> tuple[Key, ...]:
    """The keys of these places, in the table's order."""
    return tuple(key for key in TABLE if key.place in places)


def bindings(*places: Place) -> list[BindingType]:
    """Textual's bindings for these places; their ids are what a keymap names."""
    return [
        Binding(key.keys, key.action, key.label, show=False, priority=key.first, id=key.id)
        for key in at(*places)
        if key.action
    ]


def name(key: str, plain: bool = False) -> str:
    """A key as it stands on the keyboard: `f2` is F2, `escape` esc; `plain` is ASCII only."""
    *before, last = key.split("+")
    word = NAMES.get(last) or (last.upper() if len(last) > 1 and last[0] == "f" and last[1:].isdigit() else last)
    return "+".join((*before, PLAIN.get(word, word) if plain else word))


def names(key: Key, keymap: Mapping[str, str], all_of_them: bool = False, plain: bool = False) -> str:
    """The names of a key's keys, under the learner's own keymap; the first only, unless all are asked for."""
    if key.id not in keymap and key.shown and not all_of_them:
        return PLAIN.get(key.shown, key.shown) if plain else key.shown
    every = [name(one.strip(), plain) for one in keymap.get(key.id, key.keys).split(",")]
    # At the bottom of the screen room is short: ^c for ctrl+c, as terminals have always written it.
    return ", ".join(every) if all_of_them else every[0].replace("ctrl+", "^")


def in_footer(places: Iterable[Place], room: bool = True) -> tuple[Key, ...]:
    """What stands at the bottom at these places, the rarer keys last and only where there is room for them.

    Where two keys do the same, the nearer one stands there; the help has both.
    """
    wanted = set(places)
    twice = {"check"} if wanted & {"line", "choice"} else {"check", "home"} if "numbers" in wanted else set()
    if "home" in wanted:
        twice |= {"help", "quit"}
    here = [key for key in TABLE if key.place in wanted and key.label and key.id not in twice]
    often = [key for key in here if key.footer]
    # The way out is the last of the usual ones, where the eye looks for it.
    often.sort(key=lambda key: key.id in ("home", "close-laboratory"))
    return tuple(often + [key for key in here if not key.footer] if room else often)


def read_keymap(file: Path) -> tuple[dict[str, str], str]:
    """The `[keys]` of the configuration file as a keymap, and a sentence where something there cannot be used."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("keys", {})
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, f"{file} could not be read ({error}); the usual keys are in force."
    if not isinstance(table, dict):
        return {}, f"{file}: write the keys as a table, [keys]; the usual keys are in force."
    known = {key.id for key in TABLE if key.action}
    keymap = {word: keys for word, keys in table.items() if word in known and isinstance(keys, str) and keys.strip()}
    left = [word for word in table if word not in keymap]
    return keymap, f"{file}: nothing here is called {', '.join(left)}; F1 lists the names." if left else ""
