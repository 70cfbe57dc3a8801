"""The Bicep files agree with the functions as the worker indexes them and with the settings they read (issue 5)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.architecture import bicep_types
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
    shutil.copytree(ROOT / "docs", to / "docs")
    for name in ("azure.yaml", "local.settings.example.json"):
        shutil.copy(ROOT / name, to / name)
    return to


def test_each_type_of_resource_that_is_known_is_used():
    used = {bicep_types.type_of(node) for made in files(ROOT).values() for _, node in made.resources.values()}

    assert used == set(bicep_types.known())


def test_bicep_app_settings_and_example_agree():
    assert problems(ROOT) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_app_starts_with_the_settings_that_the_bicep_gives_it(way):
    names = app_settings(files(ROOT), ROOT)[way]
    env = {n: example(ROOT).get(n) or "x" for n in names}
    env |= {n: "https://host" for n in ("BC_URL", "DATAVERSE_URL", "LOGIN_URL", "TABLES_ENDPOINT")}

    left_out = (
        "MORE_CLIENTS",
        "ORDERS_USER",
        "OWNING_TEAM",
        "WRITE_IN_TYPE",
        "WRITE_IN_NUMBER",
        "AVAILABILITY_KEY",
    )
    env |= dict.fromkeys(left_out, "")
    env["API_KEY_ADMIN"] = "y"

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
    ("infra/main.bicep", "'sync-${mapping}'", "'${mapping}'", "queues of mappings are not called sync-<mapping>"),
    ("infra/main.bicep", "appHost: 'func-tandem-", "appHost: 'tandem-", "appHost is not the host of the app"),
    ("infra/main.bicep", "output TANDEM_KEY_VAULT", "output TANDEM_SAFE", "no page tells of the output TANDEM_SAFE"),
    ("infra/main.bicep", "'azd-env-name': ", "'env-name': ", "azd finds resources by the tag azd-env-name"),
    ("infra/main.bicep", "['identity', 'certificate', 'secret']", "['identity', 'cert', 'secret']", "signIn may be ['identity', 'cert', 'secret']"),
    ("infra/modules/app.bicep", "secrets/availability-key", "secrets/availability", "AVAILABILITY_KEY is no reference to the secret availability-key"),
    ("infra/modules/app.bicep", "['/api/health', '/api/webhooks/bc']", "['/api/health', '/api/hooks/bc']", "Easy Auth lets ['/api/health', '/api/hooks/bc'"),
    ("infra/modules/app.bicep", "? ['/api/availability'] : []", "? [] : []", "Easy Auth lets ['/api/health', '/api/webhooks/bc'] by"),
    ("infra/modules/app.bicep", ".azurewebsites.net/api/webhooks/bc'", ".azurewebsites.net/api/bc'", "is not WEBHOOK_URL"),
    ("infra/modules/app.bicep", "PUSH: push ? 'on'", "PUSH: push ? 'yes'", "PUSH is not on or off"),
    ("infra/modules/app.bicep", "keyVaultReferenceIdentity:", "keyVaultIdentity:", "has no properties.keyVaultIdentity"),
    ("infra/modules/app.bicep", "'FlexConsumption'", "'Flex'", "sku.tier is never 'Flex'"),
    ("infra/modules/app.bicep", "Microsoft.Web/serverfarms@2024-04-01", "Microsoft.Web/plans@2024-04-01", "there is no type Microsoft.Web/plans@2024-04-01"),
    ("infra/modules/app.bicep", "primaryEndpoints.table", "endpoints.table", "storage has no properties.endpoints.table"),
    ("infra/modules/app.bicep", "'managedidentity'", "'identity'", "AzureWebJobsStorage__credential is identity"),
    ("infra/modules/app.bicep", "'Return401'", "'Return403'", "unauthenticatedClientAction is never 'Return403'"),
    ("infra/modules/data.bicep", "[roles.serviceBusReceiver, roles.serviceBusSender]", "[roles.serviceBusReceiver]", "roles are given as"),
    ("infra/modules/data.bicep", "  scope: notices\n", "  scope: bus\n", "roles are given as"),
    ("infra/modules/data.bicep", "rights: ['Send']", "rights: ['Send', 'Listen']", "Dataverse's key may ['Send', 'Listen']"),
    ("infra/modules/data.bicep", "roles.keyVaultSecretsUser)", "roles.secretsUser)", "roles has no secretsUser"),
    ("infra/modules/data.bicep", "'P14D'", "'14 days'", "data.bicep: defaultMessageTimeToLive of the queues is not P14D"),
    ("infra/modules/registrations.bicep", "value: 'Sync.Admin'", "value: 'Sync.Administrator'", "the app roles are"),
    ("infra/modules/registrations.bicep", "/.auth/login/aad/callback", "/callback", "is not redirectUris"),
    ("infra/modules/registrations.bicep", "extension microsoftGraphV1", "extension graph", "registrations.bicep uses ['graph']"),
    ("infra/modules/monitoring.bicep", "name: 'brake-pulled'", "name: 'brake'", "the alert brake asks"),
    ("infra/modules/monitoring.bicep", "'DeadletteredMessages'", "'DeadMessages'", "dead-letters looks at DeadMessages"),
    ("infra/modules/monitoring.bicep", "queue: 'rejected'", "queue: 'refused'", "rejected-messages looks at ActiveMessages of refused"),
    ("infra/modules/monitoring.bicep", "queue: 'notices'", "queue: 'notice'", "dead-notices looks at DeadletteredMessages of notice in noticesId"),
    ("infra/modules/monitoring.bicep", "alert.frequency", "alert.every", "no item of logAlerts has every"),
    ("infra/modules/monitoring.bicep", "window: 'PT6H'", "window: 'PT30M'", "certificate-ending looks every PT1H at PT30M"),
    ("infra/main.parameters.json", "TANDEM_PUSH", "TANDEM_PUSHED", "main.parameters.json: push is"),
    ("azure.yaml", "host: function", "host: appservice", "azure.yaml: the service is"),
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
