"""Couplings: a fat row `bc:<id>` and a pointer row `sales:<id>`, always written together.

The key of the pointer makes the Sales side unique, the key of the fat row the BC side, and one
transaction for both makes them agree (design §7).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.model import Coupling, CouplingState, First, Side
from shared.ports import Op, Outdated, Row, SaveResult, TableStore
from shared.state.batches import Answer, Failed, Unit, send
from shared.state.codec import dump_baseline, load_baseline, pack, unpack
from shared.state.keys import after_prefix, partition, record_key

TABLE = "Couplings"
_FAT = "bc:"


class TableCouplings:
    """`Couplings` of one company on any `TableStore`.

    N new couplings cost 2N/100 transactions, N changed ones N/100, N found by BC id N point
    reads, by Sales id 2N. `etag` of a coupling holds the Sales id as read besides the row's etag,
    so that a changed one is noticed without reading.
    """

    def __init__(self, store: TableStore, company: str) -> None:
        self._store = store
        self._company = company

    def find(self, mapping: str, side: Side, ids: Sequence[str]) -> dict[str, Coupling]:
        if side is Side.BC:
            return self._by_bc_id(mapping, ids)
        pointers = self._pointers(mapping, ids)
        fat = self._by_bc_id(mapping, list(pointers.values()))
        # A pointer whose row is gone or points elsewhere says nothing.
        return {
            sales_id: fat[bc_id]
            for sales_id, bc_id in pointers.items()
            if bc_id in fat and fat[bc_id].sales_id == sales_id
        }

    def stream(self, mapping: str, *, late_only: bool = False) -> Iterator[Coupling]:
        rows = self._store.query(
            TABLE,
            self._partition(mapping),
            key_from=_FAT,
            key_before=after_prefix(_FAT),
            where={"late": True} if late_only else None,
        )
        return (_coupling(mapping, row) for row in rows)

    def save(self, couplings: Sequence[Coupling]) -> list[SaveResult]:
        results: dict[int, SaveResult] = {}
        for mapping, numbers in _by_mapping(couplings).items():
            same = [couplings[number] for number in numbers]
            results |= dict(zip(numbers, self._save(mapping, same), strict=True))
        return [results[number] for number in range(len(couplings))]

    def remove(self, couplings: Sequence[Coupling]) -> None:
        """Delete couplings as they were read.

        Raises:
            Outdated: some were changed by somebody else since; those are still there.
        """
        changed = 0
        for mapping, numbers in _by_mapping(couplings).items():
            changed += self._remove(mapping, [couplings[number] for number in numbers])
        if changed:
            raise Outdated(f"{changed} couplings were changed since they were read")

    # --- saving --------------------------------------------------------------------------------

    def _save(self, mapping: str, couplings: Sequence[Coupling]) -> list[SaveResult]:
        """Save couplings of one mapping, each alone if it cannot go with others."""
        where = self._partition(mapping)
        units = [_unit(where, coupling) for coupling in couplings]

        def hopeless(numbers: Sequence[int]) -> dict[int, Failed]:
            keys = [op.row.key for number in numbers for op in units[number] if _needs_look(op)]
            there = self._store.get_many(TABLE, where, keys)
            found: dict[int, Failed] = {}
            for number in numbers:
                for position, op in enumerate(units[number]):
                    if number not in found and (status := _refused(op, there.get(op.row.key))):
                        found[number] = Failed(position=position, status=status)
            return found

        answers = send(self._store, TABLE, units, screen=hopeless)
        failed = {n: a for n, a in enumerate(answers) if isinstance(a, Failed)}
        reasons = self._reasons(mapping, {n: couplings[n] for n in failed}, failed)
        return [
            reasons[n] if n in reasons else _saved(couplings[n], units[n], answers[n]) for n in range(len(couplings))
        ]

    def _reasons(
        self, mapping: str, couplings: Mapping[int, Coupling], failed: Mapping[int, Failed]
    ) -> dict[int, SaveResult]:
        """Say why each was refused, from what is in the table now; repair pointers to nothing."""
        if not couplings:
            return {}
        pointers = self._pointers(mapping, [c.sales_id for c in couplings.values()])
        fat = self._by_bc_id(mapping, [*(c.bc_id for c in couplings.values()), *pointers.values()])
        results: dict[int, SaveResult] = {}
        for number, wanted in couplings.items():
            there = fat.get(wanted.bc_id)
            owner = fat.get(pointers.get(wanted.sales_id, ""))
            if failed[number].status == 413:
                results[number] = SaveResult(bc_id=wanted.bc_id, refused="too large")
            elif wanted.etag is None and there and there.sales_id == wanted.sales_id:
                # Saved before, by us or by somebody with the same thought.
                same = there.state is wanted.state
                results[number] = SaveResult(
                    bc_id=wanted.bc_id, coupling=there if same else None, refused=None if same else "outdated"
                )
            elif wanted.etag is not None and (there is None or there.etag != wanted.etag):
                results[number] = SaveResult(bc_id=wanted.bc_id, refused="outdated")
            elif (wanted.etag is None and there) or (owner and owner.sales_id == wanted.sales_id):
                results[number] = SaveResult(bc_id=wanted.bc_id, refused="taken")
            else:
                results[number] = self._repair(mapping, wanted)
        return results

    def _repair(self, mapping: str, wanted: Coupling) -> SaveResult:
        """Save one that nothing stands against but a pointer without its fat row, or nothing any more."""
        where = self._partition(mapping)
        keys = [record_key(Side.SALES, wanted.sales_id), record_key(Side.SALES, _read_sales_id(wanted))]
        pointers = self._store.get_many(TABLE, where, keys)
        unit: list[Op] = []
        for op in _unit(where, wanted):
            there = pointers.get(op.row.key)
            if op.action == "create" and there:
                unit.append(Op(action="replace", row=_with_etag(op.row, there.etag)))
            elif op.action != "delete" or there:
                unit.append(op)
        [answer] = send(self._store, TABLE, [unit])
        if isinstance(answer, Failed):
            # Somebody was faster. The pointer's place is last but one at most; the fat row is first.
            refused = "outdated" if answer.position == 0 and wanted.etag else "taken"
            return SaveResult(bc_id=wanted.bc_id, refused=refused)
        return _saved(wanted, unit, answer)

    def _remove(self, mapping: str, couplings: Sequence[Coupling]) -> int:
        """Delete couplings of one mapping; return how many were changed by somebody else."""
        where = self._partition(mapping)
        unread = self._by_bc_id(mapping, [c.bc_id for c in couplings if c.etag is None])
        known = {c.bc_id: c if c.etag else unread.get(c.bc_id) for c in couplings}
        units = [_removal(where, coupling) for coupling in known.values() if coupling]

        def hopeless(numbers: Sequence[int]) -> dict[int, Failed]:
            there = self._store.get_many(TABLE, where, [units[number][0].row.key for number in numbers])
            states = {number: _refused(units[number][0], there.get(units[number][0].row.key)) for number in numbers}
            return {number: Failed(position=0, status=status) for number, status in states.items() if status}

        answers = send(self._store, TABLE, units, screen=hopeless)
        changed = 0
        for unit, answer in zip(units, answers, strict=True):
            if isinstance(answer, Failed) and answer.position == 1:
                # Only the pointer is missing.
                [answer] = send(self._store, TABLE, [unit[:1]])
            changed += isinstance(answer, Failed) and answer.status == 412
        return changed

    # --- reading -------------------------------------------------------------------------------

    def _by_bc_id(self, mapping: str, ids: Sequence[str]) -> dict[str, Coupling]:
        keys = [record_key(Side.BC, bc_id) for bc_id in ids]
        rows = self._store.get_many(TABLE, self._partition(mapping), keys)
        return {row.key.removeprefix(_FAT): _coupling(mapping, row) for row in rows.values()}

    def _pointers(self, mapping: str, sales_ids: Sequence[str]) -> dict[str, str]:
        keys = {record_key(Side.SALES, sales_id): sales_id for sales_id in sales_ids}
        rows = self._store.get_many(TABLE, self._partition(mapping), list(keys))
        return {keys[key]: row.properties["bc_id"] for key, row in rows.items()}

    def _partition(self, mapping: str) -> str:
        return partition(self._company, mapping)


# --- rows --------------------------------------------------------------------------------------


def _coupling(mapping: str, row: Row) -> Coupling:
    kept = row.properties
    sales_id = kept["sales_id"]
    return Coupling(
        mapping=mapping,
        bc_id=row.key.removeprefix(_FAT),
        sales_id=sales_id,
        state=CouplingState(kept["state"]),
        bc_version=kept["bc_version"],
        sales_version=kept["sales_version"],
        bc_row_version=kept["bc_row_version"],
        sales_row_version=kept["sales_row_version"],
        baseline=load_baseline(unpack("baseline", kept, "{}")),
        first=First(kept["first"]) if "first" in kept else None,
        late=tuple(json.loads(kept.get("late_fields", "[]"))),
        generation=kept["generation"],
        outcome=kept["outcome"],
        coupled_at=kept.get("coupled_at"),
        etag=_joined_etag(sales_id, row.etag),
    )


def _fat(where: str, coupling: Coupling) -> Row:
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
    if coupling.first is not None:
        properties["first"] = coupling.first.value
    if coupling.coupled_at is not None:
        properties["coupled_at"] = coupling.coupled_at
    etag = None if coupling.etag is None else coupling.etag.rpartition("|")[2]
    return Row(partition=where, key=record_key(Side.BC, coupling.bc_id), properties=properties, etag=etag)


def _pointer(where: str, sales_id: str, bc_id: str) -> Row:
    return Row(partition=where, key=record_key(Side.SALES, sales_id), properties={"bc_id": bc_id})


def _unit(where: str, coupling: Coupling) -> Unit:
    """Return what saving one coupling takes: the fat row first, then pointers."""
    fat = _fat(where, coupling)
    pointer = Op(action="create", row=_pointer(where, coupling.sales_id, coupling.bc_id))
    if coupling.etag is None:
        return [Op(action="create", row=fat), pointer]
    if (before := _read_sales_id(coupling)) == coupling.sales_id:
        return [Op(action="replace", row=fat)]
    gone = Op(action="delete", row=_pointer(where, before, coupling.bc_id))
    return [Op(action="replace", row=fat), pointer, gone]


def _removal(where: str, coupling: Coupling) -> Unit:
    pointer = _pointer(where, _read_sales_id(coupling), coupling.bc_id)
    return [Op(action="delete", row=_fat(where, coupling)), Op(action="delete", row=pointer)]


def _saved(coupling: Coupling, unit: Unit, answer: Answer) -> SaveResult:
    assert not isinstance(answer, Failed)
    etag = _joined_etag(coupling.sales_id, answer[0])
    return SaveResult(bc_id=coupling.bc_id, coupling=replace(coupling, etag=etag))


def _joined_etag(sales_id: str, etag: str | None) -> str:
    return f"{sales_id}|{etag}"


def _read_sales_id(coupling: Coupling) -> str:
    """Return the Sales id that the coupling had when it was read; its own when it is new."""
    return coupling.sales_id if coupling.etag is None else coupling.etag.rpartition("|")[0]


def _with_etag(row: Row, etag: str | None) -> Row:
    return Row(partition=row.partition, key=row.key, properties=row.properties, etag=etag)


def _needs_look(op: Op) -> bool:
    return op.action == "create" or op.row.etag is not None


def _refused(op: Op, there: Row | None) -> int:
    """Return the status that an operation would fail with, from the row that is there; 0 for none."""
    if op.action == "create":
        return 409 if there else 0
    if op.row.etag is None:
        return 0
    if there is None:
        return 404
    return 412 if there.etag != op.row.etag else 0


def _by_mapping(couplings: Sequence[Coupling]) -> dict[str, list[int]]:
    """Return the numbers of the couplings of each mapping."""
    groups: dict[str, list[int]] = {mapping: [] for mapping in Counter(c.mapping for c in couplings)}
    for number, coupling in enumerate(couplings):
        groups[coupling.mapping].append(number)
    return groups
