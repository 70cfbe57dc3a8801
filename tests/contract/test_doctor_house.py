"""What `tandem doctor` sees of tables and queues, and what `--fix` makes (P33)."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError
from azure.servicebus.management import ServiceBusAdministrationClient

from shared.adapters import doctor_house
from shared.adapters.doctor_fix_azure import QUEUE, make_queues, make_tables
from shared.adapters.tables import AzureTables
from shared.core.errors import Misconfigured
from shared.engine.push import NOTICES
from shared.state import TABLES
from shared.wiring_doctor import look_at, notices_of
from tests.contract.test_azure_tables import connection, service_that_answers

ROOT = Path(__file__).parents[2]
BICEP = ROOT / "infra/modules/data.bicep"
NAMESPACE = "Endpoint=sb://ns.test;SharedAccessKeyName=k;SharedAccessKey=planted-canary"


def test_tables_that_are_not_there_are_named_and_made_once(azurite: str, azure_tables: AzureTables):
    mine = [f"T{uuid.uuid4().hex[:20]}" for _ in range(2)]
    assert doctor_house.tables(azure_tables.names, mine) == ("", tuple(mine))

    for _ in range(2):
        assert make_tables(mine, connection_string=azurite) == [f"made the table {n}" for n in mine]

    assert doctor_house.tables(azure_tables.names, mine) == ("", ())


def test_a_storage_account_without_a_right_is_told_and_nothing_is_missing():
    with service_that_answers(403, {}) as port:
        store = AzureTables(connection_string=connection(port))
        problem, missing = doctor_house.tables(store.names, TABLES)
        store.close()

    assert "needs the role Storage Table Data Contributor" in problem and missing is None


def test_every_table_that_tandem_keeps_is_looked_for():
    source = "".join(p.read_text() for p in (ROOT / "shared/state").glob("*.py"))

    assert set(re.findall(r'(?m)^\s*(?:TABLE|HELD|WAITS) = "(\w+)"$', source)) == set(TABLES)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "NoticesConnection is missing, and so is NoticesConnection__fullyQualifiedNamespace"),
        ({"NoticesConnection": "planted-canary"}, "NoticesConnection: "),
    ],
)
def test_the_queue_of_notices_is_looked_at_on_a_connection_of_its_own(env: dict[str, str], said: str):
    told = look_at((NOTICES,), "NoticesConnection", *notices_of(env), None)

    assert told["NoticesConnection"].startswith(said) and "planted-canary" not in str(told)


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    made: dict[str, Any] = {}

    def create(self: Any, name: str, **how: Any) -> None:
        if name in made:
            raise ResourceExistsError("409")
        made[name] = how

    monkeypatch.setattr(ServiceBusAdministrationClient, "create_queue", create)
    return made


def test_queues_are_made_as_the_deployment_makes_them_and_once(namespace: dict[str, Any]):
    for _ in range(2):
        assert make_queues(["sync-items"], connection_string=NAMESPACE) == ["made the queue sync-items"]

    # The first of them are the mappings' queues; the queue of notices has a namespace of its own.
    told = re.findall(r"(?m)^      (\w+): '?([^'\n]+)'?$", BICEP.read_text())
    bicep = dict(reversed(told))
    assert namespace == {"sync-items": QUEUE}
    assert bicep["lockDuration"] == "PT1M" and QUEUE["lock_duration"] == timedelta(minutes=1)
    assert int(bicep["maxDeliveryCount"]) == QUEUE["max_delivery_count"]
    assert bicep["duplicateDetectionHistoryTimeWindow"] == "PT1H"
    assert QUEUE["duplicate_detection_history_time_window"] == timedelta(hours=1)
    assert bicep["defaultMessageTimeToLive"] == "P14D"
    assert QUEUE["default_message_time_to_live"] == timedelta(days=14)
    assert bicep["requiresDuplicateDetection"] == bicep["deadLetteringOnMessageExpiration"] == "true"
    assert QUEUE["requires_duplicate_detection"] and QUEUE["dead_lettering_on_message_expiration"]
    assert int(bicep["maxSizeInMegabytes"]) == QUEUE["max_size_in_megabytes"]


def test_who_may_not_make_queues_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Any, name: str, **how: Any) -> None:
        raise ClientAuthenticationError("planted-canary")

    monkeypatch.setattr(ServiceBusAdministrationClient, "create_queue", refuse)

    with pytest.raises(Misconfigured) as told:
        make_queues(["sync-items"], connection_string=NAMESPACE)
    assert "ClientAuthenticationError" in str(told.value) and "planted-canary" not in str(told.value)
