"""States of an environment in which something is not set up."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.simulators.business_central_caller import ROOT, Caller, make_caller


@pytest.fixture
def caller() -> Caller:
    return make_caller()


@pytest.mark.parametrize("path", ["companies", "$metadata"])
def test_without_the_companion_its_route_is_not_there_and_the_standard_one_is(path, caller):
    caller.settings(companion="")

    assert caller.http.get(f"{ROOT}/{path}").status_code == 404
    assert caller.http.post(f"{ROOT}/$batch", json={"requests": []}).status_code == 404
    assert caller.http.get(f"{ROOT.replace('tandem/sync/v1.0', 'v2.0')}/companies").status_code == 200


def test_an_older_companion_says_so(caller):
    caller.settings(companion="0.9.0.0")

    assert caller.rows("syncState")[0]["companionVersion"] == "0.9.0.0"


def test_a_table_that_the_permission_sets_leave_out_is_refused_and_others_are_not(caller):
    caller.settings(denied=["customers"])

    caller.get("customers", status=403)
    caller.get("contacts")
    parts = caller.batch(
        [{"method": "GET", "url": n} for n in ("customers", "items")], Prefer="odata.continue-on-error"
    )
    assert [p["status"] for p in parts] == [403, 200]


def test_an_answer_carries_the_time_of_the_service(caller):
    caller.clock.advance(timedelta(minutes=10).total_seconds())

    said = parsedate_to_datetime(caller.http.get(f"{ROOT}/companies").headers["date"])

    assert abs(said - caller.clock.now()) < timedelta(seconds=1)
