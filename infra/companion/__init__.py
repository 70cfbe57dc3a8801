"""Writes the mechanical part of the companion extension from `infra/business-central/contract.yaml`.

`make companion` writes it anew; a test says when that was forgotten. What needs thought (computed
values, the two made-up sets, tombstones' table) is written by hand in `src/`.
"""
