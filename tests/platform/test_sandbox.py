"""The whole sandbox as its user meets it: real processes, real SDKs, the real worker library, TLS.

Tests run in order on one sandbox, as a day in an administrator's life.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.demo import Demo
from sandbox.demo_data import GeneratedCompany
from sandbox.up import ROOT, Sandbox

CUSTOMERS = 300
#: Killed hosts wait for locks and leases to run out.
pytestmark = pytest.mark.timeout(600)


def until(true: Callable[[], Any], what: str, *, at_most: float = 60) -> Any:
    """Ask until something is true; fail with its name when its time is over."""
    limit = time.monotonic() + at_most
    pause = 0.05
    while time.monotonic() < limit:
        if found := true():
            return found
        _wait(pause)
    raise AssertionError(f"not within {at_most} s: {what}")


def _wait(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    company = GeneratedCompany(customers=CUSTOMERS, seed=3)
    try:
        sandbox.start(company=company.name, base_currency=company.local_currency)
        sandbox.load(company)
        sandbox.start_functions()
        yield Demo(sandbox)
    finally:
        sandbox.stop()


def tandem(demo: Demo, *arguments: str) -> Any:
    """Run the command line as a user would, and return its JSON."""
    at = demo.sandbox.endpoints
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "cli",
            *arguments,
            "--url",
            at["functions"],
            "--key",
            at["api_key_admin"],
            "--json",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def writes(demo: Demo) -> int:
    return int(demo.counts("bc")["rows_written"] + demo.counts("dataverse")["rows_written"])


def fire(demo: Demo, function: str) -> None:
    """Fire a timer by hand, as an administrator may on Azure."""
    answer = demo.api.post(
        f"{demo.sandbox.endpoints['functions']}/admin/functions/{function}",
        headers={"x-functions-key": demo.sandbox.endpoints["functions_master_key"]},
        json={},
    )
    assert answer.status_code == 202


def a_pair(demo: Demo) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a customer and its account, as the two APIs show them."""
    with demo.people("bc") as bc, demo.people("dataverse") as sales:
        customer = bc.get(f"{demo.bc_root}/customers?$filter=blocked eq '_x0020_'&$top=1").json()["value"][0]
        told = tandem(demo, "explain", "customers", "bc", customer["id"])
        account = sales.get(f"{demo.sales_root}/accounts({told['coupling']['sales']})").json()
        return customer, account


def test_a_full_synchronization_survives_three_kills_of_its_host_P47(demo: Demo):
    demo.full_sync("first")
    for milestone in ("currencies", "customers", "contacts"):
        until(
            lambda m=milestone: (
                (run := demo.run("first"))
                and next(line for line in run["lines"] if line["mapping"] == m)["state"]
                in ("running", "finished")
            ),
            f"{milestone} runs",
            # The killed host's lease runs out first.
            at_most=120,
        )
        demo.power_cut()

    run = demo.wait("first", at_most=240)

    assert run["state"] == "finished"
    result = demo.compare()
    assert result.differences == []
    assert result.coupled["customers"] > CUSTOMERS * 0.9


def test_a_second_full_synchronization_writes_nothing(demo: Demo):
    before = writes(demo)
    run = tandem(demo, "full-sync", "--wait")

    assert run["state"] == "finished" and writes(demo) == before


def test_edits_on_both_sides_both_arrive_when_the_customers_timer_fires(demo: Demo):
    customer, account = a_pair(demo)
    with demo.people("bc") as bc, demo.people("dataverse") as sales:
        url = f"{demo.bc_root}/customers({customer['id']})"
        assert bc.patch(url, json={"phoneNumber": "0042"}, headers={"If-Match": "*"}).status_code == 200
        there = f"{demo.sales_root}/accounts({account['accountid']})"
        assert (
            sales.patch(there, json={"emailaddress1": "e@e.com"}, headers={"If-Match": "*"}).status_code
            == 204
        )

        fire(demo, "poll_customers")

        until(lambda: sales.get(there).json()["telephone1"] == "0042", "the phone is in Sales")
        until(lambda: bc.get(url).json()["email"] == "e@e.com", "the e-mail is in BC")


def test_the_same_field_on_both_sides_is_held_with_both_values(demo: Demo):
    customer, account = a_pair(demo)
    with demo.people("bc") as bc, demo.people("dataverse") as sales:
        url = f"{demo.bc_root}/customers({customer['id']})"
        bc.patch(url, json={"city": "Rome"}, headers={"If-Match": "*"})
        there = f"{demo.sales_root}/accounts({account['accountid']})"
        sales.patch(there, json={"address1_city": "Oslo"}, headers={"If-Match": "*"})

        fire(demo, "poll_customers")

        held = until(
            lambda: [h for h in tandem(demo, "held")["value"] if h["kind"] == "conflict"],
            "the conflict is shown",
        )
        fields = {f["field"]: (f["bc"], f["sales"]) for f in held[0]["fields"]}
        assert fields["city"] == ("Rome", "Oslo")
        assert bc.get(url).json()["city"] == "Rome" and sales.get(there).json()["address1_city"] == "Oslo"
        sales.patch(there, json={"address1_city": "Rome"}, headers={"If-Match": "*"})
        fire(demo, "poll_customers")
        until(
            lambda: not [h for h in tandem(demo, "held")["value"] if h["kind"] == "conflict"], "it has healed"
        )


@pytest.mark.parametrize(
    ("queue", "body", "reason"),
    [("full-sync", b"nonsense", "not JSON"), ("sync-customers", b'{"version":7}', "version 7 is not known")],
)
def test_a_malformed_message_is_set_aside_where_status_shows_it(
    demo: Demo, queue: str, body: bytes, reason: str
):
    with (
        ServiceBusClient.from_connection_string(demo.sandbox.endpoints["servicebus"]) as client,
        client.get_queue_sender(queue) as sender,
    ):
        sender.send_messages(ServiceBusMessage(body))

    until(
        lambda: [
            r for r in tandem(demo, "status")["rejected"] if reason in r["reason"] and r["queue"] == queue
        ],
        f"{queue} message is set aside",
    )


def out_of_step(demo: Demo) -> set[tuple[str, str]]:
    return {(h["mapping"], h["id"]) for h in demo.held() if h["kind"] == "held"}


def test_lost_replies_and_bursts_of_429_lead_to_the_same_result(demo: Demo):
    # Prices that no product has the unit for, and the like: held for good, faults or not.
    for_good = out_of_step(demo)
    for which in ("bc", "dataverse"):
        with demo.sandbox.simulator(which) as sim:
            lost = {"kind": "write", "lost_reply": True, "rate": 0.05, "times": None}
            burst = {"status": 429, "headers": {"Retry-After": "1"}, "times": 3}
            assert sim.post("/_sim/faults", json=[lost, burst]).status_code < 300
            rows = [
                {"accountid": f"aaaaaaaa-0000-4000-8000-{n:012d}", "name": f"New {n}", "customertypecode": 3}
                for n in range(120)
            ]
            if which == "dataverse":
                assert sim.post("/_sim/load", json={"table": "accounts", "rows": rows}).status_code < 300
    try:
        run = tandem(demo, "full-sync", "--wait")
    finally:
        for which in ("bc", "dataverse"):
            with demo.sandbox.simulator(which) as sim:
                sim.delete("/_sim/faults")

    assert run["state"] == "finished"
    until(lambda: out_of_step(demo) <= for_good, "nothing more is held", at_most=90)
    result = demo.compare()
    assert result.differences == []
    before = writes(demo)
    tandem(demo, "full-sync", "--wait")
    assert writes(demo) == before


def test_a_missing_or_wrong_setting_stops_the_start_with_one_message(tmp_path: Path):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")} | {"BC_URL": "http://plain"}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.functions_host", "--app", str(ROOT)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 3
    for problem in (
        "BC_URL must start with https://",
        "DATAVERSE_URL is missing",
        "SCHEDULE_CUSTOMERS is missing",
    ):
        assert problem in done.stderr
