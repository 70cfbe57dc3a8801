"""Answers that bring rows: lists, counts, one row.

Source: reference/dataverse-web-api.md sections 1 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.dataverse import changes, query
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.options import Options, Prefer, parse_options
from sandbox.dataverse.query import Ask
from sandbox.dataverse.refusal import bad_query
from sandbox.dataverse.schema import Table
from sandbox.dataverse.shape import shape
from sandbox.dataverse.store import Row
from sandbox.dataverse.wire import Answer, Call, Spent, applied, json_answer
from sandbox.dataverse.writes import etag


@dataclass(kw_only=True)
class Session:
    """One HTTP request of one user."""

    user_id: str
    half_page: bool = False
    spent: Spent = field(default_factory=Spent)


class Reading:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def ask(
        self,
        call: Call,
        prefer: Prefer,
        table: Table,
        path: str,
        session: Session,
        narrowed: tuple[str, str] | None = None,
    ) -> Ask:
        self._environment.security.check(session.user_id, "Read", table)
        return Ask(
            environment=self._environment,
            table=table,
            options=parse_options(call.query),
            prefer=prefer,
            base=call.base,
            path=path,
            query=call.query,
            user_id=session.user_id,
            narrowed=narrowed,
            half_page=session.half_page,
        )

    def list(self, ask: Ask, session: Session) -> Answer:
        preferences = []
        if ask.prefer.max_page_size is not None:
            preferences.append(f"odata.maxpagesize={ask.prefer.max_page_size}")
        tracked = ask.prefer.track_changes or ask.options.delta_token is not None
        if ask.options.skip_token is not None:
            tracked = query.is_tracking(ask.options.skip_token)
        if tracked:
            if ask.narrowed is not None:
                raise bad_query("Change tracking is for whole tables.")
            if ask.prefer.track_changes:
                preferences.append("odata.track-changes")
            self._environment.security.must_read_all(ask.user_id, ask.table)
            page = changes.read_changes(ask)
        else:
            page = query.read_page(ask)
        session.spent.read[ask.table.entity_set] += page.rows
        return json_answer(page.body, Preference_Applied=applied(ask.prefer, *preferences))

    def count(self, ask: Ask, session: Session) -> Answer:
        only(ask.options, "$filter", "$deltatoken")
        if ask.options.delta_token is not None:
            total = changes.count_changes(ask)
        else:
            total = min(query.count(ask), query.COUNT_LIMIT)
        return Answer(status=200, headers={"Content-Type": "text/plain"}, body=str(total).encode())

    def representation(
        self,
        call: Call,
        prefer: Prefer,
        table: Table,
        options: Options,
        row: Row,
        status: int,
        session: Session,
    ) -> Answer:
        ask = Ask(
            environment=self._environment,
            table=table,
            options=options,
            prefer=prefer,
            base=call.base,
            path=call.path,
            query=call.query,
            user_id=session.user_id,
        )
        session.spent.read[table.entity_set] += 1
        body = {"@odata.context": ask.context("/$entity"), **ask.shape()(row)}
        names = ("return=representation",) if call.method != "GET" and prefer.representation else ()
        answer = json_answer(body, status, ETag=etag(row), Preference_Applied=applied(prefer, *names))
        return replace(answer, entity=f"{table.entity_set}({row.id})")


def shape_one(environment: Environment, table: Table, row: Row) -> dict[str, Any]:
    """Return all columns of a row, decimals as decimals."""
    return shape(environment, table, (), (), Prefer(), "/", query.no_rows)(row)


def only(options: Options, *names: str) -> Options:
    for name in options.names - frozenset(names):
        raise bad_query(f"The query parameter {name} is not supported for this resource.")
    return options
