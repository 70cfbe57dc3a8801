"""`tandem doctor` (P31–P33): every check is shown failing and passing against a simulator in that state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.simkit import INTEGRATION, INTEGRATION_2, Fault
from sandbox.simkit.certificate import self_signed
from shared.adapters.credentials import Certificate
from shared.engine.doctor.checks import CHECKS
from tests.scenarios.clinic import Clinic

TEAM = "7ea00000-0000-4000-8000-000000000001"


def bc_is(**settings: Any) -> Callable[[Clinic], None]:
    return lambda c: c.sim_settings(c.bc, **settings)


def sales_is(**settings: Any) -> Callable[[Clinic], None]:
    return lambda c: c.sim_settings(c.sales, **settings)


def house_is(**values: Any) -> Callable[[Clinic], None]:
    def put(c: Clinic) -> None:
        for name, value in values.items():
            setattr(c, name, value)

    return put


def granted(privilege: str, depth: str | None) -> Callable[[Clinic], None]:
    return lambda c: c.sales.grant(privilege, depth)


def no_user(c: Clinic) -> None:
    c.sales.delete("systemusers", INTEGRATION.user_id)


def disabled_user(c: Clinic) -> None:
    row = c.sales.get("systemusers", INTEGRATION.user_id)
    c.sales.load("systemusers", [{**(row or {}), "isdisabled": True}])


def without_series(c: Clinic, series: str = "customerNumbers") -> None:
    [setup] = c.bc.all("salesSetup")
    c.bc.edit("salesSetup", setup["id"], **{series: ""})


def orders_are_archived(c: Clinic) -> None:
    c.release_orders = True
    [setup] = c.bc.all("salesSetup")
    c.bc.edit("salesSetup", setup["id"], archiveOrders=True)


def without_orders(c: Clinic) -> None:
    c.off = ("sales_orders",)
    without_series(c, "orderNumbers")


def team_owns(*, ownership: str = "team", **columns: Any) -> Callable[[Clinic], None]:
    """Let a team own new rows of Sales; without columns it is not there."""

    def put(c: Clinic) -> None:
        c.ownership, c.team = ownership, TEAM
        if columns:
            c.sales.load("teams", [{"teamid": TEAM, "name": "Export", **columns}])

    return put


def base_is(code: str, *, bc_has: dict[str, Any] | None = None) -> Callable[[Clinic], None]:
    """Let Sales have another base currency than BC's local one."""

    def put(c: Clinic) -> None:
        base = c.sales.environment.base_currency_id
        row = c.sales.get("transactioncurrencies", base)
        c.sales.load("transactioncurrencies", [{**(row or {}), "isocurrencycode": code}])
        if bc_has is not None:
            row_id = c.bc.add("currencies", {"code": code})
            if bc_has:
                rate = {"currencyId": row_id, "startingDate": "2026-01-01", **bc_has}
                c.bc.add("currencyExchangeRates", rate)

    return put


def local_is(code: str) -> Callable[[Clinic], None]:
    def put(c: Clinic) -> None:
        [setup] = c.bc.all("generalLedgerSetup")
        c.bc.edit("generalLedgerSetup", setup["id"], lcyCode=code)

    return put


def list_called(*names: str, currency: str = "") -> Callable[[Clinic], None]:
    def put(c: Clinic) -> None:
        chosen = c.sales.environment.base_currency_id
        if currency:
            row = {"currencyname": currency, "isocurrencycode": currency, "currencysymbol": currency}
            chosen = c.sales.add("transactioncurrencies", {**row, "exchangerate": 1, "currencyprecision": 2})
        for name in names:
            bind = f"/transactioncurrencies({chosen})"
            # Not through the Web API, which refuses a name that is there already: old data has them.
            c.sales.load("pricelevels", [{"name": name, "transactioncurrencyid@odata.bind": bind}])
        for name in {n.upper() for n in names if len(n) <= 10}:
            c.bc.add("customerPriceGroups", {"code": name})

    return put


def extended(code: str, *, sales: str = "", line: str = "") -> Callable[[Clinic], None]:
    """Keep prices in price lists: one, with a list of its name in a currency of Sales, and a line in another one."""

    def put(c: Clinic) -> None:
        c.overrides = "customer_price_groups: off\nsales_prices: off"
        free = {"allowUpdatingDefaults": True, "status": "Active", "priceType": "Sale", "amountType": "Price"}
        header = c.bc.add("priceListHeaders", {"code": code, **free})
        item = c.bc.all("items")[0]["id"]
        c.bc.add("priceListLines", {"priceListId": header, "itemId": item, "unitPrice": 5})
        if line:
            currency = c.bc.add("currencies", {"code": line})
            c.bc.add("priceListLines", {"priceListId": header, "itemId": item, "currencyId": currency})
        if sales:
            list_called(code, currency="" if sales == "GBP" else sales)(c)

    return put


def prices_in_two_currencies(c: Clinic) -> None:
    c.bc.add("customerPriceGroups", {"code": "MIXED"})
    group = next(g["id"] for g in c.bc.all("customerPriceGroups") if g["code"] == "MIXED")
    item = c.bc.all("items")[0]["id"]
    currency = c.bc.add("currencies", {"code": "ISK"})
    for money in ({}, {"currencyId": currency}):
        price = {"salesType": "Customer_x0020_Price_x0020_Group", "customerPriceGroupId": group}
        c.bc.add("salesPrices", {**price, "itemId": item, "unitPrice": 5, **money})


def clock_turned(seconds: float, *, sim: str = "bc") -> Callable[[Clinic], None]:
    def put(c: Clinic) -> None:
        c.time.advance(seconds)

    return put


def certificate(days: int) -> Callable[[Clinic], None]:
    """Let the application sign in with a certificate that is good for so many days from the clinic's time."""

    def put(c: Clinic) -> None:
        key, text = self_signed("tandem", days=days + 1)
        c.ours.set(datetime.now(UTC))
        c.time.set(c.ours.now())
        c.credential = Certificate(source=key + text)

    return put


def a_column(name: str) -> str:
    return f"customers: {{fields: {{extra: {{bc: name2, sales: {name}, type: text, length: [50, 100], direction: to_sales}}}}}}"


def told_of(
    *tables: str, later: timedelta = timedelta(0), push: bool = True, **how: str
) -> Callable[[Clinic], None]:
    """Let Business Central tell of tables, and so much time pass here."""

    def put(c: Clinic) -> None:
        c.push = push
        c.subscribe(*tables, **how)
        c.ours.advance(later)

    return put


def told_of_twice(c: Clinic) -> None:
    told_of()(c)
    c.subscribe("customers")


def told_of_too_much(c: Clinic) -> None:
    told_of()(c)
    c.subscribe("salesSetup")


def told_elsewhere(c: Clinic) -> None:
    told_of()(c)
    c.subscribe("items", "customers", url="https://old.test/hook?code=x")


def subscriptions_forbidden(c: Clinic) -> None:
    c.bc.faults.add(Fault(status=403, path="/subscriptions", times=None))


#: check → (state that fails it, state, what it says), state that passes it. None: as new.
STATES: dict[str, tuple[list[tuple[Callable[[Clinic], None], str, str]], Callable[[Clinic], None] | None]] = {
    "house.settings": ([(house_is(settings=("BC_URL is missing",)), "problem", "BC_URL is missing")], None),
    "house.schedules": (
        [(house_is(schedules=("SCHEDULE_ITEMS is missing",)), "problem", "SCHEDULE_ITEMS is missing")],
        None,
    ),
    "house.certificate": (
        [
            (certificate(20), "problem", "in 19 days"),
            (certificate(-1), "problem", "ended on"),
            (
                house_is(credential=Certificate(source="/no/such/file")),
                "problem",
                "neither PEM, nor a PFX in base64, nor a file",
            ),
        ],
        certificate(60),
    ),
    "house.tables": (
        [
            (house_is(tables_problem="no right"), "problem", "no right"),
            (lambda c: c.tables.discard("Plans"), "advice", "made when first used: Plans"),
        ],
        None,
    ),
    "house.queues": (
        [
            (lambda c: c.queues.absent.add("sync-items"), "problem", "queue sync-items: MessagingEntityNotFound"),
            (lambda c: c.queues.absent.add("notices"), "problem", "queue notices: MessagingEntityNotFound"),
        ],
        None,
    ),
    "house.overrides": (
        [(house_is(overrides="orders: {}"), "problem", "orders")],
        house_is(overrides="customers: {on_conflict: bc_wins}"),
    ),
    "bc.sign-in": ([(house_is(bc_token="nobody"), "problem", "does not accept the application's token")], None),
    "bc.company": (
        [
            (house_is(company="NORDWIND"), "problem", "no company 'NORDWIND'; it has: CRONUS"),
            (lambda c: c.bc.add_company("Second"), "problem", "no single company to choose"),
        ],
        house_is(company="CRONUS"),
    ),
    "bc.companion": ([(bc_is(companion=""), "problem", "not installed")], None),
    "bc.companion-version": (
        [
            (bc_is(companion="0.9.0.0"), "problem", "0.9.0.0 is installed; this Tandem needs 1.0.0.0"),
            (bc_is(companion="2.0.0.0"), "problem", "was made for 1.x: update it"),
        ],
        bc_is(companion="1.7.0.0"),
    ),
    "bc.permissions": (
        [
            (bc_is(denied=["customers", "items"]), "problem", "customers: "),
            (bc_is(without_permission=["integration"]), "problem", "has no permissions"),
        ],
        bc_is(denied=["itemVariants"]),  # which no mapping reads
    ),
    "bc.number-series": (
        [
            (without_series, "problem", "customers: no number series is set up"),
            (lambda c: without_series(c, "orderNumbers"), "problem", "salesOrders: no number series is set up"),
            (lambda c: without_series(c, "quoteNumbers"), "problem", "salesQuotes: no number series is set up"),
        ],
        without_orders,
    ),
    "bc.archive-orders": (
        [(house_is(release_orders=True), "problem", "Archive Orders is off in Sales & Receivables Setup")],
        orders_are_archived,
    ),
    "bc.webhooks": (
        [
            (house_is(push=True), "problem", "customers: no subscription tells this app"),
            (told_of("items"), "problem", "contacts: no subscription tells this app"),
            (told_of(url="https://old.test/hook"), "problem", "customers: no subscription tells this app"),
            (told_elsewhere, "advice", "another address is told of customers, items: https://old.test/hook"),
            (told_of(later=timedelta(days=3)), "problem", "customers: the subscription ended on 2026-01-25 09:00 UTC"),
            (told_of(later=timedelta(hours=65)), "problem", "ends on 2026-01-25 09:00 UTC and was not renewed"),
            (told_of(secret="old" * 12), "problem", "customers: the subscription does not send the first secret"),
            (told_of(push=False), "advice", "push is off, and Business Central still tells of: contacts, c"),
            (told_of_twice, "advice", "customers: 2 subscriptions tell this app"),
            (told_of_too_much, "advice", "salesSetup: told of, although no mapping needs it"),
            (subscriptions_forbidden, "advice", "is not known: tandem/sync/v1.0/subscriptions cannot be read"),
        ],
        told_of(later=timedelta(hours=59)),
    ),
    "sales.sign-in": (
        [(house_is(sales_token=""), "problem", "does not accept the application's token")],
        None,
    ),
    "sales.user": (
        [
            (no_user, "problem", "there is no application user: The user is not a member"),
            (disabled_user, "problem", "there is no application user"),
        ],
        None,
    ),
    "sales.privileges": (
        [
            (granted("prvWriteAccount", None), "problem", "prvWriteAccount (accounts: Write)"),
            (granted("prvAssignContact", None), "problem", "prvAssignContact (contacts: Assign)"),
            (granted("prvAppendToTransactioncurrency", None), "problem", "transactioncurrencies: AppendTo"),
            (granted("prvCreateProductpricelevel", None), "problem", "productpricelevels: Create"),
            (lambda c: c.sales.withdraw(), "problem", "prvReadAccount (accounts: Read)"),
        ],
        granted("prvDeleteAccount", None),  # Tandem deletes nothing
    ),
    "sales.organization-read": (
        [(granted("prvReadAccount", "Deep"), "problem", "accounts: Read) is given at the depth Deep")],
        None,
    ),
    "sales.change-tracking": (
        [(sales_is(not_tracked=["account"]), "problem", "account: change tracking is off")],
        sales_is(not_tracked=["team"]),
    ),
    "sales.bulk-messages": (
        [
            (
                lambda c: c.sales.environment.store.remove("sdkmessagefilter", filter_of(c, "account")),
                "problem",
                "account does not take UpdateMultiple",
            )
        ],
        None,
    ),
    "sales.columns": (
        [(house_is(overrides=a_column("new_name2")), "problem", "account has no column new_name2")],
        house_is(overrides=a_column("description")),
    ),
    "sales.company-row": (
        [
            (house_is(company_row="0 rows of bcbi_company"), "problem", "0 rows of bcbi_company"),
            (house_is(company_row_untold="the company is not known"), "unknown", "the company is not known"),
        ],
        None,
    ),
    "sales.owning-team": (
        [
            (team_owns(), "problem", f"there is no team {TEAM}"),
            (team_owns(teamtype=1), "problem", "Export is an access team, which owns no rows"),
            (lambda c: (team_owns(teamtype=0)(c), granted("prvReadTeam", None)(c)), "unknown", "prvReadTeam"),
        ],
        team_owns(teamtype=0),
    ),
    "sales.order-integration": (
        [
            (lambda c: c.switch_orders(on=False), "advice", "orders go to Business Central, and Sales says that they do not"),
            (house_is(off=("sales_orders",)), "advice", "orders stay in Sales (SALES_ORDERS=off), and Sales says that they go"),
            (granted("prvReadOrganization", None), "unknown", "prvReadOrganization"),
        ],
        lambda c: (house_is(off=("sales_orders",))(c), c.switch_orders(on=False)),
    ),
    "both.base-currency": (
        [
            (base_is("ISK"), "problem", "the base currency of Sales is ISK"),
            (base_is("ISK", bc_has={}), "problem", "has no exchange rate for it"),
            (local_is(""), "problem", "no local currency code"),
            (local_is("POINTS"), "problem", "POINTS is not an ISO 4217 code"),
            (
                base_is("ISK", bc_has={"exchangeRateAmount": 8, "relationalExchangeRateAmount": 1}),
                "advice",
                "rates are crossed",
            ),
        ],
        None,
    ),
    "both.iso-currencies": (
        [(lambda c: c.bc.add("currencies", {"code": "MILES"}), "advice", "use them: MILES, POINTS (2)")],
        lambda c: c.bc.delete("currencies", next(r["id"] for r in c.bc.all("currencies") if r["code"] == "POINTS")),
    ),
    "both.options": (
        [
            (
                lambda c: c.bc.add("paymentTerms", {"code": "LATER"}),
                "advice",
                "payment_terms: 4 of Business Central's codes have no option in account.paymenttermscode: "
                "14 DAYS, CM, COD, LATER",
            )
        ],
        lambda c: [
            c.bc.delete(name, row["id"])
            for name in ("paymentTerms", "shipmentMethods", "shippingAgents")
            for row in c.bc.all(name)
        ],
    ),
    "both.price-lists": (
        [
            (list_called("Vip", "VIP"), "problem", "2 price lists in Sales are called VIP: none is matched"),
            (list_called("VIP", currency="NOK"), "problem", "the price list VIP is in NOK, its price group in GBP"),
            (
                list_called("Business Central Default Price List", currency="NOK"),
                "advice",
                "Tandem makes one of its own in GBP",
            ),
            (prices_in_two_currencies, "advice", "has prices in GBP, ISK"),
            (extended("SUMMER", sales="NOK"), "problem", "the price list SUMMER is in NOK, its price list in Business C"),
            (extended("SUMMER", line="ISK"), "advice", "the price list in Business Central SUMMER has prices in GBP, ISK"),
        ],
        extended("SUMMER", sales="GBP"),
    ),
    "both.clock": (
        [
            (clock_turned(600), "problem", "Business Central's clock is 600 seconds ahead"),
            (clock_turned(600), "problem", "Sales's clock is 600 seconds ahead of this app's"),
            (clock_turned(-600), "problem", "600 seconds behind"),
        ],
        clock_turned(60),
    ),
}  # fmt: skip


def filter_of(c: Clinic, table: str) -> str:
    [message] = [r.id for r in rows(c, "sdkmessage") if r.values["name"] == "UpdateMultiple"]
    return next(
        str(r.id)
        for r in rows(c, "sdkmessagefilter")
        if r.values["primaryobjecttypecode"] == table and r.values["sdkmessageid"] == message
    )


def rows(c: Clinic, table: str) -> list[Any]:
    return list(c.sales.environment.store.rows(table).rows.values())


def test_every_check_has_states_that_fail_it_and_one_that_passes_it():
    assert [c.id for c in CHECKS] == list(STATES)


@pytest.mark.parametrize(
    ("check", "put", "state", "says"),
    [
        pytest.param(check, put, state, says, id=f"{check} {says[:40]}")
        for check, (failing, _) in STATES.items()
        for put, state, says in failing
    ],
)
@pytest.mark.peer("setup-002")
def test_a_check_fails_in_the_state_that_it_is_for_and_says_what_to_do(check, put, state, says):
    clinic = Clinic()
    put(clinic)

    verdict = clinic.verdict(check)

    assert (verdict["state"], says in "\n".join(verdict["says"])) == (state, True), verdict["says"]
    assert verdict["do"]


@pytest.mark.parametrize(("check", "put"), [(check, passing) for check, (_, passing) in STATES.items()])
@pytest.mark.peer("setup-002")
def test_a_check_passes_when_its_state_is_well(check, put):
    clinic = Clinic()
    if put is not None:
        put(clinic)

    verdict = clinic.verdict(check)

    assert (verdict["state"], verdict["says"], verdict["do"]) == ("ok", [], "")


def test_every_application_user_needs_the_same_rights_and_is_named():
    clinic = Clinic()
    clinic.second_user = True
    assert clinic.examine()["state"] == "ok"
    clinic.sales.withdraw("integration-2")

    verdict = clinic.verdict("sales.privileges")

    assert all(said.startswith(f"client {INTEGRATION_2.client_id}: prv") for said in verdict["says"])
    assert verdict["fix"]["clients"] == [INTEGRATION.client_id, INTEGRATION_2.client_id]
    assert clinic.verdict("sales.user")["state"] == "ok"


# --- what cannot be told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("put", "check", "says"),
    [
        (house_is(bc_token="nobody"), "bc.company", "does not accept the application's token"),
        (house_is(company="NORDWIND"), "bc.companion", "no company 'NORDWIND'"),
        (bc_is(companion=""), "bc.companion-version", "not installed"),
        (bc_is(companion=""), "bc.number-series", "not installed"),
        (no_user, "sales.privileges", "there is no application user"),
        (no_user, "both.options", "there is no application user"),
        (
            granted("prvReadOrganization", None),
            "both.base-currency",
            "lacks the privilege prvReadOrganization",
        ),
        (bc_is(denied=["currencies"]), "both.iso-currencies", "currencies cannot be read"),
    ],
)
def test_what_depends_on_something_that_failed_is_unknown_and_names_it(put, check, says):
    clinic = Clinic()
    put(clinic)

    verdict = clinic.verdict(check)

    assert verdict["state"] == "unknown" and says in verdict["says"][0]


@pytest.mark.parametrize(("system", "check"), [("bc", "bc.sign-in"), ("sales", "sales.sign-in")])
def test_a_system_that_does_not_answer_is_unknown_and_no_problem(system, check):
    clinic = Clinic()
    sim = getattr(clinic, system)
    for _ in range(10):
        sim.faults.add(Fault(status=503))

    told = clinic.examine()

    verdict = next(v for v in told["checks"] if v["id"] == check)
    assert verdict["state"] == "unknown" and "answered 503" in verdict["says"][0]
    assert told["state"] == "unknown"


@pytest.mark.parametrize(
    ("put", "state"), [(None, "ok"), (without_series, "problem"), (bc_is(companion=""), "problem")]
)
def test_the_whole_is_a_problem_as_soon_as_one_check_is(put, state):
    clinic = Clinic()
    if put is not None:
        put(clinic)

    assert clinic.examine()["state"] == state


def test_a_doctor_asks_little_and_changes_nothing():
    clinic = Clinic()
    for sim in (clinic.bc, clinic.sales):
        sim.log.clear()

    clinic.examine()

    assert (clinic.bc.log.counts()["requests"], clinic.sales.log.counts()["requests"]) == (3, 3)
    assert clinic.bc.log.counts()["rows_written"] == clinic.sales.log.counts()["rows_written"] == 0


def test_no_secret_is_told():
    clinic = Clinic()
    clinic.bc_token = clinic.sales_token = "planted-canary"

    assert "planted-canary" not in str(clinic.examine())


def test_neither_the_secret_of_webhooks_nor_the_key_in_an_address_is_told():
    clinic = Clinic()
    told_of(secret="planted-canary" * 3)(clinic)
    clinic.subscribe("customers", url="https://other.test/hook?code=planted-canary")

    told = clinic.examine()

    assert "planted-canary" not in str(told) and "https://other.test/hook" in str(told)


def test_while_push_is_off_who_may_not_see_subscriptions_has_no_problem():
    clinic = Clinic()
    subscriptions_forbidden(clinic)
    assert clinic.examine()["state"] == "ok"

    clinic.push = True

    assert clinic.verdict("bc.webhooks")["state"] == "unknown"


def test_half_a_minute_between_clocks_is_nothing():
    clinic = Clinic()
    clinic.time.advance(timedelta(seconds=30).total_seconds())

    assert clinic.verdict("both.clock")["state"] == "ok"
