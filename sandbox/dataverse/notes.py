"""Notes and posts: what the service adds, and what it does not let anybody change.

Source: sales-documents.md S91, S113; Microsoft's tables of notes (objecttypecode is the table that objectid leads
to, isdocument says whether there is a file) and of posts (no message Update: what was posted stays).
"""

from __future__ import annotations

from sandbox.dataverse.behaviour import Behaviour, Change
from sandbox.dataverse.refusal import INVALID_ARGUMENT, Refused


def _check_note(change: Change) -> None:
    values = change.values
    values.setdefault("isdocument", False)
    if "objectid" in values:
        values["objecttypecode"] = values.get(change.table.columns["objectid"].type_key, "account")
    else:
        values.pop("objecttypecode", None)


def _check_post(change: Change) -> None:
    if change.before is not None and not change.by_service:
        raise Refused(405, INVALID_ARGUMENT, "The 'Update' method does not support 'post'.")


BEHAVIOURS = {"annotation": Behaviour(check=_check_note), "post": Behaviour(check=_check_post)}
