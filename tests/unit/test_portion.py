"""How many operations go into one $batch (H16): found out from how fast they are answered."""

from __future__ import annotations

import pytest

from shared.adapters.portion import Portion

LIMIT = 100.0


def sent(portion: Portion, *seconds_each: float) -> list[int]:
    """Send full requests that take so many seconds an operation; return their sizes."""
    sizes = []
    for each in seconds_each:
        sizes.append(portion.now)
        portion.answered(portion.now, portion.now * each)
    return [*sizes, portion.now]


@pytest.mark.parametrize(
    ("each", "sizes"),
    [
        pytest.param((0.001,) * 3, [250, 500, 1000, 1000], id="fast: all that the service takes"),
        pytest.param((0.05,) * 3, [250, 500, 500, 500], id="a quarter of the limit"),
        pytest.param((1.0,) * 3, [250, 25, 25, 25], id="slow: few"),
        pytest.param((1.0, 0.001, 0.001), [250, 25, 50, 100], id="slow once: grows again"),
    ],
)
def test_a_batch_is_as_large_as_is_answered_in_time_H16(each, sizes):
    assert sent(Portion(1000, limit=LIMIT), *each) == sizes


def test_one_at_a_time_until_it_is_known_how_much_is_answered_in_time_H16():
    portion = Portion(1000, limit=LIMIT)
    unsure = [portion.unsure]
    for _ in range(2):
        portion.answered(portion.now, 0.1)
        unsure.append(portion.unsure)

    assert unsure == [True, True, False]


def test_after_a_lost_reply_much_less_is_sent_and_found_out_anew_H16():
    portion = Portion(1000, limit=LIMIT)
    sent(portion, 0.001, 0.001)
    portion.lost(1000)

    assert (portion.now, portion.unsure) == (250, True)


def test_a_small_request_says_nothing_about_large_ones_H16():
    portion = Portion(1000, limit=LIMIT)
    portion.answered(3, 0.01)

    assert (portion.now, portion.unsure) == (250, True)


def test_without_a_limit_as_much_as_the_service_takes():
    portion = Portion(1000, limit=None)
    portion.answered(1000, 1e6)
    portion.lost(1000)

    assert (portion.now, portion.unsure) == (1000, False)
