"""`make bench`: prints the performance table of design §10; exit code 1 when a budget is missed.

Each module gives rows: add to them what a new mapping or promise must not cost.
"""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console

from sandbox.bench import catalogue, changes, cold_start, engine, memory, orders, rehearsal, telemetry
from sandbox.bench.report import Budget, missed, table_of

RECORDS = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--records", type=int, default=RECORDS, help="customers of the company (default 10,000)"
    )
    records = parser.parse_args().records
    parts = {
        "cold start": cold_start.budgets,
        "the engine": lambda: engine.budgets(min(records, 2_000)),
        "telemetry": lambda: telemetry.budgets(min(records, 2_000)),
        "memory": memory.budgets,
        "orders, over both simulators": orders.budgets,
        "changes, over both simulators": lambda: changes.budgets(records),
        "items, prices and invoices": catalogue.budgets,
        "a rehearsal and its run": lambda: rehearsal.budgets(records),
    }
    console = Console(width=None if sys.stdout.isatty() else 160)
    rows: list[Budget] = []
    for name, part in parts.items():
        started = time.monotonic()
        console.print(f"{name} …")
        rows += part()
        console.print(f"{name}: {time.monotonic() - started:.0f} s")
    console.print(table_of("Budgets (design §10)", rows))
    over = missed(rows)
    console.print(f"{len(over)} of {len(rows)} budgets are missed" if over else "every budget holds")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
