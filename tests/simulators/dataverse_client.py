"""What the tests of the Dataverse simulator share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock

ROOT = "https://sales.test/api/data/v9.2/"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> SimClock:
    return SimClock(START, frozen=True)


@pytest.fixture
def sales(clock: SimClock) -> DataverseSim:
    return DataverseSim(clock=clock, issuer=None, identities=(INTEGRATION, PEOPLE))


@pytest.fixture
def web(sales: DataverseSim) -> Iterator[httpx.Client]:
    """The Web API as the integration sees it."""
    with httpx.Client(
        transport=httpx.WSGITransport(app=sales),
        base_url=ROOT,
        headers={"Authorization": f"Bearer {INTEGRATION.client_id}", "If-None-Match": "null"},
    ) as client:
        yield client


def error(response: httpx.Response) -> tuple[int, str]:
    """Return status and error code."""
    return response.status_code, response.json()["error"]["code"]


def etag_of(sales: DataverseSim, set_name: str, row_id: str) -> str:
    row = sales.get(set_name, row_id)
    assert row is not None
    return str(row["@odata.etag"])
