"""What the deployment says of the app beyond the names of settings: routes, secrets, words, roles, alerts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from functions.access import ROLES as APP_ROLES
from shared.engine.messages import REJECTED, queue_of
from shared.engine.push import NOTICES
from tests.architecture.bicep_reader import Bicep, body, find, of, properties, strings, text, walk
from tests.functions.callers import BY_NAME

#: Functions that Easy Auth lets by: each proves its caller otherwise, or says nothing secret.
LET_BY = ("api_health", "webhook_bc", "api_availability")
#: Resource of roles → what they are given on, and which (azure-platform.md 3.18, 4.12, 6.8, 8.8, 9.7).
GIVEN = {
    "onStorage": ("storage", {"blobDataOwner", "tableDataContributor"}),
    "onBus": ("bus", {"serviceBusReceiver", "serviceBusSender"}),
    "onNotices": ("notices", {"serviceBusReceiver"}),
    "onVault": ("vault", {"keyVaultSecretsUser"}),
    "publishing": ("insights", {"metricsPublisher"}),
}
ROLE_IDS = {
    "blobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "tableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "serviceBusReceiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "serviceBusSender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "metricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
#: Of Business Central itself, in every tenant (business-central-api.md 2).
BUSINESS_CENTRAL = "996def3d-b36c-4153-8607-a6fd3c01b89f"
#: Metrics of a Service Bus namespace that an alert may look at (azure-platform.md 9.14).
BUS_METRICS = {"DeadletteredMessages", "ActiveMessages"}
OPERATORS = {"GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equal"}
#: How often a log alert may look, and how far back, in minutes.
MINUTES = {
    "PT5M": 5,
    "PT10M": 10,
    "PT15M": 15,
    "PT30M": 30,
    "PT1H": 60,
    "PT2H": 120,
    "PT6H": 360,
    "P1D": 1440,
}


def problems(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    yield from _routes(found)
    yield from _secrets(found, root)
    yield from _words(found)
    yield from _roles(found)
    yield from _registrations(found, root)
    yield from _alerts(found)
    yield from _outputs(found, root)
    yield from _azd(found, root)


def route_of(function: str) -> str:
    [route] = [
        b["route"]
        for b in (json.loads(str(b)) for b in BY_NAME[function].get_raw_bindings())
        if b["type"] == "httpTrigger"
    ]
    return f"/api/{route}"


def _routes(found: dict[str, Bicep]) -> Iterator[str]:
    app, main = found["modules/app.bicep"], found["main.bicep"]
    auth = find(body(app.resources["auth"][1]), "properties", "globalValidation", "excludedPaths")
    let_by = [text(n) for n in walk(auth) if n.type == "string"]
    if let_by != [route_of(f) for f in LET_BY]:
        yield f"app.bicep: Easy Auth lets {let_by} by, not {[route_of(f) for f in LET_BY]}"
    hook = f"WEBHOOK_URL: 'https://${{name}}.azurewebsites.net{route_of('webhook_bc')}'"
    if hook not in app.source:
        yield f"app.bicep: is not {hook}"
    name = re.findall(r"\n    name: ('func-[^']+)'", main.source)
    if re.findall(r"appHost: ('func-[^']+?)\.azurewebsites\.net'", main.source) != name:
        yield "main.bicep: appHost is not the host of the app"
    if f"mapping => '{queue_of('${mapping}')}'" not in main.source:
        yield f"main.bicep: queues of mappings are not called {queue_of('<mapping>')}"
    if "startsWith(entry.key, 'SCHEDULE_')" not in main.source:
        yield "main.bicep: the schedules are not those that begin with SCHEDULE_"
    data = found["modules/data.bicep"].source
    for host, resource in (("serviceBusHost", "bus"), ("noticesHost", "notices")):
        if f"output {host} string = '${{{resource}.name}}.servicebus.windows.net'" not in data:
            yield f"data.bicep: {host} is not the host of {resource}"
    durations = re.findall(r"'(P[^']*)'", data)
    yield from (
        f"data.bicep: {d} is no duration"
        for d in durations
        if not re.fullmatch(r"P(\d+D)?(T(\d+[HMS])+)?", d)
    )
    if (
        data.count("name: deployments\n") != 1
        or "output deploymentContainer string = deployments\n" not in data
    ):
        yield "data.bicep: the container of deployments is not the one that is told"


def _secrets(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    """A reference is written out, to a secret with the setting's name, which the pages tell how to make."""
    told = "".join(page.read_text() for page in (root / "docs").glob("*.md"))
    source = found["modules/app.bicep"].source
    for setting, given in re.findall(r"(\w+): [^'\n]*'(@[^']*)'", source):
        secret = setting.lower().replace("_", "-")
        if given != f"@Microsoft.KeyVault(SecretUri=${{vaultUri}}secrets/{secret})":
            yield f"app.bicep: {setting} is no reference to the secret {secret}"
        if f"`{secret}`" not in told:
            yield f"no page tells of the secret {secret}"


def _words(found: dict[str, Bicep]) -> Iterator[str]:
    app, main = found["modules/app.bicep"], found["main.bicep"]
    for setting, switch in (("PUSH", "push"), ("AVAILABILITY", "availability")):
        if f"{setting}: {switch} ? 'on' : 'off'" not in app.source:
            yield f"app.bicep: {setting} is not on or off"
    [allowed] = re.findall(r"@allowed\(\[([^\]]*)\]\)\nparam signIn string = '(\w+)'", main.source) or [
        ("", "")
    ]
    ways = re.findall(r"'(\w+)'", allowed[0])
    tested = re.findall(r"signIn == '(\w+)'", app.source)
    if ways != [*tested, "secret"] or allowed[1] != "identity":
        yield f"signIn may be {ways}, by default {allowed[1]}; app.bicep knows {tested} and else secret"
    by_identity = re.findall(r"(\w+)__credential: '(\w*)'", app.source)
    yield from (
        f"app.bicep: {name}__credential is {how}" for name, how in by_identity if how != "managedidentity"
    )
    telemetry = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'"
    if telemetry not in app.source:
        yield f"app.bicep: is not {telemetry}"


def _roles(found: dict[str, Bicep]) -> Iterator[str]:
    """Each role on its own resource, and no more of them."""
    there = {}
    for path, made in found.items():
        for name, (type_, node) in made.resources.items():
            if type_.startswith("Microsoft.Authorization/roleAssignments"):
                given = properties(body(node))
                used = set(re.findall(r"\b(?:roles\.)?(\w+)\b", text(node))) & set(ROLE_IDS)
                there[name] = (text(given["scope"]), used)
                unique = text(given["name"])
                if not unique.startswith(f"guid({text(given['scope'])}.id, principalId, "):
                    yield f"{path}: {name} is called {unique}, which others may be, too"
    if there != GIVEN:
        yield f"roles are given as {there}, not as {GIVEN}"
    sources = "".join(made.source for made in found.values())
    yield from (
        f"{name} is not {id}"
        for name, id in ROLE_IDS.items()
        if not re.search(rf"\b{name}\b\W+{id}", sources)
    )
    definition = "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', "
    if sources.count("roleDefinitionId: ") != sources.count(f"roleDefinitionId: {definition}"):
        yield f"a role is not named by {definition}…)"
    rule = find(body(found["modules/data.bicep"].resources["dataverse"][1]), "properties", "rights")
    if strings(rule) != ["Send"]:
        yield f"data.bicep: Dataverse's key may {strings(rule)}, not only Send"


def _registrations(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    made = found["modules/registrations.bicep"]
    given = re.findall(
        r"guid\('(tandem-api-\$\{environmentName\})', '([\w.]+)'\)\s+value: '([\w.]+)'", made.source
    )
    if [(id, value) for _, id, value in given] != [(role, role) for role in APP_ROLES]:
        yield f"registrations.bicep: the app roles are {given}, the app knows {list(APP_ROLES)}"
    login = "${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0"
    wanted = [
        f"businessCentral = '{BUSINESS_CENTRAL}'",
        f"issuer = '{login}'",
        "redirectUris: ['https://${appHost}/.auth/login/aad/callback']",
        "uniqueName: 'tandem-api-${environmentName}'",
        "role.value == 'API.ReadWrite.All'",
        "requestedAccessTokenVersion: 2",
        "subject: identityPrincipalId",
        "appRoleAssignmentRequired: true",
    ]
    yield from (f"registrations.bicep: is not {line}" for line in wanted if line not in made.source)
    app = found["modules/app.bicep"].source
    wanted = [f"openIdIssuer: '{login}'", "allowedAudiences: [apiClientId, 'api://${apiClientId}']"]
    yield from (f"app.bicep: is not {line}" for line in wanted if line not in app)
    extensions = json.loads((root / "infra/bicepconfig.json").read_text())["extensions"]
    used = re.findall(r"(?m)^extension (\w+)", made.source)
    if used != list(extensions):
        yield f"registrations.bicep uses {used}, bicepconfig.json has {list(extensions)}"


def _alerts(found: dict[str, Bicep]) -> Iterator[str]:
    made = found["modules/monitoring.bicep"]
    for alert in of(made.variables["logAlerts"], "object"):
        said = {key: text(value) for key, value in properties(alert).items()}
        if said["query"] != f"loadTextContent('../monitoring/{said['name']}.kql')":
            yield f"monitoring.bicep: the alert {said['name']} asks {said['query']}"
        every, back = (MINUTES.get(said[key], 0) for key in ("frequency", "window"))
        if not 0 < every <= back:
            yield f"monitoring.bicep: {said['name']} looks every {said['frequency']} at {said['window']}"
        if said["operator"] not in OPERATORS or not 0 <= int(said["severity"]) <= 4:
            yield f"monitoring.bicep: {said['name']} has operator {said['operator']}, severity {said['severity']}"
    for alert in of(made.variables["queueAlerts"], "object"):
        said = {key: text(value) for key, value in properties(alert).items()}
        there = {"serviceBusId": ("*", REJECTED), "noticesId": (NOTICES,)}.get(said["bus"], ())
        if said["metric"] not in BUS_METRICS or said["queue"] not in there:
            yield f"monitoring.bicep: {said['name']} looks at {said['metric']} of {said['queue']} in {said['bus']}"


def _outputs(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    told = "".join(page.read_text() for page in (root / "docs").glob("*.md"))
    yield from (
        f"main.bicep: no page tells of the output {o}"
        for o in sorted(found["main.bicep"].outputs)
        if o not in told
    )


def _azd(found: dict[str, Bicep], root: Path) -> Iterator[str]:
    """What azd goes by (azure-platform.md 9.15)."""
    told = yaml.safe_load((root / "azure.yaml").read_text())
    wanted = {"project": ".", "language": "python", "host": "function"}
    if list(told.get("services", {}).values()) != [wanted] or not told.get("name"):
        yield f"azure.yaml: the service is {told.get('services')}, not {wanted}"
    if told.get("infra") != {"provider": "bicep", "path": "infra", "module": "main"}:
        yield f"azure.yaml: infra is {told.get('infra')}"
    if "'azd-env-name': environmentName" not in found["main.bicep"].source:
        yield "main.bicep: azd finds resources by the tag azd-env-name"
    given = json.loads((root / "infra/main.parameters.json").read_text())
    if not given["$schema"].endswith("/deploymentParameters.json#"):
        yield f"main.parameters.json: is a {given['$schema']}"
    for name, said in given["parameters"].items():
        # TANDEM_REGISTER_APPS becomes registerApps.
        source = re.fullmatch(r"\$\{(?:AZURE|TANDEM)_([A-Z_]+)(=\w*)?\}", said.get("value", ""))
        first, *rest = source[1].lower().split("_") if source else [""]
        if first + "".join(word.title() for word in rest) != {"environmentName": "envName"}.get(name, name):
            yield f"main.parameters.json: {name} is {said}"
