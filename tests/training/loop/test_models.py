"""The networks are those of the problem set."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tutor.training.models import Block, build


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet-8", "plain-14", "resnet20"])
@pytest.mark.parametrize("canvas", [28, 33])
def test_every_network_gives_ten_scores_an_image(name, canvas):
    assert build(name, canvas=canvas, width=4, stem_stride=2)(torch.randn(3, 1, canvas, canvas)).shape == (3, 10)


def test_the_mlp_has_its_five_layers():
    sizes = [(each.in_features, each.out_features) for each in build("mlp", canvas=56) if isinstance(each, nn.Linear)]
    assert sizes == [(3136, 256), (256, 256), (256, 256), (256, 256), (256, 10)]


def test_the_cnn_has_its_convolutions():
    found = [
        (each.in_channels, each.out_channels, each.kernel_size[0], each.stride[0], each.padding[0])
        for each in build("cnn")
        if isinstance(each, nn.Conv2d)
    ]
    assert found == [(1, 32, 5, 1, 2), (32, 64, 5, 2, 2), (64, 64, 5, 1, 2), (64, 128, 5, 2, 2), (128, 10, 1, 1, 0)]


@pytest.mark.parametrize(("before", "after", "stride"), [(4, 4, 1), (4, 8, 2), (4, 8, 1), (4, 4, 2)])
def test_a_block_adds_what_it_skips(before, after, stride):
    block, x = Block(before, after, stride, skip=True), torch.randn(2, before, 8, 8)
    residual = block.residual(x)
    skipped = block.skip(x)
    assert torch.equal(block(x), functional.relu(residual + skipped))
    assert isinstance(block.skip, nn.Identity) == (stride == 1 and before == after)
    plain = Block(before, after, stride, skip=False)
    assert torch.equal(plain(x), functional.relu(plain.residual(x)))


@pytest.mark.parametrize("depth", [8, 20, 44])
def test_a_network_of_depth_n_has_n_layers_with_weights(depth):
    for kind in ("resnet", "plain"):
        layers = [
            name
            for name, each in build(f"{kind}-{depth}").named_modules()
            if isinstance(each, nn.Conv2d | nn.Linear) and "skip" not in name
        ]
        assert len(layers) == depth


def test_resnet_20_has_the_size_of_the_paper():
    # 0.27 million on three channels of colour with parameter-free skips; ours has one channel and three projections.
    weights = sum(each.numel() for each in build("plain-20").parameters())
    assert weights == 269_722 - 16 * 9 * 2
    assert sum(each.numel() for each in build("resnet-20").parameters()) == weights + 9 * (16 * 32 + 32 * 64) + 2 * 96


@pytest.mark.parametrize(
    ("name", "told"), [("resnet-9", "6k"), ("resnet-2", "6k"), ("vgg", "mlp, cnn"), ("", "mlp, cnn")]
)
def test_what_is_no_network_is_refused_in_words(name, told):
    with pytest.raises(ValueError, match=told):
        build(name)
