"""Webhook subscriptions of the BC simulator, as business-central-api.md §9 has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.business_central.webhooks import RETRIES
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock
from shared.adapters.auth import FixedAuth

URL = "https://tandem.test/api/webhooks/bc"
ROOT = f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api"
SUBSCRIPTIONS = f"{ROOT}/tandem/sync/v1.0/subscriptions"


class Receiver:
    """What stands at the other end: it answers handshakes, and notices with `status`."""

    def __init__(self) -> None:
        self.status: int | None = 202
        self.handshakes = True
        self.got: list[dict[str, Any]] = []
        self.posts = 0

    def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, str] | None:
        if "validationToken=" in url:
            assert seconds == 5
            return (200, url.rpartition("validationToken=")[2]) if self.handshakes else (200, "no")
        self.posts += 1
        self.got += json.loads(body)["value"]
        return None if self.status is None else (self.status, "")


class Bc:
    def __init__(self) -> None:
        self.clock = SimClock()
        self.clock.freeze()
        self.sim = BusinessCentralSim(clock=self.clock, issuer=None, identities=(INTEGRATION, PEOPLE))
        self.receiver = self.sim.webhooks.send = Receiver()
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=self.sim), auth=FixedAuth(INTEGRATION.client_id)
        )

    def body(self, table: str = "customers", **differs: str) -> dict[str, str]:
        resource = f"/api/tandem/sync/v1.0/companies({self.sim.company_id})/{table}"
        return {"notificationUrl": URL, "resource": resource, "clientState": "s" * 40} | differs

    def subscribe(self, table: str = "customers") -> dict[str, Any]:
        answer = self.http.post(SUBSCRIPTIONS, json=self.body(table))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def later(self, seconds: float) -> list[dict[str, Any]]:
        self.clock.advance(seconds)
        self.receiver.got = []
        self.sim.webhooks.deliver()
        return self.receiver.got

    def count(self) -> int:
        return len(self.http.get(SUBSCRIPTIONS).json()["value"])


@pytest.fixture
def bc() -> Bc:
    return Bc()


def test_a_subscription_is_made_after_a_handshake_and_lives_three_days(bc):
    made = bc.subscribe()

    assert len(made["subscriptionId"]) == 32 and made["clientState"] == "s" * 40
    bc.clock.advance(timedelta(days=3).total_seconds() - 1)
    assert bc.count() == 1
    bc.clock.advance(1)
    assert bc.count() == 0


def test_whoever_does_not_answer_the_handshake_is_not_subscribed(bc):
    bc.receiver.handshakes = False
    assert bc.http.post(SUBSCRIPTIONS, json=bc.body()).status_code == 400
    assert bc.http.post(SUBSCRIPTIONS, json=bc.body(notificationUrl="http://tandem.test")).status_code == 400


@pytest.mark.parametrize("table", ["salesPrices", "salesOrderLines", "syncState", "nothing"])
def test_what_has_a_key_of_two_fields_or_no_table_cannot_be_subscribed(table, bc):
    assert bc.http.post(SUBSCRIPTIONS, json=bc.body(table)).status_code == 400


def test_the_runtime_api_lists_what_can_be_subscribed(bc):
    address = f"{ROOT}/microsoft/runtime/beta/companies({bc.sim.company_id})/webhookSupportedResources"
    found = bc.http.get(address, params={"$filter": "resource eq 'tandem/sync/v1.0*'"}).json()["value"]

    names = {row["resource"] for row in found}
    assert {"tandem/sync/v1.0/customers", "tandem/sync/v1.0/itemLedgerEntries"} <= names
    assert "tandem/sync/v1.0/salesPrices" not in names


def test_renewing_needs_the_etag_and_the_handshake_again(bc):
    made = bc.subscribe()
    one = f"{SUBSCRIPTIONS}('{made['subscriptionId']}')"
    tag = {"If-Match": made["@odata.etag"]}

    assert bc.http.patch(one, json=bc.body()).status_code == 400
    assert bc.http.patch(f"{SUBSCRIPTIONS}({made['subscriptionId']})", json=bc.body()).status_code == 400
    bc.clock.advance(3600)
    renewed = bc.http.patch(one, json=bc.body(), headers=tag)
    assert renewed.status_code == 200 and renewed.json()["expirationDateTime"] > made["expirationDateTime"]
    assert bc.http.patch(one, json=bc.body(), headers=tag).status_code == 409
    bc.receiver.handshakes = False
    assert bc.http.patch(one, json=bc.body(), headers={"If-Match": "*"}).status_code == 400
    assert bc.http.delete(one, headers={"If-Match": "*"}).status_code == 204 and bc.count() == 0


def test_changes_are_told_half_a_minute_after_the_first_and_several_of_a_row_are_one(bc):
    bc.subscribe(), bc.subscribe("items")
    one = bc.sim.add("customers", {"name": "A"})
    bc.sim.edit("customers", one, name="B")
    bc.sim.edit("customers", one, name="C")
    bc.sim.edit("customers", one, name="C")
    assert bc.later(29) == []

    told = bc.later(1)

    assert {(n["resource"].rpartition("/")[2], n["changeType"]) for n in told} == {
        (f"customers({one})", "created"),
        (f"customers({one})", "updated"),
    }
    assert all(n["clientState"] == "s" * 40 for n in told) and bc.receiver.posts == 1
    assert bc.later(60) == []


def test_what_is_refused_is_not_told(bc):
    bc.subscribe()
    with pytest.raises(RuntimeError), bc.sim._company("").transaction():
        bc.sim.add("customers", {"name": "A"})
        raise RuntimeError("a trigger refuses")
    assert bc.later(30) == []


def test_very_many_changes_are_one_notice_of_the_collection(bc):
    bc.subscribe()
    bc.sim.settings["webhook_most_notices"] = 3
    bc.sim.settings_changed()
    ids = [bc.sim.add("customers", {"name": f"C{n}"}) for n in range(4)]

    [told] = bc.later(30)

    assert told["changeType"] == "collection"
    assert "customers?$filter=lastModifiedDateTime%20gt%20" in told["resource"]
    for one in ids:
        bc.sim.delete("customers", one)
    [told] = bc.later(30)
    assert told["resource"].endswith("/customers")


def test_a_refusal_ends_the_subscription_and_a_fault_is_tried_again(bc):
    bc.subscribe()
    bc.sim.add("customers", {"name": "A"})
    bc.receiver.status = 503
    assert len(bc.later(30)) == 1 and bc.later(59) == [] and len(bc.later(1)) == 1
    bc.receiver.status = 202
    assert len(bc.later(60)) == 1 and bc.later(3600) == [] and bc.count() == 1

    bc.receiver.status = 401
    bc.sim.add("customers", {"name": "B"})
    bc.later(30)
    assert bc.count() == 0


def test_after_the_last_try_the_subscription_is_gone(bc):
    bc.subscribe()
    bc.sim.add("customers", {"name": "A"})
    bc.receiver.status = None
    bc.later(30)
    for minutes in RETRIES:
        assert bc.count() == 1
        bc.later(minutes * 60)
    assert bc.count() == 0
