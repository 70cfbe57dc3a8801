"""Who may do what in the Dataverse simulator, and how an administrator changes it."""

from __future__ import annotations

import httpx
import pytest

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE
from tests.simulators.dataverse_client import clock, error, sales, web

__all__ = ["clock", "sales", "web"]

ME = INTEGRATION.user_id


@pytest.fixture
def office(web: httpx.Client):
    """The Web API as an administrator sees it."""
    return httpx.Client(
        transport=web._transport,
        base_url=web.base_url,
        headers={"Authorization": f"Bearer {PEOPLE.client_id}"},
    )


def privilege_id(web: httpx.Client, table: str, right: str) -> str:
    definition = web.get(f"EntityDefinitions(LogicalName='{table}')?$select=Privileges").json()
    return next(p["PrivilegeId"] for p in definition["Privileges"] if p["PrivilegeType"] == right)


@pytest.mark.parametrize(
    ("privilege", "method", "path", "body"),
    [
        ("prvReadAccount", "GET", "accounts?$select=name", None),
        ("prvCreateAccount", "POST", "accounts", {"name": "A"}),
        ("prvWriteAccount", "PATCH", "accounts(ID)", {"name": "B"}),
        (
            "prvAssignAccount",
            "PATCH",
            "accounts(ID)",
            {"ownerid@odata.bind": f"/systemusers({PEOPLE.user_id})"},
        ),
        ("prvDeleteAccount", "DELETE", "accounts(ID)", None),
    ],
)
def test_a_missing_privilege_is_named_in_the_refusal(privilege, method, path, body, sales, web):
    path = path.replace("ID", sales.add("accounts", {"name": "A"}))
    sales.grant(privilege, None)

    refused = web.request(method, path, json=body)

    assert error(refused) == (403, "0x80040220")
    assert f"is missing {privilege} privilege" in refused.json()["error"]["message"]
    sales.grant(privilege, "Global")
    assert web.request(method, path, json=body).is_success


def test_change_tracking_needs_reading_at_the_depth_of_the_organization(sales, web):
    sales.grant("prvReadAccount", "Local")

    tracked = {"Prefer": "odata.track-changes"}
    assert error(web.get("accounts?$select=name", headers=tracked)) == (403, "0x80040220")
    assert web.get("accounts?$select=name").is_success


def test_a_user_sees_its_own_privileges_with_their_depths(sales, web):
    sales.grant("prvReadAccount", "Local")

    told = web.get(f"systemusers({ME})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()").json()

    held = {p["PrivilegeId"]: p["Depth"] for p in told["RolePrivileges"]}
    assert held[privilege_id(web, "account", "Read")] == "Local"
    assert held[privilege_id(web, "account", "Write")] == "Global"
    assert privilege_id(web, "role", "Create") not in held


def test_an_administrator_makes_a_role_and_an_application_user_that_has_it(sales, web, office):
    sales.delete("systemusers", ME)
    assert error(web.get("WhoAmI")) == (403, "0x80072560")

    unit = office.get("businessunits?$select=businessunitid").json()["value"][0]["businessunitid"]
    bind = {"businessunitid@odata.bind": f"/businessunits({unit})"}
    want = {"Prefer": "return=representation"}
    role = office.post("roles", json={"name": "Least", **bind}, headers=want).json()["roleid"]
    user = office.post("systemusers", json={"applicationid": INTEGRATION.client_id, **bind}, headers=want)
    user_id = user.json()["systemuserid"]
    assert web.get("WhoAmI").json()["UserId"] == user_id
    assert error(web.get("accounts?$select=name")) == (403, "0x80040220")

    privileges = [{"PrivilegeId": privilege_id(office, "account", "Read"), "Depth": "Global"}]
    add = f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    give = f"systemusers({user_id})/systemuserroles_association/$ref"
    for _ in range(2):  # both may be repeated
        assert office.post(add, json={"Privileges": privileges}).status_code == 204
        assert office.post(give, json={"@odata.id": f"roles({role})"}).status_code == 204

    assert web.get("accounts?$select=name").is_success
    held = office.get(f"systemusers({user_id})/systemuserroles_association?$select=name").json()["value"]
    assert [r["name"] for r in held] == ["Least"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "roles", {"name": "Mine"}),
        ("POST", "systemusers", {"applicationid": INTEGRATION.client_id}),
        ("POST", f"systemusers({ME})/systemuserroles_association/$ref", {"@odata.id": "roles(ROLE)"}),
        ("POST", "roles(ROLE)/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": []}),
    ],
)
def test_the_integration_gives_itself_no_rights(method, path, body, sales, web):
    role = sales.all("roles")[0]["roleid"]
    body = {k: v.replace("ROLE", role) if isinstance(v, str) else v for k, v in body.items()}

    assert error(web.request(method, path.replace("ROLE", role), json=body)) == (403, "0x80040220")


def test_change_tracking_is_switched_on_by_an_administrator_and_never_off(sales, web, office):
    sales.environment.settings.not_tracked = ["account"]
    path = "EntityDefinitions(LogicalName='account')"
    whole = office.get(path).json()
    assert whole["ChangeTrackingEnabled"] is False
    changed = whole | {"ChangeTrackingEnabled": True}

    assert error(web.put(path, json=changed))[0] == 403
    assert office.put(path, json={"ChangeTrackingEnabled": True}).status_code == 400  # PUT takes the whole
    for _ in range(2):
        assert office.put(path, json=changed).status_code == 204
    assert web.get("accounts?$select=name", headers={"Prefer": "odata.track-changes"}).is_success
    assert office.put(path, json=whole).status_code == 400


def test_what_was_refused_leaves_no_role_behind(sales: DataverseSim, office):
    role = sales.all("roles")[0]["roleid"]
    good = privilege_id(office, "account", "Read")
    sales.grant("prvReadAccount", None)
    body = {"Privileges": [{"PrivilegeId": good, "Depth": "Global"}, {"PrivilegeId": ME, "Depth": "Global"}]}
    role = next(r["roleid"] for r in sales.all("roles") if r["name"] == "Tandem") or role

    assert (
        office.post(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", json=body).status_code == 404
    )
    assert "prvReadAccount" not in sales.environment.security.held(ME)
