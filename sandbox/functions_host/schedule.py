"""NCRONTAB: second, minute, hour, day, month, day of week; UTC (azure-platform.md 1.12, 1.18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

MONTHS = "january february march april may june july august september october november december".split()
DAYS = "sunday monday tuesday wednesday thursday friday saturday".split()
#: Name, least, most, and the words that stand for numbers.
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {w[:n]: i for i, w in enumerate(MONTHS, 1) for n in (3, len(w))}),
    ("day of week", 0, 6, {w[:n]: i for i, w in enumerate(DAYS) for n in (3, len(w))}),
)
#: A day that exists comes within eight years: 29 February around a century.
SEARCH_DAYS = 366 * 9
PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True)
class Schedule:
    """When a timer fires. A day must fit the day of month *and* the day of week, as NCRONTAB has it (inferred)."""

    text: str
    fields: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raise ValueError that says what is wrong."""
        parts = text.split()
        if len(parts) != len(FIELDS):
            raise ValueError(
                f"'{text}' has {len(parts)} fields; a schedule has six: second minute hour day month weekday"
            )
        return cls(text, tuple(_field(part, *FIELDS[i]) for i, part in enumerate(parts)))

    def after(self, at: datetime) -> datetime:
        """Return the first occurrence later than `at`. Raises ValueError when there is none in nine years."""
        start = at.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(SEARCH_DAYS):
            day = start.date() + timedelta(days=ahead)
            if self._fits(day):
                found = self._time(start.time() if ahead == 0 else time.min)
                if found is not None:
                    return datetime.combine(day, found, UTC)
        raise ValueError(f"'{self.text}' never comes")

    def every_minute_or_more_often(self, at: datetime) -> bool:
        """Say whether the next two occurrences are less than a minute apart."""
        first = self.after(at)
        return (self.after(first) - first).total_seconds() < 60

    def _fits(self, day: date) -> bool:
        weekday = (day.weekday() + 1) % 7
        return day.day in self.fields[3] and day.month in self.fields[4] and weekday in self.fields[5]

    def _time(self, start: time) -> time | None:
        seconds, minutes, hours = (sorted(f) for f in self.fields[:3])
        for hour in (h for h in hours if h >= start.hour):
            for minute in (m for m in minutes if (hour, m) >= (start.hour, start.minute)):
                for second in seconds:
                    found = time(hour, minute, second)
                    if found >= start:
                        return found
        return None


def _field(text: str, name: str, least: int, most: int, words: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        said = PART.fullmatch(part)
        if said is None:
            raise ValueError(f"'{part}' is not a {name}")
        step = int(said["step"] or 1)
        if said["first"] == "*":
            if said["last"]:
                raise ValueError(f"'{part}' is not a {name}")
            first, last = least, most
        else:
            first = _number(said["first"], name, least, most, words)
            # `a/n` runs from a to the end.
            last = most if said["step"] and not said["last"] else first
            if said["last"]:
                last = _number(said["last"], name, least, most, words)
        if step < 1 or last < first:
            raise ValueError(f"'{part}' is not a range of {name}s")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, name: str, least: int, most: int, words: dict[str, int]) -> int:
    number = words.get(text.lower())
    if number is None:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"'{text}' is not a {name} from {least} to {most}")
        number = int(text)
    return number
