"""Small images whose class can be seen, trainings of a second, and workers that start at once."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import pytest
import torch

from tests.training.loop.small import small_data


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="session")
def data():
    """300 training and 90 validation images of 8 x 8."""
    return small_data()


@pytest.fixture(scope="session")
def processes():
    """A fork server with torch loaded: a process of its own in a twentieth of a second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tutor.training.worker", "tutor.training.events"])
    return context


@pytest.fixture
def folder(tmp_path):
    """Makes a run's folder for a recipe."""
    from tutor.training.recipe import to_toml

    def make(recipe, name="run", **changes):
        made = tmp_path / name
        made.mkdir()
        (made / "recipe.toml").write_text(to_toml(replace(recipe, **changes)))
        return made

    return make
