# ruff: noqa: E501
"""get_dataloaders."""

from tests.code.cases import changed, wrong
from tutor import paths

STARTER = (paths.problems_folder() / "ps08" / "convnets" / "code" / "dataloaders.py").read_text()
BODY = """    mean, std = (0.1307, 0.3081) if base_dataset is torchvision.datasets.MNIST else (0.286041, 0.353024)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mean,), (std,))])
    train_set = base_dataset("data", train=True, download=True, transform=transform)
    val_set = base_dataset("data", train=False, download=True, transform=transform)
    train_set = CanvasDataset(train_set, img_size, random_shift, scramble_image, noise)
    val_set = CanvasDataset(val_set, img_size, random_shift, scramble_image, noise)
    pin = torch.cuda.is_available()
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, pin_memory=pin)
    val_loader = DataLoader(val_set, batch_size=batch_size, shuffle=False, pin_memory=pin)
    return train_loader, val_loader
"""
PLAIN = STARTER.replace("    raise NotImplementedError\n", BODY)
BY_NAME = PLAIN.replace("base_dataset is torchvision.datasets.MNIST", 'base_dataset.__name__ == "MNIST"')
IMPORTED = (
    PLAIN.replace(
        "import torchvision\n", "from torchvision.datasets import MNIST\nfrom torchvision.transforms import v2\n"
    )
    .replace("base_dataset is torchvision.datasets.MNIST", "base_dataset == MNIST")
    .replace("transforms.ToTensor()", "v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()")
)
LOOPED = PLAIN.replace(
    BODY,
    """    loaders = []
    mean, std = {"MNIST": (0.1307, 0.3081), "FashionMNIST": (0.286041, 0.353024)}[base_dataset.__name__]
    for train in (True, False):
        data = base_dataset(root="./data", train=train, download=True, transform=lambda image: (transforms.functional.to_tensor(image) - mean) / std)
        data = CanvasDataset(data, img_size=img_size, random_shift=random_shift, scramble_image=scramble_image, noise=noise)
        loaders.append(DataLoader(data, batch_size, shuffle=train, drop_last=train, num_workers=1))
    return tuple(loaders)
""",
)
MEASURED = changed(
    PLAIN,
    ("    mean, std = (0.1307, 0.3081) if base_dataset is torchvision.datasets.MNIST else (0.286041, 0.353024)\n", "    pixels = base_dataset('data', train=True, download=True).data.float() / 255\n    mean, std = pixels.mean(), pixels.std()\n"),
)  # fmt: skip
RIGHT = {
    "two of each": PLAIN,
    "by the name of the data set": BY_NAME,
    "imported names, v2": IMPORTED,
    "a loop and a worker": LOOPED,
    "mean and deviation measured": MEASURED,
    "options by name alone": changed(PLAIN, ("batch_size, img_size=28,", "batch_size, *, img_size=28,")),
    "workers that stay": changed(PLAIN, ("shuffle=", "num_workers=8, persistent_workers=True, prefetch_factor=4, timeout=60, shuffle=")),
    "a generator": changed(PLAIN, ("shuffle=True", "shuffle=True, generator=torch.Generator().manual_seed(3)")),
}  # fmt: skip
SHAPES, SIZES, VAL, TRAIN = (
    "shapes and kinds of a batch",
    "batches of batch_size",
    "the whole validation split, and only that",
    "the training split, each image once",
)
NORM, CANVAS, SHIFT = (
    "normalised by the data set's mean and deviation",
    "the canvas: centred, on the image's minimum",
    "random_shift: another place for each image, its own in every round",
)
SCRAMBLE, NOISE = (
    "scramble_image: one order of the pixels for all images",
    "noise: added to the normalised image, its own in every round",
)
WRONG = (
    wrong(PLAIN, "a bracket is missing", "transforms.Normalize((mean,), (std,))])", "transforms.Normalize((mean,), (std,))]", "parses", False),
    wrong(PLAIN, "one loader", "return train_loader, val_loader", "return train_loader", "gives two loaders", False),
    wrong(PLAIN, "data sets in the place of loaders", "return train_loader, val_loader", "return train_set, val_set", "gives two loaders", False),
    wrong(PLAIN, "canvas size forgotten", "val_set = CanvasDataset(val_set, img_size, random", "val_set = CanvasDataset(val_set, 28, random", SHAPES, False),
    wrong(PLAIN, "labels as floats", "train=True, download=True, transform=transform)", "train=True, download=True, transform=transform, target_transform=float)", SHAPES),
    wrong(PLAIN, "a batch size of its own", "DataLoader(val_set, batch_size=batch_size", "DataLoader(val_set, batch_size=128", SIZES),
    wrong(PLAIN, "last batch dropped", "shuffle=False, pin_memory=pin", "shuffle=False, drop_last=True, pin_memory=pin", VAL),
    wrong(PLAIN, "validates on the training images", "train=False", "train=True", VAL, False),
    wrong(PLAIN, "drawn with replacement", "shuffle=True, pin_memory=pin", "sampler=torch.utils.data.RandomSampler(train_set, replacement=True), pin_memory=pin", TRAIN),
    wrong(PLAIN, "not shuffled", "shuffle=True", "shuffle=False", "training is shuffled anew each round"),
    wrong(PLAIN, "validation shuffled", "shuffle=False", "shuffle=True", "validation is not shuffled", False),
    wrong(PLAIN, "not normalised", "[transforms.ToTensor(), transforms.Normalize((mean,), (std,))]", "[transforms.ToTensor()]", NORM),
    wrong(PLAIN, "one mean for both", "if base_dataset is torchvision.datasets.MNIST else (0.286041, 0.353024)", "if True else None", NORM),
    wrong(PLAIN, "a subclass is taken for the class", "base_dataset is torchvision.datasets.MNIST", "issubclass(base_dataset, torchvision.datasets.MNIST)", NORM),
    wrong(PLAIN, "training not normalised", "train=True, download=True, transform=transform", "train=True, download=True, transform=transforms.ToTensor()", NORM),
    wrong(PLAIN, "normalised after the canvas", "torch.full((1, self.img_size, self.img_size), float(image.min()))", "torch.zeros((1, self.img_size, self.img_size))", CANVAS, False),
    wrong(PLAIN, "in the corner", "top, left = room // 2, room // 2", "top, left = 0, 0", CANVAS),
    wrong(PLAIN, "no shift handed on", "img_size, random_shift, scramble_image, noise)\n    val_set", "img_size, False, scramble_image, noise)\n    val_set", SHIFT),
    wrong(PLAIN, "drawn anew each time", "torch.randint(0, room + 1, (1,), generator=generator)", "torch.randint(0, room + 1, (1,))", SHIFT),
    wrong(PLAIN, "scramble not handed on", "random_shift, scramble_image, noise)\n    pin", "random_shift, False, noise)\n    pin", SCRAMBLE),
    wrong(PLAIN, "each image its own order", "canvas.flatten()[self.order]", "canvas.flatten()[torch.randperm(canvas.numel(), generator=generator)]", SCRAMBLE),
    wrong(PLAIN, "training not scrambled", "random_shift, scramble_image, noise)\n    val", "random_shift, False, noise)\n    val", SCRAMBLE),
    wrong(PLAIN, "training without noise", "random_shift, scramble_image, noise)\n    val", "random_shift, scramble_image)\n    val", NOISE),
    wrong(PLAIN, "noise forgotten", "random_shift, scramble_image, noise)\n    pin", "random_shift, scramble_image)\n    pin", NOISE),
    wrong(PLAIN, "noise drawn anew", "torch.randn(canvas.shape, generator=generator)", "torch.randn(canvas.shape)", NOISE),
    wrong(PLAIN, "always pinned", "pin = torch.cuda.is_available()", "pin = True", "no pinned memory without a GPU"),
    wrong(PLAIN, "validation shuffled once", "val_set = CanvasDataset(", "val_set = torch.utils.data.Subset(val_set, torch.randperm(len(val_set), generator=torch.Generator().manual_seed(4)).tolist())\n    val_set = CanvasDataset(", "validation is not shuffled"),
)  # fmt: skip
