"""What the simulators share: clock, faults, log, tokens, the WSGI base and its TLS server.

Imports nothing from the product.
"""

from sandbox.simkit.answers import json_response
from sandbox.simkit.app import Current, SimApp
from sandbox.simkit.clock import SimClock
from sandbox.simkit.faults import Fault, Faults, LostReply
from sandbox.simkit.identities import INTEGRATION, INTEGRATION_2, MANAGED_IDENTITY, PEOPLE, TENANT
from sandbox.simkit.log import LogEntry, RequestLog
from sandbox.simkit.tokens import Identity, ManagedIdentity, TokenIssuer, TokenVerifier, Unauthorized

__all__ = [
    "INTEGRATION",
    "INTEGRATION_2",
    "PEOPLE",
    "TENANT",
    "Current",
    "Fault",
    "Faults",
    "Identity",
    "LogEntry",
    "LostReply",
    "MANAGED_IDENTITY",
    "ManagedIdentity",
    "RequestLog",
    "SimApp",
    "SimClock",
    "TokenIssuer",
    "TokenVerifier",
    "Unauthorized",
    "json_response",
]
