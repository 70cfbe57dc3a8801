"""What must agree: the Bicep files, the functions as the worker indexes them, and the settings that are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from functions.timers import SCHEDULES
from shared.engine.messages import REJECTED, queue_of
from shared.mappings import ALL
from shared.settings import Settings
from shared.signal_names import ACTIONS, ATTRIBUTES, METRICS, SPANS
from tests.architecture import bicep_reader as bicep
from tests.architecture import bicep_types, deployment_checks
from tests.architecture.bicep_reader import Bicep, find, properties, strings, text
from tests.functions.callers import BY_NAME

#: Settings that only a developer's machine or the sandbox has.
LOCAL = {
    "TABLES_CONNECTION_STRING": "Azure signs in by identity",
    "ServiceBusConnection": "Azure signs in by identity",
    "NoticesConnection": "Azure signs in by identity",
    "AzureWebJobsStorage": "Azure signs in by identity",
    "FUNCTIONS_WORKER_RUNTIME": "the plan says it (azure-platform.md 9.6)",
    "CA_BUNDLE": "the sandbox's own certificates",
    "CLIENT_CERTIFICATE_PASSWORD": "a certificate from Key Vault has none",
}
#: Settings that the host, its worker and the Azure SDKs read, not Tandem (azure-platform.md 3.20, 8.2, 8.8, 9.7).
HOST = {
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "ServiceBusConnection__credential",
    "ServiceBusConnection__clientId",
    "NoticesConnection__credential",
    "NoticesConnection__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_ENABLE_OPENTELEMETRY",
}
KEYS = {"API_KEY_READ", "API_KEY_ADMIN"}
#: What Dataverse sends to has a namespace of its own, made in data.bicep.
NOTICES = "NoticesConnection"
#: What the identity may do, and on what (azure-platform.md 3.18, 4.12, 6.8, 8.8, 9.7). Nothing more.
ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner: leases of timers, the package",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor: Tandem's state",
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": "Service Bus Data Receiver: triggers, peeking",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Service Bus Data Sender: follow-up messages",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User: references",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher: telemetry without a key",
}
#: Words of a way in that is no identity.
KEYED = (
    "listKeys",
    "SharedAccessKey",
    "AccountKey",
    "listConnectionStrings",
    "StorageAccountConnectionString",
)


class Recorder(dict[str, str]):
    """An environment that notes what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(key)
        return default


def settings_read() -> set[str]:
    """Return every name that `shared/settings.py` looks at, by watching it."""
    env = Recorder()
    try:
        Settings.from_env(env)
    except Exception:  # noqa: BLE001 - an empty environment is refused; it was watched until then
        pass
    # Settings stop at the first reading when something is missing: the fields name the rest.
    rest = {n.upper() for n in Settings.__dataclass_fields__} - {
        "SERVICE_BUS_CONNECTION",
        "SERVICE_BUS_NAMESPACE",
        "SCHEDULES",
    }
    return env.asked | rest


def bindings() -> list[dict[str, object]]:
    return [json.loads(str(b)) for f in BY_NAME.values() for b in f.get_raw_bindings()]


def named(kind: str, key: str) -> set[str]:
    return {str(b[key]) for b in bindings() if b["type"] == kind}


def files(root: Path) -> dict[str, Bicep]:
    folder = root / "infra"
    return {p.relative_to(folder).as_posix(): bicep.read(p) for p in sorted(folder.rglob("*.bicep"))}


def example(root: Path) -> dict[str, str]:
    values: dict[str, str] = json.loads((root / "local.settings.example.json").read_text())["Values"]
    return values


def app_settings(found: dict[str, Bicep], root: Path) -> dict[str, set[str]]:
    """Return the names of the app's settings for each way to sign in, as the Bicep puts them together."""
    app, main = found["modules/app.bicep"], found["main.bicep"]
    declared = app.resources["appSettings"][1]
    fixed = {
        k
        for n in bicep.walk(declared)
        if n.type == "arguments"
        for o in bicep.of(n, "object")
        for k in properties(o)
    }
    tuned = set(strings(main.variables["tuned"]))
    copied = {n for n in example(root) if n.startswith("SCHEDULE_")} | (tuned & set(example(root)))
    ways = [
        key
        for node in bicep.walk(app.variables["credential"])
        if node.type == "object"
        for key in properties(node)
    ]
    optional = {
        k for node in bicep.walk(app.variables["keys"]) if node.type == "object" for k in properties(node)
    }
    return {way: fixed | copied | optional | {way} for way in ways}


def problems(root: Path) -> list[str]:
    """Return everything that does not agree, in words."""
    found = files(root)
    told = list(bicep.problems(found))
    if told:
        return told
    return [
        *_queues(found),
        *_settings(found, root),
        *_example(root),
        *_identity_only(found),
        *_deployment(found, root),
        *_telemetry(root),
        *bicep_types.problems(found),
        *deployment_checks.problems(found, root),
    ]


def _queues(found: dict[str, Bicep]) -> Iterator[str]:
    main = found["main.bicep"]
    listed = next(
        strings(n.named_children[-1])
        for n in bicep.walk(main.root)
        if n.type == "parameter_declaration" and text(n.named_children[0]) == "mappings"
    )
    array = next(n for n in bicep.walk(main.variables["queues"]) if n.type == "array")
    made = {queue_of(mapping) for mapping in listed} | set(strings(array))
    by_connection: dict[str, set[str]] = {}
    for b in bindings():
        if b["type"] == "serviceBusTrigger":
            by_connection.setdefault(str(b["connection"]), set()).add(str(b["queueName"]))
    told = {bicep_name(found, "noticesQueue")}
    if by_connection.pop(NOTICES) != told:
        yield f"data.bicep: the function of {NOTICES} does not listen to {', '.join(told)}"
    wanted = set().union(*by_connection.values()) | {REJECTED}
    yield from (
        f"main.bicep: no queue '{q}', which a function listens to or sends to" for q in sorted(wanted - made)
    )
    yield from (f"main.bicep: nobody uses the queue '{q}'" for q in sorted(made - wanted))
    if set(listed) != {m.name for m in ALL}:
        yield "main.bicep: the mappings are not those of shared/mappings; run `make docs`"
    queue = properties(find(bicep.body(found["modules/data.bicep"].resources["queue"][1]), "properties"))
    for name, value in {
        "requiresDuplicateDetection": "true",
        "maxDeliveryCount": "10",
        "lockDuration": "PT1M",
        "duplicateDetectionHistoryTimeWindow": "PT1H",
        "defaultMessageTimeToLive": "P14D",
    }.items():
        if name not in queue or text(queue[name]) != value:
            yield f"data.bicep: {name} of the queues is not {value}"


def bicep_name(found: dict[str, Bicep], resource: str) -> str:
    """Return the name of a resource of data.bicep, without its quotes."""
    return text(properties(bicep.body(found["modules/data.bicep"].resources[resource][1]))["name"]).strip("'")


def _settings(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    ways = app_settings(found, root)
    given = set().union(*ways.values())
    connections = named("serviceBusTrigger", "connection")
    wanted = (settings_read() | set(SCHEDULES) | KEYS | HOST) - set(LOCAL)
    wanted |= {f"{c}__fullyQualifiedNamespace" for c in connections}
    wanted |= {s.strip("%") for s in named("timerTrigger", "schedule")}
    yield from (f"app.bicep: the setting {n} is missing" for n in sorted(wanted - given))
    yield from (f"app.bicep: nobody reads the setting {n}" for n in sorted(given - wanted))


def _example(root: Path) -> Iterator[str]:
    wanted = settings_read() | set(SCHEDULES) | KEYS | set(LOCAL)
    given = set(example(root))
    yield from (f"local.settings.example.json: {n} is missing" for n in sorted(wanted - given))
    yield from (f"local.settings.example.json: nobody reads {n}" for n in sorted(given - wanted))


def _identity_only(found: dict[str, Bicep]) -> Iterator[str]:
    for path, made in found.items():
        yield from (f"{path}: {word} is a way in with a key" for word in KEYED if word in made.source)
    data = found["modules/data.bicep"]
    switches = [
        ("data.bicep", data, "storage", "allowSharedKeyAccess", "false"),
        ("data.bicep", data, "storage", "allowBlobPublicAccess", "false"),
        ("data.bicep", data, "bus", "disableLocalAuth", "true"),
        ("data.bicep", data, "vault", "enableRbacAuthorization", "true"),
        ("monitoring.bicep", found["modules/monitoring.bicep"], "insights", "DisableLocalAuth", "true"),
        ("app.bicep", found["modules/app.bicep"], "site", "httpsOnly", "true"),
    ]
    for path, made, resource, name, value in switches:
        there = properties(find(bicep.body(made.resources[resource][1]), "properties"))
        if name not in there or text(there[name]) != value:
            yield f"{path}: {name} of {resource} is not {value}"
    guid = r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'"
    given = {
        role
        for path in (
            "modules/data.bicep",
            "modules/monitoring.bicep",
            "modules/app.bicep",
            "modules/identity.bicep",
        )
        for role in re.findall(guid, found[path].source)
    }
    yield from (f"the role {role} is given: why?" for role in sorted(given - set(ROLES)))
    yield from (f"nobody gives the role {ROLES[role]}" for role in sorted(set(ROLES) - given))


def _deployment(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    service = re.findall(r"(?m)^  (\w+):\n    project", (root / "azure.yaml").read_text())
    tags = re.findall(r"'azd-service-name': '(\w+)'", found["modules/app.bicep"].source)
    if service != tags:
        yield f"azure.yaml deploys {service}, the site is tagged {tags}"
    given = json.loads((root / "infra/main.parameters.json").read_text())["parameters"]
    params = found["main.bicep"].params
    yield from (f"main.parameters.json: main.bicep has no '{n}'" for n in sorted(set(given) - set(params)))
    needed = {n for n, default in params.items() if not default}
    yield from (f"main.parameters.json: '{n}' is missing" for n in sorted(needed - set(given)))
    for name in re.findall(
        r"load(?:Text|Json)Content\('([^']+)'\)", "".join(b.source for b in found.values())
    ):
        if not any((root / "infra" / base / name).exists() for base in ("", "modules")):
            yield f"there is no file {name}"


def queries(root: Path) -> dict[str, str]:
    """Return every query by where it is: files of alerts, parts of the workbook."""
    folder = root / "infra/monitoring"
    made = {p.name: p.read_text() for p in sorted(folder.glob("*.kql"))}
    workbook = json.loads((folder / "workbook.json").read_text())
    made |= {
        f"workbook.json: {i['name']}": i["content"]["query"] for i in workbook["items"] if i["type"] == 3
    }
    return made


def _telemetry(root: Path) -> Iterator[str]:
    """Names of functions and signals in queries are those of the code, and each metric is looked at somewhere."""
    functions, found = set(BY_NAME), queries(root)
    for where, query in found.items():
        for prefix in re.findall(r'Name startswith "([^"]+)"', query):
            if not any(f.startswith(prefix) for f in functions):
                yield f"{where}: no function's name starts with '{prefix}'"
        for name in named_in(query, "Name"):
            known = functions if not name.startswith("tandem.") else METRICS | SPANS
            if name not in known:
                yield f"{where}: there is no function, metric or span '{name}'"
        for name in named_in(query, "Action") | named_in(query, r"tostring\(Properties\.action\)"):
            if name not in ACTIONS:
                yield f"{where}: no log line has the action '{name}'"
        for name in re.findall(r"Properties\.(\w+)", query):
            if name not in ATTRIBUTES:
                yield f"{where}: nothing has the attribute '{name}'"
    used = set().union(*(named_in(query, "Name") for query in found.values()))
    yield from (f"no query looks at '{name}'" for name in sorted((METRICS | SPANS) - used))
    told = "".join(found.values())
    yield from (f"no query looks at '{name}'" for name in sorted(ACTIONS) if f'"{name}"' not in told)
    bicep = (root / "infra/modules/monitoring.bicep").read_text()
    alerts = {p.name for p in (root / "infra/monitoring").glob("*.kql")}
    yield from (f"{name} is no alert" for name in sorted(alerts) if f"monitoring/{name}'" not in bicep)


def named_in(query: str, column: str) -> set[str]:
    """Return the texts that a column is compared with."""
    groups = re.findall(rf"{column} (?:== |in \()((?:\"[^\"]+\"(?:, )?)+)", query)
    return {name for group in groups for name in re.findall(r'"([^"]+)"', group)}
