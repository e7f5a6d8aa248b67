"""One warm service for all tests."""

import pytest

from tutor.code.client import CodeService


@pytest.fixture(scope="session")
def service():
    """The checking service, torch loaded once."""
    one = CodeService()
    yield one
    one.close()
