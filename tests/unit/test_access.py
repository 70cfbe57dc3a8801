"""Who may call the API (design §11): keys, roles, and nobody when neither is set up."""

import base64
import json

import pytest

from functions.access import Access, access_of

KEYS = {"API_KEY_READ": "look", "API_KEY_ADMIN": "do"}
ON = {"WEBSITE_AUTH_ENABLED": "True"}


def principal(*roles: str) -> str:
    claims = [{"typ": "roles", "val": r} for r in roles]
    raw = json.dumps({"auth_typ": "aad", "role_typ": "roles", "claims": claims})
    return base64.b64encode(raw.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("headers", "env", "expected"),
    [
        pytest.param({}, KEYS, (Access.NONE, False), id="nobody"),
        pytest.param({"x-api-key": "look"}, KEYS, (Access.READ, True), id="read key"),
        pytest.param({"X-Api-Key": "do"}, KEYS, (Access.ADMIN, True), id="admin key"),
        pytest.param({"x-api-key": "guess"}, KEYS, (Access.NONE, False), id="wrong key"),
        pytest.param({"x-api-key": ""}, {}, (Access.NONE, False), id="no keys set up, empty key"),
        pytest.param({"x-ms-client-principal": principal("Sync.Admin")}, ON, (Access.ADMIN, True), id="role"),
        pytest.param(
            {"x-ms-client-principal": principal("Other")}, ON, (Access.NONE, True), id="another role"
        ),
        pytest.param(
            {"x-ms-client-principal": principal("Sync.Admin")}, {}, (Access.NONE, False), id="forged"
        ),
        pytest.param({"x-ms-client-principal": "%%%"}, ON, (Access.NONE, True), id="no base64"),
    ],
)
def test_access(headers, env, expected):
    assert access_of(headers, env) == expected


def test_a_key_still_counts_beside_a_sign_in_without_a_role():
    headers = {"x-ms-client-principal": principal("Other"), "x-api-key": "do"}

    assert access_of(headers, KEYS | ON) == (Access.ADMIN, True)


@pytest.mark.parametrize(
    "given", ["", " ", "@Microsoft.KeyVault(SecretUri=https://v/secrets/k)", "é", "\udcff"]
)
def test_a_key_that_was_never_resolved_is_no_key(given):
    env = {"API_KEY_ADMIN": "@Microsoft.KeyVault(SecretUri=https://v/secrets/k)", "API_KEY_READ": "  "}

    assert access_of({"x-api-key": given}, env) == (Access.NONE, False)


@pytest.mark.parametrize(
    "data",
    ["[]", "null", "{}", '{"claims": 1}', '{"claims": ["x"]}', '{"claims": [{"typ": "roles", "val": []}]}'],
)
def test_a_strange_principal_is_nobody(data):
    header = base64.b64encode(data.encode()).decode()

    assert access_of({"x-ms-client-principal": header}, ON) == (Access.NONE, True)
