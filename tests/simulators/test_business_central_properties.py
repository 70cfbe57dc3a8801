"""What holds in the Business Central simulator for any data and any order of events."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulators.business_central_caller import Caller, make_caller

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=120),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
columns = st.sampled_from(
    [
        "id",
        "name",
        "number",
        "blocked",
        "creditLimit",
        "currencyId",
        "contactName",
        "primaryContactId",
        "nothing",
    ]
)
words = st.sampled_from(
    [
        "name",
        "number",
        "creditLimit",
        "blocked",
        "systemRowVersion",
        "lastModifiedDateTime",
        "id",
        "eq",
        "ne",
        "gt",
    ]
    + [
        "and",
        "or",
        "in",
        "(",
        ")",
        ",",
        "'All'",
        "'x'",
        "5",
        "2.5",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "null",
    ]
    + ["contains", "startswith", "tolower", "not", "a/any", "true", "00000000-0000-0000-0000-000000000000"]
)


@QUICK
@given(body=st.dictionaries(columns, json_values, max_size=4))
def test_any_body_is_stored_or_refused_and_never_half_stored(body):
    bc = make_caller()
    try:
        content = orjson.dumps(body, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError:  # orjson has no integers beyond 64 bits
        content = str(body).encode()
    url = bc.url("customers")
    response = bc.http.post(url, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (201, 400), response.text
    stored = response.status_code == 201
    assert [len(bc.sim.all(name)) for name in ("customers", "contacts", "contactBusinessRelations")] == [
        stored
    ] * 3


@QUICK
@given(condition=st.lists(words, max_size=9).map(" ".join))
def test_any_filter_is_answered_or_refused(condition):
    bc = make_caller()
    bc.sim.load("customers", [{"name": "x"}, {"name": "y"}])
    response = bc.http.get(bc.url("customers"), params={"$filter": condition})
    assert response.status_code in (200, 400, 501), response.text


events = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "delete", "read"]), st.integers(0, 20)), min_size=1, max_size=40
)


@QUICK
@given(events=events, size=st.integers(1, 4), lag=st.sampled_from([0, 30]))
def test_a_reader_by_row_version_and_tombstones_ends_with_the_same_rows(events, size, lag):
    """The companion's promise (H7): from minimumActiveRowVersion on nothing is missed, whatever happens between pages."""
    bc = make_caller()
    bc.settings(replica_lag_seconds=lag)
    copy: dict[str, str] = {}
    since = Position()
    names = 0
    for verb, n in [*events, ("wait", 0)]:
        bc.clock.advance(60 if verb == "wait" else 7)
        rows = bc.sim.all("shipmentMethods")
        names += 1
        if verb == "add":
            bc.sim.add("shipmentMethods", {"code": f"C{names}", "description": str(names)})
        elif verb == "edit" and rows:
            bc.sim.edit("shipmentMethods", rows[n % len(rows)]["id"], description=str(names))
        elif verb == "delete" and rows:
            bc.sim.delete("shipmentMethods", rows[n % len(rows)]["id"])
        else:
            since.read(bc, copy, size)
    assert copy == {row["id"]: row["description"] for row in bc.sim.all("shipmentMethods")}


class Position:
    def __init__(self) -> None:
        self.version, self.entry = 0, 0

    def read(self, bc: Caller, copy: dict[str, str], size: int) -> None:
        """Read a pass the lagging way: every request may see an old state, together they must converge."""
        state = bc.get("syncState")["value"][0]["minimumActiveRowVersion"]
        headers = {"Prefer": f"odata.maxpagesize={size}"}
        condition = f"systemRowVersion ge {self.version}"
        page: Any = bc.get("shipmentMethods", headers=headers, filter=condition, orderby="systemRowVersion")
        while True:
            copy.update((row["id"], row["description"]) for row in page["value"])
            if "@odata.nextLink" not in page:
                break
            page = bc.http.get(page["@odata.nextLink"], headers=headers).json()
        for grave in bc.rows("tombstones", filter=f"entryNumber gt {self.entry}"):
            self.entry = grave["entryNumber"]
            copy.pop(grave["deletedId"], None)
        self.version = state
