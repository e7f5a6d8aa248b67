"""Recipes: what to train, every setting of it. Values only, no torch: the interface reads and writes them too."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias, get_args

Scale: TypeAlias = Literal["quick", "full"]
Placement: TypeAlias = Literal["centred", "shifted"]
DataName: TypeAlias = Literal["mnist", "fashion-mnist", "fashion-mini"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]
NAMES = (
    "mlp-centred",
    "mlp-shifted",
    "mlp-scrambled",
    "cnn-centred",
    "cnn-shifted",
    "cnn-scrambled",
    "resnet20",
    "plain20",
)
"""Those that are listed; resnet-N and plain-N exist for every depth N = 6k + 2."""


class RecipeError(Exception):
    """Why there is no such recipe or setting: one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training: the model, the images, how it learns."""

    name: str
    scale: Scale
    model: str
    """`mlp`, `cnn`, `resnet-N`, `plain-N`; what a learner wrote takes its place where `source` says so."""
    source: Literal["ours", "mine"]
    """`mine`: the learner's checked file of this model, copied into the run folder."""
    loop: Literal["ours", "mine"]
    """`mine`: the learner's `train_epoch`."""
    data: DataName
    images: int
    """Training images used, the first ones of the set; 0: all of them."""
    canvas: int
    """Pixels of a side of the square that images are placed on, 28 or more."""
    placement: Placement
    scrambled: bool
    """One fixed shuffle of all pixels, for all images."""
    noise: float
    """Standard deviation of the Gaussian noise added to the normalised image, fixed for each image."""
    batch: int
    epochs: int
    learning_rate: float
    weight_decay: float
    width: int
    """Channels of the first stage of a residual or plain network; others ignore it."""
    stem_stride: int
    """Stride of the first convolution of any network but the MLP: 1, or 2 to fit a laptop."""
    seed: int
    device: str
    """`auto`, `cpu`, `cuda`, `cuda:1`."""
    precision: Precision
    threads: int
    """CPU threads; 0: as many as there are cores."""


DEEPEST = 1202
_SETS: Mapping[str, int] = {"mnist": 60_000, "fashion-mnist": 60_000, "fashion-mini": 10_000}
_TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "fashion-mini": "Fashion-MNIST (the embedded part)"}
_NAME = re.compile(r"(resnet|plain)-?(\d{1,4})")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def model_name(text: str) -> tuple[str, int]:
    """The kind and depth of a model's name: `("cnn", 0)`, `("resnet", 20)`. Raises RecipeError."""
    if text in ("mlp", "cnn"):
        return text, 0
    match = _NAME.fullmatch(text)
    if match is None:
        raise RecipeError(f"There is no model {text!r}; there are mlp, cnn, resnet-N and plain-N, as in resnet-20.")
    kind, depth = match[1], int(match[2])
    if depth % 6 != 2 or not 8 <= depth <= DEEPEST:
        low = min(max(8, depth - (depth - 2) % 6), DEEPEST)
        near = " or ".join(f"{kind}-{each}" for each in dict.fromkeys((low, min(low + 6, DEEPEST))))
        raise RecipeError(f"A {kind} network has a depth of 6k + 2, from 8 to {DEEPEST}; take {near}.")
    return kind, depth


def recipe(name: str, scale: Scale) -> Recipe:
    """The recipe of a name at a scale. Raises RecipeError with the nearest names.

    `full` is the run that was published, `quick` one that ends within a minute on two CPU cores from the embedded set
    and still shows what the full one shows.
    """
    if scale not in get_args(Scale):
        raise RecipeError(f"There is no scale {scale!r}; it is quick or full.")
    plain = name.strip().lower().replace("_", "-")
    if _NAME.fullmatch(plain):
        kind, depth = model_name(plain)
        return _network(f"{kind}{depth}", f"{kind}-{depth}", scale)
    plain = plain.replace("centered", "centred").replace("shuffled", "scrambled")
    if plain not in NAMES:
        near = difflib.get_close_matches(plain, NAMES, 3, 0.4)
        advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(NAMES)}."
        raise RecipeError(f"There is no recipe {name!r}; {advice}")
    model, _, images = plain.partition("-")
    return _images(plain, model, images, scale)


def _images(name: str, model: str, images: str, scale: Scale) -> Recipe:
    """The MLP and the CNN: is it the place of the object that matters, or the place of each pixel?"""
    shared = _common(name, scale) | {
        "model": model,
        "placement": "shifted" if images == "shifted" else "centred",
        "scrambled": images == "scrambled",
        "learning_rate": 1e-3 if model == "mlp" else 5e-4,
        "weight_decay": 1e-2 if model == "mlp" else 1e-3,
    }
    if scale == "full":
        own = {"data": "mnist", "canvas": 56, "noise": 1.0, "epochs": 5}
    else:
        # Found by trying: a wide canvas and much noise show what shift and shuffle do, small batches that the CNN has
        # learned enough after three epochs; the strided first convolution makes these fit a minute.
        own = {
            "data": "fashion-mini",
            "canvas": 56,
            "noise": 0.75,
            "epochs": 3,
            "batch": 32,
            "stem_stride": 1 if model == "mlp" else 2,
            "learning_rate": 1e-3,
        }
    return Recipe(**(shared | own))


def _network(name: str, model: str, scale: Scale) -> Recipe:
    """Residual and plain networks: what do the skips do for depth?

    The published full run has a learning rate of 5e-4; the problem set's text asks for 3e-3.
    """
    shared = _common(name, scale) | {"model": model, "weight_decay": 1e-3}
    if scale == "full":
        own = {
            "data": "fashion-mnist",
            "canvas": 32,
            "placement": "shifted",
            "epochs": 10,
            "learning_rate": 5e-4,
        }
    else:
        # After a third epoch the deep plain network has caught up by more or less, as the seed has it: 14 to 30 points
        # are lost then, 19 to 39 after two.
        own = {"data": "fashion-mini", "epochs": 2, "learning_rate": 3e-3, "width": 8, "stem_stride": 2}
    return Recipe(**(shared | own))


def _common(name: str, scale: Scale) -> dict[str, Any]:
    return {
        "name": name,
        "scale": scale,
        "source": "ours",
        "loop": "ours",
        "images": 0,
        "canvas": 28,
        "placement": "centred",
        "scrambled": False,
        "noise": 0.0,
        "batch": 128,
        "width": 16,
        "stem_stride": 1,
        "seed": 0,
        "device": "auto",
        "precision": "auto",
        "threads": 0,
    }


def default_scale(gpu: bool) -> Scale:
    """The scale where nobody says: full where there is a GPU."""
    return "full" if gpu else "quick"


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of a recipe that can be changed: what it is, and what it takes, in words; `choices` where they are few."""

    key: str
    about: str
    allowed: str
    read: Callable[[str], Any]
    """The value of a text. Raises ValueError."""
    choices: tuple[str, ...] = ()


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text.replace("_", "").replace(",", ""))
        if not least <= value <= most:
            raise ValueError
        return value

    return read


def _real(most: float, zero: bool) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not 0 <= value <= most or (value == 0 and not zero):
            raise ValueError
        return value

    return read


def _truth(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise ValueError
    return text.lower() in _YES


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return read


def _model(text: str) -> str:
    try:
        kind, depth = model_name(text)
    except RecipeError as error:
        raise ValueError(str(error)) from None
    return f"{kind}-{depth}" if depth else kind


def _device(text: str) -> str:
    if not _DEVICE.fullmatch(text):
        raise ValueError
    return text


def _chosen(key: str, about: str, kind: Any) -> Setting:
    choices = get_args(kind)
    return Setting(key, about, _either(choices), _one_of(choices), choices)


def _either(choices: tuple[str, ...]) -> str:
    return " or ".join((", ".join(choices[:-1]), choices[-1]))


def _number(key: str, about: str, least: int, most: int) -> Setting:
    return Setting(key, about, f"a whole number from {least} to {most:,}", _whole(least, most))


def _amount(key: str, about: str, most: float, zero: bool = True) -> Setting:
    allowed = f"a number from 0 to {most:g}" if zero else f"a number above 0, at most {most:g}"
    return Setting(key, about, allowed, _real(most, zero))


SETTINGS: Mapping[str, Setting] = {
    one.key: one
    for one in (
        Setting("model", "the network", "mlp, cnn, resnet-N, plain-N, or mine", _model),
        _chosen("source", "whose model", Literal["ours", "mine"]),
        _chosen("loop", "whose loop over an epoch", Literal["ours", "mine"]),
        _chosen("data", "the data set", DataName),
        _number("images", "training images, 0 for all", 0, 60_000),
        _number("canvas", "pixels of a side", 28, 512),
        _chosen("placement", "where an image is on its canvas", Placement),
        Setting("scrambled", "one fixed shuffle of all pixels", "true or false", _truth, ("true", "false")),
        _amount("noise", "standard deviation of the noise", 100),
        _number("batch", "images a step", 1, 65_536),
        _number("epochs", "times through the images", 1, 100_000),
        _amount("learning_rate", "of AdamW, at the start", 100, zero=False),
        _amount("weight_decay", "of AdamW", 100),
        _number("width", "channels of the first stage (resnet, plain)", 1, 1024),
        _number("stem_stride", "stride of the first convolution (cnn, resnet, plain)", 1, 4),
        _number("seed", "of everything that is drawn", 0, 2**31 - 1),
        Setting("device", "where it runs", "auto, cpu, cuda or cuda:N", _device),
        _chosen("precision", "of the numbers", Precision),
        _number("threads", "CPU threads, 0 for all cores", 0, 1024),
    )
}
"""Everything of a recipe that can be changed, in the order in which it is shown."""
ELSEWHERE: Mapping[str, str] = {
    "lr": "learning_rate",
    "wd": "weight_decay",
    "bs": "batch",
    "batch_size": "batch",
    "dataset": "data",
}
"""What other programs call a setting. It is told, not taken: a recipe has one name for each."""


def changed(old: Recipe, settings: Mapping[str, str]) -> Recipe:
    """The recipe with settings given as text. `model=mine` means `source=mine`. Raises RecipeError."""
    values: dict[str, Any] = {}
    for key, text in settings.items():
        name, said = key.strip().replace("-", "_"), text.strip()
        setting = SETTINGS.get(name)
        if setting is None:
            raise RecipeError(_no_setting(name))
        if name == "model" and said in ("mine", "ours"):
            values["source"] = said
            continue
        try:
            values[name] = setting.read(said)
        except (ValueError, OverflowError) as error:
            why = str(error) if name == "model" and str(error) else f"it takes {setting.allowed}."
            raise RecipeError(f"{name} cannot be {said!r}: {why}") from None
    return _sound(replace(old, **values))


def _no_setting(name: str) -> str:
    if name in ("name", "scale"):
        return f"{name} cannot be set; name another recipe, or its scale with --scale."
    other = ELSEWHERE.get(name)
    near = [other] if other else difflib.get_close_matches(name, SETTINGS, 2, 0.7)
    advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(SETTINGS)}."
    return f"A recipe has no setting {name!r}; {advice}"


def images_held(one: Recipe) -> int:
    """How many training images the recipe's data set has."""
    return _SETS[one.data]


def _sound(new: Recipe) -> Recipe:
    """What settings must be together. Raises RecipeError."""
    held = images_held(new)
    if new.images > held:
        raise RecipeError(f"images cannot be {new.images:,}: {new.data} has {held:,}; take fewer, or 0 for all.")
    return new


def to_toml(one: Recipe) -> str:
    """The recipe as a file that `from_toml` reads: one setting a line."""
    lines = ["format = 1"]
    for field in fields(one):
        value = getattr(one, field.name)
        lines.append(f"{field.name} = {repr(value).lower() if isinstance(value, bool) else _toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: str | int | float) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def from_toml(text: str) -> Recipe:
    """The recipe of a file, checked like what somebody types. Raises RecipeError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipe cannot be read ({error}); mend that line.") from None
    if values.pop("format", None) != 1:
        raise RecipeError("The recipe is of a format that this version does not know; it begins with format = 1.")
    named = [field.name for field in fields(Recipe)]
    for problem, keys in (("lacks", set(named) - set(values)), ("does not know", set(values) - set(named))):
        if keys:
            raise RecipeError(f"The recipe {problem} {', '.join(sorted(keys))}; mend that line.")
    name, scale = str(values.pop("name")), values.pop("scale")
    return changed(recipe(name, scale), {key: str(value) for key, value in values.items()})


def difference(a: Recipe, b: Recipe) -> str:
    """What is other in `b` than in `a`, in words: `epochs 5 instead of 3`; empty where nothing is."""
    told = ((field.name, getattr(a, field.name), getattr(b, field.name)) for field in fields(a))
    return ", ".join(f"{name} {_said(new)} instead of {_said(old)}" for name, old, new in told if old != new)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def label(one: Recipe) -> str:
    """A short title: `CNN, shifted`, `ResNet-44`."""
    kind, depth = model_name(one.model)
    if depth:
        title = f"{'ResNet' if kind == 'resnet' else 'Plain'}-{depth}"
        return f"{title}, scrambled" if one.scrambled else title
    return f"{kind.upper()}, {'scrambled' if one.scrambled else one.placement}"


def summary(one: Recipe) -> str:
    """One line: what is trained on what, for how long."""
    count = one.images or images_held(one)
    images = f"{count:,} image{'' if count == 1 else 's'} of {_TITLES[one.data]}"
    placed = "at random places" if one.placement == "shifted" else "centred"
    order = ", pixels shuffled" if one.scrambled else ""
    noise = f", noise {one.noise:g}" if one.noise else ""
    epochs = f"{one.epochs} epoch{'s' if one.epochs > 1 else ''} in batches of {one.batch}"
    whose = {"mine": "your model of "}.get(one.source, "") + label(one).split(",")[0]
    own_loop = ", your loop" if one.loop == "mine" else ""
    return f"{whose} on {images}, {placed} on {one.canvas}x{one.canvas}{order}{noise}; {epochs}{own_loop}"
