"""What people do in Business Central's own client, and loading rows that were always there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.business_central.contract import ZERO, EntitySet, entity_sets
from sandbox.business_central.customers import (
    company_contact,
    create_company_contact,
    customer_of,
    show_customer,
)
from sandbox.business_central.errors import bad_request
from sandbox.business_central.fields import GUID, stored
from sandbox.business_central.flow_fields import FLOW_SOURCES
from sandbox.business_central.store import Company, Row
from sandbox.business_central.writes import SERIES, SETUPS, draw_number
from sandbox.business_central.writing import SYSTEM


def load(
    company: Company,
    set_name: str,
    rows: Iterable[Mapping[str, Any]],
    who: str,
    *,
    company_contacts: bool = False,
) -> list[str]:
    """Put rows in as if they had always been there; returns their ids.

    Ids, numbers and codes that are given stay; references may be given by id or by code, also to rows
    that are loaded later. No triggers run, with two exceptions: a contact with a `customerId` whose
    customer has no company contact makes it one, and `company_contacts` gives every loaded customer
    one. A replica does not lag behind what was loaded.

    Raises:
        Refused: an unknown property, a wrong value, or a key that is there already; nothing is loaded.
    """
    entity = entity_sets().get(set_name)
    if entity is None or not entity.table:
        raise bad_request(f"There is no set '{set_name}' to load.")
    ids = []
    with company.transaction():
        for given in rows:
            if entity.name in SETUPS and company.tables[set_name].rows:
                ids.append(_set_up(company, entity, given, who))
                continue
            values = _prepared(company, entity, given, who)
            row = company.insert(set_name, values, who, quiet=True)
            ids.append(row[entity.at["id"]])
            if company_contacts and set_name == "customers":
                create_company_contact(company, row, who, quiet=True)
        _heal(company, entity)
        _settle(company, entity, ids, who)
    return ids


def _set_up(company: Company, entity: EntitySet, given: Mapping[str, Any], who: str) -> str:
    """Change the one row of a setup table; every company has it from the start."""
    [row_id] = company.tables[entity.name].rows
    values = _values(entity, given)
    values.pop("id", None)
    company.change(entity.name, row_id, values, who)
    return row_id


def _values(entity: EntitySet, given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in given.items():
        column = entity.columns.get(name)
        if column is None or name in SYSTEM:
            raise bad_request(f"The property '{name}' cannot be loaded into {entity.name}.")
        values[name] = stored(column, value)
    return values


def _prepared(company: Company, entity: EntitySet, given: Mapping[str, Any], who: str) -> dict[str, Any]:
    values = _values(entity, given)
    if values.get("id", ZERO) == ZERO:
        values["id"] = str(uuid.uuid4())
    if entity.name in SERIES and not values.get("number"):
        values["number"] = draw_number(company, entity.name)
    for column in entity.references:
        relation = column.relation
        if relation is None or not relation.twin:
            continue
        target = company.tables[relation.target]
        code = values.get(relation.twin, "")
        if values.get(column.name, ZERO) != ZERO:
            found = target.rows.get(values[column.name])
        elif code and entity.columns[relation.twin].relation is not None:
            found = target.find(code)
        else:
            found = None
        if found is not None:
            values[column.name] = found[target.entity.at["id"]]
            values[relation.twin] = target.key_of(found)[0]
    if entity.name == "contacts":
        _prepare_contact(company, values, who)
    rows = company.tables[entity.name]
    key = tuple(values.get(n, entity.initial[entity.at[n]]) for n in entity.key)
    if values["id"] in rows.rows or rows.find(*key) is not None:
        raise bad_request(f"{entity.name} {key} is there already.", "Internal_EntityWithSameKeyExists")
    return values


def _prepare_contact(company: Company, values: dict[str, Any], who: str) -> None:
    at = entity_sets()["contacts"].at
    if values.get("type") != "Person":
        values.update(companyId=values["id"], companyNumber=values["number"])
        values.setdefault("companyName", values.get("name", ""))
        values["customerId"] = customer_of(company, values["id"])
        return
    if not values.get("name"):
        parts = (values.get(part, "").strip() for part in ("firstName", "middleName", "surname"))
        values["name"] = " ".join(part for part in parts if part)
    customer = company.row("customers", values.get("customerId", ZERO))
    if customer is not None:
        own = company_contact(company, values["customerId"]) or create_company_contact(
            company, customer, who, quiet=True
        )
        values["companyId"] = own[at["id"]]
    parent = company.row("contacts", values.get("companyId", ZERO))
    if parent is not None:
        values.update(
            companyId=parent[at["id"]], companyNumber=parent[at["number"]], companyName=parent[at["name"]]
        )
    values["customerId"] = customer_of(company, values.get("companyId", ZERO))


def _heal(company: Company, loaded: EntitySet) -> None:
    """Complete references of earlier rows to the rows just loaded."""
    target = company.tables[loaded.name]
    for entity in entity_sets().values():
        for column in entity.references:
            relation = column.relation
            if relation is None or relation.target != loaded.name or not relation.twin:
                continue
            if entity.columns[relation.twin].relation is None:
                continue
            id_at, code_at = entity.at[column.name], entity.at[relation.twin]
            for row in list(company.tables[entity.name].rows.values()):
                if row[id_at] == ZERO and row[code_at]:
                    found = target.find(row[code_at])
                elif row[id_at] != ZERO and not row[code_at]:
                    found = target.rows.get(row[id_at])
                else:
                    continue
                if found is not None:
                    seen = {column.name: found[loaded.at["id"]], relation.twin: target.key_of(found)[0]}
                    company.show(entity.name, row[entity.at["id"]], seen)


def _settle(company: Company, entity: EntitySet, ids: list[str], who: str) -> None:
    """Bring computed values up to date."""
    rows = company.tables[entity.name].rows
    if entity.name == "contactBusinessRelations":
        for row_id in ids:
            _complete_relation(company, rows[row_id], who)
        for contact_id in dict.fromkeys(rows[i][entity.at["contactId"]] for i in ids):
            show_customer(company, contact_id, who)
    if entity.name == "contacts":
        # Relations may have been loaded first, and persons before their company.
        for company_id in dict.fromkeys(rows[i][entity.at["companyId"]] for i in ids):
            customer = customer_of(company, company_id)
            for contact in company.tables["contacts"].related("companyId", company_id):
                _show_company(company, entity, contact, company_id, customer)
    if entity.name == "customers":
        for row_id in ids:
            relation_id = company.waiting_relations.pop(rows[row_id][entity.at["number"]], "")
            relation = company.row("contactBusinessRelations", relation_id)
            if relation is not None:
                _complete_relation(company, relation, who)
                show_customer(
                    company, relation[entity_sets()["contactBusinessRelations"].at["contactId"]], who
                )
    if entity.name in FLOW_SOURCES:
        column, refresh = FLOW_SOURCES[entity.name]
        for target_id in dict.fromkeys(rows[i][entity.at[column]] for i in ids):
            refresh(company, target_id)


def _show_company(company: Company, entity: EntitySet, contact: Row, company_id: str, customer: str) -> None:
    parent = company.row("contacts", company_id)
    values = {"customerId": customer}
    if parent is not None and not contact[entity.at["companyName"]]:
        values["companyName"] = parent[entity.at["name"]]
    company.show("contacts", contact[entity.at["id"]], values)


def _complete_relation(company: Company, relation: Row, who: str) -> None:
    """Loaded relations tell the customer by its number, as the table does."""
    at = entity_sets()["contactBusinessRelations"].at
    if relation[at["linkToTable"]] != "Customer" or relation[at["customerId"]] != ZERO:
        return
    customer = company.tables["customers"].find(relation[at["number"]])
    if customer is None:
        company.waiting_relations[relation[at["number"]]] = relation[at["id"]]
        return
    customer_id = customer[entity_sets()["customers"].at["id"]]
    company.show("contactBusinessRelations", relation[at["id"]], {"customerId": customer_id})


def row_of(company: Company, set_name: str, row_id: str) -> Row | None:
    if set_name not in company.tables:
        raise KeyError(f"there is no set '{set_name}'")
    if not GUID.fullmatch(row_id):
        raise ValueError(f"'{row_id}' is not a guid")
    return company.row(set_name, row_id.lower())
