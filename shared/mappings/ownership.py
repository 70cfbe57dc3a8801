"""Who owns new rows of Sales: the users of the salespeople, or one team (mappings.md §2; sync-semantics.md R138)."""

from __future__ import annotations

from dataclasses import replace

from shared.core.mapping import EntityMapping

#: The field that carries the salesperson's user.
OWNER = "owner"
BOUND = "ownerid@odata.bind"
#: What the team owns that no salesperson is named for, while users own (mappings.md §2).
WITHOUT_SALESPERSON = frozenset({"customers", "contacts"})


def owned(mapping: EntityMapping, *, by: str, team: str) -> EntityMapping:
    """Return a mapping whose new rows in Sales belong to whom the settings say.

    Args:
        by: "person": the user of the salesperson; the team gets accounts and contacts without one.
            "team": the team, and whoever owns a row later on keeps it.
        team: Id of the team in Sales; "" for none.
    """
    if not team or all(f.name != OWNER for f in mapping.fields):
        return mapping
    constants = (*mapping.constants_sales, (BOUND, f"/teams({team})"))
    if by == "team":
        return replace(
            mapping,
            fields=tuple(f for f in mapping.fields if f.name != OWNER),
            depends_on=tuple(name for name in mapping.depends_on if name != "salespeople"),
            constants_sales=constants,
        )
    return replace(mapping, constants_sales=constants) if mapping.name in WITHOUT_SALESPERSON else mapping
