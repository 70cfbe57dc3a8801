"""Statistics of coupled customers, linked to their accounts (sales-documents.md S119–S121)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.core.convert import Number
from shared.core.decide import Pair
from shared.core.mapping import Table
from shared.core.model import Decision, Fields, Record, Side, Uncouple, Wire
from shared.ports import Step
from shared.rules.base import Context, Rule, Steps
from shared.rules.sales_documents.parts import number

ACCOUNTS = Table(name="accounts", key="accountid")
#: What a customer's total adds up from, and what is in it twice or paid already (§6.3).
ADDED = ("balanceLcy", "outstandingOrdersLcy", "shippedNotInvoicedLcy", "outstandingInvoicesLcy")
TAKEN_OFF = ("invoicedFromShipmentsLcy", "invoicedPrepaymentLcy", "returnsNotInvoicedLcy")


class AccountStatistics(Rule):
    writes = (ACCOUNTS,)

    def refers(self, record: Record, facts: Context) -> Iterable[tuple[str, Side, str]]:
        if record.side is Side.BC:
            yield "customers", Side.BC, record.id

    def ignores(self, side: Side, record: Record, facts: Context) -> str | None:
        if side is Side.BC and facts.sales_id("customers", record.id) is None:
            return "the customer is not coupled"
        return None

    def adds(self, side: Side, record: Record, facts: Context) -> dict[str, Wire]:
        if side is Side.SALES:
            known = facts.couplings.get((side, record.id))
            agreed = known.baseline.get("account") if known is not None else None
            return {"computedAccount": agreed.sales if agreed is not None else None}
        account = facts.sales_id("customers", record.id)
        return {"computedTotal": total(record.values), "computedAccount": account}

    def decides(self, pair: Pair, facts: Context) -> Decision | None:
        if pair.coupling is not None and pair.bc is None and pair.sales is not None:
            return Uncouple(reason="its customer was deleted in Business Central")
        return None

    def on_create(self, side: Side, source: Record, facts: Context) -> dict[str, Wire]:
        """In the local currency, and each amount 0 until it is something else: empty would be unknown."""
        fields = facts.mapping.fields if facts.mapping is not None else ()
        zeros: dict[str, Wire] = {f.sales: 0 for f in fields if isinstance(f.converter, Number)}
        return zeros | {
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({facts.lcy_currency_id})"
        }

    def steps(
        self,
        side: Side,
        id: str,
        values: Fields,
        source: Record,
        target: Record | None,
        facts: Context,
    ) -> Steps:
        """The day goes with any other value, so that it alone moves nothing; an account that is new to the row leads to it."""
        day = {"nav_overdueamountsasof": facts.today.isoformat()}
        if target is not None and "account" not in values:
            return Steps(values=day)
        account = facts.sales_id("customers", source.id)
        link = {"nav_accountstatisticsid@odata.bind": f"/nav_accountstatisticses({id})"}
        linked = Step(action="update", table=ACCOUNTS, id=str(account), values=link)
        return Steps(values=day, after=(linked,))


def total(values: Mapping[str, Wire]) -> Wire:
    """Return the amount that a customer stands for: owed, ordered, shipped and invoiced, each once."""
    return sum(number(values.get(c)) for c in ADDED) - sum(number(values.get(c)) for c in TAKEN_OFF)
