"""Single rows: create, read, update, upsert, delete (reference/dataverse-web-api.md sections 2 and 3)."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from sandbox.dataverse import DataverseSim, Refused
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock
from tests.simulators.dataverse_client import ROOT, clock, error, etag_of, sales, web

__all__ = ["clock", "sales", "web"]

ID = "5d9e6c1a-0b7f-4f3c-9a51-3f1d2c4b5a60"


def test_create_answers_204_with_the_id_and_stamps_the_row(sales: DataverseSim, web: httpx.Client) -> None:
    answer = web.post("accounts", json={"name": "Adatum", "creditlimit": 1000})
    assert answer.status_code == 204 and answer.content == b""
    row_id = answer.headers["OData-EntityId"].removeprefix(f"{ROOT}accounts(").removesuffix(")")
    row = sales.get("accounts", row_id)
    assert row is not None
    assert row["name"] == "Adatum"
    assert row["_createdby_value"] == row["_modifiedby_value"] == row["_ownerid_value"] == INTEGRATION.user_id
    assert row["createdon"] == "2026-03-02T09:30:00Z"
    assert (row["statecode"], row["statuscode"]) == (0, 1)


def test_create_with_representation_answers_201_without_entity_id(web: httpx.Client) -> None:
    answer = web.post(
        "accounts?$select=name,creditlimit",
        json={"name": "Adatum", "creditlimit": 12.3456, "accountid": ID.upper()},
        headers={"Prefer": "return=representation"},
    )
    assert answer.status_code == 201
    assert "OData-EntityId" not in answer.headers
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert answer.json()["accountid"] == ID
    assert b'"creditlimit":12.3500' in answer.content  # currency precision 2, printed with four decimals
    assert "_transactioncurrencyid_value" in answer.json()
    assert answer.headers["ETag"] == answer.json()["@odata.etag"]


def test_a_callers_id_that_exists_is_refused(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "first"})
    assert error(web.post("accounts", json={"accountid": ID, "name": "second"})) == (412, "0x80040237")
    assert sales.get("accounts", ID)["name"] == "first"  # type: ignore[index]


def test_patch_without_if_match_creates_and_with_star_does_not(
    sales: DataverseSim, web: httpx.Client
) -> None:
    assert error(web.patch(f"accounts({ID})", json={"name": "x"}, headers={"If-Match": "*"})) == (
        404,
        "0x80040217",
    )
    assert sales.get("accounts", ID) is None
    assert web.patch(f"accounts({ID})", json={"name": "x"}).status_code == 204
    assert sales.get("accounts", ID)["name"] == "x"  # type: ignore[index]
    again = web.patch(f"accounts({ID})", json={"name": "y"}, headers={"Prefer": "return=representation"})
    assert again.status_code == 200 and again.json()["name"] == "y"


def test_if_none_match_star_refuses_an_existing_row_and_null_is_no_condition(
    sales: DataverseSim, web: httpx.Client
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    refused = web.patch(f"accounts({ID})", json={"name": "y"}, headers={"If-None-Match": "*"})
    assert error(refused) == (412, "0x80040237")
    assert web.get(f"accounts({ID})", headers={"If-None-Match": "null"}).status_code == 200


def test_if_match_lets_only_the_version_that_was_read_through(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    old = etag_of(sales, "accounts", ID)
    sales.edit("accounts", ID, name="by people")
    assert error(web.patch(f"accounts({ID})", json={"name": "z"}, headers={"If-Match": old})) == (
        412,
        "0x80060882",
    )
    assert error(web.delete(f"accounts({ID})", headers={"If-Match": old})) == (412, "0x80060882")
    new = etag_of(sales, "accounts", ID)
    assert web.patch(f"accounts({ID})", json={"name": "z"}, headers={"If-Match": new}).status_code == 204
    assert etag_of(sales, "accounts", ID) != new


def test_unchanged_row_is_304_but_not_with_annotations_or_expand(
    sales: DataverseSim, web: httpx.Client
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    known = {"If-None-Match": etag_of(sales, "accounts", ID)}
    assert web.get(f"accounts({ID})?$select=name", headers=known).status_code == 304
    assert web.get(f"accounts({ID})?$expand=primarycontactid", headers=known).status_code == 200
    annotated = {**known, "Prefer": 'odata.include-annotations="*"'}
    assert web.get(f"accounts({ID})", headers=annotated).status_code == 200


def test_a_patch_without_changes_still_makes_a_version(
    sales: DataverseSim, web: httpx.Client, clock: SimClock
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    before = sales.get("accounts", ID)
    clock.advance(60)
    web.patch(f"accounts({ID})", json={"name": "x"})
    after = sales.get("accounts", ID)
    assert before is not None and after is not None
    assert after["versionnumber"] > before["versionnumber"]
    assert after["@odata.etag"] == f'W/"{after["versionnumber"]}"'
    assert after["modifiedon"] == "2026-03-02T09:31:00Z"
    assert (before["_modifiedby_value"], after["_modifiedby_value"]) == (PEOPLE.user_id, INTEGRATION.user_id)


def test_delete_answers_204_and_then_404(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    assert web.delete(f"accounts({ID})").status_code == 204
    assert error(web.delete(f"accounts({ID})")) == (404, "0x80040217")
    assert error(web.get(f"accounts({ID})")) == (404, "0x80040217")


def test_one_property_is_put_and_deleted(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x", "description": "d"})
    assert web.put(f"accounts({ID})/name", json={"value": "y"}).status_code == 204
    assert web.delete(f"accounts({ID})/description").status_code == 204
    row = sales.get("accounts", ID)
    assert row is not None and (row["name"], row["description"]) == ("y", None)


def test_lookups_are_bound_and_cleared_by_navigation_property(sales: DataverseSim, web: httpx.Client) -> None:
    account = sales.add("accounts", {"name": "a"})
    contact = sales.add("contacts", {"firstname": "Ann", "lastname": "Lee"})
    other = sales.add("contacts", {"lastname": "Boss"})
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    assert web.patch(f"contacts({contact})", json=bind).status_code == 204
    read = web.get(
        f"contacts({contact})?$select=_parentcustomerid_value,fullname",
        headers={"Prefer": 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'},
    )
    body = read.json()
    assert body["fullname"] == "Ann Lee"
    assert body["_parentcustomerid_value"] == account
    assert body["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert not any("FormattedValue" in name for name in body)
    names = list(body)
    assert names.index("_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname") + 1 == names.index(
        "_parentcustomerid_value"
    )
    web.patch(f"contacts({contact})", json={"parentcustomerid_contact@odata.bind": f"contacts({other})"})
    assert sales.get("contacts", contact)["_parentcustomerid_value"] == other  # type: ignore[index]
    assert web.patch(f"contacts({contact})", json={"parentcustomerid_contact": None}).status_code == 204
    assert sales.get("contacts", contact)["_parentcustomerid_value"] is None  # type: ignore[index]


def test_ref_changes_and_clears_a_lookup(sales: DataverseSim, web: httpx.Client) -> None:
    contact = sales.add("contacts", {"lastname": "Lee"})
    sales.add("accounts", {"accountid": ID, "name": "x"})
    url = f"accounts({ID})/primarycontactid/$ref"
    assert web.put(url, json={"@odata.id": f"contacts({contact})"}).status_code == 204
    assert sales.get("accounts", ID)["_primarycontactid_value"] == contact  # type: ignore[index]
    assert web.delete(url).status_code == 204
    assert sales.get("accounts", ID)["_primarycontactid_value"] is None  # type: ignore[index]


GUID = "00000000-0000-4000-8000-000000000009"
REFUSED_BODIES = [
    pytest.param({"_primarycontactid_value": GUID}, (400, "0x80048d19"), id="read-property-of-a-lookup"),
    pytest.param({"primarycontactid": GUID}, (400, "0x80048d19"), id="plain-name-of-a-lookup"),
    pytest.param({"Name": "x"}, (400, "0x80048d19"), id="wrong-case"),
    pytest.param({"nmae": "x"}, (400, "0x80048d19"), id="unknown-property"),
    pytest.param(
        {"PrimaryContactId@odata.bind": f"contacts({GUID})"}, (400, "0x80048d19"), id="bind-in-wrong-case"
    ),
    pytest.param(
        {"primarycontactid@odata.bind": f"contacts({GUID})"}, (404, "0x80040217"), id="bind-to-no-row"
    ),
    pytest.param(
        {"primarycontactid@odata.bind": f"accounts({GUID})"}, (400, "0x80048d19"), id="bind-to-wrong-table"
    ),
    pytest.param(
        {"primarycontactid@odata.bind": f"people({GUID})"}, (404, "0x8006088a"), id="bind-to-no-table"
    ),
    pytest.param({"name": "x" * 161}, (400, "0x80044331"), id="text-too-long"),
    pytest.param({"name": 5}, (400, "0x80048d19"), id="number-for-text"),
    pytest.param({"numberofemployees": "5"}, (400, "0x80048d19"), id="text-for-number"),
    pytest.param({"numberofemployees": -1}, (400, "0x8004432f"), id="number-out-of-range"),
    pytest.param({"creditlimit": -1}, (400, "0x80044330"), id="money-out-of-range"),
    pytest.param({"creditlimit": "1"}, (400, "0x80048d19"), id="text-for-money"),
    pytest.param({"paymenttermscode": 99}, (400, "0x8004431a"), id="unknown-option"),
    pytest.param({"creditonhold": "true"}, (400, "0x80048d19"), id="text-for-boolean"),
    pytest.param({"statecode": 1, "statuscode": 1}, (400, "0x80048408"), id="status-of-another-state"),
    pytest.param({"statuscode": 2}, (400, "0x80048408"), id="status-without-its-state"),
    pytest.param({"statecode": 7}, (400, "0x80048408"), id="unknown-state"),
    pytest.param({"ownerid": None}, (400, "0x80040203"), id="system-required-cleared"),
]


@pytest.mark.parametrize(("body", "wanted"), REFUSED_BODIES)
def test_a_body_that_the_service_would_refuse_is_refused_and_changes_nothing(
    sales: DataverseSim, web: httpx.Client, body: dict, wanted: tuple[int, str]
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    before = sales.get("accounts", ID)
    assert error(web.patch(f"accounts({ID})", json={"description": "d", **body})) == wanted
    assert sales.get("accounts", ID) == before


def test_text_at_its_limit_and_blank_text_are_taken(sales: DataverseSim, web: httpx.Client) -> None:
    assert web.patch(f"accounts({ID})", json={"name": "é" * 160, "description": ""}).status_code == 204
    assert sales.get("accounts", ID)["description"] is None  # type: ignore[index]


def test_state_and_status_travel_together(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    web.patch(f"accounts({ID})", json={"statecode": 1})
    assert sales.get("accounts", ID)["statuscode"] == 2  # type: ignore[index]
    web.patch(f"accounts({ID})", json={"statecode": 0, "statuscode": 1})
    assert sales.get("accounts", ID)["statecode"] == 0  # type: ignore[index]
    assert error(web.post("accounts", json={"name": "n", "statecode": 1, "statuscode": 2})) == (
        400,
        "0x80048408",
    )


def test_application_required_is_not_enforced_and_system_required_is(web: httpx.Client) -> None:
    assert web.post("accounts", json={}).status_code == 204
    assert error(web.post("transactioncurrencies", json={"currencyname": "Euro"})) == (400, "0x80040203")


@pytest.mark.peer("rules-currency-004")
@pytest.mark.parametrize("rate", [{}, {"exchangerate": None}, {"exchangerate": 0}])
def test_a_currency_without_a_rate_is_refused(web: httpx.Client, rate: dict) -> None:
    euro = {"currencyname": "Euro", "isocurrencycode": "EUR", "currencysymbol": "€", "currencyprecision": 2}
    assert web.post("transactioncurrencies", json={**euro, **rate}).status_code == 400


def test_an_iso_code_is_unique_and_never_changes(sales: DataverseSim, web: httpx.Client) -> None:
    euro = {"currencyname": "Euro", "isocurrencycode": "EUR", "currencysymbol": "€", "currencyprecision": 2}
    made = web.post("transactioncurrencies", json={**euro, "exchangerate": 1.17})
    assert made.status_code == 204
    assert error(web.post("transactioncurrencies", json={**euro, "exchangerate": 2})) == (400, "0x80048cf3")
    url = made.headers["OData-EntityId"].removeprefix(ROOT)
    web.patch(url, json={"isocurrencycode": "XYZ", "exchangerate": 1.2})
    row = web.get(url).json()
    assert (row["isocurrencycode"], row["exchangerate"]) == ("EUR", 1.2)


def test_money_is_exact_and_rounded_to_the_currency(sales: DataverseSim, web: httpx.Client) -> None:
    web.patch(f"accounts({ID})", content=b'{"creditlimit": 99999999999999.995}')
    row = sales.get("accounts", ID)
    assert row is not None and row["creditlimit"] == Decimal("100000000000000.0000")
    assert b'"creditlimit":100000000000000.0000' in web.get(f"accounts({ID})?$select=creditlimit").content


def test_deep_insert_creates_the_related_rows(sales: DataverseSim, web: httpx.Client) -> None:
    web.post(
        "accounts",
        json={
            "name": "deep",
            "primarycontactid": {"lastname": "one"},
            "contact_customer_accounts": [{"lastname": "two"}],
        },
    )
    (account,) = sales.all("accounts")
    contacts = {row["lastname"]: row for row in sales.all("contacts")}
    assert account["_primarycontactid_value"] == contacts["one"]["contactid"]
    assert contacts["two"]["_parentcustomerid_value"] == account["accountid"]


def test_a_failing_deep_insert_leaves_nothing(sales: DataverseSim, web: httpx.Client) -> None:
    body = {
        "name": "deep",
        "primarycontactid": {"lastname": "one"},
        "contact_customer_accounts": [{"oops": 1}],
    }
    assert error(web.post("accounts", json=body)) == (400, "0x80048d19")
    assert sales.all("accounts") == sales.all("contacts") == []


def test_deleting_an_account_unlinks_its_contacts(sales: DataverseSim, web: httpx.Client) -> None:
    account = sales.add("accounts", {"name": "a"})
    contact = sales.add(
        "contacts", {"lastname": "c", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    )
    before = etag_of(sales, "contacts", contact)
    assert web.delete(f"accounts({account})").status_code == 204
    assert sales.get("contacts", contact)["_parentcustomerid_value"] is None  # type: ignore[index]
    assert etag_of(sales, "contacts", contact) != before


def test_a_row_is_assigned_to_another_user(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    web.patch(f"accounts({ID})", json={"ownerid@odata.bind": f"/systemusers({INTEGRATION.user_id})"})
    row = sales.get("accounts", ID)
    assert row is not None and row["_ownerid_value"] == row["_owninguser_value"] == INTEGRATION.user_id


def test_collections_take_no_patch_and_unknown_segments_are_404(web: httpx.Client) -> None:
    assert web.patch("accounts", json={}).status_code == 405
    assert error(web.get("acounts")) == (404, "0x8006088a")
    assert error(web.get(f"accounts({ID})/nothing")) == (404, "0x80040217")


def test_people_and_integration_are_told_apart_and_refusals_reach_people(sales: DataverseSim) -> None:
    row_id = sales.add("accounts", {"name": "x"}, as_="integration")
    sales.edit("accounts", row_id, telephone1="1")
    row = sales.get("accounts", row_id)
    assert row is not None
    assert (row["_createdby_value"], row["_modifiedby_value"]) == (INTEGRATION.user_id, PEOPLE.user_id)
    with pytest.raises(Refused, match="0x80044331"):
        sales.edit("accounts", row_id, telephone1="1" * 51)
    sales.delete("accounts", row_id)
    assert sales.get("accounts", row_id) is None


def test_loaded_rows_come_back_as_they_were_read(sales: DataverseSim, web: httpx.Client) -> None:
    account = sales.add("accounts", {"name": "a", "creditlimit": 5})
    sales.add("contacts", {"lastname": "c", "parentcustomerid_account@odata.bind": f"/accounts({account})"})
    before = {name: sales.all(name) for name in ("accounts", "contacts")}
    sales.reset()
    for name, rows in before.items():
        sales.load(name, rows)
    skip = {"@odata.etag", "versionnumber"}
    for name, rows in before.items():
        kept = [{k: v for k, v in row.items() if k not in skip} for row in sales.all(name)]
        assert kept == [{k: v for k, v in row.items() if k not in skip} for row in rows]
