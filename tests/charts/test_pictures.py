"""Small images in half blocks."""

import numpy as np
import pytest

from tutor.charts.pictures import RAMP, ascii_lines, greys, half_blocks, shrunk


def test_two_pixels_stand_in_a_cell():
    image = np.array([[255, 0], [0, 128]], dtype=np.uint8)
    ((first, second),) = half_blocks(image, 10)
    assert (first.upper, first.lower, second.upper, second.lower) == (255, 0, 0, 128)


def test_shrinking_keeps_the_mean_brightness():
    image = np.random.default_rng(0).random((28, 28)) * 255
    for width, height in ((14, 14), (10, 10), (9, 5), (28, 3)):
        assert shrunk(image, width, height).shape == (height, width)
        assert shrunk(image, width, height).mean() == pytest.approx(image.mean())


def test_shares_of_white_and_bytes_look_alike():
    image = np.linspace(0, 1, 16).reshape(4, 4)
    np.testing.assert_array_equal(greys(image), greys(image * 255))
    assert greys(np.array([[np.nan, 2.0]])).tolist() == [[0, 2]]


def test_every_size_and_colour():
    assert len(half_blocks(np.zeros((28, 28)), 14)) == 7
    assert len(half_blocks(np.zeros((5, 3)), 14)) == 3
    assert len(half_blocks(np.zeros((32, 32, 3)), 16)) == 8


def test_characters_go_from_dark_to_bright():
    assert ascii_lines(np.array([[0, 255], [0, 255]]), 4) == [RAMP[0] + RAMP[-1]]
    assert "".join(ascii_lines(np.random.default_rng(0).random((28, 28)), 14)).isascii()
