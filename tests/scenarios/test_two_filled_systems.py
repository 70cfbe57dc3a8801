"""A company that sells for years meets a Sales that is in use, too: nothing is doubled, nothing guessed (H18)."""

from __future__ import annotations

import json

import pytest

from sandbox.demo_data.sales_files import sales_rows
from sandbox.world import World
from tests.scenarios.builders import a_company, add_account, add_customer, an_id
from tests.scenarios.builders import line as line_of

#: Name, post code, city: five customers of a demo company, and six accounts of a sample organization.
CUSTOMERS = [
    ("10000", "Adatum Corporation", "GB-N16 34Z", "London"),
    ("20000", "Trey Research", "GB-N12 5XY", "London"),
    ("30000", "Alpine Ski House", "60055", "Missoula"),
    ("40000", "Fabrikam, Inc.", "", "Lynnwood"),
    ("50000", "Coho Winery", "98052", "Redmond"),
]
ACCOUNTS = [
    ("Alpine Ski House", "60055", "Missoula"),
    ("Fabrikam, Inc.", "", "Lynnwood"),
    ("Fabrikam, Inc.", "98036", "Redmond"),
    ("COHO WINERY", "98052", "Phoenix"),
    ("Litware, Inc.", "75001", "Dallas"),
    ("Fourth Coffee", "", "Renton"),
]


@pytest.fixture
def filled() -> World:
    world = a_company()
    for number, name, code, city in CUSTOMERS:
        add_customer(world, number, name=name, postCode=code, city=city)
    for n, (name, code, city) in enumerate(ACCOUNTS):
        add_account(world, name, accountid=an_id(f"sample {n}"), address1_postalcode=code, address1_city=city)
    return world


def test_exact_matches_couple_several_are_held_and_the_rest_crosses_over_H18(filled):
    run = filled.full_sync()

    customers, accounts = filled.bc.all("customers"), filled.sales.all("accounts")
    pairs = {
        customers[bc]["name"]: accounts[sales]["name"] for bc, sales in filled.coupled("customers").items()
    }
    assert pairs == {
        "Alpine Ski House": "Alpine Ski House",
        "Coho Winery": "COHO WINERY",
        "Adatum Corporation": "Adatum Corporation",
        "Trey Research": "Trey Research",
        "Litware, Inc.": "Litware, Inc.",
        "Fourth Coffee": "Fourth Coffee",
    }
    # Both of one name stand as they stood, and nobody made a third.
    assert [a["name"] for a in accounts.values()].count("Fabrikam, Inc.") == 2
    assert [c["name"] for c in customers.values()].count("Fabrikam, Inc.") == 1
    assert line_of(run, "customers")["to_sales"]["created"] == 2
    assert line_of(run, "customers")["from_sales"]["created"] == 2


def test_what_coupled_by_its_name_is_compared_and_nothing_is_overwritten_H18(filled):
    filled.full_sync()

    conflicts = [h for h in filled.held("customers") if h["kind"] == "conflict"]
    shown = [(f["bc"], f["sales"]) for h in conflicts for f in h["fields"] if f["field"] == "city"]
    assert shown == [("Redmond", "Phoenix")]
    assert filled.sales.show("accounts", an_id("sample 3"))["address1_city"] == "Phoenix"


def test_several_of_one_name_are_held_with_a_reason_on_either_side_H18(filled):
    filled.full_sync()

    held = [h for h in filled.held("customers") if h["kind"] == "held"]
    assert {h["side"] for h in held} == {"bc", "sales"}
    assert all("match" in h["reason"] for h in held)


def test_a_rehearsal_names_the_same_before_anything_is_written_H18_H26(filled):
    _, plan = filled.rehearse()
    planned = [e for e in plan if e["mapping"] == "customers"]
    run = filled.full_sync()

    done = line_of(run, "customers")
    count = {a: sum(e["action"] == a for e in planned) for a in ("couple", "create", "hold")}
    assert count["create"] == done["to_sales"]["created"] + done["from_sales"]["created"] == 4
    kinds = [h["kind"] for h in filled.held("customers")]
    assert (count["couple"], count["hold"]) == (2, kinds.count("held")) == (2, 3)
    assert {e["label"] for e in planned if e["action"] == "conflict" and e["side"] == "bc"} == {
        "30000",
        "50000",
    }


def test_files_of_a_sample_organization_become_its_accounts_and_their_contacts(tmp_path):
    rows = [
        {"accountid": "a1", "name": "Litware", "customertypecode": 1, "revenue": 20000},
        {"accountid": "a2", "name": "Coho", "_primarycontactid_value": "c1"},
    ]
    people = [{"contactid": "c1", "firstname": "Ann"}, {"contactid": "c2", "firstname": "Bob"}]
    (tmp_path / "account.json").write_text(json.dumps(rows))
    (tmp_path / "contact.json").write_text(json.dumps(people))

    assert dict(sales_rows(tmp_path)) == {
        "accounts": [
            {"accountid": "a1", "name": "Litware", "customertypecode": 1},
            {"accountid": "a2", "name": "Coho", "customertypecode": 3},
        ],
        "contacts": [
            {"contactid": "c1", "firstname": "Ann", "_parentcustomerid_value": "a2"},
            {"contactid": "c2", "firstname": "Bob"},
        ],
    }
