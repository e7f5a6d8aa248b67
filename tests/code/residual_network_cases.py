# ruff: noqa: E501
"""get_model."""

from tests.code.cases import wrong
from tests.code.residual_block_cases import INPLACE, MODULE, SEQUENTIAL

NET = """

class ResNet(nn.Module):
    def __init__(self, depth, block, base_width):
        super().__init__()
        k = (depth - 2) // 6
        self.first = nn.Conv2d(1, base_width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(base_width)
        blocks, channels = [], base_width
        for stage in range(3):
            width = base_width * 2 ** stage
            for i in range(k):
                blocks.append(block(channels, width, 2 if stage > 0 and i == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Linear(channels, 10)

    def forward(self, x):
        x = F.relu(self.norm(self.first(x)))
        x = self.blocks(x)
        x = x.mean(dim=(2, 3))
        return self.last(x)


def get_model(depth, block_type="ResidualBlock", base_width=16):
    return ResNet(depth, globals()[block_type], base_width)
"""
FLAT = """

def stage(block, k, a, b, s):
    return [block(a, b, s)] + [block(b, b, 1) for _ in range(k - 1)]


def get_model(depth, block_type="ResidualBlock", base_width=16):
    block, w, k = eval(block_type), base_width, (depth - 2) // 6
    return nn.Sequential(
        nn.Conv2d(1, w, 3, 1, 1), nn.BatchNorm2d(w), nn.ReLU(),
        *stage(block, k, w, w, 1), *stage(block, k, w, 2 * w, 2), *stage(block, k, 2 * w, 4 * w, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * w, 10),
    )
"""
A, B = MODULE + NET, SEQUENTIAL + FLAT
RIGHT = (
    A,
    B,
    INPLACE + NET,
    A.replace("globals()[block_type]", "getattr(__import__('sys').modules[__name__], block_type)"),
)
BEGINS, COUNT, DOUBLES = (
    "begins with a 3x3 convolution, batch norm, ReLU",
    "three stages of (depth - 2) / 6 blocks",
    "the width doubles from stage to stage",
)
STRIDES, OWN, ENDS, MODES = (
    "stages two and three begin with stride 2",
    "every block has weights of its own",
    "the mean over all places, then one linear layer",
    "batch norm follows the mode",
)
WRONG = (
    wrong(A, "not returned", "return ResNet(", "ResNet(", "builds at three depths", False),
    wrong(A, "needs a width", "base_width=16", "base_width", "parses", False),
    wrong(B, "not flattened", "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * w, 10),", "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * w, 10), nn.Unflatten(1, (10, 1)),", "shapes"),
    wrong(A, "always its own block", "globals()[block_type]", "ResidualBlock", "block_type names the block", False),
    wrong(A, "a table of names", "globals()[block_type]", '{"ResidualBlock": ResidualBlock}[block_type]', "block_type names the block", False),
    wrong(A, "another default", NET, NET.replace('"ResidualBlock", base', '"Wider", base') + "\n\nclass Wider(ResidualBlock):\n    def __init__(self, *given):\n        super().__init__(*given)\n        self.c2 = nn.Conv2d(given[1], given[1], 5, padding=2)\n", "block_type names the block"),
    wrong(A, "kernel 7 at the start", "nn.Conv2d(1, base_width, 3, padding=1,", "nn.Conv2d(1, base_width, 7, padding=3,", BEGINS),
    wrong(A, "no ReLU at the start", "F.relu(self.norm(self.first(x)))", "self.norm(self.first(x))", BEGINS),
    wrong(A, "divides by 2", "(depth - 2) // 6", "(depth - 2) // 2", COUNT),
    wrong(B, "one block more a stage", "range(k - 1)", "range(k)", COUNT),
    wrong(A, "the same width", "base_width * 2 ** stage", "base_width", DOUBLES),
    wrong(A, "adds instead of doubling", "base_width * 2 ** stage", "base_width * (stage + 1)", DOUBLES, False),
    wrong(A, "doubles in the last block", "if stage > 0 and i == 0 else 1))", "if stage > 0 and i == 0 else 1))", "-"),
    wrong(A, "stride never", "2 if stage > 0 and i == 0 else 1", "1", STRIDES),
    wrong(A, "stride in every block", "2 if stage > 0 and i == 0 else 1", "2 if stage > 0 else 1", STRIDES, False),
    wrong(A, "stride in stage one", "2 if stage > 0 and i == 0 else 1", "2 if i == 0 else 1", STRIDES),
    wrong(A, "width fixed", "return ResNet(depth, globals()[block_type], base_width)", "return ResNet(depth, globals()[block_type], 16)", "base_width sets the width"),
    wrong(B, "one block, multiplied", "[block(b, b, 1) for _ in range(k - 1)]", "[block(b, b, 1)] * (k - 1)", "-"),
    wrong(B, "one block, multiplied in depth", "[block(a, b, s)] + [block(b, b, 1) for _ in range(k - 1)]", "[block(a, b, s)] + (([block(b, b, 1)] * 2)[: k - 1] if k < 3 else [block(b, b, 1)] * (k - 1))", OWN),
    wrong(A, "the maximum", "x = x.mean(dim=(2, 3))", "x = x.amax(dim=(2, 3))", ENDS, False),
    wrong(A, "two linear layers", "self.last = nn.Linear(channels, 10)", "self.last = nn.Sequential(nn.Linear(channels, 64), nn.Linear(64, 10))", ENDS),
    wrong(B, "softmax", "nn.Linear(4 * w, 10),", "nn.Linear(4 * w, 10), nn.Softmax(dim=1),", "scores at the end"),
    wrong(A, "norm without statistics", "self.norm = nn.BatchNorm2d(base_width)", "self.norm = nn.BatchNorm2d(base_width, track_running_stats=False)", MODES),
    wrong(A, "first layer frozen", "x = self.blocks(x)", "x = self.blocks(x.detach())", "gradients reach every weight"),
    wrong(A, "scaled", "x = x.mean(dim=(2, 3))", "x = x.mean(dim=(2, 3)) * 0.1", "computes what its layers say"),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
