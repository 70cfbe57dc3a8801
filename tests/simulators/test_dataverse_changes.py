"""Change tracking (reference/dataverse-web-api.md section 4)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, SimClock
from tests.simulators.dataverse_client import ROOT, clock, error, sales, web

__all__ = ["clock", "sales", "web"]

TRACK = {"Prefer": "odata.track-changes"}


def follow(web: httpx.Client, url: str, prefer: str = "") -> tuple[list[dict[str, Any]], str, int]:
    """Read pages to the end; return the entries, the delta link and the number of pages."""
    entries, pages = [], 0
    while True:
        answer = web.get(url, headers={"Prefer": prefer} if prefer else {})
        assert answer.status_code == 200, answer.text
        body, pages = answer.json(), pages + 1
        entries += body["value"]
        assert ("@odata.nextLink" in body) != ("@odata.deltaLink" in body)
        if "@odata.deltaLink" in body:
            return entries, body["@odata.deltaLink"], pages
        url = body["@odata.nextLink"]


def test_the_first_pass_brings_all_rows_and_the_delta_link_on_the_last_page(
    sales: DataverseSim, web: httpx.Client
) -> None:
    ids = {sales.add("accounts", {"name": f"a{n}"}) for n in range(5)}
    entries, link, pages = follow(web, "accounts?$select=name", "odata.track-changes,odata.maxpagesize=2")
    assert pages == 3
    assert {row["accountid"] for row in entries} == ids
    assert re.fullmatch(
        re.escape(f"{ROOT}accounts?$select=name&$deltatoken=") + r"\d+%2103%2f02%2f2026%2009%3a30%3a\d\d",
        link,
    )
    answer = web.get("accounts?$select=name", headers=TRACK)
    assert answer.headers["Preference-Applied"] == "odata.track-changes"
    assert answer.json()["@odata.context"] == f"{ROOT}$metadata#accounts(name)/$delta"


def test_a_delta_brings_changes_by_version_then_deletions(sales: DataverseSim, web: httpx.Client) -> None:
    a, b, c = (sales.add("accounts", {"name": name}) for name in "abc")
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    unseen = sales.add("accounts", {"name": "never seen"})
    sales.delete("accounts", unseen)
    sales.edit("accounts", c, name="c2")
    sales.delete("accounts", b)
    sales.edit("accounts", a, name="a2")
    sales.edit("accounts", a, name="a3")
    entries, link, _ = follow(web, link)
    assert [entry.get("name") for entry in entries] == ["c2", "a3", None, None]
    assert entries[2:] == [
        {"@odata.context": f"{ROOT}$metadata#accounts/$deletedEntity", "id": row_id, "reason": "deleted"}
        for row_id in (unseen, b)
    ]
    assert follow(web, link)[0] == []


def test_a_delta_is_paged_across_changes_and_deletions(sales: DataverseSim, web: httpx.Client) -> None:
    ids = [sales.add("accounts", {"name": f"a{n}"}) for n in range(9)]
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    for row_id in ids[:4]:
        sales.edit("accounts", row_id, name="changed")
    for row_id in ids[4:]:
        sales.delete("accounts", row_id)
    for size in (1, 2, 3, 4, 5, 8, 9, 10):
        entries, _, pages = follow(web, link, f"odata.maxpagesize={size}")
        assert [entry.get("accountid") or entry["id"] for entry in entries] == ids
        assert pages == -(-len(ids) // size)


def test_what_changes_during_a_pass_is_in_the_next_delta(sales: DataverseSim, web: httpx.Client) -> None:
    ids = [sales.add("accounts", {"name": f"a{n}"}) for n in range(4)]
    prefer = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}
    first = web.get("accounts?$select=name", headers=prefer).json()
    sales.edit("accounts", ids[0], name="again")
    sales.edit("accounts", ids[3], name="early")
    new = sales.add("accounts", {"name": "new"})
    rest, link, _ = follow(web, first["@odata.nextLink"], prefer["Prefer"])
    delta, _, _ = follow(web, link)
    assert {row["accountid"] for row in (*first["value"], *rest, *delta)} == {*ids, new}
    assert [row["name"] for row in delta] == ["again", "early", "new"]


def test_own_writes_and_unchanged_patches_are_reported(sales: DataverseSim, web: httpx.Client) -> None:
    row_id = sales.add("accounts", {"name": "a"})
    _, link, _ = follow(web, "accounts?$select=name,_modifiedby_value", TRACK["Prefer"])
    web.patch(f"accounts({row_id})", json={"name": "a"})
    (entry,), _, _ = follow(web, link)
    assert entry["_modifiedby_value"] == INTEGRATION.user_id


def test_a_row_that_came_back_under_its_id_is_changed_not_deleted(
    sales: DataverseSim, web: httpx.Client
) -> None:
    row_id = sales.add("accounts", {"name": "a"})
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    sales.delete("accounts", row_id)
    web.patch(f"accounts({row_id})", json={"name": "b"})
    entries, _, _ = follow(web, link)
    assert [entry.get("name") for entry in entries] == ["b"]


def test_an_undone_write_leaves_no_trace_in_the_delta(sales: DataverseSim, web: httpx.Client) -> None:
    row_id = sales.add("accounts", {"name": "a"})
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.account"}
    targets = [{**kind, "accountid": row_id, "name": "b"}, {**kind, "accountid": row_id.replace("-", "")}]
    answer = web.post("accounts/Microsoft.Dynamics.CRM.UpdateMultiple", json={"Targets": targets})
    assert answer.status_code == 400
    assert follow(web, link)[0] == []
    sales.edit("accounts", row_id, name="c")
    assert [entry["name"] for entry in follow(web, link)[0]] == ["c"]


def test_a_token_expires_by_the_clock(sales: DataverseSim, web: httpx.Client, clock: SimClock) -> None:
    sales.add("accounts", {"name": "a"})
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    clock.advance(7 * 24 * 3600 - 60)
    assert web.get(link).status_code == 200
    clock.advance(120)
    assert error(web.get(link)) == (400, "0x80044352")


@pytest.mark.parametrize(
    "option", ["$filter=name eq 'a'", "$orderby=name", "$top=1", "$expand=primarycontactid"]
)
def test_options_that_tracking_does_not_take_are_refused(web: httpx.Client, option: str) -> None:
    answer = web.get(f"accounts?{option}", headers=TRACK)
    assert answer.status_code == 400
    name = option.partition("=")[0]
    assert answer.json()["error"]["message"] == (
        f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    )


def test_a_table_without_tracking_says_so(sales: DataverseSim, web: httpx.Client) -> None:
    changed = httpx.Client(transport=httpx.WSGITransport(app=sales), base_url="https://sales.test")
    assert changed.post("/_sim/settings", json={"not_tracked": ["contact"]}).status_code == 200
    assert error(web.get("contacts?$select=lastname", headers=TRACK)) == (400, "0x80072491")
    query = "EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true"
    tracked = {row["LogicalName"] for row in web.get(query).json()["value"]}
    assert "account" in tracked and "contact" not in tracked


def test_changes_can_be_counted(sales: DataverseSim, web: httpx.Client) -> None:
    row_id = sales.add("accounts", {"name": "a"})
    _, link, _ = follow(web, "accounts?$select=name", TRACK["Prefer"])
    sales.add("accounts", {"name": "b"})
    sales.delete("accounts", row_id)
    token = link.partition("$deltatoken=")[2]
    assert web.get(f"accounts/$count?$deltatoken={token}").text == "2"
