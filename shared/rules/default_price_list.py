"""The default price list: made by itself, one line for each product (mappings.md §11, P24)."""

from __future__ import annotations

from collections.abc import Iterable

from shared.core.mapping import Table
from shared.core.model import Record, Side, Wire, derived_id
from shared.ports import Facts, Step
from shared.rules.base import Context, Need

PRICE_LISTS = Table(name="pricelevels", key="pricelevelid")
LINES = Table(name="productpricelevels", key="productpricelevelid", bulk=False)
NAME = "Business Central Default Price List"
READS = (
    (Side.SALES, PRICE_LISTS, ("name", "_transactioncurrencyid_value")),
    (Side.SALES, LINES, ("_pricelevelid_value", "_productid_value", "_uomid_value", "amount")),
)


def own_id(facts: Facts) -> str:
    """Return the id under which Tandem makes the list: found again by it, whatever it is renamed to."""
    return derived_id(
        company=facts.company_id,
        mapping="default_price_list",
        source=Side.BC,
        source_id=facts.lcy_code,
    )


def other_name(facts: Facts) -> str:
    """Return the name when a list of the usual name is in another currency."""
    return f"Business Central {facts.lcy_code} Default Price List"


def list_needs(facts: Facts) -> list[Need]:
    names = (NAME, other_name(facts))
    return [
        Need(
            name="own list",
            side=Side.SALES,
            table=PRICE_LISTS,
            column=PRICE_LISTS.key,
            values=(own_id(facts),),
        ),
        Need(name="lists", side=Side.SALES, table=PRICE_LISTS, column="name", values=names),
    ]


def line_needs(products: Iterable[str]) -> list[Need]:
    ids = tuple(products)
    if not ids:
        return []
    return [Need(name="lines", side=Side.SALES, table=LINES, column="_productid_value", values=ids)]


def default_list(facts: Context) -> tuple[str, str | None]:
    """Return the id of the list, and the name to create it with when there is none yet."""
    own = own_id(facts)
    if facts.row("own list", own) is not None:
        return own, None
    usual = facts.rows("lists", NAME)
    for row in (*usual, *facts.rows("lists", other_name(facts))):
        if row.values.get("_transactioncurrencyid_value") == facts.lcy_currency_id:
            return row.id, None
    return own, other_name(facts) if usual else NAME


def list_to_create(facts: Context) -> tuple[Step, ...]:
    """Return the list when there is none yet, to be made before the first product (P24)."""
    id, name = default_list(facts)
    if name is None:
        return ()
    currency = f"/transactioncurrencies({facts.lcy_currency_id})"
    values = {"name": name, "transactioncurrencyid@odata.bind": currency}
    return (Step(action="create", table=PRICE_LISTS, id=id, values=values),)


def line_of(product: str, unit: object, facts: Context) -> Record | None:
    """Return the product's line in the default list for its own unit."""
    id, _ = default_list(facts)
    for row in facts.rows("lines", product):
        if row.values.get("_pricelevelid_value") == id and (
            not unit or row.values.get("_uomid_value") == unit
        ):
            return row
    return None


def line_id(product: str, unit: str, facts: Context) -> str:
    list_id, _ = default_list(facts)
    return derived_id(
        company=facts.company_id,
        mapping="default_price_list_line",
        source=Side.SALES,
        source_id=f"{list_id}:{product}:{unit}",
    )


def line_values(product: str, unit: str, amount: Wire, facts: Context) -> dict[str, Wire]:
    list_id, _ = default_list(facts)
    return {
        "pricelevelid@odata.bind": f"/pricelevels({list_id})",
        "productid@odata.bind": f"/products({product})",
        "uomid@odata.bind": f"/uoms({unit})",
        # 1 = Currency Amount, the default (mappings.md §11).
        "pricingmethodcode": 1,
        "amount": amount or 0,
    }


def priced_line(product: str, unit: str, amount: Wire, facts: Context) -> Step:
    """Return the step that gives the product this price in the default list: its line there, or a new one."""
    found = line_of(product, unit, facts)
    if found is not None:
        return Step(action="update", table=LINES, id=found.id, values={"amount": amount or 0})
    return Step(
        action="create",
        table=LINES,
        id=line_id(product, unit, facts),
        values=line_values(product, unit, amount, facts),
    )
