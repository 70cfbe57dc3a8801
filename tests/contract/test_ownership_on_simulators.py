"""Rows that a team owns, over both simulators (mappings.md §2; dataverse-web-api.md §2: `ownerid` takes /teams(…))."""

from __future__ import annotations

import pytest

from shared.mappings import ALL
from shared.mappings.ownership import owned
from tests.scenarios.services import WiredWorld
from tests.scenarios.test_ownership import TEAM


@pytest.mark.parametrize("mapping", ["customers", "contacts", "opportunities", "posted_sales_invoices"])
def test_sales_takes_a_team_as_the_owner_of_what_is_made_R138(house, mapping):
    rows = house.sales_sim.all(house.mappings[mapping].sales.name)
    made = [r for r in rows if r["_createdby_value"] == r["_modifiedby_value"] and r["_owningteam_value"]]

    assert len(made) == len(house.coupled(mapping)) > 0
    assert {r["_owningteam_value"] for r in made} == {TEAM} and all(
        r["_owninguser_value"] is None for r in made
    )


@pytest.fixture(scope="module")
def house() -> WiredWorld:
    house = WiredWorld(customers=10)
    house.sales_sim.load("teams", [{"teamid": TEAM, "name": "Export", "teamtype": 0}])
    house.mappings = {m.name: owned(m, by="team", team=TEAM) for m in ALL}
    house.switched_off = frozenset({"salespeople"})
    house.app = house.start_app()
    house.full_sync(create=True)
    return house
