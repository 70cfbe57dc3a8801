"""Messages of the Dataverse simulator's service endpoint (dataverse-web-api.md §12)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.dataverse import DataverseSim
from sandbox.dataverse.notices import Message
from sandbox.simkit import INTEGRATION, PEOPLE, SimClock


class Sales:
    def __init__(self, **steps: list[str]) -> None:
        self.sim = DataverseSim(clock=SimClock(), issuer=None, identities=(INTEGRATION, PEOPLE))
        self.sim.settings["steps"] = steps
        self.sim.settings_changed()
        self.got: list[Message] = []

    def told(self) -> list[dict[str, Any]]:
        self.got = []
        self.sim.deliver(self.got.extend)
        return [json.loads(m.body) for m in self.got]


def test_a_step_tells_create_update_and_delete_with_who_did_it():
    sales = Sales(account=[])
    one = sales.sim.add("accounts", {"name": "A", "creditlimit": 5, "customertypecode": 3})
    sales.sim.edit("accounts", one, as_="integration", name="B")
    sales.sim.delete("accounts", one)

    made, changed, gone = sales.told()

    assert [m["MessageName"] for m in (made, changed, gone)] == ["Create", "Update", "Delete"]
    assert {m["PrimaryEntityName"] for m in (made, changed, gone)} == {"account"}
    assert {m["PrimaryEntityId"] for m in (made, changed, gone)} == {one}
    assert (made["UserId"], changed["UserId"]) == (PEOPLE.user_id, INTEGRATION.user_id)
    attributes = {a["key"]: a["value"] for a in made["InputParameters"][0]["value"]["Attributes"]}
    assert attributes["name"] == "A" and attributes["customertypecode"]["Value"] == 3
    assert attributes["creditlimit"]["Value"] == 5
    [target] = changed["InputParameters"]
    assert [a["key"] for a in target["value"]["Attributes"]] == ["name"]
    assert (
        sales.got[1].properties["http://schemas.microsoft.com/xrm/2011/Claims/EntityLogicalName"] == "account"
    )
    assert sales.told() == []


def test_only_registered_tables_and_filtering_attributes_are_told():
    sales = Sales(account=["name"])
    sales.sim.add("contacts", {"lastname": "A"})
    one = sales.sim.add("accounts", {"name": "A"})
    sales.sim.edit("accounts", one, telephone1="1")

    assert [m["MessageName"] for m in sales.told()] == ["Create"]


def test_what_is_refused_is_not_told_and_what_the_bus_refuses_waits():
    sales = Sales(account=[])
    with pytest.raises(Exception, match="nothing"):
        sales.sim.add("accounts", {"name": "A", "nothing": 1})
    assert sales.told() == []
    sales.sim.add("accounts", {"name": "A"})

    def down(messages: list[Message]) -> None:
        raise OSError("the bus is down")

    with pytest.raises(OSError, match="down"):
        sales.sim.deliver(down)
    assert len(sales.told()) == 1


def test_a_message_too_large_for_the_bus_goes_without_its_parameters():
    sales = Sales(account=[])
    sales.sim.environment.notices.note("Update", "account", "x", "y", {"description": "z" * 200_000})

    [told] = sales.told()

    assert "InputParameters" not in told and told["PrimaryEntityName"] == "account"
    assert sales.got[0].properties["MessageMaxSizeExceeded"] == "true"
