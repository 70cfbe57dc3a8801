"""A refusal of the Web API: status, code and message in its error shape.

Codes and texts: reference/dataverse-web-api.md sections 3 and 8. Where a code is not given there,
the place that raises says so.
"""

from __future__ import annotations

NOT_FOUND = "0x80040217"
NO_SUCH_SEGMENT = "0x8006088a"
QUERY_INVALID = "0x80060888"
VERSION_MISMATCH = "0x80060882"
DUPLICATE = "0x80040237"
DUPLICATE_KEY = "0x80060892"
PAYLOAD = "0x80048d19"
TOO_LONG = "0x80044331"
INTEGER_RANGE = "0x8004432f"
MONEY_RANGE = "0x80044330"
PICKLIST_RANGE = "0x8004431a"
STATUS_INVALID = "0x80048408"
INVALID_ARGUMENT = "0x80040203"
NO_CHANGE_TRACKING = "0x80072491"
EXPIRED_TOKEN = "0x80044352"  # nosec B105  # an error code
NOT_A_MEMBER = "0x80072560"
PRIVILEGE_DENIED = "0x80040220"
DUPLICATE_ISO_CODE = "0x80048cf3"
IN_USE = "0x80040227"  # a guess: the reference gives the status 405 only
READ_ONLY = "0x8004022e"
PARENT_READ_ONLY = "0x80043b09"
UNIT_NOT_FOR_PRODUCT = "0x80043b14"


class Refused(Exception):
    """The request is answered with this status and error; whatever it had written is undone."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def missing_row(table: str, row_id: str) -> Refused:
    return Refused(404, NOT_FOUND, f"Entity '{table}' With Id = {row_id} Does Not Exist")


def no_segment(name: str) -> Refused:
    return Refused(404, NO_SUCH_SEGMENT, f"Resource not found for the segment '{name}'.")


def bad_query(message: str) -> Refused:
    return Refused(400, QUERY_INVALID, message)


def no_property(name: str, table: str) -> Refused:
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def bad_payload(table: str, reason: str) -> Refused:
    """Return the refusal of a body; `reason` is the OData exception inside it."""
    return Refused(
        400,
        PAYLOAD,
        f"Error identified in Payload provided by the user for Entity :'{table}', For more information on "
        "this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  "
        f"InnerException : Microsoft.OData.ODataException: {reason}",
    )


def refused(code: str, message: str) -> Refused:
    """Return a refusal of the sales tables: status 400 (reference section 8)."""
    return Refused(400, code, message)
