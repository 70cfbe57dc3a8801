"""Keeps BC's webhook subscriptions: one for each table that matters, renewed before it expires."""

from __future__ import annotations

from datetime import timedelta

from shared.core.errors import Missing, SyncError
from shared.core.model import Side, Tally
from shared.engine.messages import random_token
from shared.engine.parts import Ports
from shared.engine.push import CAUSE, Push
from shared.ports import JobEntry, Subscriptions

#: A subscription lives for three days (business-central-api.md §9): so long is left to put things right.
RENEW_BEFORE = timedelta(hours=36)


def keep_subscribed(ports: Ports, push: Push) -> None:
    """Make, renew and end subscriptions as the mappings in force need them; one request when all is well.

    Whatever BC refuses, or a process that dies in between, is seen to by the next housekeeping. What
    was done, and a problem once, is an entry of the job log. Tables that BC cannot tell of are polled.
    """
    if ports.subscriptions is None:
        return
    started, before = ports.clock.now(), ports.requests()
    done: dict[str, list[str]] = {"made": [], "renewed": [], "ended": []}
    state, problem = "finished", ""
    try:
        _keep(ports, ports.subscriptions, set(push.tables(Side.BC)), done)
    except SyncError as error:
        state, problem = "refused", str(error)
    message = "; ".join([f"{word}: {', '.join(tables)}" for word, tables in done.items() if tables])
    message = "; ".join(filter(None, [message, problem]))
    if not message or _told(ports, state, message):
        return
    spent = ports.requests()
    ports.jobs.add(
        JobEntry(
            id=random_token(),
            mapping=CAUSE,
            side=Side.BC.value,
            started=started,
            finished=ports.clock.now(),
            tally=Tally().as_json(),
            requests={name: spent[name] - before[name] for name in spent},
            cause="subscriptions",
            state=state,
            message=message,
        )
    )


def _keep(ports: Ports, subscriptions: Subscriptions, wanted: set[str], done: dict[str, list[str]]) -> None:
    soon = ports.clock.now() + RENEW_BEFORE
    there: set[str] = set()
    for one in subscriptions.list():
        if one.table not in wanted or one.table in there:
            subscriptions.remove(one)
            done["ended"].append(one.table)
            continue
        if one.expires_at <= soon or not one.current:
            try:
                subscriptions.renew(one)
            except Missing:
                continue  # BC dropped it meanwhile: made anew below
            done["renewed"].append(one.table)
        there.add(one.table)
    if wanted - there:
        for table in sorted((wanted - there) & subscriptions.possible()):
            subscriptions.create(table)
            done["made"].append(table)


def _told(ports: Ports, state: str, message: str) -> bool:
    """Say whether the last entry tells the same problem."""
    if state == "finished":
        return False
    entries, _ = ports.jobs.list(CAUSE, limit=1)
    return bool(entries) and (entries[0].state, entries[0].message) == (state, message)
