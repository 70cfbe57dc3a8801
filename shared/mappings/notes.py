"""Notes of orders and quotes (sales-documents.md S55, S69, S113–S115), while NOTES is on.

Those of an order travel both ways once it is coupled; those of a quote go to BC with it, and no further.
Attachments stay where they are.
"""

from dataclasses import replace

from shared.core.convert import Reference, Text
from shared.core.mapping import (
    CoupledWith,
    Creates,
    Direction,
    EntityMapping,
    FieldMap,
    OnConflict,
    OnDelete,
    Table,
    When,
    Where,
)
from shared.core.model import Side
from shared.core.note_text import NoteText

ANNOTATIONS = Table(name="annotations", key="annotationid", bulk=False)
BC_NOTES = Table(name="salesNotes")


def _fields(
    what: str, mapping: str, nav: str, entity_set: str, direction: Direction, when: When
) -> tuple[FieldMap, ...]:
    return (
        FieldMap(
            name=what,
            bc=f"{what}Id",
            sales="computedAbout",
            converter=Reference(mapping, nav=nav, entity_set=entity_set),
            direction=direction,
            when=When.CREATE,
            required=True,
        ),
        FieldMap(
            name="subject",
            bc="subject",
            sales="subject",
            converter=Text(250, 500, cut=True),
            direction=direction,
            when=when,
        ),
        FieldMap(
            name="text",
            bc="noteText",
            sales="notetext",
            converter=NoteText(100_000),
            direction=direction,
            when=when,
        ),
    )


ORDER_NOTES = EntityMapping(
    name="order_notes",
    title="Note of a sales order ↔ Note",
    source="sales-documents.md S55, S113–S115",
    bc=BC_NOTES,
    sales=ANNOTATIONS,
    direction=Direction.BOTH,
    depends_on=("sales_orders",),
    creates=Creates.ALWAYS,
    # The text of Sales is the one that is passed on (S114).
    on_conflict=OnConflict.SALES_WINS,
    on_delete=OnDelete.UNCOUPLE,
    sales_filter=(
        Where(column="objecttypecode", op="eq", value="salesorder", reason="it is no note of an order"),
        Where(column="isdocument", op="eq", value=False, reason="it is an attachment"),
    ),
    switch="NOTES",
    rule="order_notes",
    coupled_with=(CoupledWith(mapping="sales_orders", side=Side.SALES, column="_objectid_value"),),
    extra_sales=("_objectid_value",),
    label_bc="linkId",
    fields=_fields(
        "order", "sales_orders", "objectid_salesorder", "salesorders", Direction.BOTH, When.ALWAYS
    ),
)
QUOTE_NOTES = replace(
    ORDER_NOTES,
    name="quote_notes",
    title="Note of a sales quote ← Note",
    source="sales-documents.md S69, S113",
    direction=Direction.FROM_SALES,
    depends_on=("sales_quotes",),
    on_conflict=OnConflict.ASK,
    sales_filter=(
        Where(column="objecttypecode", op="eq", value="quote", reason="it is no note of a quote"),
        ORDER_NOTES.sales_filter[1],
    ),
    rule="quote_notes",
    coupled_with=(CoupledWith(mapping="sales_quotes", side=Side.SALES, column="_objectid_value"),),
    fields=_fields("quote", "sales_quotes", "objectid_quote", "quotes", Direction.FROM_SALES, When.CREATE),
)
