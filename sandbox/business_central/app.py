"""The simulator as a WSGI app, and what people do in it from the same process."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from werkzeug.wrappers import Request, Response

from sandbox.business_central import ledger, people
from sandbox.business_central.batch import as_multipart, is_batch, only_reads, run_batch
from sandbox.business_central.contract import ZERO, entity_sets
from sandbox.business_central.documents import ACTIONS
from sandbox.business_central.errors import Refused
from sandbox.business_central.limits import LIMITS, Gate, Limits
from sandbox.business_central.posting import Posting, post, put_back
from sandbox.business_central.query import PAGE
from sandbox.business_central.service import COMPANION, COMPANION_VERSION, Answer, Call, Service
from sandbox.business_central.store import Company, Database, Row
from sandbox.business_central.webhooks import Webhooks
from sandbox.business_central.writing import Pages, create, delete, update
from sandbox.simkit.app import Current, SimApp
from sandbox.simkit.clock import SimClock
from sandbox.simkit.faults import Fault, RequestKind
from sandbox.simkit.identities import INTEGRATION, PEOPLE
from sandbox.simkit.tokens import Identity, TokenIssuer, TokenVerifier

AUDIENCE = "https://api.businesscentral.dynamics.com"

#: The environment in every address: /v2.0/<tenant>/sandbox/…
ENVIRONMENT = "sandbox"

_ADDRESS = re.compile(r"/v2\.0/(?P<tenant>[^/]+)/(?P<environment>[^/]+)/(?P<path>.+)")

#: Settings besides the limits of `Limits`, with what they are at first.
SWITCHES: dict[str, Any] = {
    # At most 20000.
    "page_size": PAGE,
    "batch_limit": 100,
    # DELETE needs If-Match too (§5: undecided).
    "strict_delete": False,
    # "Manual Nos." of every number series: a number may be given.
    "manual_numbers": True,
    # 400 or 409 for a key that is there already (§6).
    "duplicate_status": 400,
    # GETs without `Data-Access-Intent: ReadWrite` see the state of so long ago (§3).
    "replica_lag_seconds": 0,
    # 350 MB (§8).
    "max_body_bytes": 350 * 1024 * 1024,
    # ApiSubscriptionDelayTime and ApiSubscriptionMaxNumberOfNotifications (§9).
    "webhook_delay_seconds": 30.0,
    "webhook_most_notices": 1000,
    # Where the https addresses of receivers lead: {"https://name": "http://127.0.0.1:port"}.
    "webhook_hosts": {},
    # Names of identities whose app has no permission set.
    "without_permission": [],
    # Version of the installed companion; "" when there is none (§15).
    "companion": COMPANION_VERSION,
    # Sets that the application's permission sets leave out.
    "denied": [],
}


class BusinessCentralSim(SimApp):
    """One environment with one company, or more with `add_company`.

    In-process calls act on `company_id` unless told otherwise, as the identity named by `as_`.
    """

    def __init__(
        self,
        *,
        clock: SimClock,
        issuer: TokenIssuer | None = None,
        identities: Sequence[Identity] = (INTEGRATION, PEOPLE),
        company_name: str = "CRONUS",
        company_id: str = "",
    ) -> None:
        verifier = None if issuer is None else TokenVerifier(issuer, AUDIENCE, clock)
        super().__init__(name="business-central", clock=clock, verifier=verifier, identities=identities)
        self.company_name = company_name
        # The same name gives the same company in every process.
        self.company_id = (
            company_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"bc-company:{company_name}"))
        ).lower()
        self._database = Database(clock.now)
        self._service = Service(self._database, self.lock)
        self.webhooks = Webhooks(
            self._database, self._service.companies, rows=self.lock, send=lambda *_: None, route=COMPANION
        )
        self._limits = Limits()
        self._gate = Gate(self._limits, clock.now)
        self._slots = threading.local()
        self.settings = {**asdict(self._limits), **SWITCHES}
        #: POST /_sim/<verb> with the arguments of the method of that name.
        self.actions = {
            "post": lambda **said: {"invoice": self.post(**said)},
            "pay": self.pay,
            "unapply": self.unapply,
            "cancel": self.cancel,
            "subscriptions": lambda: {"value": self.webhooks.list()},
            "act": lambda **said: self.act(said.pop("set"), **said),
        }
        self.reset()

    # --- in process ---

    def add(self, set_name: str, row: Mapping[str, Any], as_: str = "people", company: str = "") -> str:
        """Insert a row as somebody in the client; returns its id. Raises `Refused`."""
        with self.lock:
            stored = create(
                self._company(company),
                entity_sets()[set_name],
                row,
                self.named(as_).user_id.lower(),
                pages=self._service.behaviour.pages,
                client=True,
            )
            return str(stored[entity_sets()[set_name].at["id"]])

    def edit(self, set_name: str, id: str, as_: str = "people", company: str = "", **values: Any) -> None:
        """Change a row. Raises `Refused`, or `KeyError` when it is not there."""
        with self.lock:
            row = self._existing(set_name, id, company)
            update(
                self._company(company),
                entity_sets()[set_name],
                row,
                values,
                self.named(as_).user_id.lower(),
                pages=self._service.behaviour.pages,
                client=True,
            )

    def delete(self, set_name: str, id: str, as_: str = "people", company: str = "") -> None:
        """Delete a row. Raises `Refused`, or `KeyError` when it is not there."""
        with self.lock:
            row = self._existing(set_name, id, company)
            delete(
                self._company(company),
                entity_sets()[set_name],
                row,
                self.named(as_).user_id.lower(),
                client=True,
            )

    def get(self, set_name: str, id: str, company: str = "") -> dict[str, Any] | None:
        """Return a row as it is sent, or None."""
        with self.lock:
            row = people.row_of(self._company(company), set_name, id)
            return None if row is None else self._wire(set_name, row)

    def all(self, set_name: str, company: str = "") -> list[dict[str, Any]]:
        """Return every row as it is sent, oldest version first."""
        with self.lock:
            rows = self._company(company).tables[set_name].rows
            return [self._wire(set_name, row) for row in rows.values()]

    def post(
        self,
        id: str,
        as_: str = "people",
        company: str = "",
        *,
        ship: bool = True,
        invoice: bool = True,
        quantities: Mapping[int, float] | None = None,
    ) -> str | None:
        """Post a sales order: see `posting.Posting`. Returns the posted invoice's id, None when only shipped."""
        posting = Posting(
            ship=ship,
            invoice=invoice,
            quantities=None if quantities is None else {int(n): q for n, q in quantities.items()},
        )
        with self.lock:
            order = self._existing("salesOrders", id, company)
            return post(self._company(company), order, posting, self.named(as_).user_id.lower())

    def pay(self, id: str, amount: float | None = None, as_: str = "people", company: str = "") -> None:
        """Post a payment of a posted invoice, of what is left unless an amount is said. Raises `Refused`."""
        self._on_invoice(id, as_, company, lambda c, row, who: ledger.pay(c, row, amount, who))

    def unapply(self, id: str, as_: str = "people", company: str = "") -> None:
        """Take the payments of a posted invoice back (S110)."""
        self._on_invoice(id, as_, company, ledger.unapply)

    def cancel(self, id: str, as_: str = "people", company: str = "") -> None:
        """Cancel a posted invoice by a corrective credit memo (S111). Raises `Refused`."""

        def cancelled(of: Company, row: Row, who: str) -> None:
            put_back(of, row, ledger.cancel(of, row, who), who)

        self._on_invoice(id, as_, company, cancelled)

    def act(self, set_name: str, id: str, action: str, as_: str = "people", company: str = "") -> None:
        """Release, reopen or archive an order or quote. Raises `Refused`."""
        with self.lock, self._company(company).transaction():
            row = self._existing(set_name, id, company)
            ACTIONS[action](self._company(company), set_name, row, self.named(as_).user_id.lower())

    def _on_invoice(
        self, row_id: str, as_: str, company: str, act: Callable[[Company, Row, str], Any]
    ) -> None:
        with self.lock, self._company(company).transaction():
            row = self._existing("postedSalesInvoices", row_id, company)
            act(self._company(company), row, self.named(as_).user_id.lower())

    def load(
        self,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        as_: str = "people",
        company: str = "",
        *,
        company_contacts: bool = False,
    ) -> int:
        """Put rows in as if they had always been there: see `people.load`. Returns how many."""
        with self.lock:
            ids = people.load(
                self._company(company),
                table,
                rows,
                self.named(as_).user_id.lower(),
                company_contacts=company_contacts,
            )
        return len(ids)

    def add_company(self, name: str, company_id: str = "") -> str:
        """Add a company with tables of its own; returns its id."""
        company_id = (company_id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"bc-company:{name}"))).lower()
        with self.lock:
            company = Company(self._database, company_id=company_id, name=name, created_by=ZERO)
            self._service.companies[company_id] = company
            company.insert("companyInformation", {"name": name}, ZERO, quiet=True)
            company.insert("generalLedgerSetup", {"lcyCode": "GBP"}, ZERO, quiet=True)
            series = {"customerNumbers": "CUST", "quoteNumbers": "S-QUO", "orderNumbers": "S-ORD"}
            company.insert("salesSetup", series, ZERO, quiet=True)
            series = {"contactNumbers": "CONT", "opportunityNumbers": "OPP"}
            company.insert("marketingSetup", series, ZERO, quiet=True)
            # Customers and products without posting groups are sold without VAT.
            company.insert("vatPostingSetup", {}, ZERO, quiet=True)
        return company_id

    def reset(self) -> None:
        """Drop all rows and companies but the first; settings stay."""
        with self.lock:
            self._service.companies.clear()
            self.webhooks.forget()
            self._gate.forget()
            self.add_company(self.company_name, self.company_id)

    # --- over HTTP ---

    def classify(self, request: Request) -> RequestKind:
        if request.method == "GET":
            return "read"
        if request.method == "POST" and request.path.endswith("/$batch"):
            return "read" if only_reads(request.get_data()) else "write"
        return "write"

    def serve(self, request: Request, identity: Identity) -> Response:
        try:
            return self._serve(request, identity)
        except Refused as refused:
            return _response(Answer(status=refused.status, body=refused.body(), headers=refused.headers))

    def _serve(self, request: Request, identity: Identity) -> Response:
        address = _ADDRESS.fullmatch(request.path)
        if address is None or address["environment"].lower() != ENVIRONMENT:
            raise Refused(404, "BadRequest_NotFound", f"No HTTP resource was found at '{request.path}'.")
        if address["tenant"].lower() != identity.tenant.lower():
            raise Refused(401, "Authentication_InvalidCredentials", "The token is for another tenant.")
        if identity.name in self.settings["without_permission"]:
            raise Refused(403, "Authorization_RequestDenied", "The application has no permission set.")
        if len(request.get_data()) > self.settings["max_body_bytes"]:
            raise Refused(413, "BadRequest", "The request body is too large.")
        if (about := self._about_webhooks(request, address["path"], identity)) is not None:
            return _response(about)
        call = Call(
            method=request.method,
            path=address["path"],
            query=request.query_string.decode("utf-8", "replace"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(),
            root=f"{request.host_url.rstrip('/')}/v2.0/{address['tenant']}/{address['environment']}",
            user_id=identity.user_id.lower(),
            user_name=identity.name,
            half_page=self.half_page,
        )
        answer = run_batch(self._service, call) if is_batch(call.path) else self._service.handle(call)
        self.note(
            operations=call.tally.operations,
            read=call.tally.read,
            written=call.tally.written,
            message=call.tally.message,
        )
        if is_batch(call.path) and answer.status == 200 and "json" not in call.headers.get("accept", ""):
            content_type, body = as_multipart(answer)
            return Response(body, status=200, headers={"OData-Version": "4.0"}, content_type=content_type)
        return _response(answer)

    def _about_webhooks(self, request: Request, path: str, identity: Identity) -> Answer | None:
        """Outside of the lock, as a receiver is called back from here. Without a companion there is no such route."""
        if not self._service.behaviour.companion:
            return None
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self.webhooks.serve(
            request.method, path, request.args, headers, request.get_data(), identity.user_id.lower()
        )

    def unauthorized(self, reason: str) -> Response:
        refused = Refused(
            401,
            "Authentication_InvalidCredentials",
            f"The server has rejected the client credentials: {reason}.",
        )
        return _response(Answer(status=401, body=refused.body(), headers={"WWW-Authenticate": "Bearer"}))

    def fault_response(self, fault: Fault) -> Response:
        status = fault.status or 500
        code = "Application_TooManyRequests" if status == 429 else "Internal_ServerError"
        return _response(Answer(status=status, body=Refused(status, code, "Told to fail.").body()))

    # --- limits ---

    def throttle(self, request: Request, identity: Identity) -> Response | None:
        """Take one of the identity's slots; `_answer` gives it back when the answer is there."""
        slot = self._gate.slot(identity.name)
        try:
            slot.__enter__()
        except Refused as refused:
            return _response(Answer(status=refused.status, body=refused.body(), headers=refused.headers))
        self._slots.held = slot
        return None

    def _answer(self, request: Request, current: Current) -> Response:
        try:
            return super()._answer(request, current)
        finally:
            slot, self._slots.held = getattr(self._slots, "held", None), None
            if slot is not None:
                slot.__exit__(None, None, None)

    def settings_changed(self) -> None:
        said = self.settings
        for name in LIMITS:
            setattr(self._limits, name, said[name])
        behaviour = self._service.behaviour
        behaviour.page_size = min(said["page_size"], PAGE)
        behaviour.batch_limit = said["batch_limit"]
        behaviour.strict_delete = said["strict_delete"]
        behaviour.companion, behaviour.denied = said["companion"], tuple(said["denied"])
        behaviour.pages = Pages(
            manual_numbers=said["manual_numbers"], duplicate_status=said["duplicate_status"]
        )
        self._database.lag_seconds = said["replica_lag_seconds"]
        self.webhooks.delay_seconds = said["webhook_delay_seconds"]
        self.webhooks.most_notices = said["webhook_most_notices"]

    # --- inside ---

    def _company(self, company: str) -> Company:
        return self._service.companies[(company or self.company_id).lower()]

    def _existing(self, set_name: str, row_id: str, company: str) -> Row:
        row = people.row_of(self._company(company), set_name, row_id)
        if row is None:
            raise KeyError(f"{set_name} has no row {row_id}")
        return row

    def _wire(self, set_name: str, row: Row) -> dict[str, Any]:
        return dict(zip(entity_sets()[set_name].wire_names, row, strict=True))


def _response(answer: Answer) -> Response:
    headers = {"OData-Version": "4.0", **answer.headers}
    if answer.body is None:
        return Response(b"", status=answer.status, headers=headers)
    if isinstance(answer.body, str):
        content_type = headers.pop("Content-Type", "text/plain")
        return Response(answer.body, status=answer.status, headers=headers, content_type=content_type)
    return Response(
        orjson.dumps(answer.body),
        status=answer.status,
        headers=headers,
        content_type="application/json; odata.metadata=minimal",
    )
