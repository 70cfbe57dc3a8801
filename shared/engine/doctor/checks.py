"""Every check of `tandem doctor`: its id, what it means, what to do, and how it is judged.

The ids are stable: pipelines go by them. The order is that of setting up: what comes first is repaired
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from shared.core.doctor import CannotTell, Finding, State, Verdict
from shared.engine.doctor import bc, between, house, sales, webhooks
from shared.engine.doctor.wanted import Examined

Judge = Callable[[Examined], Finding]


@dataclass(frozen=True, kw_only=True)
class Check:
    """`fixable`: `tandem doctor --fix` does it with the setup account (P33)."""

    id: str
    title: str
    do: str
    judge: Judge
    fixable: bool = False

    def verdict(self, x: Examined) -> Verdict:
        try:
            finding = self.judge(x)
        except CannotTell as reason:
            return self._verdict(State.UNKNOWN, (str(reason),))
        state = State.PROBLEM if finding.problems else State.ADVICE if finding.advice else State.OK
        return self._verdict(state, (*finding.problems, *finding.advice), finding)

    def _verdict(self, state: State, says: tuple[str, ...], finding: Finding = Finding()) -> Verdict:
        do = "" if state is State.OK else self.do
        return Verdict(id=self.id, title=self.title, state=state, says=says, do=do, fix=finding.fix)


def by_each(judge: Judge) -> Judge:
    """Judge for every application user; of several the client id says whose problem it is."""

    def judged(x: Examined) -> Finding:
        if not x.others:
            return judge(x)
        found: list[Finding] = []
        untold: list[CannotTell] = []
        for client, (of_bc, of_sales) in zip(x.wanted.clients, ((x.bc, x.sales), *x.others), strict=True):
            try:
                one = judge(replace(x, bc=of_bc, sales=of_sales))
            except CannotTell as reason:
                untold.append(reason)
            else:
                found.append(replace(one, problems=tuple(f"client {client}: {p}" for p in one.problems)))
        problems = tuple(p for one in found for p in one.problems)
        if untold and not problems:
            raise untold[0]
        return Finding(problems=problems, fix=next((one.fix for one in found if one.fix), None))

    return judged


CHECKS: tuple[Check, ...] = (
    Check(
        id="house.settings",
        title="Every setting is there and can be what it should",
        do="Correct the app settings named; the app starts again by itself.",
        judge=house.settings,
    ),
    Check(
        id="house.schedules",
        title="Every timer has a schedule of six fields",
        do="Set SCHEDULE_<MAPPING> and SCHEDULE_HOUSEKEEPING: second minute hour day month weekday, in UTC.",
        judge=house.schedules,
    ),
    Check(
        id="house.certificate",
        title="The certificate of the application is good for a while yet",
        do="Put a new certificate into Key Vault and add it to the app registration before the old one ends.",
        judge=house.certificate,
    ),
    Check(
        id="house.tables",
        title="Table Storage can be used, and its tables are there",
        do="Give the app's identity the role Storage Table Data Contributor; tables are made when first used.",
        judge=house.tables,
        fixable=True,
    ),
    Check(
        id="house.queues",
        title="Every queue is there and can be used",
        do="Run `azd provision`, which makes the queues and gives the app's identity the roles Azure Service "
        "Bus Data Sender and Receiver. The queue `notices` is in the namespace of NoticesConnection, where Receiver is "
        "enough.",
        judge=house.queues,
        fixable=True,
    ),
    Check(
        id="house.overrides",
        title="MAPPING_OVERRIDES is accepted",
        do="Correct the setting; until then the last good overrides, or the defaults, are in force.",
        judge=house.overrides,
    ),
    Check(
        id="bc.sign-in",
        title="Business Central accepts the application",
        do="Check CLIENT_ID, its secret or certificate and TENANT_ID; give the app registration the application "
        "permission API.ReadWrite.All of Dynamics 365 Business Central, with admin consent; and enable it on "
        "the page Microsoft Entra Applications.",
        judge=by_each(bc.signed_in),
    ),
    Check(
        id="bc.company",
        title="The company is found",
        do="Set BC_COMPANY_ID to the id or the name of one of the companies named.",
        judge=bc.company,
    ),
    Check(
        id="bc.companion",
        title="The companion extension is installed",
        do="Install Tandem Companion (infra/business-central) in this environment, on the page Extension "
        "Management.",
        judge=bc.companion,
    ),
    Check(
        id="bc.companion-version",
        title="The companion extension is of a version that fits",
        do="Install the companion of this version of Tandem, or update Tandem.",
        judge=bc.companion_version,
    ),
    Check(
        id="bc.permissions",
        title="The application may read every table that is synchronized in Business Central",
        do="Assign the permission set TANDEM SYNC to the application, on the page Microsoft Entra Applications.",
        judge=by_each(bc.permissions),
    ),
    Check(
        id="bc.number-series",
        title="Business Central can number what Sales creates",
        do="Name a number series in Sales & Receivables Setup (customers, quotes, orders) and Marketing Setup (contacts, "
        "opportunities).",
        judge=bc.number_series,
    ),
    Check(
        id="bc.archive-orders",
        title="While RELEASE_ORDERS is on Business Central keeps versions of orders",
        do="Switch on Archive Orders on the page Sales & Receivables Setup.",
        judge=bc.archive_orders,
    ),
    Check(
        id="bc.webhooks",
        title="While push is on Business Central tells this app of changes, and while it is off nobody",
        do="Wait ten minutes: housekeeping subscribes, renews and ends. `tandem jobs --mapping push` says what "
        "Business Central refuses; docs/push.md says what then. What is left while push is off, or told elsewhere, "
        "ends within three days.",
        judge=webhooks.subscriptions,
    ),
    Check(
        id="sales.sign-in",
        title="Sales accepts the application",
        do="Check DATAVERSE_URL, CLIENT_ID, its secret or certificate and TENANT_ID.",
        judge=by_each(sales.signed_in),
    ),
    Check(
        id="sales.user",
        title="Sales has an application user for the application, and it is enabled",
        do="Add it in the Power Platform admin center (Environments, Settings, Application users), or use --fix.",
        judge=by_each(sales.user),
        fixable=True,
    ),
    Check(
        id="sales.privileges",
        title="The application user has every privilege that the mappings need",
        do="Add the privileges named to a role of the application user, at the depth of the organization, or "
        "use --fix: it makes a role of exactly these.",
        judge=by_each(sales.privileges),
        fixable=True,
    ),
    Check(
        id="sales.organization-read",
        title="The privileges reach the whole organization",
        do="Raise the privileges named to the depth of the organization, or use --fix.",
        judge=by_each(sales.organization_read),
        fixable=True,
    ),
    Check(
        id="sales.change-tracking",
        title="Change tracking is on for every table that is read",
        do="Switch on Track changes in the table's properties, or use --fix. It cannot be switched off again.",
        judge=sales.change_tracking,
        fixable=True,
    ),
    Check(
        id="sales.bulk-messages",
        title="The tables that are written take bulk messages",
        do="Update the environment; where a table never takes them, tell us with its name.",
        judge=sales.bulk_messages,
    ),
    Check(
        id="sales.columns",
        title="Every column that the mappings name is in Sales",
        do="Correct the column's name in MAPPING_OVERRIDES, or add the column to the table.",
        judge=sales.columns,
    ),
    Check(
        id="sales.company-row",
        title="While COMPANY_STAMP is on Sales has a row for the company, and rows that can link to it",
        do="Install Microsoft's base solution (bcbi_CdsBaseIntegration) in the environment of Sales, add a row of "
        "bcbi_company whose bcbi_externalid is the company's id in lower case, or set COMPANY_STAMP=off.",
        judge=house.company_row,
    ),
    Check(
        id="sales.owning-team",
        title="The team that shall own rows is there, and may own some",
        do="Set OWNING_TEAM to the id of an owner team, or of a group team, and give the team a role that may read "
        "accounts, contacts, opportunities and invoices.",
        judge=sales.owning_team,
    ),
    Check(
        id="sales.order-integration",
        title="Sales says of its orders what SALES_ORDERS says",
        do="Use `--fix sales.order-integration`: it sets the organization's issopintegrationenabled, and does not switch it "
        "off while an order is submitted.",
        judge=sales.order_integration,
        fixable=True,
    ),
    Check(
        id="both.base-currency",
        title="The local currency is the base currency of Sales, or there are rates between them",
        do="Add the base currency of Sales to Business Central's currencies, with an exchange rate.",
        judge=between.base_currency,
    ),
    Check(
        id="both.iso-currencies",
        title="Every currency has an ISO code",
        do="Rename the currency to its ISO 4217 code where its records are to be synchronized (P22).",
        judge=between.iso_codes,
    ),
    Check(
        id="both.options",
        title="Every code of Business Central has its option in Sales",
        do="Add an option with the code as its label, or leave the field empty (P18). "
        "`--fix both.options` adds them.",
        judge=between.options,
        fixable=True,
    ),
    Check(
        id="both.price-lists",
        title="Price lists can be told apart and have the right currency",
        do="Rename or remove the price lists in Sales that are in the way; give every price group one currency.",
        judge=between.price_lists,
    ),
    Check(
        id="both.clock",
        title="The clocks agree",
        do="Let the machine's clock follow a time server.",
        judge=between.clock,
    ),
)


def examine(x: Examined) -> dict[str, Any]:
    """Return every verdict and the state of all: problem, else unknown, else ok."""
    return told([check.verdict(x) for check in CHECKS])


def told(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    found = list(verdicts)
    states = {v.state for v in found}
    whole = next((s for s in (State.PROBLEM, State.UNKNOWN) if s in states), State.OK)
    return {"state": whole.value, "checks": [v.as_json() for v in found]}
