"""The two callers of the sandbox: the integration, and the people at their screens.

The guids are fixed, so that logs and stories read alike in every run. The secrets are made up anew in every
process; the served simulators share theirs through the run directory (see `run_dir`).
"""

import secrets

from sandbox.simkit.tokens import Identity, ManagedIdentity

#: The one tenant of the sandbox.
TENANT = "7e570000-0000-4000-8000-000000000001"


#: The function app's own identity; it may vouch for the integration (azure-platform.md rule 6.3).
MANAGED_IDENTITY = ManagedIdentity(
    client_id="7e570000-0000-4000-8000-000000000031",
    principal_id="7e570000-0000-4000-8000-000000000032",
    header=f"sandbox-only-{secrets.token_urlsafe(24)}",
)


def _identity(name: str, digit: int, *, federated_subject: str = "") -> Identity:
    return Identity(
        name=name,
        tenant=TENANT,
        client_id=f"7e570000-0000-4000-8000-0000000000{digit}1",
        secret=f"sandbox-only-{secrets.token_urlsafe(24)}",
        object_id=f"7e570000-0000-4000-8000-0000000000{digit}2",
        user_id=f"7e570000-0000-4000-8000-0000000000{digit}3",
        federated_subject=federated_subject,
    )


INTEGRATION = _identity("integration", 1, federated_subject=MANAGED_IDENTITY.principal_id)
PEOPLE = _identity("people", 2)
#: A second application user of the integration, for more throughput.
INTEGRATION_2 = _identity("integration-2", 4, federated_subject=MANAGED_IDENTITY.principal_id)
