"""Callers, limits, option sets, keys and metadata (reference/dataverse-web-api.md sections 1, 2 and 7)."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, TENANT, Fault, LostReply, SimClock, TokenIssuer
from tests.simulators.dataverse_client import ROOT, clock, error, sales, web

__all__ = ["clock", "sales", "web"]


def settings(sales: DataverseSim, **values: object) -> None:
    with httpx.Client(transport=httpx.WSGITransport(app=sales), base_url="https://sales.test") as control:
        assert control.post("/_sim/settings", json=values).status_code == 200


def test_who_am_i_names_the_caller_and_the_organization(sales: DataverseSim, web: httpx.Client) -> None:
    answer = web.get("WhoAmI")
    assert answer.json()["UserId"] == INTEGRATION.user_id
    assert answer.json()["OrganizationId"] == sales.organization_id
    assert int(answer.headers["x-ms-dop-hint"]) > 0
    row = web.get(
        f"organizations({sales.organization_id})?$expand=basecurrencyid($select=isocurrencycode)"
    ).json()
    assert (row["expirechangetrackingindays"], row["basecurrencyid"]["isocurrencycode"]) == (7, "GBP")


def test_a_stranger_is_no_member_and_a_disabled_user_neither(sales: DataverseSim, web: httpx.Client) -> None:
    stranger = {"Authorization": "Bearer 00000000-0000-4000-8000-00000000ffff"}
    assert error(web.get("WhoAmI", headers=stranger)) == (403, "0x80072560")
    user = sales.get("systemusers", INTEGRATION.user_id)
    assert user is not None
    sales.load("systemusers", [{**user, "isdisabled": True}])
    assert error(web.get("WhoAmI")) == (403, "0x80072560")


def test_without_a_token_the_answer_is_401_with_a_challenge(sales: DataverseSim) -> None:
    with httpx.Client(transport=httpx.WSGITransport(app=sales), base_url=ROOT) as nobody:
        answer = nobody.get("WhoAmI")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_tokens_are_checked_for_audience_and_time(clock: SimClock) -> None:
    issuer = TokenIssuer(tenant=TENANT, clock=clock)
    sim = DataverseSim(
        clock=clock, issuer=issuer, identities=(INTEGRATION, PEOPLE), audience="https://sales.test"
    )
    with httpx.Client(transport=httpx.WSGITransport(app=sim), base_url=ROOT) as caller:

        def ask(audience: str) -> int:
            token = issuer.issue(INTEGRATION, audience, lifetime=timedelta(hours=1))
            caller.headers["Authorization"] = f"Bearer {token}"
            return caller.get("WhoAmI").status_code

        assert ask("https://other.test") == 401
        assert ask("https://sales.test") == 200
        clock.advance(3601)
        assert caller.get("WhoAmI").status_code == 401


def test_too_many_requests_in_a_window_are_refused_until_it_has_moved_on(
    sales: DataverseSim, web: httpx.Client, clock: SimClock
) -> None:
    settings(sales, requests_per_window=3)
    for _ in range(3):
        assert web.get("WhoAmI").status_code == 200
        clock.advance(10)
    refused = web.get("WhoAmI")
    assert error(refused) == (429, "0x80072322")
    assert refused.headers["Retry-After"] == "280"
    people = {"Authorization": f"Bearer {PEOPLE.client_id}"}
    assert web.get("WhoAmI", headers=people).status_code == 200  # the limit is for each user
    clock.advance(280)
    assert web.get("WhoAmI").status_code == 200


def test_too_much_work_in_a_window_is_refused(
    sales: DataverseSim, web: httpx.Client, clock: SimClock
) -> None:
    settings(
        sales,
        execution_ms_per_window=5000,
        metered={"on": True, "delay": False, "request_ms": 10_000, "row_read_ms": 0, "row_written_ms": 0},
    )
    assert web.get("WhoAmI").status_code == 200
    refused = web.get("WhoAmI")
    assert error(refused) == (429, "0x80072321")
    assert 299 <= int(refused.headers["Retry-After"]) <= 300
    clock.advance(301)
    assert web.get("WhoAmI").status_code == 200


def test_too_many_at_once_are_refused_at_once(sales: DataverseSim, web: httpx.Client) -> None:
    settings(sales, concurrent_requests=0)
    refused = web.get("WhoAmI")
    assert error(refused) == (429, "0x80072326")
    assert refused.headers["Retry-After"] == "1"


def test_metered_mode_takes_time_by_rows(sales: DataverseSim, web: httpx.Client, clock: SimClock) -> None:
    settings(sales, metered={"on": True, "request_ms": 1000, "row_read_ms": 0, "row_written_ms": 2000})
    before = clock.now()
    web.post("accounts", json={"name": "a"})
    assert clock.now() - before == timedelta(seconds=3)  # a frozen clock is moved instead of waiting


def test_a_lost_reply_has_been_committed(sales: DataverseSim, web: httpx.Client) -> None:
    sales.faults.add(Fault(lost_reply=True, kind="write"))
    with pytest.raises(LostReply):
        web.post("accounts", json={"name": "a"})
    assert len(sales.all("accounts")) == 1


def test_an_injected_error_has_the_shape_of_the_service(sales: DataverseSim, web: httpx.Client) -> None:
    sales.faults.add(Fault(status=503))
    assert web.get("WhoAmI").json()["error"]["code"]
    assert web.get("WhoAmI").status_code == 200


OPTIONS = (
    "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='paymenttermscode')"
    "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"
)


def options(web: httpx.Client) -> dict[int, str]:
    body = web.get(OPTIONS).json()
    assert body["GlobalOptionSet"] is None
    return {o["Value"]: o["Label"]["UserLocalizedLabel"]["Label"] for o in body["OptionSet"]["Options"]}


def insert(web: httpx.Client, label: str, **more: object) -> httpx.Response:
    name = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}
    text = {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}
    return web.post("InsertOptionValue", json={**name, "Label": text, **more})


def test_an_option_is_inserted_and_then_taken(sales: DataverseSim, web: httpx.Client) -> None:
    assert options(web) == {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"}
    assert web.post("accounts", json={"paymenttermscode": 779}).status_code == 400
    assert insert(web, "CM", Value=779).json()["NewOptionValue"] == 779
    assert insert(web, "14 DAYS").json()["NewOptionValue"] == 100_000_000
    assert options(web)[779] == "CM"
    assert web.post("accounts", json={"paymenttermscode": 779}).status_code == 204
    assert insert(web, "again", Value=779).status_code == 400
    assert insert(web, "x", Colour="red").status_code == 400


@pytest.mark.parametrize(
    "column", ["paymenttermscode", "address1_freighttermscode", "address1_shippingmethodcode"]
)
def test_the_option_tables_of_the_integration_have_options(web: httpx.Client, column: str) -> None:
    url = OPTIONS.replace("paymenttermscode", column)
    assert web.get(url).json()["OptionSet"]["Options"]


def test_an_alternate_key_finds_creates_and_stays_unique(sales: DataverseSim, web: httpx.Client) -> None:
    assert error(web.get("accounts(accountnumber='C1')")) == (400, "0x80060888")
    keys = "EntityDefinitions(LogicalName='account')/Keys"
    made = web.post(keys, json={"SchemaName": "bc_no", "KeyAttributes": ["accountnumber"]})
    assert made.status_code == 204
    created = web.patch("accounts(accountnumber='C1')", json={"name": "a"})
    assert created.headers["OData-EntityId"] == f"{ROOT}accounts(accountnumber='C1')"
    again = web.patch(
        "accounts(accountnumber='c1')?$select=accountid",
        json={"name": "b", "accountnumber": "ignored"},
        headers={"Prefer": "return=representation"},
    )
    assert again.status_code == 200
    (row,) = sales.all("accounts")
    assert (row["name"], row["accountnumber"]) == ("b", "C1")
    assert error(web.post("accounts", json={"accountnumber": "C1"})) == (412, "0x80060892")
    assert web.patch("contacts(accountnumber='C1')", json={}).status_code == 400


def test_metadata_that_is_not_kept_is_refused(web: httpx.Client) -> None:
    assert web.get("EntityDefinitions?$select=Nothing").status_code == 400
    assert web.get("EntityDefinitions(LogicalName='nothing')").status_code == 404
    assert (
        web.get("EntityDefinitions(LogicalName='account')/Attributes(LogicalName='nothing')").status_code
        == 404
    )
    assert web.post("EntityDefinitions", json={}).status_code == 405


def test_reset_brings_back_a_new_environment(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"name": "a"})
    insert(web, "CM", Value=779)
    sales.reset()
    assert sales.all("accounts") == []
    assert 779 not in options(web)
    assert {row["isocurrencycode"] for row in sales.all("transactioncurrencies")} == {"GBP"}
