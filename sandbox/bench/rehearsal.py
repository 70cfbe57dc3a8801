"""A rehearsal of a full synchronization, and the run after it: nothing is written, then exactly the plan is done (H26)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.bench.house import House
from sandbox.bench.report import Budget

#: What a line of a run tells that its rehearsal has told before.
PARTS = ("to_sales", "from_sales", "wake_ups", "reasons", "unresolved")
ITEMS = 2_000
#: Mappings that share their table of Sales with others: see `told_apart`.
SHARING = ("items", "resources", "customer_price_groups", "sales_prices")


def budgets(customers: int, items: int = ITEMS) -> list[Budget]:
    """Return the rows of a company with so many customers and items, rehearsed and then synchronized."""
    house = House(customers=customers, items=items)
    rehearsed, plan = house.rehearse()
    written = sum(sim.log.counts()["writes"] for sim in (house.bc_sim, house.sales_sim))
    run = house.full_sync()
    planned = rows_of_plan(plan)
    done = written_by_table(house.log("bc"), house.log("sales"))
    tables = sorted(planned.keys() | done.keys())
    coupled = {name: house.coupled(name) for name in house.mappings}
    ids = {
        "bc": {n: c.keys() for n, c in coupled.items()},
        "sales": {n: {*c.values()} for n, c in coupled.items()},
    }
    what = f"rehearsal of {customers:,} customers and {items:,} items"
    return [
        Budget(what=f"{what}: entries of its plan", allowed=customers, actual=len(plan), at_least=True),
        Budget(what=f"{what}: writes to BC and Sales", allowed=0, actual=written),
        Budget(
            what="the run after it: tallies and reasons that are not as planned",
            allowed=0,
            actual=len(differing(rehearsed, run)),
        ),
        Budget(
            what=f"the run after it: rows written otherwise than the {sum(planned.values()):,} planned",
            allowed=0,
            actual=sum(abs(planned.get(t, 0) - done.get(t, 0)) for t in tables),
        ),
        Budget(
            what="the run after it: planned records without their counterpart",
            allowed=0,
            actual=sum(e["action"] == "create" and e["id"] not in ids[e["side"]][e["mapping"]] for e in plan),
        ),
    ]


def differing(rehearsed: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """Return what a run did otherwise than its rehearsal said, a text for each part of a line."""
    return [
        f"{planned['mapping']} {part}: planned {told_apart(planned, part)}, done {told_apart(done, part)}"
        for planned, done in zip(rehearsed["lines"], run["lines"], strict=True)
        for part in PARTS
        if told_apart(planned, part) != told_apart(done, part)
    ]


def told_apart(line: Mapping[str, Any], part: str) -> dict[str, int]:
    """Return a part of a line without what one mapping ignores because another one has just made it.

    Items and resources share the table of products, and both make the default price list and its lines.
    """
    passed_over = {"from_sales": {"read", "ignored", "unchanged"}, "reasons": set(line["reasons"])}
    left_out = passed_over.get(part, set()) if line["mapping"] in SHARING else set()
    return {name: count for name, count in line[part].items() if name not in left_out}


def rows_of_plan(plan: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the rows of a plan by table; rows that several entries share are made once."""
    found = Counter[str]()
    for entry in plan:
        found.update(entry["rows"])
    found.update(name.partition("(")[0] for name in {one for e in plan for one in e["shared"]})
    return dict(found)


def written_by_table(*logs: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the rows that Tandem wrote by table, without what the service makes of its own accord."""
    found = Counter[str]()
    for log in logs:
        for entry in log:
            found.update(entry["written"])
    # Each write of a line works out its invoice's totals anew; a unit group is born with its unit.
    found["invoices"] -= found["invoicedetails"]
    del found["uoms"]
    return dict(found)
