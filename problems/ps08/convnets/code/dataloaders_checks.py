"""Checks of get_dataloaders, on small data sets in the place of torchvision's."""

from __future__ import annotations

from typing import Any

import torch
from tutor.code.judging import Session, Wrong, check, tensor

NAME = "get_dataloaders"
SIGNATURE = ("base_dataset", "batch_size", "img_size=28", "random_shift=False", "scramble_image=False", "noise=0.0")
TORCHVISION = True
PREPARE = ("stub_datasets",)
DEFAULTS = {"img_size": 28, "random_shift": False, "scramble_image": False, "noise": 0.0}
TRAIN, TEST, BATCH, CANVAS, WORKERS = 96, 40, 16, 40, 2
STATISTICS = {"MNIST": (0.1307, 0.3081), "FashionMNIST": (0.286041, 0.353024)}
CLOSE = 2e-3


class Split:
    """What one loader gave: images and labels of each round, one after the other."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.pinned = found["pinned"]
        self.sizes = [[_length(x) for x, _ in batches] for batches in found["rounds"]]
        self.rounds = [
            (
                torch.cat([tensor(x, "A batch of images") for x, _ in batches]),
                torch.cat([tensor(y, "A batch of labels") for _, y in batches]),
            )
            for batches in found["rounds"]
            if batches
        ]


def _length(found: Any) -> int:
    shape = tuple(tensor(found, "A batch of images").shape)
    return shape[0] if shape else 0


def raw(train: bool) -> torch.Tensor:
    """The images as the data set has them, in 0 to 255."""
    made = torch.Generator().manual_seed(11 if train else 12)
    data = torch.randint(0, 256, (TRAIN if train else TEST, 28, 28), generator=made, dtype=torch.uint8)
    data[:, 0, 0], data[:, 27, 27] = 0, 255
    return data.float()


def asked(session: Session, dataset: str = "MNIST", **options: Any) -> tuple[Split, Split]:
    """The two splits for these options."""
    options = {name: value for name, value in options.items() if value != DEFAULTS[name]}
    key = f"{dataset}{sorted(options.items())}"
    if key not in session.facts:
        workers = 0 if options else WORKERS
        found = session.ask("loaders", name=NAME, dataset=dataset, batch=BATCH, options=options, workers=workers)
        if "loaders" not in found:
            said = (
                f"{found['count']} things" if found["count"] not in (0, 2) else f"something of the type {found['kind']}"
            )
            raise Wrong(f"get_dataloaders gave {said}; two DataLoaders were expected, for training and validation.")
        session.facts[key] = tuple(Split(each) for each in found["loaders"])
    return session.facts[key]


def order(images: torch.Tensor, train: bool) -> torch.Tensor:
    """Which image of the data set each one is, from the correlation of its centre; -1 where none fits."""
    reference = raw(train).flatten(1)
    side = images.shape[-1]
    at = (side - 28) // 2
    cut = images[:, 0, at : at + 28, at : at + 28].flatten(1)
    if cut.shape[1] != reference.shape[1]:
        return torch.full((len(images),), -1)
    one = torch.nn.functional.normalize(cut - cut.mean(1, keepdim=True), dim=1)
    two = torch.nn.functional.normalize(reference - reference.mean(1, keepdim=True), dim=1)
    best = (one @ two.T).max(1)
    return torch.where(best.values > 0.9, best.indices, torch.full_like(best.indices, -1))


@check("gives two loaders")
def gives(session: Session) -> None:
    asked(session)


@check("shapes and kinds of a batch")
def shapes(session: Session) -> None:
    for size in (DEFAULTS["img_size"], CANVAS):
        asking = "Without options" if size == DEFAULTS["img_size"] else f"With img_size={size}"
        for name, split in zip(("training", "validation"), asked(session, img_size=size), strict=True):
            images, labels = split.rounds[0]
            if tuple(images.shape[1:]) != (1, size, size) or images.dtype != torch.float32:
                raise Wrong(
                    f"{asking} the {name} images have the shape {tuple(images.shape[1:])} and the type "
                    f"{str(images.dtype)[6:]}; (1, {size}, {size}) and float32 were expected."
                )
            if labels.dim() != 1 or labels.dtype != torch.int64:
                raise Wrong(
                    f"The {name} labels have the shape {tuple(labels.shape)}; one whole number an image was expected."
                )


@check("batches of batch_size")
def sizes(session: Session) -> None:
    for name, split in zip(("training", "validation"), asked(session), strict=True):
        if (most := max(split.sizes[0])) != BATCH or split.sizes[0][0] != BATCH:
            raise Wrong(f"batch_size is {BATCH}, and the {name} batches hold {most} images.")


@check("the whole validation split, and only that")
def validation(session: Session) -> None:
    images = asked(session)[1].rounds[0][0]
    if len(images) != TEST:
        raise Wrong(f"A round of validation has {len(images)} images; the data set's test split has {TEST}.")
    found = order(images, train=False)
    if sorted(found.tolist()) != list(range(TEST)):
        raise Wrong("The validation images are not those of the split train=False, each once.")


@check("the training split, each image once")
def training(session: Session) -> None:
    images, labels = asked(session)[0].rounds[0]
    found = order(images, train=True)
    known = found[found >= 0]
    if len(known) < len(found):
        raise Wrong("Some training images are not those of the split train=True.")
    if len(set(known.tolist())) < len(known) or len(images) < TRAIN - BATCH + 1:
        raise Wrong(f"A round of training has {len(set(known.tolist()))} different images of {TRAIN}; each once.")
    if not torch.equal(labels, known % 10):
        raise Wrong("Images and labels do not belong together any more.")


@check("training is shuffled anew each round")
def shuffled(session: Session) -> None:
    first, second = (order(images, train=True).tolist() for images, _ in asked(session)[0].rounds)
    if first == sorted(first) or first == second:
        raise Wrong("The training images come in the same order in every round. Which option mixes them?")


@check("validation is not shuffled")
def still(session: Session) -> None:
    for images, _ in asked(session)[1].rounds:
        found = order(images, train=False).tolist()
        if found != sorted(found):
            raise Wrong("The validation images are mixed. Nothing is learned from their order, so it can stay.")


@check("normalised by the data set's mean and deviation")
def normalised(session: Session) -> None:
    # The data set here is a small one: whoever takes both from the images themselves finds its own.
    pixels = raw(train=True) / 255
    found = (float(pixels.mean()), float(pixels.std()))
    for dataset, known in STATISTICS.items():
        for name, split in zip(("training", "validation"), asked(session, dataset), strict=True):
            images, _ = split.rounds[0]
            low, high = float(images.min()), float(images.max())
            ranges = [((0 - mean) / deviation, (1 - mean) / deviation) for mean, deviation in (known, found)]
            if not any(abs(low - least) < CLOSE and abs(high - most) < CLOSE for least, most in ranges):
                (least, most), _ = ranges
                raise Wrong(
                    f"The {name} images of {dataset} go from {low:.3g} to {high:.3g}; with the data set's mean and "
                    f"deviation they go from {least:.3g} to {most:.3g}."
                )


@check("the canvas: centred, on the image's minimum")
def canvas(session: Session) -> None:
    images, _ = asked(session, img_size=CANVAS)[1].rounds[0]
    if images.shape[-1] != CANVAS:
        return
    at = (CANVAS - 28) // 2
    inside = torch.zeros(CANVAS, CANVAS, dtype=torch.bool)
    inside[at : at + 28, at : at + 28] = True
    around = images[:, 0][:, ~inside]
    lowest = images[:, 0][:, inside].min()
    if float((around - lowest).abs().max()) > CLOSE:
        raise Wrong(
            f"Around the image the canvas goes from {float(around.min()):.3g} to {float(around.max()):.3g}; everywhere "
            f"the image's minimum, {float(lowest):.3g}, was expected, with the image in the centre."
        )


def corner(images: torch.Tensor) -> list[tuple[int, int]]:
    """Where on its canvas each image begins."""
    found = []
    for image in images[:, 0]:
        filled = (image > image.min() + CLOSE).nonzero()
        found.append((int(filled[:, 0].min()), int(filled[:, 1].min())) if len(filled) else (-1, -1))
    return found


@check("random_shift: another place for each image, its own in every round")
def shifts(session: Session) -> None:
    train, test = asked(session, img_size=CANVAS, random_shift=True)
    for name, split in (("training", train), ("validation", test)):
        places = corner(split.rounds[0][0])
        if len(set(places)) < 5 or len({row for row, _ in places}) < 4 or len({column for _, column in places}) < 4:
            raise Wrong(f"With random_shift the {name} images stand in {len(set(places))} places; many were expected.")
    if corner(test.rounds[0][0]) != corner(test.rounds[1][0]):
        raise Wrong("An image stands in another place in every round; its place is drawn once and kept.")


@check("scramble_image: one order of the pixels for all images")
def scrambles(session: Session) -> None:
    plain, mixed = (asked(session, scramble_image=flag)[1].rounds[0][0].flatten(1) for flag in (False, True))
    if plain.shape != mixed.shape or torch.allclose(plain, mixed, atol=CLOSE):
        raise Wrong("With scramble_image the pixels stand where they stood without.")
    if not torch.allclose(plain.sort(1).values, mixed.sort(1).values, atol=CLOSE):
        raise Wrong("With scramble_image the pixels are not the same as before in another order.")
    # One shuffle for all: a column of the mixed images is a column of the plain ones.
    columns = {tuple(column) for column in (plain.T * 100).round().int().tolist()}
    kept = sum(tuple(column) in columns for column in (mixed.T * 100).round().int().tolist())
    if kept < 0.9 * mixed.shape[1]:
        raise Wrong("Every image is scrambled in an order of its own; one order, drawn once, was asked for.")
    train, test = asked(session, scramble_image=True)
    if not torch.allclose(mixed, test.rounds[1][0].flatten(1), atol=CLOSE):
        raise Wrong("The order of the pixels changes from round to round; it is drawn once.")
    if bool((order(train.rounds[0][0], train=True) >= 0).any()):
        raise Wrong("With scramble_image the pixels of the training images stand where they stood without.")


@check("noise: added to the normalised image, its own in every round")
def noisy(session: Session) -> None:
    plain = asked(session)[1].rounds[0][0]
    train, split = asked(session, noise=0.5)
    added = split.rounds[0][0] - plain
    deviation, mean = float(added.std()), float(added.mean())
    if abs(deviation - 0.5) > 0.03 or abs(mean) > 0.03:
        raise Wrong(
            f"With noise=0.5 what is added has the deviation {deviation:.3g} and the mean {mean:.3g}; 0.5 and 0 were "
            "expected, on the normalised image."
        )
    if not torch.allclose(split.rounds[0][0], split.rounds[1][0], atol=1e-5):
        raise Wrong("An image gets other noise in every round; its noise is drawn once and kept.")
    # Training images come in any order; the variance of independent noise adds to theirs.
    more = float(train.rounds[0][0].var() - asked(session)[0].rounds[0][0].var())
    if abs(max(more, 0.0) ** 0.5 - 0.5) > 0.05:
        raise Wrong("With noise=0.5 the training images vary as they did without, or by another amount than asked for.")


@check("no pinned memory without a GPU")
def pinned(session: Session) -> None:
    for split in asked(session):
        if split.pinned:
            raise Wrong(
                "Memory is pinned here, where there is no GPU to copy to. Which call tells whether there is one?"
            )


CHECKS = (
    gives,
    shapes,
    sizes,
    validation,
    training,
    shuffled,
    still,
    normalised,
    canvas,
    shifts,
    scrambles,
    noisy,
    pinned,
)
