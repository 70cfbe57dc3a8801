"""The whole product in one process, for scenario tests: people, two systems, queues, tables, time.

Everything runs on one thread in a fixed order, so a seed reproduces a run exactly (design §4).
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.in_memory.parts import FixedSetUp, SkewedClock, TurnedClock
from sandbox.in_memory.queue import InMemoryQueue, ReceivedMessage
from sandbox.in_memory.records import INTEGRATION, InMemoryRecords
from sandbox.in_memory.tables import InMemoryTables
from shared.adapters.overrides import parse_overrides
from shared.core.mapping import EntityMapping
from shared.core.model import Side
from shared.engine.messages import FULL_SYNC, queue_of, random_token
from shared.engine.overriding import in_force
from shared.engine.parts import Limits, Ports
from shared.engine.tandem import Tandem
from shared.mappings import ALL
from shared.mappings.bc_columns import BC_COLUMNS
from shared.ports import Facts, OutgoingMessage
from shared.rules import RULES
from shared.settings import as_switched, unless_set
from shared.signals import SILENT, Signals
from shared.state.couplings import TableCouplings
from shared.state.cursors import TableCursors, TableIntents
from shared.state.held import TableHeld
from shared.state.history import TableHistory
from shared.state.jobs import TableJobLog
from shared.state.leases import TableLeases
from shared.state.overrides import TableLastGood
from shared.state.plans import TablePlans
from shared.state.runs import TableRuns
from shared.trace import follow, trace_of

COMPANY = "11111111-2222-4333-8444-555555555555"
GBP = "00000000-0000-4000-8000-0000000000aa"


class Crash(BaseException):
    """The process died here. Not an Exception: nothing may catch it on the way out."""


def base_unit(table: str, id: str, values: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the unit that Dataverse makes with a unit group (dataverse-web-api.md §9)."""
    if table != "uomschedules" or not values.get("baseuomname"):
        return []
    unit = {
        "name": values["baseuomname"],
        "_uomscheduleid_value": id,
        "isschedulebaseuom": True,
        "quantity": 1,
    }
    return [("uoms", str(uuid.uuid5(uuid.UUID(id), "base unit")), unit)]


class World:
    """Two systems, and Tandem between them. `app` may be thrown away at any time: state is outside it."""

    def __init__(
        self,
        *,
        mappings: Sequence[EntityMapping] = ALL,
        limits: Limits = Limits(),
        overrides: str = "",
        switched_on: Collection[str] = (),
        signals: Signals = SILENT,
        sales_ahead: timedelta = timedelta(0),
        **differs: Mapping[str, Any],
    ) -> None:
        self.clock = TurnedClock()
        self.signals = signals
        self.bc = InMemoryRecords(Side.BC, self.clock)
        #: `sales_ahead` is how much later it is by the clock of Sales than by ours and BC's.
        self.sales = InMemoryRecords(Side.SALES, SkewedClock(self.clock, sales_ahead))
        in_use = {"blocked": False}
        self.bc.defaults = {
            "customers": {"blocked": "_x0020_"},
            "items": in_use,
            "resources": in_use,
            "opportunities": {"status": "Not_x0020_Started"},
        }
        active = {"statecode": 0}
        self.sales.defaults = {
            "accounts": active,
            "contacts": active,
            "uomschedules": active,
            "pricelevels": active,
            "opportunities": active,
            "invoices": {"statecode": 0, "statuscode": 1},
            # Made as a draft (dataverse-web-api.md §9).
            "products": {"statecode": 2, "statuscode": 0, "productstructure": 1},
        }
        self._numbers = itertools.count(1001)
        self.bc.makes, self.sales.makes = self._code_of_unit, base_unit
        self.tables = InMemoryTables()
        self.queue = InMemoryQueue(self.clock, signals=signals)
        self.mappings = {m.name: replace(m, **differs.get(m.name, {})) for m in mappings}
        #: Mappings that a setting switches, where it has another word than when it is not set.
        self.switched_on, self.switched_off = switched_on, frozenset[str]()
        self.limits = limits
        self._events: list[tuple[Callable[[str, str], bool], Callable[[], object]]] = []
        #: What the setting MAPPING_OVERRIDES holds when Tandem is started.
        self.overrides = overrides
        self.facts = Facts(
            company_id=COMPANY,
            lcy_code="GBP",
            base_currency_code="GBP",
            lcy_currency_id=GBP,
            currency_precision=2,
            bc_user_ids=frozenset({INTEGRATION}),
            sales_user_ids=frozenset({INTEGRATION}),
        )
        self.app = self.start_app()

    def _code_of_unit(
        self, table: str, id: str, values: Mapping[str, Any]
    ) -> list[tuple[str, str, dict[str, Any]]]:
        """Show the code of the unit that a new item or resource names by id, and number documents, as BC does."""
        if table in ("salesOrders", "salesQuotes") and not values.get("number"):
            series = f"{'S-ORD' if table == 'salesOrders' else 'S-QUO'}{next(self._numbers)}"
            return [(table, id, {"number": series, "status": "Open", "completelyShipped": False})]
        unit = self.bc.show("unitsOfMeasure", values.get("baseUnitOfMeasureId") or "")
        if table not in ("items", "resources") or unit is None:
            return []
        return [(table, id, {"baseUnitOfMeasureCode": unit["code"]})]

    def start_app(self) -> Tandem:
        """Start Tandem anew, as after a crash: nothing in memory survives."""
        store, clock = self.tables, self.clock
        chosen = in_force(
            self.mappings,
            lambda: self.overrides,
            parse_overrides,
            TableLastGood(store, COMPANY),
            columns={Side.BC: BC_COLUMNS},
            switched_off=[
                n
                for n, m in self.mappings.items()
                if n in self.switched_off
                or (as_switched(m.switch, unless_set) == "off" and n not in self.switched_on)
            ],
        )
        return Tandem(
            Ports(
                bc=self.bc,
                sales=self.sales,
                setup=FixedSetUp(self.facts),
                couplings=TableCouplings(store, COMPANY),
                cursors=TableCursors(store, COMPANY),
                intents=TableIntents(store, COMPANY),
                leases=TableLeases(store, COMPANY, clock),
                held=TableHeld(store, COMPANY),
                jobs=TableJobLog(store, COMPANY),
                runs=TableRuns(store, COMPANY, clock),
                history=TableHistory(store, COMPANY),
                plans=TablePlans(store, COMPANY),
                overlay=lambda run: TableCouplings(store, f"{COMPANY}~{run}"),
                queue=self.queue,
                clock=clock,
                mappings=chosen.overridden.mappings,
                in_force=chosen,
                rules=RULES,
                limits=self.limits,
                signals=self.signals,
                spent=lambda: {
                    "bc": self.bc.requests,
                    "sales": self.sales.requests,
                    "tables": store.requests(),
                },
            )
        )

    # --- what happens ------------------------------------------------------------------------

    def full_sync(self, *mappings: str, create: bool = False) -> dict[str, Any]:
        """Start a full synchronization, let it run to its end, and return the run as JSON."""
        run = self.app.api.start_full_sync({"mappings": list(mappings), "create": create})["run"]
        self.run()
        return self.app.api.run(run)

    def tick(self, mapping: str) -> None:
        """The mapping's timer fires, and all that follows from it is done."""
        self.app.poll(mapping, occurrence=random_token())
        self.run()

    def tick_all(self) -> None:
        for name in self.mappings:
            self.tick(name)

    def rehearse(self, *mappings: str, **options: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Rehearse a full synchronization and return the run and its plan."""
        body = {"mappings": list(mappings), "rehearse": True, **options}
        run = self.app.api.start_full_sync(body)["run"]
        self.run()
        plan: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.app.api.plan(run, after=after)
            plan += page["value"]
            after = page["next"]
            if after is None:
                return self.app.api.run(run), plan

    def act(self, mapping: str, action: str, /, **arguments: Any) -> dict[str, Any]:
        """Do what an administrator does by hand, let it run, and return the job that tells the outcome."""
        job = self.app.api.act(mapping, action, arguments)["job"]
        self.run()
        return next(e for e in self.app.api.jobs(mapping)["value"] if e["id"] == job)

    def send(self, queue: str, body: bytes, *, message_id: str = "") -> None:
        self.queue.send([OutgoingMessage(queue=queue, body=body, message_id=message_id or random_token())])

    def run(self, *, at_most: int = 10_000) -> int:
        """Work on messages until every queue is quiet; time passes only while waiting for a scheduled one."""
        done = 0
        while self.step():
            done += 1
            assert done < at_most, "the queues never become quiet"
        return done

    def step(self, *, worker: Tandem | None = None) -> bool:
        """Work on one message, or turn the clock to the next scheduled one. False when all is quiet.

        `worker` is another process than `app`; it only works, and never turns the clock.
        """
        for queue in (FULL_SYNC, *(queue_of(m) for m in self.mappings)):
            message = self.queue.receive(queue)
            if message is None:
                continue
            try:
                self.deliver(worker or self.app, message)
            except Crash:
                # The process is gone; the lock and the lease run out on their own.
                self.app = self.start_app()
                return True
            except Exception:
                self.queue.abandon(message)
                raise
            self.queue.complete(message)
            return True
        due = self.queue.next_due()
        if due is None or worker is not None:
            return False
        self.clock.set(due + timedelta(milliseconds=1))
        return True

    def deliver(self, worker: Tandem, message: ReceivedMessage) -> None:
        """Hand a message to a worker, as its function does."""
        with follow(trace_of(message.properties), correlation=message.correlation_id):
            worker.run_message(
                message.queue,
                message.body,
                message_id=message.message_id,
                delivery_count=message.delivery_count,
            )

    def housekeeping(self) -> None:
        self.app.housekeeping()
        self.run()

    def crash_when(self, happens: Callable[[str, str], bool]) -> None:
        """Die once, at the first port call for which `happens(moment, name)`; moment is before or after."""

        def die() -> None:
            raise Crash

        self.once(happens, die)

    def once(self, happens: Callable[[str, str], bool], do: Callable[[], object]) -> None:
        """Let something else happen in the middle: at the first port call for which `happens(moment, name)`.

        What it calls itself sets off other such events, but not this one. What it raises, the port raises.
        """
        self._events.append((happens, do))

        def hook(moment: str, port: str) -> Callable[[str], None]:
            def call(name: str) -> None:
                full = name if port == "tables" else f"{port}.{name}"
                for event in [e for e in self._events if e[0](moment, full)]:
                    if event in self._events:
                        self._events.remove(event)
                        event[1]()

            return call

        self.bc.before, self.bc.after = hook("before", "bc"), hook("after", "bc")
        self.sales.before, self.sales.after = hook("before", "sales"), hook("after", "sales")
        self.tables.before_request, self.tables.after_request = (
            hook("before", "tables"),
            hook("after", "tables"),
        )

    def a_second_worker_steps_in(
        self, happens: Callable[[str, str], bool], *, steps: int = 3, overtaking: bool = False
    ) -> None:
        """In the middle of what the first does, another process works on what is queued.

        `overtaking`: the first was so slow that its lease and its message's lock are over (H11).
        """

        def work() -> None:
            if overtaking:
                self.clock.advance(self.limits.lease + timedelta(seconds=1))
            other = self.start_app()
            for _ in range(steps):
                self.step(worker=other)

        self.once(happens, work)

    def heal(self) -> None:
        """No more faults from here on."""
        self._events.clear()
        for records in (self.bc, self.sales):
            records.before = records.after = lambda name: None
            records.lost_answers = 0
        self.tables.before_request = self.tables.after_request = None

    # --- what people see ---------------------------------------------------------------------

    def held(self, mapping: str | None = None) -> list[dict[str, Any]]:
        return self.app.api.held(mapping)["value"]

    def coupled(self, mapping: str) -> dict[str, str]:
        """Return BC id → Sales id of what is coupled."""
        return {
            c.bc_id: c.sales_id
            for c in self.app.ports.couplings.stream(mapping)
            if c.state.value == "coupled"
        }

    def written(self) -> int:
        """Return how many records Tandem has written so far, on both sides."""
        return self.bc.written + self.sales.written
