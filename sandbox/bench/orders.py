"""What a thousand orders of ten lines cost, from Sales to Business Central and the stamp back (H9, H16)."""

from __future__ import annotations

import uuid
from collections import Counter

from sandbox.bench.house import House
from sandbox.bench.report import Budget

ORDERS, LINES = 1000, 10
NAME = "sales_orders"


def budgets() -> list[Budget]:
    house = House(customers=20)
    house.switched_on = (NAME,)
    house.app = house.start_app()
    house.full_sync(create=True)
    house.tick(NAME)
    _write_orders(house)
    house.forget()
    house.tick(NAME)
    made = len(house.coupled(NAME))
    bc, sales = (Counter(entry["kind"] for entry in house.log(which)) for which in ("bc", "sales"))
    what = f"{ORDERS:,} orders of {LINES} lines"
    return [
        Budget(what=f"{what}: orders in BC", allowed=ORDERS, actual=made, at_least=True),
        Budget(
            what=f"{what}: write requests to BC (100 orders each)", allowed=ORDERS // 100, actual=bc["write"]
        ),
        Budget(what=f"{what}: read requests to BC", allowed=30, actual=bc["read"]),
        Budget(
            what=f"{what}: write requests to Sales (three steps to a stamp)",
            allowed=31,
            actual=sales["write"],
        ),
        Budget(what=f"{what}: read requests to Sales", allowed=30, actual=sales["read"]),
        Budget(
            what=f"{what}: transactions of couplings and history (pending, coupled, stamped)",
            allowed=7 * ORDERS // 100,
            actual=house.tables.counted.transactions,
        ),
    ]


def _write_orders(house: House) -> None:
    """Submit the orders of one customer for the items that are products."""
    sim = house.sales_sim
    account = next(
        own
        for bc, own in house.coupled("customers").items()
        if (row := house.bc_sim.get("customers", bc)) and row["blocked"] == "_x0020_"
    )
    currency = sim.get("accounts", account)["_transactioncurrencyid_value"]  # type: ignore[index]
    products = [
        p
        for p in (sim.get("products", own) for own in house.coupled("items").values())
        if p is not None and p["statecode"] == 0
    ]
    headers, lines = [], []
    for n in range(ORDERS):
        order = str(uuid.uuid5(uuid.NAMESPACE_OID, f"order {n}"))
        headers.append(
            {
                "salesorderid": order,
                "ordernumber": f"ORD-{n:05}",
                "name": f"Order {n}",
                "customerid_account@odata.bind": f"/accounts({account})",
                "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
            }
        )
        for place in range(LINES):
            product = products[(n + place) % len(products)]
            lines.append(
                {
                    "salesorderid@odata.bind": f"/salesorders({order})",
                    "productid@odata.bind": f"/products({product['productid']})",
                    "uomid@odata.bind": f"/uoms({product['_defaultuomid_value']})",
                    "quantity": 2,
                    "priceperunit": 10,
                    "ispriceoverridden": True,
                    "sequencenumber": place + 1,
                }
            )
    sim.load("salesorders", headers)
    sim.load("salesorderdetails", lines)
    for header in headers:
        sim.edit("salesorders", str(header["salesorderid"]), statecode=1, statuscode=3)
