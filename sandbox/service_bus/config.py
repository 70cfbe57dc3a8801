"""Which queues there are, and how each behaves: the file format of Microsoft's emulator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: Days, hours, minutes and seconds; Service Bus uses no years, months or weeks.
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE)


class InvalidConfig(ValueError):
    """Everything that is wrong with a configuration, at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """Seconds, and Service Bus's own defaults (azure-platform.md 3.3–3.6).

    The real service takes locks of 5 s to 5 min. The sandbox also takes shorter ones, so that a test
    need not wait; never set one for anything else.
    """

    name: str
    lock_seconds: float = 60
    max_delivery_count: int = 10
    #: 0 switches duplicate detection off.
    duplicate_window_seconds: float = 600
    #: The upper bound of each message's own time to live (3.9); None: they live for ever.
    time_to_live_seconds: float | None = None
    #: False: expired messages vanish (3.5).
    dead_letter_on_expiry: bool = False

    def __post_init__(self) -> None:
        problems = []
        if not self.name or len(self.name) > 260 or "$" in self.name:
            problems.append(f"{self.name!r} is no name for a queue: 1 to 260 characters, no $")
        if not 0 < self.lock_seconds <= 300:
            problems.append(f"{self.name}: a lock lasts at most 300 s, not {self.lock_seconds}")
        if not 1 <= self.max_delivery_count <= 2000:
            problems.append(f"{self.name}: 1 to 2000 deliveries, not {self.max_delivery_count}")
        if self.duplicate_window_seconds and not 20 <= self.duplicate_window_seconds <= 7 * 86400:
            problems.append(
                f"{self.name}: duplicates are found for 20 s to 7 days, not {self.duplicate_window_seconds} s"
            )
        if self.time_to_live_seconds is not None and self.time_to_live_seconds <= 0:
            problems.append(f"{self.name}: a time to live is more than 0 s")
        if problems:
            raise InvalidConfig(problems)


def seconds(text: str) -> float:
    """Return the seconds of an ISO 8601 duration such as `PT1M30S`."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is no duration such as PT1M")
    days, hours, minutes, rest = (float(g) if g else 0 for g in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def load(path: Path) -> list[QueueSettings]:
    """Read a `Config.json` of Microsoft's emulator (3.23), as JSON or YAML. Raises `InvalidConfig`.

    What this emulator cannot do (sessions, topics, forwarding) is refused, not ignored.
    """
    try:
        document = yaml.safe_load(path.read_text())
        namespaces = document["UserConfig"]["Namespaces"]
        entries = [queue for namespace in namespaces for queue in namespace.get("Queues") or ()]
        problems = ["topics are not emulated"] if any(n.get("Topics") for n in namespaces) else []
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InvalidConfig([f"{path.name} is no {{UserConfig: {{Namespaces: [{{Queues}}]}}}}"]) from error
    queues = []
    for entry in entries:
        try:
            queues.append(_queue(entry))
        except InvalidConfig as error:
            problems += error.problems
    names = [q.name.lower() for q in queues]
    problems += [f"{name}: named twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if not entries:
        problems.append(f"{path.name} names no queue")
    if problems:
        raise InvalidConfig(problems)
    return queues


def _queue(entry: dict[str, Any]) -> QueueSettings:
    name = str(entry.get("Name", ""))
    left = dict(entry.get("Properties") or {})
    problems = [
        f"{name}: {key} is not emulated"
        for key in ("RequiresSession", "ForwardTo", "ForwardDeadLetteredMessagesTo")
        if left.pop(key, None)
    ]
    taken: dict[str, Any] = {}
    for key, field, read in (
        ("LockDuration", "lock_seconds", seconds),
        ("MaxDeliveryCount", "max_delivery_count", int),
        ("DefaultMessageTimeToLive", "time_to_live_seconds", seconds),
        ("DeadLetteringOnMessageExpiration", "dead_letter_on_expiry", bool),
        ("DuplicateDetectionHistoryTimeWindow", "duplicate_window_seconds", seconds),
    ):
        if key in left:
            try:
                taken[field] = read(left.pop(key))
            except (ValueError, TypeError) as error:
                problems.append(f"{name}: {key}: {error}")
    if not left.pop("RequiresDuplicateDetection", False):
        taken["duplicate_window_seconds"] = 0
    problems += [f"{name}: unknown property {key}" for key in left]
    if problems:
        raise InvalidConfig(problems)
    return QueueSettings(name=name, **taken)
