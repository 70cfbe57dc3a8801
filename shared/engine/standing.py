"""Rows that Sales needs although no record of BC stands for them: the local currency (H21, mappings.md §7)."""

from __future__ import annotations

from dataclasses import replace

from shared.core.errors import Misconfigured, Rejected, Transient
from shared.engine.gather import Gather
from shared.engine.parts import Ports
from shared.engine.scope import Scope
from shared.ports import Write


def stand(ports: Ports, gather: Gather, scope: Scope) -> None:
    """Create what is missing and change what differs. Twice is harmless: their ids are ours.

    Raises:
        Misconfigured: Sales refuses a row that records of other mappings need.
    """
    rule = ports.rule(scope.mapping)
    gather.relate(scope, ())
    steps = list(rule.stands_alone(scope.context))
    if not steps:
        return
    table = steps[0].table
    there = ports.sales.get(table, [s.id for s in steps])
    missing: list[Write] = []
    differing: list[Write] = []
    for step in steps:
        shown = there[step.id].values if step.id in there else None
        changed = {n: v for n, v in step.values.items() if shown is not None and n in shown and shown[n] != v}
        if shown is None:
            missing.append(Write(id=step.id, values=step.values))
        elif changed:
            differing.append(Write(id=step.id, values=changed, if_version="*"))
        else:
            continue
        if scope.rehearsal is not None:
            wanted = replace(step, values=changed or step.values)
            scope.rehearsal.stands(scope, wanted, "create" if shown is None else "update", shown or {})
    if scope.rehearsal is not None:
        return
    for send, writes in ((ports.sales.create, missing), (ports.sales.update, differing)):
        if not writes:
            continue
        if scope.check_lease is not None:
            scope.check_lease()
        for written in send(table, writes):
            if isinstance(written.error, Rejected):
                raise Misconfigured(f"Sales refuses {table.name} {written.id}: {written.error}")
            if isinstance(written.error, Transient):
                raise written.error
            # Else somebody was faster, and the next look finds what is there.
