"""`$batch`, limits and refusals of entry (business-central-api.md §2, §7, §8)."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import pytest

from sandbox.business_central import BusinessCentralSim
from sandbox.business_central.app import AUDIENCE
from sandbox.business_central.contract import entity_sets
from sandbox.business_central.errors import Refused
from sandbox.business_central.limits import Gate, Limits
from sandbox.simkit import INTEGRATION, PEOPLE, TENANT, SimClock, TokenIssuer
from tests.simulators.business_central_caller import HOST, ROOT, Caller, code_of, make_caller


@pytest.fixture
def bc() -> Caller:
    return make_caller()


def terms(*codes: str) -> list[dict]:
    return [{"method": "POST", "url": "paymentTerms", "body": {"code": code}} for code in codes]


def codes(bc: Caller) -> list[str]:
    return [row["code"] for row in bc.rows("paymentTerms")]


def test_parts_run_in_order_and_may_be_of_all_kinds(bc):
    first = bc.post("paymentTerms", {"code": "A"})
    parts = [
        {"method": "PATCH", "url": f"paymentTerms({first['id']})", "body": {"description": "x"}}
        | {"headers": {"Content-Type": "application/json", "If-Match": first["@odata.etag"]}},
        {"method": "GET", "url": "paymentTerms?$select=description"},
        *terms("B"),
        {"method": "DELETE", "url": f"paymentTerms({first['id']})"},
    ]
    answers = bc.batch(parts)
    assert [answer["status"] for answer in answers] == [200, 200, 201, 204]
    assert [answer["id"] for answer in answers] == ["0", "1", "2", "3"]
    assert answers[1]["body"]["value"][0]["description"] == "x"
    assert "body" not in answers[3]
    entry = bc.sim.log.entries()[-1]
    assert (entry.kind, entry.message, entry.operations, entry.rows_written) == ("write", "$batch", 4, 3)


def test_the_first_failure_stops_the_rest_and_what_came_before_stays(bc):
    answers = bc.batch(terms("A", "", "B"))
    assert [answer["status"] for answer in answers] == [201, 400]
    assert codes(bc) == ["A"]


def test_continue_on_error_goes_on(bc):
    answers = bc.batch(terms("A", "", "B"), Prefer="odata.continue-on-error")
    assert [answer["status"] for answer in answers] == [201, 400, 201]
    assert codes(bc) == ["A", "B"]


def test_a_snapshot_takes_everything_back_although_its_parts_say_created(bc):
    before = bc.sim.all("paymentTerms")
    answers = bc.batch(terms("A", "B", ""), Isolation="snapshot")
    assert [answer["status"] for answer in answers] == [201, 201, 400]
    assert bc.sim.all("paymentTerms") == before
    assert bc.sim.log.entries()[-1].rows_written == 0
    made_up = answers[0]["body"]["id"]
    bc.get(f"paymentTerms({made_up})", status=404)
    assert len(bc.batch(terms("", "A"), Isolation="snapshot")) == 1
    assert [answer["status"] for answer in bc.batch(terms("A", "B"), Isolation="snapshot")] == [201, 201]
    assert codes(bc) == ["A", "B"]


def test_a_rolled_back_change_keeps_the_order_of_versions(bc):
    bc.batch(terms("A", "B", "C"))
    rows = bc.sim.all("paymentTerms")
    touch = {"method": "PATCH", "url": f"paymentTerms({rows[0]['id']})", "body": {"description": "x"}}
    touch["headers"] = {"Content-Type": "application/json", "If-Match": "*"}
    bc.batch([touch, *terms("")], Isolation="snapshot")
    assert bc.sim.all("paymentTerms") == rows
    assert bc.rows("paymentTerms", filter=f"systemRowVersion ge {rows[1]['systemRowVersion']}") == rows[1:]


def test_more_than_a_hundred_parts_are_refused(bc):
    assert bc.batch(terms(*(str(n) for n in range(101))), status=400)["code"] == "Unknown"
    assert codes(bc) == []
    assert len(bc.batch(terms(*(str(n) for n in range(100))))) == 100


def test_a_batch_of_reads_counts_as_a_read(bc):
    bc.batch([{"method": "GET", "url": "customers"}] * 3)
    assert bc.sim.log.counts()["reads"] == 1 and bc.sim.log.counts()["writes"] == 0


def test_a_part_without_id_is_answered_with_null_and_a_part_elsewhere_is_refused(bc):
    inner = {"method": "GET", "url": f"companies({bc.sim.company_id})/customers"}
    headers = {"Accept": "application/json"}
    answer = bc.http.post(f"{ROOT}/$batch", json={"requests": [inner]}, headers=headers).json()
    assert answer["responses"][0]["id"] is None
    other = {"method": "GET", "url": "https://elsewhere.example/x"}
    assert bc.http.post(f"{ROOT}/$batch", json={"requests": [other]}, headers=headers).status_code == 400
    assert bc.http.post(f"{ROOT}/$batch", json={"parts": []}, headers=headers).status_code == 400


def test_without_accept_json_the_answer_is_multipart(bc):
    answer = bc.http.post(f"{ROOT}/$batch", json={"requests": []}, headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith("multipart/mixed")


def test_a_page_inside_a_batch_honours_its_own_preference(bc):
    bc.batch(terms(*"ABC"))
    part = {"method": "GET", "url": "paymentTerms", "headers": {"Prefer": "odata.maxpagesize=2"}}
    [answer] = bc.batch([part])
    assert len(answer["body"]["value"]) == 2
    rest = bc.http.get(answer["body"]["@odata.nextLink"]).json()["value"]
    assert [row["code"] for row in rest] == ["C"]


def test_the_rate_is_counted_for_each_identity_in_a_sliding_window(bc):
    bc.settings(requests=3)
    for _ in range(3):
        bc.rows("customers")
        bc.clock.advance(100)
    bc.rows("customers")  # the first has left the window of 300 s
    error = bc.get("customers", status=429)
    assert code_of(error) == "Application_TooManyRequests"
    bc.get("customers", headers={"Authorization": f"Bearer {PEOPLE.client_id}"})
    bc.clock.advance(100)
    bc.rows("customers")


def test_retry_after_comes_only_by_switch(bc):
    bc.settings(requests=0)
    assert "retry-after" not in bc.http.get(bc.url("customers")).headers
    bc.settings(retry_after=7)
    assert bc.http.get(bc.url("customers")).headers["retry-after"] == "7"


def test_five_requests_run_at_once_others_wait_and_too_many_are_refused():
    clock = SimClock()
    gate = Gate(Limits(parallel=1, queue=1, queue_seconds=10), clock.now)
    entered = threading.Event()

    def second() -> None:
        with gate.slot("x"):
            entered.set()

    waiting = threading.Thread(target=second)
    with gate.slot("x"):
        waiting.start()
        while not gate.waiting("x"):
            assert waiting.is_alive()
        with pytest.raises(Refused) as refused, gate.slot("x"):
            pass
        assert refused.value.status == 429
        assert not entered.is_set()
    waiting.join(timeout=10)
    assert entered.is_set()


def test_who_waits_too_long_is_sent_away():
    gate = Gate(Limits(parallel=0, queue_seconds=0.01), SimClock().now)
    with pytest.raises(Refused) as refused, gate.slot("x"):
        pass
    assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "10"})


def test_a_body_above_the_limit_and_an_app_without_permission_are_refused(bc):
    bc.settings(max_body_bytes=10)
    bc.post("paymentTerms", {"code": "LONGER"}, status=413)
    bc.settings(without_permission=["integration"])
    bc.get("customers", status=403)


def test_only_a_token_of_the_issuer_for_this_service_opens_the_door():
    clock = SimClock()
    issuer = TokenIssuer(tenant=TENANT, clock=clock)
    sim = BusinessCentralSim(clock=clock, issuer=issuer, identities=(INTEGRATION, PEOPLE))
    http = httpx.Client(transport=httpx.WSGITransport(app=sim))

    def status(token: str) -> int:
        return http.get(
            f"{HOST}/api/v2.0/companies", headers={"Authorization": f"Bearer {token}"}
        ).status_code

    good = issuer.issue(INTEGRATION, AUDIENCE, timedelta(hours=1))
    assert status(good) == 200
    assert status(issuer.issue(INTEGRATION, "https://elsewhere.example")) == 401
    assert status(INTEGRATION.client_id) == 401
    refused = http.get(f"{HOST}/api/v2.0/companies")
    assert code_of(refused.json()) == "Authentication_InvalidCredentials"
    clock.advance(3601)
    assert status(good) == 401


def test_rows_can_be_loaded_over_the_control_surface(bc):
    rows = [{"code": "A"}, {"code": "B"}]
    answer = bc.http.post("http://bc.test/_sim/load", json={"table": "paymentTerms", "rows": rows})
    assert answer.json() == {"loaded": 2} and codes(bc) == ["A", "B"]
    assert bc.http.post("http://bc.test/_sim/reset").status_code == 200
    assert codes(bc) == []


def test_every_relation_of_the_contract_points_to_a_set_and_a_column_that_exist():
    sets = entity_sets()
    for entity in sets.values():
        assert set(entity.key) <= set(entity.columns)
        for part, column in entity.parts.items():
            assert column in sets[part].columns
        for column in entity.columns.values():
            if column.relation is not None:
                assert column.relation.target in sets, f"{entity.name}.{column.name}"
                assert column.relation.twin in ("", *entity.columns), f"{entity.name}.{column.name}"
