"""The brake: an answer that is suddenly empty is more often a broken filter than a real wish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.core.model import Decision, Update


def brake(
    decisions: Sequence[Decision],
    *,
    share: float,
    floor: int,
    changed_before: int,
    read_before: int,
    known: int = 0,
) -> str | None:
    """Return why a job must stop and ask, or None.

    Creates and first writes after coupling do not count; they have no remembered value to lose.
    `changed_before` and `read_before` are the counts of the same job's or line's earlier pages (H30).
    `known` is how many coupled records there are, when a whole table is read: of so many is the share.
    """
    changed = changed_before
    blanked: Counter[str] = Counter()
    for decision in decisions:
        if not isinstance(decision, Update) or not decision.writes:
            continue
        changed += 1
        for values in decision.writes.values():
            blanked.update(name for name, value in values.items() if value is None)
    read = max(read_before + len(decisions), known, 1)
    for name, count in blanked.items():
        if count > floor and count > share * len(decisions):
            return (
                f"would blank {name} in {count} of {len(decisions)} records; at most {share:.0%} are allowed"
            )
    if changed > floor and changed > share * read and read_before + len(decisions) > floor and share < 1:
        return f"would change {changed} of {read} records; at most {share:.0%} are allowed"
    return None
