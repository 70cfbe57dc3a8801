"""The Web API: which resource a URL names, and what each method does with it.

Source: reference/dataverse-web-api.md sections 1 to 6.
"""

from __future__ import annotations

import re

from sandbox.dataverse import actions, batch, bulk, products, roles, sales_actions
from sandbox.dataverse.address import Address, address, find, must_find, reference
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.metadata import Metadata
from sandbox.dataverse.options import Prefer, parse_options
from sandbox.dataverse.payload import resolve
from sandbox.dataverse.reading import Reading, Session, only, shape_one
from sandbox.dataverse.refusal import DUPLICATE, INVALID_ARGUMENT, Refused, bad_query, no_segment
from sandbox.dataverse.schema import BY_SET, TABLES, Table
from sandbox.dataverse.scope import related_row
from sandbox.dataverse.store import Row
from sandbox.dataverse.wire import Answer, Call, error_answer, json_answer
from sandbox.dataverse.writes import Writes, etag

_SET = re.compile(r"^(\w+)(?:\((.*)\))?$", re.DOTALL)
_NAMESPACE = "Microsoft.Dynamics.CRM."

#: Longest URL of a request of its own (reference section 3). The status 414 is assumed.
URL_LIMIT = 32_768


class Api:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._metadata = Metadata(environment)
        self._reading = Reading(environment)

    def handle(self, call: Call, session: Session) -> Answer:
        """Answer one HTTP request. A refusal is an answer; what it had written is undone."""
        if call.path == "$batch":
            return self._batch(call, session)
        if len(call.path) + len(call.query) > URL_LIMIT:
            return error_answer(Refused(414, "", "The URL of the request is too long."))
        writes = Writes(self._environment, session.user_id)
        answer = self._one(call, writes, session)
        if answer.status < 400:
            session.spent.written += writes.rows
        return answer

    def _batch(self, call: Call, session: Session) -> Answer:
        session.spent.message = "$batch"
        try:
            if call.method != "POST":
                raise Refused(405, INVALID_ARGUMENT, "$batch takes POST only.")
            items = batch.parse(call, at_most=self._environment.settings.batch_operations)
        except Refused as refused:
            return error_answer(refused)
        session.spent.operations = len(batch.operations(items))
        prefer = call.prefer()
        answer, written = batch.run(
            items,
            store=self._environment.store,
            run_one=lambda one, writes: self._one(one, writes, session),
            new_writes=lambda: Writes(self._environment, session.user_id),
            continue_on_error=prefer.continue_on_error,
        )
        session.spent.written += written
        if prefer.continue_on_error:
            return Answer(
                status=answer.status,
                headers={**answer.headers, "Preference-Applied": "odata.continue-on-error"},
                body=answer.body,
            )
        return answer

    def _one(self, call: Call, writes: Writes, session: Session) -> Answer:
        prefer = Prefer()
        try:
            prefer = call.prefer()
            if call.method != "GET":
                session.spent.wrote = True
            with self._environment.store.transaction():
                return self._route(call, prefer, writes, session)
        except Refused as refused:
            return error_answer(refused, prefer)

    # --- routing -------------------------------------------------------------------------------

    def _route(self, call: Call, prefer: Prefer, writes: Writes, session: Session) -> Answer:
        segments = split_path(call.path)
        if not segments:
            raise no_segment("")
        first = segments[0]
        name = first.partition("(")[0]
        if name == "EntityDefinitions":
            return self._metadata.answer(call, segments, session.user_id)
        if name in _UNBOUND:
            return self._unbound(call, name, segments, writes, session)
        match = _SET.match(first)
        table = BY_SET.get(match.group(1)) if match else None
        if match is None or table is None:
            raise no_segment(first)
        if match.group(2) is None:
            return self._collection(call, prefer, table, segments[1:], writes, session)
        where = address(self._environment.store, table, match.group(2))
        if len(segments) == 1:
            return self._row(call, prefer, where, writes, session)
        return self._below(call, prefer, where, segments[1:], writes, session)

    def _unbound(
        self, call: Call, name: str, segments: list[str], writes: Writes, session: Session
    ) -> Answer:
        session.spent.message = session.spent.message or name
        method = _UNBOUND[name]
        if call.method != method:
            raise Refused(405, INVALID_ARGUMENT, f"{name} takes {method} only.")
        if len(segments) > 1:
            raise no_segment(segments[1])
        arguments = segments[0].partition("(")[2].removesuffix(")")
        match name:
            case "WhoAmI":
                return actions.who_am_i(self._environment, call, session.user_id)
            case "InsertOptionValue":
                writes.rows["metadata"] += 1
                return actions.insert_option_value(self._environment, call)
            case "PublishXml":
                return roles.publish(self._environment, call, session.user_id)
            case "BulkDelete":
                return actions.bulk_delete(self._environment, call, writes)
            case "RetrieveTotalRecordCount":
                return actions.total_record_count(self._environment, call, arguments)
            case _ if name in sales_actions.NAMES:
                return sales_actions.run(name, writes, call.json(name), call.base)
        return actions.metadata_changes(self._metadata, call, session.spent)

    def _collection(
        self, call: Call, prefer: Prefer, table: Table, rest: list[str], writes: Writes, session: Session
    ) -> Answer:
        if rest == ["$count"] and call.method == "GET":
            return self._reading.count(self._reading.ask(call, prefer, table, call.path, session), session)
        if len(rest) == 1 and rest[0].startswith(_NAMESPACE):
            message = rest[0].removeprefix(_NAMESPACE)
            if message not in bulk.MESSAGES:
                raise no_segment(rest[0])
            if call.method != "POST":
                raise Refused(405, INVALID_ARGUMENT, f"{message} takes POST only.")
            session.spent.message = session.spent.message or message
            body = call.json(table.entity_set)
            targets = body.get("Targets")
            if session.spent.operations == 1 and isinstance(targets, list):
                session.spent.operations = max(1, len(targets))
            return bulk.run(self._environment, table, message, body, writes, call.base)
        if rest:
            raise no_segment(rest[0])
        if call.method == "GET":
            return self._reading.list(self._reading.ask(call, prefer, table, call.path, session), session)
        if call.method != "POST":
            raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on a collection.")
        options = only(parse_options(call.query), "$select", "$expand")
        row = writes.create(table, call.json(table.entity_set))
        if prefer.representation:
            # 201 with a body has no OData-EntityId (reference section 13, 3).
            return self._reading.representation(call, prefer, table, options, row, 201, session)
        return _written(call, table, row.id, row)

    def _row(self, call: Call, prefer: Prefer, where: Address, writes: Writes, session: Session) -> Answer:
        table, store = where.table, self._environment.store
        condition = call.headers.get("if-match")
        match call.method:
            case "GET":
                return self._get(call, prefer, where, session)
            case "PATCH":
                return self._patch(call, prefer, where, writes, session)
            case "DELETE":
                row = must_find(store, where)
                writes.match(row, condition, where)
                writes.delete(table, row)
                return Answer(status=204)
        raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on a row.")

    def _get(self, call: Call, prefer: Prefer, where: Address, session: Session) -> Answer:
        options = only(parse_options(call.query), "$select", "$expand")
        self._environment.security.check(session.user_id, "Read", where.table)
        row = must_find(self._environment.store, where)
        known = call.headers.get("if-none-match", "null").strip()
        # `null` is no condition; never 304 with $expand or annotations (reference section 13, 2).
        if known == etag(row) and not options.expand and not prefer.annotations:
            return Answer(status=304)
        return self._reading.representation(call, prefer, where.table, options, row, 200, session)

    def _patch(self, call: Call, prefer: Prefer, where: Address, writes: Writes, session: Session) -> Answer:
        table = where.table
        options = only(parse_options(call.query), "$select", "$expand")
        row = find(self._environment.store, where)
        writes.match(row, call.headers.get("if-match"), where)
        if call.headers.get("if-none-match", "").strip() == "*" and row is not None:
            raise Refused(412, DUPLICATE, "A record with matching key values already exists.")
        row, created = writes.upsert(table, where, call.json(table.entity_set))
        if prefer.representation:
            return self._reading.representation(
                call, prefer, table, options, row, 201 if created else 200, session
            )
        # The key form is answered as it was asked, for create and update alike (section 2).
        named = row.id if where.id is not None else where.text
        return _written(call, table, named, row)

    def _below(
        self, call: Call, prefer: Prefer, where: Address, rest: list[str], writes: Writes, session: Session
    ) -> Answer:
        """Answer for one property, one lookup's `$ref`, or the rows behind a navigation property."""
        table, name = where.table, rest[0]
        if table.name == "systemuser" and name == roles.ROLES_OF_USER:
            return roles.of_user(self._environment, call, where, rest[1:], session.user_id)
        if name.startswith(_NAMESPACE) and table.name in ("systemuser", "role"):
            return roles.message(
                self._environment, call, where, name.removeprefix(_NAMESPACE), session.user_id
            )
        if len(rest) == 2 and rest[1] == "$ref":
            return self._ref(call, where, name, writes)
        if len(rest) > 1:
            raise no_segment(rest[1])
        row = must_find(self._environment.store, where)
        if name == f"{_NAMESPACE}PublishProductHierarchy" and table.name == "product":
            if call.method != "POST":
                raise Refused(405, INVALID_ARGUMENT, "PublishProductHierarchy takes POST only.")
            products.publish_hierarchy(writes, row)
            return Answer(status=204)
        if name in table.by_wire:
            return self._property(call, where, row, name, writes, session)
        if call.method != "GET":
            raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on '{name}'.")
        if name in table.collections:
            collection = table.collections[name]
            target = TABLES[collection.table]
            column = target.columns[collection.column]
            narrowed = self._reading.ask(call, prefer, target, call.path, session, (column.wire, row.id))
            return self._reading.list(narrowed, session)
        if name in table.navigations:
            column, targets = table.navigations[name]
            other = related_row(self._environment.store, column, row, targets)
            if other is None:
                return Answer(status=204)
            target = TABLES[row.values.get(column.type_key, targets[0])]
            options = only(parse_options(call.query), "$select", "$expand")
            return self._reading.representation(call, prefer, target, options, other, 200, session)
        raise no_segment(name)

    def _property(
        self, call: Call, where: Address, row: Row, name: str, writes: Writes, session: Session
    ) -> Answer:
        table = where.table
        match call.method:
            case "GET":
                session.spent.read[table.entity_set] += 1
                value = shape_one(self._environment, table, row)[name]
                if value is None:
                    return Answer(status=204)
                context = f"{call.base}$metadata#{table.entity_set}({row.id})/{name}"
                return json_answer({"@odata.context": context, "value": value})
            case "PUT":
                body = call.json(table.entity_set)
                if set(body) != {"value"}:
                    raise bad_query('The body of a single property is {"value": ...}.')
                writes.match(row, call.headers.get("if-match"), where)
                writes.update(table, row, {name: body["value"]})
                return Answer(status=204)
            case "DELETE":
                writes.match(row, call.headers.get("if-match"), where)
                writes.update(table, row, {name: None})
                return Answer(status=204)
        raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on a property.")

    def _ref(self, call: Call, where: Address, name: str, writes: Writes) -> Answer:
        table = where.table
        row = must_find(self._environment.store, where)
        target = None
        if call.method in ("PUT", "POST"):
            body = call.json(table.entity_set)
            if set(body) - {"@odata.context"} != {"@odata.id"} or not isinstance(body["@odata.id"], str):
                raise bad_query('The body of a $ref is {"@odata.id": ...}.')
            target = body["@odata.id"]
        if name in table.navigations and call.method in ("PUT", "DELETE"):
            writes.link(table, row, name, target)
            return Answer(status=204)
        if name in table.collections and call.method == "POST" and target is not None:
            collection = table.collections[name]
            child = reference(self._environment.store, resolve(target, writes.references))
            other = must_find(self._environment.store, child)
            column = TABLES[collection.table].columns[collection.column]
            if child.table.name != collection.table:
                raise bad_query(f"'{name}' takes rows of {TABLES[collection.table].entity_set}.")
            writes.link(child.table, other, column.navigation[table.name], f"{table.entity_set}({row.id})")
            return Answer(status=204)
        raise Refused(405, INVALID_ARGUMENT, f"{call.method} is not supported on '{name}/$ref'.")


_UNBOUND = {
    "WhoAmI": "GET",
    "InsertOptionValue": "POST",
    "BulkDelete": "POST",
    "PublishXml": "POST",
    "RetrieveTotalRecordCount": "GET",
    "RetrieveMetadataChanges": "GET",
    **dict.fromkeys(sales_actions.NAMES, "POST"),
}


def split_path(path: str) -> list[str]:
    """Split at slashes outside parentheses and quoted text."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(path):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == "/" and depth == 0:
            parts.append(path[start:index])
            start = index + 1
    parts.append(path[start:])
    return [part for part in parts if part]


def _written(call: Call, table: Table, named: str, row: Row) -> Answer:
    """204, with the name of the row as it was addressed."""
    return Answer(
        status=204,
        headers={"OData-EntityId": f"{call.base}{table.entity_set}({named})"},
        entity=f"{table.entity_set}({row.id})",
    )
