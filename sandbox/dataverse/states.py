"""State and status of a row.

Source: reference/dataverse-web-api.md section 9. What single tables say about moving from state to state is
in their own modules (`products.py`, `opportunities.py`, `documents.py`).
"""

from __future__ import annotations

from typing import Any

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.refusal import STATUS_INVALID, Refused
from sandbox.dataverse.schema import Table
from sandbox.dataverse.store import Row


def settle_state(
    environment: Environment,
    table: Table,
    values: dict[str, Any],
    before: Row | None,
    changed: frozenset[str],
) -> None:
    """Make state and status fit each other, or raise Refused (400 0x80048408).

    A new row starts in the default state. A status alone is taken within the same state; a state alone
    takes its first status.
    """
    if table.state is None:
        return
    states = environment.status_states[table.name]
    if before is None:
        default_state, default_status = _default(environment, table)
        values.setdefault("statecode", default_state)
        if values["statecode"] != default_state:
            raise Refused(
                400,
                STATUS_INVALID,
                f"{values['statecode']} is not a valid state code for a new {table.name}.",
            )
        values.setdefault("statuscode", default_status)
    elif "statecode" not in values:
        raise Refused(400, STATUS_INVALID, f"The state code of {table.name} cannot be null.")
    elif "statecode" in changed and ("statuscode" not in changed or "statuscode" not in values):
        state = values["statecode"]
        if state != before.values["statecode"] or "statuscode" not in values:
            values["statuscode"] = first_status(environment, table, state)
    state, status = values["statecode"], values.get("statuscode")
    if status is None:
        values["statuscode"] = first_status(environment, table, state)
    elif states.get(status) != state:
        label = environment.options[table.name, "statecode"][state]
        raise Refused(
            400,
            STATUS_INVALID,
            f"{status} is not a valid status code for state code {table.name.capitalize()}State.{label} "
            f"on {table.name}.",
        )


def _default(environment: Environment, table: Table) -> tuple[int | None, int | None]:
    """Products begin as drafts unless the organization wants them active (section 9)."""
    if table.name == "product" and environment.organization.values.get(
        "createproductswithoutparentinactivestate"
    ):
        return 0, 1
    return table.default_state, table.default_status


def first_status(environment: Environment, table: Table, state: int) -> int:
    if state == table.default_state and table.default_status is not None:
        return table.default_status
    return next(status for status, of in environment.status_states[table.name].items() if of == state)
