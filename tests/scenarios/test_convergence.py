"""Hypothesis is the users, the network and the power cut; then all is calm. Do both sides agree?

People add, edit and delete on both sides, also between a worker's read and its write. Processes die at
any port call, answers are lost, services throttle, messages come twice, and a second process works in
the middle of what the first does, with or without having overtaken it (H1, H2, H11–H15, H25).
`TANDEM_EXAMPLES=5000` runs thousands of histories; the default is 300.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.world import Crash
from shared.core.errors import Transient
from shared.core.mapping import Creates, OnConflict, OnDelete
from shared.engine.messages import queue_of
from shared.engine.parts import Limits
from shared.mappings import BY_NAME
from tests.scenarios.builders import (
    ZERO,
    a_company,
    add_account,
    add_contact,
    add_customer,
    add_sales_contact,
)

#: Hundreds of histories take a minute or two here.
pytestmark = pytest.mark.timeout(1800)
SIDES = st.sampled_from(["bc", "sales"])
WORDS = st.sampled_from(["", "Ann", "Bob", "Zoë", "x" * 25])
FIELDS = st.sampled_from(
    [
        ("phoneNumber", "telephone1"),
        ("city", "address1_city"),
        ("email", "emailaddress1"),
        ("address", "address1_line1"),
    ]
)
CALLS = st.sampled_from(
    [
        "sales.create",
        "sales.update",
        "bc.create",
        "bc.update",
        "bc.changes",
        "sales.changes",
        "bc.get",
        "sales.get",
        "tables.transact:Couplings",
        "tables.transact:Runs",
        "tables.transact:Intents",
        "tables.transact:Cursors",
        "tables.transact:Held",
        "tables.transact:Leases",
        "tables.transact:Jobs",
        "tables.query",
    ]
)
#: The mappings of which people here edit records, and those that these need; others cost time only.
NEEDED = [
    BY_NAME[name]
    for name in (
        "salespeople",
        "currencies",
        "payment_terms",
        "shipment_methods",
        "shipping_agents",
        "customers",
        "contacts",
    )
]
EXAMPLES = int(os.environ.get("TANDEM_EXAMPLES", "300"))


def at(moment: str, call: str, nth: int = 1) -> Callable[[str, str], bool]:
    """Say yes at the nth time that a port call of this name comes to this moment."""
    seen = [0]

    def happens(when: str, name: str) -> bool:
        if when == moment and name.startswith(call):
            seen[0] += 1
            return seen[0] >= nth
        return False

    return happens


class SyncMachine(RuleBasedStateMachine):
    """People edit, the network fails, workers die, messages come twice; then all is calm."""

    def __init__(self) -> None:
        super().__init__()
        policies = {
            "on_conflict": OnConflict.BC_WINS,
            "on_delete": OnDelete.RESTORE,
            "creates": Creates.ALWAYS,
        }
        self.world = a_company(mappings=NEEDED, limits=Limits(page=3), customers=policies, contacts=policies)
        self.count = 0
        #: What people last entered since both sides agreed: (side, id) → column of BC → value.
        self.entered: dict[tuple[str, str], dict[str, str]] = {}
        #: Records whose counterpart was deleted: which values win then is no question of lost edits.
        self.bereaved: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.world.full_sync()

    def alive(self, do: Callable[[], object]) -> None:
        """Call the app; when its process dies of it, start it anew."""
        try:
            do()
        except Crash:
            self.world.app = self.world.start_app()

    # --- people ------------------------------------------------------------------------------

    @rule(side=SIDES)
    def somebody_adds_a_company(self, side: str) -> None:
        self.count += 1
        if side == "bc":
            add_customer(self.world, f"C{self.count}")
        else:
            add_account(self.world, f"A{self.count}")

    @rule(side=SIDES, n=st.integers(0, 5))
    def somebody_adds_a_person(self, side: str, n: int) -> None:
        self.count += 1
        if side == "bc":
            ids = sorted(self.world.bc.all("customers"))
            add_contact(self.world, f"K{self.count}", ids[n % len(ids)] if ids else ZERO)
        else:
            ids = sorted(self.world.sales.all("accounts"))
            add_sales_contact(self.world, f"S{self.count}", ids[n % len(ids)] if ids else None)

    def edit(self, side: str, n: int, field: tuple[str, str], word: str, person: bool) -> None:
        records = self.world.bc if side == "bc" else self.world.sales
        table = "contacts" if person else ("customers" if side == "bc" else "accounts")
        ids = sorted(records.all(table))
        if ids:
            chosen = ids[n % len(ids)]
            records.edit(table, chosen, **{field[0 if side == "bc" else 1]: word})
            self.entered.setdefault((side, chosen), {})[field[0]] = word

    @rule(side=SIDES, n=st.integers(0, 9), field=FIELDS, word=WORDS, person=st.booleans())
    def somebody_edits(self, side: str, n: int, field: tuple[str, str], word: str, person: bool) -> None:
        self.edit(side, n, field, word, person)

    @rule(call=CALLS, side=SIDES, n=st.integers(0, 9), field=FIELDS, word=WORDS, person=st.booleans())
    def somebody_will_edit_while_a_worker_works(
        self, call: str, side: str, n: int, field: tuple[str, str], word: str, person: bool
    ) -> None:
        self.world.once(at("before", call), lambda: self.edit(side, n, field, word, person))

    @rule(side=SIDES, n=st.integers(0, 9), person=st.booleans())
    def somebody_deletes(self, side: str, n: int, person: bool) -> None:
        records = self.world.bc if side == "bc" else self.world.sales
        table = "contacts" if person else ("customers" if side == "bc" else "accounts")
        ids = sorted(records.all(table))
        if ids:
            chosen = ids[n % len(ids)]
            records.delete(table, chosen)
            for bc, sales in self.couplings("contacts" if person else "customers").items():
                if chosen in (bc, sales):
                    self.bereaved |= {bc, sales}

    # --- machines ----------------------------------------------------------------------------

    @rule(mapping=st.sampled_from(["customers", "contacts"]))
    def a_timer_fires(self, mapping: str) -> None:
        self.count += 1
        self.alive(lambda: self.world.app.poll(mapping, occurrence=f"tick {self.count}"))

    @rule()
    def somebody_starts_a_full_synchronization(self) -> None:
        self.alive(lambda: self.world.app.api.start_full_sync({}))

    @rule(steps=st.integers(1, 6))
    def workers_work(self, steps: int) -> None:
        for _ in range(steps):
            self.world.step()

    @rule(mapping=st.sampled_from(["customers", "contacts"]))
    def messages_are_delivered_again(self, mapping: str) -> None:
        for message in self.world.queue.peek(queue_of(mapping)):
            self.world.send(queue_of(mapping), message.body)

    @rule()
    def time_passes(self) -> None:
        self.world.clock.advance(timedelta(minutes=7))
        self.alive(self.world.app.housekeeping)

    # --- faults ------------------------------------------------------------------------------

    @rule(call=CALLS, after=st.booleans(), nth=st.integers(1, 3))
    def the_process_will_die(self, call: str, after: bool, nth: int) -> None:
        self.world.crash_when(at("after" if after else "before", call, nth))

    @rule(
        call=CALLS,
        after=st.booleans(),
        nth=st.integers(1, 3),
        steps=st.integers(1, 3),
        overtaking=st.booleans(),
    )
    def a_second_worker_will_step_in(
        self, call: str, after: bool, nth: int, steps: int, overtaking: bool
    ) -> None:
        self.world.a_second_worker_steps_in(
            at("after" if after else "before", call, nth), steps=steps, overtaking=overtaking
        )

    @rule(side=SIDES, times=st.integers(1, 2))
    def answers_will_be_lost(self, side: str, times: int) -> None:
        (self.world.bc if side == "bc" else self.world.sales).lost_answers = times

    @rule(side=SIDES, call=st.sampled_from(["changes", "get", "find", "create", "update"]))
    def requests_will_be_throttled(self, side: str, call: str) -> None:
        def refuse() -> None:
            raise Transient("429", retry_after=timedelta(seconds=30))

        self.world.once(at("before", f"{side}.{call}"), refuse)

    # --- what must hold ----------------------------------------------------------------------

    def couplings(self, mapping: str) -> dict[str, str]:
        """Return what is coupled, without setting off what was to happen at a port call."""
        tables = self.world.tables
        hooks = tables.before_request, tables.after_request
        tables.before_request = tables.after_request = None
        try:
            return self.world.coupled(mapping)
        finally:
            tables.before_request, tables.after_request = hooks

    @invariant()
    def nothing_is_coupled_twice(self) -> None:
        for mapping in ("customers", "contacts"):
            pairs = self.couplings(mapping)
            assert len(set(pairs.values())) == len(pairs)

    @precondition(lambda self: self.count)
    @rule()
    def after_calm_both_sides_agree(self) -> None:
        self.calm()

    def teardown(self) -> None:
        self.calm()

    def calm(self) -> None:
        world = self.world
        world.heal()
        for _ in range(6):
            before = world.written()
            world.run()
            world.clock.advance(timedelta(minutes=30))
            world.housekeeping()
            for mapping in ("customers", "contacts"):
                world.tick(mapping)
            world.full_sync("customers", "contacts")
            if world.written() == before and not world.held():
                break
        written = world.written()
        world.full_sync("customers", "contacts")
        assert world.written() == written, "a calm full synchronization wrote something"
        pairs = world.coupled("customers")
        bc, sales = world.bc.all("customers"), world.sales.all("accounts")
        assert set(pairs) == set(bc) and set(pairs.values()) == set(sales)
        for customer, account in pairs.items():
            for ours, theirs in (
                ("name", "name"),
                ("phoneNumber", "telephone1"),
                ("city", "address1_city"),
                ("email", "emailaddress1"),
                ("address", "address1_line1"),
            ):
                assert (bc[customer].get(ours) or "") == (sales[account].get(theirs) or "")
        people = world.coupled("contacts")
        self.no_edit_is_lost("customers", pairs)
        self.no_edit_is_lost("contacts", people)
        self.entered.clear()
        self.bereaved.clear()
        ours, theirs = world.bc.all("contacts"), world.sales.all("contacts")
        for contact, twin in people.items():
            if contact in ours and twin in theirs and ours[contact]["customerId"] in pairs:
                assert (ours[contact].get("surname") or "") == (theirs[twin].get("lastname") or "")
        created = [
            i for i, r in world.sales._rows.get("accounts", {}).items() if r["created_by"] == "integration"
        ]
        assert len(created) == len(set(created) & set(pairs.values())), "an account without a customer"
        made = [r for r in world.bc._rows.get("customers", {}).values() if r["created_by"] == "integration"]
        assert len(made) <= len(pairs), "a customer without an account"

    def no_edit_is_lost(self, mapping: str, pairs: dict[str, str]) -> None:
        """What only one side entered is there; what both entered is one of the two values."""
        rows = self.world.bc.all(mapping)
        for bc, sales in pairs.items():
            if bc in self.bereaved or sales in self.bereaved or bc not in rows:
                continue
            ours, theirs = self.entered.get(("bc", bc), {}), self.entered.get(("sales", sales), {})
            for column in ours.keys() | theirs.keys():
                wanted = {edits[column] for edits in (ours, theirs) if column in edits}
                assert (rows[bc].get(column) or "") in wanted, f"{mapping} {bc} {column}: an edit is lost"


SyncMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
TestSyncMachine = SyncMachine.TestCase
