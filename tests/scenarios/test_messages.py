"""Messages nobody can understand are set aside with their reason and change nothing (design §8)."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.core.errors import Transient
from shared.engine.messages import FULL_SYNC_FIELDS, JOB_FIELDS, KINDS
from shared.engine.parts import Limits
from tests.scenarios.builders import a_company, add_customer

BAD = [
    pytest.param("full-sync", b"start please", "not JSON", id="not JSON"),
    pytest.param("full-sync", b"[1]", "a JSON object is expected", id="not an object"),
    pytest.param(
        "full-sync", b'{"mappings":["custmers"]}', "unknown mapping 'custmers'", id="unknown mapping"
    ),
    pytest.param("full-sync", b'{"mapping":"customers"}', "unknown field 'mapping'", id="unknown field"),
    pytest.param("full-sync", b'{"version":2}', "version 2 is not known", id="wrong version"),
    pytest.param("full-sync", b'{"action":"explode"}', "unknown action 'explode'", id="unknown action"),
    pytest.param("full-sync", b'{"action":"resume"}', "needs 'run'", id="resume without run"),
    pytest.param("sync-customers", b"\xff\xfe", "not JSON", id="bytes that are no text"),
    pytest.param(
        "sync-customers", b'{"mapping":"contacts"}', "does not belong", id="another mapping's message"
    ),
    pytest.param(
        "sync-customers", b'{"mapping":"nobody"}', "unknown mapping 'nobody'", id="a mapping nobody knows"
    ),
    pytest.param("sync-customers", b'{"colour":"red"}', "unknown field 'colour'", id="a field nobody knows"),
    pytest.param(
        "sync-customers", b'{"version":"1"}', "'version' must be a whole number", id="a version that is text"
    ),
    pytest.param("sync-customers", b'{"kind":"targeted"}', "needs 'ids'", id="targeted without ids"),
    pytest.param("sync-customers", b'{"rehearse":true}', "kind 'line'", id="a rehearsal of no run"),
    pytest.param("sync-customers", b"go", "not JSON", id="not JSON, to a mapping"),
    pytest.param("sync-customers", b"", "not JSON", id="empty, to a mapping"),
    pytest.param("full-sync", b"\xff\xfe", "not JSON", id="bytes that are no text, to full-sync"),
    pytest.param("full-sync", b"[" * 100_000, "not JSON", id="nested too deeply"),
    pytest.param("sync-customers", b"[" * 100_000, "not JSON", id="nested too deeply, to a mapping"),
    pytest.param("sync-customers", b"7", "a JSON object is expected", id="a number, to a mapping"),
    pytest.param(
        "sync-customers", b'{"version":2}', "version 2 is not known", id="wrong version, to a mapping"
    ),
    pytest.param("full-sync", b'{"version":true}', "'version' must be a whole number", id="version true"),
    pytest.param("sync-customers", b'{"kind":"dance"}', "unknown kind 'dance'", id="a kind nobody knows"),
    pytest.param("sync-customers", b'{"side":"left"}', "unknown side 'left'", id="a side nobody knows"),
    pytest.param(
        "sync-customers", b'{"ids":["a\' or 1 eq 1"]}', "letters, digits and hyphens", id="no id at all"
    ),
    pytest.param("sync-customers", b'{"ids":["\\ud800"]}', "letters, digits", id="half a character"),
]


@pytest.mark.parametrize(("queue", "body", "reason"), BAD)
def test_a_bad_message_is_set_aside_with_its_reason_and_changes_nothing(queue, body, reason):
    world = a_company()
    add_customer(world)

    world.send(queue, body)
    world.run()

    (told,) = world.app.api.status()["rejected"]
    assert reason in told["reason"] and told["queue"] == queue
    assert world.written() == 0 and world.app.api.runs()["value"] == []


def test_every_problem_of_a_message_is_named_at_once():
    world = a_company()

    world.send("full-sync", b'{"action":"explode","mappings":["x"]}')
    world.run()

    reason = world.app.api.status()["rejected"][0]["reason"]
    assert "explode" in reason and "'x'" in reason


def test_every_problem_of_a_mappings_message_is_named_at_once():
    world = a_company()

    world.send("sync-customers", b'{"kind":"dance","side":"left","mapping":"contacts","ids":[7]}')
    world.run()

    reason = world.app.api.status()["rejected"][0]["reason"]
    assert all(word in reason for word in ("dance", "left", "contacts", "'ids'"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from([*FULL_SYNC_FIELDS, *JOB_FIELDS, "?"]), ANYTHING, max_size=5),
    st.booleans(),
)
def test_whatever_a_message_says_it_is_done_or_set_aside_and_never_comes_back(said, to_a_mapping):
    world = a_company()
    queue = "sync-customers" if to_a_mapping else "full-sync"

    world.send(queue, json.dumps(said).encode())
    world.run()

    told = world.app.api.status()["rejected"]
    assert all(entry["reason"] for entry in told)
    assert world.queue.peek(queue) == [] and world.queue.peek(queue, dead_letters=True) == []


def test_a_message_without_version_is_version_1():
    world = a_company()
    add_customer(world)

    world.send("full-sync", b'{"action":"start"}', message_id="by-hand")
    world.run()

    assert world.app.api.run("by-hand")["state"] == "finished"


def test_an_administrator_enqueues_a_full_sync_message_P48():
    world = a_company()
    customer = add_customer(world)

    world.send("full-sync", b'{"mappings":["salespeople","currencies","customers"]}')
    world.run()

    assert customer in world.coupled("customers")


def test_a_reading_that_goes_on_through_many_messages_reaches_its_end_H12():
    world = a_company(limits=Limits(page=1, job=timedelta(seconds=0)))
    customers = [add_customer(world, f"C{n:02}") for n in range(60)]
    world.full_sync()
    for customer in customers:
        world.bc.edit("customers", customer, phoneNumber="42")

    world.tick("customers")

    assert {a["telephone1"] for a in world.sales.all("accounts").values()} == {"42"}


def test_a_message_with_a_long_name_of_its_own_is_tried_again_like_any_other_H13():
    world = a_company()
    customer = add_customer(world)
    failures = [3]

    def unreachable(name):
        if name == "get" and failures[0]:
            failures[0] -= 1
            raise Transient("BC cannot be reached")

    world.full_sync("salespeople", "currencies")
    world.bc.before = unreachable
    said = {"kind": "targeted", "ids": [customer], "create": True, "token": "long" * 60}
    world.send("sync-customers", json.dumps(said).encode())
    world.run()

    assert customer in world.coupled("customers")
