"""A row for each budget, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What may be spent at most (`at_least`: what must be reached), and what was counted or measured."""

    what: str
    allowed: float
    actual: float
    unit: str = ""
    at_least: bool = False

    @property
    def ok(self) -> bool:
        return self.actual >= self.allowed if self.at_least else self.actual <= self.allowed


def table_of(title: str, budgets: Sequence[Budget]) -> Table:
    table = Table(title=title, title_justify="left")
    for column, justify in (("What", "left"), ("Budget", "right"), ("Actual", "right"), ("", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for budget in budgets:
        sign = "≥" if budget.at_least else "≤"
        table.add_row(
            budget.what,
            f"{sign} {_shown(budget.allowed, budget.unit)}",
            _shown(budget.actual, budget.unit),
            "ok" if budget.ok else "OVER",
            style=None if budget.ok else "red",
        )
    return table


def missed(budgets: Sequence[Budget]) -> list[Budget]:
    return [b for b in budgets if not b.ok]


def _shown(number: float, unit: str) -> str:
    text = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.3g}"
    return f"{text} {unit}".rstrip()
