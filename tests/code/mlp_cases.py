# ruff: noqa: E501
"""get_mlp."""

from tests.code.cases import HEAD, wrong

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
RIGHT = (SEQUENTIAL, MODULE, FUNCTIONAL, LAMBDA)
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
    wrong(SEQUENTIAL, "no bias", "nn.Linear(256, 10)", "nn.Linear(256, 10, bias=False)", "number of parameters"),
    wrong(MODULE, "a plain list", "nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))", "[nn.Linear(a, b) for a, b in zip(widths, widths[1:])]", "number of parameters", False),
    wrong(SEQUENTIAL, "dropout", LAST, "nn.Dropout(0.5), " + LAST, "the same in training and evaluation"),
    wrong(MODULE, "detached", "x = F.relu(layer(x))", "x = F.relu(layer(x)).detach()", "gradients reach every weight"),
    wrong(MODULE, "scaled by 255", "x = x.view(x.size(0), -1)", "x = x.view(x.size(0), -1) / 255", "computes what its layers say"),
    wrong(SEQUENTIAL, "not filled in", "return nn.Seq", "raise NotImplementedError\n    return nn.Seq", "builds at two image sizes", False),
)  # fmt: skip
WRONG = tuple(case for case in WRONG if case.check != "-")
