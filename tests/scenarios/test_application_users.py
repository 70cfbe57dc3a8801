"""Several application users, each with limits of its own, are one integration (P19, P32, H5)."""

from __future__ import annotations

import httpx

from sandbox.simkit import INTEGRATION, INTEGRATION_2
from shared.adapters.auth import FixedAuth
from tests.scenarios.services import WiredWorld

BOTH = (INTEGRATION, INTEGRATION_2)


def requests_by(world: WiredWorld, name: str) -> int:
    return sum(entry.identity == name for entry in world.sales_sim.log.entries())


def test_a_user_whose_limit_is_reached_is_relieved_by_another_P32():
    world = WiredWorld(customers=8, users=BOTH)
    world.sales_sim.settings["requests_per_window"] = 60

    run = world.full_sync()

    assert run["state"] == "finished"
    assert requests_by(world, "integration") >= 60 > requests_by(world, "integration-2") > 0


def test_what_one_application_user_writes_is_no_edit_to_the_other_P19_H5():
    world = WiredWorld(customers=8, users=BOTH)
    assert world.facts.bc_user_ids == world.facts.sales_user_ids == {u.user_id for u in BOTH}
    world.full_sync()
    bc_id, account = next(iter(world.coupled("customers").items()))
    before = world.bc_sim.get("customers", bc_id)["phoneNumber"]

    with httpx.Client(
        transport=httpx.WSGITransport(app=world.sales_sim), auth=FixedAuth(INTEGRATION_2.client_id)
    ) as second:
        url = f"https://sales.test/api/data/v9.2/accounts({account})"
        second.patch(url, json={"telephone1": "0123"}).raise_for_status()
    world.tick("customers")

    assert world.bc_sim.get("customers", bc_id)["phoneNumber"] == before
    ignored = [job["details"].get("reasons", {}) for job in world.app.api.jobs("customers")["value"]]
    assert {"last changed by the integration user": 1} in ignored
