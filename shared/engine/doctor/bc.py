"""Judging Business Central: signing in, company, companion, permissions, number series."""

from __future__ import annotations

from shared.core.doctor import CannotTell, Finding
from shared.core.model import Side
from shared.engine.doctor.wanted import Examined

#: Sets whose numbers BC draws from a series → the topic's column that names the series.
SERIES = {
    "customers": "customerNumbers",
    "contacts": "contactNumbers",
    "opportunities": "opportunityNumbers",
    "salesQuotes": "quoteNumbers",
    "salesOrders": "orderNumbers",
}


def signed_in(x: Examined) -> Finding:
    if x.bc.sign_in.silent:
        raise CannotTell(x.bc.sign_in.silent)
    return Finding(problems=(x.bc.sign_in.refused,) if x.bc.sign_in.refused else ())


def company(x: Examined) -> Finding:
    if x.bc.companies is None:
        raise x.bc.untold("companies")
    return Finding(problems=(x.bc.company_problem,) if x.bc.company_problem else ())


def companion(x: Examined) -> Finding:
    return Finding(problems=() if _version(x) else ("the companion extension is not installed",))


def companion_version(x: Examined) -> Finding:
    installed, needed = _version(x), x.wanted.companion
    if not installed:
        raise x.bc.untold("companion")
    ours, theirs = _parts(needed), _parts(installed)
    if theirs < ours:
        return Finding(problems=(f"version {installed} is installed; this Tandem needs {needed} or later",))
    if theirs[0] > ours[0]:
        return Finding(
            problems=(f"version {installed} is installed; this Tandem was made for {ours[0]}.x: update it",)
        )
    return Finding()


def _version(x: Examined) -> str:
    if x.bc.companion is None:
        raise x.bc.untold("companion")
    return x.bc.companion


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit()) or (0,)


def permissions(x: Examined) -> Finding:
    """Only reading shows without writing: what may be written is told by the permission set's name."""
    if x.bc.forbidden:
        return Finding(problems=(x.bc.forbidden,))
    if x.bc.unreadable is None:
        raise x.bc.untold("companion")
    return Finding(problems=tuple(f"{name}: {said}" for name, said in x.bc.unreadable.items()))


def archive_orders(x: Examined) -> Finding:
    """Orders that are released as they arrive leave a version of what was posted or deleted (S4, S88)."""
    if not x.house.release_orders:
        return Finding()
    off = not any(row.get("archiveOrders") for row in x.bc.need("archiving"))
    return Finding(problems=("Archive Orders is off in Sales & Receivables Setup",) if off else ())


def number_series(x: Examined) -> Finding:
    """A record that Sales creates gets its number from a series, unless its mapping sends one."""
    drawn = [
        m.bc.name
        for m in x.wanted.mappings.values()
        if m.bc.name in SERIES
        and m.name not in x.house.off
        and m.direction.reaches(Side.BC)
        and not any(f.bc == "number" and f.direction.reaches(Side.BC) for f in m.fields)
    ]
    if not drawn:
        return Finding()
    found = {name: value for row in x.bc.need("series") for name, value in row.items()}
    blank = [name for name in drawn if not str(found.get(SERIES[name]) or "").strip()]
    return Finding(
        problems=tuple(f"{name}: no number series is set up, so Sales cannot create any" for name in blank)
    )
