"""One Azurite for a whole test session."""

from collections.abc import Iterator

import pytest

from sandbox.azurite.start import running_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """A connection string of a table service that keeps nothing."""
    with running_azurite() as connection_string:
        yield connection_string
