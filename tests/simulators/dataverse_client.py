"""What the tests of the Dataverse simulator share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim, Refused
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


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What stands before a document can be written: ids."""

    account: str
    group: str
    piece: str
    box: str
    prices: str
    bike: str  # an active product, 4000 a piece in `prices`


@pytest.fixture
def catalogue(sales: DataverseSim) -> Catalogue:
    group = sales.add("uomschedules", {"name": "ITEM 1000 UOM GR", "baseuomname": "PCS"})
    (piece,) = (str(unit["uomid"]) for unit in sales.all("uoms"))
    box = sales.add(
        "uoms",
        {
            "name": "BOX",
            "quantity": 12,
            "uomscheduleid@odata.bind": f"uomschedules({group})",
            "baseuom@odata.bind": f"uoms({piece})",
        },
    )
    prices = sales.add("pricelevels", {"name": "Default Price List"})
    bike = sales.add("products", product(group, piece))
    sales.add("productpricelevels", price(prices, bike, piece, 4000))
    sales.edit("products", bike, statecode=0, statuscode=1)
    account = sales.add("accounts", {"name": "Adatum", "customertypecode": 3})
    return Catalogue(account=account, group=group, piece=piece, box=box, prices=prices, bike=bike)


def product(group: str, unit: str, number: str = "1000", **more: Any) -> dict[str, Any]:
    return {
        "name": "Bike",
        "productnumber": number,
        "quantitydecimal": 2,
        "defaultuomscheduleid@odata.bind": f"uomschedules({group})",
        "defaultuomid@odata.bind": f"uoms({unit})",
        **more,
    }


def price(prices: str, bike: str, unit: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "pricelevelid@odata.bind": f"pricelevels({prices})",
        "productid@odata.bind": f"products({bike})",
        "uomid@odata.bind": f"uoms({unit})",
        "amount": amount,
        **more,
    }


def header(known: Catalogue, **more: Any) -> dict[str, Any]:
    """Return a body for a quote, an order or an invoice."""
    return {
        "name": "Spring deal",
        "customerid_account@odata.bind": f"accounts({known.account})",
        "pricelevelid@odata.bind": f"pricelevels({known.prices})",
        **more,
    }


def line(known: Catalogue, parent: str = "", **more: Any) -> dict[str, Any]:
    """Return a product line; `parent` is like `salesorders(<id>)`, left out when nested."""
    link = {}
    if parent:
        link = {f"{parent.partition('(')[0].removesuffix('s')}id@odata.bind": parent}
    return {
        **link,
        "productid@odata.bind": f"products({known.bike})",
        "uomid@odata.bind": f"uoms({known.piece})",
        "quantity": 1,
        **more,
    }


def write_in(parent: str = "", **more: Any) -> dict[str, Any]:
    link = {f"{parent.partition('(')[0].removesuffix('s')}id@odata.bind": parent} if parent else {}
    return {**link, "isproductoverridden": True, "productdescription": "6710 Freight.", "quantity": 1, **more}


def row(sales: DataverseSim, set_name: str, row_id: str) -> dict[str, Any]:
    found = sales.get(set_name, row_id)
    assert found is not None
    return found


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Return status and code with which the call is refused."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.status, caught.value.code


def euro(sales: DataverseSim) -> dict[str, str]:
    """Add the currency, 1.25 to the base currency; return the link to it."""
    new = sales.add(
        "transactioncurrencies",
        {
            "currencyname": "Euro",
            "isocurrencycode": "EUR",
            "currencysymbol": "€",
            "exchangerate": 1.25,
            "currencyprecision": 2,
        },
    )
    return {"transactioncurrencyid@odata.bind": f"transactioncurrencies({new})"}


#: Every kind of document: set, lines' navigation, lines' set.
KINDS = [
    ("quotes", "quote_details", "quotedetails"),
    ("salesorders", "order_details", "salesorderdetails"),
    ("invoices", "invoice_details", "invoicedetails"),
]
