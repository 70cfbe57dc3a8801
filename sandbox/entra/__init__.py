"""A small Microsoft Entra ID: it gives tokens to apps that know their secret, for resources that it knows.

Client credentials with a secret, a certificate, or a managed identity's word; sign-in of people is refused as
an unsupported request is. Facts: azure-platform.md section 6 (rules 6.1, 6.4, 6.6), business-central-api.md
section 2, dataverse-web-api.md section 1, and the public error codes of Entra.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from sandbox.entra import assertions, errors, managed_identity
from sandbox.simkit import (
    MANAGED_IDENTITY,
    Identity,
    ManagedIdentity,
    SimApp,
    SimClock,
    TokenIssuer,
    json_response,
)
from sandbox.simkit.faults import Fault, RequestKind

#: Resource of Business Central online (business-central-api.md section 2).
BUSINESS_CENTRAL = "https://api.businesscentral.dynamics.com"

#: Where the function app's managed identities get their tokens.
MSI = "/msi/token"

_ROUTE = re.compile(r"^/(?P<tenant>[^/]+)/(?P<rest>.+)$")
_ANYONE = Identity(name="anyone", tenant="", client_id="", secret="", object_id="", user_id="")  # nosec B106  # nobody's


class EntraSim(SimApp):
    """Issues tokens.

    Args:
        issuer: Signs the tokens; its tenant is the only one there is.
        identities: The app registrations.
        resources: The resources of the tenant (a trailing slash makes no difference), or a function that
            returns them, asked at every request.
    """

    def __init__(
        self,
        *,
        clock: SimClock,
        issuer: TokenIssuer,
        identities: Sequence[Identity],
        resources: Iterable[str] | Callable[[], Iterable[str]] = (BUSINESS_CENTRAL,),
        managed_identity: ManagedIdentity = MANAGED_IDENTITY,
    ) -> None:
        super().__init__(name="entra", clock=clock, verifier=None, identities=identities)
        self.issuer = issuer
        self._managed_identity = managed_identity
        self._resources = resources if callable(resources) else lambda: resources
        # Entra gives 60 to 90 minutes and says 3599 most of the time (business-central-api.md section 2).
        self.settings = {"lifetime_seconds": 3599}

    def caller(self, request: Request) -> Identity | Response:
        """Nobody is known before the request is read."""
        return _ANYONE

    def classify(self, request: Request) -> RequestKind:
        return "read"

    def fault_response(self, fault: Fault) -> Response:
        number = 90033  # "A transient error has occurred. Please try again."
        refusal = errors.Refusal(
            fault.status or 500, "temporarily_unavailable", number, "A transient error has occurred."
        )
        return refusal.response(at=self.clock.now(), authority="https://127.0.0.1")

    def serve(self, request: Request, identity: Identity) -> Response:
        authority = request.host_url.rstrip("/")
        try:
            return self._serve(request, authority)
        except errors.Refusal as refusal:
            self.note(message=f"AADSTS{refusal.number}")
            return refusal.response(at=self.clock.now(), authority=authority)

    def _serve(self, request: Request, authority: str) -> Response:
        if (request.method, request.path) == ("GET", MSI):
            return managed_identity.answer(request, self._managed_identity, self.issuer, authority)
        route = _ROUTE.match(request.path)
        tenant, rest = (route["tenant"], route["rest"]) if route else ("", "")
        match request.method, rest:
            case "GET", "v2.0/.well-known/openid-configuration":
                self._require_tenant(tenant, error="invalid_tenant")
                return json_response(self._discovery(authority))
            case "GET", "discovery/v2.0/keys":
                self._require_tenant(tenant, error="invalid_tenant")
                return json_response(self.issuer.jwks())
            case "POST", "oauth2/v2.0/token":
                self._require_tenant(tenant)
                return self._token(request, authority)
            case _, "v2.0/.well-known/openid-configuration" | "discovery/v2.0/keys" | "oauth2/v2.0/token":
                return Response(status=405)
        return Response(status=404)

    def _require_tenant(self, tenant: str, *, error: str = "invalid_request") -> None:
        if tenant.lower() != self.issuer.tenant.lower():
            raise errors.unknown_tenant(tenant, error=error)

    def _discovery(self, authority: str) -> dict[str, object]:
        tenant = f"{authority}/{self.issuer.tenant}"
        return {
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "private_key_jwt",
                "client_secret_basic",
            ],
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{tenant}/v2.0",
            # msal reads it although nobody signs in here.
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "tenant_region_scope": None,
            "cloud_instance_name": "sandbox",
        }

    def _token(self, request: Request, authority: str) -> Response:
        form = request.form
        grant = form.get("grant_type") or ""
        if not grant:
            raise errors.missing("grant_type")
        if grant != "client_credentials":
            raise errors.unsupported_grant(grant)
        client_id, secret = _credentials(request)
        if not client_id:
            raise errors.missing("client_id")
        scope = form.get("scope", "").strip()
        if not scope:
            raise errors.missing("scope")
        resource = self._resource(scope)
        caller = self.find_identity(client_id)
        if caller is None:
            raise errors.unknown_app(client_id, self.issuer.tenant)
        if assertion := form.get("client_assertion", ""):
            assertions.check(
                assertion,
                kind=form.get("client_assertion_type", ""),
                application=caller,
                issuer=self.issuer,
                authority=authority,
                now=self.clock.now(),
            )
        elif not secret:
            raise errors.no_secret()
        elif not hmac.compare_digest(secret.encode(), caller.secret.encode()):
            raise errors.wrong_secret(client_id)
        self._require_resource(resource)
        self.current.identity = caller
        self.note(message="token")
        lifetime = int(self.settings["lifetime_seconds"])
        return json_response(
            {
                "token_type": managed_identity.BEARER,
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": self.issuer.issue(caller, resource, lifetime),
            },
            headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"},
        )

    def _resource(self, scope: str) -> str:
        """Return the resource of `<resource>/.default`; everything after the last `/.default` must be nothing."""
        scopes = scope.split()
        if len(scopes) > 1:
            raise errors.several_resources(scope)
        resource, suffix, rest = scope.rpartition("/.default")
        if not suffix or rest or not resource:
            raise errors.bad_scope(scope)
        return resource

    def _require_resource(self, resource: str) -> None:
        if resource.rstrip("/") not in {known.rstrip("/") for known in self._resources()}:
            raise errors.unknown_resource(resource, self.issuer.tenant)


def _credentials(request: Request) -> tuple[str, str]:
    """Return client id and secret from the form, or from HTTP Basic (each part form-encoded, RFC 6749 2.3.1)."""
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            user, _, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote(user), unquote(password)
    return request.form.get("client_id", ""), request.form.get("client_secret", "")
