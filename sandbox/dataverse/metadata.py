"""`EntityDefinitions`: tables, columns, option sets, alternate keys, links to other tables.

Source: the requests of Microsoft's Python client (reference/dataverse-web-api.md, source S), section 2
"Alternate keys" and section 4 (ChangeTrackingEnabled). Shapes follow the documented metadata types as
far as those requests and option sets need them. A member that is not kept here is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

from sandbox.dataverse.address import new_id
from sandbox.dataverse.comparing import Getter
from sandbox.dataverse.environment import Environment, fixed_id
from sandbox.dataverse.filter import Scope, compile_filter
from sandbox.dataverse.metadata_shapes import CASTS, MetadataShapes, key_body
from sandbox.dataverse.options import Options, parse_options
from sandbox.dataverse.refusal import DUPLICATE_KEY, INVALID_ARGUMENT, Refused, bad_query, no_segment
from sandbox.dataverse.schema import TABLES, Column, Table
from sandbox.dataverse.security import CUSTOMIZE
from sandbox.dataverse.store import AlternateKey
from sandbox.dataverse.wire import Answer, Call, json_answer

_SEGMENT = re.compile(r"^(\w+)(?:\((?:(\w+)='([^']*)'|([^)]*))\))?$")
_KEY_TYPES = frozenset(
    {"Decimal", "Integer", "String", "DateTime", "Lookup", "Picklist", "Customer", "Owner"}
)


class Metadata(MetadataShapes):
    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

    def answer(self, call: Call, segments: list[str], user_id: str) -> Answer:
        """Answer a request below `EntityDefinitions`."""
        name, by, quoted, plain = _parsed(segments[0])
        options = parse_options(call.query)
        if len(segments) == 1 and not (quoted or plain):
            _only(call, "GET")
            return self._many(call, options, "EntityDefinitions", map(self.table, TABLES.values()))
        table = _table_of(by, quoted, plain)
        if len(segments) == 1:
            if call.method == "PUT":
                return self._change(call, table, user_id)
            _only(call, "GET")
            body = self._one(options, self.table(table), "Microsoft.Dynamics.CRM.EntityMetadata")
            return json_answer({"@odata.context": f"{call.base}$metadata#EntityDefinitions/$entity", **body})
        name, by, quoted, plain = _parsed(segments[1])
        match name:
            case "Attributes":
                _only(call, "GET")
                column = _column_of(table, by, quoted, plain)
                return self._attributes(call, options, table, column, segments[2:])
            case "Keys":
                return self._keys(call, options, table, plain, segments[2:])
            case "ManyToOneRelationships" if len(segments) == 2 and not (quoted or plain):
                _only(call, "GET")
                context = f"EntityDefinitions('{table.name}')/ManyToOneRelationships"
                return self._many(call, options, context, self.links(table))
        raise no_segment(name)

    def _change(self, call: Call, table: Table, user_id: str) -> Answer:
        """Replace a table's definition, of which change tracking can be switched on, and only on.

        The documented way to change a definition: read the whole, change it, PUT it back with all it had
        ("Update table definitions"); what is left out would be set to its default. Section 4: tracking
        cannot be switched off again; the refusal of that is assumed.
        """
        environment = self._environment
        environment.security.must_have(user_id, CUSTOMIZE, "OTC=9800 for entity 'entity'")
        body = {k: v for k, v in call.json("EntityMetadata").items() if not k.startswith("@odata.")}
        whole = self.table(table)
        if missing := sorted(set(whole) - set(body)):
            raise Refused(400, INVALID_ARGUMENT, f"The definition lacks {missing[0]}; PUT takes the whole.")
        for name, value in body.items():
            if name != "ChangeTrackingEnabled" and value != whole.get(name):
                raise Refused(400, INVALID_ARGUMENT, f"Changing {name} is not simulated here.")
        on = body["ChangeTrackingEnabled"]
        if on and not environment.tracks(table.name):
            environment.tracked.add(table.name)
            environment.store.when_undone(lambda: environment.tracked.discard(table.name))
        elif not on and environment.tracks(table.name):
            raise Refused(400, INVALID_ARGUMENT, "Change tracking cannot be switched off.")
        return Answer(status=204)

    def _attributes(
        self, call: Call, options: Options, table: Table, column: Column | None, rest: list[str]
    ) -> Answer:
        cast = rest[0].removeprefix("Microsoft.Dynamics.CRM.") if rest else None
        if len(rest) > 1 or (cast is not None and cast not in CASTS.values()):
            raise no_segment(rest[-1])
        context = f"EntityDefinitions('{table.name}')/Attributes"
        if column is None:
            columns = [c for c in table.columns.values() if cast is None or CASTS[c.type] == cast]
            return self._many(
                call, options, context, (self._with_options(table, c, options) for c in columns)
            )
        if cast is not None and CASTS[column.type] != cast:
            raise no_segment(rest[0])
        body = self._one(options, self._with_options(table, column, options), f"Attribute {column.name}")
        return json_answer({"@odata.context": f"{call.base}$metadata#{context}/$entity", **body})

    def _with_options(self, table: Table, column: Column, options: Options) -> dict[str, Any]:
        """Return the column, with its option set if `$expand` asks; a local set is no global one."""
        body = self.column(table, column)
        for item in options.expand:
            if item.navigation not in ("OptionSet", "GlobalOptionSet") or column.type not in (
                "Picklist",
                "State",
                "Status",
            ):
                raise no_property_of(item.navigation, CASTS[column.type])
            if item.navigation == "GlobalOptionSet":
                body["GlobalOptionSet"] = None
                continue
            whole = self.option_set(table, column)
            body["OptionSet"] = (
                _chosen(whole, ("MetadataId", *item.select), "OptionSetMetadata") if item.select else whole
            )
        return body

    def _many(self, call: Call, options: Options, context: str, rows: Iterable[dict[str, Any]]) -> Answer:
        _only_options(options, "$select", "$filter", "$expand")
        found = list(rows)
        if options.filter is not None:
            scope = MemberScope(found)
            compiled = compile_filter(
                options.filter,
                scope,
                aliases=options.aliases,
                now=self._environment.clock.now().astimezone(UTC),
                user_id="",
            )
            found = [row for row in found if compiled.test(row)]
        value = [self._one(options, row, context) for row in found]
        return json_answer({"@odata.context": f"{call.base}$metadata#{context}", "value": value})

    def _one(self, options: Options, row: dict[str, Any], kind: str) -> dict[str, Any]:
        _only_options(options, "$select", "$filter", "$expand")
        if not options.select:
            return row
        kept = (*options.select, "MetadataId", *(item.navigation for item in options.expand))
        chosen = _chosen(
            row, kept, kind, lenient=("MaxLength", "MinValue", "MaxValue", "Precision", "Targets", "Format")
        )
        if "@odata.type" in row:
            chosen = {"@odata.type": row["@odata.type"], **chosen}
        return chosen

    def _keys(
        self, call: Call, options: Options, table: Table, key_id: str | None, rest: list[str]
    ) -> Answer:
        if rest:
            raise no_segment(rest[0])
        held = self._environment.store.rows(table.name)
        match call.method:
            case "GET" if not key_id:
                keys = [key_body(table, key) for key in held.keys.values()]
                return self._many(call, options, f"EntityDefinitions('{table.name}')/Keys", keys)
            case "POST" if not key_id:
                key = self._add_key(table, call.json("EntityKeyMetadata"))
                url = f"{call.base}EntityDefinitions({fixed_id('table', table.name)})/Keys({key.id})"
                return Answer(status=204, headers={"OData-EntityId": url})
            case "DELETE" if key_id in held.keys:
                self._environment.store.remove_key(table.name, str(key_id))
                return Answer(status=204)
            case "DELETE":
                raise Refused(404, "0x80040217", f"Entity Key {key_id} does not exist.")
        raise Refused(405, INVALID_ARGUMENT, f"The method {call.method} is not supported here.")

    def _add_key(self, table: Table, body: dict[str, Any]) -> AlternateKey:
        """Make an alternate key, active at once (the service builds its index in the background)."""
        columns = body.get("KeyAttributes")
        name = body.get("SchemaName")
        if not isinstance(columns, list) or not columns or not isinstance(name, str):
            raise Refused(400, INVALID_ARGUMENT, "A key needs SchemaName and KeyAttributes.")
        held = self._environment.store.rows(table.name)
        if len(held.keys) >= 10 or len(columns) > 16:
            raise Refused(400, INVALID_ARGUMENT, "At most 10 keys of at most 16 columns.")
        for column in columns:
            if column not in table.columns or table.columns[column].type not in _KEY_TYPES:
                raise Refused(400, INVALID_ARGUMENT, f"The column '{column}' cannot be part of a key.")
        key = AlternateKey(id=new_id(), name=name.lower(), columns=tuple(columns))
        values = [v for row in held.rows.values() if (v := key.value_of(row.values)) is not None]
        if len(values) != len(set(values)):
            raise Refused(400, DUPLICATE_KEY, f"The values of {', '.join(columns)} are not unique.")
        self._environment.store.add_key(table.name, key)
        return key


class MemberScope:
    """Members of metadata objects, by their exact name."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._sample: dict[str, Any] = {}
        for row in rows:
            self._sample.update(row)

    def value(self, path: tuple[str, ...]) -> tuple[Getter, str]:
        if path[0] not in self._sample or len(path) > 2:
            raise bad_query(f"Could not find a property named '{'/'.join(path)}' on the metadata type.")
        sample = self._sample[path[0]]
        if len(path) == 2:
            inside = sample.get(path[1]) if isinstance(sample, dict) else None
            return (lambda row: row.get(path[0], {}).get(path[1])), _kind(inside)
        return (lambda row: row.get(path[0])), "guid" if path[0] == "MetadataId" else _kind(sample)

    def collection(self, path: tuple[str, ...]) -> tuple[Callable[[Any], Iterable[Any]], Scope]:
        raise bad_query("Lambdas are not supported on metadata.")

    def is_key(self, path: tuple[str, ...]) -> bool:
        return False


def _kind(sample: Any) -> str:
    if isinstance(sample, bool):
        return "bool"
    return "string" if isinstance(sample, str) else "number"


def no_property_of(name: str, kind: str) -> Refused:
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{kind}'.")


def _chosen(
    row: dict[str, Any], names: tuple[str, ...], kind: str, lenient: tuple[str, ...] = ()
) -> dict[str, Any]:
    for name in names:
        if name not in row and name not in lenient:
            raise no_property_of(name, kind)
    return {name: value for name, value in row.items() if name in names}


def _only(call: Call, method: str) -> None:
    if call.method != method:
        raise Refused(405, INVALID_ARGUMENT, f"Changing metadata by {call.method} is not simulated here.")


def _only_options(options: Options, *names: str) -> None:
    for name in options.names - frozenset(names):
        raise bad_query(f"The query parameter {name} is not supported on metadata.")


def _parsed(segment: str) -> tuple[str, str | None, str | None, str | None]:
    match = _SEGMENT.match(segment)
    if match is None:
        raise no_segment(segment)
    name, by, quoted, plain = match.groups()
    return name, by, quoted, plain


def _table_of(by: str | None, quoted: str | None, plain: str | None) -> Table:
    found = None
    if by == "LogicalName" and quoted is not None:
        found = TABLES.get(quoted)
    elif plain:
        found = next((t for t in TABLES.values() if fixed_id("table", t.name) == plain.lower()), None)
    if found is None:
        raise Refused(
            404, "0x80060888", f"Could not find an entity with specified {by or 'id'} = {quoted or plain}"
        )
    return found


def _column_of(table: Table, by: str | None, quoted: str | None, plain: str | None) -> Column | None:
    if by is None and not plain:
        return None
    found = None
    if by == "LogicalName" and quoted is not None:
        found = table.columns.get(quoted)
    elif plain:
        found = next(
            (c for c in table.columns.values() if fixed_id("column", table.name, c.name) == plain.lower()),
            None,
        )
    if found is None:
        raise Refused(
            404, "0x80040217", f"Could not find an attribute with specified name: {quoted or plain}"
        )
    return found
