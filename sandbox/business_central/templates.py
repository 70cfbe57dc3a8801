"""Templates: what a new customer or item that names one in `templateCode` is given where it has nothing.

As codeunits "Customer Templ. Mgt." and "Item Templ. Mgt." do without `UpdateExistingValues`: a field of the template
that is not blank fills the same field of the new row where that is blank, and a number is drawn from its series.
"""

from __future__ import annotations

from typing import Any

from sandbox.business_central.contract import EntitySet, entity_sets
from sandbox.business_central.errors import bad_request
from sandbox.business_central.store import Company

#: Set of rows → set of their templates.
TEMPLATES = {"customers": "customerTemplates", "items": "itemTemplates"}
COLUMN = "templateCode"
#: Columns of a template that are its own: no new row is given them.
_OWN = frozenset(
    {"code", "description", "numberSeries", "id", "systemRowVersion"}
    | {"createdAt", "createdBy", "lastModifiedDateTime", "lastModifiedBy"}
)


def apply_template(company: Company, entity: EntitySet, values: dict[str, Any]) -> bool:
    """Take the template out of the body and fill what is blank; say whether it gave a number.

    Raises:
        Refused: there is no template of that code.
    """
    code = values.pop(COLUMN, "")
    if entity.name not in TEMPLATES or not code:
        return False
    templates = company.tables[TEMPLATES[entity.name]]
    found = templates.find(code)
    if found is None:
        kind = {"customers": "Customer", "items": "Item"}[entity.name]
        raise bad_request(
            f"The {kind} Template does not exist. Identification fields and values: Code='{code}'",
            "Internal_RecordNotFound",
        )
    of = entity_sets()[templates.entity.name]
    for name, column in of.columns.items():
        given = found[of.at[name]]
        if name in _OWN or name not in entity.columns or given == column.initial:
            continue
        relation = entity.columns[name].relation
        both = (name, relation.twin) if relation is not None and relation.twin else (name,)
        if all(values.get(n, entity.columns[n].initial) == entity.columns[n].initial for n in both):
            for blank in both:
                values.pop(blank, None)
            values[name] = given
    series = found[of.at["numberSeries"]]
    if not series or values.get("number"):
        return False
    rows = company.tables[entity.name]
    values["number"] = company.next_number(
        f"{entity.name} {series}", series, 5, lambda number: rows.find(number) is not None
    )
    return True
