"""Who may call the administrators' API (design §11, Access)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from enum import IntEnum


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
    if env.get("WEBSITE_AUTH_ENABLED", "").lower() == "true":
        principal = lower.get("x-ms-client-principal")
        if principal:
            return _role(principal), True
    given = lower.get("x-api-key", "")
    for name, access in (("API_KEY_ADMIN", Access.ADMIN), ("API_KEY_READ", Access.READ)):
        key = env.get(name, "")
        if key and given and hmac.compare_digest(key.encode(), given.encode()):
            return access, True
    return Access.NONE, False


def _role(principal: str) -> Access:
    try:
        data = json.loads(base64.b64decode(principal + "=" * (-len(principal) % 4)))
        wanted = {data.get("role_typ"), *ROLE_CLAIMS}
        found = [
            ROLES.get(c.get("val"), Access.NONE) for c in data.get("claims", []) if c.get("typ") in wanted
        ]
    except (binascii.Error, ValueError, AttributeError, TypeError):
        return Access.NONE
    return max(found, default=Access.NONE)
