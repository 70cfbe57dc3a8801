"""The AMQP 1.0 server: links, settlement, `$cbs`, `$management` (azure-platform.md 3.25–3.41)."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any

from cproton import ffi, lib
from proton import (
    UNDESCRIBED,
    Array,
    Condition,
    Data,
    Delivery,
    Link,
    Message,
    int32,
    symbol,
    timestamp,
)
from proton.handlers import Handshaker
from proton.reactor import Container

from sandbox.service_bus.store import LockLost, Queue, QueueSettings, Stored
from sandbox.service_bus.wire import (
    MANAGEMENT,
    clock,
    decoded,
    delivered,
    due_of,
    entity_of,
    path_of,
    unbatch,
)

#: 256 KB on Standard (3.1); the SDK takes it as its batch limit (3.27).
MAX_MESSAGE_SIZE = 262_144
TICK_SECONDS = 0.05
PREFIX = "com.microsoft:"


@dataclass
class Receiver:
    """A client's receiving link."""

    link: Link
    queue: Queue
    name: str
    dead_letters: bool
    settles: bool


class Server(Handshaker):  # type: ignore[misc]
    """One namespace of queues. `port` 0 takes a free one; `port` tells which after the start."""

    def __init__(self, queues: list[QueueSettings], port: int = 0) -> None:
        super().__init__()
        self.queues = {q.name.lower(): Queue(settings=q) for q in queues}
        self.port = port
        self._receivers: dict[str, Receiver] = {}
        self._answers: dict[tuple[int, str], Link] = {}
        self._stopping = False
        self.listening = threading.Event()

    # --- life ----------------------------------------------------------------------------------

    def on_reactor_init(self, event: Any) -> None:
        self._acceptor = event.container.listen(f"127.0.0.1:{self.port}")
        event.container.schedule(TICK_SECONDS, self)
        self.listening.set()

    def on_timer_task(self, event: Any) -> None:
        """Locks run out and scheduled messages come due without any frame arriving."""
        if self._stopping:
            self._acceptor.close()
            event.container.stop()
            return
        for receiver in list(self._receivers.values()):
            self._deliver(receiver)
        event.container.schedule(TICK_SECONDS, self)

    def stop(self) -> None:
        self._stopping = True

    # --- links ---------------------------------------------------------------------------------

    def on_link_remote_open(self, event: Any) -> None:
        link: Link = event.link
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        path = path_of(link.remote_source.address if link.is_sender else link.remote_target.address)
        if path == "$cbs" or path.lower().endswith(MANAGEMENT):
            if link.is_sender:
                self._answers[_address(link.connection), path.lower()] = link
            link.open()
            if link.is_receiver:
                link.flow(100)
            return
        name, dead = entity_of(path)
        queue = self.queues.get(name)
        if queue is None:
            # The SDK looks at the connection's error first: a link refused while it opens says too little.
            told = Condition("amqp:not-found", f"The messaging entity '{path}' could not be found.")
            link.open()
            link.condition = told
            link.close()
            return
        if link.is_receiver:
            link.max_message_size = MAX_MESSAGE_SIZE
            link.open()
            link.flow(500)
            return
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode
        link.open()
        settled = link.remote_snd_settle_mode == Link.SND_SETTLED
        self._receivers[self._key(link)] = Receiver(link, queue, name, dead, settled)

    def on_link_remote_close(self, event: Any) -> None:
        self._receivers.pop(self._key(event.link), None)
        event.link.close()

    on_link_remote_detach = on_link_remote_close

    def on_transport_closed(self, event: Any) -> None:
        """A receiver that died keeps its locks until they run out; it gets nothing more."""
        gone = event.transport.connection if event.transport is not None else event.connection
        if gone is not None:
            self._forget(gone)

    on_connection_unbound = on_transport_closed

    def on_connection_remote_close(self, event: Any) -> None:
        self._forget(event.connection)
        event.connection.close()

    def _forget(self, gone: Any) -> None:
        for key, receiver in list(self._receivers.items()):
            if receiver.link.connection == gone:
                del self._receivers[key]
        for key in [k for k in self._answers if k[0] == _address(gone)]:
            del self._answers[key]

    @staticmethod
    def _key(link: Link) -> str:
        return str(_address(link))

    def on_link_flow(self, event: Any) -> None:
        link = event.link
        receiver = self._receivers.get(self._key(link))
        if receiver is not None:
            self._deliver(receiver)
            if link.drain_mode:
                link.drained()

    def _deliver(self, receiver: Receiver) -> None:
        transport = receiver.link.connection.transport
        if transport is None or transport.closed:
            self._receivers.pop(self._key(receiver.link), None)
            return
        while receiver.link.credit > 0:
            now = clock()
            stored = receiver.queue.receive(
                now=now, dead_letters=receiver.dead_letters, lock=not receiver.settles
            )
            if stored is None:
                return
            # The tag is the lock token, in .NET's byte order (3.29).
            token = stored.lock_token or uuid.uuid4()
            delivery = receiver.link.delivery(token.bytes_le)
            receiver.link.send(delivered(stored, receiver.name, now=now))
            receiver.link.advance()
            if receiver.settles:
                delivery.settle()

    # --- transfers and settlements ---------------------------------------------------------------

    def on_delivery(self, event: Any) -> None:
        delivery, link = event.delivery, event.link
        if link.is_receiver:
            if delivery.readable and not delivery.partial:
                raw = link.recv(delivery.pending)
                link.advance()
                self._incoming(link, delivery, raw)
                link.flow(1)
        elif delivery.updated and not delivery.settled:
            self._settle(link, delivery)
        elif delivery.updated and delivery.settled:
            if delivery.remote_state == Delivery.RELEASED:
                receiver = self._receivers.get(self._key(link))
                if receiver is not None:
                    receiver.queue.release(self._token(delivery))
            delivery.settle()

    def _incoming(self, link: Link, delivery: Delivery, raw: bytes) -> None:
        path = path_of(link.remote_target.address)
        if path == "$cbs":
            self._accept(delivery)
            self._answer(
                link, path, decoded(raw), {"status-code": int32(202), "status-description": "Accepted"}, None
            )
        elif path.lower().endswith(MANAGEMENT):
            self._accept(delivery)
            self._manage(link, path, decoded(raw))
        else:
            queue = self.queues.get(entity_of(path)[0])
            if queue is None:
                # Sent before the refusal of the link had arrived.
                delivery.local.condition = Condition("amqp:not-found", f"no entity '{path}'")
                delivery.update(Delivery.REJECTED)
                delivery.settle()
                return
            if len(raw) > MAX_MESSAGE_SIZE:
                delivery.local.condition = Condition(
                    "amqp:link:message-size-exceeded", "the message is too large"
                )
                delivery.update(Delivery.REJECTED)
                delivery.settle()
                return
            for one in unbatch(raw):
                self._keep(queue, one)
            self._accept(delivery)
            self._deliver_from(queue)

    @staticmethod
    def _accept(delivery: Delivery) -> None:
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()

    @staticmethod
    def _keep(queue: Queue, raw: bytes) -> int:
        message = decoded(raw)
        return queue.send(
            raw,
            message_id=str(message.id) if message.id is not None else None,
            now=clock(),
            due_at=due_of(message),
            ttl_seconds=message.ttl or None,
        )

    def _deliver_from(self, queue: Queue) -> None:
        for receiver in list(self._receivers.values()):
            if receiver.queue is queue:
                self._deliver(receiver)

    @staticmethod
    def _token(delivery: Delivery) -> uuid.UUID:
        tag = lib.pn_delivery_tag(delivery._impl)
        return uuid.UUID(bytes_le=bytes(ffi.buffer(tag.start, tag.size)))

    def _settle(self, link: Link, delivery: Delivery) -> None:
        """Do what the client's outcome says, and echo that outcome: the SDK waits for it (3.31, 3.32)."""
        receiver = self._receivers.get(self._key(link))
        if receiver is None:
            return
        queue, token, now, state = receiver.queue, self._token(delivery), clock(), delivery.remote_state
        try:
            if state == Delivery.ACCEPTED:
                queue.complete(token, now=now)
            elif state == Delivery.MODIFIED and delivery.remote.undeliverable:
                queue.defer(token, now=now)
            elif state == Delivery.MODIFIED:
                queue.abandon(token, now=now)
            elif state == Delivery.REJECTED:
                info = dict((delivery.remote.condition.info if delivery.remote.condition else None) or {})
                told = {str(k): str(v) for k, v in info.items()}
                queue.dead_letter(
                    token,
                    told.get("DeadLetterReason", ""),
                    told.get("DeadLetterErrorDescription", ""),
                    now=now,
                )
            elif state == Delivery.RELEASED:
                queue.release(token)
        except LockLost:
            delivery.local.condition = Condition(
                PREFIX + "message-lock-lost", "The lock supplied is invalid."
            )
            delivery.update(Delivery.REJECTED)
            delivery.settle()
            return
        if state == Delivery.MODIFIED:
            delivery.local.failed = True
            delivery.local.undeliverable = bool(delivery.remote.undeliverable)
        delivery.update(state)
        delivery.settle()
        self._deliver_from(queue)

    # --- requests and answers ----------------------------------------------------------------------

    def _answer(self, link: Link, path: str, request: Message, properties: dict[str, Any], body: Any) -> None:
        out = self._answers.get((_address(link.connection), path.lower()))
        if out is None:
            return
        message = Message(body=body, properties=properties, correlation_id=request.id)
        out.delivery(uuid.uuid4().bytes)
        out.send(message.encode())
        out.advance()

    def _manage(self, link: Link, path: str, request: Message) -> None:
        name, dead = entity_of(path)
        queue = self.queues.get(name)
        operation = str((request.properties or {}).get("operation", "")).removeprefix(PREFIX)
        body = request.body or {}
        if queue is None:
            self._refuse(link, path, request, 404, "amqp:not-found", f"no queue {name}")
            return
        try:
            status, answer = self._operation(queue, dead, operation, body)
        except LockLost:
            self._refuse(
                link, path, request, 410, PREFIX + "message-lock-lost", "The lock supplied is invalid."
            )
            return
        except KeyError:
            self._refuse(link, path, request, 404, PREFIX + "message-not-found", "There is no such message.")
            return
        self._answer(link, path, request, {"statusCode": int32(status), "statusDescription": "OK"}, answer)
        self._deliver_from(queue)

    def _refuse(
        self, link: Link, path: str, request: Message, status: int, condition: str, text: str
    ) -> None:
        properties = {
            "statusCode": int32(status),
            "statusDescription": text,
            "errorCondition": symbol(condition),
        }
        self._answer(link, path, request, properties, None)

    def _operation(self, queue: Queue, dead: bool, operation: str, body: Any) -> tuple[int, Any]:
        """Do one management operation of 3.37; return status and body."""
        now = clock()
        match operation:
            case "peek-message":
                found = queue.peek(
                    first=int(body["from-sequence-number"]),
                    count=int(body["message-count"]),
                    dead_letters=dead,
                )
                return (200, {"messages": [self._shown(queue, m) for m in found]}) if found else (204, {})
            case "renew-lock":
                until = [timestamp(int(queue.renew(t, now=now) * 1000)) for t in _items(body["lock-tokens"])]
                return 200, {"expirations": Array(UNDESCRIBED, Data.TIMESTAMP, *until)}
            case "schedule-message":
                numbers = [self._keep(queue, bytes(m["message"])) for m in body["messages"]]
                return 200, {"sequence-numbers": Array(UNDESCRIBED, Data.LONG, *numbers)}
            case "cancel-scheduled-message":
                if queue.cancel([int(n) for n in _items(body["sequence-numbers"])], now=now):
                    raise KeyError
                return 200, {}
            case "receive-by-sequence-number":
                taken = queue.take_deferred([int(n) for n in _items(body["sequence-numbers"])], now=now)
                if not taken:
                    raise KeyError
                return 200, {
                    "messages": [{"lock-token": m.lock_token} | self._shown(queue, m) for m in taken]
                }
            case "update-disposition":
                for token in _items(body["lock-tokens"]):
                    match str(body["disposition-status"]):
                        case "completed":
                            queue.complete(token, now=now)
                        case "abandoned":
                            queue.abandon(token, now=now)
                        case "defered":
                            queue.defer(token, now=now)
                        case "suspended":
                            queue.dead_letter(
                                token,
                                str(body.get("deadletter-reason") or ""),
                                str(body.get("deadletter-description") or ""),
                                now=now,
                            )
                return 200, {}
        return 501, {}

    @staticmethod
    def _shown(queue: Queue, stored: Stored) -> dict[str, Any]:
        return {"message": delivered(stored, queue.settings.name, now=clock())}


def _address(thing: Any) -> int:
    """Return what identifies a link or connection: its Python wrapper is made anew for every event."""
    return int(ffi.cast("uintptr_t", thing._impl))


def _items(value: Any) -> list[Any]:
    """Return the items of an AMQP array or list."""
    return list(value.elements) if isinstance(value, Array) else list(value)


def container(server: Server) -> Container:
    made = Container(server)
    made.container_id = f"servicebus-{uuid.uuid4()}"
    return made
