"""Price lists of documents: the default one, or one for each foreign currency (sales-documents.md S103, S108)."""

from __future__ import annotations

from shared.core.model import Side, derived_id
from shared.ports import Facts, Step
from shared.rules import default_price_list as default
from shared.rules.base import Context, Need

READS = default.READS
FOREIGN = "foreign lists"


def foreign_name(currency: str) -> str:
    return f"Price List in {currency}"


def needs(facts: Facts, currencies: tuple[str, ...]) -> list[Need]:
    """Return what has to be read for documents in these currencies ("" is the local one)."""
    names = tuple(foreign_name(c) for c in currencies if c)
    return [
        *(default.list_needs(facts) if "" in currencies else []),
        Need(name=FOREIGN, side=Side.SALES, table=default.PRICE_LISTS, column="name", values=names),
    ]


def list_for(facts: Context, currency: str, currency_id: str) -> tuple[str, Step | None]:
    """Return the list for a currency, and how to make it when it is not there.

    A list of that name in another currency does not serve: ours is then told apart by the company.
    """
    if not currency:
        id, name = default.default_list(facts)
        currency_id = facts.lcy_currency_id
    else:
        there = facts.rows(FOREIGN, foreign_name(currency))
        mine = [r for r in there if r.values.get("_transactioncurrencyid_value") == currency_id]
        if mine:
            return mine[0].id, None
        id = derived_id(company=facts.company_id, mapping="price_lists", source=Side.BC, source_id=currency)
        name = foreign_name(currency) + (f" ({facts.company_id[:8]})" if there else "")
    if name is None:
        return id, None
    values = {"name": name, "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency_id})"}
    return id, Step(action="create", table=default.PRICE_LISTS, id=id, values=values)


def line_for(facts: Context, *, list_id: str, product: str, unit: str, schedule: str, amount: object) -> Step:
    """Return the step that prices a product in a list; its id is that of (list, product, unit) (H19)."""
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
    return Step(action="create", table=default.LINES, id=own, values=values)


def line_to_be(facts: Context, list_id: str, product: str) -> list[Step]:
    """Return the price that a product which a rehearsal would make will need in a list (H26).

    Its unit is not known yet. In the default list it gets a price with itself.
    """
    if not facts.rehearsing or list_id == default.default_list(facts)[0]:
        return []
    return [line_for(facts, list_id=list_id, product=product, unit="", schedule="", amount=None)]
