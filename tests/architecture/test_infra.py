"""The Bicep files agree with the functions as the worker indexes them and with the settings they read (issue 5)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.architecture.infra_checks import app_settings, example, files, problems

ROOT = Path(__file__).parents[2]
#: Settings that a Flex Consumption app must not have (azure-platform.md 9.6).
FORBIDDEN = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "WEBSITE_AUTH_ENABLED",  # the platform's own: 7.3
}
WAYS = ["FEDERATED_IDENTITY_CLIENT_ID", "CLIENT_CERTIFICATE", "CLIENT_SECRET"]


def copy_of_infra(to: Path) -> Path:
    shutil.copytree(
        ROOT / "infra", to / "infra", ignore=shutil.ignore_patterns("__pycache__", "business-central")
    )
    for name in ("azure.yaml", "local.settings.example.json"):
        shutil.copy(ROOT / name, to / name)
    return to


def test_bicep_app_settings_and_example_agree():
    assert problems(ROOT) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_app_starts_with_the_settings_that_the_bicep_gives_it(way):
    names = app_settings(files(ROOT), ROOT)[way]
    env = {n: example(ROOT).get(n) or "x" for n in names}
    env |= {n: "https://host" for n in ("BC_URL", "DATAVERSE_URL", "LOGIN_URL", "TABLES_ENDPOINT")}

    env |= dict.fromkeys(
        ("MORE_CLIENTS", "ORDERS_USER", "WRITE_IN_TYPE", "WRITE_IN_NUMBER", "AVAILABILITY_KEY"), ""
    )

    settings = Settings.from_env(env)

    assert settings.tables_endpoint and settings.service_bus_namespace and settings.azure_client_id
    assert not names & FORBIDDEN


def test_there_is_one_way_to_sign_in_for_each_choice():
    assert list(app_settings(files(ROOT), ROOT)) == WAYS


def test_no_setting_holds_a_secret_only_a_reference_to_one():
    source = files(ROOT)["modules/app.bicep"].source

    for name in ("CLIENT_SECRET", "CLIENT_CERTIFICATE", "API_KEY_READ", "API_KEY_ADMIN", "WEBHOOK_SECRETS"):
        assert f"{name}: '@Microsoft.KeyVault(SecretUri=${{vaultUri}}secrets/" in source


BREAKS = [
    ("infra/main.bicep", "  'customers'\n", "  'customer'\n", "no queue 'sync-customers'"),
    ("infra/main.bicep", "  'rejected'\n", "", "no queue 'rejected'"),
    ("infra/main.bicep", "  'full-sync'\n", "  'full-sync'\n  'spare'\n", "nobody uses the queue 'spare'"),
    ("infra/main.bicep", "  'BC_PERMITS'\n", "  'BC_PERMIT'\n", "the setting BC_PERMITS is missing"),
    ("infra/main.bicep", "    queues: queues\n", "", "modules/data.bicep needs 'queues'"),
    ("infra/main.bicep", "    queues: queues\n", "    queues: queue\n", "nobody declares 'queue'"),
    ("infra/main.bicep", "data.outputs.storageName", "data.outputs.storage", "has no output 'storage'"),
    ("infra/main.bicep", "param costCenter string = ''", "param costCentre string = ''", "nobody declares 'costCenter'"),
    ("infra/modules/app.bicep", "TABLES_ENDPOINT:", "TABLE_ENDPOINT:", "the setting TABLES_ENDPOINT is missing"),
    ("infra/modules/app.bicep", "BC_URL: bcUrl", "BC_URL: bcUrl\n      SPARE: bcUrl", "nobody reads the setting SPARE"),
    ("infra/modules/app.bicep", "ServiceBusConnection__fullyQualifiedNamespace", "ServiceBus__fullyQualifiedNamespace", "the setting ServiceBusConnection__fullyQualifiedNamespace is missing"),
    ("infra/modules/app.bicep", "API_KEY_READ:", "API_KEY:", "the setting API_KEY_READ is missing"),
    ("infra/modules/app.bicep", "'azd-service-name': 'tandem'", "'azd-service-name': 'app'", "azure.yaml deploys ['tandem'], the site is tagged ['app']"),
    ("infra/modules/app.bicep", "httpsOnly: true", "httpsOnly: false", "httpsOnly of site is not true"),
    ("infra/modules/data.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKeyAccess of storage is not false"),
    ("infra/modules/data.bicep", "disableLocalAuth: true", "disableLocalAuth: false", "disableLocalAuth of bus is not true"),
    ("infra/modules/data.bicep", "    name: 'notices'\n", "    name: 'notice'\n", "does not listen to notice"),
    ("infra/modules/app.bicep", "WEBHOOK_SECRETS:", "WEBHOOK_SECRET:", "the setting WEBHOOK_SECRETS is missing"),
    ("infra/modules/data.bicep", "requiresDuplicateDetection: true", "requiresDuplicateDetection: false", "requiresDuplicateDetection of the queues is not true"),
    ("infra/modules/data.bicep", "output storageName string = storage.name", "output storageName string = storage.listKeys().keys[0].value", "listKeys is a way in with a key"),
    ("infra/modules/data.bicep", "4633458b-17de-408a-b874-0445c86b69e6", "090c5cfd-751d-490a-894a-3ce6f1109419", "is given: why?"),
    ("infra/modules/data.bicep", "lockDuration: 'PT1M'", "lockDuration 'PT1M'", "cannot be parsed"),
    ("infra/main.parameters.json", '"bcUrl"', '"bcURL"', "main.bicep has no 'bcURL'"),
    ("infra/monitoring/functions-failing.kql", '"full_sync"', '"fullsync"', "there is no function, metric or span 'fullsync'"),
    ("infra/monitoring/workbook.json", 'startswith \\"api_\\"', 'startswith \\"timer_\\"', "no function's name starts with 'timer_'"),
    ("infra/monitoring/mapping-late.kql", "tandem.mapping.age", "tandem.mapping.old", "there is no function, metric or span 'tandem.mapping.old'"),
    ("infra/monitoring/workbook.json", "tandem.time_to_sync", "tandem.throttled", "no query looks at 'tandem.time_to_sync'"),
    ("infra/monitoring/workbook.json", "Properties.within", "Properties.under", "nothing has the attribute 'under'"),
    ("infra/monitoring/workbook.json", "run.ended", "run.finished", "no log line has the action 'run.finished'"),
    ("infra/monitoring/workbook.json", "call.failed", "job.stopped", "no query looks at 'call.failed'"),
    ("infra/modules/monitoring.bicep", "/brake-pulled.kql", "/error-rate.kql", "brake-pulled.kql is no alert"),
    ("local.settings.example.json", '"SCHEDULE_CONTACTS"', '"SCHEDULE_CONTACT"', "SCHEDULE_CONTACTS is missing"),
    ("local.settings.example.json", '"PAGE_SIZE"', '"PAGESIZE"', "nobody reads PAGESIZE"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "name", "instead", "said"), BREAKS, ids=[b[3] for b in BREAKS])
def test_one_broken_name_is_told(file, name, instead, said, tmp_path):
    root = copy_of_infra(tmp_path)
    source = (root / file).read_text()
    assert name in source
    (root / file).write_text(source.replace(name, instead))

    assert any(said in problem for problem in problems(root)), problems(root)
