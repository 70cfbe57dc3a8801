"""A world whose two systems tell what happens: BC by webhook through the real route, Sales through the queue."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from werkzeug.test import Client

from sandbox.dataverse.notices import Message
from sandbox.simkit import INTEGRATION
from shared.adapters.webhooks import BusinessCentralSubscriptions
from shared.engine.push import NOTICES
from shared.engine.tandem import Tandem
from shared.ports import OutgoingMessage
from tests.functions.served import served
from tests.scenarios.services import WiredWorld

HOST, PATH = "https://tandem.test", "/api/webhooks/bc"
SECRET, OLD = "new" * 12, "old" * 12
BUSY_STEPS = 500
SETTINGS = {
    "BC_URL": "https://bc.test",
    "DATAVERSE_URL": "https://sales.test",
    "TENANT_ID": "t",
    "CLIENT_ID": "c",
    "CLIENT_SECRET": "s",
    "TABLES_CONNECTION_STRING": "x",
    "ServiceBusConnection": "x",
    "PUSH": "on",
    "WEBHOOK_URL": HOST + PATH,
    "WEBHOOK_SECRETS": f"{SECRET} {OLD}",
}
STEPS = ("account", "contact", "product", "opportunity", "systemuser")


class PushWorld(WiredWorld):
    """`lost`: no notice arrives. `received`: what the route answered, and to what."""

    def __init__(self, *, customers: int = 3) -> None:
        self.lost = self.deaf = False
        self.received: list[tuple[int, bytes]] = []
        self.told: list[Message] = []
        super().__init__(customers=customers)
        self.bc_sim.webhooks.send = self._bc_tells
        self.bc_sim.settings["webhook_delay_seconds"] = 0.5
        self.bc_sim.settings_changed()
        self.sales_sim.settings["steps"] = {table: [] for table in STEPS}
        self.sales_sim.settings_changed()
        self.subscribe_with(SECRET)

    def subscribe_with(self, secret: str) -> None:
        self.subscriptions = BusinessCentralSubscriptions(
            self._client(self.bc_sim),
            api=f"https://bc.test/v2.0/{INTEGRATION.tenant}/sandbox/api",
            company_id=self.bc_sim.company_id,
            url=HOST + PATH,
            secret=secret,
            sleep=self.time.advance,
        )
        self.app = self.start_app()

    def start_app(self) -> Tandem:
        ports = super().start_app().ports
        return Tandem(replace(ports, subscriptions=getattr(self, "subscriptions", None)))

    # --- notices -----------------------------------------------------------------------------

    def post(self, body: bytes, query: str = "") -> tuple[int, str]:
        """POST to our route as anybody may."""
        with mock.patch.dict(os.environ, SETTINGS), mock.patch("functions.push.app", lambda: self.app):
            answer = Client(served()).post(f"{PATH}?{query}", data=body, content_type="application/json")
        return answer.status_code, answer.get_data(as_text=True)

    def _bc_tells(
        self, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, str] | None:
        assert url.startswith(HOST + PATH)
        handshake = "validationToken" in url
        if self.deaf:
            return None
        if self.lost and not handshake:
            return 202, ""
        answer = self.post(body, url.partition("?")[2])
        if not handshake:
            self.received.append((answer[0], body))
        return answer

    def _sales_tells(self, messages: Sequence[Message]) -> None:
        if self.lost:
            return
        self.told += messages
        self.queue.send(
            [
                OutgoingMessage(queue=NOTICES, body=m.body, message_id=f"dataverse-{len(self.told)}-{n}")
                for n, m in enumerate(messages)
            ]
        )

    # --- time --------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass in both systems and here, half a second at a time. No timer fires."""
        for _ in range(int(seconds * 2)):
            self.clock.advance(timedelta(seconds=0.5))
            self.time.advance(0.5)
            self.bc_sim.webhooks.deliver()
            self.sales_sim.deliver(self._sales_tells)
            self.work()

    def work(self) -> None:
        """Work on every message that is due."""
        for _ in range(BUSY_STEPS):
            message = self.queue.receive(NOTICES)
            if message is not None:
                self.app.run_message(NOTICES, message.body, message_id=message.message_id)
                self.queue.complete(message)
            elif not self.step(worker=self.app):
                return
        raise AssertionError("the queues never become quiet")

    def settle(self) -> None:
        """Let what was told so far be dealt with."""
        self.wait(8)
        self.received.clear()
        self.told.clear()

    def jobs(self, cause: str = "push") -> list[dict[str, Any]]:
        return [j for j in self.app.api.jobs(limit=1000)["value"] if j["cause"] == cause]
