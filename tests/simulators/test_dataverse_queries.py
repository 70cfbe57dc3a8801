"""Queries: select, filter, order, pages, expand, counts (reference/dataverse-web-api.md section 3)."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, Fault, SimClock
from tests.simulators.dataverse_client import clock, error, sales, web

__all__ = ["clock", "sales", "web"]


@pytest.fixture
def five(sales: DataverseSim, clock: SimClock) -> list[str]:
    """Accounts Alpha to Echo, one minute apart, with employees 5 to 1 and none for Charlie."""
    ids = []
    for index, name in enumerate(("Alpha", "bravo", "Charlie", "Delta 100%", "O'Echo")):
        row = {
            "name": name,
            "numberofemployees": None if index == 2 else 5 - index,
            "accountnumber": f"A{index}",
        }
        ids.append(sales.add("accounts", {k: v for k, v in row.items() if v is not None}))
        clock.advance(60)
    contact = sales.add(
        "contacts", {"lastname": "Lee", "parentcustomerid_account@odata.bind": f"accounts({ids[0]})"}
    )
    sales.edit("accounts", ids[0], **{"primarycontactid@odata.bind": f"contacts({contact})"})
    return ids


def names(web: httpx.Client, **options: str) -> list[str]:
    query = "&".join(f"${name}={quote(value)}" for name, value in {"select": "name", **options}.items())
    answer = web.get(f"accounts?{query}")
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["value"]]


IN = 'Microsoft.Dynamics.CRM.In(PropertyName=\'accountnumber\',PropertyValues=["a0","A4"])'
FILTERS = [
    pytest.param("name eq 'ALPHA'", ["Alpha"], id="case-insensitive"),
    pytest.param("name eq 'O''Echo'", ["O'Echo"], id="doubled-quote"),
    pytest.param("name ne 'alpha' and numberofemployees gt 2", ["bravo"], id="and"),
    pytest.param("numberofemployees eq null", ["Charlie"], id="null"),
    pytest.param("numberofemployees lt 2 or name eq 'charlie'", ["Charlie", "O'Echo"], id="or"),
    pytest.param("not (numberofemployees ge 1)", ["Charlie"], id="not"),
    pytest.param("contains(name,'RA')", ["bravo"], id="contains"),
    pytest.param("startswith(name,'c')", ["Charlie"], id="startswith"),
    pytest.param("endswith(name,'[%]')", ["Delta 100%"], id="wildcard-in-brackets"),
    pytest.param("contains(name,'b_av')", ["bravo"], id="wildcard-underscore"),
    pytest.param(IN, ["Alpha", "O'Echo"], id="in"),
    pytest.param("createdon ge 2026-03-02T09:33:00Z", ["Delta 100%", "O'Echo"], id="datetime"),
    pytest.param(
        "createdon gt 2026-03-02T10:32:59.5+01:00", ["Delta 100%", "O'Echo"], id="datetime-with-zone"
    ),
    pytest.param("primarycontactid/lastname eq 'lee'", ["Alpha"], id="path"),
    pytest.param("_primarycontactid_value ne null", ["Alpha"], id="lookup"),
    pytest.param("contact_customer_accounts/any(c:c/lastname eq 'Lee')", ["Alpha"], id="any"),
    pytest.param(
        "statecode eq 0 and creditonhold eq false",
        ["Alpha", "bravo", "Charlie", "Delta 100%", "O'Echo"],
        id="boolean",
    ),
    pytest.param(f"_modifiedby_value eq {INTEGRATION.user_id}", [], id="guid"),
]


@pytest.mark.parametrize(("text", "wanted"), FILTERS)
def test_a_filter_finds_what_it_says(
    web: httpx.Client, five: list[str], text: str, wanted: list[str]
) -> None:
    assert names(web, filter=text, orderby="createdon") == wanted


BAD_QUERIES = [
    "$filter=name in ('a')",
    "$filter=nme eq 'a'",
    "$filter=name eq",
    "$filter=name eq 'a' and",
    "$filter=tolower(name) eq 'a'",
    "$filter=numberofemployees eq 'x'",
    "$filter=contains(numberofemployees,'1')",
    "$filter=Microsoft.Dynamics.CRM.ThisYear(PropertyName='createdon')",
    "$select=primarycontactid",
    "$select=Name",
    "$orderby=nothing",
    "$orderby=name up",
    "$skip=1",
    "$search=a",
    "$format=json",
    "$apply=aggregate(revenue with sum as total)",
    "$SELECT=name",
    "select=name",
    "$top=x",
    "$top=1&$top=2",
    "$expand=nothing",
    "$expand=primarycontactid($count=true)",
    "$skiptoken=abc",
    "$deltatoken=abc",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_query_that_the_service_does_not_know_is_refused(web: httpx.Client, query: str) -> None:
    assert error(web.get(f"accounts?{query}")) == (400, "0x80060888")


def test_select_brings_the_key_and_nulls_are_present(web: httpx.Client, five: list[str]) -> None:
    row = web.get("accounts?$select=name,telephone1&$top=1").json()["value"][0]
    assert set(row) == {"@odata.etag", "accountid", "name", "telephone1"}
    assert row["telephone1"] is None


def test_order_is_stable_with_nulls_first_and_directions_mixed(web: httpx.Client, five: list[str]) -> None:
    assert names(web, orderby="numberofemployees") == ["Charlie", "O'Echo", "Delta 100%", "bravo", "Alpha"]
    assert names(web, orderby="statecode asc,name desc") == [
        "O'Echo",
        "Delta 100%",
        "Charlie",
        "bravo",
        "Alpha",
    ]


@pytest.mark.parametrize(
    "order", ["", "&$orderby=name desc", "&$orderby=modifiedon,accountid", "&$orderby=numberofemployees"]
)
def test_pages_follow_next_link_to_the_end_once_each(web: httpx.Client, five: list[str], order: str) -> None:
    prefer = {"Prefer": "odata.maxpagesize=2"}
    url, sizes, seen = f"accounts?$select=name{order}", [], []
    while url:
        answer = web.get(url, headers=prefer)
        assert answer.headers["Preference-Applied"] == "odata.maxpagesize=2"
        body = answer.json()
        sizes.append(len(body["value"]))
        seen += [row["accountid"] for row in body["value"]]
        url = body.get("@odata.nextLink", "")
    assert sizes == [2, 2, 1]
    assert sorted(seen) == sorted(five)


def test_paging_survives_writes_between_pages(
    sales: DataverseSim, web: httpx.Client, five: list[str]
) -> None:
    first = web.get("accounts?$select=name&$orderby=name", headers={"Prefer": "odata.maxpagesize=2"}).json()
    assert [row["name"] for row in first["value"]] == ["Alpha", "bravo"]
    sales.add("accounts", {"name": "Before"})
    sales.delete("accounts", five[1])
    second = web.get(first["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=2"}).json()
    assert [row["name"] for row in second["value"]] == ["Charlie", "Delta 100%"]


def test_top_is_ignored_with_maxpagesize(web: httpx.Client, five: list[str]) -> None:
    assert len(web.get("accounts?$top=1").json()["value"]) == 1
    assert "@odata.nextLink" not in web.get("accounts?$top=1").json()
    body = web.get("accounts?$top=1", headers={"Prefer": "odata.maxpagesize=3"}).json()
    assert len(body["value"]) == 3 and "@odata.nextLink" in body


def test_counts_stop_at_5000(sales: DataverseSim, web: httpx.Client, five: list[str]) -> None:
    assert web.get("accounts?$count=true&$top=1").json()["@odata.count"] == 5
    answer = web.get("accounts/$count?$filter=numberofemployees gt 1")
    assert (answer.text, answer.headers["Content-Type"]) == ("3", "text/plain")
    sales.load("contacts", [{"lastname": f"n{n}"} for n in range(5001)])
    body = web.get(
        "contacts?$select=lastname&$count=true", headers={"Prefer": 'odata.include-annotations="*"'}
    ).json()
    assert (len(body["value"]), body["@odata.count"]) == (5000, 5000)
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    rest = web.get(body["@odata.nextLink"]).json()
    assert len(rest["value"]) == 2  # 5001 and the one of the fixture
    url = "RetrieveTotalRecordCount(EntityNames=['contact'])"
    assert web.get(url).json()["EntityRecordCountCollection"]["Values"] == [5002]


def test_expand_brings_related_rows(web: httpx.Client, five: list[str]) -> None:
    row = web.get(
        f"accounts({five[0]})?$select=name&$expand=primarycontactid($select=lastname;"
        "$expand=parentcustomerid_account($select=name)),contact_customer_accounts($select=lastname;$filter=lastname eq 'lee')"
    ).json()
    assert row["primarycontactid"]["lastname"] == "Lee"
    assert row["primarycontactid"]["parentcustomerid_account"]["name"] == "Alpha"
    assert [c["lastname"] for c in row["contact_customer_accounts"]] == ["Lee"]
    assert "contact_customer_accounts@odata.nextLink" in row
    assert (
        len(web.get(f"accounts({five[0]})/contact_customer_accounts?$select=lastname").json()["value"]) == 1
    )
    assert web.get(f"accounts({five[0]})/primarycontactid?$select=lastname").json()["lastname"] == "Lee"


def test_annotations_come_only_on_request(web: httpx.Client, five: list[str]) -> None:
    plain = web.get(f"accounts({five[0]})?$select=statecode,_primarycontactid_value").json()
    assert not [name for name in plain if "@" in name and not name.startswith("@odata")]
    full = web.get(
        f"accounts({five[0]})?$select=statecode,_primarycontactid_value",
        headers={"Prefer": 'odata.include-annotations="OData.Community.Display.V1.*"'},
    )
    assert full.json()["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert full.json()["_primarycontactid_value@OData.Community.Display.V1.FormattedValue"] == "Lee"
    assert full.headers["Preference-Applied"] == 'odata.include-annotations="OData.Community.Display.V1.*"'


def test_parameter_aliases_and_message_filters(web: httpx.Client) -> None:
    query = (
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name eq @m and "
        "primaryobjecttypecode eq @t&@m='UpsertMultiple'&@t="
    )
    assert len(web.get(f"{query}'account'").json()["value"]) == 1
    assert web.get(f"{query}'uom'").json()["value"] == []


def test_users_of_the_environment_are_listed_with_their_key_twice(web: httpx.Client) -> None:
    rows = web.get("systemusers?$filter=applicationid ne null&$select=fullname").json()["value"]
    assert (
        {row["systemuserid"] for row in rows}
        == {row["ownerid"] for row in rows}
        == {INTEGRATION.user_id, PEOPLE.user_id}
    )


def test_a_half_page_has_the_link_to_the_rest(
    sales: DataverseSim, web: httpx.Client, five: list[str]
) -> None:
    sales.faults.add(Fault(half_page=True))
    first = web.get("accounts?$select=name", headers={"Prefer": "odata.maxpagesize=4"}).json()
    assert len(first["value"]) == 2
    rest = web.get(first["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=4"}).json()
    assert len(rest["value"]) == 3


def test_five_thousand_rows_are_one_page_each_row_once(sales: DataverseSim, web: httpx.Client) -> None:
    sales.load(
        "accounts", [{"name": f"Account {n}", "accountnumber": str(n), "creditlimit": n} for n in range(5000)]
    )
    body = web.get("accounts?$select=accountnumber,creditlimit").json()
    assert "@odata.nextLink" not in body
    assert sorted(int(row["accountnumber"]) for row in body["value"]) == list(range(5000))
    assert all(row["creditlimit"] == int(row["accountnumber"]) for row in body["value"])
    assert sales.log.entries()[-1].rows_read == 5000
