"""Shared-access tokens, as the SDK puts them on `$cbs` (azure-platform.md 3.22, 3.26)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qs, quote_plus

#: Literal texts of Microsoft's emulator: no secret.
KEY_NAME, KEY = "RootManageSharedAccessKey", "SAS_KEY_VALUE"


def connection_string(port: int) -> str:
    """Return the SDK's connection string; it compares `true` in lower case (3.22)."""
    return (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName={KEY_NAME};"
        f"SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
    )


def problem(token: str, *, now: float) -> str | None:
    """Return what is wrong with a token, or None.

    Source of its form: azure-servicebus `_pyamqp/utils.py`, `generate_sas_token`.
    """
    kind, _, rest = token.partition(" ")
    fields = {key: values[0] for key, values in parse_qs(rest).items()}
    if kind != "SharedAccessSignature" or not {"sr", "sig", "se", "skn"} <= fields.keys():
        return "the emulator takes shared-access signatures only"
    signed = f"{quote_plus(fields['sr'])}\n{fields['se']}".encode()
    right = base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha256).digest()).decode()
    if fields["skn"] != KEY_NAME or not hmac.compare_digest(fields["sig"], right):
        return "the signature is not the one of the emulator's key"
    if not fields["se"].isdigit() or int(fields["se"]) <= now:
        return "the token has expired"
    return None
