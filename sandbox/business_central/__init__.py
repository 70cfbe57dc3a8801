"""A simulator of Business Central's API, generated from the companion extension's contract.

A small true system: it keeps rows and versions, refuses what the real service refuses and keeps
its silent traps. It shares no code with the product, so it can serve as an oracle for it.
"""

from sandbox.business_central.app import BusinessCentralSim

__all__ = ["BusinessCentralSim"]
