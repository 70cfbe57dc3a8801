"""Products: units, product number, states.

Source: reference/dataverse-web-api.md sections 8 and 9 ("Product"), mappings.md section 10,
sales-documents.md section 7. Which of the listed codes belongs to which forbidden transition is not said
there: all get 0x8004F912.

For whoever writes this table:
- A new product is Draft (2/0), whatever is wished: a state in the body of a creation is refused unless it is
  the default. With the organization's `createproductswithoutparentinactivestate` on, a product without a
  parent is Active (0/1) at once.
- It needs `defaultuomscheduleid` and `defaultuomid`, the unit being of that group; the group never changes.
- `productnumber` is required and unique without regard to case.
- `pricelevelid` is ignored on creation: set it by an update.
- States go by PATCH of `statecode` and `statuscode`: Draft → Active, Active → Retired or Under Revision, Under
  Revision → Active, Retired → Active (without a parent). Every other move is refused, and so is the state
  that the product has already: send the state only when it changes.
- A retired product takes no change but the one that activates it (which may bring other columns along).
- An active product takes changes, as the connector of Business Central makes them; the setting
  `active_products_read_only` refuses them, as the text of 0x8004F975 says.
- A product on a document line is not deleted (405); its prices go with it.
"""

from __future__ import annotations

from typing import Any

from sandbox.dataverse.behaviour import Behaviour, Change, Service
from sandbox.dataverse.refusal import INVALID_ARGUMENT, UNIT_NOT_FOR_PRODUCT, Refused, refused
from sandbox.dataverse.schema import TABLES
from sandbox.dataverse.store import Row

ACTIVE, RETIRED, DRAFT, UNDER_REVISION = 0, 1, 2, 3
_FAMILY = 2  # of productstructure
_SALES_INVENTORY = 1  # the default type (sales-documents.md S36)

_MOVES = frozenset(
    {
        (DRAFT, ACTIVE),
        (ACTIVE, RETIRED),
        (ACTIVE, UNDER_REVISION),
        (UNDER_REVISION, ACTIVE),
        (RETIRED, ACTIVE),
    }
)


def unit_fits(service: Service, product: Row, unit_id: str | None) -> bool:
    """Tell whether the unit is one of the product's group."""
    unit = service.store.get("uom", unit_id) if unit_id is not None else None
    group = product.values.get("defaultuomscheduleid")
    return unit is not None and group is not None and unit.values.get("uomscheduleid") == group


def _check(change: Change) -> None:
    values, before = change.values, change.before
    if before is not None and not change.by_service:
        _check_update(change, before)
    if before is None and values.get("statecode") == ACTIVE and "parentproductid" in values:
        values["statecode"], values["statuscode"] = DRAFT, 0
    if before is None:
        values.setdefault("producttypecode", _SALES_INVENTORY)
    if values.get("productstructure") != _FAMILY:
        _check_units(change)
    if change.is_new("productnumber"):
        rows = change.service.store.rows("product")
        assert rows.unique is not None
        other = rows.by_key(rows.unique, values)
        if other is not None and other.id != change.row_id:
            raise refused(
                "0x80043b06",
                "The specified product ID conflicts with the product ID of an existing record. Specify a "
                "different product ID and try again.",
            )


def _check_units(change: Change) -> None:
    values = change.values
    if "defaultuomscheduleid" not in values:
        raise refused("0x80043b13", "The unit schedule id of the product is missing.")
    if "defaultuomid" not in values:
        raise refused("0x80043b0d", "The unit id is missing.")
    if change.is_new("defaultuomid", "defaultuomscheduleid"):
        unit = change.row("uom", "defaultuomid")
        if unit is None or unit.values.get("uomscheduleid") != values["defaultuomscheduleid"]:
            raise refused(UNIT_NOT_FOR_PRODUCT, "The specified unit is not valid for this product.")


def _check_update(change: Change, before: Row) -> None:
    was, now = before.values["statecode"], change.values["statecode"]
    if "statecode" in change.changed:
        kept = "parentproductid" in change.values and was == RETIRED
        if (was, now) not in _MOVES or kept:
            names = change.service.environment.options["product", "statecode"]
            raise refused("0x8004F912", f"You can't change a product from {names[was]} to {names[now]}.")
        parent = change.row("product", "parentproductid")
        if now == ACTIVE and parent is not None and parent.values["statecode"] != ACTIVE:
            raise refused("0x8004F913", "You can't publish this product because its parent is not active.")
    fields = change.changed - {"statecode", "statuscode"}
    moved_to_active = was == RETIRED and now == ACTIVE
    locked = was == RETIRED or (
        was == ACTIVE and change.service.environment.settings.active_products_read_only
    )
    if fields and locked and not moved_to_active:
        raise refused("0x8004F975", "You can Only update draft products.")
    if before.values.get("defaultuomscheduleid", group := change.values.get("defaultuomscheduleid")) != group:
        raise refused("0x800422FE", "The unit group of a product cannot be changed.")


def _stored(change: Change, row: Row) -> None:
    """Let the prices follow what they take from the product: its number, list price and costs."""
    if change.before is None or not change.is_new("productnumber", "price", "currentcost", "standardcost"):
        return
    for line in change.service.store.rows("productpricelevel").pointing("productid", row.id):
        by_percentage = line.values.get("pricingmethodcode", 1) != 1
        if by_percentage or line.values.get("productnumber") != row.values["productnumber"]:
            change.service.change(TABLES["productpricelevel"], line, {}, service=True)


def publish_hierarchy(service: Service, row: Row) -> None:
    """Publish a product family with its drafts (`PublishProductHierarchy`: for families only)."""
    if row.values.get("productstructure") != _FAMILY:
        raise Refused(400, INVALID_ARGUMENT, "PublishProductHierarchy is for product families only.")
    table, published = TABLES["product"], {"statecode": ACTIVE, "statuscode": 1}
    waiting = [row]
    while waiting:
        one = waiting.pop()
        if one.values["statecode"] in (DRAFT, UNDER_REVISION):
            service.change(table, one, dict[str, Any](published), service=True)
        waiting += service.store.rows("product").pointing("parentproductid", one.id)


BEHAVIOURS = {"product": Behaviour(check=_check, stored=_stored)}
