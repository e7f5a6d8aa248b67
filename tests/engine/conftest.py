"""One engine for all: loading PyTorch takes seconds."""

import pytest

from tutor.engine.client import Engine


@pytest.fixture(scope="session")
def engine():
    one = Engine()
    one.start()
    yield one
    one.close()
