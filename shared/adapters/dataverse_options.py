"""The options of a Dataverse choice column, read and made like records (P15–P18).

An option's id is its value as text; its version is made from its label, as it has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.dataverse_line import DataverseLine
from shared.adapters.odata import DATAVERSE, read_error, write_error
from shared.adapters.throttle import Effect
from shared.core.errors import Exists, Rejected, Transient
from shared.core.mapping import Table
from shared.core.model import Record, Side
from shared.ports import ChangePage, Write, Written

#: The language of labels that are written: English, Dataverse's usual base language.
LANGUAGE = 1033


class Options:
    def __init__(self, line: DataverseLine) -> None:
        self._line = line

    def all(self, table: Table) -> list[Record]:
        """Read every option of the column: one request."""
        answer = self._line.get(path_of(table), f"options of {table.entity}.{table.name}")
        if answer.status != 200:
            raise read_error(DATAVERSE, answer, f"options of {table.entity}.{table.name}")
        return records_of(answer.body)

    def changes(self, table: Table, cursor: str | None) -> ChangePage:
        """List the options whose label differs from the cursor's, or all. The cursor is what was there."""
        before: dict[str, str] = json.loads(cursor) if cursor else {}
        present = self.all(table)
        records = tuple(r for r in present if before.get(r.id) != r.version)
        gone = tuple(sorted(set(before) - {r.id for r in present}))
        return ChangePage(records=records, deleted=gone, cursor=_position(present), full=not cursor)

    def position(self, table: Table) -> str:
        return _position(self.all(table))

    def create(self, table: Table, writes: Sequence[Write]) -> list[Written]:
        """Insert options with their `label`. An id that is a number is the value to use.

        A repeat with the same value is refused; without a number, an option that already has the
        label answers as `Exists`, so that a lost reply does not make a second one.
        """
        present = self.all(table)
        by_id = {record.id: record for record in present}
        by_label = {str(record.values["label"]).casefold(): record for record in present}
        results = []
        for write in writes:
            label = str(write.values.get("label") or "").strip()
            if not label:
                results.append(Written(id=write.id, error=Rejected("an option needs a label")))
            elif write.id in by_id or label.casefold() in by_label:
                results.append(Written(id=write.id, error=Exists("this option is there already")))
            else:
                results.append(self._insert(table, write, label))
        return results

    def _insert(self, table: Table, write: Write, label: str) -> Written:
        body: dict[str, Any] = {
            "EntityLogicalName": table.entity,
            "AttributeLogicalName": table.name,
            "Label": {"LocalizedLabels": [{"Label": label, "LanguageCode": LANGUAGE}]},
        }
        if write.id.isdigit():
            body["Value"] = int(write.id)
        try:
            answer = self._line.post("InsertOptionValue", body, Effect.ONCE)
        except Transient as problem:
            return Written(id=write.id, error=problem)
        if answer.status != 200:
            return Written(id=write.id, error=write_error(DATAVERSE, answer))
        return Written(id=write.id, record=_record(int(answer.body["NewOptionValue"]), label))


def _position(options: Sequence[Record]) -> str:
    return json.dumps({r.id: r.version for r in options}, separators=(",", ":"))


def path_of(table: Table) -> str:
    """Return where the column's options are read."""
    return (
        f"EntityDefinitions(LogicalName='{table.entity}')/Attributes(LogicalName='{table.name}')"
        "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName"
        "&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)"
    )


def records_of(body: Mapping[str, Any]) -> list[Record]:
    """Return the options that were read there."""
    options = (body.get("OptionSet") or body.get("GlobalOptionSet") or {}).get("Options", [])
    return [_record(int(option["Value"]), _label(option)) for option in options]


def _label(option: dict[str, Any]) -> str:
    label = option.get("Label") or {}
    chosen: dict[str, Any] = label.get("UserLocalizedLabel") or next(
        iter(label.get("LocalizedLabels") or ()), {}
    )
    return str(chosen.get("Label") or "")


def _record(value: int, label: str) -> Record:
    version = hashlib.sha256(label.encode()).hexdigest()[:16]
    return Record(side=Side.SALES, id=str(value), version=version, values={"value": value, "label": label})
