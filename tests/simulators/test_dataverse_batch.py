"""`$batch` and the bulk messages (reference/dataverse-web-api.md sections 5 and 6)."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import ROOT, clock, error, etag_of, sales, web

__all__ = ["clock", "sales", "web"]

ID = "5d9e6c1a-0b7f-4f3c-9a51-3f1d2c4b5a60"
KIND = {"@odata.type": "Microsoft.Dynamics.CRM.account"}


def part(line: str, body: object = None, headers: str = "", content_id: str = "") -> str:
    number = f"Content-ID: {content_id}\n" if content_id else ""
    kind = "Content-Type: application/json\n" if body is not None else ""
    text = json.dumps(body) if body is not None else ""
    return (
        f"Content-Type: application/http\nContent-Transfer-Encoding: binary\n{number}\n"
        f"{line} HTTP/1.1\n{kind}{headers}\n{text}\n"
    )


def change_set(*parts: str, name: str = "cs") -> str:
    inside = "".join(f"--{name}\n{one}" for one in parts)
    return f'Content-Type: multipart/mixed; boundary="{name}"\n\n{inside}--{name}--\n'


def send(
    web: httpx.Client, *parts: str, ending: str = "\r\n", prefer: str = "", boundary: str = "b1"
) -> httpx.Response:
    text = "".join(f"--{boundary}\n{one}" for one in parts) + f"--{boundary}--\n"
    headers = {"Content-Type": f'multipart/mixed; boundary="{boundary}"'}
    if prefer:
        headers["Prefer"] = prefer
    return web.post("$batch", content=text.replace("\n", ending).encode(), headers=headers)


def statuses(answer: httpx.Response) -> list[int]:
    return [int(status) for status in re.findall(r"HTTP/1\.1 (\d{3})", answer.text)]


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_operations_run_in_order_whatever_ends_a_line(
    sales: DataverseSim, web: httpx.Client, ending: str
) -> None:
    answer = send(
        web,
        part("POST /api/data/v9.2/accounts", {"accountid": ID, "name": "x"}),
        part(f"PATCH {ROOT}accounts({ID})", {"name": "ÿ€"}, headers="If-Match: *\n"),
        part(f"GET /api/data/v9.2/accounts?$select=name&$filter=name%20eq%20'{'%C3%BF%E2%82%AC'}'"),
        part(f"DELETE /api/data/v9.2/accounts({ID})"),
        ending=ending,
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(answer) == [204, 204, 200, 204]
    assert '"name":"ÿ€"' in answer.text
    assert f"OData-EntityId: {ROOT}accounts({ID})\r\n" in answer.text
    assert f"Location: {ROOT}accounts({ID})\r\n" in answer.text
    entry = sales.log.entries()[-1]
    assert (entry.kind, entry.operations, entry.rows_written, entry.rows_read) == ("write", 4, 3, 1)


def test_a_batch_of_reads_counts_as_read(sales: DataverseSim, web: httpx.Client) -> None:
    send(web, part("GET accounts?$select=name"), part("GET contacts?$select=lastname"))
    assert sales.log.entries()[-1].kind == "read"


def test_the_first_failure_ends_the_batch_with_its_status_and_keeps_what_was_done(
    sales: DataverseSim, web: httpx.Client
) -> None:
    answer = send(
        web,
        part("POST accounts", {"name": "kept"}),
        part(f"PATCH accounts({ID})", {"name": "x"}, headers="If-Match: *\n"),
        part("POST accounts", {"name": "never"}),
    )
    assert answer.status_code == 404
    assert statuses(answer) == [204, 404]
    assert [row["name"] for row in sales.all("accounts")] == ["kept"]


def test_continue_on_error_answers_every_operation(sales: DataverseSim, web: httpx.Client) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    answer = send(
        web,
        part("POST accounts", {"name": "x" * 161}),
        part(f"PATCH accounts({ID})", {"name": "y"}, headers='If-Match: W/"1"\n'),
        part("POST accounts", {"name": "last"}),
        prefer="odata.continue-on-error",
    )
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "odata.continue-on-error"
    assert statuses(answer) == [400, 412, 204]
    assert "0x80044331" in answer.text and "0x80060882" in answer.text
    assert sorted(row["name"] for row in sales.all("accounts")) == ["last", "x"]


def test_a_change_set_refers_to_its_own_rows(sales: DataverseSim, web: httpx.Client) -> None:
    answer = send(
        web,
        change_set(
            part("POST accounts", {"name": "a"}, content_id="1"),
            part(
                "POST contacts?$select=lastname",
                {"lastname": "c", "parentcustomerid_account@odata.bind": "$1"},
                headers="Prefer: return=representation\n",
                content_id="2",
            ),
            part("PATCH $1", {"primarycontactid@odata.bind": "$2"}, headers="If-Match: *\n", content_id="3"),
            part("PUT $1/description", {"value": "d"}, content_id="4"),
        ),
    )
    assert statuses(answer) == [204, 201, 204, 204]
    assert re.findall(r"Content-ID: (\d)", answer.text) == ["1", "2", "3", "4"]
    (account,), (contact,) = sales.all("accounts"), sales.all("contacts")
    assert contact["_parentcustomerid_value"] == account["accountid"]
    assert account["_primarycontactid_value"] == contact["contactid"]
    assert account["description"] == "d"


def test_a_failing_change_set_is_undone_and_answers_one_error_with_its_content_id(
    sales: DataverseSim, web: httpx.Client
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    before = sales.get("accounts", ID)
    failing = change_set(
        part("POST accounts", {"name": "gone"}, content_id="1"),
        part(f"PATCH accounts({ID})", {"name": "gone"}, content_id="2"),
        part("POST accounts", {"nope": 1}, content_id="3"),
    )
    answer = send(web, failing, part("POST accounts", {"name": "after"}), prefer="odata.continue-on-error")
    assert answer.status_code == 200
    assert statuses(answer) == [400, 204]
    assert re.findall(r"Content-ID: (\d)", answer.text) == ["3"]
    assert sales.get("accounts", ID) == before
    assert sorted(row["name"] for row in sales.all("accounts")) == ["after", "x"]


def test_an_option_inserted_by_a_failing_change_set_is_gone(sales: DataverseSim, web: httpx.Client) -> None:
    name = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}
    option = {**name, "Value": 779, "Label": {"LocalizedLabels": [{"Label": "CM", "LanguageCode": 1033}]}}
    failing = change_set(
        part("POST InsertOptionValue", option, content_id="1"),
        part("POST accounts", {"nope": 1}, content_id="2"),
    )
    assert send(web, failing).status_code == 400
    assert error(web.post("accounts", json={"paymenttermscode": 779})) == (400, "0x8004431a")


def test_a_forward_reference_is_refused(sales: DataverseSim, web: httpx.Client) -> None:
    answer = send(
        web,
        change_set(
            part(
                "POST contacts",
                {"lastname": "c", "parentcustomerid_account@odata.bind": "$2"},
                content_id="1",
            ),
            part("POST accounts", {"name": "a"}, content_id="2"),
        ),
    )
    assert answer.status_code == 400
    assert "Content-ID Reference: '$2' does not exist in the batch context." in answer.text
    assert sales.all("contacts") == []


MALFORMED = [
    pytest.param(change_set(part("GET accounts", content_id="1")), id="get-in-change-set"),
    pytest.param(change_set(part("POST accounts", {"name": "a"})), id="no-content-id"),
    pytest.param(change_set(part("POST accounts", {}, content_id="1"), name="b1"), id="same-boundary"),
    pytest.param(part("POST $batch", {}), id="nested"),
    pytest.param("Content-Type: text/plain\n\nhello\n", id="not-http"),
    pytest.param(part("FETCH accounts"), id="unknown-method"),
]


@pytest.mark.parametrize("body", MALFORMED)
def test_a_malformed_batch_is_a_plain_error_and_nothing_runs(
    sales: DataverseSim, web: httpx.Client, body: str
) -> None:
    answer = send(web, part("POST accounts", {"name": "first"}), body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert sales.all("accounts") == []


def test_a_batch_takes_1000_operations_counting_members_of_change_sets(
    sales: DataverseSim, web: httpx.Client
) -> None:
    posts = [part("POST accounts", {"name": str(n)}, content_id=str(n)) for n in range(1000)]
    assert send(web, change_set(*posts)).status_code == 200
    assert len(sales.all("accounts")) == 1000
    assert send(web, change_set(*posts), part("GET accounts?$top=1")).status_code == 400
    assert len(sales.all("accounts")) == 1000


def test_a_json_batch_is_refused(web: httpx.Client) -> None:
    assert web.post("$batch", json={"requests": []}).status_code == 400


# --- bulk messages ---------------------------------------------------------------------------------


def multiple(web: httpx.Client, message: str, *targets: dict, entity_set: str = "accounts") -> httpx.Response:
    return web.post(f"{entity_set}/Microsoft.Dynamics.CRM.{message}", json={"Targets": list(targets)})


def test_create_multiple_answers_ids_in_order_and_takes_callers_ids(
    sales: DataverseSim, web: httpx.Client
) -> None:
    answer = multiple(web, "CreateMultiple", {**KIND, "name": "a"}, {**KIND, "accountid": ID, "name": "b"})
    assert answer.status_code == 200
    first, second = answer.json()["Ids"]
    assert second == ID
    assert sales.get("accounts", first)["name"] == "a"  # type: ignore[index]
    entry = sales.log.entries()[-1]
    assert (entry.message, entry.operations, entry.rows_written) == ("CreateMultiple", 2, 2)


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [
        pytest.param({**KIND, "accountid": ID}, (412, "0x80040237"), id="existing-id"),
        pytest.param({"name": "no type"}, (400, "0x80048d19"), id="no-type"),
        pytest.param(
            {"@odata.type": "Microsoft.Dynamics.CRM.contact"}, (400, "0x80048d19"), id="other-table"
        ),
        pytest.param({**KIND, "name": "x" * 161}, (400, "0x80044331"), id="too-long"),
    ],
)
def test_create_multiple_is_all_or_nothing(
    sales: DataverseSim, web: httpx.Client, bad: dict, wanted: tuple[int, str]
) -> None:
    sales.add("accounts", {"accountid": ID, "name": "x"})
    assert error(multiple(web, "CreateMultiple", {**KIND, "name": "a"}, bad)) == wanted
    assert len(sales.all("accounts")) == 1
    assert sales.log.entries()[-1].rows_written == 0


def test_update_multiple_is_all_or_nothing(sales: DataverseSim, web: httpx.Client) -> None:
    one, two = (sales.add("accounts", {"name": name}) for name in "ab")
    done = multiple(
        web,
        "UpdateMultiple",
        {**KIND, "accountid": one, "name": "c"},
        {**KIND, "accountid": two, "name": "d"},
    )
    assert (done.status_code, done.content) == (204, b"")
    before = etag_of(sales, "accounts", one)
    missing = multiple(
        web, "UpdateMultiple", {**KIND, "accountid": one, "name": "e"}, {**KIND, "accountid": ID, "name": "e"}
    )
    assert error(missing) == (404, "0x80040217")
    assert etag_of(sales, "accounts", one) == before
    twice = multiple(web, "UpdateMultiple", {**KIND, "accountid": one}, {**KIND, "accountid": one})
    assert twice.status_code == 400


def test_upsert_multiple_by_id_answers_nothing(sales: DataverseSim, web: httpx.Client) -> None:
    one = sales.add("accounts", {"name": "a"})
    answer = multiple(
        web,
        "UpsertMultiple",
        {**KIND, "@odata.id": f"accounts({one})", "name": "b"},
        {**KIND, "accountid": ID, "name": "c"},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert sorted(row["name"] for row in sales.all("accounts")) == ["b", "c"]


def test_tables_without_bulk_support_refuse(web: httpx.Client) -> None:
    target = {"@odata.type": "Microsoft.Dynamics.CRM.transactioncurrency", "currencyname": "x"}
    assert multiple(web, "CreateMultiple", target, entity_set="transactioncurrencies").status_code == 400
    assert multiple(web, "DeleteMultiple", KIND).status_code == 404
