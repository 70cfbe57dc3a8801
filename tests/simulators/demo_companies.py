"""What the tests of the demo companies share."""

from __future__ import annotations

from typing import Any

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock

ZERO = "00000000-0000-0000-0000-000000000000"


def rows_of(company: Any, table: str) -> list[dict[str, Any]]:
    """Return a set's rows, also of one that comes in parts."""
    return [row for name, rows in company.bc() if name == table for row in rows]


def share(rows: list[dict[str, Any]], holds: Any) -> float:
    return sum(1 for row in rows if holds(row)) / len(rows)


def by(column: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row[column]: row for row in rows}


def two_sims(name: str) -> tuple[BusinessCentralSim, DataverseSim]:
    clock = SimClock()
    identities = (INTEGRATION, PEOPLE)
    return (
        BusinessCentralSim(clock=clock, issuer=None, identities=identities, company_name=name),
        DataverseSim(clock=clock, issuer=None, identities=identities),
    )
