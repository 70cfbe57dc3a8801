"""A whole document in one request (reference/dataverse-web-api.md sections 2, 5 and 6)."""

from __future__ import annotations

import json
from typing import Any

import httpx

from sandbox.dataverse import DataverseSim
from tests.simulators.dataverse_client import (
    Catalogue,
    catalogue,
    clock,
    header,
    line,
    row,
    sales,
    web,
    write_in,
)

__all__ = ["catalogue", "clock", "sales", "web"]


def _batch(parts: list[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    chunks = []
    for number, (method, url, body) in enumerate(parts, start=1):
        chunks.append(
            f"--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {number}"
            f"\r\n\r\n{method} {url} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{json.dumps(body)}\r\n"
        )
    text = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + "".join(chunks) + "--c--\r\n--b--\r\n"
    return {"content": text.encode(), "headers": {"Content-Type": "multipart/mixed; boundary=b"}}


def test_a_change_set_writes_header_and_lines_by_reference_or_by_own_ids(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    own = "5d9e6c1a-0b7f-4f3c-9a51-3f1d2c4b5a60"
    parts = [
        ("POST", "/api/data/v9.2/invoices", header(catalogue)),
        ("POST", "/api/data/v9.2/invoicedetails", {**write_in(priceperunit=5), "invoiceid@odata.bind": "$1"}),
        ("POST", "/api/data/v9.2/invoices", header(catalogue, invoiceid=own)),
        ("POST", "/api/data/v9.2/invoicedetails", write_in(f"invoices({own})", priceperunit=7)),
        ("POST", "/api/data/v9.2/invoicedetails", line(catalogue, f"invoices({own})")),
        ("PATCH", f"/api/data/v9.2/invoices({own})", {"statecode": 2, "statuscode": 100001}),
    ]
    assert web.post("$batch", **_batch(parts)).status_code == 200
    assert sorted(one["totalamount"] for one in sales.all("invoices")) == [5, 4007]
    assert row(sales, "invoices", own)["statecode"] == 2


def test_a_change_set_with_one_bad_line_leaves_nothing(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    parts = [
        ("POST", "/api/data/v9.2/salesorders", header(catalogue)),
        ("POST", "/api/data/v9.2/salesorderdetails", {**line(catalogue), "salesorderid@odata.bind": "$1"}),
        ("POST", "/api/data/v9.2/salesorderdetails", {**write_in(wrong=1), "salesorderid@odata.bind": "$1"}),
    ]
    assert web.post("$batch", **_batch(parts)).status_code == 400
    assert sales.all("salesorders") == [] == sales.all("salesorderdetails")


def test_a_deep_insert_answers_with_totals_and_lines(web: httpx.Client, catalogue: Catalogue) -> None:
    body = header(catalogue, order_details=[line(catalogue), write_in(priceperunit=5)])
    answer = web.post(
        "salesorders?$select=totalamount&$expand=order_details($select=extendedamount)",
        json=body,
        headers={"Prefer": "return=representation"},
    )
    assert answer.status_code == 201 and answer.json()["totalamount"] == 4005
    assert sorted(one["extendedamount"] for one in answer.json()["order_details"]) == [5, 4000]


def test_bulk_creation_of_documents_takes_nested_lines(
    sales: DataverseSim, web: httpx.Client, catalogue: Catalogue
) -> None:
    target = {
        "@odata.type": "Microsoft.Dynamics.CRM.invoice",
        **header(catalogue, invoice_details=[line(catalogue), line(catalogue)]),
    }
    create = "invoices/Microsoft.Dynamics.CRM.CreateMultiple"
    assert len(web.post(create, json={"Targets": [target] * 3}).json()["Ids"]) == 3
    assert [one["totalamount"] for one in sales.all("invoices")] == [8000] * 3
