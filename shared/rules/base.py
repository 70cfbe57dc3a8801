"""What a rule may say beyond a mapping. Pure: it sees one record and the set-up values."""

from __future__ import annotations

from shared.core.model import Record, Side, Wire
from shared.ports import Facts


class Rule:
    """A rule that adds nothing. Rules of an entity override what they need."""

    def ignores(self, side: Side, record: Record, facts: Facts) -> str | None:
        """Return why a record is outside the mapping, beyond its declared filter."""
        return None

    def holds(self, side: Side, record: Record, facts: Facts) -> str | None:
        """Return why a record needs a person before it can be synchronized."""
        return None

    def adds(self, side: Side, record: Record, facts: Facts) -> dict[str, Wire]:
        """Return columns computed from the record; their names begin with `computed`."""
        return {}

    def on_create(self, side: Side, source: Record, facts: Facts) -> dict[str, Wire]:
        """Return more wire values for the record that is created on `side` from `source`."""
        return {}
