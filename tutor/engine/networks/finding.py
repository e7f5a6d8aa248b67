"""The module that a name stands for: of torchvision, of the tutor, or of a file of the learner's."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tutor.fields.layers import FieldError

PHOTOGRAPHS, SMALL = 224, 32
"""The usual widths: of torchvision's networks, and of the rest."""


def build(name: str, blank: bool) -> tuple[nn.Module, int]:
    """The module and its usual width. `blank`: parameters have no values where that saves time. Raises FieldError."""
    if name.startswith("torchvision:"):
        return _torchvision(name.removeprefix("torchvision:"), blank), PHOTOGRAPHS
    if name.startswith("run:"):
        return _trained(Path(name.removeprefix("run:")))
    if ":" in name:
        path, _, inside = name.rpartition(":")
        return _own(Path(path), inside), SMALL
    if name.endswith(".py"):
        raise FieldError(f"Say which module of {Path(name).name} is meant, as in {Path(name).name}:Net.")
    return _tutor(name), SMALL


def _torchvision(name: str, blank: bool) -> nn.Module:
    from torchvision import models

    known = models.list_models()
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.5)
        advice = f"did you mean {' or '.join(near)}?" if near else "for example resnet50, vgg16 or mobilenet_v2."
        raise FieldError(f"torchvision has no network {name!r}; {advice}")
    # Nothing is ever fetched: by default the builders of detection and segmentation take weights for their backbones.
    builder = models.get_model_builder(name)
    names = [one for one in inspect.signature(inspect.unwrap(builder)).parameters if one.startswith("weights")]
    error: Exception | None = None
    for device in ("meta", "cpu") if blank else ("cpu",):
        # A few builders compute with their weights, which on "meta" have no values.
        with warnings.catch_warnings(), torch.device(device):
            warnings.simplefilter("ignore")
            try:
                return builder(**dict.fromkeys(names))
            except Exception as trouble:
                error = trouble
    words = str(error).strip().split("\n", 1)[0]
    raise FieldError(f"torchvision could not build {name} ({type(error).__name__}: {words}).")


def _tutor(name: str) -> nn.Module:
    example = "torchvision:resnet50, or FILE.py:Net for one of yours"
    try:
        models: Any = importlib.import_module("tutor.training.models")
    except ModuleNotFoundError:
        raise FieldError(f"This tutor has no networks of its own; name one as {example}.") from None
    try:
        return models.build(name)
    except (ValueError, KeyError) as error:
        said = str(error.args[0] if error.args else error).rstrip(".")
        raise FieldError(f"{said}; other networks are named as {example}.") from None


def _trained(folder: Path) -> tuple[nn.Module, int]:
    """The network of a run, the learner's own too, and the width of its images."""
    from tutor.training import models, own
    from tutor.training.folder import RunError
    from tutor.training.starting import recipe_of

    try:
        recipe = recipe_of(folder)
        if recipe.source == "mine":
            return own.model_of(folder, recipe)[0], recipe.canvas
    except (RunError, own.OwnCodeError) as error:
        raise FieldError(str(error)) from None
    return models.build_of(recipe), recipe.canvas


def _own(path: Path, inside: str) -> nn.Module:
    """A class, a function, or a module, in a file; dots lead to its parts. What a function asks for stands in brackets,
    as in get_model(20); one that asks for `image_size` alone gets the usual one.
    """
    inside, _, arguments = inside.partition("(")
    if not path.is_file():
        raise FieldError(f"There is no file {path}; name a Python file and a module in it, as in net.py:Net.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FieldError(f"{path.name} is no Python file; name one that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
        first, *parts = inside.split(".")
        if not hasattr(module, first):
            raise FieldError(f"{path.name} has no {first!r}{_offered(module)}.")
        found = getattr(module, first)
        if not isinstance(found, nn.Module):
            found = found(*_arguments(found, arguments))
        for part in parts:
            found = getattr(found, part)
    except FieldError:
        raise
    except BaseException as error:
        raise FieldError(f"{path.name} cannot be used{_line(error, path)}: {type(error).__name__}: {error}.") from None
    if not isinstance(found, nn.Module):
        raise FieldError(f"{inside} of {path.name} is no torch.nn.Module; name a class, a function or a module.")
    return found


def _arguments(function: Any, typed: str) -> tuple[Any, ...]:
    """What stands in the brackets, as literals; else the usual image size where that is all that is asked for."""
    if typed:
        return ast.literal_eval(f"({typed.rstrip().removesuffix(')').rstrip(',')},)")
    try:
        asked = [one.name for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    except (TypeError, ValueError):
        return ()
    return (SMALL,) if asked == ["image_size"] else ()


def _offered(module: Any) -> str:
    names = [
        name
        for name, value in vars(module).items()
        if isinstance(value, nn.Module)
        or (isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__)
    ]
    return f"; it has {', '.join(names)}" if names else " and no other torch.nn.Module"


def _line(error: BaseException, path: Path) -> str:
    own = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename) == path]
    return f", line {own[-1].lineno}" if own else ""


def load(model: nn.Module, path: Path) -> None:
    """Put a checkpoint's values into a module. Raises FieldError."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FieldError(f"There is no checkpoint {path}; name a file that torch.save wrote.") from None
    except Exception:
        raise FieldError(f"{path.name} is no checkpoint of weights alone; save the module's state_dict().") from None
    for key in ("model", "state_dict", "model_state", "weights"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict):
        raise FieldError(f"{path.name} holds no state_dict; save the module's state_dict().")
    values = {key.removeprefix("_orig_mod.").removeprefix("module."): value for key, value in found.items()}
    try:
        model.load_state_dict(values)
    except (RuntimeError, TypeError):
        missing, own = set(model.state_dict()) - set(values), set(values) - set(model.state_dict())
        first = next(iter(sorted(missing or own)), "a tensor of another shape")
        raise FieldError(f"{path.name} is of another network; {first} does not match.") from None
