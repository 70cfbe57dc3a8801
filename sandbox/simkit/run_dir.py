"""What the simulator processes of one run share: certificates, the signing key, and the identities.

Every file is made once by whoever comes first; the others wait for the lock and read it. All of it is thrown
away with the folder. The key of the certificate authority is never written.
"""

from __future__ import annotations

import fcntl
import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import trustme

from sandbox.simkit.certificate import self_signed
from sandbox.simkit.clock import SimClock
from sandbox.simkit.identities import INTEGRATION, INTEGRATION_2, MANAGED_IDENTITY, PEOPLE, TENANT
from sandbox.simkit.tokens import Identity, ManagedIdentity, TokenIssuer


@dataclass(frozen=True)
class RunDir:
    """A folder for one run of the simulators."""

    path: Path

    @property
    def ca(self) -> Path:
        """The certificate that clients must trust."""
        return self.path / "ca.pem"

    @property
    def server_certificate(self) -> Path:
        """Certificate and private key of 127.0.0.1 and localhost, in one file."""
        return self.path / "server.pem"

    def prepare(self) -> RunDir:
        """Make whatever is missing; harmless at any time and from several processes at once."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if not self.server_certificate.exists() or not self.ca.exists():
                authority = trustme.CA(organization_name="Tandem sandbox")
                issued = authority.issue_cert("127.0.0.1", "localhost")
                self._write("ca.pem", authority.cert_pem.bytes())
                self._write("server.pem", issued.private_key_and_cert_chain_pem.bytes())
            if not (self.path / "signing-key.pem").exists():
                self._write("signing-key.pem", TokenIssuer(tenant=TENANT).private_key_pem())
            if not (self.path / "identities.json").exists():
                key, certificate = self_signed("Tandem sandbox integration")
                self._write("integration.pem", (key + certificate).encode())
                ours = [replace(one, certificate=certificate) for one in (INTEGRATION, INTEGRATION_2)]
                callers = (*ours, PEOPLE)
                self._write("managed-identity.json", json.dumps(asdict(MANAGED_IDENTITY)).encode())
                made = {one.name: asdict(one) for one in callers}
                self._write("identities.json", json.dumps(made, indent=2).encode())
        return self

    def identities(self) -> list[Identity]:
        said = json.loads((self.path / "identities.json").read_text())
        return [Identity(**one) for one in said.values()]

    def managed_identity(self) -> ManagedIdentity:
        return ManagedIdentity(**json.loads((self.path / "managed-identity.json").read_text()))

    @property
    def integration_certificate(self) -> Path:
        """Key and certificate with which the integration may sign in, in one PEM file."""
        return self.path / "integration.pem"

    def issuer(self, clock: SimClock | None = None) -> TokenIssuer:
        return TokenIssuer.from_file(self.path / "signing-key.pem", tenant=TENANT, clock=clock)

    def ssl_context(self) -> ssl.SSLContext:
        """Return a client's context that trusts this run's certificates and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca))

    def register_resource(self, name: str, audience: str) -> None:
        """Make Entra issue tokens for `audience`, as an application registered in the tenant."""
        with self._locked():
            self._write("resources.json", json.dumps(self._resources() | {name: audience}, indent=2).encode())

    def resources(self) -> frozenset[str]:
        return frozenset(self._resources().values())

    def _resources(self) -> dict[str, str]:
        try:
            said: dict[str, str] = json.loads((self.path / "resources.json").read_text())
        except FileNotFoundError:
            return {}
        return said

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.path / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.path / name, content)


def write_whole(path: Path, content: bytes) -> None:
    """Write so that a reader finds the old file, or the whole new one. Only the owner may read it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)
