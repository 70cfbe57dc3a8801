"""The companion extension agrees with the contract, Business Central's tables and the mappings (issue 5).

The AL compiler is not to be had here: the files are parsed, and each name is looked up.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from infra.companion.__main__ import documents
from infra.companion.code import NO_TOMBSTONE
from infra.companion.contract import FOLDER, NAME_LIMIT, Unclear, read
from infra.companion.page import page_of
from sandbox.business_central.contract import entity_sets
from tests.architecture.al_reader import AlObject, objects
from tests.architecture.companion_checks import problems, unused_rules

APP = json.loads((FOLDER / "app.json").read_text())


@pytest.fixture(scope="module")
def found() -> list[AlObject]:
    return objects(FOLDER)


def test_pages_tables_contract_and_mappings_agree():
    assert problems(FOLDER) == []


def test_writing_the_generated_files_again_changes_nothing():
    made = documents(read())
    there = {
        p.relative_to(FOLDER).as_posix()
        for place in ("src/pages", "src/generated")
        for p in (FOLDER / place).iterdir()
    } | {"page_ids.json"}

    assert there == set(made), "run `make companion`"
    assert [n for n, text in made.items() if (FOLDER / n).read_text() != text] == [], "run `make companion`"


def test_the_simulator_shows_the_columns_of_the_pages(found):
    pages = {o.properties["EntitySetName"]: [c.name for c in o.controls] for o in found if o.kind == "page"}

    assert {name: list(s.columns) for name, s in entity_sets().items()} == pages


def test_a_page_over_a_table_of_all_companies_shows_its_own_company_only():
    """A record id names no company: a note on order 1001 of another company would be one on ours."""
    tables = json.loads((Path(__file__).parent / "bc_fields.json").read_text())["tables"]
    # As a field, it says whose a row is; tables of a company have none.
    shared = [s for s in read().sets.values() if s.table in tables and "Company" in tables[s.table]["fields"]]

    assert [s.name for s in shared] == ["salesNotes"]
    for entity in shared:
        assert 'Rec.SetRange("Company", CompanyName());' in page_of(read(), entity)


def test_the_generator_knows_no_column_that_is_gone():
    assert unused_rules(read()) == []


# --- what a compiler would refuse ------------------------------------------------------------


def test_ids_are_in_the_range_and_each_is_given_once_per_kind(found):
    [ids] = APP["idRanges"]
    taken = [(o.kind, o.id) for o in found]

    assert all(ids["from"] <= o.id <= ids["to"] for o in found)
    assert 50000 <= ids["from"] and ids["to"] <= 99999  # per-tenant extensions (PTE0001)
    assert len(set(taken)) == len(taken)


def test_names_are_as_short_as_al_wants_them_and_given_once(found):
    names = [(o.kind, o.name.lower()) for o in found]

    assert [o.name for o in found if len(o.name) > (20 if o.kind == "permissionset" else NAME_LIMIT)] == []
    assert len(set(names)) == len(names)


def test_a_variable_or_procedure_is_declared_once_in_an_object(found):
    """AL does not tell upper from lower case."""
    for o in found:
        heads = re.findall(r"(?m)^    (?:local )?procedure (\w+)\(", o.source)
        names = [n.lower() for n in (*o.variables, *heads)]
        assert len(set(names)) == len(names), o.file


def test_the_tombstone_page_shows_the_table_that_the_contract_numbers(found):
    tombstones = next(o for o in found if o.kind == "table" and o.name == "Tandem Tombstone")

    assert tombstones.id == entity_sets()["tombstones"].table_number


# --- permissions -----------------------------------------------------------------------------


def grants(path: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+ "[^"]+") = (\w+)', (FOLDER / "src/generated" / path).read_text()))


def test_the_reading_set_reads_every_table_runs_every_page_and_writes_nothing(found):
    given = grants("TandemRead.PermissionSet.al")
    tables = {f'tabledata "{s.table}"' for s in read().sets.values() if s.table}
    pages = {f'page "{o.name}"' for o in found if o.kind == "page"}

    assert tables <= set(given) and pages == {g for g in given if g.startswith("page ")}
    assert {right for g, right in given.items() if g.startswith("tabledata ")} == {"R"}


def test_the_synchronizing_set_may_not_delete_and_writes_only_what_a_page_writes():
    given = grants("TandemSync.PermissionSet.al")
    written = {f'tabledata "{s.table}"' for s in read().sets.values() if s.allow & {"insert", "modify"}}

    # A template gives a new customer or item its dimensions.
    assert set(given) == written | {'tabledata "Default Dimension"'}
    assert not any("D" in right for right in given.values())


def test_deleting_a_row_of_any_synchronized_table_leaves_a_tombstone():
    source = (FOLDER / "src/generated/TandemDeletions.Codeunit.al").read_text()
    written = re.findall(r"Tombstones\.Write\(Database::\"([^\"]+)\", '(\w+)'", source)
    expected = {(s.table, s.name) for s in read().sets.values() if s.table and s.table not in NO_TOMBSTONE}

    assert set(written) == expected
    assert "IsTemporary" in source


# --- breaking one name anywhere is seen ------------------------------------------------------

BREAKS = [
    ("contract.yaml", "      creditLimit:", "      creditLimitt:", "creditLimitt"),
    ("contract.yaml", '"Credit Limit (LCY)"', '"Credit Limit"', "has no field 'Credit Limit'"),
    ("contract.yaml", 'surname: {field: "Surname", type: "Text[30]"', 'surname: {field: "Surname", type: "Text[50]"', "is Text[50], but the field is Text[30]"),
    ("contract.yaml", 'table: "Shipping Agent"', 'table: "Shipping Agents"', "there is no table 'Shipping Agents'"),
    ("contract.yaml", "  resources:\n", "  resource:\n", "shows 'resources', which the contract has not"),
    ("contract.yaml", "where: {Document Type: Quote}", "where: {Document Type: Order}", "the view is"),
    ("contract.yaml", 'inventory: {field: "Inventory", type: "Decimal", editable: false, computed: true}', 'inventory: {field: "Inventory", type: "Decimal", editable: false}', "'Inventory' is a FlowField: computed"),
    ("contract.yaml", 'status: {field: "Status", type: "Enum Opportunity Status", editable: false}', 'status: {field: "Status", type: "Enum Opportunity Status", editable: true}', "no page can edit 'Status'"),
    ("contract.yaml", '["Low", "Normal", "High"]', '["Low", "High", "Normal"]', "the members of the enum 'Opportunity Priority'"),
    ("contract.yaml", "group: sync", "group: syncs", "APIGroup is sync"),
    ("src/pages/TandemCustomers.Page.al", "field(creditLimit;", "field(creditLimits;", "creditLimits"),
    ("src/pages/TandemCustomers.Page.al", 'Rec."E-Mail"', 'Rec."Email"', "has no field 'Email'"),
    ("src/pages/TandemCustomers.Page.al", "Caption = 'name', Locked = true;", "Editable = false;", "cannot be edited"),
    ("src/pages/TandemContacts.Page.al", "EntityName = 'contact'", "EntityName = 'kontakt'", "EntityName is kontakt"),
    ("src/pages/TandemSalesOrders.Page.al", 'CustomerId: Guid', "CustomerId: Code[20]", "(Code[20]), not a Guid"),
    ("src/pages/TandemSalesOrders.Page.al", "procedure reopen(", "procedure open(", "its actions are"),
    ("src/pages/TandemSalesOrders.Page.al", "part(salesOrderLines;", "part(lines;", "its parts are"),
    ("src/pages/TandemItemVariants.Page.al", "OnlyForNew('code');", "", "could be changed after creation"),
    ("src/pages/TandemItems.Page.al", "DelayedInsert = true;", "DeleteAllowed = false;", "the contract allows delete"),
    ("src/pages/TandemItems.Page.al", "repeater(Rows)", "repeater(Rows", "cannot be parsed"),
    ("src/TandemComputed.Codeunit.al", 'SetRange("Currency Code"', 'SetRange("Currency"', "has no field 'Currency'"),
    ("src/TandemComputed.Codeunit.al", '::"Customer"', '::"Klant"', "has no member 'Klant'"),
    ("src/TandemSalesLine.TableExt.al", '"Sales Header".SystemId', '"Sales Header".Id', "has no field 'Id'"),
    ("src/TandemTombstone.Table.al", '"Entity Set"; Text[50]', '"Entity Set"; Text[40]', "is Text[50], but the field is Text[40]"),
    ("contract.yaml", "editable: create", "editable: once", "editable is once"),
    ("contract.yaml", "relation: {set: paymentTerms,", "relation: {set: paymentTerm,", "is related to {'set': 'paymentTerm'"),
    ("contract.yaml", "code: paymentTermsCode}", "code: paymentTermCode}", "there is no column 'paymentTermCode'"),
    ("contract.yaml", "relation: {set: salespeople, id:", "relates: {set: salespeople, id:", "nobody knows 'relates'"),
    ("src/TandemComputed.Codeunit.al", "procedure SpreadInvoiceDiscount(", "procedure Spread(", "has no procedure SpreadInvoiceDiscount for others"),
    ("src/TandemComputed.Codeunit.al", "procedure SpreadInvoiceDiscount(", "local procedure SpreadInvoiceDiscount(", "has no procedure SpreadInvoiceDiscount for others"),
    ("src/pages/TandemItems.Page.al", 'Codeunit "Tandem References"', 'Codeunit "Tandem Reference"', "there is no codeunit 'Tandem Reference'"),
    ("src/generated/TandemSync.PermissionSet.al", 'tabledata "Item" ', 'tabledata "Items" ', "there is no table 'Items'"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "name", "instead", "said"), BREAKS, ids=[b[3] for b in BREAKS])
def test_one_broken_name_is_told(file, name, instead, said, tmp_path):
    copy = tmp_path / "business-central"
    shutil.copytree(FOLDER, copy)
    source = (copy / file).read_text()
    assert name in source
    (copy / file).write_text(source.replace(name, instead))

    assert any(said in problem for problem in problems(copy))


def test_a_column_of_a_mapping_that_the_contract_renames_is_told_by_its_mapping(tmp_path):
    copy = tmp_path / "business-central"
    shutil.copytree(FOLDER, copy)
    source = (copy / "contract.yaml").read_text()
    (copy / "contract.yaml").write_text(source.replace("      homePage:", "      webSite:"))

    told = problems(copy)

    assert "mapping customers: customers has no column 'homePage'" in told
    assert "mapping contacts: contacts has no column 'homePage'" in told


def test_a_column_that_nobody_says_how_to_compute_stops_the_generator(tmp_path):
    copy = tmp_path / "business-central"
    shutil.copytree(FOLDER, copy)
    source = (copy / "contract.yaml").read_text()
    column = '      lucky: {type: "Integer", editable: false, computed: true}\n'
    (copy / "contract.yaml").write_text(source.replace("      jobTitle: ", column + "      jobTitle: ", 1))
    contract = read(Path(copy))

    with pytest.raises(Unclear, match="salespeople.lucky has no field"):
        page_of(contract, contract.sets["salespeople"])
