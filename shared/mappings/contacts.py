"""Persons of a customer in Business Central are contacts of its account in Sales (P3, P21)."""

from shared.core.convert import Reference, Text
from shared.core.mapping import Blank, CoupledWith, Direction, EntityMapping, FieldMap, Match, Table, Where
from shared.core.model import Side

CONTACTS = EntityMapping(
    name="contacts",
    title="Contact ↔ Contact",
    source="mappings.md, CONTACT and §2, §5, §7",
    bc=Table(name="contacts"),
    sales=Table(name="contacts", key="contactid"),
    direction=Direction.BOTH,
    depends_on=("customers", "salespeople", "currencies"),
    match=(
        Match(bc=("email",), sales=("emailaddress1",)),
        # The same name in the same company.
        Match(
            bc=("surname", "firstName", "customerId"),
            sales=("lastname", "firstname", "_parentcustomerid_value"),
        ),
    ),
    bc_filter=(
        Where(column="type", op="eq", value="Person", reason="the contact is a company"),
        Where(column="customerId", op="filled", reason="the contact belongs to no customer"),
    ),
    sales_filter=(
        Where(column="statecode", op="eq", value=0, reason="the contact is inactive"),
        Where(column="_parentcustomerid_value", op="filled", reason="the contact belongs to no account"),
    ),
    coupled_with=(CoupledWith(mapping="customers", side=Side.SALES, column="_parentcustomerid_value"),),
    constants_bc=(("type", "Person"),),
    rule="contacts",
    extra_bc=("currencyCode",),
    extra_sales=("merged",),
    fields=(
        FieldMap(name="first_name", bc="firstName", sales="firstname", converter=Text(30, 50)),
        FieldMap(name="middle_name", bc="middleName", sales="middlename", converter=Text(30, 50)),
        FieldMap(name="surname", bc="surname", sales="lastname", converter=Text(30, 50)),
        # A contact's company is a two-way hard reference; in Sales, one under an account that is not
        # coupled, or under another contact, is outside the filter (H30).
        FieldMap(
            name="company",
            bc="customerId",
            sales="_parentcustomerid_value",
            converter=Reference(
                "customers", nav="parentcustomerid_account", entity_set="accounts", only_coupled=Side.SALES
            ),
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
        FieldMap(name="mobile", bc="mobilePhoneNumber", sales="mobilephone", converter=Text(30, 50)),
        FieldMap(name="pager", bc="pager", sales="pager", converter=Text(30, 50)),
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
    ),
)
