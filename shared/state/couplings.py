"""Couplings: a fat row `bc:<id>` and a pointer row `sales:<id>`, always written together.

The key of the pointer makes the Sales side unique, the key of the fat row the BC side, and one
transaction for both makes them agree (design §7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shared.core.model import Coupling, Side
from shared.ports import Op, Outdated, Row, SaveResult, TableStore
from shared.state.batches import Answer, Failed, send
from shared.state.coupling_rows import FAT, before, coupling_of, joined_etag, removing, saving
from shared.state.keys import after_prefix, partition, record_key

TABLE = "Couplings"


class TableCouplings:
    """`Couplings` of one company on any `TableStore`.

    N new couplings cost 2N/100 transactions, N changed ones N/100, N found by BC id N point
    reads, by Sales id 2N. `etag` of a coupling holds both ids as read besides the row's etag, so
    that a changed id (a record restored under a new one) is noticed without reading.
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
            key_from=FAT,
            key_before=after_prefix(FAT),
            where={"late": True} if late_only else None,
        )
        return (coupling_of(mapping, row) for row in rows)

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
        units = [saving(where, coupling) for coupling in couplings]

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
            reasons[n] if n in reasons else _saved(couplings[n], answers[n]) for n in range(len(couplings))
        ]

    def _reasons(
        self, mapping: str, couplings: Mapping[int, Coupling], failed: Mapping[int, Failed]
    ) -> dict[int, SaveResult]:
        """Say why each was refused, from what is in the table now; repair pointers to nothing."""
        if not couplings:
            return {}
        pointers = self._pointers(mapping, [c.sales_id for c in couplings.values()])
        bc_ids = [bc_id for c in couplings.values() for bc_id in (c.bc_id, before(c).bc_id)]
        fat = self._by_bc_id(mapping, [*bc_ids, *pointers.values()])
        results: dict[int, SaveResult] = {}
        for number, wanted in couplings.items():
            read = before(wanted)
            there, owner = fat.get(wanted.bc_id), fat.get(pointers.get(wanted.sales_id, ""))
            is_new = wanted.etag is None or read.bc_id != wanted.bc_id
            kept: Coupling | None = None
            refused: str | None = None
            if failed[number].status == 413:
                refused = "too large"
            elif is_new and there and there.sales_id == wanted.sales_id:
                # Saved before, by us or by somebody with the same thought.
                kept, refused = (there, None) if there.state is wanted.state else (None, "outdated")
            elif wanted.etag is not None and wanted.etag != _etag_of(fat.get(read.bc_id)):
                refused = "outdated"
            elif (is_new and there) or (
                owner and owner.sales_id == wanted.sales_id and owner.bc_id != read.bc_id
            ):
                refused = "taken"
            else:
                results[number] = self._repair(mapping, wanted)
                continue
            results[number] = SaveResult(bc_id=wanted.bc_id, coupling=kept, refused=refused)
        return results

    def _repair(self, mapping: str, wanted: Coupling) -> SaveResult:
        """Save one that nothing stands against but pointers that are not as they should be."""
        where = self._partition(mapping)
        ids = (wanted.sales_id, before(wanted).sales_id)
        pointers = self._store.get_many(TABLE, where, [record_key(Side.SALES, sales_id) for sales_id in ids])
        unit: list[Op] = []
        for op in saving(where, wanted):
            there = pointers.get(op.row.key)
            if op.row.key.startswith(FAT):
                unit.append(op)
            elif op.action == "delete":
                unit += [op] if there else []
            elif there:
                unit.append(Op(action="replace", row=replace(op.row, etag=there.etag)))
            else:
                unit.append(Op(action="create", row=op.row))
        [answer] = send(self._store, TABLE, [unit])
        if isinstance(answer, Failed):
            # Somebody was faster.
            refused = "taken" if answer.status == 409 else "outdated"
            return SaveResult(bc_id=wanted.bc_id, refused=refused)
        return _saved(wanted, answer)

    def _remove(self, mapping: str, couplings: Sequence[Coupling]) -> int:
        """Delete couplings of one mapping; return how many were changed by somebody else."""
        where = self._partition(mapping)
        unread = self._by_bc_id(mapping, [c.bc_id for c in couplings if c.etag is None])
        known = {c.bc_id: c if c.etag else unread.get(c.bc_id) for c in couplings}
        units = [removing(where, coupling) for coupling in known.values() if coupling]

        def hopeless(numbers: Sequence[int]) -> dict[int, Failed]:
            there = self._store.get_many(TABLE, where, [units[number][0].row.key for number in numbers])
            states = {
                number: _refused(units[number][0], there.get(units[number][0].row.key)) for number in numbers
            }
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
        return {row.key.removeprefix(FAT): coupling_of(mapping, row) for row in rows.values()}

    def _pointers(self, mapping: str, sales_ids: Sequence[str]) -> dict[str, str]:
        keys = {record_key(Side.SALES, sales_id): sales_id for sales_id in sales_ids}
        rows = self._store.get_many(TABLE, self._partition(mapping), list(keys))
        return {keys[key]: row.properties["bc_id"] for key, row in rows.items()}

    def _partition(self, mapping: str) -> str:
        return partition(self._company, mapping)


def _saved(coupling: Coupling, answer: Answer) -> SaveResult:
    assert not isinstance(answer, Failed)
    etag = joined_etag(coupling.bc_id, coupling.sales_id, answer[0])
    return SaveResult(bc_id=coupling.bc_id, coupling=replace(coupling, etag=etag))


def _etag_of(coupling: Coupling | None) -> str | None:
    return coupling.etag if coupling else None


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
    return 412 if op.row.etag not in ("*", there.etag) else 0


def _by_mapping(couplings: Sequence[Coupling]) -> dict[str, list[int]]:
    """Return the numbers of the couplings of each mapping."""
    groups: dict[str, list[int]] = {mapping: [] for mapping in Counter(c.mapping for c in couplings)}
    for number, coupling in enumerate(couplings):
        groups[coupling.mapping].append(number)
    return groups
