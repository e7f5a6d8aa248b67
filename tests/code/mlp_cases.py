# ruff: noqa: E501
"""get_mlp."""

from tests.code.cases import HEAD, changed, wrong

SEQUENTIAL = (
    HEAD
    + """
def get_mlp(image_size):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(image_size * image_size, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )
"""
)
MODULE = (
    HEAD
    + """
class MLP(nn.Module):
    def __init__(self, image_size):
        super().__init__()
        widths = [image_size ** 2, 256, 256, 256, 256, 10]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        x = x.view(x.size(0), -1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def get_mlp(image_size):
    return MLP(image_size)
"""
)
FUNCTIONAL = MODULE.replace("F.relu(layer(x))", "torch.clamp(layer(x), min=0)").replace(
    "x.view(x.size(0), -1)", "x.flatten(1)"
)
LAMBDA = HEAD + (
    "act = lambda a, b: [nn.Linear(a, b), nn.ReLU(inplace=True)]\n"
    "get_mlp = lambda image_size, hidden=256: nn.Sequential(nn.Flatten(), *act(image_size**2, hidden),"
    " *act(hidden, hidden), *act(hidden, hidden), *act(hidden, hidden), nn.Linear(hidden, 10))\n"
)
OWN_LAYER = (
    HEAD
    + """
class Dense(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(a, b) * (2 / a) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x):
        return x @ self.weight + self.bias


def get_mlp(image_size):
    widths = [image_size**2, 256, 256, 256, 256]
    layers = [nn.Flatten()]
    for a, b in zip(widths, widths[1:]):
        layers += [Dense(a, b), nn.ReLU()]
    return nn.Sequential(*layers, Dense(256, 10))
"""
)
NAMED_TWICE = changed(
    MODULE,
    ("        self.layers =", "        layers ="),
    (
        "\n    def forward(self, x):\n        x = x.view(x.size(0), -1)\n        for layer in self.layers[:-1]:\n"
        "            x = F.relu(layer(x))\n        return self.layers[-1](x)\n",
        "        self.first, self.last = layers[0], layers[-1]\n        inner = [each for layer in layers[1:-1] for each in"
        " (layer, nn.ReLU())]\n        self.net = nn.Sequential(nn.Flatten(), self.first, nn.ReLU(), *inner, self.last)\n"
        "\n    def forward(self, x):\n        return self.net(x)\n",
    ),
)
ZERO = (
    changed(SEQUENTIAL, ("return nn.Seq", "model = nn.Seq"))
    + "    nn.init.zeros_(model[-1].weight)\n    return model\n"
)
RIGHT = {
    "a Sequential": SEQUENTIAL,
    "a class": MODULE,
    "clamp": FUNCTIONAL,
    "lambdas": LAMBDA,
    "a linear layer of its own": OWN_LAYER,
    "layers with two names": NAMED_TWICE,
    "the last layer begins at zero": ZERO,
    "no biases": changed(MODULE, ("nn.Linear(a, b)", "nn.Linear(a, b, bias=False)")),
    "no bias in the last layer": changed(SEQUENTIAL, ("nn.Linear(256, 10)", "nn.Linear(256, 10, bias=False)")),
}
FIRST = "nn.Linear(image_size * image_size, 256),\n        nn.ReLU(),"
LAST = "nn.Linear(256, 10),"
WRONG = (
    wrong(SEQUENTIAL, "a bracket is missing", "        nn.Linear(256, 10),\n    )", "", "parses", False),
    wrong(SEQUENTIAL, "another name", "def get_mlp", "def get_mpl", "defines get_mlp", False),
    wrong(SEQUENTIAL, "no argument", "get_mlp(image_size):", "get_mlp():", "takes its arguments", False),
    wrong(SEQUENTIAL, "nothing returned", "return nn.Seq", "model = nn.Seq", "builds at two image sizes", False),
    wrong(SEQUENTIAL, "size fixed", "image_size * image_size", "28 * 28", "shapes", False),
    wrong(SEQUENTIAL, "no flatten", "        nn.Flatten(),\n", "", "shapes", False),
    wrong(MODULE, "first score twice", "return self.layers[-1](x)", "y = self.layers[-1](x)\n        return y[None]", "shapes"),
    wrong(SEQUENTIAL, "128 wide", "256", "128", "five linear layers of the right width"),
    wrong(MODULE, "too few layers", "256, 256, 256, 256, 10", "256, 256, 256, 10", "five linear layers of the right width", False),
    wrong(MODULE, "narrow and wide, as many numbers", "[image_size ** 2, 256, 256, 256, 256, 10]", "[image_size ** 2, 256, 256, 256, 256, 10][:3] + [256, 256, 10]", "-"),
    wrong(SEQUENTIAL, "one ReLU forgotten", FIRST, "nn.Linear(image_size * image_size, 256),", "a ReLU between the layers"),
    wrong(MODULE, "sigmoid", "F.relu(", "torch.sigmoid(", "a ReLU between the layers"),
    wrong(SEQUENTIAL, "softmax at the end", LAST, LAST + " nn.Softmax(dim=1),", "scores at the end"),
    wrong(MODULE, "ReLU at the end", "return self.layers[-1](x)", "return F.relu(self.layers[-1](x))", "scores at the end", False),
    wrong(MODULE, "one hidden layer, run three times", "nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))", "nn.ModuleList([nn.Linear(widths[0], 256)] + [nn.Linear(256, 256)] * 3 + [nn.Linear(256, 10)])", "number of parameters"),
    wrong(SEQUENTIAL, "a lazy layer", "nn.Linear(image_size * image_size, 256)", "nn.LazyLinear(256)", "builds at two image sizes", False),
    wrong(MODULE, "a type that is not imported", "def forward(self, x):", "def forward(self, x: Tensor):", "defines get_mlp", False),
    wrong(SEQUENTIAL, "a convolution in front", "        nn.Flatten(),", "        nn.Conv2d(1, 1, 3, padding=1),\n        nn.Flatten(),", "five linear layers of the right width"),
    wrong(SEQUENTIAL, "a ReLU on the image", "        nn.Flatten(),", "        nn.Flatten(),\n        nn.ReLU(),", "a ReLU between the layers"),
    wrong(MODULE, "a skip", "x = F.relu(layer(x))", "y = F.relu(layer(x))\n            x = x + y if x.shape == y.shape else y", "a ReLU between the layers"),
    wrong(MODULE, "a plain list", "nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))", "[nn.Linear(a, b) for a, b in zip(widths, widths[1:])]", "number of parameters", False),
    wrong(SEQUENTIAL, "dropout", LAST, "nn.Dropout(0.5), " + LAST, "the same in training and evaluation"),
    wrong(MODULE, "detached", "x = F.relu(layer(x))", "x = F.relu(layer(x)).detach()", "gradients reach every weight"),
    wrong(MODULE, "scaled by 255", "x = x.view(x.size(0), -1)", "x = x.view(x.size(0), -1) / 255", "computes what its layers say"),
    wrong(SEQUENTIAL, "not filled in", "return nn.Seq", "raise NotImplementedError\n    return nn.Seq", "builds at two image sizes", False),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
