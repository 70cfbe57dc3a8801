"""Put a company into the two simulators, in this process or over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import batched
from typing import Any, Protocol

import httpx

Row = dict[str, Any]

#: The sets of which BC has exactly one row from the start; they are edited, not loaded.
SINGLE = frozenset({"companyInformation", "generalLedgerSetup"})

#: Rows per load. The BC simulator looks through its tables once for each.
CHUNK = 20_000


class DemoCompany(Protocol):
    """A company's rows. Each call begins anew; rows come in key order and none is kept."""

    @property
    def name(self) -> str: ...

    @property
    def local_currency(self) -> str:
        """ISO code; Sales must have it as its base currency."""

    def bc(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Yield the BC sets, each with its rows by the companion's column names; a large one may come in parts."""

    def sales(self) -> Iterator[tuple[str, Iterable[Row]]]:
        """Yield the Sales tables (by entity set), each with its rows by logical column names."""


class Sim(Protocol):
    """What is used of a simulator, in this process or another."""

    def load(self, table: str, rows: Sequence[Row]) -> int: ...
    def all(self, set_name: str) -> list[Row]: ...
    def edit(self, set_name: str, id: str, **values: Any) -> None: ...


def load_company(
    company: DemoCompany,
    *,
    bc: Sim,
    sales: Sim,
    chunk: int = CHUNK,
    progress: Callable[[str, int], None] = lambda table, rows: None,
) -> dict[str, int]:
    """Load both sides; return the number of rows by set. `progress` hears the rows so far of a set.

    Raises:
        ValueError: Sales is not based on the company's local currency.
        Exception: Whatever the simulator says of a row that it cannot take; the earlier chunks are then in.
    """
    based_on = {row["isocurrencycode"] for row in sales.all("transactioncurrencies")}
    if company.local_currency not in based_on:
        raise ValueError(
            f"{company.name} counts in {company.local_currency}, Sales in {', '.join(sorted(based_on))}"
        )
    counts: dict[str, int] = {}
    for sim, tables in ((bc, company.bc()), (sales, company.sales())):
        for table, rows in tables:
            if table in SINGLE:
                counts[table] = _edit_single(sim, table, rows)
                continue
            counts.setdefault(table, 0)
            for some in batched(rows, chunk, strict=False):
                counts[table] += sim.load(table, list(some))
                progress(table, counts[table])
    return counts


def _edit_single(sim: Sim, table: str, rows: Iterable[Row]) -> int:
    (there,) = sim.all(table)
    (row,) = rows
    differs = {name: value for name, value in row.items() if name != "id" and there.get(name) != value}
    sim.edit(table, there["id"], **differs)
    return 1


class over_http:  # noqa: N801  # reads as a preposition where it is used: load_company(c, bc=over_http(client), …)
    """A served simulator; `client` has its origin as `base_url` and trusts its certificate."""

    def __init__(self, client: httpx.Client, *, timeout_seconds: float = 300) -> None:
        self._client = client
        self._timeout = timeout_seconds

    def load(self, table: str, rows: Sequence[Row]) -> int:
        loaded: int = self._ask("POST", "load", json={"table": table, "rows": rows})["loaded"]
        return loaded

    def all(self, set_name: str) -> list[Row]:
        rows: list[Row] = self._ask("GET", "rows", params={"set": set_name})
        return rows

    def edit(self, set_name: str, id: str, **values: Any) -> None:
        if values:
            self._ask("POST", "edit", json={"set": set_name, "id": id, "values": values})

    def _ask(self, method: str, verb: str, **said: Any) -> Any:
        answer = self._client.request(method, f"/_sim/{verb}", timeout=self._timeout, **said)
        if answer.is_error:
            raise ValueError(f"{verb}: {answer.json().get('error', answer.text)}")
        return answer.json()
