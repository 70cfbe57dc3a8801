"""Messages nobody can understand are set aside with their reason and change nothing (design §8)."""

import pytest

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
