"""Judging Tandem's own house: settings, schedules, certificate, queues, tables."""

from __future__ import annotations

from datetime import timedelta

from shared.core.doctor import CannotTell, Finding
from shared.engine.doctor.wanted import Examined
from shared.engine.push import NOTICES

#: A certificate that ends sooner is told of.
SOON = timedelta(days=30)


def settings(x: Examined) -> Finding:
    return Finding(problems=x.house.settings)


def schedules(x: Examined) -> Finding:
    return Finding(problems=x.house.schedules)


def overrides(x: Examined) -> Finding:
    return Finding(problems=x.house.overrides)


def certificate(x: Examined) -> Finding:
    if x.house.certificate:
        return Finding(problems=(x.house.certificate,))
    ends = x.house.certificate_ends
    if ends is None or ends - x.now > SOON:
        return Finding()
    return Finding(
        problems=(f"the certificate ends on {ends:%Y-%m-%d}, in {max(0, (ends - x.now).days)} days",)
    )


def queues(x: Examined) -> Finding:
    if x.house.queues is None:
        raise CannotTell("the settings are not complete")
    wrong = {name: said for name, said in x.house.queues.items() if said}
    # The queue of notices is in a namespace of its own, which the deployment makes.
    absent = [name for name, said in wrong.items() if "NotFound" in said and name != NOTICES]
    return Finding(
        problems=tuple(wrong.values()),
        fix={"kind": "queues", "names": absent} if absent else None,
    )


def tables(x: Examined) -> Finding:
    if x.house.tables_problem:
        return Finding(problems=(x.house.tables_problem,))
    if x.house.tables_missing is None:
        raise CannotTell("the settings are not complete")
    missing = x.house.tables_missing
    if not missing:
        return Finding()
    return Finding(
        advice=(f"not there yet, and made when first used: {', '.join(missing)}",),
        fix={"kind": "tables", "names": list(missing)},
    )


def company_row(x: Examined) -> Finding:
    if x.house.company_row_untold:
        raise CannotTell(x.house.company_row_untold)
    return Finding(problems=(x.house.company_row,) if x.house.company_row else ())
