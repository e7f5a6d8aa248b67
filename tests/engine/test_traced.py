"""Receptive fields of real networks against published values, and against their own gradient."""

import pytest
import torch
from torch import nn

from tutor.engine.protocol import MethodError
from tutor.engine.traced import build, field_of, gradient_field


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("name", "published"),
    [("alexnet", 195), ("vgg16", 212), ("resnet18", 435), ("resnet50", 427), ("mobilenet_v2", 491)],
)
def test_published_receptive_fields(name, published):
    model = build(f"torchvision:{name}")
    field = field_of(model)
    assert field.receptive_field == published
    assert gradient_field(model, field) == published


def test_a_resnet_with_its_stride_in_the_first_convolution_sees_more():
    model = build("resnet50")
    for module in model.modules():
        if type(module).__name__ == "Bottleneck":
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    assert field_of(model).receptive_field == 483


class Branches(nn.Module):
    """Two branches, one wide, one dilated, added."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(3, 4, 7, padding=3)
        self.holes = nn.Conv2d(3, 4, 3, padding=4, dilation=4)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)

    def forward(self, x):
        return self.pool(torch.relu(self.wide(x) + self.holes(x))).mean((2, 3))


def test_branches_join_as_a_union():
    field = field_of(Branches(), 32)
    assert field.receptive_field == 9 + 2
    assert gradient_field(Branches(), field) == 11
    assert field.layers[-1].inputs == ("add",)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        x = self.conv(x)
        return x * self.pool(x)


class Dynamic(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(
    ("model", "said"), [(Attention(), "every unit sees all"), (Dynamic(), "no graph"), (nn.Flatten(), "no layer")]
)
def test_where_there_is_no_receptive_field_it_says_so(model, said):
    with pytest.raises(MethodError, match=said):
        field_of(model)


def test_an_unknown_network_is_a_sentence():
    with pytest.raises(MethodError, match="There is no network"):
        build("torchvision:resnet51")
