"""The rows of one coupling, and the operations that save or delete them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.core.model import Coupling, CouplingState, First, Side
from shared.ports import Op, Row
from shared.state.batches import Unit
from shared.state.codec import dump_baseline, load_baseline, pack, unpack
from shared.state.keys import record_key

#: What keys of fat rows start with.
FAT = "bc:"
NEVER: Mapping[str, int] = MappingProxyType({})
#: Between the parts of a coupling's etag; no id and no etag of a row has it.
BETWEEN = "\n"


def coupling_of(mapping: str, row: Row) -> Coupling:
    kept = row.properties
    bc_id, sales_id = row.key.removeprefix(FAT), kept["sales_id"]
    return Coupling(
        mapping=mapping,
        bc_id=bc_id,
        sales_id=sales_id,
        state=CouplingState(kept["state"]),
        bc_version=kept["bc_version"],
        sales_version=kept["sales_version"],
        bc_row_version=kept["bc_row_version"],
        sales_row_version=kept["sales_row_version"],
        baseline=load_baseline(unpack("baseline", kept, "{}")),
        first=First(kept["first"]) if "first" in kept else None,
        late=tuple(json.loads(kept["late_fields"])) if "late_fields" in kept else (),
        rewritten=json.loads(kept["rewritten"]) if "rewritten" in kept else NEVER,
        generation=kept["generation"],
        outcome=kept["outcome"],
        coupled_at=kept.get("coupled_at"),
        etag=joined_etag(bc_id, sales_id, row.etag),
    )


def _fat(where: str, coupling: Coupling, *, etag: str | None = None) -> Row:
    properties: dict[str, Any] = {
        "sales_id": coupling.sales_id,
        "state": coupling.state.value,
        "bc_version": coupling.bc_version,
        "sales_version": coupling.sales_version,
        "bc_row_version": coupling.bc_row_version,
        "sales_row_version": coupling.sales_row_version,
        "generation": coupling.generation,
        "outcome": coupling.outcome,
        "late": bool(coupling.late),
    } | pack("baseline", dump_baseline(coupling.baseline))
    if coupling.late:
        properties["late_fields"] = json.dumps(coupling.late)
    if coupling.rewritten:
        properties["rewritten"] = json.dumps(dict(coupling.rewritten))
    if coupling.first is not None:
        properties["first"] = coupling.first.value
    if coupling.coupled_at is not None:
        properties["coupled_at"] = coupling.coupled_at
    return Row(partition=where, key=record_key(Side.BC, coupling.bc_id), properties=properties, etag=etag)


def _pointer(where: str, sales_id: str, bc_id: str) -> Row:
    return Row(partition=where, key=record_key(Side.SALES, sales_id), properties={"bc_id": bc_id})


def saving(where: str, coupling: Coupling) -> Unit:
    """Return what saving one coupling takes: its fat row first, then what else has to move."""
    read = before(coupling)
    if (read.bc_id, read.sales_id) == (coupling.bc_id, coupling.sales_id) and read.etag is not None:
        # By far the most: only its values have changed.
        return [Op(action="replace", row=_fat(where, coupling, etag=read.etag))]
    pointer = _pointer(where, coupling.sales_id, coupling.bc_id)
    if coupling.etag is None:
        return [Op(action="create", row=_fat(where, coupling)), Op(action="create", row=pointer)]
    gone_fat, gone_pointer = removing(where, coupling)
    if read.bc_id == coupling.bc_id:
        unit = [Op(action="replace", row=_fat(where, coupling, etag=read.etag))]
    else:
        unit = [Op(action="create", row=_fat(where, coupling)), gone_fat]
    if read.sales_id != coupling.sales_id:
        unit += [Op(action="create", row=pointer), gone_pointer]
    elif read.bc_id != coupling.bc_id:
        # Nobody else can have it: the old fat row, deleted under its etag, is its owner.
        unit.append(Op(action="replace", row=replace(pointer, etag="*")))
    return unit


def removing(where: str, coupling: Coupling) -> Unit:
    """Return what deleting a coupling as it was read takes."""
    read = before(coupling)
    fat = Row(partition=where, key=record_key(Side.BC, read.bc_id), properties={}, etag=read.etag)
    pointer = _pointer(where, read.sales_id, read.bc_id)
    return [Op(action="delete", row=fat), Op(action="delete", row=pointer)]


class Before(NamedTuple):
    """A coupling's row as it was read; its own ids when it is new."""

    bc_id: str
    sales_id: str
    etag: str | None


def joined_etag(bc_id: str, sales_id: str, etag: str | None) -> str:
    return BETWEEN.join((bc_id, sales_id, etag or ""))


def before(coupling: Coupling) -> Before:
    if coupling.etag is None:
        return Before(coupling.bc_id, coupling.sales_id, None)
    bc_id, sales_id, etag = coupling.etag.split(BETWEEN)
    return Before(bc_id, sales_id, etag or None)
