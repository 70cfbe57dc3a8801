"""Opportunities in Business Central are opportunities in Sales (P10, P29).

Only the name travels both ways; contact, account, owner, value and closing date go to Sales. Status,
winning, losing and closing are synchronized in neither direction (mappings.md §13): an opportunity
closed on one side stays as it is on the other.
"""

from decimal import Decimal

from shared.core.convert import Day, Number, Reference, Text
from shared.core.mapping import (
    Blank,
    CoupledWith,
    Creates,
    Direction,
    EntityMapping,
    Feed,
    FieldMap,
    Match,
    Table,
    Where,
)
from shared.core.model import Side

TO_SALES = Direction.TO_SALES
#: What Sales takes for a sum of money of an opportunity.
MOST = Decimal(1_000_000_000_000)

OPPORTUNITIES = EntityMapping(
    name="opportunities",
    title="Opportunity ↔ Opportunity",
    source="mappings.md, OPPORTUNITY and §2, §13",
    bc=Table(name="opportunities"),
    sales=Table(name="opportunities", key="opportunityid"),
    direction=Direction.BOTH,
    depends_on=("salespeople", "customers", "contacts"),
    creates=Creates.ALWAYS,
    # The same name for the same contact; names alone ("20 chairs") are not enough.
    match=(Match(bc=("description", "contactId"), sales=("name", "_parentcontactid_value")),),
    bc_filter=(
        Where(column="status", op="ne", value="Won", reason="the opportunity is won in Business Central"),
        Where(column="status", op="ne", value="Lost", reason="the opportunity is lost in Business Central"),
    ),
    # Sales refuses changes to an opportunity that is won or lost (dataverse-web-api.md §8, §9).
    sales_filter=(Where(column="statecode", op="eq", value=0, reason="the opportunity is closed in Sales"),),
    coupled_with=(CoupledWith(mapping="contacts", side=Side.BC, column="contactNumber", by="number"),),
    rule="opportunities",
    # Value and closing date are those of the active opportunity entry: neither moves the row.
    volatile=True,
    also_changed_by=(
        Feed(
            name="opportunity_entries",
            side=Side.BC,
            table=Table(name="opportunityEntries"),
            column="opportunityId",
        ),
    ),
    extra_bc=("contactCompanyId",),
    fields=(
        FieldMap(name="name", bc="description", sales="name", converter=Text(100, 300), required=True),
        FieldMap(
            name="contact",
            bc="contactId",
            sales="_parentcontactid_value",
            converter=Reference("contacts", nav="parentcontactid", entity_set="contacts"),
            direction=TO_SALES,
        ),
        # The customer of the contact's company; none when there is none, and later when it is not coupled yet.
        FieldMap(
            name="account",
            bc="computedCustomerId",
            sales="_parentaccountid_value",
            converter=Reference("customers", nav="parentaccountid", entity_set="accounts", soft=True),
            direction=TO_SALES,
        ),
        FieldMap(
            name="owner",
            bc="salespersonId",
            sales="_ownerid_value",
            converter=Reference("salespeople", nav="ownerid", entity_set="systemusers"),
            direction=TO_SALES,
            blank=Blank.KEEP,
        ),
        # In the local currency; the currency is not mapped.
        FieldMap(
            name="estimated_value",
            bc="estimatedValue",
            sales="estimatedvalue",
            converter=Number(2, least=-MOST, most=MOST),
            direction=TO_SALES,
        ),
        FieldMap(
            name="estimated_closing_date",
            bc="estimatedClosingDate",
            sales="estimatedclosedate",
            converter=Day(),
            direction=TO_SALES,
        ),
    ),
)
