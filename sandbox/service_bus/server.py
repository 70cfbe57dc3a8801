"""The AMQP 1.0 server: connections, links, deliveries, settlement (azure-platform.md 3.25–3.35)."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cproton import ffi, lib
from proton import Condition, Connection, Delivery, Link, Message, ProtonException, Terminus, int32, symbol
from proton.handlers import Handshaker
from proton.reactor import ApplicationEvent, Container, EventInjector

from sandbox.service_bus import access
from sandbox.service_bus.config import QueueSettings
from sandbox.service_bus.disk import Disk
from sandbox.service_bus.management import answer_to
from sandbox.service_bus.queue import Queue
from sandbox.service_bus.sections import NotAMessage, unbatch
from sandbox.service_bus.stored import Journal, LockLost, NoJournal, NotAllowed
from sandbox.service_bus.wire import (
    DEAD_LETTERS,
    MANAGEMENT,
    MAX_MESSAGE_SIZE,
    Refused,
    decoded,
    delivered,
    entity_of,
    path_of,
    what_was_sent,
)

CBS = "$cbs"
#: How many messages a sender may send ahead.
CREDIT = 500
LOCK_LOST = "com.microsoft:message-lock-lost"


@dataclass(kw_only=True, eq=False)
class Receiver:
    """A client's receiving link on a queue or its dead-letter queue."""

    link: Link
    queue: Queue
    dead_letters: bool
    #: Receive and delete.
    settled: bool


class Server(Handshaker):  # type: ignore[misc]
    """One namespace of queues, on one thread: `run` serves until `stop`, which any thread may call.

    Nothing is polled: the only timer is set for the next moment at which a queue has something to do.
    """

    def __init__(self, queues: Sequence[QueueSettings], *, port: int = 0, disk: Disk | None = None) -> None:
        """`port` 0 takes a free one. `listening` is set once `port` tells which."""
        super().__init__()
        self._journal: Journal = disk or NoJournal()
        self.queues = {q.name.lower(): Queue(settings=q, journal=self._journal) for q in queues}
        if disk is not None:
            for queue in self.queues.values():
                disk.restore(queue)
        self.port = port
        self.listening = threading.Event()
        self._container = Container(self)
        self._container.container_id = f"servicebus-{uuid.uuid4()}"
        self._injector = EventInjector()
        self._receivers: dict[int, Receiver] = {}
        #: (connection, path) → the link on which `$cbs` and `$management` answer
        self._answers: dict[tuple[int, str], Link] = {}
        self._connections: dict[int, Connection] = {}
        self._authorized: set[int] = set()
        self._timer: Any = None
        self._timer_at = float("inf")

    # --- life ----------------------------------------------------------------------------------

    @property
    def connection_string(self) -> str:
        return access.connection_string(self.port)

    def run(self) -> None:
        self._container.run()

    def stop(self) -> None:
        self._injector.trigger(ApplicationEvent("stop_asked"))

    def on_reactor_init(self, event: Any) -> None:
        self._acceptor = self._container.acceptor("127.0.0.1", self.port)
        self.port = self._acceptor._selectable._delegate.getsockname()[1]
        self._container.selectable(self._injector)
        self._set_timer()
        self.listening.set()

    def on_stop_asked(self, event: Any) -> None:
        self._acceptor.close()
        self._injector.close()
        for connection in list(self._connections.values()):
            connection.condition = Condition("amqp:connection:forced", "The emulator stops.")
            connection.close()
        # Enough for the close frames to leave; a client that does not answer is not waited for.
        self._container.schedule(0.2, _Then(self._container.stop))

    # --- connections ---------------------------------------------------------------------------

    def on_connection_remote_open(self, event: Any) -> None:
        self._connections[_id(event.connection)] = event.connection
        Handshaker.on_connection_remote_open(event)

    def on_connection_remote_close(self, event: Any) -> None:
        self._forget(event.connection)
        Handshaker.on_connection_remote_close(event)

    def on_connection_unbound(self, event: Any) -> None:
        """The connection is cut. Its locks hold until they run out: Service Bus does not know why."""
        self._forget(event.connection)

    def _forget(self, gone: Connection) -> None:
        key = _id(gone)
        self._connections.pop(key, None)
        self._authorized.discard(key)
        for link, receiver in list(self._receivers.items()):
            if _id(receiver.link.connection) == key:
                del self._receivers[link]
        for answers in [a for a in self._answers if a[0] == key]:
            del self._answers[answers]

    # --- links ---------------------------------------------------------------------------------

    def on_link_remote_open(self, event: Any) -> None:
        link: Link = event.link
        path = path_of(link.remote_source.address if link.is_sender else link.remote_target.address)
        is_request = path.lower() == CBS or path.lower().endswith(MANAGEMENT)
        name, dead = entity_of(path)
        queue = self.queues.get(name)
        if path.lower() != CBS and _id(link.connection) not in self._authorized:
            self._refuse(link, "amqp:unauthorized-access", "No token was put on $cbs.")
            return
        if path.lower() != CBS and queue is None:
            self._refuse(link, "amqp:not-found", f"The messaging entity '{path}' could not be found.")
            return
        if link.is_receiver and dead and not is_request:
            # 3.5
            self._refuse(link, "amqp:not-allowed", "Nothing can be sent to a dead-letter queue.")
            return
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode
        link.max_message_size = MAX_MESSAGE_SIZE
        link.open()
        if link.is_receiver:
            link.flow(CREDIT)
        elif is_request:
            self._answers[_id(link.connection), path.lower()] = link
        elif queue is not None:
            settled = link.remote_snd_settle_mode == Link.SND_SETTLED
            receiver = Receiver(link=link, queue=queue, dead_letters=dead, settled=settled)
            self._receivers[_id(link)] = receiver

    @staticmethod
    def _refuse(link: Link, condition: str, said: str) -> None:
        """Attach without source and target, then detach with the reason (AMQP 1.0, part 2 §2.6.3).

        With them the SDK takes the link for attached, sends, and shows an unknown error instead.
        """
        link.source.type = link.target.type = Terminus.UNSPECIFIED
        link.open()
        link.condition = Condition(condition, said)
        link.close()

    def on_link_remote_close(self, event: Any) -> None:
        self._receivers.pop(_id(event.link), None)
        if self._answers.get(key := (_id(event.link.connection), self._path(event.link))) == event.link:
            del self._answers[key]
        event.link.close()

    on_link_remote_detach = on_link_remote_close

    def on_link_flow(self, event: Any) -> None:
        receiver = self._receivers.get(_id(event.link))
        if receiver is not None:
            self._deliver(receiver.queue)
            if event.link.drain_mode:
                event.link.drained()

    @staticmethod
    def _path(link: Link) -> str:
        return path_of(link.remote_source.address if link.is_sender else link.remote_target.address).lower()

    # --- to the client -------------------------------------------------------------------------

    def _deliver(self, queue: Queue) -> None:
        """Give free messages to the receivers that asked, in turns; then set the timer."""
        for dead_letters in (False, True):
            waiting = [
                r for r in self._receivers.values() if r.queue is queue and r.dead_letters == dead_letters
            ]
            while waiting := [r for r in waiting if r.link.credit > 0]:
                receiver = waiting.pop(0)
                stored = queue.receive(now=time.time(), dead_letters=dead_letters, lock=not receiver.settled)
                if stored is None:
                    break
                # The tag is the lock token, in .NET's byte order (3.29).
                delivery = receiver.link.delivery((stored.lock_token or uuid.uuid4()).bytes_le)
                receiver.link.send(delivered(stored, queue.name))
                receiver.link.advance()
                if receiver.settled:
                    delivery.settle()
                waiting.append(receiver)
                # Whoever was served waits behind the others next time, too.
                self._receivers[_id(receiver.link)] = self._receivers.pop(_id(receiver.link))
        self._set_timer()

    def _set_timer(self) -> None:
        due = min((at for q in self.queues.values() if (at := q.next_event()) is not None), default=None)
        if due is None or due >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._container.schedule(max(due - time.time(), 0), self)

    def on_timer_task(self, event: Any) -> None:
        """A lock runs out or a scheduled message comes due, without any frame arriving."""
        self._timer, self._timer_at = None, float("inf")
        for queue in self.queues.values():
            queue.tick(time.time())
            self._deliver(queue)

    # --- from the client -----------------------------------------------------------------------

    def on_delivery(self, event: Any) -> None:
        delivery, link = event.delivery, event.link
        if link.is_receiver:
            if delivery.readable and not delivery.partial:
                # proton hands out a buffer of its own.
                raw = bytes(link.recv(delivery.pending) or b"")
                link.advance()
                self._incoming(link, delivery, raw)
                if link.credit < CREDIT // 2:
                    link.flow(CREDIT - link.credit)
        elif delivery.updated:
            receiver = self._receivers.get(_id(link))
            if receiver is not None and not receiver.settled:
                self._settle(receiver, delivery)
            elif delivery.settled:
                delivery.settle()

    def _incoming(self, link: Link, delivery: Delivery, raw: bytes) -> None:
        path = self._path(link)
        queue = self.queues.get(entity_of(path)[0])
        try:
            if path == CBS:
                self._put_token(link, decoded(raw))
            elif queue is None or path.endswith(DEAD_LETTERS):
                # Sent before the refusal of the link had arrived.
                raise Refused("amqp:not-found", f"no entity '{path}'")
            elif path.endswith(MANAGEMENT):
                request = decoded(raw)
                dead = entity_of(path)[1]
                self._answer(link, path, answer_to(request, queue, self._journal, dead, now=time.time()))
            else:
                if len(raw) > MAX_MESSAGE_SIZE:
                    raise Refused("amqp:link:message-size-exceeded", f"at most {MAX_MESSAGE_SIZE} bytes")
                messages = [what_was_sent(one) for one in unbatch(raw)]
                with self._journal.together():
                    for message in messages:
                        queue.send(**message, now=time.time())
        except (Refused, NotAMessage, ProtonException, UnicodeDecodeError) as error:
            condition = error.condition if isinstance(error, Refused) else "amqp:decode-error"
            self._reject(delivery, condition, str(error))
            return
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        if queue is not None:
            self._deliver(queue)

    @staticmethod
    def _reject(delivery: Delivery, condition: str, said: str) -> None:
        # The SDK reads all three parts of the error of a refused send, and hangs when the last is left out.
        delivery.local.condition = Condition(condition, said, {symbol("service"): "emulator"})
        delivery.update(Delivery.REJECTED)
        delivery.settle()

    def _settle(self, receiver: Receiver, delivery: Delivery) -> None:
        """Do what the client's outcome says, and echo that outcome: the SDK waits for it (3.31, 3.32)."""
        queue, now, state = receiver.queue, time.time(), delivery.remote_state
        tag = lib.pn_delivery_tag(delivery._impl)
        token = uuid.UUID(bytes_le=bytes(ffi.buffer(tag.start, tag.size)))
        try:
            if state == Delivery.ACCEPTED:
                queue.complete(token, now=now)
            elif state == Delivery.MODIFIED and delivery.remote.undeliverable:
                queue.defer(token, now=now)
            elif state == Delivery.MODIFIED:
                queue.abandon(token, now=now)
            elif state == Delivery.REJECTED:
                queue.dead_letter(token, *_why(delivery), now=now)
            elif state == Delivery.RELEASED:
                queue.release(token, now=now)
            elif not delivery.settled:
                # No outcome yet.
                return
        except LockLost:
            self._reject(delivery, LOCK_LOST, "The lock supplied is invalid.")
        except NotAllowed as error:
            self._reject(delivery, "amqp:not-allowed", str(error))
        else:
            if state == Delivery.MODIFIED:
                delivery.local.failed = True
                delivery.local.undeliverable = bool(delivery.remote.undeliverable)
            delivery.update(state)
            delivery.settle()
        self._deliver(queue)

    # --- requests ------------------------------------------------------------------------------

    def _put_token(self, link: Link, request: Message) -> None:
        wrong = access.problem(str(request.body), now=time.time())
        if wrong is None:
            self._authorized.add(_id(link.connection))
        status = {
            "status-code": int32(401 if wrong else 202),
            "status-description": wrong or "Accepted",
        }
        self._answer(link, CBS, Message(properties=status, correlation_id=request.id))

    def _answer(self, link: Link, path: str, answer: Message) -> None:
        out = self._answers.get((_id(link.connection), path))
        if out is not None:
            delivery = out.delivery(uuid.uuid4().bytes)
            out.send(answer.encode())
            out.advance()
            delivery.settle()


class _Then:
    """A timer's task that calls something."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def on_timer_task(self, event: Any) -> None:
        self._call()


def _why(delivery: Delivery) -> tuple[str, str]:
    condition = delivery.remote.condition
    told = {str(k): str(v) for k, v in ((condition.info if condition else None) or {}).items()}
    return told.get("DeadLetterReason", ""), told.get("DeadLetterErrorDescription", "")


def _id(thing: Any) -> int:
    """Return what identifies a link or connection: its Python wrapper is made anew for every event."""
    return int(ffi.cast("uintptr_t", thing._impl))
