"""The emulator's queues without AMQP, on a clock of the test's own; and the same queues from disk."""

from __future__ import annotations

import random
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest

from sandbox.service_bus.config import InvalidConfig, QueueSettings, load, seconds
from sandbox.service_bus.disk import Disk
from sandbox.service_bus.queue import Queue
from sandbox.service_bus.stored import LockLost, NotAllowed, NotFound, Stored

T = 1_000_000.0


def a_queue(**differs: Any) -> Queue:
    return Queue(settings=QueueSettings(name="q", lock_seconds=60, **differs))


def send(queue: Queue, *ids: str, now: float = T, **differs: Any) -> list[int]:
    return [queue.send(i.encode(), message_id=i, now=now, **differs).number for i in ids]


def receive(queue: Queue, now: float = T, **differs: Any) -> Stored:
    message = queue.receive(now=now, **differs)
    assert message is not None
    return message


def token(message: Stored) -> uuid.UUID:
    assert message.lock_token is not None
    return message.lock_token


def test_a_lock_is_over_exactly_when_its_time_is_and_the_delivery_counts():
    queue = a_queue()
    send(queue, "a")
    old = token(receive(queue))
    assert queue.receive(now=T + 59.9) is None
    assert queue.next_event() == T + 60

    again = receive(queue, T + 60)
    assert (again.message_id, again.failures) == ("a", 1)
    with pytest.raises(LockLost):
        queue.complete(old, now=T + 60)


def test_a_renewed_lock_lasts_from_the_renewal_on():
    queue = a_queue()
    send(queue, "a")
    held = token(receive(queue))
    assert queue.renew([held], now=T + 50) == [T + 110]
    assert queue.receive(now=T + 100) is None
    queue.complete(held, now=T + 109)
    assert queue.receive(now=T + 200) is None and queue.next_event() is None


def test_a_released_message_comes_back_at_once_and_its_delivery_does_not_count():
    queue = a_queue()
    send(queue, "a", "b")
    queue.release(token(receive(queue)), now=T)
    assert (receive(queue).message_id, receive(queue).message_id) == ("a", "b")
    assert queue.peek(first=1, count=9, now=T)[0].failures == 0


def test_locks_that_run_out_too_often_bury_the_message_without_anybody_receiving():
    queue = a_queue(max_delivery_count=2)
    send(queue, "a")
    receive(queue, T)
    receive(queue, T + 60)
    (dead,) = queue.peek(first=1, count=9, now=T + 120, dead_letters=True)
    assert (dead.reason, dead.failures) == ("MaxDeliveryCountExceeded", 2)
    assert queue.peek(first=1, count=9, now=T + 120) == []


def test_a_dead_letter_is_never_buried_again_and_cannot_be_dead_lettered():
    queue = a_queue(max_delivery_count=1)
    send(queue, "a")
    queue.abandon(token(receive(queue)), now=T)
    for _ in range(3):
        queue.abandon(token(receive(queue, dead_letters=True)), now=T)
    held = token(receive(queue, dead_letters=True))
    with pytest.raises(NotAllowed):
        queue.dead_letter(held, "r", "d", now=T)
    queue.complete(held, now=T)
    assert queue.peek(first=1, count=9, now=T, dead_letters=True) == []


def test_an_id_counts_as_seen_for_the_window_and_no_longer():
    queue = a_queue(duplicate_window_seconds=20)
    (first,) = send(queue, "a")
    repeat = queue.send(b"a", message_id="a", now=T + 19)
    assert repeat == (first, True)
    assert not queue.send(b"a", message_id="a", now=T + 20).repeated
    assert not queue.send(b"a", message_id=None, now=T + 20).repeated
    assert not queue.send(b"a", message_id=None, now=T + 20).repeated


def test_without_a_window_nothing_is_a_repeat():
    queue = a_queue(duplicate_window_seconds=0)
    assert len(set(send(queue, "a", "a"))) == 2


def test_scheduled_messages_take_their_place_when_they_are_due_under_a_new_number():
    queue = a_queue()
    send(queue, "late", due_at=T + 10)
    send(queue, "early", due_at=T + 5)
    send(queue, "now")
    assert [m.message_id for m in queue.peek(first=1, count=9, now=T)] == ["late", "early", "now"]
    assert queue.next_event() == T + 5

    assert [receive(queue, T + 10).message_id for _ in range(3)] == ["now", "early", "late"]
    assert [m.number for m in queue.peek(first=1, count=9, now=T + 10)] == [3, 4, 5]


def test_cancelling_is_for_scheduled_messages_and_all_or_nothing():
    queue = a_queue()
    a, b = send(queue, "a", "b", due_at=T + 10)
    (c,) = send(queue, "c")
    for numbers in ([a, c], [a, 99], []):
        with pytest.raises(NotFound):
            queue.cancel(numbers, now=T)
    queue.cancel([a, b], now=T)
    assert [m.message_id for m in queue.peek(first=1, count=9, now=T + 20)] == ["c"]


def test_a_deferred_message_is_had_by_number_only_and_stays_deferred_when_abandoned():
    queue = a_queue()
    (number,) = send(queue, "a")
    queue.defer(token(receive(queue)), now=T)
    assert queue.receive(now=T + 1000) is None
    (taken,) = queue.take_deferred([number], now=T)
    with pytest.raises(NotFound):
        queue.take_deferred([number], now=T)
    queue.abandon(token(taken), now=T)
    assert queue.receive(now=T) is None
    (taken,) = queue.take_deferred([number], now=T)
    assert taken.failures == 1
    queue.complete(token(taken), now=T)
    with pytest.raises(NotFound):
        queue.take_deferred([number], now=T)


@pytest.mark.parametrize("keeps", [True, False], ids=["dead-lettered", "vanishes"])
def test_an_expired_message_vanishes_or_is_dead_lettered_as_the_queue_says(keeps: bool):
    queue = a_queue(dead_letter_on_expiry=keeps, time_to_live_seconds=30)
    send(queue, "own", ttl_seconds=10)
    send(queue, "bounded", ttl_seconds=1000)
    assert [m.message_id for m in queue.peek(first=1, count=9, now=T + 10)] == ["bounded"]
    assert queue.receive(now=T + 30) is None
    dead = queue.peek(first=1, count=9, now=T + 10_000, dead_letters=True)
    assert [(m.message_id, m.reason) for m in dead] == (
        [("own", "TTLExpiredException"), ("bounded", "TTLExpiredException")] if keeps else []
    )


def test_a_message_does_not_expire_while_it_is_locked_or_deferred():
    queue = a_queue()
    send(queue, "locked", "deferred", ttl_seconds=10)
    held, put_aside = token(receive(queue)), receive(queue)
    queue.defer(token(put_aside), now=T)
    assert len(queue.peek(first=1, count=9, now=T + 20)) == 2
    queue.abandon(held, now=T + 20)
    assert [m.message_id for m in queue.peek(first=1, count=9, now=T + 20)] == ["deferred"]


def test_receive_and_delete_takes_without_a_lock():
    queue = a_queue()
    send(queue, "a")
    assert receive(queue, lock=False).lock_token is None
    assert queue.peek(first=1, count=9, now=T) == []


# --- from disk -------------------------------------------------------------------------------------


def everything(queue: Queue, now: float) -> list[Stored]:
    return [
        *queue.peek(first=0, count=999, now=now),
        *queue.peek(first=0, count=999, now=now, dead_letters=True),
    ]


def from_disk(folder: Path, settings_: QueueSettings) -> tuple[Queue, Disk]:
    disk = Disk(folder)
    queue = Queue(settings=settings_, journal=disk)
    disk.restore(queue)
    return queue, disk


#: What may be done to a queue, and how often.
STEPS = {
    **dict.fromkeys(("complete", "abandon", "release", "defer", "dead_letter", "renew"), 2),
    **{"send": 6, "receive": 9, "schedule": 3, "expire": 2, "again": 1, "take": 1, "cancel": 1},
    **{"take_deferred": 3, "wait": 4},
}


@pytest.mark.parametrize("seed", range(150))
def test_whatever_was_done_a_restart_changes_nothing(tmp_path: Path, seed: int):
    """Random work, stopped at any point; then the file says what the memory said."""
    chance = random.Random(seed)
    steps = chance.choices(list(STEPS), STEPS.values(), k=chance.randint(5, 60))
    kind = QueueSettings(name="q", lock_seconds=30, max_delivery_count=2, dead_letter_on_expiry=True)
    now = T
    queue, disk = from_disk(tmp_path, kind)
    locks: list[uuid.UUID] = []
    for n, step in enumerate(steps):
        held = chance.choice(locks[-2:]) if locks else uuid.UUID(int=0)
        some = [m.number for m in queue.peek(first=0, count=99, now=now)] or [0]
        try:
            match step:
                case "send" | "again":
                    send(queue, f"m{n}" if step == "send" else "m", now=now)
                case "schedule":
                    send(queue, f"s{n}", now=now, due_at=now + 20)
                case "expire":
                    send(queue, f"e{n}", now=now, ttl_seconds=25)
                case "receive":
                    found = queue.receive(now=now, dead_letters=chance.random() < 0.2)
                    locks += [token(found)] if found else []
                case "take":
                    queue.receive(now=now, lock=False)
                case "dead_letter":
                    queue.dead_letter(held, "r", "d", now=now)
                case "renew":
                    queue.renew([held], now=now)
                case "take_deferred":
                    locks += [token(m) for m in queue.take_deferred([chance.choice(some)], now=now)]
                case "cancel":
                    queue.cancel([chance.choice(some)], now=now)
                case "wait":
                    now += 11
                case _:
                    getattr(queue, step)(held, now=now)
        except (LockLost, NotFound, NotAllowed):
            pass
    before = everything(queue, now)
    disk.close()

    restored, disk = from_disk(tmp_path, kind)
    assert everything(restored, now) == before
    later = now + 1000
    following = [[m.message_id for m in everything(q, later)] for q in (queue_copy(queue), restored)]
    assert following[0] == following[1]
    assert restored.send(b"", message_id="m", now=now).repeated == queue_has_seen(queue, "m", now)
    disk.close()


def queue_copy(queue: Queue) -> Queue:
    """The same queue, telling nobody."""
    copy = Queue(settings=queue.settings)
    copy.restore(everything_now(queue), [(i, at, n) for i, (at, n) in queue._seen.items()], last=queue._last)
    return copy


def everything_now(queue: Queue) -> list[Stored]:
    return [*queue._live.values(), *queue._dead.values()]


def queue_has_seen(queue: Queue, message_id: str, now: float) -> bool:
    return queue_copy(queue).send(b"", message_id=message_id, now=now).repeated


def test_a_number_is_never_given_out_twice_even_when_all_messages_are_gone(tmp_path: Path):
    kind = QueueSettings(name="q")
    queue, disk = from_disk(tmp_path, kind)
    send(queue, "a", "b")
    for _ in range(2):
        queue.complete(token(receive(queue)), now=T)
    disk.close()
    queue, disk = from_disk(tmp_path, kind)
    assert send(queue, "c") == [3]
    disk.close()


def test_a_folder_serves_one_emulator_at_a_time(tmp_path: Path):
    queue, disk = from_disk(tmp_path, QueueSettings(name="q"))
    send(queue, "a")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Disk(tmp_path, patience_seconds=0)
    disk.close()


def test_what_fails_together_is_not_kept(tmp_path: Path):
    kind = QueueSettings(name="q")
    queue, disk = from_disk(tmp_path, kind)
    with pytest.raises(RuntimeError), disk.together():
        send(queue, "a", "b")
        raise RuntimeError
    disk.close()
    restored, disk = from_disk(tmp_path, kind)
    assert everything(restored, T) == []
    disk.close()


# --- configuration ---------------------------------------------------------------------------------

CONFIG = """
UserConfig:
  Namespaces:
    - Name: sbemulatorns
      Queues:
        - Name: full-sync
          Properties:
            LockDuration: PT1M30S
            MaxDeliveryCount: 3
            RequiresDuplicateDetection: true
            DuplicateDetectionHistoryTimeWindow: PT20S
            DefaultMessageTimeToLive: PT1H
            DeadLetteringOnMessageExpiration: true
            RequiresSession: false
            ForwardTo: ""
        - Name: rejected
"""


def test_a_configuration_of_microsofts_emulator_is_read(tmp_path: Path):
    file = tmp_path / "queues.yaml"
    file.write_text(CONFIG)
    assert load(file) == [
        QueueSettings(
            name="full-sync",
            lock_seconds=90,
            max_delivery_count=3,
            duplicate_window_seconds=20,
            time_to_live_seconds=3600,
            dead_letter_on_expiry=True,
        ),
        QueueSettings(name="rejected", duplicate_window_seconds=0),
    ]


def test_every_problem_of_a_configuration_is_told_at_once(tmp_path: Path):
    file = tmp_path / "queues.yaml"
    file.write_text(
        CONFIG.replace("PT1M30S", "90 seconds")
        .replace("RequiresSession: false", "RequiresSession: true")
        .replace('ForwardTo: ""', "Colour: red")
        .replace("Name: rejected", "Name: a$b")
    )
    with pytest.raises(InvalidConfig) as told:
        load(file)
    found = "; ".join(told.value.problems)
    for part in (
        "'90 seconds' is no duration",
        "RequiresSession is not emulated",
        "property Colour",
        "'a$b'",
    ):
        assert part in found


@pytest.mark.parametrize(
    ("text", "value"), [("PT5S", 5), ("PT1M", 60), ("PT0.5S", 0.5), ("P1DT2H", 93_600), ("pt10m", 600)]
)
def test_durations_are_iso_8601(text: str, value: float):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "P", "PT", "60", "1M", "PT-1S"])
def test_what_is_no_duration_is_refused(text: str):
    with pytest.raises(ValueError, match="no duration"):
        seconds(text)
