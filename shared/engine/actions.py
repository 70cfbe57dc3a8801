"""What administrators do to couplings: under the mapping's lease, as jobs of its queue (H10).

Each checks and writes; a second delivery finds what the first one did and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.convert import Stamp
from shared.core.errors import Refused, Rejected
from shared.core.mapping import When
from shared.core.model import Coupling, CouplingState, First, Record, Resolution, Side, Tally, Value
from shared.engine.forgetting import forget
from shared.engine.kept import readable
from shared.engine.messages import Job
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.engine.sync import PageSync
from shared.ports import HeldRecord, Write

ACTIONS = ("couple", "uncouple", "skip", "retry", "resolve", "forget")


class Actions:
    def __init__(self, ports: Ports, pages: PageSync) -> None:
        self._ports = ports
        self._pages = pages

    def do(self, job: Job, scope: Scope) -> Tally:
        """Do what an administrator asked for. Raises `Refused` with the reason when it cannot be done."""
        wish = job.arguments or {}
        scope.targeted = True
        match job.action:
            case "couple":
                return self._couple(job, scope, wish)
            case "uncouple":
                return self._uncouple(scope, self._coupling(scope, wish, marked_too=True))
            case "skip":
                return self._skip(scope, wish)
            case "retry":
                return self._retry(job, scope, wish)
            case "resolve":
                return self._resolve(job, scope, wish)
            case "forget":
                # Named, so that nobody empties another installation by mistake.
                if str(wish["company"]).lower() != scope.facts.company_id.lower():
                    raise Refused(f"this installation synchronizes the company {scope.facts.company_id}")
                return forget(self._ports, scope.mapping)
        raise Refused(f"there is no action '{job.action}'")

    # --- couplings -----------------------------------------------------------------------------

    def _couple(self, job: Job, scope: Scope, wish: Mapping[str, Any]) -> Tally:
        """Couple two records; whose values come first is the administrator's word (P14)."""
        ports, mapping = self._ports, scope.mapping
        # Ids are lower case on both sides, however a person has copied them.
        ids = {Side.BC: str(wish["bc"]).lower(), Side.SALES: str(wish["sales"]).lower()}
        rows: list[Record] = []
        for side, id in ids.items():
            rows += ports.records(side).get(mapping.table(side), [id]).values()
            if not rows or rows[-1].id != id:
                raise Refused(f"{mapping.name} has no record {id} in {side.value}")
        found = [ports.couplings.find(mapping.name, side, [id]).get(id) for side, id in ids.items()]
        same = found[0] is not None and found[0].sales_id == ids[Side.SALES]
        if not same or (found[0] and found[0].state is not CouplingState.COUPLED):
            left = [
                (side, old)
                for side, old in zip(ids, found, strict=True)
                if old is not None and old.state is CouplingState.COUPLED and self._stands(scope, side, old)
            ]
            for side, old in left if not wish.get("move") else ():
                # Not re-pointed unless asked to: what was agreed with the other record would be lost
                # without anybody having said so.
                raise Refused(
                    f"{side.value} {ids[side]} is coupled to {side.other.value} {old.id_of(side.other)}; "
                    "uncouple them first, or say that it moves (--move)"
                )
            # A filter decides who may be coupled, by hand too (H24).
            if outside := self._pages.gather.outside(scope, rows):
                raise Refused(f"outside the filter of {mapping.name}: {'; '.join(outside)}")
            self._leave(scope, left)
            # Markers of an earlier uncoupling give way: a person lifts them (H8).
            markers = [c for c in found if c is not None]
            generation = max((c.generation for c in markers), default=0)
            ports.couplings.remove([c for c in markers if not same])
            new = Coupling(
                mapping=mapping.name,
                bc_id=ids[Side.BC],
                sales_id=ids[Side.SALES],
                first=First(wish.get("from", First.COMPARE.value)),
                generation=generation,
                outcome="coupled by a person",
                coupled_at=scope.now,
                etag=found[0].etag if same and found[0] else None,
            )
            [result] = ports.couplings.save([new])
            if result.coupling is None:
                raise Refused(self._winner(scope, ids))
            scope.matched.append(result.coupling)
        ports.held.remove(mapping.name, list(ids.items()))
        # A person who couples a parked record brings it back.
        scope.skipped = set(scope.skipped) - set(ids.items())
        return self._look(job, scope, Side.BC, ids[Side.BC])

    def _leave(self, scope: Scope, left: Sequence[tuple[Side, Coupling]]) -> None:
        """Park the records whose counterpart moves away: free to be coupled, and made anew by nobody.

        Written before their couplings go, so that a job that dies in between repeats it.
        """
        said = "its counterpart was coupled to another record by a person; couple it, or retry it"
        parked = [
            HeldRecord(
                mapping=scope.mapping.name,
                side=side.other,
                id=old.id_of(side.other),
                kind="skipped",
                reason=said,
                since=scope.now,
                label=self._label(scope, side.other, old.id_of(side.other)),
            )
            for side, old in left
        ]
        if parked:
            self._ports.held.put(parked)

    def _stands(self, scope: Scope, side: Side, old: Coupling) -> bool:
        """Say whether the counterpart of a coupled record is still there; else its coupling may give way."""
        other, id = side.other, old.id_of(side.other)
        return id in self._ports.records(other).get(scope.mapping.table(other), [id])

    def _winner(self, scope: Scope, ids: Mapping[Side, str]) -> str:
        """Say who coupled one of the two between our look and our write."""
        for side, id in ids.items():
            now = self._ports.couplings.find(scope.mapping.name, side, [id]).get(id)
            if now is not None:
                other = f"{side.other.value} {now.id_of(side.other)}"
                return f"{side.value} {id} was coupled to {other} by somebody else at the same moment"
        return "one of the two was coupled by somebody else at the same moment; look again"

    def _uncouple(self, scope: Scope, coupling: Coupling) -> Tally:
        """Take two records apart; both stay as they are, and stay apart until a person couples them (H8)."""
        ports, name = self._ports, scope.mapping.name
        if coupling.state is CouplingState.UNCOUPLED:
            return Tally(unchanged=1)  # a second click, or a second delivery
        self._unstamp(scope, coupling)
        marked = replace(coupling, state=CouplingState.UNCOUPLED, outcome="uncoupled by a person")
        [result] = ports.couplings.save([marked])
        if result.coupling is None:
            raise Refused("the coupling was changed by somebody else at the same moment; look again")
        ports.held.remove(name, [(side, coupling.id_of(side)) for side in Side])
        return Tally(uncoupled=1)

    def _unstamp(self, scope: Scope, coupling: Coupling) -> None:
        """Take this company off a record of Sales (sync-semantics.md R107); a second delivery finds that done."""
        mapping, sales = scope.mapping, self._ports.sales
        stamped = [
            (f, f.converter)
            for f in mapping.fields
            if isinstance(f.converter, Stamp) and f.when is When.ALWAYS
        ]
        for f, stamp in stamped:
            row = sales.get(mapping.sales, [coupling.sales_id]).get(coupling.sales_id)
            if (
                row is None
                or stamp.read(Side.SALES, row.values.get(f.sales), scope.references) != stamp.value
            ):
                continue
            values = stamp.write(Side.SALES, None, f.sales, scope.references)
            [written] = sales.update(mapping.sales, [Write(id=row.id, values=values, if_version=row.version)])
            if isinstance(written.error, Rejected):
                raise Refused(f"Sales does not take the company off the record: {written.error}")
            if written.error is not None:
                raise written.error

    # --- records -------------------------------------------------------------------------------

    def _skip(self, scope: Scope, wish: Mapping[str, Any]) -> Tally:
        """Park a record: nothing is synchronized in either direction until it is retried."""
        ports, name = self._ports, scope.mapping.name
        side, id = self._key(scope, wish)
        before = ports.held.find(name, [(side, id)]).get((side, id))
        row = before or HeldRecord(
            mapping=name,
            side=side,
            id=id,
            kind="skipped",
            reason="",
            since=scope.now,
            label=self._label(scope, side, id),
        )
        said = f"skipped by a person; it was {row.kind}: {row.reason}" if before else "skipped by a person"
        if row.kind != "skipped" or before is None:
            parked = replace(row, kind="skipped", reason=said, since=scope.now, next_try=None, tries=0)
            ports.held.put([replace(parked, awaits_mapping="", awaits_side="", awaits_id="", awaits=())])
        return Tally(ignored=1)

    def _retry(self, job: Job, scope: Scope, wish: Mapping[str, Any]) -> Tally:
        """Try a record again, whatever held it; one that was parked comes back."""
        side, id = self._key(scope, wish)
        if (side, id) in scope.skipped:
            self._ports.held.remove(scope.mapping.name, [(side, id)])
            scope.skipped = scope.skipped - {(side, id)}
        scope.may_create = True
        return self._look(job, scope, Side(wish["side"]), str(wish["id"]))

    def _resolve(self, job: Job, scope: Scope, wish: Mapping[str, Any]) -> Tally:
        """Settle conflicting fields in favour of one side; the other side's value is overwritten.

        With `overwrite` also fields that only the other side has changed since the two agreed.
        With `seen` (field → what held rows and explain showed of the other side) nothing is
        overwritten that the person has not seen: refused when it has become something else.
        """
        coupling = self._coupling(scope, wish)
        field = wish.get("field")
        told = wish.get("seen", {})
        for name in (field, *told):
            if name is not None and name not in {f.name for f in scope.mapping.fields}:
                raise Refused(f"{scope.mapping.name} has no field '{name}'")
        scope.resolutions = {
            coupling.bc_id: Resolution(
                use=Side(wish["use"]),
                fields=frozenset([field]) if field else None,
                overwrite=wish.get("overwrite", False),
                seen=self._seen(scope, coupling.bc_id, Side(wish["use"]), told) if told else {},
            )
        }
        return self._look(job, scope, Side.BC, coupling.bc_id)

    def _seen(self, scope: Scope, id: str, use: Side, told: Mapping[str, Any]) -> Mapping[str, Value]:
        """Return what the person saw, as values; what changes after this look is left a conflict.

        A second delivery finds both sides equal, which is nothing to refuse.
        """
        found = self._ports.records(Side.BC).get(scope.mapping.table(Side.BC), [id])
        values: dict[str, Value] = {}
        changed: list[str] = []
        for pair in self._pages.gather.pairs(scope, Side.BC, {id: found.get(id)}, {}, turn=1):
            for name, saw in told.items():
                values[name] = pair.fields(use.other).get(name)
                now = readable(values[name])
                same = now == saw or (None not in (now, saw) and str(now) == str(saw))
                if not same and values[name] != pair.fields(use).get(name):
                    changed.append(name)
        if changed:
            # Which value, explain says: the job log holds no data of records.
            raise Refused(
                f"{', '.join(changed)} of {use.other.value} shows another value than the one seen; look again"
            )
        return values

    # --- shared --------------------------------------------------------------------------------

    def _coupling(self, scope: Scope, wish: Mapping[str, Any], *, marked_too: bool = False) -> Coupling:
        side, id = Side(wish["side"]), str(wish["id"])
        found = self._ports.couplings.find(scope.mapping.name, side, [id]).get(id)
        if found is None or (found.state is not CouplingState.COUPLED and not marked_too):
            raise Refused(f"{scope.mapping.name} {side.value} {id} is not coupled")
        return found

    def _key(self, scope: Scope, wish: Mapping[str, Any]) -> tuple[Side, str]:
        """Return how held rows name the record: a coupled pair by its BC id."""
        side, id = Side(wish["side"]), str(wish["id"])
        found = self._ports.couplings.find(scope.mapping.name, side, [id]).get(id)
        if found is not None and found.state is CouplingState.COUPLED:
            return Side.BC, found.bc_id
        return side, id

    def _label(self, scope: Scope, side: Side, id: str) -> str:
        """Return what people know a record by; "" when it is gone, or nobody may be shown it."""
        found = self._ports.records(side).get(scope.mapping.table(side), [id]).get(id)
        return str(found.values.get(scope.mapping.label(side)) or "") if found is not None else ""

    def _look(self, job: Job, scope: Scope, side: Side, id: str) -> Tally:
        found: dict[str, Record] = self._ports.records(side).get(scope.mapping.table(side), [id])
        return self._pages.run(scope, side, found.values(), [] if found else [id], job=job)
