"""Finds the row of Sales that stands for the company of BC, and how rows link to it (mappings.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.adapters.dataverse_line import UNCACHED, DataverseLine
from shared.adapters.odata import DATAVERSE, Answer, forbidden, told
from shared.adapters.throttle import Effect
from shared.core.errors import Misconfigured
from shared.core.model import CompanyRow

TABLE, KEY, EXTERNAL_ID = "bcbi_company", "bcbi_companyid", "bcbi_externalid"


def find_company_row(
    line: DataverseLine, company_id: str, *, tables: Mapping[str, str], column: str
) -> CompanyRow:
    """Ask once what the environment calls the table and its links, and for the company's row: two requests.

    A custom link has the casing of its schema, which only the environment knows (dataverse-web-api.md §2).

    Args:
        tables: Entity set → logical name of the tables that shall carry it.
        column: The lookup's.

    Raises:
        Misconfigured: the base solution is not installed, a table lacks the link, or no row has the company's id.
    """
    links = (
        f"EntityDefinitions(LogicalName='{name}')/ManyToOneRelationships"
        f"?$select=ReferencingEntityNavigationPropertyName&$filter=ReferencingAttribute%20eq%20'{column}'"
        for name in tables.values()
    )
    definition = f"EntityDefinitions(LogicalName='{TABLE}')?$select=EntitySetName"
    first, *others = line.batch(
        [line.operation("GET", path, headers=UNCACHED) for path in (definition, *links)], Effect.READ
    )
    entity_set = str(_body(first, f"there is no table {TABLE}")["EntitySetName"])
    navigations: dict[str, str] = {}
    for table, answer in zip(tables, others, strict=True):
        found = _body(answer, f"{table} cannot be looked at")["value"]
        if not found:
            raise Misconfigured(f"COMPANY_STAMP is on, and {table} of {DATAVERSE} have no column {column}")
        navigations[table] = str(found[0]["ReferencingEntityNavigationPropertyName"])
    query = f"{entity_set}?$select={KEY}&$filter={EXTERNAL_ID}%20eq%20'{company_id.lower()}'"
    rows = _body(line.get(query, TABLE), f"{TABLE} cannot be read")["value"]
    if len(rows) != 1:
        raise Misconfigured(
            f"COMPANY_STAMP is on, and {len(rows)} rows of {TABLE} have {EXTERNAL_ID} {company_id.lower()}"
        )
    return CompanyRow(id=str(rows[0][KEY]).lower(), entity_set=entity_set, navigations=navigations)


def _body(answer: Answer, said: str) -> Mapping[str, Any]:
    if answer.status == 200:
        body: Mapping[str, Any] = answer.body
        return body
    why = str(forbidden(DATAVERSE, answer)) if answer.status == 403 else f"{said}: {told(answer)}"
    raise Misconfigured(f"COMPANY_STAMP is on, and {why}")
