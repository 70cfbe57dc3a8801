"""What the engine itself costs, gather to remember: CPU per record on ports whose own time is taken off."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.bench.report import Budget
from sandbox.world import World
from shared.core.model import Side
from shared.engine.messages import Job
from shared.engine.parts import Limits

#: Milliseconds of CPU per record (design §10).
ALLOWED_MS = 0.3
#: The best of so many counts: nothing makes code faster than it is, and much makes it slower.
TIMES = 3
NOBODY = "00000000-0000-0000-0000-000000000000"


class Timed:
    """A port that adds up the CPU seconds spent inside it, iterators included."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name in ("before", "after", "before_request", "after_request"):
            return found

        def call(*args: Any, **more: Any) -> Any:
            answer = self._spend(lambda: found(*args, **more))
            return self._each(answer) if isinstance(answer, Iterator) else answer

        return call

    def _spend(self, do: Callable[[], Any]) -> Any:
        started = time.thread_time()
        try:
            return do()
        finally:
            self.seconds += time.thread_time() - started

    def _each(self, rows: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while (row := self._spend(lambda: next(rows, end))) is not end:
            yield row


def budgets(records: int) -> list[Budget]:
    """Return CPU rows for so many customers, created, unchanged, changed, and our own writes read back."""
    runs = [_run(records) for _ in range(TIMES)]
    best = {what: min(run[what] for run in runs) for what in runs[0]}
    return [
        Budget(what=f"CPU per record, {records:,} {what}", allowed=ALLOWED_MS, actual=ms, unit="ms")
        for what, ms in best.items()
    ]


def _run(records: int) -> dict[str, float]:
    """Return the milliseconds that each record took."""
    world = World(limits=Limits(brake_share=1.0))
    ids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(records)]
    for n, id_ in enumerate(ids):
        world.bc.add("customers", id_, **customer(n))
    people = world.bc
    ports = [Timed(p) for p in (world.bc, world.sales, world.tables, world.queue)]
    world.bc, world.sales, world.tables, world.queue = ports  # type: ignore[assignment]
    world.app = world.start_app()

    def spent(do: Callable[[], Any]) -> float:
        # The servers' rows live in this process; looking through them for garbage is not the engine's work.
        gc.collect()
        gc.freeze()
        before, inside = time.process_time(), sum(p.seconds for p in ports)
        do()
        own = time.process_time() - before - (sum(p.seconds for p in ports) - inside)
        return round(1000 * own / records, 3)

    created = spent(lambda: world.full_sync("customers"))
    unchanged = spent(lambda: world.full_sync("customers"))
    for id_ in ids:
        people.edit("customers", id_, phoneNumber="0042")
    changed = spent(lambda: _poll(world, Side.BC))
    own = spent(lambda: _poll(world, Side.SALES))
    return {"created": created, "unchanged": unchanged, "changed": changed, "that we wrote, read back": own}


def _poll(world: World, side: Side) -> None:
    job = Job(kind="poll", mapping="customers", side=side, token="bench")  # nosec B106  # of a message id
    world.send("sync-customers", job.to_json())
    world.run()


def customer(n: int) -> dict[str, Any]:
    """Return a customer with something in most columns, as BC shows it."""
    return {
        "number": f"C{n:06d}",
        "name": f"Customer {n}",
        "contactName": "A Person",
        "address": f"Station Road, {n}",
        "address2": "",
        "postCode": "GB-N16 34Z",
        "city": "London",
        "countryRegionCode": "GB",
        "county": "",
        "currencyId": NOBODY,
        "currencyCode": "",
        "email": f"c{n}@example.com",
        "faxNumber": "",
        "homePage": "",
        "phoneNumber": "0123",
        "mobilePhoneNumber": "",
        "shipmentMethodId": NOBODY,
        "shippingAgentId": NOBODY,
        "paymentTermsId": NOBODY,
        "creditLimit": 1000,
        "salespersonId": NOBODY,
        "primaryContactId": NOBODY,
        "blocked": "_x0020_",
    }
