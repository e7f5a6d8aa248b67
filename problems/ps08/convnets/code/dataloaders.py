"""Problem 5: the data loaders. Fill in the places marked below; `CanvasDataset` is given."""

import torch
import torchvision
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms


class CanvasDataset(Dataset):
    """Puts each (1, 28, 28) image of `dataset` on an (1, img_size, img_size) canvas. Given; nothing to do here.

    The canvas has the image's minimum. The place is the centre, or with `random_shift` one drawn for each image;
    `noise` is the standard deviation of Gaussian noise added to the canvas; with `scramble_image` the pixels of all
    images are put into one and the same random order. What is drawn for an image stays the same in every round.
    """

    def __init__(self, dataset, img_size=28, random_shift=False, scramble_image=False, noise=0.0):
        self.dataset, self.img_size, self.random_shift, self.noise = dataset, img_size, random_shift, noise
        generator = torch.Generator().manual_seed(0)
        self.order = torch.randperm(img_size * img_size, generator=generator) if scramble_image else None

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        image, label = self.dataset[index]
        generator = torch.Generator().manual_seed(index)
        room = self.img_size - image.shape[-1]
        top, left = room // 2, room // 2
        if self.random_shift:
            top, left = (int(torch.randint(0, room + 1, (1,), generator=generator)) for _ in range(2))
        canvas = torch.full((1, self.img_size, self.img_size), float(image.min()))
        canvas[:, top : top + image.shape[-2], left : left + image.shape[-1]] = image
        if self.noise:
            canvas = canvas + self.noise * torch.randn(canvas.shape, generator=generator)
        if self.order is not None:
            canvas = canvas.flatten()[self.order].view_as(canvas)
        return canvas, label


def get_dataloaders(base_dataset, batch_size, img_size=28, random_shift=False, scramble_image=False, noise=0.0):
    """The loaders of the training and of the validation split.

    `base_dataset` is a class such as torchvision.datasets.MNIST or torchvision.datasets.FashionMNIST.
    Returns (train_loader, val_loader); a batch is images (n, 1, img_size, img_size) and labels (n,).
    """
    # 1. The transforms: an image as a tensor, normalised.
    #    MNIST has the mean 0.1307 and the deviation 0.3081, Fashion-MNIST 0.286041 and 0.353024.
    # 2. The two data sets, each on its canvas. The test split serves for validation here.
    # 3. The two loaders. Memory is pinned only on machines with a GPU, where torch.cuda.is_available().
    raise NotImplementedError
