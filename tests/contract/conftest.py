"""Both table stores, so that one suite says what is true of each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest

from sandbox.in_memory.tables import InMemoryTables
from shared.adapters.tables import AzureTables
from shared.ports import TableStore

# Without the module the tests on Azurite do not pass quietly: their fixture is missing.
with suppress(ModuleNotFoundError):
    from tests.platform.azurite_fixtures import azurite  # noqa: F401


@pytest.fixture(scope="session")
def azure_tables(azurite: str) -> Iterator[AzureTables]:
    store = AzureTables(connection_string=azurite)
    yield store
    store.close()


@pytest.fixture(params=["in_memory", "azurite"])
def store(request: pytest.FixtureRequest) -> TableStore:
    """A table store; on Azurite shared by the whole session, so keep to your own company."""
    if request.param == "in_memory":
        return InMemoryTables()
    tables: TableStore = request.getfixturevalue("azure_tables")
    return tables


@pytest.fixture
def company() -> str:
    return f"company-{uuid.uuid4()}"
