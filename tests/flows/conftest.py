"""One Prefect server for all tests of flows: it takes seconds to start, so it is started once."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT

sys.path.insert(0, str(PROJECT))

import flows  # noqa: F401  (its settings must stand before Prefect is imported)

# isort: split
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    """A Prefect server with a database of its own."""
    with prefect_test_harness(server_startup_timeout=120):
        yield
