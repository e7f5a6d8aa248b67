"""What runs on a GPU: `make test-gpu`, on a machine that has one. Elsewhere that is said, and nothing passes."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def gpu():
    """A machine without a GPU cannot say anything about one."""
    import torch

    if not torch.cuda.is_available():
        pytest.exit("PyTorch finds no GPU on this machine; these tests are for one that has it.", 1)
