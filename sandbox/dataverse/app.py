"""The Dataverse simulator: the Web API over HTTP, and people at their screens in this process."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.dataverse.api import Api
from sandbox.dataverse.environment import Environment, Metered, Settings
from sandbox.dataverse.limits import Limits
from sandbox.dataverse.notices import Publish
from sandbox.dataverse.people import People
from sandbox.dataverse.reading import Session
from sandbox.dataverse.refusal import NOT_A_MEMBER, Refused
from sandbox.dataverse.security import INTEGRATION
from sandbox.dataverse.wire import Answer, Call, error_answer
from sandbox.simkit import Fault, Identity, SimApp, SimClock, TokenIssuer, TokenVerifier
from sandbox.simkit.faults import RequestKind

_ROOT = re.compile(r"^/(api/data/v9\.[0-2]/)(.*)$", re.DOTALL)
_WRITES = re.compile(rb"^(?:POST|PATCH|PUT|DELETE) \S", re.MULTILINE)


class DataverseSim(SimApp):
    """One environment of Dataverse with the tables of Dynamics 365 Sales.

    Args:
        clock: The time of this environment.
        issuer: Whose tokens are good; None trusts `Bearer <client id>`, in this process only.
        identities: The application users of the environment.
        audience: The root URLs for which tokens are taken (with an issuer).
        base_currency: ISO code of the organization's base currency.
    """

    def __init__(
        self,
        *,
        clock: SimClock,
        issuer: TokenIssuer | None,
        identities: Sequence[Identity],
        audience: str | Iterable[str] = "https://dataverse.sandbox.test",
        base_currency: str = "GBP",
    ) -> None:
        verifier = TokenVerifier(issuer, audience, clock) if issuer is not None else None
        super().__init__(name="dataverse", clock=clock, verifier=verifier, identities=identities)
        self.environment = Environment(clock=clock, users=tuple(identities), base_currency=base_currency)
        self.settings = asdict(self.environment.settings)
        self.limits = Limits(lambda: self.environment.settings, clock.now)
        self._api = Api(self.environment)
        #: POST /_sim/grant {"privilege", "depth", "role"}; depth null takes it away. /_sim/withdraw {"user"}: all roles.
        self.actions = {"grant": self.grant, "withdraw": self.withdraw}
        self._people = People(self.environment, lambda name: self.named(name).user_id)

    @property
    def organization_id(self) -> str:
        return self.environment.organization_id

    # --- people, in this process ---------------------------------------------------------------

    def add(self, set_name: str, row: Mapping[str, Any], *, as_: str = "people") -> str:
        """Create a row as that identity; return its id. Raises Refused as the Web API would answer."""
        with self.lock:
            return self._people.add(set_name, row, as_=as_)

    def edit(self, set_name: str, row_id: str, *, as_: str = "people", **values: Any) -> None:
        """Change a row as that identity. Names that are no Python names go in by `**{...}`."""
        with self.lock:
            self._people.edit(set_name, row_id, values, as_=as_)

    def delete(self, set_name: str, row_id: str, *, as_: str = "people") -> None:
        with self.lock:
            self._people.delete(set_name, row_id, as_=as_)

    def act(self, action: str, body: Mapping[str, Any], *, as_: str = "people") -> dict[str, Any] | None:
        """Carry out an action of sales, like WinQuote, with the Web API's body; return the document made."""
        with self.lock:
            return self._people.act(action, body, as_=as_)

    def get(self, set_name: str, row_id: str) -> dict[str, Any] | None:
        """Return the row as on the wire with all columns, money as `Decimal`; None if there is none."""
        with self.lock:
            return self._people.get(set_name, row_id)

    def all(self, set_name: str) -> list[dict[str, Any]]:
        with self.lock:
            return self._people.all(set_name)

    def load(self, table: str, rows: Sequence[Mapping[str, Any]]) -> int:
        """Fill a table from rows in wire form, by entity set or logical name (`/_sim/load`)."""
        with self.lock:
            return self._people.load(table, rows, as_=self.identities[-1].name)

    def deliver(self, publish: Publish) -> int:
        """Let the service endpoint send what waits; returns how many messages went out."""
        return self.environment.notices.deliver(publish, self.lock)

    def grant(self, privilege: str, depth: str | None, role: str = INTEGRATION) -> None:
        """Give a role a privilege at a depth, as an administrator does; None takes it away."""
        with self.lock:
            security = self.environment.security
            ids = {row.values["name"]: row.id for row in self.environment.store.rows("role").rows.values()}
            security.grant(ids[role], security.known(privilege), depth)

    def withdraw(self, user: str = "integration") -> None:
        """Take all roles from an application user."""
        with self.lock:
            self.environment.security.withdraw(self.named(user).user_id)

    # --- HTTP ----------------------------------------------------------------------------------

    def classify(self, request: Request) -> RequestKind:
        """A batch writes when one of its operations does."""
        if request.path.endswith("/$batch"):
            return "write" if _WRITES.search(request.get_data(cache=True)) else "read"
        return super().classify(request)

    def serve(self, request: Request, identity: Identity) -> Response:
        started = time.perf_counter()
        user = identity.user_id
        with self.lock:
            self.limits.started(user)
        charged = 0.0
        try:
            answer, session = self._handle(request, identity)
            spent = session.spent
            self.note(
                read=spent.read,
                written=spent.written,
                operations=spent.operations,
                message=spent.message,
            )
            charged = self._charge(spent.read.total(), spent.written.total())
        finally:
            with self.lock:
                self.limits.finished(user, charged + (time.perf_counter() - started) * 1000)
        return self._response(answer, identity)

    def _handle(self, request: Request, identity: Identity) -> tuple[Answer, Session]:
        session = Session(user_id=identity.user_id, half_page=self.half_page)
        match = _ROOT.match(request.path)
        if match is None:
            return error_answer(Refused(404, "", f"No resource at '{request.path}'.")), session
        call = Call(
            method=request.method,
            path=match.group(2),
            query=request.query_string.decode("latin-1"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(cache=True),
            base=f"{request.host_url}{match.group(1)}",
        )
        with self.lock:
            try:
                session.user_id = self._acting_user(call, identity)
            except Refused as refused:
                return error_answer(refused), session
            return self._api.handle(call, session), session

    def _acting_user(self, call: Call, identity: Identity) -> str:
        """Return who acts: the caller, or whom it impersonates (reference section 11).

        Raises:
            Refused: 403 when the user is not in the environment, or is disabled.
        """
        users = self.environment.store.rows("systemuser").rows
        user_id, application = identity.user_id, identity.client_id
        if object_id := call.headers.get("callerobjectid"):
            found = [
                r.id
                for r in users.values()
                if r.values.get("azureactivedirectoryobjectid") == object_id.lower()
            ]
            user_id, application = found[0] if found else "", ""
        elif caller := call.headers.get("mscrmcallerid"):
            user_id, application = caller.lower(), ""
        row = users.get(user_id) or next(
            # An administrator may have made the application user, with an id of its own.
            (r for r in users.values() if application and r.values.get("applicationid") == application),
            None,
        )
        if row is None or row.values.get("isdisabled"):
            raise _not_a_member()
        return row.id

    def _charge(self, rows_read: int, rows_written: int) -> float:
        """Return the metered cost in milliseconds, after waiting for it if so set."""
        metered = self.environment.settings.metered
        if not metered.on:
            return 0.0
        cost = metered.request_ms + rows_read * metered.row_read_ms + rows_written * metered.row_written_ms
        if metered.delay:
            started = time.perf_counter()
            self._wait(cost / 1000)
            return max(0.0, cost - (time.perf_counter() - started) * 1000)
        return cost

    def _response(self, answer: Answer, identity: Identity) -> Response:
        response = Response(answer.body, status=answer.status)
        response.headers.remove("Content-Type")
        request_id = str(uuid.uuid4())
        with self.lock:
            requests, milliseconds = self.limits.remaining(identity.user_id)
        response.headers.update(
            {
                "OData-Version": "4.0",
                "REQ_ID": request_id,
                "x-ms-service-request-id": request_id,
                "x-ms-dop-hint": str(self.environment.settings.dop_hint),
                "x-ms-ratelimit-burst-remaining-xrm-requests": str(requests),
                "x-ms-ratelimit-time-remaining-xrm-requests": f"{milliseconds / 1000:.2f}",
                **answer.headers,
            }
        )
        return response

    # --- refusals and control ------------------------------------------------------------------

    def unauthorized(self, reason: str) -> Response:
        """401 with `WWW-Authenticate`; the body is no OData error (reference section 1)."""
        return Response(reason, status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")

    def unknown_user(self, claims: Mapping[str, Any]) -> Response:
        return self._plain(error_answer(_not_a_member()))

    def throttle(self, request: Request, identity: Identity) -> Response | None:
        with self.lock:
            refused = self.limits.check(identity.user_id)
        return self._plain(error_answer(refused)) if refused is not None else None

    def fault_response(self, fault: Fault) -> Response:
        return self._plain(
            error_answer(Refused(fault.status or 500, "0x80040216", "An unexpected error occurred."))
        )

    def _plain(self, answer: Answer) -> Response:
        return Response(answer.body, status=answer.status, headers={**answer.headers, "OData-Version": "4.0"})

    def reset(self) -> None:
        """Begin as new: no rows but the organization, its currency and its users; settings stay."""
        with self.lock:
            self.environment.reset()
            self.limits = Limits(lambda: self.environment.settings, self.clock.now)

    def settings_changed(self) -> None:
        metered = self.settings["metered"]
        try:
            self.settings["metered"] = {**asdict(Metered()), **metered}
            self.environment.settings = Settings(
                **{**self.settings, "metered": Metered(**self.settings["metered"])}
            )
        finally:
            self.settings = asdict(self.environment.settings)
            self.environment.notices.steps = self.environment.settings.steps


def _not_a_member() -> Refused:
    return Refused(403, NOT_A_MEMBER, "The user is not a member of the organization.")
