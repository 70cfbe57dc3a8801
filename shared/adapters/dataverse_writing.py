"""Writes to Dataverse: bulk messages, single operations and change sets, each record answered (§5–§7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import httpx

from shared.adapters.dataverse_batch import Operation
from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.dataverse_rows import DataverseRows
from shared.adapters.odata import DATAVERSE, Answer, Lost, Taken, evenly, write_error
from shared.adapters.throttle import Effect
from shared.adapters.writing import (
    all_failed,
    by_operations,
    read_back,
    settle_lost_updates,
    taken_ids,
    tell_exists_from_taken,
)
from shared.core.errors import Misconfigured, Rejected, Stale, SyncError, Transient
from shared.core.mapping import Table
from shared.ports import Step, Write, Written

#: Records of one bulk message or $batch of writes, about. More are allowed (§5, §6); a hundred keeps
#: one refused record from sinking many, and keeps a request short.
WRITES = 100
REPRESENTATION = {"Prefer": "return=representation"}
#: How one record is written by itself.
Single = Callable[[Table, Write], Operation]


class DataverseWriting:
    """Args:
    handlers: Who writes a table instead of any other user, by entity set (P35).
    user_ids: The application users' ids: what they wrote last is ours.
    """

    def __init__(
        self,
        line: DataverseLine,
        rows: DataverseRows,
        *,
        handlers: Mapping[str, httpx.Auth],
        user_ids: Callable[[], frozenset[str]],
    ) -> None:
        self._line = line
        self._rows = rows
        self._handlers = handlers
        self._user_ids = user_ids

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """Create under our ids: CreateMultiple where the table takes it, then one read (H4)."""
        if not writes:
            return []
        stepped = [w for w in writes if w.before or w.after]
        plain = [w for w in writes if not (w.before or w.after)]
        results = self._in_sets(table, stepped, self._post, Effect.HARMLESS) if stepped else []
        if plain and table.bulk:
            results += self._in_bulk(table, plain, "CreateMultiple", self._post)
        elif plain:
            results += self._one_by_one(table, plain, self._post, Effect.HARMLESS)
        results = _in_order(writes, results)
        if taken := taken_ids(results):
            try:
                results = tell_exists_from_taken(results, self._rows.get(table, taken))
            except Transient as problem:
                results = [
                    Written(id=r.id, error=problem) if isinstance(r.error, Taken) else r for r in results
                ]
        return results

    def update(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """PATCH under If-Match; what may be changed in any version goes by UpdateMultiple.

        Without If-Match a PATCH would make a deleted row again (§2 "Concurrency").
        """
        if not writes:
            return []
        if any(not write.if_version for write in writes):
            raise ValueError("an update needs the version that was gathered, or *")
        stepped = [w for w in writes if w.before or w.after]
        plain = [w for w in writes if not (w.before or w.after)]
        anyway = [w for w in plain if w.if_version == "*" and table.bulk]
        checked = [w for w in plain if w.if_version != "*" or not table.bulk]
        results = self._in_bulk(table, anyway, "UpdateMultiple", self._patch) if anyway else []
        if checked:
            results += self._one_by_one(table, checked, self._patch, Effect.ONCE)
        if stepped:
            results += self._in_sets(table, stepped, self._patch, Effect.ONCE)
        return _in_order(writes, results)

    def _in_bulk(self, table: Table, writes: Sequence[Write], message: str, single: Single) -> list[Written]:
        """Send a bulk message for each hundred; it is all or nothing (§6).

        A refused hundred does not say who was to blame, so it is sent once more as $batch, where
        each is answered on its own.
        """
        kind = f"Microsoft.Dynamics.CRM.{_logical_name(table)}"

        def send(part: Sequence[Write]) -> list[Written] | None:
            targets = [{"@odata.type": kind, table.key: write.id, **write.values} for write in part]
            path = f"{table.name}/Microsoft.Dynamics.CRM.{message}"
            try:
                user = self._handlers.get(table.name)
                answer = self._line.post(path, {"Targets": targets}, Effect.HARMLESS, user=user)
            except Transient as problem:
                return all_failed(part, problem)
            if answer.status in (200, 204):
                return None
            return self._send_each(table, part, single, Effect.HARMLESS)

        parts = evenly(writes, WRITES)
        answered = self._line.channel.each(send, parts)
        unread = [w for part, results in zip(parts, answered, strict=True) if results is None for w in part]
        read: dict[str, Written] = {}
        if unread:
            try:
                read = {r.id: r for r in read_back(unread, self._rows.get(table, [w.id for w in unread]))}
            except Transient as problem:
                read = {w.id: Written(id=w.id, error=problem) for w in unread}
        results = [
            result
            for part, given in zip(parts, answered, strict=True)
            for result in (given if given is not None else [read[w.id] for w in part])
        ]
        return _unless_misconfigured(results)

    def _one_by_one(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Single,
        effect: Effect,
    ) -> list[Written]:
        parts = self._line.channel.each(
            lambda part: self._send_each(table, part, single, effect), evenly(writes, WRITES)
        )
        return _unless_misconfigured([result for part in parts for result in part])

    def _in_sets(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Single,
        effect: Effect,
    ) -> list[Written]:
        """Send each record with its steps as one change set, many to a $batch (H16), then read them once (H4)."""

        def send(part: Sequence[Write]) -> list[Written | None]:
            sets = [
                (*map(self._step, write.before), single(table, write), *map(self._step, write.after))
                for write in part
            ]
            try:
                answers = self._line.change_sets(sets, effect, user=self._handlers.get(table.name))
            except Lost as problem:
                if effect is Effect.ONCE:
                    return [*self._look_again(table, part, problem)]
                return [*all_failed(part, problem)]
            except Transient as problem:
                return [*all_failed(part, problem)]
            return [_of_set(write, answer) for write, answer in zip(part, answers, strict=True)]

        parts: list[list[Written | None]] = []
        rest = list(writes)
        while rest:
            cut = list(by_operations(rest, self._line.portion.now))
            # Found out how much is answered in time with one request, not with all of them at once.
            now = cut[:1] if self._line.portion.unsure else cut
            parts += self._line.channel.each(send, now)
            rest = rest[sum(map(len, now)) :]
        answered = dict(zip([w.id for w in writes], [r for part in parts for r in part], strict=True))
        unread = [w for w in writes if answered[w.id] is None]
        try:
            read = read_back(unread, self._rows.get(table, [w.id for w in unread])) if unread else []
        except Transient as problem:
            read = all_failed(unread, problem)
        return _unless_misconfigured([*[r for r in answered.values() if r is not None], *read])

    def _step(self, step: Step) -> Operation:
        if step.action == "create":
            body = {step.table.key: step.id, **step.values}
            return self._line.operation("POST", step.table.name, body=body)
        # Without If-Match a PATCH creates a row that is not there (§2).
        headers = {"If-Match": step.if_version} if step.action == "update" else {}
        path = f"{step.table.name}({step.id})"
        return self._line.operation("PATCH", path, headers=headers, body=dict(step.values))

    def _send_each(
        self,
        table: Table,
        writes: Sequence[Write],
        single: Single,
        effect: Effect,
    ) -> list[Written]:
        """Send one $batch in which each record succeeds or fails on its own."""
        try:
            operations = [single(table, write) for write in writes]
            answers = self._line.batch(operations, effect, user=self._handlers.get(table.name))
        except Lost as problem:
            return (
                self._look_again(table, writes, problem)
                if effect is Effect.ONCE
                else all_failed(writes, problem)
            )
        except Transient as problem:
            return all_failed(writes, problem)
        return [self._written(table, write, answer) for write, answer in zip(writes, answers, strict=True)]

    def _look_again(self, table: Table, writes: Sequence[Write], problem: SyncError) -> list[Written]:
        try:
            return settle_lost_updates(
                writes, self._rows.get(table, [w.id for w in writes]), self._user_ids()
            )
        except Transient:
            return all_failed(writes, problem)

    def _post(self, table: Table, write: Write) -> Operation:
        path = f"{table.name}?$select={self._rows.select(table)}"
        return self._line.operation(
            "POST", path, headers=REPRESENTATION, body={table.key: write.id, **write.values}
        )

    def _patch(self, table: Table, write: Write) -> Operation:
        path = f"{table.name}({write.id})?$select={self._rows.select(table)}"
        headers = {**REPRESENTATION, "If-Match": write.if_version or "*"}
        return self._line.operation("PATCH", path, headers=headers, body=dict(write.values))

    def _written(self, table: Table, write: Write, answer: Answer) -> Written:
        if answer.status in (200, 201) and answer.body:
            return Written(id=write.id, record=self._rows.record(table, answer.body))
        return Written(id=write.id, error=write_error(DATAVERSE, answer))


def _logical_name(table: Table) -> str:
    """Return the table's own name: its primary key is that name and `id` (dataverse_schema)."""
    return table.entity or table.key.removesuffix("id")


def _of_set(write: Write, answers: tuple[Answer, ...]) -> Written | None:
    """Return why a change set failed; None when it was done and its record has to be read."""
    failed = next((a for a in answers if a.status not in (200, 201, 204)), None)
    if failed is None and len(answers) == 1 + len(write.before) + len(write.after):
        return None
    error = write_error(DATAVERSE, failed or Answer(status=503))
    own = str(len(write.before) + 1)
    if failed is not None and failed.headers.get("content-id", own) != own:
        steps = {str(n): s for n, s in enumerate((*write.before, None, *write.after), start=1) if s}
        step = steps.get(failed.headers["content-id"])
        own_row = step is not None and step.id == write.id and isinstance(error, Stale)
        if isinstance(error, Stale | Rejected) and step is not None and not own_row:
            # It is not the record that is missing, taken or newer.
            error = Rejected(f"{step.table.name}: {error}", code=failed.code)
    return Written(id=write.id, error=error)


def _unless_misconfigured(results: list[Written]) -> list[Written]:
    for result in results:
        if isinstance(result.error, Misconfigured):
            raise result.error
    return results


def _in_order(writes: Sequence[Write], results: Sequence[Written]) -> list[Written]:
    by_id = {result.id: result for result in results}
    return [by_id[write.id] for write in writes]
