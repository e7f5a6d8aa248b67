"""Receptive fields of modules: the recurrence over the graph, the real gradient, published values, honest refusals."""

import json
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torchvision import models

from tutor.engine.networks.describing import describe
from tutor.engine.networks.effective import effective
from tutor.engine.networks.finding import build
from tutor.engine.networks.gradient import compared, measured
from tutor.engine.networks.reading import read
from tutor.fields.arithmetic import rows, smallest_width
from tutor.fields.layers import FieldError, Layer
from tutor.training import models as own_models
from tutor.training.folder import create
from tutor.training.recipe import changed, recipe

torch.set_num_threads(1)


def figures(model, width=64):
    """The recurrence's figures, and whether the gradient finds the same."""
    reading = read(model, "net", width)
    axis = reading.axes - 1
    field = reading.field(axis)
    return reading, field, compared(reading, axis, field)


@pytest.mark.parametrize(
    ("name", "published"),
    [("alexnet", 195), ("vgg16", 212), ("resnet18", 435), ("resnet50", 427), ("mobilenet_v2", 491),
     ("inception_v3", 1311), ("densenet121", 2071), ("shufflenet_v2_x1_0", 527)],
)  # fmt: skip
def test_networks_of_torchvision_have_their_published_fields_by_recurrence_and_by_gradient(name, published):
    found = describe(f"torchvision:{name}")
    assert found["receptive_field"] == published
    assert found["gradient"]["receptive_field"] == published
    assert found["gradient"]["agree"] is True


def test_resnet50_with_the_stride_in_the_1x1_convolution_sees_483_cells():
    with torch.device("meta"):
        net = models.resnet50(weights=None)
    for block in net.modules():
        if isinstance(block, models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    _, field, gradient = figures(net, 224)
    assert field.receptive_field == gradient["receptive_field"] == 483


def test_rows_name_their_modules_types_and_what_they_read():
    found = describe("torchvision:resnet18")
    rows = {row["name"]: row for row in found["layers"]}
    assert rows["conv1"] | {"type": "Conv2d", "kernel": 7, "size_out": 112} == rows["conv1"]
    assert rows["layer2.0.add"]["inputs"] == ["layer2.0.conv2", "layer2.0.downsample.0"]
    assert found["feature_map"] == "layer4.1.add"
    assert (found["stride"], found["layers"][-1]["size_out"]) == (32, 7)


LAYER = st.tuples(
    st.sampled_from(["conv", "max", "avg"]), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2),
    st.integers(1, 3), st.booleans(),
)  # fmt: skip


def module(kind, kernel, stride, padding, dilation, ceil):
    """A layer in PyTorch, and the same as arithmetic knows it."""
    if kind == "conv":
        built = nn.Conv1d(2, 2, kernel, stride, padding, dilation)
        return built, Layer("conv", kernel, stride, padding, dilation)
    padding = min(padding, kernel // 2)
    if kind == "max":
        return nn.MaxPool1d(kernel, stride, padding, dilation, ceil_mode=ceil), Layer(
            "max", kernel, stride, padding, dilation, "max", ceil
        )
    return nn.AvgPool1d(kernel, stride, padding, ceil_mode=ceil), Layer("avg", kernel, stride, padding, 1, "avg", ceil)


@settings(deadline=None, max_examples=30)
@given(st.lists(LAYER, min_size=1, max_size=4), st.integers(0, 9))
def test_random_stacks_agree_with_the_arithmetic_of_layers_and_with_their_gradient(stack, more):
    pairs = [module(*one) for one in stack]
    net = nn.Sequential(nn.Conv1d(2, 2, 1), *(m for built, _ in pairs for m in (built, nn.BatchNorm1d(2), nn.ReLU())))
    layers = [Layer("first", 1), *(layer for _, layer in pairs)]
    width = smallest_width(layers, 2) + more
    plain = rows(layers, width)
    try:
        reading = read(net, "net", width)
    except FieldError:
        # PyTorch refuses a window that lies in the padding altogether.
        assert any(row.size_out < 2 for row in plain.layers)
        return
    field = reading.field(0)
    assert [row.size_out for row in field.layers] == [row.size_out for row in plain.layers]
    assert not reading.warnings
    assert (field.receptive_field, field.first_position) == (plain.receptive_field, plain.first_position)
    assert measured(reading, 0) == (field.receptive_field, field.first_position)


class Shortcut(nn.Module):
    """A residual block whose shortcut takes every second cell and adds channels of zeros."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, 2, 1)
        self.conv2 = nn.Conv2d(6, 6, 3, 1, 1)
        self.fc = nn.Linear(6, 10)

    def forward(self, x):
        y = self.conv2(functional.relu(self.conv1(x)))
        y = functional.relu(y + functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 3)))
        return self.fc(y.mean((2, 3)))


class Gated(nn.Module):
    """Squeeze and excitation."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        x = self.conv(x)
        return x * torch.sigmoid(self.fc(functional.adaptive_avg_pool2d(x, 1)))


class Hourglass(nn.Module):
    """Down, up again, and a skip."""

    def __init__(self, up):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2))
        self.up, self.last = up, nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, x):
        return self.last(torch.cat([x, self.up(self.down(x))], 1))


class Uneven(nn.Module):
    """Branches of unequal jumps: one is cut to the other's size."""

    def __init__(self):
        super().__init__()
        self.fine, self.coarse = nn.Conv1d(1, 1, 3), nn.Conv1d(1, 1, 3, stride=2)

    def forward(self, x):
        coarse = self.coarse(x)
        return self.fine(x)[:, :, : coarse.shape[2]] + coarse


class Decides(nn.Module):
    """Control flow that depends on values."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)

    def forward(self, x):
        if x.sum() > 0:
            x = self.conv(x)
        return x


class Functional(nn.Module):
    """Windows given to functions, channels last in between."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.mix = nn.Linear(4, 8)

    def forward(self, x):
        x = functional.conv2d(x, self.weight, stride=2, padding=1)
        x = self.mix(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = functional.max_pool2d(functional.gelu(x), 2)
        a, b = x.chunk(2, dim=1)
        return functional.avg_pool2d(a + b, 3, 1, 1).flatten(1)


@pytest.mark.parametrize(
    ("net", "field", "jump"),
    [
        (Shortcut(), 7, 2),
        (Gated(), 5, 1),
        (Functional(), 13, 4),
        (nn.Sequential(nn.Conv2d(1, 2, (1, 5), padding="same", dilation=2)), 9, 1),
        (nn.Sequential(nn.ZeroPad2d((2, 1, 0, 0)), nn.Conv2d(1, 1, 3), nn.Flatten()), 3, 1),
        (nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2)), 3, 0.5),
        (nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4, 4, 3)), 6, 2),
        (nn.Sequential(nn.Conv3d(1, 1, 3), nn.GroupNorm(1, 1), nn.MaxPool3d(2)), 4, 2),
        (Hourglass(nn.ConvTranspose2d(2, 2, 2, 2)), 6, 1),
        (Hourglass(nn.Upsample(scale_factor=2)), 6, 1),
        (Hourglass(nn.Upsample(scale_factor=2, mode="bilinear")), 8, 1),
    ],
)
def test_branches_skips_and_resizing_agree_with_the_gradient(net, field, jump):
    if isinstance(net, nn.Sequential) and isinstance(net[0], nn.PixelUnshuffle):
        net = nn.Sequential(nn.Conv2d(1, 1, 1), *net)
    reading, found, gradient = figures(net)
    assert (found.receptive_field, found.stride) == (field, jump)
    assert gradient["receptive_field"] == field
    assert gradient["agree"] is True, (gradient, reading.steps)


def test_a_gate_made_of_the_whole_map_is_told():
    reading, *_ = figures(Gated())
    assert any("every unit depends on the whole input" in said for said in reading.warnings)


def test_unequal_jumps_are_a_warning():
    _, field, _ = figures(Uneven())
    assert any("unequal jumps" in said for said in field.warnings)


def test_a_kernel_that_is_not_square_has_figures_for_both_axes(tmp_path):
    (tmp_path / "flat.py").write_text("from torch import nn\nnet = nn.Conv2d(1, 1, (3, 7), stride=(1, 2))\n")
    found = describe(f"{tmp_path / 'flat.py'}:net")
    assert (found["receptive_field"], found["stride"]) == (7, 2)
    assert (found["height"]["receptive_field"], found["height"]["stride"]) == (3, 1)
    assert found["height"]["gradient"]["agree"] is True


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (Decides(), "decides on values"),
        (nn.Sequential(nn.Flatten(), nn.Linear(9, 2)), "whole input at once"),
        (nn.Sequential(nn.Conv1d(1, 4, 1), nn.Flatten(2), nn.TransformerEncoderLayer(64, 1)), "attention"),
        (nn.Sequential(nn.Conv1d(1, 4, 9), nn.LSTM(56, 3)), "LSTM"),
        (nn.Sequential(nn.Conv2d(1, 1, 99)), "cannot take"),
    ],
)
def test_where_there_is_no_receptive_field_a_sentence_says_why(net, said):
    with pytest.raises(FieldError, match=said) as caught:
        read(net, "net", 64)
    assert "\n" not in str(caught.value)


def test_attention_is_refused_with_the_field_of_the_last_map_before_it():
    with pytest.raises(FieldError, match=r"attention.*conv_proj, with a receptive field of 16"):
        describe("torchvision:vit_b_16")


def test_a_module_stays_as_it_was():
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    figures(net)
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


# ---------------------------------------------------------------- the effective field


def test_the_heat_map_lies_inside_the_theoretical_square_and_peaks_near_its_middle():
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Conv2d(3 if not at else 4, 4, 3, padding=1) for at in range(6)))
    found = effective(read(net, "net", 32), net, 21, width=21)
    assert (found["size"], found["square"]) == (21, [4, 4, 17, 17])
    heat = torch.tensor(found["heat"])
    assert float(heat.max()) == 1
    assert 3 <= found["side"] < 13
    inside = torch.zeros_like(heat)
    inside[4:17, 4:17] = 1
    assert float((heat * (1 - inside)).sum()) == 0
    row, column = divmod(int(heat.argmax()), 21)
    assert abs(row - 10) <= 2
    assert abs(column - 10) <= 2


def test_a_checkpoint_changes_the_heat_map_and_another_networks_is_refused(tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\nclass Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Conv2d(1, 1, 3, bias=False), nn.ReLU(), nn.Flatten())\n"
    )
    weight = torch.zeros(1, 1, 3, 3)
    weight[0, 0, 0, 0] = 1
    torch.save({"model": {"module.0.weight": weight}}, tmp_path / "one.pt")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    name = f"{tmp_path / 'net.py'}:Net"
    found = describe(name, width=3, heat=16, checkpoint=str(tmp_path / "one.pt"))
    assert found["effective"]["heat"] == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(FieldError, match="another network"):
        describe(name, heat=16, checkpoint=str(tmp_path / "other.pt"))
    with pytest.raises(FieldError, match="no checkpoint of weights"):
        describe(name, heat=16, checkpoint=str(tmp_path / "net.py"))


# ---------------------------------------------------------------- names, and the command


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torchvision:resnet51", "did you mean resnet50"),
        ("nowhere.py:Net", "no file"),
        ("net.py", "Say which module"),
        ("{folder}/broken.py:Net", "line 2"),
        ("{folder}/fine.py:Nothing", "it has Net"),
        ("{folder}/fine.py:value", "no torch.nn.Module"),
        ("nothing-of-this-name", "torchvision:resnet50"),
    ],
)
def test_a_name_that_stands_for_nothing_is_one_sentence(name, said, tmp_path):
    (tmp_path / "broken.py").write_text("import torch\n1 / 0\n")
    (tmp_path / "fine.py").write_text(
        "from torch import nn\nclass Net(nn.Module):\n    pass\ndef value():\n    return 3\n"
    )
    with pytest.raises(FieldError, match=said):
        build(name.format(folder=tmp_path), blank=True)


def tutor(*words):
    done = subprocess.run([sys.executable, "-m", "tutor", "receptive-field", *words], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def test_the_command_reads_a_file_of_the_learners_whatever_it_prints(tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\nprint('hello')\nnet = nn.Sequential(nn.Conv2d(1, 8, 5, 2), nn.MaxPool2d(3, 2))\n"
    )
    done = tutor("--model", f"{tmp_path / 'net.py'}:net", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["receptive_field"], found["stride"], found["gradient"]["agree"]) == (9, 4, True)


def test_the_command_draws_a_table_and_a_heat_map_in_ascii():
    done = tutor("--model", "torchvision:alexnet", "--effective", "--ascii", "--width", "64")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "receptive field 195   jump 32   first position -66" in done.stdout
    assert "they agree" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[:12])


@pytest.mark.parametrize(
    "words",
    [["--model", "torchvision:nothing"], ["k3", "--model", "x"], ["k3", "--effective"], ["--model", "x", "--unit", "1"],
     ["--model", "x", "--checkpoint", "y"], ["--model", "x", "--width", "0"], []],
)  # fmt: skip
def test_the_command_refuses_in_one_sentence(words):
    done = tutor(*words)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_network_of_the_learners_takes_what_it_asks_for(tmp_path):
    (tmp_path / "cnn.py").write_text(
        "from torch import nn\ndef get_cnn(image_size):\n    return nn.Sequential(nn.Conv2d(1, 2, 5), nn.Flatten(),"
        " nn.Linear(2 * (image_size - 4) ** 2, 10))\ndef deep(n, kernel=3):\n"
        "    return nn.Sequential(*(nn.Conv2d(1, 1, kernel) for _ in range(n)))\n"
    )
    assert describe(f"{tmp_path / 'cnn.py'}:get_cnn")["receptive_field"] == 5
    assert describe(f"{tmp_path / 'cnn.py'}:deep(4)")["receptive_field"] == 9
    assert describe(f"{tmp_path / 'cnn.py'}:deep(2, 7)")["receptive_field"] == 13
    with pytest.raises(FieldError, match="missing 1 required"):
        describe(f"{tmp_path / 'cnn.py'}:deep")


def test_the_network_of_a_run_is_the_one_that_was_trained(tmp_path, monkeypatch):
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path))
    own = "from torch import nn\ndef get_cnn(image_size):\n    return nn.Sequential(nn.Conv2d(1, 2, 7), nn.Flatten())\n"
    ours, mine = recipe("plain8", "quick"), changed(recipe("cnn-shifted", "quick"), {"model": "mine"})
    for one, sources, field in ((ours, {}, 47), (mine, {"source.py": own}, 7)):
        path, lock = create(one, sources)
        lock.release()
        model = (
            own_models.build("plain-8", width=one.width, stem_stride=2)
            if one is ours
            else nn.Sequential(nn.Conv2d(1, 2, 7))
        )
        torch.save({"model": model.state_dict()}, path / "checkpoint.pt")
        found = describe(f"run:{path}", heat=16, checkpoint=str(path / "checkpoint.pt"))
        assert found["receptive_field"] == field
        assert found["effective"]["checkpoint"]
    done = tutor("--model", f"run:{path.name}", "--json")
    assert json.loads(done.stdout)["receptive_field"] == 7
    assert "There is no run" in tutor("--model", "run:nothing").stderr
