"""The rule by which the embedded set is made."""

import numpy as np
import pytest

from tools.make_fashion_mini import first_of_each
from tutor.training.data.sets import Split


def test_the_first_of_each_class_are_kept_in_their_order():
    labels = np.array([3, 1, 1, 3, 1, 3, 3], np.uint8)
    images = np.arange(7, dtype=np.uint8).repeat(784).reshape(7, 28, 28)
    kept = first_of_each(Split(images, labels), 2)
    assert kept.labels.tolist() == [3, 1, 1, 3]
    assert kept.images[:, 0, 0].tolist() == [0, 1, 2, 3]


def test_a_class_with_too_few_images_is_refused():
    with pytest.raises(ValueError, match="fewer than 3"):
        first_of_each(Split(np.zeros((3, 28, 28), np.uint8), np.array([0, 1, 1], np.uint8)), 3)
