# ruff: noqa: E501
"""get_model."""

from tests.code.cases import changed, wrong
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
BY_NAME = "globals()[block_type]"
PLAIN = """

class PlainBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.first = nn.Conv2d(in_channels, out_channels, 3, stride, 1)
        self.second = nn.Conv2d(out_channels, out_channels, 3, 1, 1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(out_channels) for _ in range(2))

    def forward(self, x):
        x = F.relu(self.norms[0](self.first(x)))
        return F.relu(self.norms[1](self.second(x)))
"""
UNDER = """

class PlainBlock(ResidualBlock):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__(in_channels, out_channels, stride=stride)
        self.skip = None

    def forward(self, x):
        return self.relu(self.residual(x))
"""
FLAG = changed(
    MODULE, ("stride):", "stride, skip=True):"), ("if stride", "self.around = skip\n        if skip and stride"),
    ("stride != 1 or in_channels != out_channels", "(stride != 1 or in_channels != out_channels)"),
    ("return F.relu(y + around)", "return F.relu(y + around if self.around else y)"),
) + "\n\nfrom functools import partial\nPlainBlock = partial(ResidualBlock, skip=False)\n"  # fmt: skip
UNFINISHED = changed(
    PLAIN, ("        super().__init__()\n", "        super().__init__()\n        raise NotImplementedError\n")
)
C = MODULE + PLAIN + NET
TABLE = '{"ResidualBlock": ResidualBlock, "PlainBlock": PlainBlock}'
IN_FRONT = changed(
    C, (BY_NAME, "BLOCKS[block_type]"), ("\n\ndef get_model", f"\n\nBLOCKS = {TABLE}\n\n\ndef get_model")
)
BRANCHES = changed(
    C,
    ("    return ResNet", '    if block_type == "ResidualBlock":\n        block = ResidualBlock\n    elif block_type == "PlainBlock":\n        block = PlainBlock\n    else:\n        raise ValueError(block_type)\n    return ResNet'),
    (BY_NAME, "block"),
)  # fmt: skip
ZERO = changed(
    A,
    (
        "        self.last = nn.Linear(channels, 10)\n",
        "        self.last = nn.Linear(channels, 10)\n        for each in self.modules():\n"
        "            if isinstance(each, ResidualBlock):\n                nn.init.zeros_(each.n2.weight)\n",
    ),
)
RIGHT = {
    "globals": A,
    "eval, a flat Sequential": B,
    "in place": INPLACE + NET,
    "getattr of the module": changed(A, (BY_NAME, "getattr(__import__('sys').modules[__name__], block_type)")),
    "a table in front": IN_FRONT,
    "a table in the function": changed(C, (BY_NAME, f"{TABLE}[block_type]")),
    "a table that gives None": changed(C, (BY_NAME, f"{TABLE}.get(block_type)")),
    "a table that falls back": changed(C, (BY_NAME, f"{TABLE}.get(block_type, ResidualBlock)")),
    "a table of one, for want of others": changed(A, (BY_NAME, '{"ResidualBlock": ResidualBlock}[block_type]')),
    "if and else": changed(C, (BY_NAME, 'ResidualBlock if block_type == "ResidualBlock" else PlainBlock')),
    "if, elif, raise": BRANCHES,
    "a plain block below the residual one": changed(SEQUENTIAL + UNDER + NET, (BY_NAME, f"{TABLE}[block_type]")),
    "one class for both": changed(FLAG + NET, (BY_NAME, f"{TABLE}[block_type]")),
    "a plain block still to be filled in": changed(C, (PLAIN, UNFINISHED)),
    "a plain block, globals": C,
    "a name or a class": changed(A, (BY_NAME, f"{BY_NAME} if isinstance(block_type, str) else block_type")),
    "other names for channels": changed(A, ("in_channels", "before"), ("out_channels", "after"), ("block(channels, width, 2", "block(before=channels, after=width, stride=2")),
    "channels asked of the block": changed(A, ("channels = width", "channels = blocks[-1].c2.out_channels")),
    "options by name alone": changed(A, ("get_model(depth, block", "get_model(depth, *, block")),
    "rows, then columns": changed(A, ("x.mean(dim=(2, 3))", "x.mean(dim=3).mean(dim=2)")),
    "a 1x1 convolution for the scores": changed(B, ("nn.Flatten(), nn.Linear(4 * w, 10)", "nn.Conv2d(4 * w, 10, 1), nn.Flatten()")),
    "the second norms begin at zero": ZERO,
}  # fmt: skip
NAMED, BEGINS, COUNT, DOUBLES = (
    "block_type names the block",
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
    wrong(A, "another name for the name", "block_type", "block_name", "takes its arguments", False),
    wrong(A, "always its own block", BY_NAME, "ResidualBlock", NAMED),
    wrong(A, "falls back on the only one", BY_NAME, '{"ResidualBlock": ResidualBlock}.get(block_type, ResidualBlock)', NAMED),
    wrong(A, "a class in place of its name", f'block_type="ResidualBlock", base_width=16):\n    return ResNet(depth, {BY_NAME}', "block_type=ResidualBlock, base_width=16):\n    return ResNet(depth, block_type", NAMED, False),
    wrong(C, "always the residual block", BY_NAME, "ResidualBlock", NAMED),
    wrong(C, "any name is the residual block's", BY_NAME, "ResidualBlock if block_type else PlainBlock", NAMED),
    wrong(C, "a table without the plain block", BY_NAME, '{"ResidualBlock": ResidualBlock}[block_type]', NAMED),
    wrong(C, "a table with other names", BY_NAME, '{"ResidualBlock": ResidualBlock, "plain": PlainBlock}[block_type]', NAMED),
    wrong(C, "both names for one", BY_NAME, '{"ResidualBlock": ResidualBlock, "PlainBlock": ResidualBlock}[block_type]', NAMED),
    wrong(C, "names exchanged", BY_NAME, '{"ResidualBlock": PlainBlock, "PlainBlock": ResidualBlock}[block_type]', NAMED, False),
    wrong(C, "plain in the first stage alone", "blocks.append(block(", "blocks.append((block if stage == 0 else ResidualBlock)(", NAMED),
    wrong(changed(A, ("stride):", "stride, more):")), "a block with a fourth argument", "if stage > 0 and i == 0 else 1)", "if stage > 0 and i == 0 else 1, None)", NAMED),
    wrong(A, "another width by default", "base_width=16", "base_width=32", NAMED),
    wrong(A, "another default", NET, NET.replace('"ResidualBlock", base', '"Wider", base') + "\n\nclass Wider(ResidualBlock):\n    def __init__(self, *given):\n        super().__init__(*given)\n        self.c2 = nn.Conv2d(given[1], given[1], 5, padding=2)\n", NAMED),
    wrong(A, "kernel 7 at the start", "nn.Conv2d(1, base_width, 3, padding=1,", "nn.Conv2d(1, base_width, 7, padding=3,", BEGINS),
    wrong(A, "no ReLU at the start", "F.relu(self.norm(self.first(x)))", "self.norm(self.first(x))", BEGINS),
    wrong(A, "divides by 2", "(depth - 2) // 6", "(depth - 2) // 2", COUNT),
    wrong(B, "one block more a stage", "range(k - 1)", "range(k)", COUNT),
    wrong(A, "a maximum at the start", "x = self.blocks(x)", "x = self.blocks(F.max_pool2d(x, 2))", COUNT),
    wrong(A, "a way around the first block", "x = self.blocks(x)", "x = self.blocks[1:](x + self.blocks[0](x))", COUNT),
    wrong(A, "a sigmoid after the first block", "x = self.blocks(x)", "x = self.blocks[1:](torch.sigmoid(self.blocks[0](x)))", COUNT),
    wrong(A, "the same width", "base_width * 2 ** stage", "base_width", DOUBLES),
    wrong(A, "adds instead of doubling", "base_width * 2 ** stage", "base_width * (stage + 1)", DOUBLES, False),
    wrong(A, "doubles in the last block", "if stage > 0 and i == 0 else 1))", "if stage > 0 and i == 0 else 1))", "-"),
    wrong(A, "stride never", "2 if stage > 0 and i == 0 else 1", "1", STRIDES),
    wrong(A, "stride in every block", "2 if stage > 0 and i == 0 else 1", "2 if stage > 0 else 1", STRIDES, False),
    wrong(A, "stride in stage one", "2 if stage > 0 and i == 0 else 1", "2 if i == 0 else 1", STRIDES),
    wrong(A, "width fixed", "return ResNet(depth, globals()[block_type], base_width)", "return ResNet(depth, globals()[block_type], 16)", "base_width sets the width"),
    wrong(B, "one block, multiplied", "[block(b, b, 1) for _ in range(k - 1)]", "[block(b, b, 1)] * (k - 1)", "-"),
    wrong(changed(C, ("nn.Sequential(*blocks)", "nn.Identity()\n        self.list = blocks")), "blocks in a plain list", "        x = self.blocks(x)\n", "        for block in self.list:\n            x = block(x)\n", OWN, False),
    wrong(B, "one block, multiplied in depth", "[block(a, b, s)] + [block(b, b, 1) for _ in range(k - 1)]", "[block(a, b, s)] + (([block(b, b, 1)] * 2)[: k - 1] if k < 3 else [block(b, b, 1)] * (k - 1))", OWN),
    wrong(A, "the maximum", "x = x.mean(dim=(2, 3))", "x = x.amax(dim=(2, 3))", ENDS, False),
    wrong(A, "two linear layers", "self.last = nn.Linear(channels, 10)", "self.last = nn.Sequential(nn.Linear(channels, 64), nn.Linear(64, 10))", ENDS),
    wrong(A, "tanh after the mean", "return self.last(x)", "return self.last(torch.tanh(x))", ENDS),
    wrong(B, "softmax", "nn.Linear(4 * w, 10),", "nn.Linear(4 * w, 10), nn.Softmax(dim=1),", "scores at the end"),
    wrong(A, "norm without statistics", "self.norm = nn.BatchNorm2d(base_width)", "self.norm = nn.BatchNorm2d(base_width, track_running_stats=False)", MODES),
    wrong(A, "dropout", "return self.last(x)", "return self.last(F.dropout(x, 0.2, self.training))", MODES),
    wrong(A, "first layer frozen", "x = self.blocks(x)", "x = self.blocks(x.detach())", "gradients reach every weight"),
    wrong(A, "scaled", "x = x.mean(dim=(2, 3))", "x = x.mean(dim=(2, 3)) * 0.1", ENDS, False),
    wrong(A, "the mean of a corner", "x = x.mean(dim=(2, 3))", "x = x[:, :, :2, :2].mean(dim=(2, 3))", "computes what its layers say"),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
