"""Settings from the environment. Every problem is named at once (design §6: a bad setting stops start-up)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.core.errors import Misconfigured

KEY_VAULT = "@Microsoft.KeyVault("
SCHEDULE = "SCHEDULE_"
REQUIRED = (
    "BC_URL",
    "DATAVERSE_URL",
    "TENANT_ID",
    "CLIENT_ID",
    "TABLES_CONNECTION_STRING",
    "ServiceBusConnection",
)
#: How the application users prove who they are: exactly one of these.
CREDENTIALS = ("CLIENT_SECRET", "CLIENT_CERTIFICATE", "FEDERATED_IDENTITY_CLIENT_ID")
#: Instead of a connection string: an address, where the managed identity signs in. On Azure only this.
BY_IDENTITY = {
    "TABLES_CONNECTION_STRING": "TABLES_ENDPOINT",
    "ServiceBusConnection": "ServiceBusConnection__fullyQualifiedNamespace",
}
#: Switches and words, the first of each its default.
WORDS = {
    "SALES_ORDERS": ("off", "by_hand", "on"),
    "SALES_QUOTES": ("off", "by_hand", "on"),
    "ORDER_STATUS": ("on", "off"),
    "NOTES": ("off", "on"),
    "ACCOUNT_STATISTICS": ("off", "on"),
    "ORDER_UPDATES": ("off", "on"),
    "RELEASE_ORDERS": ("off", "on"),
    "ORDER_EDITS": ("off", "on"),
    "ORDER_POSTS": ("off", "on"),
    "WRITE_IN_TYPE": ("", "item", "resource"),
    "AVAILABILITY": ("off", "on"),
    "PRICES": ("classic", "extended"),
    "UNIT_GROUPS": ("off", "on"),
    "OWNERSHIP": ("person", "team"),
    "COMPANY_STAMP": ("off", "on"),
}
#: Numbers in BC that an administrator names, and how long they may be there.
NUMBERS = {"WRITE_IN_NUMBER": 20, "FREIGHT_ACCOUNT": 20}
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MICROSOFT_LOGIN = "https://login.microsoftonline.com"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation differs in."""

    #: Root of the BC API, up to and including the environment, without `/api`.
    bc_url: str
    #: Root of the Dataverse organization, without `/api/data`.
    dataverse_url: str
    tenant_id: str
    client_id: str
    #: A connection string, or "" and the address below. The same for Service Bus.
    tables_connection_string: str = field(default="", repr=False)
    tables_endpoint: str = ""
    service_bus_connection: str = field(default="", repr=False)
    service_bus_namespace: str = ""
    #: Client id of the user-assigned identity for tables and queues; "" for whoever is signed in here.
    azure_client_id: str = ""
    client_secret: str = field(default="", repr=False)
    #: Path of a PEM or PFX file, PEM text, or a PFX in base64 (a Key Vault certificate's secret).
    client_certificate: str = field(default="", repr=False)
    client_certificate_password: str = field(default="", repr=False)
    #: Client id of the user-assigned managed identity that vouches for the application; no secret then.
    federated_identity_client_id: str = ""
    #: More application users, each with limits of its own: client id and secret ("" where all sign in
    #: by the same certificate or identity). "id=secret;id=secret", or "id;id".
    more_clients: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    #: Id or name of the BC company; "" takes the only one.
    bc_company_id: str = ""
    login_url: str = MICROSOFT_LOGIN
    #: File with the certificates to trust; "" for the system's own.
    ca_bundle: str = ""
    page_size: int = 1000
    job_seconds: int = 120
    brake_share: float = 0.5
    #: A request to BC or Sales is given up after this.
    request_seconds: int = 100
    #: A worker that died keeps its mapping for this long at most (H11).
    lease_seconds: int = 360
    #: Requests that BC takes at once from one application user (business-central-api.md §8), shared
    #: out among all processes.
    bc_permits: int = 5
    #: What is older goes: the history of records, the job log, and all but the last runs.
    history_days: int = 180
    jobs_days: int = 90
    runs_keep: int = 100
    #: Orders of Sales go to BC: "off", "by_hand" (a person sends what is new) or "on".
    sales_orders: str = "off"
    #: Client id of the application user that writes orders and quotes in both systems (P35); "" for any.
    orders_user: str = ""
    #: Quotes of Sales go to BC, in the same words.
    sales_quotes: str = "off"
    #: What becomes of an order in BC is shown in Sales: "on" or "off".
    order_status: str = "on"
    #: What customers owe and have ordered is shown with their accounts: "on" or "off".
    account_statistics: str = "off"
    #: Notes of orders and quotes travel: "on" or "off".
    notes: str = "off"
    #: Addresses, dates and terms of a released order are shown in Sales: "on" or "off".
    order_updates: str = "off"
    #: Orders of Sales arrive in BC reserved and released: "on" or "off".
    release_orders: str = "off"
    #: What is edited in Sales after it went over goes to BC's order: "on" or "off".
    order_edits: str = "off"
    #: Its release, shipments and invoices are told on its timeline there: "on" or "off".
    order_posts: str = "off"
    #: What stands for write-in products in BC: "item" or "resource", and its number; "" for nothing.
    write_in_type: str = ""
    write_in_number: str = ""
    #: G/L account of the freight of orders; "" for none.
    freight_account: str = ""
    #: Inventory of a product by HTTP: "on" or "off", under a key of its own.
    availability: str = "off"
    availability_key: str = field(default="", repr=False)
    #: Prices come from customer price groups and sales prices ("classic"), or from price lists ("extended").
    prices: str = "classic"
    #: Each unit of measure is a unit group ("off"), or each item and resource has one with its units ("on").
    unit_groups: str = "off"
    #: New rows of Sales belong to the user of their salesperson ("person") or to one team ("team").
    ownership: str = "person"
    #: Id of that team; while persons own, it gets accounts and contacts without salesperson. "" for none.
    owning_team: str = ""
    #: Rows of Sales carry this company, and those of other companies are left alone: "on" or "off".
    company_stamp: str = "off"
    #: YAML that changes mappings, or the https:// address of a blob that holds it (docs/mappings.md).
    mapping_overrides: str = field(default="", repr=False)
    #: Notices of both systems are listened to (docs/push.md).
    push: bool = False
    #: Address of our route `webhooks/bc`, as Business Central reaches it.
    webhook_url: str = ""
    #: The first is given to Business Central; all are taken, so that it can be changed.
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    #: By mapping, as the host's timers read them.
    schedules: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read settings, or raise `Misconfigured` naming every missing or bad one."""
        problems: list[str] = []
        for name in REQUIRED:
            other = BY_IDENTITY.get(name, "")
            given = [n for n in (name, other) if n and env.get(n, "").strip()]
            if not given:
                problems.append(f"{name} is missing" + (f", and so is {other}" if other else ""))
            elif len(given) > 1:
                # The host would take the string and never use the identity (azure-platform.md 3.20).
                problems.append(f"{name} and {other} are both set; leave one out")
        given = [name for name in CREDENTIALS if env.get(name, "").strip()]
        if len(given) != 1:
            said = f"{' and '.join(given)} are set" if given else "none is set"
            problems.append(f"exactly one of {', '.join(CREDENTIALS)} must be set; {said}")
        more_clients = _more_clients(
            env.get("MORE_CLIENTS", ""), by_secret=given == ["CLIENT_SECRET"], problems=problems
        )
        problems += [
            f"{name} must start with https://"
            for name in ("BC_URL", "DATAVERSE_URL", "LOGIN_URL", "TABLES_ENDPOINT")
            if (address := _address(env, name)) and not address.startswith("https://")
        ]
        # An unresolved Key Vault reference arrives as its literal text (azure-platform.md 6.8).
        problems += [
            f"{name} is a Key Vault reference that was not resolved"
            for name, value in env.items()
            if value.startswith(KEY_VAULT)
            and (
                name in REQUIRED
                or name.startswith(("API_KEY", "AVAIL", "CLIENT_", "MORE_CLIENTS", "WEBHOOK_"))
            )
        ]
        problems += push_problems(env)
        numbers: dict[str, float] = {}
        for name, default, least, most in (
            ("PAGE_SIZE", 1000, 1, 5000),
            ("JOB_SECONDS", 120, 1, 240),
            ("BRAKE_SHARE", 0.5, 0.01, 1),
            ("REQUEST_SECONDS", 100, 1, 240),
            ("LEASE_SECONDS", 360, 2, 3600),
            ("BC_PERMITS", 5, 1, 100),
            ("HISTORY_DAYS", 180, 1, 3650),
            ("JOBS_DAYS", 90, 1, 3650),
            ("RUNS_KEEP", 100, 1, 1000),
        ):
            text = env.get(name, "").strip() or str(default)
            try:
                numbers[name] = float(text)
            except ValueError:
                problems.append(f"{name} must be a number, not '{text}'")
                continue
            if not least <= numbers[name] <= most:
                problems.append(f"{name} must be from {least} to {most}, not {text}")
            elif isinstance(default, int) and numbers[name] % 1:
                problems.append(f"{name} must be a whole number, not {text}")
        if "REQUEST_SECONDS" in numbers and "LEASE_SECONDS" in numbers:
            if numbers["REQUEST_SECONDS"] > numbers["LEASE_SECONDS"] * 2 / 3:
                problems.append("REQUEST_SECONDS must be at most two thirds of LEASE_SECONDS")
        problems += [*_documents(env), *_ownership(env)]
        known = [env.get("CLIENT_ID", "").strip(), *(client for client, _ in more_clients)]
        if env.get("ORDERS_USER", "").strip() not in ("", *known):
            problems.append("ORDERS_USER must be CLIENT_ID or one of MORE_CLIENTS")
        if problems:
            raise Misconfigured(problems)
        return cls(
            bc_url=_address(env, "BC_URL"),
            dataverse_url=_address(env, "DATAVERSE_URL"),
            tenant_id=env["TENANT_ID"].strip(),
            client_id=env["CLIENT_ID"].strip(),
            client_secret=env.get("CLIENT_SECRET", "").strip(),
            client_certificate=env.get("CLIENT_CERTIFICATE", "").strip(),
            client_certificate_password=env.get("CLIENT_CERTIFICATE_PASSWORD", ""),
            federated_identity_client_id=env.get("FEDERATED_IDENTITY_CLIENT_ID", "").strip(),
            more_clients=more_clients,
            tables_connection_string=env.get("TABLES_CONNECTION_STRING", "").strip(),
            tables_endpoint=_address(env, "TABLES_ENDPOINT"),
            service_bus_connection=env.get("ServiceBusConnection", "").strip(),
            service_bus_namespace=env.get(BY_IDENTITY["ServiceBusConnection"], "").strip(),
            azure_client_id=env.get("AZURE_CLIENT_ID", "").strip(),
            bc_company_id=env.get("BC_COMPANY_ID", "").strip(),
            login_url=_address(env, "LOGIN_URL") or MICROSOFT_LOGIN,
            ca_bundle=env.get("CA_BUNDLE", "").strip(),
            page_size=int(numbers["PAGE_SIZE"]),
            job_seconds=int(numbers["JOB_SECONDS"]),
            brake_share=numbers["BRAKE_SHARE"],
            request_seconds=int(numbers["REQUEST_SECONDS"]),
            lease_seconds=int(numbers["LEASE_SECONDS"]),
            bc_permits=int(numbers["BC_PERMITS"]),
            history_days=int(numbers["HISTORY_DAYS"]),
            jobs_days=int(numbers["JOBS_DAYS"]),
            runs_keep=int(numbers["RUNS_KEEP"]),
            **{name.lower(): _word(env, name) for name in (*WORDS, *NUMBERS)},
            orders_user=env.get("ORDERS_USER", "").strip(),
            availability_key=env.get("AVAILABILITY_KEY", "").strip(),
            owning_team=env.get("OWNING_TEAM", "").strip().lower(),
            mapping_overrides=env.get("MAPPING_OVERRIDES", "").strip(),
            push=env.get("PUSH", "").strip() == "on",
            webhook_url=env.get("WEBHOOK_URL", "").strip(),
            webhook_secrets=tuple(env.get("WEBHOOK_SECRETS", "").split()),
            schedules={
                name.removeprefix(SCHEDULE).lower(): text.strip()
                for name, text in env.items()
                if name.startswith(SCHEDULE) and text.strip()
            },
        )


def as_switched(switch: str, word_of: Callable[[str], str]) -> str:
    """Return how a mapping's switch has it: "on", "by_hand" or "off". `word_of` tells the word of a setting."""
    name, _, word = switch.partition("=")
    chosen = word_of(name) if name else "on"
    return ("on" if chosen == word else "off") if word else chosen


def unless_set(name: str) -> str:
    """Return the word of a switch that no setting names."""
    return WORDS[name][0]


def push_problems(env: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the settings of push; what it needs is only asked for while it is on."""
    switch, url = env.get("PUSH", "").strip(), env.get("WEBHOOK_URL", "").strip()
    if switch not in ("", "on", "off"):
        yield f"PUSH must be on or off, not '{switch}'"
    if switch != "on":
        return
    if not url.startswith("https://"):
        yield "WEBHOOK_URL must start with https:// while PUSH is on: the address of api/webhooks/bc"
    secrets = env.get("WEBHOOK_SECRETS", "").strip()
    if secrets.startswith(KEY_VAULT):
        return  # told with the other references
    # BC takes less than 250 characters (business-central-api.md §9).
    if not 1 <= len(secrets.split()) <= 2 or not all(32 <= len(s) <= 200 for s in secrets.split()):
        yield "WEBHOOK_SECRETS must be one secret, or the new and the old one with a blank between, of 32 to 200 characters"


def _more_clients(text: str, *, by_secret: bool, problems: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the further application users; a secret goes with each where the first has one."""
    found = []
    for n, part in enumerate((p.strip() for p in text.split(";") if p.strip()), start=1):
        client_id, equals, secret = (piece.strip() for piece in part.partition("="))
        # Told by its place, as the part holds a secret.
        if not client_id or bool(secret) != by_secret or (equals and not by_secret):
            form = "client id=secret" if by_secret else "client id, as all sign in alike"
            problems.append(
                f"MORE_CLIENTS must be parts of the form {form}, separated by ';'; part {n} is not"
            )
        else:
            found.append((client_id, secret))
    return tuple(found)


def _address(env: Mapping[str, str], name: str) -> str:
    """Return an address without a slash at its end; one without a scheme gets https://.

    The host is lower case, as in the links that come back and are compared with it.
    """
    text = env.get(name, "").strip().rstrip("/")
    scheme, between, rest = text.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower() or 'https'}://{host.lower()}{slash}{path}" if text else ""


def _word(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").strip()
    return text.upper() if name in NUMBERS else text.lower() or unless_set(name)


def _ownership(env: Mapping[str, str]) -> Iterator[str]:
    team = env.get("OWNING_TEAM", "").strip()
    if team and not GUID.fullmatch(team):
        yield f"OWNING_TEAM must be the id of a team in Sales, not '{team}'"
    if _word(env, "OWNERSHIP") == "team" and not team:
        yield "OWNERSHIP is team, and OWNING_TEAM is missing"


def _documents(env: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the settings of orders, quotes and availability."""
    for name, words in WORDS.items():
        if _word(env, name) not in words:
            known = ", ".join(word for word in words if word)
            yield f"{name} must be one of {known}, not '{env[name].strip()}'"
    if _word(env, "RELEASE_ORDERS") == "on" and _word(env, "SALES_ORDERS") == "off":
        yield "RELEASE_ORDERS is on, and SALES_ORDERS is off"
    if _word(env, "ORDER_EDITS") == "on" and _word(env, "RELEASE_ORDERS") != "on":
        yield "ORDER_EDITS is on, and RELEASE_ORDERS is not"
    if _word(env, "ORDER_EDITS") == "on" and _word(env, "ORDER_UPDATES") == "on":
        yield "ORDER_EDITS and ORDER_UPDATES are both on, and nobody could tell an edit from an update"
    for name, most in NUMBERS.items():
        if len(_word(env, name)) > most:
            yield f"{name} must be at most {most} characters, as a number in Business Central is"
    given = [bool(env.get(name, "").strip()) for name in ("WRITE_IN_TYPE", "WRITE_IN_NUMBER")]
    if any(given) and not all(given):
        yield "WRITE_IN_TYPE and WRITE_IN_NUMBER go together; set both or neither"
    key = env.get("AVAILABILITY_KEY", "").strip()
    if _word(env, "AVAILABILITY") == "on" and not key:
        yield "AVAILABILITY is on, and AVAILABILITY_KEY is missing"
    if key and key in (env.get(name, "").strip() for name in ("API_KEY_READ", "API_KEY_ADMIN")):
        yield "AVAILABILITY_KEY must be a key of its own, not one of the administrators' API"
    keys = [env.get(name, "").strip() for name in ("API_KEY_READ", "API_KEY_ADMIN")]
    if keys[0] and keys[0] == keys[1] and not keys[0].startswith(KEY_VAULT):
        yield "API_KEY_READ and API_KEY_ADMIN must differ: whoever may look could act"
