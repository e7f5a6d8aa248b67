"""The networks of problem 5 as the problem set gives them: a perceptron, a CNN, residual and plain networks."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

from tutor.training.recipe import Recipe, RecipeError, model_name

CLASSES = 10


def build(name: str, *, canvas: int = 28, width: int = 16, stem_stride: int = 1) -> nn.Module:
    """The network of a name: `mlp`, `cnn`, `resnet-N` or `plain-N` for a depth N = 6k + 2 (`resnet20` too).

    It takes images (n, 1, canvas, canvas) and gives scores (n, 10). `width` is the number of channels of the first
    stage and `stem_stride` the stride of the first convolution of residual and plain networks; the CNN takes
    `stem_stride` for its first convolution as well. Raises ValueError with a sentence.
    """
    try:
        kind, depth = model_name(name)
    except RecipeError as error:
        raise ValueError(str(error)) from None
    if kind == "mlp":
        return mlp(canvas)
    if kind == "cnn":
        return cnn(stem_stride)
    return residual_network(depth, width, stem_stride, skip=kind == "resnet")


def build_of(recipe: Recipe) -> nn.Module:
    """The network that a recipe trains, where it is ours."""
    return build(recipe.model, canvas=recipe.canvas, width=recipe.width, stem_stride=recipe.stem_stride)


def mlp(canvas: int) -> nn.Sequential:
    """All pixels to 256, three times 256 to 256, and to ten scores, ReLU between."""
    sizes = (canvas * canvas, 256, 256, 256, 256)
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], CLASSES))


def cnn(stem_stride: int = 1) -> nn.Sequential:
    """Four 5x5 convolutions with ReLU, the mean over all places, a 1x1 convolution to ten scores."""
    layers: list[nn.Module] = []
    for before, after, stride in ((1, 32, stem_stride), (32, 64, 2), (64, 64, 1), (64, 128, 2)):
        layers += [nn.Conv2d(before, after, 5, stride, padding=2), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(128, CLASSES, 1), nn.Flatten())


class Block(nn.Module):
    """R2(Residual(x) + Skip(x)) with Residual(x) = N2(C2(R1(N1(C1(x))))); R2(Residual(x)) alone without `skip`.

    C1 and C2 are 3x3 convolutions, N1 and N2 batch norms; C1 carries the stride. Skip(x) is x, or N3(C3(x)) with C3 and
    N3 set up as C1 and N1 where the stride is not 1 or the channels change.
    """

    def __init__(self, before: int, after: int, stride: int, skip: bool) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            *convolution(before, after, stride),
            nn.ReLU(inplace=True),
            *convolution(after, after, 1),
        )
        self.skip: nn.Module | None = None
        if skip:
            same = stride == 1 and before == after
            self.skip = nn.Identity() if same else nn.Sequential(*convolution(before, after, stride))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, s, s) to (n, after, s / stride, s / stride)."""
        out = self.residual(x)
        if self.skip is not None:
            out = out + self.skip(x)
        return self.relu(out)


def convolution(before: int, after: int, stride: int) -> tuple[nn.Module, nn.Module]:
    """A 3x3 convolution without bias (the batch norm has one) and its batch norm."""
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after)


def residual_network(depth: int, width: int = 16, stem_stride: int = 1, *, skip: bool = True) -> nn.Sequential:
    """The network of depth 6k + 2 after the CIFAR-10 form of the ResNet paper: three stages of k blocks each.

    The stages have `width`, 2 and 4 times `width` channels, and the second and third begin with stride 2.
    """
    first, norm = convolution(1, width, stem_stride)
    parts: dict[str, nn.Module] = {"first": first, "norm": norm, "relu": nn.ReLU(inplace=True)}
    before = width
    for stage in (1, 2, 3):
        after = width * 2 ** (stage - 1)
        blocks = []
        for number in range((depth - 2) // 6):
            blocks.append(Block(before, after, 2 if stage > 1 and number == 0 else 1, skip))
            before = after
        parts[f"stage{stage}"] = nn.Sequential(*blocks)
    parts |= {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "scores": nn.Linear(before, CLASSES)}
    return nn.Sequential(OrderedDict(parts))
