"""The product mappings on the real adapters against both simulators, which refuse what the services refuse.

One company from units to prices, through full synchronizations and timers (P5–P9, H16, H19).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.compare import Comparison, compare
from sandbox.dataverse import DataverseSim
from sandbox.simkit.clock import SimClock
from sandbox.simkit.identities import INTEGRATION, PEOPLE
from sandbox.world import World
from shared.adapters.auth import FixedAuth
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.setup import SystemSetUp
from shared.core.model import Side
from shared.engine.tandem import Tandem
from shared.mappings import BY_NAME
from shared.rules.default_price_list import NAME
from shared.wiring import columns
from tests.contract.test_records import BC_ROOT, SALES_ROOT

ORDER = ("currencies", "units_of_measure", "items", "resources", "customer_price_groups", "sales_prices")
OF_GROUP = "Customer_x0020_Price_x0020_Group"
Row = dict[str, Any]


class SimulatedWorld(World):
    """A world whose two systems are the simulators behind the real adapters."""

    def __init__(self, *order: str) -> None:
        sim_clock = SimClock()
        identities = (INTEGRATION, PEOPLE)
        self.bc_sim = BusinessCentralSim(
            clock=sim_clock, issuer=None, identities=identities, company_name="CRONUS"
        )
        self.sales_sim = DataverseSim(clock=sim_clock, issuer=None, identities=identities)

        self._bc = BusinessCentralRecords(
            self.client(self.bc_sim),
            company_id=self.bc_sim.company_id,
            api_root=BC_ROOT,
            columns=columns(BY_NAME, Side.BC),
            parallel=1,
            sleep=sim_clock.advance,
        )
        self._sales = DataverseRecords(
            self.client(self.sales_sim),
            api_root=SALES_ROOT,
            columns=columns(BY_NAME, Side.SALES),
            clock=sim_clock,
            parallel=1,
            sleep=sim_clock.advance,
        )
        super().__init__(mappings=[BY_NAME[m] for m in order or ORDER], switched_on=order)

    def start_app(self) -> Tandem:
        app = super().start_app()
        return Tandem(
            replace(
                app.ports,
                bc=self._bc,
                sales=self._sales,
                setup=SystemSetUp(bc=self._bc, sales=self._sales),
                spent=lambda: {"bc": 0, "sales": self.sales_sim.log.counts()["reads"], "tables": 0},
            )
        )

    @staticmethod
    def client(app: Any) -> httpx.Client:
        return httpx.Client(transport=httpx.WSGITransport(app=app), auth=FixedAuth(INTEGRATION.client_id))

    def compare(self) -> Comparison:
        """Compare both sides as `make demo` does."""
        return compare(
            self.client(self.bc_sim),
            self.client(self.sales_sim),
            bc_root=f"{BC_ROOT}/companies({self.bc_sim.company_id})",
            sales_root=SALES_ROOT,
            couplings={m: self.coupled(m) for m in dict.fromkeys((*ORDER, *EXTENDED))},
            explained=[(h["mapping"], h["side"], h["id"]) for h in self.held()],
            extended="price_lists" in self.app.ports.mappings,
        )

    def rows(self, table: str) -> list[Row]:
        return self.sales_sim.all(table)

    def product(self, item: str) -> Row:
        row = self.sales_sim.get("products", self.coupled("items")[item.lower()])
        assert row is not None
        return row

    def lines(self, price_list: str) -> list[Row]:
        [found] = [r for r in self.rows("pricelevels") if r["name"] == price_list]
        return [
            r for r in self.rows("productpricelevels") if r["_pricelevelid_value"] == found["pricelevelid"]
        ]

    def sent(self) -> int:
        return int(self.bc_sim.log.counts()["writes"]) + int(self.sales_sim.log.counts()["writes"])


@pytest.fixture
def world() -> SimulatedWorld:
    return SimulatedWorld()


@pytest.fixture
def shop(world: SimulatedWorld) -> dict[str, str]:
    return fill(world)


def fill(world: SimulatedWorld) -> dict[str, str]:
    bc = world.bc_sim
    bc.edit("generalLedgerSetup", bc.all("generalLedgerSetup")[0]["id"], lcyCode="GBP")
    ids = {code: bc.add("unitsOfMeasure", {"code": code, "description": code}) for code in ("PCS", "HOUR")}
    ids["item"] = bc.add(
        "items",
        {
            "number": "1000",
            "description": "Bicycle",
            "baseUnitOfMeasureId": ids["PCS"],
            "unitPrice": 4000,
            "unitCost": 350,
            "unitVolume": 1,
            "vendorNumber": "V1",
        },
    )
    ids["resource"] = bc.add(
        "resources", {"number": "R1", "name": "Mechanic", "baseUnitOfMeasureId": ids["HOUR"], "unitPrice": 90}
    )
    ids["group"] = bc.add("customerPriceGroups", {"code": "RETAIL", "description": "Retail"})
    ids["price"] = bc.add(
        "salesPrices",
        {
            "itemId": ids["item"],
            "salesType": OF_GROUP,
            "customerPriceGroupId": ids["group"],
            "unitPrice": 3999.99,
        },
    )
    return ids


def test_units_products_lists_and_prices_are_taken_by_the_service_P5_P6_P7_P8_P9(world, shop):
    world.full_sync()

    assert world.held() == []
    product = world.product(shop["item"])
    assert (product["statecode"], product["productnumber"], product["name"]) == (0, "1000", "Bicycle")
    assert {r["name"] for r in world.rows("uoms")} >= {"PCS", "HOUR"}
    assert [r["amount"] for r in world.lines("RETAIL")] == [Decimal("3999.99")]
    assert sorted(r["amount"] for r in world.lines(NAME)) == [90, 4000]


def test_a_second_full_synchronization_sends_no_write(world, shop):
    world.full_sync()
    world.sales_sim.log.clear()
    world.bc_sim.log.clear()
    world.full_sync()

    assert world.sent() == 0
    assert world.held() == []


def test_prices_names_and_states_travel_on(world, shop):
    world.full_sync()
    world.bc_sim.edit("items", shop["item"], unitPrice=4100, description="Touring bicycle")
    world.bc_sim.edit("salesPrices", shop["price"], unitPrice=3900)
    world.bc_sim.edit("resources", shop["resource"], blocked=True)
    for name in ORDER:
        world.tick(name)

    product = world.product(shop["item"])
    assert (product["price"], product["name"], product["statecode"]) == (4100, "Touring bicycle", 0)
    assert 4100 in [r["amount"] for r in world.lines(NAME)]
    assert [r["amount"] for r in world.lines("RETAIL")] == [3900]
    [service] = [r for r in world.rows("products") if r["producttypecode"] == 3]
    assert (service["statecode"], service["statuscode"]) == (1, 2)

    world.bc_sim.edit("resources", shop["resource"], blocked=False, unitPrice=95)
    world.tick("resources")
    [service] = [r for r in world.rows("products") if r["producttypecode"] == 3]
    assert (service["statecode"], service["price"]) == (0, 95)
    assert world.held() == []


def test_a_product_of_sales_becomes_an_item_with_a_number_of_bc(world, shop):
    world.full_sync()
    mine = world.product(shop["item"])
    made = world.sales_sim.add(
        "products",
        {
            "name": "Lamp",
            "productnumber": "LAMP",
            "defaultuomscheduleid@odata.bind": f"/uomschedules({mine['_defaultuomscheduleid_value']})",
            "defaultuomid@odata.bind": f"/uoms({mine['_defaultuomid_value']})",
            "quantitydecimal": 2,
            "producttypecode": 1,
            "productstructure": 1,
        },
    )
    world.sales_sim.edit("products", made, statecode=0, statuscode=1)
    world.full_sync()

    [item] = [b for b, s in world.coupled("items").items() if s == made]
    row = world.bc_sim.get("items", item)
    assert row["description"] == "Lamp" and row["baseUnitOfMeasureCode"] == "PCS" and row["number"]
    assert world.sales_sim.get("products", made)["productnumber"] == row["number"]
    assert world.held() == []


def test_a_thousand_prices_cost_no_request_per_line_H16(world, shop):
    bc = world.bc_sim
    for number in range(300):
        item = bc.add(
            "items",
            {
                "number": f"N{number}",
                "description": "Part",
                "baseUnitOfMeasureId": shop["PCS"],
                "unitPrice": 1,
            },
        )
        bc.add(
            "salesPrices",
            {"itemId": item, "salesType": OF_GROUP, "customerPriceGroupId": shop["group"], "unitPrice": 2},
        )
    world.full_sync("currencies", "units_of_measure", "items", "resources", "customer_price_groups")
    world.sales_sim.log.clear()
    bc.log.clear()
    world.full_sync("sales_prices")

    counts = [world.sales_sim.log.counts(), bc.log.counts()]
    assert len(world.lines("RETAIL")) == 301
    assert sum(c["reads"] + c["writes"] for c in counts) <= 30


EXTENDED = (*ORDER[:4], "price_lists", "price_list_lines")


@pytest.fixture
def listed() -> tuple[SimulatedWorld, dict[str, str]]:
    """The same shop with its prices in price lists, of an item and of a resource."""
    world = SimulatedWorld(*EXTENDED)
    bc, ids = world.bc_sim, fill(world)
    ids["list"] = bc.add(
        "priceListHeaders",
        {
            "code": "SUMMER",
            "description": "Summer",
            "priceType": "Sale",
            "amountType": "Price",
            "status": "Active",
            "startingDate": "2020-05-01",
            "endingDate": "2099-12-31",
        },
    )
    for name, asset, price in (("itemId", "item", 3999.99), ("resourceId", "resource", 85)):
        ids[f"{asset} line"] = bc.add(
            "priceListLines", {"priceListId": ids["list"], name: ids[asset], "unitPrice": price}
        )
    return world, ids


def test_extended_price_lists_and_their_lines_are_taken_by_the_service_P8_P9(listed):
    world, ids = listed
    world.full_sync()

    assert world.held() == []
    [row] = [r for r in world.rows("pricelevels") if r["name"] == "SUMMER"]
    assert (row["statecode"], row["description"]) == (0, "Summer")
    assert (row["begindate"], row["enddate"]) == ("2020-05-01", "2099-12-31")
    assert sorted(r["amount"] for r in world.lines("SUMMER")) == [85, Decimal("3999.99")]
    sent = world.sent()
    world.full_sync()
    assert world.sent() == sent, "a second one writes nothing"

    world.bc_sim.edit("priceListLines", ids["item line"], unitPrice=3900)
    world.bc_sim.edit("priceListHeaders", ids["list"], status="Inactive", description="Over")
    for name in EXTENDED:
        world.tick(name)
    [row] = [r for r in world.rows("pricelevels") if r["name"] == "SUMMER"]
    assert (row["statecode"], row["statuscode"], row["description"]) == (1, 100_002, "Over")
    assert sorted(r["amount"] for r in world.lines("SUMMER")) == [85, 3900] and world.held() == []


def test_a_list_that_is_inactive_in_bc_is_made_and_put_out_of_use(listed):
    world, ids = listed
    world.bc_sim.edit("priceListHeaders", ids["list"], status="Inactive")
    world.full_sync()

    [row] = [r for r in world.rows("pricelevels") if r["name"] == "SUMMER"]
    assert row["statecode"] == 1 and world.held() == []


def test_a_thousand_lines_of_a_price_list_cost_no_request_per_line_H16(listed):
    world, ids = listed
    for number in range(300):
        part = {"number": f"N{number}", "description": "Part", "baseUnitOfMeasureId": ids["PCS"]}
        item = world.bc_sim.add("items", part | {"unitPrice": 1})
        world.bc_sim.add("priceListLines", {"priceListId": ids["list"], "itemId": item, "unitPrice": 2})
    world.full_sync(*EXTENDED[:-1])
    world.sales_sim.log.clear()
    world.bc_sim.log.clear()
    world.full_sync("price_list_lines")

    counts = [world.sales_sim.log.counts(), world.bc_sim.log.counts()]
    assert len(world.lines("SUMMER")) == 302
    assert sum(c["reads"] + c["writes"] for c in counts) <= 30


def test_the_independent_comparison_agrees_and_sees_a_cent(world, shop):
    world.full_sync()
    found = world.compare()
    assert found.differences == []
    assert all(found.compared[m] for m in ORDER if m != "currencies")

    [line] = world.lines("RETAIL")
    world.sales_sim.edit("productpricelevels", line["productpricelevelid"], amount=3999.98)
    [difference] = world.compare().differences
    assert difference.startswith("sales_prices price of 1000: amount differs")


def test_the_independent_comparison_of_price_lists_agrees_and_sees_a_cent_and_a_line_too_few(listed):
    world, _ = listed
    world.full_sync()
    found = world.compare()
    assert found.differences == []
    assert found.compared["price_lists"] and found.compared["price_list_lines"]

    line = world.lines("SUMMER")[0]
    world.sales_sim.edit("productpricelevels", line["productpricelevelid"], amount=3999.98)
    [difference] = world.compare().differences
    assert difference.startswith("price_list_lines price of") and "amount differs" in difference
    world.sales_sim.delete("productpricelevels", line["productpricelevelid"])
    [gone] = world.compare().differences
    assert "points to a record that is gone" in gone
