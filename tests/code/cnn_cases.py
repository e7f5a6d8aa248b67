# ruff: noqa: E501
"""get_cnn."""

from tests.code.cases import HEAD, changed, wrong

SEQUENTIAL = (
    HEAD
    + """
def get_cnn(image_size):
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(64, 64, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(64, 128, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(128, 10, 1),
        nn.Flatten(),
    )
"""
)
MODULE = (
    HEAD
    + """
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5, stride=2, padding=2)
        self.conv3 = nn.Conv2d(64, 64, kernel_size=5, padding=2)
        self.conv4 = nn.Conv2d(64, 128, kernel_size=5, stride=2, padding=2)
        self.last = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.relu(self.conv3(x))
        x = F.relu(self.conv4(x))
        x = x.mean(dim=(2, 3))
        return self.last(x)


def get_cnn(image_size):
    return CNN()
"""
)
POOLED = MODULE.replace("x = x.mean(dim=(2, 3))", "x = F.avg_pool2d(x, x.shape[-2:]).flatten(1)")
LAMBDA = HEAD + (
    "def block(a, b, s):\n    return nn.Sequential(nn.Conv2d(a, b, 5, s, 2), nn.ReLU(inplace=True))\n\n"
    "get_cnn = lambda image_size: nn.Sequential(block(1, 32, 1), block(32, 64, 2), block(64, 64, 1),"
    " block(64, 128, 2), nn.AdaptiveAvgPool2d((1, 1)), nn.Conv2d(128, 10, 1), nn.Flatten())\n"
)
ZERO = (
    changed(SEQUENTIAL, ("return nn.Seq", "model = nn.Seq"))
    + "    nn.init.zeros_(model[-2].weight)\n    return model\n"
)
RIGHT = {
    "a Sequential": SEQUENTIAL,
    "a class": MODULE,
    "a pool as large as the map": POOLED,
    "lambdas": LAMBDA,
    "rows, then columns": changed(MODULE, ("x.mean(dim=(2, 3))", "x.mean(dim=-1).mean(dim=-1)")),
    "a pool by the image size": changed(SEQUENTIAL, ("nn.AdaptiveAvgPool2d(1)", "nn.AvgPool2d(image_size // 4)")),
    "padding by name": changed(MODULE, ("nn.Conv2d(64, 64, kernel_size=5, padding=2)", "nn.Conv2d(64, 64, kernel_size=5, padding='same')")),
    "the last layer begins at zero": ZERO,
    "no biases": changed(SEQUENTIAL, ("padding=2)", "padding=2, bias=False)"), ("128, 10, 1)", "128, 10, 1, bias=False)")),
}  # fmt: skip
FOUR = "four convolutions and their channels"
LAST = "        nn.Flatten(),\n"
BIASED = changed(MODULE, ("        self.last", "        self.bias = nn.Parameter(torch.zeros(32))\n        self.last"))
WRONG = (
    wrong(SEQUENTIAL, "a colon is missing", "get_cnn(image_size):", "get_cnn(image_size)", "parses", False),
    wrong(SEQUENTIAL, "the class itself", "return nn.Sequential(", "return nn.Sequential\n    return nn.Sequential(", "builds at two image sizes", False),
    wrong(SEQUENTIAL, "not flattened", LAST, "", "shapes"),
    wrong(MODULE, "flattened for one size", "x = x.mean(dim=(2, 3))", "x = x.flatten(1)[:, :6272].view(-1, 128, 49).mean(2)", "computes what its layers say"),
    wrong(SEQUENTIAL, "16 channels", "32", "16", FOUR),
    wrong(SEQUENTIAL, "one convolution more", "        nn.Conv2d(64, 64, 5, padding=2),\n        nn.ReLU(),\n", "        nn.Conv2d(64, 64, 5, padding=2),\n        nn.ReLU(),\n" * 2, FOUR, False),
    wrong(MODULE, "channels exchanged", "self.conv1(x))", "self.conv1(x))", "-"),
    wrong(SEQUENTIAL, "no padding", "nn.Conv2d(64, 64, 5, padding=2)", "nn.Conv2d(64, 64, 5)", "kernels and padding"),
    wrong(SEQUENTIAL, "kernel 3", "5, padding=2)", "3, padding=1)", "kernels and padding", False),
    wrong(SEQUENTIAL, "stride forgotten", "64, 5, stride=2,", "64, 5,", "strides"),
    wrong(MODULE, "stride everywhere", "kernel_size=5, padding=2)", "kernel_size=5, stride=2, padding=2)", "strides"),
    wrong(MODULE, "a ReLU forgotten", "F.relu(self.conv4(x))", "self.conv4(x)", "a ReLU after each convolution"),
    wrong(SEQUENTIAL, "tanh", "nn.ReLU()", "nn.Tanh()", "a ReLU after each convolution"),
    wrong(SEQUENTIAL, "the maximum", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "the mean over all places"),
    wrong(MODULE, "the mean and then a maximum of one", "x = x.mean(dim=(2, 3))", "x = F.max_pool2d(x.mean(dim=(2, 3), keepdim=True), 1).flatten(1)", "-"),
    wrong(SEQUENTIAL, "softmax", LAST, LAST + "        nn.Softmax(dim=1),\n", "scores at the end"),
    wrong(MODULE, "log softmax", "return self.last(x)", "return F.log_softmax(self.last(x), dim=1)", "scores at the end"),
    wrong(BIASED, "two biases", "        x = F.relu(self.conv1(x))", "        x = F.relu(self.conv1(x) + self.bias[:, None, None])", "number of parameters"),
    wrong(SEQUENTIAL, "a hidden linear layer", "        nn.Conv2d(128, 10, 1),\n", "        nn.Conv2d(128, 64, 1),\n        nn.ReLU(),\n        nn.Conv2d(64, 10, 1),\n", FOUR, False),
    wrong(MODULE, "a linear layer more", "nn.Linear(128, 10)", "nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))", FOUR),
    wrong(SEQUENTIAL, "3x3 for the scores", "nn.Conv2d(128, 10, 1)", "nn.Conv2d(128, 10, 3, padding=1)", "kernels and padding"),
    wrong(SEQUENTIAL, "a ReLU on the image", "        nn.Conv2d(1, 32", "        nn.ReLU(),\n        nn.Conv2d(1, 32", "a ReLU after each convolution"),
    wrong(MODULE, "a skip", "x = F.relu(self.conv3(x))", "x = x + F.relu(self.conv3(x))", "a ReLU after each convolution"),
    wrong(SEQUENTIAL, "batch norm", "        nn.Conv2d(128, 10, 1)", "        nn.BatchNorm2d(128, affine=False),\n        nn.Conv2d(128, 10, 1)", "the same in training and evaluation"),
    wrong(SEQUENTIAL, "dropout", LAST, LAST + "        nn.Dropout(),\n", "the same in training and evaluation"),
    wrong(MODULE, "frozen", "x = x.mean(dim=(2, 3))", "x = x.mean(dim=(2, 3)).detach()", "gradients reach every weight"),
    wrong(MODULE, "halved", "x = x.mean(dim=(2, 3))", "x = x.mean(dim=(2, 3)) / 2", "computes what its layers say"),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
