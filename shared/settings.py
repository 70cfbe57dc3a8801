"""Settings from the environment. Every problem is named at once (design §6: a bad setting stops start-up)."""

from __future__ import annotations

from collections.abc import Mapping
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
    #: YAML that changes mappings, or the https:// address of a blob that holds it (docs/mappings.md).
    mapping_overrides: str = field(default="", repr=False)
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
        for name in ("BC_URL", "DATAVERSE_URL", "LOGIN_URL", "TABLES_ENDPOINT"):
            value = env.get(name, "").strip()
            if value and not value.startswith("https://"):
                problems.append(f"{name} must start with https://")
        # An unresolved Key Vault reference arrives as its literal text (azure-platform.md 6.8).
        problems += [
            f"{name} is a Key Vault reference that was not resolved"
            for name, value in env.items()
            if value.startswith(KEY_VAULT)
            and (name in REQUIRED or name.startswith(("API_KEY", "CLIENT_", "MORE_CLIENTS")))
        ]
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
        if problems:
            raise Misconfigured(problems)
        return cls(
            bc_url=env["BC_URL"].strip().rstrip("/"),
            dataverse_url=env["DATAVERSE_URL"].strip().rstrip("/"),
            tenant_id=env["TENANT_ID"].strip(),
            client_id=env["CLIENT_ID"].strip(),
            client_secret=env.get("CLIENT_SECRET", "").strip(),
            client_certificate=env.get("CLIENT_CERTIFICATE", "").strip(),
            client_certificate_password=env.get("CLIENT_CERTIFICATE_PASSWORD", ""),
            federated_identity_client_id=env.get("FEDERATED_IDENTITY_CLIENT_ID", "").strip(),
            more_clients=more_clients,
            tables_connection_string=env.get("TABLES_CONNECTION_STRING", "").strip(),
            tables_endpoint=env.get("TABLES_ENDPOINT", "").strip().rstrip("/"),
            service_bus_connection=env.get("ServiceBusConnection", "").strip(),
            service_bus_namespace=env.get(BY_IDENTITY["ServiceBusConnection"], "").strip(),
            azure_client_id=env.get("AZURE_CLIENT_ID", "").strip(),
            bc_company_id=env.get("BC_COMPANY_ID", "").strip(),
            login_url=(env.get("LOGIN_URL", "").strip() or MICROSOFT_LOGIN).rstrip("/"),
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
            mapping_overrides=env.get("MAPPING_OVERRIDES", "").strip(),
            schedules={
                name.removeprefix(SCHEDULE).lower(): text.strip()
                for name, text in env.items()
                if name.startswith(SCHEDULE) and text.strip()
            },
        )


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
