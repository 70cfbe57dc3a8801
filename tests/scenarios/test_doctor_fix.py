"""`tandem doctor --fix`: what the setup account does once, and is not needed for afterwards (P32, P33)."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from sandbox.simkit import INTEGRATION, INTEGRATION_2, PEOPLE, Fault
from shared.adapters.auth import FixedAuth
from shared.adapters.doctor_fix import SetUpAccount
from shared.core.errors import Misconfigured, Rejected, Transient
from shared.core.overrides import override
from shared.engine.doctor.wanted import rights
from shared.engine.overriding import InForce
from shared.mappings import BY_NAME
from shared.wiring_doctor import wanted_of
from tests.scenarios.clinic import SALES_ROOT, Clinic
from tests.scenarios.services import WiredWorld
from tests.scenarios.test_doctor import disabled_user, granted, no_user, sales_is


def account(clinic: Clinic, token: str = PEOPLE.client_id) -> SetUpAccount:
    http = httpx.Client(transport=httpx.WSGITransport(app=clinic.sales), auth=FixedAuth(token))
    return SetUpAccount(http, root=SALES_ROOT, sleep=clinic.time.advance)


def no_role(c: Clinic) -> None:
    """An environment as new: nobody has made a role yet."""
    c.sales.withdraw()
    role = next(r["roleid"] for r in c.sales.all("roles") if r["name"] == "Tandem")
    c.sales.delete("roles", role)


def nothing_at_all(c: Clinic) -> None:
    no_role(c)
    no_user(c)
    sales_is(not_tracked=["account", "contact", "product"])(c)


REPAIRS = [
    pytest.param(no_user, "sales.user", id="no application user"),
    pytest.param(lambda c: c.sales.withdraw(), "sales.privileges", id="no role"),
    pytest.param(no_role, "sales.privileges", id="no such role in the environment"),
    pytest.param(granted("prvWriteAccount", None), "sales.privileges", id="a privilege"),
    pytest.param(granted("prvReadAccount", "Basic"), "sales.organization-read", id="a depth"),
    pytest.param(sales_is(not_tracked=["account", "invoice"]), "sales.change-tracking", id="tracking"),
    pytest.param(lambda c: c.switch_orders(on=False), "sales.order-integration", id="orders on"),
    pytest.param(lambda c: setattr(c, "off", ("sales_orders",)), "sales.order-integration", id="orders off"),
    pytest.param(lambda c: None, "both.options", id="options"),
]


@pytest.mark.parametrize(("put", "check"), REPAIRS)
def test_a_repair_ends_what_the_check_found_and_may_be_repeated(put: Callable[[Clinic], None], check: str):
    clinic = Clinic()
    put(clinic)
    wish = clinic.verdict(check)["fix"]

    done = account(clinic).fix(wish)

    assert done and clinic.verdict(check)["state"] == "ok"
    account(clinic).fix(wish)
    assert clinic.verdict(check)["state"] == "ok"


@pytest.mark.parametrize(("put", "check"), REPAIRS[:-1])
def test_only_an_administrator_repairs(put: Callable[[Clinic], None], check: str):
    clinic = Clinic()
    put(clinic)
    wish = clinic.verdict(check)["fix"]

    with pytest.raises(Misconfigured, match="setup account"):
        account(clinic, INTEGRATION_2.client_id).fix(wish)


def test_the_role_that_is_made_has_exactly_what_the_mappings_need():
    clinic = Clinic()
    no_role(clinic)
    account(clinic).fix(clinic.verdict("sales.privileges")["fix"])

    held = clinic.sales.environment.security.held(INTEGRATION.user_id)

    assert set(held.values()) == {"Global"}
    assert {"prvReadAccount", "prvWriteAccount", "prvAssignAccount", "prvCreateProductpricelevel"} <= set(
        held
    )
    assert "prvWriteSalesorder" in held, "an order is stamped, and told what becomes of it (S57, S94)"
    assert not [n for n in held if n.startswith("prvDelete")], "Tandem deletes nothing"
    assert not {
        "prvWriteSystemuser",
        "prvCreateSystemuser",
        "prvWriteRole",
        "prvCreateSalesorder",
        "prvWriteQuote",
    } & set(held)


def test_every_application_user_gets_the_role():
    clinic = Clinic()
    clinic.second_user = True
    clinic.sales.withdraw("integration-2")

    account(clinic).fix(clinic.verdict("sales.privileges")["fix"])

    assert clinic.examine()["state"] == "ok"


def submitted(c: Clinic, count: int) -> None:
    """Let so many orders be submitted, and the setting SALES_ORDERS be off."""
    c.off = ("sales_orders",)
    rows = [
        {"name": f"Deal {n}", "ordernumber": f"ORD-{n}", "statecode": 1, "statuscode": 3}
        for n in range(1, count + 1)
    ]
    c.sales.load("salesorders", rows)


@pytest.mark.peer("sales-order-044")
@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "as 1 are still submitted there: ORD-1"),
        (7, "as 7 are still submitted there: ORD-1, ORD-2, ORD-3, ORD-4, ORD-5 and 2 more"),
    ],
)
def test_the_integration_of_orders_is_not_switched_off_in_sales_while_one_is_submitted_S2(count, said):
    clinic = Clinic()
    submitted(clinic, count)
    wish = clinic.verdict("sales.order-integration")["fix"]

    with pytest.raises(Rejected, match=said):
        account(clinic).fix(wish)

    assert clinic.says_of_orders()


@pytest.mark.peer("sales-order-045")
def test_without_a_submitted_order_the_integration_is_off_by_setting_and_in_sales_S2():
    clinic = Clinic()
    submitted(clinic, 2)
    for order in clinic.sales.all("salesorders"):
        clinic.sales.edit("salesorders", order["salesorderid"], statecode=0, statuscode=1)
    wish = clinic.verdict("sales.order-integration")["fix"]

    assert account(clinic).fix(wish) == ["switched the integration of orders off in Sales"]
    assert account(clinic).fix(wish) == []

    assert not clinic.says_of_orders() and clinic.verdict("sales.order-integration")["state"] == "ok"


def test_a_user_who_was_disabled_is_left_to_a_person():
    clinic = Clinic()
    disabled_user(clinic)

    with pytest.raises(Rejected, match="disabled; enable it in the Power Platform admin center"):
        account(clinic).fix(clinic.verdict("sales.user")["fix"])


@pytest.mark.parametrize(
    "path",
    [
        r"/roles$",
        "AddPrivilegesRole",
        r"/systemusers$",
        "systemuserroles_association",
        "LogicalName",
        "Publish",
        "organizations",
    ],
)
def test_a_repair_whose_answer_was_lost_is_finished_by_the_next(path: str):
    clinic = Clinic()
    nothing_at_all(clinic)
    clinic.switch_orders(on=False)
    tracking = {"kind": "track", "tables": ["account", "contact", "product"]}
    wishes = [clinic.verdict("sales.user")["fix"], tracking, {"kind": "orders", "on": True}]
    clinic.sales.faults.add(Fault(kind="write", lost_reply=True, path=path))

    with pytest.raises(Transient, match="does not answer"):
        for wish in wishes:
            account(clinic).fix(wish)
    for wish in wishes:
        account(clinic).fix(wish)

    assert clinic.examine()["state"] == "ok"
    assert len([r for r in clinic.sales.all("roles") if r["name"] == "Tandem"]) == 1
    users = [u for u in clinic.sales.all("systemusers") if u["applicationid"] == INTEGRATION.client_id]
    assert len(users) == 1


def test_with_the_role_that_is_made_everything_is_synchronized_and_no_administrator_is_needed_P33():
    world = WiredWorld(customers=3)
    role = next(r["roleid"] for r in world.sales_sim.all("roles") if r["name"] == "Tandem")
    world.sales_sim.withdraw()
    world.sales_sim.delete("roles", role)
    wanted = wanted_of(InForce(overridden=override(BY_NAME, None)), [INTEGRATION.client_id])
    http = httpx.Client(transport=httpx.WSGITransport(app=world.sales_sim), auth=FixedAuth(PEOPLE.client_id))
    SetUpAccount(http, root=SALES_ROOT).fix(
        {"kind": "access", "clients": wanted.clients, "role": "Least", "rights": rights(wanted)}
    )

    run = world.full_sync(create=True)

    assert {line["mapping"]: line["message"] for line in run["lines"] if line["state"] != "finished"} == {}
    assert len(world.coupled("customers")) >= 3 and world.coupled("items")
    assert not [h for h in world.held() if "privilege" in h["reason"]]
