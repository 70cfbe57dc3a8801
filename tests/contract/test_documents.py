"""Opportunities and invoices through both adapters against the simulators, which refuse what the services refuse."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.dataverse import DataverseSim
from sandbox.simkit.clock import SimClock
from sandbox.simkit.identities import INTEGRATION, PEOPLE
from sandbox.world import World
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.setup import SystemSetUp
from shared.core.model import Side
from shared.wiring import columns
from tests.contract.test_records import BC_ROOT, SALES_ROOT, client

D = Decimal


class Simulated(World):
    """A world whose two systems are the simulators, spoken to through the production adapters."""

    def __init__(self) -> None:
        super().__init__()
        now = SimClock()
        now.set(self.clock.now())
        now.freeze()
        self.bc_sim = BusinessCentralSim(
            clock=now, issuer=None, identities=(INTEGRATION, PEOPLE), company_name="CRONUS"
        )
        self.sales_sim = DataverseSim(clock=now, issuer=None, identities=(INTEGRATION, PEOPLE))
        bc = BusinessCentralRecords(
            client(self.bc_sim),
            company_id=self.bc_sim.company_id,
            api_root=BC_ROOT,
            columns=columns(self.mappings, Side.BC),
            parallel=1,
            sleep=now.advance,
        )
        sales = DataverseRecords(
            client(self.sales_sim),
            api_root=SALES_ROOT,
            columns=columns(self.mappings, Side.SALES),
            clock=now,
            parallel=1,
            sleep=now.advance,
        )
        self.bc, self.sales = bc, sales  # type: ignore[assignment]
        self.facts = SystemSetUp(bc, sales).facts()
        self.app = self.start_app()

    def add(self, table: str, **values: Any) -> str:
        return self.bc_sim.add(table, values)

    def shown(self, table: str, id: str) -> dict[str, Any]:
        row = self.sales_sim.get(table, id)
        assert row is not None
        return row


@pytest.fixture
def world() -> Simulated:
    found = Simulated()
    found.sales_sim.add(
        "systemusers",
        {
            "firstname": "Jo",
            "lastname": "Roe",
            "domainname": "jo@contoso.com",
            "internalemailaddress": "jo@contoso.com",
        },
    )
    found.jo = found.add("salespeople", code="JO", name="Jo", email="jo@contoso.com")
    found.customer = found.add("customers", number="C1", name="Adatum", salespersonId=found.jo)
    found.unit = found.add("unitsOfMeasure", code="PCS", description="Piece")
    found.item = found.add(
        "items", number="1000", description="Bike", baseUnitOfMeasureId=found.unit, unitPrice=100
    )
    return found


def test_an_opportunity_is_taken_by_sales_as_it_is_and_found_again_unchanged_P10_P29(world):
    company = next(r for r in world.bc_sim.all("contacts") if r["type"] == "Company")
    person = world.add("contacts", type="Person", firstName="Ann", surname="Lee", companyId=company["id"])
    deal = world.add(
        "opportunities", number="OP1", description="20 chairs", contactId=person, salespersonId=world.jo
    )
    world.bc_sim.add(
        "opportunityEntries",
        {
            "opportunityId": deal,
            "active": True,
            "estimatedValue": 1234.5,
            "estimatedClosingDate": "2026-05-01",
        },
    )

    world.full_sync()
    run = world.full_sync()

    assert world.held() == []
    shown = world.shown("opportunities", world.coupled("opportunities")[deal])
    assert D(str(shown["estimatedvalue"])) == D("1234.5") and shown["estimatedclosedate"] == "2026-05-01"
    assert shown["_parentaccountid_value"] and shown["_parentcontactid_value"]
    [entry] = [x for x in run["lines"] if x["mapping"] == "opportunities"]
    assert entry["to_sales"]["unchanged"] == 1 and entry["from_sales"]["updated"] == 0
    assert entry["to_sales"]["updated"] == 0


def test_a_paid_invoice_is_made_priced_and_closed_and_its_totals_are_those_of_sales_P11_P12_H16(world):
    invoice = post(
        world,
        line(world, quantity=1000, unitPrice=0.00333, amount=3.33, amountIncludingVat=4.0),
        line(world, lineDiscountAmount=50, invoiceDiscountAmount=95, amount=855, amountIncludingVat=1026),
        {"type": "_x0020_", "description": "Thank you"},
        {
            "type": "G_x002F_L_x0020_Account",
            "number": "6710",
            "description": "Freight",
            "quantity": 1,
            "unitPrice": 55.5,
            "amount": 55.5,
            "amountIncludingVat": 66.6,
        },
        remainingAmount=0,
        closed=True,
    )

    world.full_sync()
    run = world.full_sync()

    assert world.held() == []
    shown = world.shown("invoices", world.coupled("posted_sales_invoices")[invoice])
    assert (shown["statecode"], shown["statuscode"]) == (2, 100_001)
    assert D(str(shown["totalamountlessfreight"])) == D("913.83")
    assert D(str(shown["totalamount"])) == D("1096.60") and D(str(shown["discountamount"])) == 95
    assert len(world.sales_sim.all("invoicedetails")) == 5, "four lines and the rounding of one price"
    [entry] = [x for x in run["lines"] if x["mapping"] == "posted_sales_invoices"]
    assert entry["to_sales"]["updated"] == 0


def line(world: Simulated, **differs: Any) -> dict[str, Any]:
    return {
        "type": "Item",
        "itemId": world.item,
        "description": "Bike",
        "quantity": 10,
        "unitPrice": 100,
    } | differs


def post(world: Simulated, *lines: dict[str, Any], **differs: Any) -> str:
    """Post an invoice as posting does: header, lines, sums."""
    sums = {
        header: sum(D(str(row.get(column, 0))) for row in lines)
        for header, column in (
            ("amount", "amount"),
            ("amountIncludingVat", "amountIncludingVat"),
            ("invoiceDiscountAmount", "invoiceDiscountAmount"),
        )
    }
    invoice = str(uuid.uuid4())
    values = {
        "id": invoice,
        "number": "103001",
        "customerId": world.customer,
        "salespersonId": world.jo,
        "dueDate": "2026-02-01",
        "customerLedgerEntryNumber": 1,
    }
    shown = {name: float(value) for name, value in sums.items()}
    world.bc_sim.load("postedSalesInvoices", [values | shown | differs])
    rows = [{"documentId": invoice, "lineNumber": n * 10_000} | row for n, row in enumerate(lines, start=1)]
    world.bc_sim.load("postedSalesInvoiceLines", rows)
    return invoice
