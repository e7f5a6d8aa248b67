"""One warm service for all tests."""

from pathlib import Path

import pytest

from tutor.code.client import CodeService


@pytest.fixture(scope="session")
def service():
    """The checking service, torch loaded once."""
    one = CodeService()
    yield one
    one.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """One worker runs all of these: they look at what is left in folders and processes that they would share."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("code"))
