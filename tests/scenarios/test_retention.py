"""What is old goes by itself, once a day; what the settings keep stays."""

from datetime import timedelta

from sandbox.world import World
from shared.engine.parts import Limits
from tests.scenarios.builders import a_company, add_contact, add_customer

LIMITS = Limits(history=timedelta(days=100), jobs=timedelta(days=50), runs=2)


def a_company_with_a_past() -> tuple[World, str]:
    world = a_company(limits=LIMITS)
    customer = add_customer(world, phoneNumber="0")
    world.full_sync()
    for n in range(1, 5):
        world.clock.advance(timedelta(days=60))
        world.bc.edit("customers", customer, phoneNumber=str(n))
        world.tick("customers")
    return world, customer


def test_history_jobs_and_runs_go_when_they_are_older_than_the_settings_keep():
    world, customer = a_company_with_a_past()
    for _ in range(3):
        world.rehearse("customers")
        world.clock.advance(timedelta(minutes=1))
    first = world.app.api.runs()["value"][-1]["id"]
    kept = [r["id"] for r in world.app.api.runs()["value"][:2]]

    for _ in range(3):
        world.housekeeping()

    after = [
        e["fields"]["phone"]["after"] for e in world.app.api.history("customers", "bc", customer)["value"]
    ]
    assert after == ["4", "3"], "120 and 180 days ago are over"
    assert [r["id"] for r in world.app.api.runs()["value"]] == kept
    assert world.app.ports.runs.get(first) == [] and world.app.ports.plans.list(first, "customers")[0] == []
    oldest = min(j["started"] for j in world.app.api.jobs()["value"])
    assert oldest > (world.clock.now() - timedelta(days=50)).isoformat()
    assert len(world.coupled("customers")) == 1, "couplings are never forgotten"


def test_forgetting_is_asked_once_a_day():
    world, _ = a_company_with_a_past()
    while world.app.ports.cursors.get("retention", world.bc.side).value is None:
        world.housekeeping()
    seen = []
    world.tables.before_request = seen.append

    world.housekeeping()

    assert not [name for name in seen if "History" in name]
    world.clock.advance(timedelta(days=1))
    world.housekeeping()
    assert [name for name in seen if "History" in name]


def test_what_a_rehearsal_left_goes_also_of_mappings_that_are_off_by_now_H26():
    world = a_company(limits=LIMITS)
    add_contact(world, "K1", add_customer(world))
    rehearsed = world.app.api.start_full_sync({"rehearse": True})["run"]
    overlay = world.app.ports.overlay(rehearsed)
    while not [*overlay.stream("contacts")]:
        assert world.step()
    world.app.api.cancel(rehearsed)
    world.run()
    world.overrides = "{contacts: off, opportunities: off}"
    world.app = world.start_app()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=1))
        world.full_sync("currencies")

    for _ in range(3):
        world.housekeeping()

    assert world.app.ports.runs.get(rehearsed) == []
    assert [m for m in world.mappings if [*overlay.stream(m)]] == []


def test_runs_are_listed_by_page():
    world = a_company()
    ids = []
    for _ in range(5):
        ids.append(world.full_sync("currencies")["id"])
        world.clock.advance(timedelta(seconds=1))
    found, after = [], None
    while True:
        page = world.app.api.runs(limit=2, after=after)
        found += [r["id"] for r in page["value"]]
        after = page["next"]
        if after is None:
            break
    assert found == ids[::-1]
