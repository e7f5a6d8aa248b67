"""A recipe as a form: lines that can be chosen and changed, all of it a value. The words are the recipe's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from textual.content import Content

from tutor.training.recipe import NAMES, SETTINGS, Recipe, RecipeError, changed, images_held, recipe
from tutor.tui.drawing import ACCENT, Lines, cut
from tutor.tui.training.words import QUIET

SCALES = ("quick", "full")
FIELDS = ("recipe", "scale", *(key for key in SETTINGS if key not in ("source", "loop")))
ABOUT = {
    "recipe": ("what is trained on what", f"one of {', '.join(NAMES)}, or resnet-N and plain-N"),
    "scale": ("quick fits a laptop, full repeats the published run", "quick or full"),
}
BY_ONE = ("epochs", "seed", "threads", "stem_stride")
"""Numbers that an arrow changes by one; others are halved and doubled."""
NAME_COLUMNS = 15


@dataclass(frozen=True, slots=True)
class Form:
    """The recipe in hand, what it began as, and the line chosen."""

    recipe: Recipe
    at: int = 0

    @property
    def field(self) -> str:
        """The line chosen."""
        return FIELDS[self.at]

    @property
    def base(self) -> Recipe:
        """The recipe as its name and scale have it."""
        return recipe(self.recipe.name, self.recipe.scale)

    def value(self, field: str) -> Any:
        """What a line holds."""
        return self.recipe.name if field == "recipe" else getattr(self.recipe, field)

    def text(self, field: str) -> str:
        """The same as it is typed."""
        value = self.value(field)
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def move(self, step: int) -> Form:
        """Another line."""
        return replace(self, at=max(0, min(self.at + step, len(FIELDS) - 1)))

    def typed(self, text: str) -> Form:
        """The line chosen with another value. Raises RecipeError."""
        if self.field == "recipe":
            return replace(self, recipe=self._carried(recipe(text, self.recipe.scale)))
        if self.field == "scale":
            return replace(self, recipe=self._carried(recipe(self.recipe.name, text.strip())))  # type: ignore[arg-type]
        return replace(self, recipe=changed(self.recipe, {self.field: text}))

    def _carried(self, new: Recipe) -> Recipe:
        """Another recipe; whose model and loop it is, and where it runs, stay as they were chosen."""
        old = self.recipe
        return replace(new, source=old.source, loop=old.loop, device=old.device, threads=old.threads, seed=old.seed)

    def reset(self) -> Form:
        """The line chosen as the recipe has it."""
        if self.field in ("recipe", "scale"):
            return replace(self, recipe=self.base)
        return replace(self, recipe=replace(self.recipe, **{self.field: getattr(self.base, self.field)}))

    def mine(self) -> Form:
        """The learner's own model in place of ours, and back."""
        return replace(self, recipe=replace(self.recipe, source="ours" if self.recipe.source == "mine" else "mine"))

    def step(self, by: int) -> Form:
        """The value before or after, where there is one; a value that may not be stays as it was."""
        choices = {"recipe": NAMES, "scale": SCALES}.get(self.field) or SETTINGS[self.field].choices
        value = self.value(self.field)
        if choices:
            text = self.text(self.field)
            place = choices.index(text) if text in choices else -1 if by > 0 else 0
            new = choices[(place + by) % len(choices)]
        elif self.field == "images":
            new = self._images(by)
        elif isinstance(value, int):
            new = value + by if self.field in BY_ONE else max(value * 2, 1) if by > 0 else value // 2
        elif isinstance(value, float):
            new = (value * 2 if by > 0 else value / 2) if value else 1e-3
            new = f"{new:.4g}"
        else:
            return self
        try:
            return self.typed(str(new))
        except RecipeError:
            return self

    def _images(self, by: int) -> int:
        """Twice or half as many images as now; 0, which is all of them, stands above the rest."""
        all_of_them = images_held(self.recipe)
        now = self.recipe.images or all_of_them
        new = now * 2 if by > 0 else max(now // 2, 1)
        return 0 if new >= all_of_them else new


def label(field: str) -> str:
    """A setting's name in words."""
    return field.replace("_", " ")


def form_lines(form: Form, width: int) -> Lines:
    """Every line of the form; what was changed stands out, beside what it was."""
    base, lines = form.base, []
    for number, field in enumerate(FIELDS):
        chosen = number == form.at
        mark = ("▸ ", ACCENT) if chosen else ("  ", "")
        text = form.text(field)
        if field == "model" and form.recipe.source == "mine":
            text = f"{text}, yours"
        if field == "images" and not form.recipe.images:
            text = f"{text}, all {images_held(form.recipe):,}"
        other = field not in ("recipe", "scale") and getattr(form.recipe, field) != getattr(base, field)
        was = f"  was {Form(base).text(field)}" if other else ""
        value = cut(text, max(width - NAME_COLUMNS - 2, 1))
        was = was if NAME_COLUMNS + 2 + len(value) + len(was) <= width else ""
        look = "bold" if chosen or other else ""
        lines.append(
            Content.assemble(
                mark, (f"{label(field):<{NAME_COLUMNS}}", "" if chosen else QUIET), (value, look), (was, QUIET)
            )
        )
        if field == "scale":
            lines.append(Content(""))
    return lines


def row_of(at: int) -> int:
    """The row of a line of the form."""
    return at + (at > 1)


def about(form: Form) -> str:
    """What the line chosen is, and what it takes."""
    if form.field in ABOUT:
        what, allowed = ABOUT[form.field]
    else:
        what, allowed = SETTINGS[form.field].about, SETTINGS[form.field].allowed
    return f"{label(form.field)}: {what}; {allowed}."
