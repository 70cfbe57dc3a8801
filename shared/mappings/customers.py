"""Customers in Business Central are accounts of type Customer in Sales (P2, P20)."""

from decimal import Decimal

from shared.core.convert import Is, Number, Option, Reference, Text
from shared.core.mapping import Blank, CoupledWith, Direction, EntityMapping, FieldMap, Match, Table, Where
from shared.core.model import Side

CUSTOMERS = EntityMapping(
    name="customers",
    title="Customer ↔ Account",
    source="mappings.md, CUSTOMER and §2, §4, §6–§8",
    bc=Table(name="customers"),
    sales=Table(name="accounts", key="accountid"),
    direction=Direction.BOTH,
    depends_on=("salespeople", "currencies", "payment_terms", "shipment_methods", "shipping_agents"),
    match=(
        Match(bc=("name", "postCode"), sales=("name", "address1_postalcode")),
        Match(bc=("name",), sales=("name",)),
    ),
    bc_filter=(Where(column="blocked", op="blank", reason="the customer is blocked"),),
    sales_filter=(
        Where(column="statecode", op="eq", value=0, reason="the account is inactive"),
        Where(column="customertypecode", op="eq", value=3, reason="the account is not of type Customer"),
    ),
    # 3 = Customer (mappings.md, CUSTOMER: template BCICUSTOME).
    constants_sales=(("customertypecode", 3),),
    # Linking its statistics makes us the last to have changed an account: what a person has entered just
    # before is looked for by name (S119).
    coupled_with=(
        CoupledWith(
            mapping="account_statistics",
            side=Side.SALES,
            column="_nav_accountstatisticsid_value",
            in_full=True,
        ),
    ),
    rule="customers",
    template_column="templateCode",
    extra_bc=("currencyCode",),
    extra_sales=("merged",),
    fields=(
        FieldMap(name="name", bc="name", sales="name", converter=Text(100, 160), required=True),
        FieldMap(
            name="contact_name",
            bc="contactName",
            sales="address1_primarycontactname",
            converter=Text(100, 100),
        ),
        FieldMap(name="address", bc="address", sales="address1_line1", converter=Text(100, 250)),
        FieldMap(name="address_2", bc="address2", sales="address1_line2", converter=Text(50, 250)),
        FieldMap(
            name="post_code", bc="postCode", sales="address1_postalcode", converter=Text(20, 20, code=True)
        ),
        FieldMap(name="city", bc="city", sales="address1_city", converter=Text(30, 80)),
        FieldMap(
            name="country",
            bc="countryRegionCode",
            sales="address1_country",
            converter=Text(10, 80, code=True),
        ),
        FieldMap(name="county", bc="county", sales="address1_stateorprovince", converter=Text(30, 50)),
        FieldMap(name="email", bc="email", sales="emailaddress1", converter=Text(80, 100)),
        FieldMap(name="fax", bc="faxNumber", sales="fax", converter=Text(30, 50)),
        FieldMap(name="home_page", bc="homePage", sales="websiteurl", converter=Text(255, 200)),
        FieldMap(name="phone", bc="phoneNumber", sales="telephone1", converter=Text(30, 50)),
        FieldMap(
            name="owner",
            bc="salespersonId",
            sales="_ownerid_value",
            converter=Reference("salespeople", nav="ownerid", entity_set="systemusers"),
            direction=Direction.TO_SALES,
            blank=Blank.KEEP,
        ),
        FieldMap(
            name="currency",
            bc="currencyId",
            sales="_transactioncurrencyid_value",
            converter=Reference(
                "currencies",
                nav="transactioncurrencyid",
                entity_set="transactioncurrencies",
                local_currency=True,
            ),
        ),
        FieldMap(
            name="payment_terms",
            bc="paymentTermsId",
            sales="paymenttermscode",
            converter=Option("payment_terms"),
        ),
        FieldMap(
            name="shipment_method",
            bc="shipmentMethodId",
            sales="address1_freighttermscode",
            converter=Option("shipment_methods"),
        ),
        FieldMap(
            name="shipping_agent",
            bc="shippingAgentId",
            sales="address1_shippingmethodcode",
            converter=Option("shipping_agents"),
        ),
        FieldMap(
            name="credit_limit",
            bc="creditLimit",
            sales="creditlimit",
            converter=Number(2, least=Decimal(0), most=Decimal(100_000_000_000_000)),
            direction=Direction.TO_SALES,
        ),
        FieldMap(
            name="primary_contact",
            bc="primaryContactId",
            sales="_primarycontactid_value",
            converter=Reference("contacts", nav="primarycontactid", entity_set="contacts", soft=True),
        ),
        # An account set inactive blocks its customer; activating it again does not unblock (§4).
        FieldMap(
            name="inactive",
            bc="blocked",
            sales="statecode",
            converter=Is(bc=("All", "Ship", "Invoice"), sales=(1,)),
            direction=Direction.FROM_SALES,
            blank=Blank.KEEP,
            state=True,
        ),
    ),
)
