"""A reader that follows pages and delta links always ends with a true copy of the table."""

from __future__ import annotations

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock
from tests.simulators.dataverse_client import ROOT, START

STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "delete", "restore", "page", "page"]), st.integers(0, 30)),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, size=st.integers(1, 4))
def test_whatever_happens_between_pages_the_copy_is_true_in_the_end(
    steps: list[tuple[str, int]], size: int
) -> None:
    sales = DataverseSim(clock=SimClock(START, frozen=True), issuer=None, identities=(INTEGRATION, PEOPLE))
    headers = {"Authorization": f"Bearer {INTEGRATION.client_id}"}
    copy: dict[str, str] = {}
    link = "accounts?$select=name"
    known: list[str] = []

    def read(web: httpx.Client) -> bool:
        """Read one page into the copy; return whether it was the last."""
        nonlocal link
        body = web.get(link, headers={"Prefer": f"odata.track-changes,odata.maxpagesize={size}"}).json()
        assert len(body["value"]) <= size
        for entry in body["value"]:
            if "reason" in entry:
                copy.pop(entry["id"], None)
            else:
                copy[entry["accountid"]] = entry["name"]
        link = body.get("@odata.nextLink") or body["@odata.deltaLink"]
        return "@odata.deltaLink" in body

    with httpx.Client(transport=httpx.WSGITransport(app=sales), base_url=ROOT, headers=headers) as web:
        for number, (step, which) in enumerate(steps):
            row_id = known[which % len(known)] if known else ""
            present = bool(row_id) and sales.get("accounts", row_id) is not None
            match step:
                case "add":
                    known.append(sales.add("accounts", {"name": f"a{number}"}))
                case "edit" if present:
                    sales.edit("accounts", row_id, name=f"e{number}")
                case "delete" if present:
                    sales.delete("accounts", row_id)
                case "restore" if row_id and not present:
                    sales.add("accounts", {"accountid": row_id, "name": f"r{number}"})
                case "page":
                    read(web)
        while not read(web):
            pass
        while not read(web):  # one more delta: what happened during the last pass
            pass
    assert copy == {row["accountid"]: row["name"] for row in sales.all("accounts")}
