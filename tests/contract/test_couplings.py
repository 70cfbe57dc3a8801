"""What `Couplings` promises, on both table stores."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.in_memory.tables import InMemoryTables
from shared.core.model import Agreed, Coupling, CouplingState, First, Side, Unresolved
from shared.ports import Op, Outdated, Row, TableStore
from shared.state.codec import stored_form
from shared.state.couplings import TABLE, TableCouplings
from tests.contract.state_helpers import NOW, spent

FULL = Coupling(
    mapping="customers",
    bc_id="bc-1",
    sales_id="sales-1",
    bc_version='W/"JzIw"',
    sales_version='W/"123"',
    bc_row_version=2**40,
    sales_row_version=7,
    baseline={
        "name": Agreed(bc="Ærø ApS", sales="Ærø"),
        "limit": Agreed(bc=Decimal("1.50"), sales=Decimal("1.5")),
        "blocked": Agreed(bc=False, sales=False),
        "since": Agreed(bc=date(2024, 2, 29), sales=NOW),
        "terms": Agreed(bc=None, sales=Unresolved("30 DAYS")),
    },
    first=First.COMPARE,
    late=("primary_contact", "owner"),
    generation=3,
    outcome="updated",
    coupled_at=NOW,
)


@pytest.fixture
def couplings(store: TableStore, company: str) -> TableCouplings:
    return TableCouplings(store, company)


def new(n: int, **changes: Any) -> Coupling:
    return replace(Coupling(mapping="customers", bc_id=f"bc-{n:04}", sales_id=f"sales-{n:04}"), **changes)


def save(couplings: TableCouplings, *wanted: Coupling) -> list[Coupling]:
    results = couplings.save(wanted)
    assert [result.refused for result in results] == [None] * len(wanted)
    return [result.coupling for result in results if result.coupling]


def refusals(couplings: TableCouplings, *wanted: Coupling) -> list[str | None]:
    return [result.refused for result in couplings.save(wanted)]


def one(couplings: TableCouplings, side: Side, record_id: str) -> Coupling | None:
    return couplings.find("customers", side, [record_id]).get(record_id)


def test_a_coupling_is_found_as_it_was_saved_from_both_sides(couplings: TableCouplings) -> None:
    [saved] = save(couplings, FULL)
    assert saved == replace(FULL, etag=saved.etag)
    assert couplings.find("customers", Side.BC, ["bc-1", "nobody"]) == {"bc-1": saved}
    assert couplings.find("customers", Side.SALES, ["sales-1", "nobody"]) == {"sales-1": saved}
    assert list(couplings.stream("customers")) == [saved]


def test_mappings_do_not_see_each_other(couplings: TableCouplings) -> None:
    save(couplings, new(1), new(1, mapping="contacts"))
    assert len(list(couplings.stream("contacts"))) == 1
    assert couplings.find("salespeople", Side.BC, ["bc-0001"]) == {}


def test_companies_do_not_see_each_other(store: TableStore, company: str) -> None:
    save(TableCouplings(store, f"{company}-a"), new(1))
    assert list(TableCouplings(store, f"{company}-b").stream("customers")) == []


def test_a_coupling_is_replaced_as_it_was_read(couplings: TableCouplings) -> None:
    [saved] = save(couplings, FULL)
    changed = replace(
        saved, first=None, late=(), coupled_at=None, outcome="unchanged", bc_row_version=0, baseline={}
    )
    [again] = save(couplings, changed)
    assert again.etag != saved.etag
    assert one(couplings, Side.SALES, "sales-1") == again == replace(changed, etag=again.etag)


def test_saving_over_a_newer_row_is_refused_and_changes_nothing(couplings: TableCouplings) -> None:
    [old] = save(couplings, new(1))
    [newer] = save(couplings, replace(old, outcome="updated"))
    assert refusals(couplings, replace(old, outcome="held"), new(2)) == ["outdated", None]
    assert one(couplings, Side.BC, "bc-0001") == newer


def test_saving_over_a_row_that_is_gone_is_refused(couplings: TableCouplings) -> None:
    [old] = save(couplings, new(1))
    couplings.remove([old])
    assert refusals(couplings, replace(old, outcome="updated")) == ["outdated"]
    assert one(couplings, Side.BC, "bc-0001") is None


def test_saving_the_same_new_coupling_twice_answers_the_one_that_is_there(couplings: TableCouplings) -> None:
    [saved] = save(couplings, new(1, outcome="created"))
    [newer] = save(couplings, replace(saved, outcome="updated"))
    assert save(couplings, new(1, outcome="created")) == [newer]


def test_a_new_coupling_does_not_pass_for_the_marker_of_an_uncoupled_one(couplings: TableCouplings) -> None:
    [marker] = save(couplings, new(1, state=CouplingState.UNCOUPLED, generation=2))
    assert refusals(couplings, new(1)) == ["outdated"]
    assert one(couplings, Side.SALES, "sales-0001") == marker


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(new(1, sales_id="sales-other"), id="the BC record"),
        pytest.param(new(1, bc_id="bc-other"), id="the Sales record"),
    ],
)
def test_a_record_that_is_coupled_elsewhere_is_taken(couplings: TableCouplings, second: Coupling) -> None:
    [first] = save(couplings, new(1))
    assert refusals(couplings, new(2), second, new(3)) == [None, "taken", None]
    assert [c.bc_id for c in couplings.stream("customers")] == ["bc-0001", "bc-0002", "bc-0003"]
    assert one(couplings, Side.BC, "bc-0001") == first


def test_of_two_couplings_for_one_record_in_one_call_the_first_wins(couplings: TableCouplings) -> None:
    assert refusals(couplings, new(1), new(2, sales_id="sales-0001"), new(3, bc_id="bc-0001")) == [
        None,
        "taken",
        "taken",
    ]


def test_a_coupling_can_be_pointed_at_another_sales_record(couplings: TableCouplings) -> None:
    [saved] = save(couplings, new(1))
    [moved] = save(couplings, replace(saved, sales_id="sales-new", generation=1))
    assert one(couplings, Side.SALES, "sales-0001") is None
    assert one(couplings, Side.SALES, "sales-new") == one(couplings, Side.BC, "bc-0001") == moved
    [free] = save(couplings, new(2, sales_id="sales-0001"))
    assert refusals(couplings, replace(moved, sales_id="sales-0001")) == ["taken"]
    assert one(couplings, Side.SALES, "sales-0001") == free
    assert one(couplings, Side.SALES, "sales-new") == moved


def test_a_coupling_can_be_moved_to_another_bc_record(couplings: TableCouplings) -> None:
    [saved] = save(couplings, new(1))
    restored = replace(saved, bc_id="bc-new", generation=1)
    [moved] = save(couplings, restored)
    assert one(couplings, Side.BC, "bc-0001") is None
    assert one(couplings, Side.BC, "bc-new") == one(couplings, Side.SALES, "sales-0001") == moved
    # The reply was lost: the same move again finds itself.
    assert save(couplings, restored) == [moved]
    [both] = save(couplings, replace(moved, bc_id="bc-newer", sales_id="sales-newer"))
    assert list(couplings.stream("customers")) == [both]
    assert one(couplings, Side.SALES, "sales-newer") == both
    save(couplings, new(2, bc_id="bc-0001", sales_id="sales-0001"))
    couplings.remove([both])
    save(couplings, new(3, bc_id="bc-newer", sales_id="sales-newer"))


def test_a_coupling_is_not_moved_over_another_nor_from_an_old_version(couplings: TableCouplings) -> None:
    first, second = save(couplings, new(1), new(2))
    assert refusals(couplings, replace(first, bc_id="bc-0002")) == ["taken"]
    [newer] = save(couplings, replace(first, outcome="updated"))
    assert refusals(couplings, replace(first, bc_id="bc-new")) == ["outdated"]
    assert list(couplings.stream("customers")) == [newer, second]


def test_a_pointer_without_its_row_is_no_coupling_and_in_nobodys_way(
    couplings: TableCouplings, store: TableStore, company: str
) -> None:
    dangling = Row(partition=f"{company}|customers", key="sales:sales-0001", properties={"bc_id": "bc-gone"})
    store.transact(TABLE, [Op(action="create", row=dangling)])
    assert one(couplings, Side.SALES, "sales-0001") is None
    [saved] = save(couplings, new(1))
    assert one(couplings, Side.SALES, "sales-0001") == saved


def test_a_row_without_its_pointer_can_be_moved_and_removed(
    couplings: TableCouplings, store: TableStore, company: str
) -> None:
    lost = Row(partition=f"{company}|customers", key="sales:sales-0001", properties={})
    [saved] = save(couplings, new(1))
    store.transact(TABLE, [Op(action="delete", row=lost)])
    [moved] = save(couplings, replace(saved, sales_id="sales-new"))
    assert one(couplings, Side.SALES, "sales-new") == moved
    store.transact(TABLE, [Op(action="delete", row=replace(lost, key="sales:sales-new"))])
    couplings.remove([moved])
    assert one(couplings, Side.BC, "bc-0001") is None


def test_removed_couplings_are_gone_from_both_sides_and_can_be_removed_again(
    couplings: TableCouplings,
) -> None:
    saved = save(couplings, *(new(n) for n in range(3)))
    couplings.remove(saved[:2])
    couplings.remove(saved)
    couplings.remove([new(7)])
    assert list(couplings.stream("customers")) == []
    save(couplings, new(9, sales_id="sales-0000"))


def test_a_coupling_that_was_changed_meanwhile_is_not_removed(couplings: TableCouplings) -> None:
    first, second = save(couplings, new(1), new(2))
    [newer] = save(couplings, replace(first, sales_id="sales-new"))
    with pytest.raises(Outdated, match="1 couplings"):
        couplings.remove([first, second])
    assert list(couplings.stream("customers")) == [newer]


def test_a_coupling_can_be_removed_by_its_ids_alone(couplings: TableCouplings) -> None:
    save(couplings, new(1))
    couplings.remove([new(1)])
    assert list(couplings.stream("customers")) == []


def test_the_stream_is_in_order_and_can_be_of_late_ones_only(couplings: TableCouplings) -> None:
    save(couplings, new(3, late=("contact",)), new(1), new(2, late=("contact", "owner")))
    assert [c.bc_id for c in couplings.stream("customers")] == ["bc-0001", "bc-0002", "bc-0003"]
    late = {c.bc_id: c.late for c in couplings.stream("customers", late_only=True)}
    assert late == {"bc-0002": ("contact", "owner"), "bc-0003": ("contact",)}


def test_a_long_baseline_is_kept_whole_and_a_very_long_text_as_its_hash(couplings: TableCouplings) -> None:
    noise = random.Random(1)
    values = ["".join(chr(noise.randrange(32, 0x2FF)) for _ in range(2000)) for _ in range(60)]
    kept = {f"field {n}": Agreed(bc=value, sales=value[::-1]) for n, value in enumerate(values)}
    long = "é" * 5000
    [saved] = save(couplings, new(1, baseline=kept | {"notes": Agreed(bc=long, sales=long + "!")}))
    there = one(couplings, Side.BC, saved.bc_id)
    assert there is not None
    assert {name: there.baseline[name] for name in kept} == kept
    assert there.baseline["notes"] == Agreed(bc=stored_form(long), sales=stored_form(long + "!"))
    assert there.baseline["notes"].bc != there.baseline["notes"].sales
    assert stored_form(there.baseline["notes"].bc) == there.baseline["notes"].bc


def test_a_coupling_that_no_row_can_hold_is_refused_and_the_others_are_saved(
    couplings: TableCouplings,
) -> None:
    noise = random.Random(2)
    values = [noise.randbytes(3500).hex() for _ in range(200)]
    huge = new(2, baseline={f"field {n}": Agreed(bc=v, sales=v[::-1]) for n, v in enumerate(values)})
    assert refusals(couplings, new(1), huge, new(3)) == [None, "too large", None]


def test_a_thousand_new_couplings_take_twenty_transactions_and_their_updates_ten(
    couplings: TableCouplings, store: TableStore
) -> None:
    wanted = [new(n) for n in range(1000)]
    saved: list[Coupling] = []
    couplings.find("customers", Side.BC, ["warm up"])
    assert spent(store, lambda: saved.extend(save(couplings, *wanted))) == 20
    assert spent(store, lambda: save(couplings, *(replace(c, outcome="updated") for c in saved))) == 10
    assert spent(store, lambda: sum(1 for _ in couplings.stream("customers"))) == 1
    assert spent(store, lambda: list(couplings.stream("customers", late_only=True))) == 1
    current = list(couplings.stream("customers"))
    assert [c.outcome for c in current] == ["updated"] * 1000
    assert spent(store, lambda: couplings.remove(current)) == 20
    assert list(couplings.stream("customers")) == []


def test_large_couplings_close_a_transaction_before_it_is_too_large(
    couplings: TableCouplings, store: TableStore
) -> None:
    noise = random.Random(3)
    wanted = [
        new(
            n,
            baseline={
                f"f{i}": Agreed(bc=(text := noise.randbytes(3000).hex()), sales=text) for i in range(40)
            },
        )
        for n in range(40)
    ]
    saved: list[Coupling] = []
    couplings.find("customers", Side.BC, ["warm up"])
    cost = spent(store, lambda: saved.extend(save(couplings, *wanted)))
    assert 2 <= cost <= 8
    assert list(couplings.stream("customers")) == saved


def test_one_that_fails_costs_a_request_or_two_more_and_not_its_neighbours(
    couplings: TableCouplings, store: TableStore
) -> None:
    save(couplings, new(17))
    results = []
    cost = spent(
        store, lambda: results.extend(couplings.save([new(n, sales_id=f"s-{n}") for n in range(50)]))
    )
    assert [n for n, result in enumerate(results) if result.refused] == [17]
    # Two transactions, and four reads to say why: pointer, fat row.
    assert cost <= 6


def test_a_page_saved_before_is_recognized_without_a_transaction_for_each_row(
    couplings: TableCouplings, store: TableStore
) -> None:
    saved = save(couplings, *(new(n) for n in range(50)))
    again: list[Coupling] = []
    transactions = spent(store, lambda: again.extend(save(couplings, *(new(n) for n in range(50))))) - 4 * 50
    assert again == saved
    assert transactions <= 4


def test_of_two_savers_that_couple_one_record_exactly_one_wins(couplings: TableCouplings) -> None:
    rivals = [new(n, sales_id="sales-wanted") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda c: couplings.save([c])[0].refused, rivals))
    assert sorted(outcomes, key=str) == [None] + ["taken"] * 7
    there = one(couplings, Side.SALES, "sales-wanted")
    assert there is not None and there.bc_id == rivals[outcomes.index(None)].bc_id
    assert [c.bc_id for c in couplings.stream("customers")] == [there.bc_id]


def test_of_two_savers_of_one_version_exactly_one_wins(couplings: TableCouplings) -> None:
    [read] = save(couplings, new(1))
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(
            pool.map(lambda n: couplings.save([replace(read, outcome=str(n))])[0].refused, range(4))
        )
    there = one(couplings, Side.BC, "bc-0001")
    assert sorted(outcomes, key=str) == [None] + ["outdated"] * 3
    assert there is not None and there.outcome == str(outcomes.index(None))


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
def test_a_crash_leaves_whole_couplings_and_saving_again_completes_them(hook: str) -> None:
    store = InMemoryTables()
    couplings = TableCouplings(store, "company")
    seen: list[str] = []

    def crash(name: str) -> None:
        seen.append(name)
        if seen.count("tables.transact:Couplings") == 2:
            raise Crash

    setattr(store, hook, crash)
    wanted = [new(n) for n in range(120)]
    with pytest.raises(Crash):
        couplings.save(wanted)
    setattr(store, hook, None)
    half = list(couplings.stream("customers"))
    assert len(half) == (50 if hook == "before_request" else 100)
    assert couplings.find("customers", Side.SALES, [c.sales_id for c in half]).keys() == {
        c.sales_id for c in half
    }
    assert [c.bc_id for c in save(couplings, *wanted)] == [c.bc_id for c in wanted]
    assert len(list(couplings.stream("customers"))) == 120
