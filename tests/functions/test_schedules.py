"""Schedules of timers: six-field NCRONTAB (azure-platform.md 1.12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.functions_host.schedule import Schedule

#: A Tuesday.
NOW = datetime(2026, 11, 24, 20, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("* * * * * *", "2026-11-24 20:00:01", id="every-second"),
        pytest.param("*/15 * * * * *", "2026-11-24 20:00:15", id="every-15-seconds"),
        pytest.param("0 */5 * * * *", "2026-11-24 20:05:00", id="every-five-minutes"),
        pytest.param("30 */5 * * * *", "2026-11-24 20:00:30", id="half-a-minute-later"),
        pytest.param("0 0 3 * * *", "2026-11-25 03:00:00", id="tomorrow"),
        pytest.param("0 30 9 * * Mon-Fri", "2026-11-25 09:30:00", id="weekdays-by-name"),
        pytest.param("0 30 9 * * 6", "2026-11-28 09:30:00", id="saturday-is-six"),
        pytest.param("0 30 9 * * 0", "2026-11-29 09:30:00", id="sunday-is-zero"),
        pytest.param("0 0 0 * * sunday,WED", "2026-11-25 00:00:00", id="list-of-names"),
        pytest.param("0 0 0 1 * sun", "2027-08-01 00:00:00", id="day-of-month-and-weekday-both-fit"),
        pytest.param("0 0 0 29 feb *", "2028-02-29 00:00:00", id="leap-day"),
        pytest.param("0 10/20 * * * *", "2026-11-24 20:10:00", id="from-ten-in-twenties"),
        pytest.param("5-7/2,59 0 20 * * *", "2026-11-24 20:00:05", id="range-with-step-and-list"),
        pytest.param("59 59 23 31 12 *", "2026-12-31 23:59:59", id="last-second-of-the-year"),
    ],
)
def test_the_next_occurrence(text: str, expected: str) -> None:
    assert Schedule.parse(text).after(NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_occurrence_is_later_than_the_moment_that_is_asked_for() -> None:
    hourly = Schedule.parse("0 0 * * * *")

    assert hourly.after(NOW) == NOW + timedelta(hours=1)
    assert hourly.after(NOW - timedelta(microseconds=1)) == NOW


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("*/5 * * * *", "has 5 fields", id="five-fields"),
        pytest.param("00:05:00", "has 1 fields", id="time-span"),
        pytest.param("60 * * * * *", "'60' is not a second", id="too-large"),
        pytest.param("0 0 0 0 * *", "'0' is not a day", id="too-small"),
        pytest.param("0 0 0 * * 7", "'7' is not a day of week", id="no-second-sunday"),
        pytest.param("0 0 0 * * Funday", "'Funday' is not a day of week", id="no-such-day"),
        pytest.param("0 5-1 * * * *", "'5-1' is not a range", id="backwards"),
        pytest.param("*/0 * * * * *", "'*/0' is not a range", id="no-step"),
        pytest.param("0 0 0 ? * *", "'?' is not a day", id="question-mark"),
        pytest.param("0 ,5 * * * *", "'' is not a minute", id="empty-part"),
    ],
)
def test_what_is_no_schedule(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("*", r"\*").replace("?", r"\?")):
        Schedule.parse(text)


def test_a_day_that_never_comes_is_said() -> None:
    with pytest.raises(ValueError, match="never comes"):
        Schedule.parse("0 0 0 30 2 *").after(NOW)


@given(
    at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
    second=st.integers(0, 59),
    step=st.sampled_from((1, 7, 15, 30)),
    hour=st.integers(0, 23),
)
def test_an_occurrence_fits_its_fields_and_none_is_left_out(
    at: datetime, second: int, step: int, hour: int
) -> None:
    start = at.replace(tzinfo=UTC)
    found = Schedule.parse(f"{second} */{step} {hour} * * *").after(start)

    assert found > start
    assert (found.second, found.minute % step, found.hour) == (second, 0, hour)
    # Going by minutes from the start finds nothing earlier.
    minute = start.replace(second=second, microsecond=0)
    while not (minute > start and minute.minute % step == 0 and minute.hour == hour):
        minute += timedelta(minutes=1)
    assert found == minute
