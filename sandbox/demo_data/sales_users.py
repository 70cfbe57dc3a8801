"""The people in Sales on the first day.

Rows carry the logical column names of `systemuser`. A user is what the integration looks for when it couples
salespeople: enabled, licensed, Read-Write, not an integration user (dataverse-web-api.md section 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.demo_data.ids import Ids

Row = dict[str, Any]


def users_of(salespeople: Iterable[Row], ids: Ids) -> Iterator[Row]:
    """Yield one user for each salesperson with an e-mail, then a disabled one and an integration user."""
    for person in salespeople:
        if person.get("email"):
            yield a_user(ids, name=person["name"], email=person["email"], title=person.get("jobTitle", ""))
    yield a_user(ids, name="Former Colleague", email="former.colleague@example.com", disabled=True)
    yield a_user(ids, name="Dynamics Connector", email="connector@example.com", integration=True)


def a_user(
    ids: Ids, *, name: str, email: str, title: str = "", disabled: bool = False, integration: bool = False
) -> Row:
    first, _, last = name.rpartition(" ")
    return {
        "systemuserid": ids.of("systemusers", email.lower()),
        "firstname": first or None,
        "lastname": last,
        "fullname": name,
        "internalemailaddress": email,
        "domainname": email,
        "title": title or None,
        "azureactivedirectoryobjectid": ids.of("people", email.lower()),
        "isdisabled": disabled,
        "islicensed": True,
        "isintegrationuser": integration,
        "issyncwithdirectory": True,
        "setupuser": False,
        "accessmode": 4 if integration else 0,
        "caltype": 0,
    }
