"""Simulator of Dataverse with the tables of Dynamics 365 Sales.

A small true system: rows, versions, change tracking, batches, limits. Facts: reference/dataverse-web-api.md.
Imports nothing from the product.
"""

from sandbox.dataverse.app import DataverseSim
from sandbox.dataverse.refusal import Refused

__all__ = ["DataverseSim", "Refused"]
