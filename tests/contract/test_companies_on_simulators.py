"""Two companies of BC in one Sales, over both simulators: what Sales calls the links is asked of Sales."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.demo_data import GeneratedCompany, load_company
from sandbox.simkit import INTEGRATION, INTEGRATION_2, PEOPLE
from shared.adapters.auth import FixedAuth
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.company_row import find_company_row
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.setup import SystemSetUp
from shared.core.errors import Misconfigured
from shared.core.model import CompanyRow, Side
from shared.mappings import ALL
from shared.mappings.company import COLUMN, FILTERED, SHOWN, stamped
from shared.wiring import columns
from tests.scenarios.builders import an_id
from tests.scenarios.services import WiredWorld

SALES_ROOT = "https://sales.test/api/data/v9.2"


def a_row(name: str) -> CompanyRow:
    links = dict.fromkeys(FILTERED, "bcbi_CompanyId")
    return CompanyRow(id=an_id(f"company {name}"), entity_set="bcbi_companies", navigations=links)


def a_line(sales_sim: Any) -> DataverseLine:
    http = httpx.Client(transport=httpx.WSGITransport(app=sales_sim), auth=FixedAuth(INTEGRATION.client_id))
    return DataverseLine(http, api_root=SALES_ROOT, parallel=1)


def found(world: WiredWorld, company: str) -> CompanyRow:
    return find_company_row(a_line(world.sales_sim), company, tables=FILTERED, column=COLUMN)


def a_stamping_world(name: str, **options: Any) -> WiredWorld:
    """A company with its row in Sales, which Tandem finds as it is written to below."""
    world = WiredWorld(mappings=tuple(stamped(m, a_row(name)) for m in ALL), **options)
    add_row(world, name)
    return world


def add_row(world: WiredWorld, name: str) -> None:
    company = str(world.bc_sim.company_id)
    row = {"bcbi_companyid": a_row(name).id, "bcbi_name": name, "bcbi_externalid": company}
    world.sales_sim.load("bcbi_companies", [row])
    assert found(world, company.upper()) == a_row(name)


def joining(first: WiredWorld, name: str) -> WiredWorld:
    """Another company with customers of its own, in a BC of its own, that uses the Sales of the first one."""
    second = WiredWorld(customers=1, mappings=tuple(stamped(m, a_row(name)) for m in ALL))
    who = (INTEGRATION, INTEGRATION_2, PEOPLE)
    second.bc_sim = BusinessCentralSim(clock=second.time, issuer=None, identities=who, company_name=name)
    load_company(GeneratedCompany(customers=4, seed=11), bc=second.bc_sim, sales=second.sales_sim)
    second.sales_sim = first.sales_sim
    add_row(second, name)
    second.bc = BusinessCentralRecords(
        second._client(second.bc_sim),
        company_id=second.bc_sim.company_id,
        api_root=f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api/tandem/sync/v1.0",
        columns=columns(second.mappings, Side.BC),
        parallel=1,
    )
    second.sales = DataverseRecords(
        second._client(second.sales_sim),
        api_root=SALES_ROOT,
        columns=columns(second.mappings, Side.SALES),
        clock=second.time,
        parallel=1,
    )
    second.facts = SystemSetUp(second.bc, second.sales).facts()
    second.app = second.start_app()
    return second


def test_two_companies_share_one_sales_and_neither_touches_what_is_the_others_R139():
    first = a_stamping_world("CRONUS", customers=6)
    first.full_sync(create=True)
    made = set(first.coupled("customers").values())
    persons = {
        "name": "Fabrikam",
        "customertypecode": 3,
        "bcbi_CompanyId@odata.bind": f"/bcbi_companies({a_row('CRONUS').id})",
    }
    new = first.sales_sim.add("accounts", persons)
    before = {r["accountid"]: r for r in first.sales_sim.all("accounts")}
    assert made and {before[i][SHOWN] for i in made} == {a_row("CRONUS").id}

    second = joining(first, "NORDWIND")
    customers = len(second.bc_sim.all("customers"))
    second.full_sync(create=True)

    theirs = second.coupled("customers")
    after = {r["accountid"]: r for r in first.sales_sim.all("accounts")}
    assert theirs and {after[i][SHOWN] for i in theirs.values()} == {a_row("NORDWIND").id}
    own = {i for i, r in before.items() if r[SHOWN] == a_row("CRONUS").id}
    assert new in own and not own & set(theirs.values())
    assert {i: after[i] for i in own} == {i: before[i] for i in own}, (
        "nothing of the first company's was touched"
    )
    free = [
        r for r in before.values() if r[SHOWN] is None and r["customertypecode"] == 3 and not r["statecode"]
    ]
    assert len(second.bc_sim.all("customers")) <= customers + len(free)

    first.full_sync(create=True)
    assert new in first.coupled("customers").values()
    assert not set(theirs.values()) & set(first.coupled("customers").values())


def test_a_company_without_its_row_in_sales_says_so_with_its_id():
    world = WiredWorld(customers=1)
    company = str(world.bc_sim.company_id)
    with pytest.raises(Misconfigured, match=f"0 rows of bcbi_company have bcbi_externalid {company}"):
        found(world, company)


def test_the_row_of_the_company_is_found_with_two_requests():
    world = WiredWorld(customers=1)
    company = str(world.bc_sim.company_id)
    world.sales_sim.load("bcbi_companies", [{"bcbi_name": "CRONUS", "bcbi_externalid": company}])
    world.sales_sim.log.clear()

    row = found(world, company)

    assert len(world.sales_sim.log.entries()) == 2 and row.entity_set == "bcbi_companies"
    assert row.navigations.keys() == FILTERED.keys()
