# ruff: noqa: E501
"""ResidualBlock."""

from tests.code.cases import HEAD, Case, changed, wrong

MODULE = (
    HEAD
    + """
class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.n1 = nn.BatchNorm2d(out_channels)
        self.c2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.n2 = nn.BatchNorm2d(out_channels)
        self.skip = None
        if stride != 1 or in_channels != out_channels:
            self.c3 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.n3 = nn.BatchNorm2d(out_channels)
            self.skip = True

    def forward(self, x):
        y = F.relu(self.n1(self.c1(x)))
        y = self.n2(self.c2(y))
        around = x if self.skip is None else self.n3(self.c3(x))
        return F.relu(y + around)
"""
)
SEQUENTIAL = (
    HEAD
    + """
def conv(a, b, s=1):
    return nn.Sequential(nn.Conv2d(a, b, 3, s, 1), nn.BatchNorm2d(b))


class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.residual = nn.Sequential(conv(in_channels, out_channels, stride), nn.ReLU(), conv(out_channels, out_channels))
        same = stride == 1 and in_channels == out_channels
        self.skip = nn.Identity() if same else conv(in_channels, out_channels, stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.residual(x) + self.skip(x))
"""
)
INPLACE = MODULE.replace("return F.relu(y + around)", "y += around\n        return F.relu_(y)")
ADD = SEQUENTIAL.replace("self.residual(x) + self.skip(x)", "torch.add(self.skip(x), self.residual(x))").replace(
    "nn.ReLU(),", "nn.ReLU(inplace=True),"
)
NAMED_TWICE = changed(
    MODULE,
    ("        self.skip = None\n", "        self.residual = nn.Sequential(self.c1, self.n1, nn.ReLU(), self.c2, self.n2)\n        self.skip = None\n"),
    ("        y = F.relu(self.n1(self.c1(x)))\n        y = self.n2(self.c2(y))\n", "        y = self.residual(x)\n"),
)  # fmt: skip
ZERO = changed(
    MODULE, ("        self.skip = None\n", "        nn.init.zeros_(self.n2.weight)\n        self.skip = None\n")
)
RIGHT = {
    "a class": MODULE,
    "two Sequentials": SEQUENTIAL,
    "in place": INPLACE,
    "torch.add": ADD,
    "layers with two names": NAMED_TWICE,
    "the second norm begins at zero": ZERO,
}
BUILDS, TWO, STRIDE = (
    "builds for (16, 16, 1) and (16, 32, 2)",
    "two 3x3 convolutions one after the other",
    "the stride is in the first convolution",
)
ORDER, SAME, PROJECTION = (
    "the ReLU comes after the addition",
    "the input is added as it is where shapes agree",
    "a projection where the shape changes",
)
NORM, OWN, MODES = (
    "a batch norm after each convolution",
    "every layer has weights of its own",
    "batch norm follows the mode",
)
WRONG = (
    wrong(MODULE, "another name", "class ResidualBlock", "class Residual", "defines ResidualBlock", False),
    wrong(MODULE, "no stride", ", stride):", "):\n        stride = 1", "takes its arguments", False),
    wrong(MODULE, "a function that returns nothing", "class ResidualBlock(nn.Module):", "def ResidualBlock(in_channels, out_channels, stride):\n    pass\n\n\nclass Other(nn.Module):", BUILDS, False),
    wrong(MODULE, "no padding", "out_channels, 3, padding=1", "out_channels, 3", "shapes at 3 sizes", False),
    wrong(MODULE, "shape off at odd sizes", "return F.relu(y + around)", "return F.relu(y + around)[..., : max(1, x.shape[-1] // self.c1.stride[0] * 1)]", "shapes at 3 sizes"),
    wrong(SEQUENTIAL, "kernel 5", "nn.Conv2d(a, b, 3, s, 1)", "nn.Conv2d(a, b, 5, s, 2)", TWO, False),
    wrong(MODULE, "second kernel 5", "nn.Conv2d(out_channels, out_channels, 3, padding=1", "nn.Conv2d(out_channels, out_channels, 5, padding=2", TWO),
    wrong(MODULE, "stride in the second", "self.c1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride,", "self.c1 = nn.Conv2d(in_channels, out_channels, 3,", "-"),
    wrong(SEQUENTIAL, "stride in the second", "conv(in_channels, out_channels, stride), nn.ReLU(), conv(out_channels, out_channels)", "conv(in_channels, out_channels), nn.ReLU(), conv(out_channels, out_channels, stride)", STRIDE),
    wrong(MODULE, "no second norm", "y = self.n2(self.c2(y))", "y = self.c2(y)", NORM, False),
    wrong(SEQUENTIAL, "no first norm", "conv(in_channels, out_channels, stride), nn.ReLU()", "nn.Conv2d(in_channels, out_channels, 3, stride, 1), nn.ReLU()", NORM),
    wrong(MODULE, "no ReLU between", "y = F.relu(self.n1(self.c1(x)))", "y = self.n1(self.c1(x))", "a ReLU between the two"),
    wrong(SEQUENTIAL, "leaky", "stride), nn.ReLU()", "stride), nn.LeakyReLU()", "a ReLU between the two"),
    wrong(SEQUENTIAL, "plain block", "self.residual(x) + self.skip(x)", "self.residual(x)", "adds its input", False),
    wrong(MODULE, "plain block without a projection", "around = x if self.skip is None else self.n3(self.c3(x))\n        return F.relu(y + around)", "return F.relu(y)", "adds its input", False),
    wrong(MODULE, "ReLU before the sum", "F.relu(y + around)", "F.relu(y) + around", ORDER),
    wrong(SEQUENTIAL, "no ReLU at the end", "self.relu(self.residual(x) + self.skip(x))", "self.residual(x) + self.skip(x)", ORDER),
    wrong(SEQUENTIAL, "ReLU twice", "conv(out_channels, out_channels))", "conv(out_channels, out_channels), nn.ReLU())", ORDER),
    wrong(SEQUENTIAL, "projects always", "same = stride == 1 and in_channels == out_channels", "same = False", SAME),
    wrong(SEQUENTIAL, "projection 1x1", "conv(in_channels, out_channels, stride)\n        self.relu", "nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))\n        self.relu", PROJECTION),
    wrong(MODULE, "projection without a norm", "self.n3(self.c3(x))", "self.c3(x)", PROJECTION, False),
    wrong(MODULE, "one norm for both", "y = self.n2(", "y = self.n1(", OWN, False),
    wrong(MODULE, "one norm, once built", "        self.n2 = nn.BatchNorm2d(out_channels)\n", "        self.n2 = self.n1\n", OWN),
    wrong(MODULE, "no running statistics", "nn.BatchNorm2d(out_channels)", "nn.BatchNorm2d(out_channels, track_running_stats=False)", MODES),
    wrong(MODULE, "dropout", "y = self.n2(self.c2(y))", "y = self.n2(self.c2(F.dropout(y, 0.1, self.training)))", MODES),
    wrong(MODULE, "a ReLU on the way in", "self.n1(self.c1(x))", "self.n1(self.c1(F.relu(x)))", TWO),
    wrong(MODULE, "a ReLU and something more", "return F.relu(y + around)", "return torch.tanh(F.relu(y + around))", ORDER),
    wrong(MODULE, "under no_grad", "        y = F.relu(self.n1(self.c1(x)))", "        with torch.no_grad():\n            y = F.relu(self.n1(self.c1(x)))", "gradients reach every weight"),
    wrong(MODULE, "half the sum", "F.relu(y + around)", "F.relu(0.5 * y + around)", "computes what its layers say"),
)  # fmt: skip
PLAIN = SEQUENTIAL.replace(
    "        self.skip = nn.Identity() if same else conv(in_channels, out_channels, stride)\n", ""
).replace(" + self.skip(x)", "")
WRONG = (*WRONG, Case("plain block, built so", PLAIN, "adds its input"))
WRONG = tuple(case for case in WRONG if case.check != "-")
