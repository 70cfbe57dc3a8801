"""Near-real-time push: what either system tells is on the other side within seconds; what it does not, at the next poll.

Both systems are the simulators, behind the real adapters and the real route (issue 5).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from shared.core.model import Side
from shared.engine.push import NOTICES, Hint, Push
from tests.scenarios.pushing import OLD, SECRET, PushWorld


@pytest.fixture
def world() -> PushWorld:
    made = PushWorld()
    made.full_sync(create=True)
    made.time.set(made.clock.now())
    made.housekeeping()
    made.time.set(made.clock.now())
    made.settle()
    return made


def a_pair(world: PushWorld) -> tuple[str, str]:
    return next(iter(world.coupled("customers").items()))


def phones(world: PushWorld, customer: str, account: str) -> tuple[str, str]:
    return (
        world.bc_sim.get("customers", customer)["phoneNumber"],
        world.sales_sim.get("accounts", account)["telephone1"],
    )


def notice(world: PushWorld, table: str = "customers", **differs: Any) -> bytes:
    resource = f"/api/tandem/sync/v1.0/companies({world.bc_sim.company_id})/{table}"
    one = {
        "subscriptionId": "0" * 32,
        "clientState": SECRET,
        "expirationDateTime": "2030-01-01T00:00:00Z",
        "resource": resource,
        "changeType": "updated",
        "lastModifiedDateTime": "2026-01-01T00:00:00Z",
    }
    return json.dumps({"value": [one | differs]}).encode()


def test_an_edit_in_either_system_is_on_the_other_side_within_five_seconds(world):
    customer, account = a_pair(world)

    world.bc_sim.edit("customers", customer, phoneNumber="111")
    world.wait(5)
    assert phones(world, customer, account) == ("111", "111")

    world.sales_sim.edit("accounts", account, telephone1="222")
    world.wait(5)
    assert phones(world, customer, account) == ("222", "222")


def test_with_every_notice_lost_an_edit_is_there_after_one_poll(world):
    customer, account = a_pair(world)
    world.lost = True
    world.bc_sim.edit("customers", customer, phoneNumber="111")
    world.wait(5)
    assert world.sales_sim.get("accounts", account)["telephone1"] != "111"

    world.tick("customers")
    assert phones(world, customer, account) == ("111", "111")

    world.sales_sim.edit("accounts", account, telephone1="222")
    world.wait(5)
    world.tick("customers")
    assert phones(world, customer, account) == ("222", "222")


def test_doubled_and_late_notices_write_nothing(world):
    customer, account = a_pair(world)
    world.bc_sim.edit("customers", customer, phoneNumber="111")
    world.sales_sim.edit("contacts", next(iter(world.coupled("contacts").values())), jobtitle="x")
    world.wait(5)
    [(_, told), *_] = world.received
    written = world.written()

    for _ in range(3):
        world.post(told)
        world._sales_tells(list(world.told[:2]))
        world.wait(1)
    world.wait(3600)
    world.post(told)
    world.wait(5)

    assert world.written() == written and phones(world, customer, account) == ("111", "111")


@pytest.mark.parametrize(
    ("differs", "status"),
    [
        pytest.param({"clientState": "guess" * 8}, 401, id="another secret"),
        pytest.param({"clientState": None}, 401, id="none"),
        pytest.param({"clientState": 7}, 401, id="a number"),
        pytest.param({"resource": "/api/tandem/sync/v1.0/companies(x)/customers"}, 202, id="no company"),
        pytest.param(
            {
                "resource": f"/api/tandem/sync/v1.0/companies({'1' * 8}-{'1' * 4}-{'1' * 4}-{'1' * 4}-{'1' * 12})/items"
            },
            202,
            id="another company",
        ),
        pytest.param({"resource": "../../customers('; drop"}, 202, id="an odd resource"),
        pytest.param({"resource": None}, 202, id="no resource"),
    ],
)
def test_forged_and_strange_notices_start_nothing(differs, status, world):
    before = world.queue.sent

    assert world.post(notice(world, **differs))[0] == status

    assert world.queue.sent == before


def test_a_flood_with_the_right_secret_is_one_poll_of_the_mapping_a_second(world):
    before, jobs = world.queue.sent, len(world.jobs())
    for _ in range(200):
        assert world.post(notice(world))[0] == 202

    assert world.queue.sent == before + 1
    world.wait(5)
    assert len(world.jobs()) == jobs + 1


def test_a_restarted_process_sends_its_copy_and_the_broker_drops_it_H12(world):
    world.post(notice(world))
    before = world.queue.sent
    world.app = world.start_app()
    world.post(notice(world))

    assert world.queue.sent == before


def test_many_edits_at_once_are_one_poll_of_each_mapping(world):
    jobs = len(world.jobs())
    for account in world.coupled("customers").values():
        world.sales_sim.edit("accounts", account, telephone1="333")
    world.wait(5)

    of_sales = [j for j in world.jobs()[: len(world.jobs()) - jobs] if j["side"] == "sales"]
    assert len(of_sales) == 1 and of_sales[0]["tally"]["updated"] == len(world.coupled("customers"))


def test_our_own_writes_do_not_go_round_in_circles_H5(world):
    customer, _ = a_pair(world)
    before = [j for j in world.jobs() if j["side"] == "sales"]
    world.bc_sim.edit("customers", customer, phoneNumber="111")
    world.wait(8)
    written, jobs = world.written(), len(world.jobs())
    assert world.told, "Sales tells of our write, and who did it"

    world.wait(30)

    assert world.written() == written and len(world.jobs()) == jobs
    assert [j for j in world.jobs() if j["side"] == "sales"] == before


def test_a_mapping_that_is_at_work_is_looked_at_again_when_it_is_free(world):
    customer, account = a_pair(world)
    lease = world.app.ports.leases.acquire("customers", "somebody", timedelta(minutes=5))
    world.bc_sim.edit("customers", customer, phoneNumber="111")
    world.wait(20)
    assert world.sales_sim.get("accounts", account)["telephone1"] != "111"
    waiting = world.queue.peek("sync-customers")

    world.app.ports.leases.release(lease)
    world.wait(61)

    assert phones(world, customer, account) == ("111", "111")
    assert len(waiting) <= 2, "one for each side, however often it was told"


def test_a_message_that_is_no_context_is_set_aside_with_its_reason(world):
    world.app.run_message(NOTICES, b"\x08binary", message_id="m")
    world.app.run_message(NOTICES, b"{}", message_id="n")

    assert {r["queue"] for r in world.app.api.status()["rejected"]} == {NOTICES}


def test_while_push_is_off_nothing_is_listened_to_and_nothing_is_subscribed(world):
    del world.subscriptions
    world.app, before = world.start_app(), world.queue.sent
    requests = len(world.bc_sim.log.entries())

    world.app.run_message(NOTICES, b"anything", message_id="m")
    world.housekeeping()

    assert world.queue.sent == before
    assert not [e for e in world.bc_sim.log.entries()[requests:] if "subscriptions" in e.path]


# --- subscriptions ---------------------------------------------------------------------------


def subscribed(world: PushWorld) -> dict[str, str]:
    return {s["resource"].rpartition("/")[2]: s["expirationDateTime"] for s in world.bc_sim.webhooks.list()}


def test_housekeeping_subscribes_once_to_each_table_that_bc_can_tell_of(world):
    tables = subscribed(world)

    assert {"customers", "contacts", "items", "itemLedgerEntries", "opportunities"} <= set(tables)
    assert not {"salesPrices", "currencyExchangeRates", "postedSalesInvoiceLines"} & set(tables)
    world.housekeeping()
    assert len(world.bc_sim.webhooks.list()) == len(tables)


def test_subscriptions_are_renewed_before_they_expire_and_survive_a_week(world):
    first = subscribed(world)
    for _ in range(14):
        world.clock.advance(timedelta(hours=12))
        world.time.set(world.clock.now())
        world.app.housekeeping()
        assert set(subscribed(world)) == set(first)
    assert min(subscribed(world).values()) > max(first.values())


def test_a_new_secret_is_given_to_bc_and_the_old_one_is_taken_meanwhile(world):
    world.subscribe_with("changed" * 6)
    assert world.post(notice(world, clientState=OLD))[0] == 202

    world.housekeeping()

    assert {s["clientState"] for s in world.bc_sim.webhooks.list()} == {"changed" * 6}


def test_an_address_that_bc_cannot_reach_is_told_once_and_hinders_nothing_else():
    world = PushWorld()
    world.deaf = True
    for _ in range(3):
        world.housekeeping()

    [told] = world.jobs("subscriptions")
    assert told["state"] == "refused" and "WEBHOOK_URL" in told["message"]
    world.deaf = False
    world.housekeeping()
    assert "customers" in subscribed(world)


def test_what_bc_has_dropped_is_made_anew(world):
    world.bc_sim.webhooks.forget()
    world.housekeeping()

    assert "customers" in subscribed(world)


def test_a_notice_of_the_next_second_is_not_lost_to_one_that_is_still_being_sent_H12():
    """Two calls of the route at once: the slower one began in the slot before."""
    world = PushWorld()
    hint = Hint("customers", Side.BC)
    sent: list[Any] = []

    def slow(messages: Any) -> None:
        sent.extend(messages)
        if len(sent) == 1:
            world.clock.advance(timedelta(seconds=1))
            push.send([Hint("contacts", Side.BC)])

    push = Push(replace(world.app.ports, queue=SimpleNamespace(send=slow)))
    push.send([hint])

    push.send([hint])

    due = [m.scheduled_at for m in sent if m.queue == "sync-customers"]
    assert len(due) == 2 and due[1] - due[0] == timedelta(seconds=1)


@pytest.mark.parametrize(
    "body", [b"\x08\x02Zebulon Smith", b'{"Target": "Zebulon Smith"}', b'["Zebulon Smith"]']
)
def test_what_dataverse_tells_of_a_record_is_not_kept_when_it_cannot_be_understood(body):
    """Dataverse sends the changed columns along, names and addresses among them; only two words of it are read."""
    world = PushWorld()

    world.app.run_message(NOTICES, body, message_id="m")

    [kept] = world.queue.peek("rejected")
    assert b"Zebulon" not in kept.body and "Zebulon" not in str(kept.properties)
    [told] = world.app.api.status()["rejected"]
    assert told["queue"] == NOTICES and told["reason"]
