"""The mappings' names and lengths against the BC contract and the tables of Sales (design §6).

A wrong name or length here is refused by the real systems, record by record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.core.convert import InUse, Is, Number, Option, Reference, Text
from shared.core.mapping import COMPUTED, Creates, EntityMapping, When, with_children
from shared.core.mapping import FieldMap as Field
from shared.core.model import Side
from shared.mappings import ALL, BY_NAME

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.safe_load((ROOT / "infra/business-central/contract.yaml").read_text())
TABLES: dict[str, Any] = json.loads((ROOT / "sandbox/dataverse/schema.json").read_text())["tables"]
BY_SET = {table["entity_set"]: table for table in TABLES.values()}

#: With the rows that belong to a record (lines of invoices).
EVERY = [m for m, _ in with_children(ALL)]
ROWS = [m for m in EVERY if m.sales.kind == "rows"]
OPTIONS = [m for m in ALL if m.sales.kind == "option"]


def fields(
    *kinds: type,
    of: Iterable[EntityMapping] = tuple(EVERY),
    to: Side | None = None,
    shown: Side | None = None,
) -> list[Any]:
    """Return (mapping, field) cases.

    Those whose converter is of a kind, that are written `to` a side, and whose column the side
    `shown` has: one that a rule makes up is in neither system.
    """

    def wanted(f: Field) -> bool:
        right = (not kinds or isinstance(f.converter, kinds)) and (to is None or f.direction.reaches(to))
        return right and not any(f.computed(side) for side in (to, shown) if side)

    return [pytest.param(m, f, id=f"{m.name}.{f.name}") for m in of for f in m.fields if wanted(f)]


def in_bc(mapping: EntityMapping, column: str) -> dict[str, Any] | None:
    found = CONTRACT["sets"][mapping.bc.name]["columns"].get(column) or CONTRACT["system"].get(column)
    return found if isinstance(found, dict) else None


def in_sales(mapping: EntityMapping, column: str) -> dict[str, Any] | None:
    attributes = BY_SET[mapping.sales.name]["attributes"]
    lookup = re.fullmatch(r"_(\w+)_value", column)
    found = attributes.get(lookup.group(1) if lookup else column)
    return found if isinstance(found, dict) else None


# --- Business Central ------------------------------------------------------------------------


@pytest.mark.parametrize("mapping", EVERY, ids=lambda m: m.name)
def test_every_column_of_bc_is_in_the_contract(mapping):
    columns = [c for c in mapping.columns(Side.BC) if not c.startswith(COMPUTED)]

    assert [c for c in columns if in_bc(mapping, c) is None] == []


@pytest.mark.parametrize(("mapping", "f"), fields(to=Side.BC))
def test_what_travels_to_bc_can_be_written_there(mapping, f):
    assert in_bc(mapping, f.bc)["editable"] in ((True, "create") if f.when is When.CREATE else (True,))


@pytest.mark.parametrize(("mapping", "f"), fields(Text, shown=Side.BC))
def test_a_text_has_the_length_of_bc(mapping, f):
    kind, length = re.fullmatch(r"(Text|Code)\[(\d+)\]", in_bc(mapping, f.bc)["type"]).groups()

    assert f.converter.bc == int(length)
    assert f.converter.code is (kind == "Code")


@pytest.mark.parametrize(("mapping", "f"), fields(Reference, Option, shown=Side.BC))
def test_a_relation_of_bc_points_to_the_table_of_its_mapping_by_system_id_H30(mapping, f):
    relation = in_bc(mapping, f.bc)["relation"]

    assert f.bc.endswith("Id")
    assert relation["set"] == BY_NAME[f.reference_to].bc.name


@pytest.mark.parametrize(
    "mapping",
    [m for m in ALL if m.direction.reaches(Side.BC) and m.creates is not Creates.NEVER],
    ids=lambda m: m.name,
)
def test_what_tandem_creates_in_bc_may_be_inserted_there(mapping):
    assert "insert" in CONTRACT["sets"][mapping.bc.name]["allow"]


# --- Sales -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mapping", ROWS, ids=lambda m: m.name)
def test_every_column_of_sales_exists_there(mapping):
    columns = [c for c in mapping.columns(Side.SALES) if not c.startswith(COMPUTED)]

    assert [c for c in columns if in_sales(mapping, c) is None] == []


@pytest.mark.parametrize("mapping", ROWS, ids=lambda m: m.name)
def test_key_and_bulk_messages_are_those_of_the_table(mapping):
    table = BY_SET[mapping.sales.name]

    assert mapping.sales.key == table["primary_id"]
    assert not mapping.sales.bulk or table["bulk_messages"]


@pytest.mark.parametrize(("mapping", "f"), fields(of=ROWS, to=Side.SALES))
def test_what_travels_to_sales_can_be_written_there(mapping, f):
    column = in_sales(mapping, f.sales)

    assert column["create"] or f.when.value == "update"
    assert column["update"] or f.when.value == "create" or f.fixed


@pytest.mark.parametrize(("mapping", "f"), fields(Text, of=ROWS, shown=Side.SALES))
def test_a_text_has_the_length_of_sales(mapping, f):
    assert f.converter.sales == in_sales(mapping, f.sales)["max_length"]


@pytest.mark.parametrize(("mapping", "f"), fields(Reference, of=ROWS, shown=Side.SALES))
def test_a_lookup_is_bound_by_the_navigation_of_its_target(mapping, f):
    target = next(name for name, t in TABLES.items() if t["entity_set"] == f.converter.entity_set)

    assert in_sales(mapping, f.sales)["bind"][target] == f.converter.nav
    assert f.converter.entity_set == BY_NAME[f.reference_to].sales.name
    assert re.fullmatch(r"_\w+_value", f.sales)


@pytest.mark.parametrize(("mapping", "f"), fields(Number, of=ROWS, shown=Side.SALES))
def test_a_number_stays_within_what_sales_takes(mapping, f):
    column, converter = in_sales(mapping, f.sales), f.converter

    assert converter.decimals <= column.get("precision", 0)
    if not f.bc.startswith(COMPUTED):  # else its rule checks it: test_rules.py
        assert (converter.least, converter.most) == (column["min"], column["max"])


@pytest.mark.parametrize(("mapping", "f"), fields(Is, of=ROWS))
def test_the_states_of_a_state_field_exist_on_both_sides(mapping, f):
    members = CONTRACT["enums"][in_bc(mapping, f.bc)["type"].removeprefix("Enum ")]
    options = {o["value"] for o in in_sales(mapping, f.sales)["options"]}

    assert set(f.converter.bc) == set(members) - {" "}
    assert set(f.converter.sales) <= options


@pytest.mark.parametrize(("mapping", "f"), fields(InUse, of=ROWS))
def test_state_and_status_belong_together_H24(mapping, f):
    statuses = {o["value"]: o["state"] for o in in_sales(mapping, "statuscode")["options"]}

    kind = in_bc(mapping, f.bc)["type"].removeprefix("Enum ")
    members = {False, True} if kind == "Boolean" else set(CONTRACT["enums"][kind])
    for raw, state, status in (f.converter.used, f.converter.retired):
        assert raw in members and statuses[status] == state


@pytest.mark.parametrize("mapping", OPTIONS, ids=lambda m: m.name)
def test_an_option_column_is_a_choice_of_its_table_and_used_by_a_field_P15_P16_P17(mapping):
    column = TABLES[mapping.sales.entity]["attributes"][mapping.sales.name]
    users = [f for m in ROWS for f in m.fields if f.reference_to == mapping.name]

    assert column["type"] == "Picklist"
    # Documents have a column of their own for it, without the prefix of the account's first address.
    assert {f.sales.removeprefix("address1_") for f in users} == {
        mapping.sales.name.removeprefix("address1_")
    }


@pytest.mark.parametrize("mapping", ROWS, ids=lambda m: m.name)
def test_constants_of_new_records_exist(mapping):
    for column, value in mapping.constants_sales:
        found = in_sales(mapping, column)
        options = {o["value"] for o in found["options"]} if "options" in found else {True, False}
        assert value in options
    for column, value in mapping.constants_bc:
        assert value in CONTRACT["enums"][in_bc(mapping, column)["type"].removeprefix("Enum ")]
