"""What the tests of the peer's scenarios share: wishes of administrators, and counts of what came of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.world import World
from tests.scenarios.builders import a_company, an_id


def restart_with(world: World, overrides: str) -> World:
    """Change the setting, which starts Tandem anew."""
    world.overrides = overrides
    world.app = world.start_app()
    assert world.app.api.mappings()["overrides"]["problems"] == []
    return world


def a_prepared_company(**options: Any) -> World:
    """Salespeople and currencies are coupled; the rest is still to come."""
    world = a_company(**options)
    world.full_sync("salespeople", "currencies")
    return world


def counted(entries: list[dict[str, Any]]) -> dict[str, int]:
    """Return the sum of tallies, without what is 0."""
    total: Counter[str] = Counter()
    for entry in entries:
        total.update(entry["tally"])
    return {k: n for k, n in total.items() if n}


def jobs_of(world: World, mapping: str) -> list[dict[str, Any]]:
    return world.app.api.jobs(mapping, limit=1000)["value"]


def sync_now(world: World, mapping: str, side: str, *ids: str, **body: Any) -> dict[str, int]:
    """Synchronize named records by hand and return the counts."""
    token = world.app.api.sync(mapping, {"side": side, "ids": list(ids), **body})["job"]
    world.run()
    return counted([e for e in jobs_of(world, mapping) if e["id"].startswith(token)])


def tick(world: World, mapping: str) -> dict[str, dict[str, int]]:
    """Let the timer fire, and return the counts of its jobs by the side that was read."""
    before = {e["id"] for e in jobs_of(world, mapping)}
    world.tick(mapping)
    new = [e for e in jobs_of(world, mapping) if e["id"] not in before]
    return {side: counted([e for e in new if e["side"] == side]) for side in ("bc", "sales")}


def add_user(world: World, name: str, **differs: Any) -> str:
    values = {
        "fullname": name,
        "internalemailaddress": f"{name.lower()}@contoso.com",
        "isdisabled": False,
        "islicensed": True,
        "isintegrationuser": False,
        "applicationid": None,
        "mobilephone": "",
    }
    return world.sales.add("systemusers", an_id(f"user {name}"), **values | differs)


def add_salesperson(world: World, code: str, **differs: Any) -> str:
    values = {"code": code, "name": code, "email": f"{code.lower()}@contoso.com", "phoneNumber": ""}
    return world.bc.add("salespeople", an_id(f"salesperson {code}"), **values | differs)


def park(world: World, mapping: str, *ids: str) -> None:
    for id in ids:
        world.act(mapping, "skip", side="bc", id=id)


def held_ids(world: World, mapping: str, kind: str | None = None) -> set[str]:
    return {h["id"] for h in world.held(mapping) if kind in (None, h["kind"])}
