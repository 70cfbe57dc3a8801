"""POST, PATCH and DELETE of one row, as the companion's pages and the tables behind them do it (§5).

`client` True is somebody in BC's own client: the same tables and triggers, but no API page that
makes a column read-only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.business_central.contract import ZERO, Column, EntitySet, entity_sets
from sandbox.business_central.customers import show_customer
from sandbox.business_central.deleting import before_deletion
from sandbox.business_central.errors import Refused, bad_request, dialog, not_found
from sandbox.business_central.fields import stored
from sandbox.business_central.flow_fields import refresh_after
from sandbox.business_central.rules import AFTER, CHECKS, SETTLE
from sandbox.business_central.store import Company, Row
from sandbox.business_central.templates import apply_template
from sandbox.business_central.writes import SERIES, SETUPS, Write, draw_number

SYSTEM = frozenset({"systemRowVersion", "createdAt", "createdBy", "lastModifiedDateTime", "lastModifiedBy"})


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How the pages behave. `duplicate_status` is 400 in live reports, 409 in others (§6)."""

    manual_numbers: bool = True
    duplicate_status: int = 400


def create(
    company: Company,
    entity: EntitySet,
    body: Mapping[str, Any],
    who: str,
    *,
    pages: Pages,
    client: bool = False,
    alone: bool = True,
) -> Row:
    """Insert a row and its lines, all or nothing. Returns it as stored, with what BC set itself.

    `alone` False is a line of a deep insert: its document is settled after the last line.
    """
    if not client and "insert" not in entity.allow:
        raise Refused(405, "BadRequest_MethodNotAllowed", f"Entity '{entity.entity}' does not allow insert.")
    with company.transaction():
        lines = {part: body[part] for part in entity.parts if part in body}
        plain = {name: value for name, value in body.items() if name not in lines}
        values = _checked(entity, plain, on_insert=True, client=client)
        if values.get("id", ZERO) == ZERO:
            values["id"] = str(uuid.uuid4())
        numbered = apply_template(company, entity, values)
        _resolve(company, entity, values, None)
        if not numbered:
            _number(company, entity, values, pages)
        if company.row(entity.name, values["id"]) is not None:
            raise _exists(entity, pages)
        if check := CHECKS.get(entity.name):
            check(Write(company=company, who=who, table=entity.name, values=values))
        _check_key(company, entity, values, None, pages)
        row = company.insert(entity.name, values, who)
        if after := AFTER.get(entity.name):
            after(Write(company=company, who=who, table=entity.name, values=values), row)
        for part, bodies in lines.items():
            _create_lines(company, entity, part, bodies, row, who, pages=pages, client=client)
        if alone and (settle := SETTLE.get(entity.name)):
            settle(company, row, who)
        refresh_after(company, entity, row)
        return company.tables[entity.name].rows[values["id"]]


def update(
    company: Company,
    entity: EntitySet,
    row: Row,
    body: Mapping[str, Any],
    who: str,
    *,
    pages: Pages,
    client: bool = False,
) -> tuple[Row, bool]:
    """Change the properties sent and only those. Returns the row as stored and whether it changed."""
    if not client and "modify" not in entity.allow:
        raise Refused(405, "BadRequest_MethodNotAllowed", f"Entity '{entity.entity}' does not allow modify.")
    if any(part in body for part in entity.parts):
        raise bad_request("Lines cannot be changed through their document.", "BadRequest_InvalidOperation")
    row_id = row[entity.at["id"]]
    with company.transaction():
        values = _checked(entity, body, on_insert=False, client=client)
        if values.pop("id", row_id) != row_id:
            raise bad_request("The property 'id' is read-only.", "BadRequest_InvalidOperation")
        _resolve(company, entity, values, row)
        if check := CHECKS.get(entity.name):
            check(Write(company=company, who=who, table=entity.name, values=values, before=row))
        _check_key(company, entity, values, row, pages)
        changed = company.change(entity.name, row_id, values, who)
        if changed:
            stored_row = company.tables[entity.name].rows[row_id]
            _rename(company, entity, row, stored_row)
            if after := AFTER.get(entity.name):
                after(
                    Write(company=company, who=who, table=entity.name, values=values, before=row), stored_row
                )
            if settle := SETTLE.get(entity.name):
                settle(company, stored_row, who)
            refresh_after(company, entity, stored_row, row)
        return company.tables[entity.name].rows[row_id], changed


def delete(company: Company, entity: EntitySet, row: Row, who: str, *, client: bool = False) -> None:
    if not client and "delete" not in entity.allow:
        raise Refused(405, "BadRequest_MethodNotAllowed", f"Entity '{entity.entity}' does not allow delete.")
    row_id = row[entity.at["id"]]
    with company.transaction():
        before_deletion(company, entity.name, row, who)
        company.remove(entity.name, row_id, who)
        for other, column in _pointing_to(entity.name):
            # BC keeps the dangling code; the page, which looks the id up by it, finds nothing.
            for pointing in list(company.tables[other.name].related(column.name, row_id)):
                company.show(other.name, pointing[other.at["id"]], {column.name: ZERO})
        if entity.name == "contactBusinessRelations":
            show_customer(company, row[entity.at["contactId"]], who)
        if "documentId" in entity.at and (settle := SETTLE.get(entity.name)):
            settle(company, row, who)
        refresh_after(company, entity, row)


def _create_lines(
    company: Company,
    entity: EntitySet,
    part: str,
    bodies: Any,
    document: Row,
    who: str,
    *,
    pages: Pages,
    client: bool,
) -> None:
    if not isinstance(bodies, Sequence) or isinstance(bodies, str):
        raise bad_request(f"'{part}' must be a list.")
    for body in bodies:
        if not isinstance(body, Mapping):
            raise bad_request(f"'{part}' must hold objects.")
        line = {**body, entity.parts[part]: document[entity.at["id"]]}
        create(company, entity_sets()[part], line, who, pages=pages, client=client, alone=False)


def _checked(entity: EntitySet, body: Mapping[str, Any], *, on_insert: bool, client: bool) -> dict[str, Any]:
    """Return the values as they would be stored, in the order of the body: BC validates in that order."""
    values: dict[str, Any] = {}
    for name, value in body.items():
        if name.startswith("@odata."):
            # A tag in the body does nothing (§5).
            continue
        column = entity.columns.get(name)
        if column is None:
            raise bad_request(f"The property '{name}' does not exist on type '{entity.entity}'.")
        allowed = column.editable == "true" or (column.editable == "create" and on_insert)
        if client and name not in SYSTEM and not column.computed:
            allowed = True
        if not allowed and name != "id":
            raise bad_request(f"The property '{name}' is read-only.", "BadRequest_InvalidOperation")
        values[name] = stored(column, value)
    return values


def _resolve(company: Company, entity: EntitySet, values: dict[str, Any], before: Row | None) -> None:
    """Turn references given by id or, in the client, by code into both.

    Raises:
        Refused: the related record does not exist.
    """
    for column in entity.references:
        relation = column.relation
        if relation is None or column.name == "customerId" and entity.name == "contacts":
            # That one is a look-up through another table: rules.check_contact.
            _exists_or_zero(company, column, values)
            continue
        target = company.tables[relation.target]
        if column.name in values:
            found = _exists_or_zero(company, column, values)
            if relation.twin:
                _set_twin(entity, values, relation.twin, "" if found is None else target.key_of(found)[0])
            if found is not None:
                values[column.name] = found[target.entity.at["id"]]
        elif relation.twin in values and _is_code_of(entity, relation.twin, column):
            code = values[relation.twin]
            found = target.find(code) if code else None
            if code and found is None and not _loose(entity, relation.twin):
                raise bad_request(
                    f"The field {entity.columns[relation.twin].field} of table {entity.table} contains a value "
                    f"({code}) that cannot be found in the related table ({target.entity.table}).",
                    "Internal_InvalidTableRelation",
                )
            values[column.name] = ZERO if found is None else found[target.entity.at["id"]]


def _is_code_of(entity: EntitySet, twin: str, column: Column) -> bool:
    """A line's number belongs to the item or the resource; only a twin that names its id is one."""
    relation = entity.columns[twin].relation
    return relation is not None and relation.twin == column.name


def _loose(entity: EntitySet, twin: str) -> bool:
    """Sales Code is a price group only for one of the four sales types."""
    return entity.name == "salesPrices" and twin == "salesCode"


def _set_twin(entity: EntitySet, values: dict[str, Any], twin: str, code: Any) -> None:
    if code or _is_own_twin(entity, twin):
        values[twin] = code


def _is_own_twin(entity: EntitySet, twin: str) -> bool:
    return entity.columns[twin].relation is not None


def _exists_or_zero(company: Company, column: Column, values: Mapping[str, Any]) -> Row | None:
    wanted = values.get(column.name, ZERO)
    if wanted == ZERO or column.relation is None:
        return None
    found = company.row(column.relation.target, wanted)
    if found is None:
        table = entity_sets()[column.relation.target].table
        raise bad_request(
            f"The {table} does not exist. Identification fields and values: SystemId='{wanted}'",
            "Internal_RecordNotFound",
        )
    return found


def _number(company: Company, entity: EntitySet, values: dict[str, Any], pages: Pages) -> None:
    if entity.name not in SERIES:
        return
    if not values.get("number"):
        values["number"] = draw_number(company, entity.name)
    elif not pages.manual_numbers:
        raise dialog(f"You may not enter numbers manually. Set up Manual Nos. for the {entity.table}.")


def _check_key(
    company: Company, entity: EntitySet, values: Mapping[str, Any], before: Row | None, pages: Pages
) -> None:
    """The primary key must be there and be unique."""
    if before is not None and not any(name in values for name in entity.key):
        return
    old = before if before is not None else entity.initial
    key = tuple(values.get(name, old[entity.at[name]]) for name in entity.key)
    if len(key) == 1 and key[0] == "" and entity.name not in SETUPS:
        raise bad_request(f"{entity.key[0]} must have a value.", "BadRequest_RequiredParamNotProvided")
    found = company.tables[entity.name].find(*key)
    if found is not None and (before is None or found[entity.at["id"]] != before[entity.at["id"]]):
        raise _exists(entity, pages)


def _exists(entity: EntitySet, pages: Pages) -> Refused:
    return Refused(
        pages.duplicate_status,
        "Internal_EntityWithSameKeyExists",
        f"The record in table {entity.table} already exists.",
    )


def _pointing_to(set_name: str) -> list[tuple[EntitySet, Column]]:
    return [
        (entity, column)
        for entity in entity_sets().values()
        for column in entity.references
        if column.relation is not None and column.relation.target == set_name
    ]


def _rename(company: Company, entity: EntitySet, before: Row, row: Row) -> None:
    """A new number or code goes to all rows that hold it; ids stay (§5).

    Those rows are rewritten, so their SystemRowVersion moves; nobody modified them (inferred).
    """
    code_at, row_id = entity.key_at[0], row[entity.at["id"]]
    if before[code_at] == row[code_at]:
        return
    for other, column in _pointing_to(entity.name):
        twin = column.relation.twin if column.relation else ""
        if not twin:
            continue
        for pointing in list(company.tables[other.name].related(column.name, row_id)):
            company.change(other.name, pointing[other.at["id"]], {twin: row[code_at]}, "", stamps=False)


def missing_row(entity: EntitySet, row_id: str) -> Refused:
    return not_found(
        f"The {entity.table or entity.entity} does not exist. Identification fields and values: SystemId='{row_id}'",
        "Internal_RecordNotFound",
    )
