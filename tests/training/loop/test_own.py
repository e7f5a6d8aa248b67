"""The learner's own model and loop: used as ours are, and their errors told in their lines alone."""

from __future__ import annotations

import pytest
import torch

from tests.training.loop.small import EMBEDDED, curve
from tutor.training import worker
from tutor.training.events import Epoch, Message

MLP = """
from torch import nn

def get_mlp(image_size):
    sizes = [image_size**2, 256, 256, 256, 256]
    layers = [nn.Flatten()]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, 10))
"""
LOOP = """
def train_epoch(model, optimizer, scheduler, criterion, train_loader, epoch, device):
    model.train()
    losses, accuracies, rates = [], [], []
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accuracies.append((outputs.argmax(1) == labels).float().mean().item())
        rates.append(scheduler.get_last_lr()[0])
        scheduler.step()
    return losses, accuracies, rates
"""
NET = """
from torch import nn

class ResidualBlock(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.layer = nn.Conv2d(before, after, 3, stride, 1)
    def forward(self, x):
        return self.layer(x).relu()

def get_model(depth, block_type="ResidualBlock", base_width=16):
    block = globals()[block_type]
    return nn.Sequential(nn.Conv2d(1, base_width, 3, padding=1), block(base_width, 2 * base_width, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * base_width, 10))
"""


@pytest.fixture
def own(folder):
    """Runs the worker on a folder with the learner's files; its status and events."""

    def run(source="", loop="", name="own", wanted=lambda: False, **changes):
        mine = {**({"source": "mine"} if source else {}), **({"loop": "mine"} if loop else {})}
        made = folder(EMBEDDED, name, **mine, **changes)
        (made / "source.py").write_text(source)
        (made / "loop.py").write_text(loop)
        events = []
        return worker.run(made, events.append, wanted), events, made

    return run


def test_an_own_model_and_loop_that_are_right_draw_our_curve(own):
    status, ours, _ = own()
    assert status == 0
    status, theirs, _ = own(MLP, LOOP, "theirs")
    assert status == 0
    assert curve(theirs) == curve(ours)
    assert [e.validation_loss for e in theirs if isinstance(e, Epoch)] == [
        e.validation_loss for e in ours if isinstance(e, Epoch)
    ]


def test_an_own_loop_is_told_while_it_runs(own):
    _, events, _ = own(loop=LOOP.replace("loss.backward()", "loss.backward(); __import__('time').sleep(0.01)"))
    first = next(number for number, event in enumerate(events) if isinstance(event, Epoch))
    assert sum(event.type == "step" for event in events[:first]) > 3


def test_an_own_loop_that_asks_for_no_loss_is_told_by_what_it_returns(own):
    plain = LOOP.replace(
        "criterion(outputs, labels)", "__import__('torch').nn.functional.cross_entropy(outputs, labels)"
    )
    _, ours, _ = own()
    status, theirs, _ = own(loop=plain, name="theirs")
    assert status == 0
    assert [loss for loss, _, _ in curve(theirs)] == pytest.approx([loss for loss, _, _ in curve(ours)])


def test_an_own_loop_is_stopped_and_resumed_in_the_middle_of_an_epoch(own):
    asked = []
    _, whole, _ = own(loop=LOOP, name="whole")
    status, events, made = own(loop=LOOP, wanted=lambda: asked.append(1) or len(asked) > 12)
    assert (status, events[-1].type) == (0, "stopped")
    assert 0 < events[-1].step < 30
    worker.run(made, events.append, lambda: False)
    assert curve(events) == curve(whole)


def test_an_own_network_is_given_the_stride_of_the_recipe(own):
    status, events, _ = own(NET, model="resnet-20", stem_stride=2, width=4, epochs=1)
    assert status == 0
    assert any("stride 2" in event.text for event in events if isinstance(event, Message))


VIEWED = """
from torch import nn

def get_mlp(image_size):
    class Net(nn.Linear):
        def forward(self, x):
            return super().forward(x.view(7, -1))
    return Net(4, 10)
"""
WRONG_MODELS = {
    "name": (
        MLP.replace("image_size**2", "image_sise**2"),
        "NameError: name 'image_sise' is not defined; source.py, line 5, in get_mlp: sizes = [image_sise**2,",
    ),
    "missing": (MLP.replace("def get_mlp", "def get_net"), "source.py has no function get_mlp."),
    "syntax": (MLP.replace("return nn", "return  ( nn"), "source.py, line 9: SyntaxError"),
    "exit": ("import sys\nsys.exit(3)\n", "SystemExit: 3; source.py, line 2, in <module>: sys.exit(3)"),
    "call": (MLP.replace("return nn.Sequential", "return str"), "TypeError"),
    "number": (MLP.replace("    return nn.Sequential(", "    return len("), "TypeError"),
    "kind": ("def get_mlp(image_size):\n    return 3\n", "gives a value of type int in place of a torch.nn.Module"),
    "empty": ("import torch\ndef get_mlp(image_size):\n    return torch.nn.Flatten()\n", "no parameters to train"),
    "shapes": (MLP.replace("nn.Linear(256, 10)", "nn.Linear(255, 10)"), "Your mlp could not be trained: RuntimeError"),
    "forward": (VIEWED, "source.py, line 7, in forward: return super().forward(x.view(7, -1))"),
}


@pytest.mark.parametrize(("source", "told"), WRONG_MODELS.values(), ids=list(WRONG_MODELS))
def test_what_is_wrong_with_an_own_model_is_told_in_its_lines(own, source, told):
    status, events, _ = own(source)
    assert (status, events[-1].type) == (1, "failed")
    assert told in events[-1].reason
    assert events[-1].advice
    assert "site-packages" not in events[-1].reason


WRONG_LOOPS = {
    "name": (LOOP.replace("loss.item()", "loss.itm()"), "loop.py, line 12, in train_epoch: losses.append(loss.itm())"),
    "early": (
        LOOP.replace("    return losses", "        return losses"),
        "train_epoch returned after 1 of 30 batches.",
    ),
    "one list": (LOOP.replace("return losses, accuracies, rates", "return losses"), "in place of three lists"),
    "no rates": (LOOP.replace("rates.append(", "print("), "returned 0 learning_rates for 30 batches"),
    "words": (
        LOOP.replace("losses.append(loss.item())", "losses.append('low')"),
        "losses that train_epoch returned are",
    ),
    "nothing": (LOOP.replace("return losses, accuracies, rates", "return None"), "a NoneType in place of three lists"),
    "missing": (LOOP.replace("def train_epoch", "def train"), "loop.py has no function train_epoch."),
}


@pytest.mark.parametrize(("loop", "told"), WRONG_LOOPS.values(), ids=list(WRONG_LOOPS))
def test_what_is_wrong_with_an_own_loop_is_told_in_its_lines(own, loop, told):
    status, events, _ = own(loop=loop)
    assert (status, events[-1].type) == (1, "failed")
    assert told in events[-1].reason
    assert events[-1].advice


def test_a_model_whose_loss_is_no_number_is_told_where_to_look(own):
    source = MLP.replace("nn.Sequential(*", "Bad(*") + (
        "\n\nclass Bad(nn.Sequential):\n    def forward(self, x):\n        return super().forward(x) * float('nan')\n"
    )
    status, events, _ = own(source)
    assert status == 1
    assert "not a number at step 1 (epoch 1)" in events[-1].reason
    assert "look in your model" in events[-1].advice


def test_a_run_is_not_resumed_with_other_code(own):
    asked = []
    status, _, made = own(MLP, wanted=lambda: asked.append(1) or len(asked) > 12)
    assert status == 0
    (made / "source.py").write_text(MLP + "\n")
    events = []
    assert worker.run(made, events.append, lambda: False) == 1
    assert "another source.py" in events[-1].reason


def test_own_randomness_goes_on_where_it_was(own):
    """Dropout draws from torch's generator, which a checkpoint keeps."""
    source = MLP.replace("nn.Flatten()]", "nn.Flatten(), nn.Dropout(0.3)]")
    asked = []
    _, whole, _ = own(source, name="whole")
    _, events, made = own(source, wanted=lambda: asked.append(1) or len(asked) > 17)
    torch.rand(5)
    worker.run(made, events.append, lambda: False)
    assert curve(events) == curve(whole)
