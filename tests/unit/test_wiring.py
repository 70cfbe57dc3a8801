"""What wiring asks the systems for."""

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from shared.core.model import Side
from shared.mappings import BY_NAME
from shared.settings import REQUIRED, Settings
from shared.wiring import columns, identity_of


def test_what_a_rule_computes_from_is_asked_for_and_what_it_computes_is_not():
    asked = columns(BY_NAME, Side.BC)["currencies"]

    assert {"symbol", "description", "exchangeRateAmount", "relationalExchangeRateAmount"} <= set(asked)
    assert not [c for c in asked if c.startswith("computed")]


URLS = {"BC_URL": "https://bc", "DATAVERSE_URL": "https://sales", "CLIENT_SECRET": "x"}
STRINGS = {name: "x" for name in REQUIRED} | URLS
ADDRESS = {
    "TABLES_CONNECTION_STRING": "",
    "TABLES_ENDPOINT": "https://account.table.core.windows.net",
}


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        pytest.param({}, type(None), id="connection strings"),
        pytest.param({**ADDRESS, "AZURE_CLIENT_ID": "id"}, ManagedIdentityCredential, id="on Azure"),
        pytest.param(ADDRESS, DefaultAzureCredential, id="a developer"),
    ],
)
def test_tables_and_queues_are_signed_in_to_by_identity_where_there_is_no_connection_string(env, kind):
    assert type(identity_of(Settings.from_env(STRINGS | env))) is kind
