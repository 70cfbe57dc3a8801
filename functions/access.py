"""Who may call the administrators' API (design §11, Access)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from enum import IntEnum

from shared.settings import KEY_VAULT


class Access(IntEnum):
    NONE = 0
    READ = 1
    ADMIN = 2


#: App roles, and the claim types that may carry them (azure-platform.md 7.2).
ROLES = {"Sync.Read": Access.READ, "Sync.Admin": Access.ADMIN}
ROLE_CLAIMS = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


def access_of(headers: Mapping[str, str], env: Mapping[str, str]) -> tuple[Access, bool]:
    """Return what the caller may do, and whether anybody was recognized at all.

    The principal header is trusted only when Easy Auth is on: otherwise anybody can write it
    (azure-platform.md 7.3). Keys are compared in constant time.
    """
    lower = {k.lower(): v for k, v in headers.items()}
    principal = ""
    if env.get("WEBSITE_AUTH_ENABLED", "").lower() == "true":
        principal = lower.get("x-ms-client-principal", "")
    by_role = _role(principal) if principal else Access.NONE
    by_key = _by_key(lower.get("x-api-key", ""), env)
    return max(by_role, by_key), bool(principal) or by_key > Access.NONE


def _by_key(given: str, env: Mapping[str, str]) -> Access:
    """Compare with both keys always. A Key Vault reference that stayed unresolved is no key:
    anybody could guess its text (azure-platform.md 6.8)."""
    found = Access.NONE
    for name, access in (("API_KEY_READ", Access.READ), ("API_KEY_ADMIN", Access.ADMIN)):
        key = env.get(name, "").strip()
        same = hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogateescape"))
        if same and key and not key.startswith(KEY_VAULT):
            found = access
    return found


def _role(principal: str) -> Access:
    try:
        data = json.loads(base64.b64decode(principal + "=" * (-len(principal) % 4)))
        wanted = {data.get("role_typ"), *ROLE_CLAIMS}
        found = [
            ROLES.get(c.get("val"), Access.NONE) for c in data.get("claims", []) if c.get("typ") in wanted
        ]
    except (binascii.Error, ValueError, AttributeError, TypeError, RecursionError):
        return Access.NONE
    return max(found, default=Access.NONE)


def availability_access(headers: Mapping[str, str], env: Mapping[str, str]) -> bool | None:
    """Say whether the caller may ask for availability; None while it is switched off (P34).

    Its key opens nothing else, and no other key opens it.
    """
    if env.get("AVAILABILITY", "").strip().lower() != "on":
        return None
    key = env.get("AVAILABILITY_KEY", "").strip()
    given = {k.lower(): v for k, v in headers.items()}.get("x-api-key", "")
    same = hmac.compare_digest(key.encode(), given.encode("utf-8", "surrogateescape"))
    return same and bool(key) and not key.startswith(KEY_VAULT)
