"""Price lists that Tandem makes for documents (mappings.md §11, sales-documents.md S103)."""

from __future__ import annotations

from shared.core.mapping import Table
from shared.core.model import Record, Side, derived_id
from shared.ports import Facts, Step

PRICE_LISTS = Table(name="pricelevels", key="pricelevelid")
PRICE_LINES = Table(name="productpricelevels", key="productpricelevelid", bulk=False)
SHORT_NAME = "Business Central"


def names(facts: Facts, currency: str) -> tuple[str, ...]:
    """Return what the list for documents in a currency ("" is the local one) may be called, best first."""
    if currency in ("", facts.lcy_code):
        return f"{SHORT_NAME} Default Price List", f"{SHORT_NAME} {facts.lcy_code} Default Price List"
    return (f"Price List in {currency}",)


def list_for(facts: Facts, currency: str, currency_id: str, there: list[Record]) -> tuple[str, Step | None]:
    """Return the id of the list for a currency, and how to make it when it is not there.

    `there` are the lists with one of its names. A list of that name in another currency does not serve.
    """
    mine = [
        r for r in there if str(r.values.get("_transactioncurrencyid_value") or "").lower() == currency_id
    ]
    if mine:
        return mine[0].id, None
    taken = {str(r.values.get("name") or "").casefold() for r in there}
    wanted = names(facts, currency)
    name = next((n for n in wanted if n.casefold() not in taken), f"{wanted[0]} ({facts.company_id[:8]})")
    own = derived_id(
        company=facts.company_id, mapping="price_lists", source=Side.BC, source_id=currency or facts.lcy_code
    )
    values = {"name": name, "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency_id})"}
    return own, Step(action="create", table=PRICE_LISTS, id=own, values=values)


def line_for(facts: Facts, *, list_id: str, product: str, unit: str, schedule: str, amount: object) -> Step:
    """Return the step that prices a product in a list; its id is that of (list, product, unit) (H19, S108)."""
    own = derived_id(
        company=facts.company_id,
        mapping="price_lines",
        source=Side.SALES,
        source_id=f"{list_id}:{product}:{unit}",
    )
    values = {
        "pricelevelid@odata.bind": f"/pricelevels({list_id})",
        "productid@odata.bind": f"/products({product})",
        "uomid@odata.bind": f"/uoms({unit})",
        "uomscheduleid@odata.bind": f"/uomschedules({schedule})",
        "amount": amount,
        "pricingmethodcode": 1,
    }
    return Step(action="create", table=PRICE_LINES, id=own, values=values)
