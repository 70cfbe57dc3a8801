"""Push in the served sandbox: real processes, real SDKs; no timer of a mapping fires (issue 5)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from sandbox.demo import Demo
from sandbox.demo_data import GeneratedCompany
from sandbox.up import Sandbox
from tests.platform.test_sandbox import until

#: Seconds from a change to its counterpart. The simulator tells after half a second what BC tells after thirty.
AT_MOST = 5.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    sandbox = Sandbox(tmp_path_factory.mktemp("push"), push=True)
    company = GeneratedCompany(customers=5, seed=3)
    try:
        sandbox.start(company=company.name, base_currency=company.local_currency)
        sandbox.load(company)
        sandbox.start_functions()
        demo = Demo(sandbox)
        demo.full_sync("first")
        assert demo.wait("first", at_most=120)["state"] == "finished"
        demo.fire("housekeeping")
        with sandbox.simulator("bc") as bc:
            until(
                lambda: [
                    s
                    for s in bc.post("/_sim/subscriptions", json={}).json()["value"]
                    if s["resource"].endswith("/customers")
                ],
                "housekeeping has subscribed",
            )
        yield demo
    finally:
        sandbox.stop()


def test_a_change_in_either_system_is_on_the_other_side_within_five_seconds(demo: Demo):
    with demo.sandbox.simulator("bc") as bc, demo.sandbox.simulator("dataverse") as sales:

        def there(client, table: str, id: str, column: str, value: str) -> bool:
            row = client.get("/_sim/rows", params={"set": table, "id": id}).json()
            return row is not None and row[column] == value

        accounts = sales.get("/_sim/rows", params={"set": "accounts"}).json()
        account = accounts[0]["accountid"]
        told = demo.get(f"records/customers/sales/{account}").json()
        customer = told["coupling"]["bc"]
        # The first job of a process opens connections; what is timed is the second.
        for value in ("1", "2"):
            began = time.monotonic()
            change = {"set": "customers", "id": customer, "values": {"phoneNumber": f"11{value}"}}
            bc.post("/_sim/edit", json=change).raise_for_status()
            until(lambda v=value: there(sales, "accounts", account, "telephone1", f"11{v}"), "BC's edit")
            to_sales = time.monotonic() - began

            began = time.monotonic()
            change = {"set": "accounts", "id": account, "values": {"telephone1": f"22{value}"}}
            sales.post("/_sim/edit", json=change).raise_for_status()
            until(lambda v=value: there(bc, "customers", customer, "phoneNumber", f"22{v}"), "Sales's edit")
            to_bc = time.monotonic() - began
        print(f"to Sales {to_sales:.1f} s, to BC {to_bc:.1f} s")
        assert to_sales <= AT_MOST and to_bc <= AT_MOST, (to_sales, to_bc)


def test_the_doctor_finds_the_subscriptions_and_the_queue_of_notices_in_order(demo: Demo):
    checks = {c["id"]: c for c in demo.get("doctor").json()["checks"]}

    for id in ("bc.webhooks", "house.queues", "house.settings", "bc.number-series"):
        assert (checks[id]["state"], checks[id]["says"]) == ("ok", [])
