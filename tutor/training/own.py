"""The learner's own model and loop, from the run folder: used in place of ours, errors told in their own lines."""

from __future__ import annotations

import atexit
import importlib.util
import linecache
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from tutor.training.groups import Alone
from tutor.training.loop import Training
from tutor.training.machine import out_of_memory
from tutor.training.recipe import Recipe, model_name

MODEL_FILE, LOOP_FILE = "source.py", "loop.py"


class OwnCodeError(Exception):
    """The learner's code cannot be used: what happened and where, and what to do."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} {advice}")
        self.reason, self.advice = reason, advice


def handed_on(folder: Path, recipe: Recipe, group: Alone) -> Path:
    """Where this process finds the learner's files: the run's folder, or a temporary one with the same texts."""
    names = [MODEL_FILE] * (recipe.source == "mine") + [LOOP_FILE] * (recipe.loop == "mine")
    if group.size == 1 or not names:
        return folder
    files = [folder / name for name in names] if group.rank == 0 else []
    texts = group.same({file.name: file.read_text(encoding="utf-8") for file in files if file.is_file()})
    if group.rank == 0:
        return folder
    here = Path(tempfile.mkdtemp(prefix="tutor-"))
    atexit.register(shutil.rmtree, here, ignore_errors=True)
    for name, text in texts.items():
        (here / name).write_text(text, encoding="utf-8")
    return here


def model_of(folder: Path, recipe: Recipe) -> tuple[nn.Module, str]:
    """The network of `source.py` in the run folder, and a sentence about it (may be empty). Raises OwnCodeError."""
    return model_at(folder / MODEL_FILE, recipe)


def model_at(file: Path, recipe: Recipe) -> tuple[nn.Module, str]:
    """The same of any file."""
    module = _module(file)
    kind, depth = model_name(recipe.model)
    if kind in ("mlp", "cnn"):
        model = _call(file, _function(module, file, f"get_{kind}"), recipe.canvas)
    else:
        block = "ResidualBlock" if kind == "resnet" else "PlainBlock"
        if kind == "plain" and not hasattr(module, block):
            raise OwnCodeError(
                f"{file.name} has no {block}.",
                f"Write one, your block without its skip, or train ours: {recipe.model}.",
            )
        model = _call(file, _function(module, file, "get_model"), depth, block_type=block, base_width=recipe.width)
    if not isinstance(model, nn.Module):
        raise OwnCodeError(
            f"{file.name} gives a value of type {type(model).__name__} in place of a torch.nn.Module.",
            "Return the network itself.",
        )
    if not any(each.requires_grad for each in model.parameters()):
        raise OwnCodeError(f"The network of {file.name} has no parameters to train.", "Give it layers with weights.")
    return model, _strided(model, recipe.stem_stride)


def _strided(model: nn.Module, stride: int) -> str:
    """Give the first convolution the recipe's stride: the learner's function takes none."""
    first = next((each for each in model.modules() if isinstance(each, nn.Conv2d)), None)
    if first is None or stride == 1 or first.stride == (stride, stride):
        return ""
    first.stride = (stride, stride)
    return f"The first convolution of your network has been given stride {stride}, as this recipe has it for a laptop."


def epoch_of(folder: Path) -> Callable[[Training], None]:
    """The `train_epoch` of `loop.py` in the run folder, as a loop over one epoch. Raises OwnCodeError."""
    file = folder / LOOP_FILE
    function = _function(_module(file), file, "train_epoch")

    def one_epoch(training: Training) -> None:
        if training.group.size > 1:
            raise OwnCodeError(
                "Your train_epoch runs in one process alone.", "Start it without torchrun, or loop=ours."
            )
        loader, criterion = Loader(training), Criterion(training)
        expected = len(loader)
        found = _call(
            file,
            function,
            training.trained,
            training.optimizer,
            training.schedule,
            criterion,
            loader,
            training.at.epoch + 1,
            training.machine.device,
        )
        if training.at.batch < training.steps_per_epoch:
            raise OwnCodeError(
                f"train_epoch returned after {loader.given} of {expected} batches.",
                "Look where its return stands: after the loop, not in it.",
            )
        lists = _returned(found, expected)
        if not criterion.seen:
            _record(training, lists)
        elif criterion.seen < expected:
            raise OwnCodeError(
                f"train_epoch asked its criterion for the loss of {criterion.seen} of {expected} batches.",
                "Ask it for every batch.",
            )

    return one_epoch


def _record(training: Training, lists: list[list[float]]) -> None:
    """The numbers as they were returned, where no loss went by."""
    size, count = training.recipe.batch, len(training.data.labels)
    done = training.steps_per_epoch - len(lists[0])
    for number, (loss, accuracy, rate) in enumerate(zip(*lists, strict=True), done):
        training.images_in_batch = min(size, count - number * size)
        training.record(torch.tensor([loss, accuracy * training.images_in_batch], dtype=torch.float64), rate)


class Loader:
    """What train_epoch iterates over: the batches left of this epoch, already on the device."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self.batch_size = training.recipe.batch
        self.given = 0

    @property
    def dataset(self) -> TensorDataset:
        """All training images with their labels."""
        return TensorDataset(self._training.data.images, self._training.data.labels)

    def __len__(self) -> int:
        return self._training.steps_per_epoch - self._training.at.batch

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in self._training.batches():
            self.given += 1
            yield batch


class Criterion(nn.Module):
    """The mean cross entropy; it sees each loss go by, so that the curve is drawn while the epoch runs."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = (training,)
        self._entropy = nn.CrossEntropyLoss()
        self._step = -1
        self.seen = 0
        """Batches whose loss it gave."""

    def forward(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of a batch, a scalar."""
        loss = self._entropy(outputs, labels)
        (training,) = self._training
        if self._step != training.at.step:
            self._step = training.at.step
            self.seen += 1
            right = (outputs.detach().argmax(1) == labels).sum()
            training.record(torch.stack([loss.detach().double(), right.double()]), training.rate)
        return loss


def _returned(found: Any, expected: int) -> list[list[float]]:
    """Three lists, a number a batch each. Raises OwnCodeError."""
    advice = "Return (losses, accuracies, learning_rates), one float a batch in each."
    if not isinstance(found, tuple | list) or len(found) != 3:
        raise OwnCodeError(f"train_epoch returned a {type(found).__name__} in place of three lists.", advice)
    lists: list[list[float]] = []
    for name, values in zip(("losses", "accuracies", "learning_rates"), found, strict=True):
        try:
            lists.append([float(each) for each in values])
        except (TypeError, ValueError, RuntimeError):
            raise OwnCodeError(f"The {name} that train_epoch returned are not all numbers.", advice) from None
        if len(lists[-1]) != expected:
            raise OwnCodeError(f"train_epoch returned {len(lists[-1])} {name} for {expected} batches.", advice)
    return lists


def _module(file: Path) -> ModuleType:
    name = f"learner_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise OwnCodeError(f"The run has no {file.name}.", "Start it again, which copies your file into it.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _call(file, spec.loader.exec_module, module)
    return module


def _function(module: ModuleType, file: Path, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise OwnCodeError(f"{file.name} has no function {name}.", f"Write {name}; the starter shows how it is called.")
    return function


def _call(file: Path, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call the learner's code; an error (sys.exit too) that has its lines in the traceback becomes an OwnCodeError."""
    try:
        return function(*arguments, **named)
    except (Exception, SystemExit) as error:
        found = told(error, file)
        if found is None:
            raise
        raise found from None


def told(error: BaseException, *own_files: Path) -> OwnCodeError | None:
    """An error in the learner's own lines alone; None where it did not pass through them, or is no fault of theirs."""
    if isinstance(error, OwnCodeError) or out_of_memory(error) or hasattr(error, "advice"):
        return None
    files = {str(file): file.name for file in own_files}
    frames = [
        (files[frame.f_code.co_filename], frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in files
    ]
    words = str(error.msg if isinstance(error, SyntaxError) else error).strip().split("\n", 1)[0][:300]
    raised = f"{type(error).__name__}{f': {words}' if words else ''}"
    if isinstance(error, SyntaxError) and error.filename in files:
        return OwnCodeError(
            f"{files[error.filename]}, line {error.lineno}: {raised}", "Mend that line and start again."
        )
    if not frames:
        return None
    lines = [
        f"{name}, line {line}, in {place}: {linecache.getline(path, line).strip()}"
        for name, path, line, place in frames[-4:]
    ]
    # The innermost line last, as a traceback has it.
    return OwnCodeError(f"{raised}; {'; '.join(lines)}.", "Mend that line and start again.")
