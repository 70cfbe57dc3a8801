"""A plain HTTP client of the Business Central simulator, for its tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox.business_central import BusinessCentralSim
from sandbox.simkit import INTEGRATION, PEOPLE, TENANT, SimClock

ZERO = "00000000-0000-0000-0000-000000000000"
HOST = f"http://bc.test/v2.0/{TENANT}/sandbox"
ROOT = f"{HOST}/api/tandem/sync/v1.0"


@dataclass(kw_only=True)
class Caller:
    sim: BusinessCentralSim
    clock: SimClock
    http: httpx.Client

    def url(self, path: str) -> str:
        return f"{ROOT}/companies({self.sim.company_id})/{path}"

    def get(self, path: str, status: int = 200, headers: dict[str, str] | None = None, **params: str) -> Any:
        params = {f"${name}": value for name, value in params.items()}
        response = self.http.get(self.url(path), params=params or None, headers=headers)
        assert response.status_code == status, response.text
        return response.json()

    def rows(self, path: str, **params: str) -> list[dict[str, Any]]:
        return self.get(path, **params)["value"]

    def post(self, path: str, body: Any, status: int = 201, headers: dict[str, str] | None = None) -> Any:
        response = self.http.post(self.url(path), json=body, headers=headers)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def patch(self, path: str, body: Any, status: int = 200, tag: str | None = "*") -> Any:
        headers = {} if tag is None else {"If-Match": tag}
        response = self.http.patch(self.url(path), json=body, headers=headers)
        assert response.status_code == status, response.text
        return response.json()

    def remove(self, path: str, status: int = 204) -> None:
        response = self.http.delete(self.url(path), headers={"If-Match": "*"})
        assert response.status_code == status, response.text

    def batch(self, parts: list[dict[str, Any]], status: int = 200, **headers: str) -> Any:
        """Send a $batch; urls of the parts start after the company."""
        requests = [
            {"id": str(n), "headers": {"Content-Type": "application/json"}, **part}
            | {"url": f"companies({self.sim.company_id})/{part['url']}"}
            for n, part in enumerate(parts)
        ]
        response = self.http.post(
            f"{ROOT}/$batch",
            json={"requests": requests},
            headers={"Accept": "application/json"}
            | {name.replace("_", "-"): v for name, v in headers.items()},
        )
        assert response.status_code == status, response.text
        body = response.json()
        return body["responses"] if status == 200 else body["error"]

    def settings(self, **values: Any) -> None:
        response = self.http.post("http://bc.test/_sim/settings", json=values)
        assert response.status_code == 200, response.text


def make_caller(**options: Any) -> Caller:
    clock = SimClock()
    clock.freeze(datetime(2026, 1, 22, 12, 0, 0, tzinfo=UTC))
    sim = BusinessCentralSim(clock=clock, identities=(INTEGRATION, PEOPLE), **options)
    http = httpx.Client(
        transport=httpx.WSGITransport(app=sim), headers={"Authorization": f"Bearer {INTEGRATION.client_id}"}
    )
    return Caller(sim=sim, clock=clock, http=http)


def code_of(error: Any) -> str:
    return error["error"]["code"]
