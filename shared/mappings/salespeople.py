"""Salespeople in Business Central are users in Sales. First of all mappings (P1, P25, P36)."""

from shared.core.convert import Text
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, Match, Table, Where

SALESPEOPLE = EntityMapping(
    name="salespeople",
    title="Salesperson/Purchaser ← User",
    source="mappings.md, SALESPEOPLE and §1",
    bc=Table(name="salespeople"),
    sales=Table(name="systemusers", key="systemuserid", bulk=False),
    direction=Direction.FROM_SALES,
    # A salesperson is coupled to the user with the same e-mail; neither is ever created.
    creates=Creates.NEVER,
    match=(Match(bc=("email",), sales=("internalemailaddress",)),),
    match_always=True,
    # Where a team owns, nobody's salesperson is asked for (sync-semantics.md R138).
    switch="OWNERSHIP=person",
    sales_filter=(
        Where(column="isdisabled", op="eq", value=False, reason="the user is disabled"),
        Where(column="islicensed", op="eq", value=True, reason="the user has no licence"),
        Where(column="isintegrationuser", op="eq", value=False, reason="the user is an integration user"),
        Where(column="applicationid", op="blank", reason="the user is an application"),
    ),
    label_bc="code",
    fields=(
        FieldMap(
            name="email",
            bc="email",
            sales="internalemailaddress",
            converter=Text(80, 100),
            direction=Direction.FROM_SALES,
        ),
        FieldMap(
            name="name", bc="name", sales="fullname", converter=Text(50, 200), direction=Direction.FROM_SALES
        ),
        FieldMap(
            name="phone",
            bc="phoneNumber",
            sales="mobilephone",
            converter=Text(30, 64),
            direction=Direction.FROM_SALES,
        ),
    ),
)
