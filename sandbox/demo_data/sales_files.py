"""Rows that Sales holds before the first synchronization, from a folder of `<table>.json` files of Dataverse rows.

So that two filled systems meet (H18). Read are `account.json` and `contact.json`, either may be missing;
annotations are left out, and so are columns that nothing here looks at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

CUSTOMER = 3
#: Set, file, columns. A contact that is an account's primary contact belongs to that account.
FILES = (
    (
        "contacts",
        "contact",
        (
            *("contactid", "firstname", "lastname", "jobtitle", "emailaddress1", "telephone1"),
            *("address1_line1", "address1_city", "address1_stateorprovince", "address1_postalcode"),
        ),
    ),
    (
        "accounts",
        "account",
        (
            *("accountid", "name", "accountnumber", "websiteurl", "telephone1", "customertypecode"),
            *("address1_city", "address1_stateorprovince", "address1_postalcode"),
        ),
    ),
)


def sales_rows(folder: Path) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each set: accounts first, then their contacts.

    An account of which the file does not say what it is, is a customer: others do not concern Tandem.

    Raises:
        OSError, ValueError: A file cannot be read, or is no list of rows.
    """
    found = {set_name: _read(folder / f"{name}.json") for set_name, name, _ in FILES}
    account_of = {
        row["_primarycontactid_value"]: row["accountid"]
        for row in found["accounts"]
        if row.get("_primarycontactid_value")
    }
    wanted = {set_name: columns for set_name, _, columns in FILES}
    for set_name in ("accounts", "contacts"):
        rows = [{c: row[c] for c in wanted[set_name] if c in row} for row in found[set_name]]
        for row in rows:
            if set_name == "accounts":
                row.setdefault("customertypecode", CUSTOMER)
            elif account := account_of.get(row["contactid"]):
                row["_parentcustomerid_value"] = account
        yield set_name, rows


def _read(file: Path) -> list[Row]:
    if not file.exists():
        return []
    rows = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise ValueError(f"{file.name} is no list of rows")
    return rows
