"""Several processes, one integration user: what BC takes at once is shared out (H29)."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.in_memory.tables import InMemoryTables
from sandbox.simkit.clock import SimClock
from sandbox.simkit.identities import INTEGRATION, PEOPLE
from shared.adapters.auth import FixedAuth
from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.share import Share
from shared.core.errors import Busy
from shared.core.mapping import Table
from shared.ports import Write
from shared.state.permits import TablePermits
from shared.wiring import Worker
from tests.scenarios.builders import a_company, add_customer

CUSTOMERS = Table(name="customers")
PROCESSES, RECORDS_EACH = 4, 500
REQUEST = timedelta(seconds=20)
#: Waits of the product are this much shorter here.
HURRY = 50


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Processes:
    """Several processes with one table store before one Business Central that lets nobody wait."""

    def __init__(self, *, permits: int = 5) -> None:
        self.sim = BusinessCentralSim(
            clock=SimClock(), issuer=None, identities=(INTEGRATION, PEOPLE), company_name="CRONUS"
        )
        # BC would let 95 wait (business-central-api.md §8); here the sixth at once is refused.
        self.sim.settings["queue"] = 0
        self.sim.settings_changed()
        self.store = InMemoryTables()
        self.permits = TablePermits(self.store, "company", Now(), number=permits, duration=REQUEST * 1.5)
        self.most = self._inside = 0
        self._changed = threading.Condition()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Count who is inside, and let each meet others if there are any."""
        with self._changed:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
            self._changed.wait(0.02)
        try:
            return self.sim(environ, start_response)
        finally:
            with self._changed:
                self._inside -= 1

    def share(self, n: int) -> Share:
        return Share(
            self.permits,
            Now(),
            holder=f"process-{n}",
            request=REQUEST,
            sleep=lambda seconds: threading.Event().wait(seconds / HURRY) and None,
            wait_at_most=20 * HURRY,
        )

    def create(self, n: int, share: Share | None) -> int:
        """Create the customers of process `n` and return how many were created."""
        http = httpx.Client(transport=httpx.WSGITransport(app=self), auth=FixedAuth(INTEGRATION.client_id))
        records = BusinessCentralRecords(
            http,
            company_id=self.sim.company_id,
            api_root=f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api/tandem/sync/v1.0",
            columns={"customers": ("name",)},
            permits=share,
            sleep=lambda _: None,
        )
        writes = [
            Write(id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n}/{i}")), values={"name": f"Customer {n}/{i}"})
            for i in range(RECORDS_EACH)
        ]
        with share.job() if share else nullcontext():
            return sum(w.record is not None for w in records.create(CUSTOMERS, writes))

    def run(self, *, shared: bool) -> int:
        """Let all processes work at the same time and return how many customers were created."""
        together = threading.Barrier(PROCESSES)

        def work(n: int) -> int:
            together.wait(10)
            return self.create(n, self.share(n) if shared else None)

        with ThreadPoolExecutor(PROCESSES) as pool:
            return sum(pool.map(work, range(PROCESSES)))

    def refused(self) -> int:
        return int(self.sim.log.counts()["by_status"].get("429", 0))


def test_processes_together_send_bc_no_more_than_five_requests_at_once_H29():
    processes = Processes()

    assert processes.run(shared=True) == PROCESSES * RECORDS_EACH
    assert processes.refused() == 0
    assert 2 <= processes.most <= 5


def test_without_shared_permits_bc_refuses_what_is_too_much_H29():
    processes = Processes()
    processes.run(shared=False)

    assert processes.most > 5 and processes.refused() > 0


def test_permits_cost_few_table_requests_however_many_requests_are_sent_H29():
    processes = Processes()
    processes.create(0, processes.share(0))

    sent = processes.sim.log.counts()["requests"]
    assert sent == RECORDS_EACH / 100
    # One look and one transaction to take them, one transaction to give them back.
    assert processes.store.requests() == 3


# --- what becomes of a job that finds no permit --------------------------------------------------


@pytest.mark.parametrize("call", ["changes", "update"])
def test_a_job_that_finds_no_permit_is_put_off_and_done_later_H13_H29(call):
    world = a_company()
    customer = add_customer(world, "C1")
    world.full_sync()
    world.bc.edit("customers", customer, phoneNumber="0123 456")
    refused: list[str] = []

    def no_permit(name: str) -> None:
        if name == call and not refused:
            refused.append(name)
            raise Busy("other workers hold all permits", retry_after=timedelta(seconds=10))

    world.bc.before = no_permit
    world.sales.edit("accounts", world.coupled("customers")[customer], emailaddress1="a@contoso.com")
    before = world.clock.now()
    world.tick("customers")

    account = world.sales.show("accounts", world.coupled("customers")[customer])
    assert refused == [call]
    assert account is not None and account["telephone1"] == "0123 456"
    assert world.bc.show("customers", customer)["email"] == "a@contoso.com"
    # Not at once, and not before the time that was asked for.
    assert world.clock.now() - before >= timedelta(seconds=10)
    states = [job.state for job in world.app.ports.jobs.list("customers")[0]]
    assert "deferred" in states and world.held() == []


@pytest.mark.parametrize("fails", [False, True])
def test_a_worker_keeps_its_permits_until_the_end_of_a_message_also_of_one_that_fails_H29(fails):
    processes, world = Processes(), a_company()
    share = processes.share(0)
    world.app = Worker(world.app.ports, share)
    free: list[int] = []

    def request(_: str) -> None:
        """Every request to BC goes through a permit, as the channel's do."""
        with share.using():
            share.ready(wanted=3)
        others = processes.permits.take("others", wanted=5, keep=0, lasting=REQUEST)
        free.append(len(others.permits))
        processes.permits.give_back(others)
        if fails:
            raise RuntimeError("a bug")

    world.bc.before = request
    with pytest.raises(RuntimeError) if fails else nullcontext():
        world.full_sync("salespeople")

    assert free and set(free) == {2}
    assert len(processes.permits.take("others", wanted=5, keep=0, lasting=REQUEST).permits) == 5
