"""Opportunities and their entries: status, estimates, closing (mappings.md section 13; bc_schema.json).

Opportunity Entry holds what the opportunity only shows; an action taken writes a new entry, which is then the active
one. Field triggers are those of the base application as it is known to behave (inferred).
"""

from __future__ import annotations

from sandbox.business_central.contract import BLANK_DATE, ZERO, entity_sets
from sandbox.business_central.errors import dialog
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import Write, get, must_be, next_entry

WON, LOST = "Won", "Lost"
IN_PROGRESS = "In_x0020_Progress"


def check_opportunity(write: Write) -> None:
    """The contact brings its company and, where none is given, its salesperson."""
    values = write.values
    contact = write.company.row("contacts", values.get("contactId", ZERO))
    if contact is not None:
        of = {c: get(write.company, "contacts", contact, c) for c in ("companyId", "companyNumber")}
        values.update(contactCompanyId=of["companyId"], contactCompanyNumber=of["companyNumber"])
        if write.now("salespersonId") == ZERO and "salespersonId" not in values:
            for column in ("salespersonId", "salespersonCode"):
                values[column] = get(write.company, "contacts", contact, column)
    elif "contactId" in values:
        values.update(contactCompanyId=ZERO, contactCompanyNumber="")
    if write.before is None:
        values.setdefault("creationDate", write.company.database.stamp()[:10])


def check_entry(write: Write) -> None:
    """A new entry follows the active one and takes over what is not said."""
    company, values = write.company, write.values
    if write.before is not None:
        raise dialog("Opportunity entries are not changed; add one.")
    opportunity = company.row("opportunities", write.now("opportunityId"))
    if opportunity is None:
        raise must_be("Opportunity No.", "", "Opportunity Entry", "")
    if get(company, "opportunities", opportunity, "closed"):
        raise dialog("This opportunity is already closed.")
    last = _active(company, write.now("opportunityId"))
    if last is not None:
        at = entity_sets()["opportunityEntries"].at
        for column in (
            "salesCycleCode",
            "salesCycleStage",
            "estimatedValue",
            "estimatedClosingDate",
            "chancesOfSuccessPercent",
            "completedPercent",
        ):
            values.setdefault(column, last[at[column]])
    today = company.database.stamp()[:10]
    values.setdefault("dateOfChange", today)
    values["active"] = True
    if not values.get("entryNumber"):
        values["entryNumber"] = next_entry(company, "opportunityEntries")
    if write.now("actionTaken") in (WON, LOST):
        won = write.now("actionTaken") == WON
        values.update(
            dateClosed=today, chancesOfSuccessPercent=100 if won else 0, completedPercent=100 if won else 0
        )
    chances, completed = write.now("chancesOfSuccessPercent"), write.now("completedPercent")
    values.setdefault("probabilityPercent", round(chances * completed / 100, 5))
    values.setdefault(
        "calculatedCurrentValue", round(write.now("estimatedValue") * values["probabilityPercent"] / 100, 2)
    )


def after_entry(write: Write, row: Row) -> None:
    """The earlier entries are history; the first action starts the opportunity, the last one closes it."""
    company, at = write.company, entity_sets()["opportunityEntries"].at
    opportunity_id = row[at["opportunityId"]]
    for entry in company.tables["opportunityEntries"].related("opportunityId", opportunity_id):
        if entry[at["active"]] and entry[at["id"]] != row[at["id"]]:
            company.change("opportunityEntries", entry[at["id"]], {"active": False}, write.who)
    action = row[at["actionTaken"]]
    closed = action in (WON, LOST)
    company.change(
        "opportunities",
        opportunity_id,
        {
            "status": action if closed else IN_PROGRESS,
            "closed": closed,
            "dateClosed": row[at["dateClosed"]] if closed else BLANK_DATE,
        },
        write.who,
    )


def before_opportunity(company: Company, row: Row, who: str) -> None:
    """An active opportunity stays; the entries of another go with it."""
    if get(company, "opportunities", row, "status") == IN_PROGRESS:
        raise dialog("You cannot delete this opportunity while it is active.")
    for entry in company.tables["opportunityEntries"].related(
        "opportunityId", get(company, "opportunities", row, "id")
    ):
        company.remove("opportunityEntries", get(company, "opportunityEntries", entry, "id"), who)


def _active(company: Company, opportunity_id: str) -> Row | None:
    at = entity_sets()["opportunityEntries"].at
    entries = company.tables["opportunityEntries"].related("opportunityId", opportunity_id)
    return max((e for e in entries if e[at["active"]]), key=lambda e: int(e[at["entryNumber"]]), default=None)
