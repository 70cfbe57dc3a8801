"""The lines of a BC order or quote (S31–S50)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.core.convert import ZERO_GUID
from shared.core.model import Record, Side, Wire, derived_id
from shared.rules.base import Context
from shared.rules.own_units import KINDS
from shared.rules.own_units import Kind as OwnKind
from shared.rules.sales_documents.amounts import line_discount, line_problem, without_vat
from shared.rules.sales_documents.descriptions import described
from shared.rules.sales_documents.parts import Kind, Setup, Unmet, number, text

STEP = 10_000
#: producttypecode of Sales → mapping and BC's line type (S33).
TYPES = {1: ("items", "Item"), 3: ("resources", "Resource")}
COUPLED_ID = {"Item": "itemId", "Resource": "resourceId"}
#: Types of an item that may stand for write-in products (S40).
WRITE_IN_ITEMS = ("Service", "Non_x002D_Inventory")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a line sells in BC."""

    type: str
    row: Record
    write_in: bool
    #: Id of the line's unit of measure, where it has one of its own.
    unit: str = ""

    @property
    def description(self) -> str:
        return text(self.row.values.get("description" if self.type == "Item" else "name"))


def lines(
    kind: Kind,
    document: Mapping[str, Wire],
    rows: Sequence[Record],
    customer: Record | None,
    context: Context,
    setup: Setup,
) -> tuple[list[dict[str, Wire]], list[Unmet]]:
    """Return the BC lines, numbered 10000, 20000, …, and everything that keeps any of them out."""
    found: list[dict[str, Wire]] = []
    unmet: list[Unmet] = []
    for place, row in enumerate(sorted(rows, key=_sequence), start=1):
        target, missing = _target(kind, place, row, document, context, setup)
        discount = line_discount(row.values)
        if wrong := line_problem(row.values, discount):
            missing.append(Unmet(code=wrong[0], text=f"line {place}: {wrong[1]}"))
        if target is None or missing:
            unmet += missing
            continue
        _append(found, kind, row, target, discount, customer, context)
    freight, missing = _freight(document, context, setup)
    if freight:
        found.append({"lineNumber": _next(found), **freight})
    return found, [*unmet, *missing]


def _append(
    found: list[dict[str, Wire]],
    kind: Kind,
    row: Record,
    target: Target,
    discount: Decimal,
    customer: Record | None,
    context: Context,
) -> None:
    """Add the main line, then its comment lines: one counter for all (S31)."""
    line_no = _next(found)
    words = described(row.values, write_in=target.write_in, shown=target.description, stops=kind.order)
    main: dict[str, Wire] = {
        "lineNumber": line_no,
        "type": target.type,
        COUPLED_ID[target.type]: target.row.id,
        **_unit(target),
        "quantity": number(row.values.get("quantity")),
        "unitPrice": _price(kind, row, target, customer, context),
        "lineDiscountAmount": discount,
    }
    if kind.order and context.orders_released:
        main["id"] = line_id(row.id, context)
    if words.own:
        main["description"] = words.own
    found.append(main)
    for comment in words.comments:
        found.append(
            {
                "lineNumber": _next(found),
                "type": "_x0020_",
                "description": comment,
                "attachedToLineNumber": line_no,
            }
        )


def line_id(detail: str, context: Context) -> str:
    """Return the id in BC of the line of a detail in Sales: one finds the other without a coupling of its own."""
    return derived_id(
        company=context.company_id, mapping="sales_order_lines", source=Side.SALES, source_id=detail
    )


def _unit(target: Target) -> dict[str, Wire]:
    """Return the unit of the product, which is its base unit in BC; a write-in keeps BC's own (S34)."""
    unit = target.unit or text(target.row.values.get("baseUnitOfMeasureId"))
    return {"unitOfMeasureId": unit} if unit not in ("", ZERO_GUID) and not target.write_in else {}


def _next(found: Sequence[Mapping[str, Wire]]) -> int:
    return (len(found) + 1) * STEP


def _sequence(row: Record) -> tuple[int, int, str]:
    """Sort by sequence number; lines without one, or with the same, keep an order of their own."""
    raw = row.values.get("sequencenumber")
    return (0 if raw is not None else 1, int(raw or 0), row.id)


def _target(
    kind: Kind, place: int, row: Record, document: Mapping[str, Wire], context: Context, setup: Setup
) -> tuple[Target | None, list[Unmet]]:
    product_id = text(row.values.get("_productid_value"))
    if not product_id:
        return _write_in(kind, document, context, setup)
    product = context.row("products", product_id)
    if product is None:
        return None, [Unmet(code="E-NOPRODUCT", text=f"line {place}: its product does not exist in Sales")]
    name = text(product.values.get("productnumber")) or product_id
    if product.values.get("statecode") != 0:
        return None, [Unmet(code="E-PRODSTATE", text=f"line {place}: the product {name} is not active")]
    unit, own = (text(r.values.get(c)) for r, c in ((row, "_uomid_value"), (product, "_defaultuomid_value")))
    if unit and own and unit != own and not context.unit_groups:
        return None, [Unmet(code="E-UOM", text=f"line {place}: its unit is not that of the product {name}")]
    known = TYPES.get(int(product.values.get("producttypecode") or 0))
    if known is None:
        return None, [
            Unmet(
                code="E-PRODTYPE",
                text=f"line {place}: the product {name} is neither of type Sales Inventory nor Services",
            )
        ]
    mapping, type_ = known
    short = "ITEM" if type_ == "Item" else "RES"
    coupled = context.resolver.bc_id(mapping, product_id) if context.resolver else None
    if coupled is None:
        return None, [
            Unmet(
                code=f"E-{short}NOTCOUPLED",
                text=f"line {place}: the product {name} is not coupled",
                awaits=(mapping, Side.SALES, product_id),
            )
        ]
    found = context.row(mapping, coupled)
    if found is None:
        return None, [
            Unmet(
                code=f"E-{short}MISSING", text=f"line {place}: what product {name} is coupled to was deleted"
            )
        ]
    if found.values.get("blocked") or found.values.get("salesBlocked"):
        return None, [
            Unmet(
                code=f"E-{short}BLOCKED",
                text=f"line {place}: {mapping} {found.values.get('number')} is blocked",
            )
        ]
    if not context.unit_groups or not unit:
        return Target(type=type_, row=found, write_in=False), []
    own_unit, missing = _own_unit(KINDS[mapping], place, unit, found, context)
    return Target(type=type_, row=found, write_in=False, unit=own_unit), missing


def _own_unit(
    kind: OwnKind, place: int, unit: str, asset: Record, context: Context
) -> tuple[str, list[Unmet]]:
    """Return the unit of measure of a line's unit, which must be one of the item or resource (S34)."""
    coupled = context.resolver.bc_id(kind.units, unit) if context.resolver else None
    if coupled is None:
        said = f"line {place}: its unit is not coupled"
        return "", [Unmet(code="E-UOM", text=said, awaits=(kind.units, Side.SALES, unit))]
    own = context.row(kind.units, coupled)
    if own is None:
        return "", [Unmet(code="E-UOMMISSING", text=f"line {place}: what its unit is coupled to was deleted")]
    if text(own.values.get(kind.id)).lower() != asset.id.lower():
        said = f"line {place}: its unit is not one of the {kind.word} {asset.values.get('number')}"
        return "", [Unmet(code="E-UOM", text=said)]
    return text(own.values.get("unitOfMeasureId")), []


def _write_in(
    kind: Kind, document: Mapping[str, Wire], context: Context, setup: Setup
) -> tuple[Target | None, list[Unmet]]:
    """Return the item or resource that stands for write-in products (S40–S42, P44)."""
    said = f"{kind.name} {text(document.get(kind.number))}"
    if not setup.write_in_number or not setup.write_in_type:
        return None, [
            Unmet(
                code="E-WRITEIN",
                text=f"{said} has a write-in product, and the settings WRITE_IN_TYPE and WRITE_IN_NUMBER name none",
            )
        ]
    mapping = "items" if setup.write_in_type == "item" else "resources"
    what = f"{setup.write_in_type} {setup.write_in_number}"
    row = context.row(f"write_in_{mapping}", setup.write_in_number)
    if row is None:
        return None, [Unmet(code="E-WRITEIN", text=f"{said}: the write-in product {what} does not exist")]
    if mapping == "items" and row.values.get("type") not in WRITE_IN_ITEMS:
        return None, [
            Unmet(
                code="E-WRITEIN",
                text=f"{said}: the write-in product {what} is neither of type Service nor Non-Inventory",
            )
        ]
    if context.resolver and context.resolver.sales_id(mapping, row.id) is not None:
        return None, [
            Unmet(
                code="E-WRITEINCOUPLED", text=f"{said}: the write-in product {what} is coupled to a product"
            )
        ]
    return Target(type="Item" if mapping == "items" else "Resource", row=row, write_in=True), []


def _price(kind: Kind, row: Record, target: Target, customer: Record | None, context: Context) -> Decimal:
    """Return the unit price; VAT is taken out where the item's price includes it (S36, orders only)."""
    price = number(row.values.get("priceperunit"))
    values = target.row.values
    group = text(values.get("vatBusPostingGroupPrice"))
    if not kind.order or target.type != "Item" or not values.get("priceIncludesVat") or not group:
        return price
    if customer is None or text(customer.values.get("vatBusPostingGroup")) != group:
        return price
    for setup in context.rows("vat", group):
        if text(setup.values.get("vatProdPostingGroup")) == text(values.get("vatProdPostingGroup")):
            return without_vat(price, number(setup.values.get("vatPercent")))
    return price


def _freight(
    document: Mapping[str, Wire], context: Context, setup: Setup
) -> tuple[dict[str, Wire] | None, list[Unmet]]:
    """Return the line of freight (S50), outside the header discount (S52)."""
    amount = number(document.get("freightamount"))
    if amount <= 0:
        return None, []
    if not setup.freight_account:
        return None, [
            Unmet(code="E-FREIGHT", text="it has freight, and the setting FREIGHT_ACCOUNT names no account")
        ]
    if context.row("freight_account", setup.freight_account) is None:
        return None, [
            Unmet(code="E-FREIGHT", text=f"the account of freight {setup.freight_account} does not exist")
        ]
    return {
        "type": "G_x002F_L_x0020_Account",
        "number": setup.freight_account,
        "description": "Freight Amount",
        "quantity": Decimal(1),
        "unitPrice": amount,
        "allowInvoiceDiscount": False,
    }, []
