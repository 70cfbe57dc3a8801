"""Complete, valid records of both sides. Name only what a test is about."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.world import GBP, World

ZERO = "00000000-0000-0000-0000-000000000000"


def an_id(name: str) -> str:
    """Return the same GUID for the same name, so that a failure shows the same ids every time."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


SALESPERSON, USER = an_id("salesperson JR"), an_id("user JR")


def a_customer(number: str = "C1", **differs: Any) -> dict[str, Any]:
    return {
        "id": an_id(f"customer {number}"),
        "number": number,
        "name": f"Customer {number}",
        "contactName": "",
        "address": "Station Road, 21",
        "address2": "",
        "postCode": "GB-N16 34Z",
        "city": "London",
        "countryRegionCode": "GB",
        "county": "",
        "currencyId": ZERO,
        "currencyCode": "",
        "email": "",
        "faxNumber": "",
        "homePage": "",
        "phoneNumber": "",
        "mobilePhoneNumber": "",
        "shipmentMethodId": ZERO,
        "shippingAgentId": ZERO,
        "paymentTermsId": ZERO,
        "creditLimit": 0,
        "salespersonId": SALESPERSON,
        "primaryContactId": ZERO,
        "blocked": "_x0020_",
    } | differs


def an_account(name: str = "A1", **differs: Any) -> dict[str, Any]:
    return {
        "accountid": an_id(f"account {name}"),
        "name": name,
        "statecode": 0,
        "customertypecode": 3,
        "_ownerid_value": USER,
        "_transactioncurrencyid_value": GBP,
        "address1_postalcode": None,
    } | differs


def a_contact(number: str = "K1", customer: str = ZERO, **differs: Any) -> dict[str, Any]:
    return {
        "id": an_id(f"contact {number}"),
        "number": number,
        "type": "Person",
        "firstName": "Ann",
        "middleName": "",
        "surname": f"Contact {number}",
        "address": "",
        "address2": "",
        "postCode": "",
        "city": "",
        "countryRegionCode": "",
        "county": "",
        "email": f"{number.lower()}@contoso.com",
        "faxNumber": "",
        "homePage": "",
        "mobilePhoneNumber": "",
        "pager": "",
        "phoneNumber": "",
        "salespersonId": ZERO,
        "currencyId": ZERO,
        "currencyCode": "",
        "customerId": customer,
    } | differs


def a_sales_contact(name: str = "K1", account: str | None = None, **differs: Any) -> dict[str, Any]:
    return {
        "contactid": an_id(f"sales contact {name}"),
        "firstname": "Ann",
        "lastname": name,
        "statecode": 0,
        "_parentcustomerid_value": account,
        "_ownerid_value": USER,
        "_transactioncurrencyid_value": GBP,
        "emailaddress1": f"{name.lower()}@contoso.com",
    } | differs


def a_company(**options: Any) -> World:
    """A world with what every company has: a salesperson with a user, currencies, and payment terms."""
    world = World(**options)
    world.bc.add(
        "salespeople",
        SALESPERSON,
        code="JR",
        name="John Roberts",
        email="jr@contoso.com",
        phoneNumber="",
        jobTitle="",
    )
    world.sales.add(
        "systemusers",
        USER,
        fullname="John Roberts",
        internalemailaddress="JR@contoso.com",
        isdisabled=False,
        islicensed=True,
        isintegrationuser=False,
        applicationid=None,
        mobilephone="",
    )
    world.sales.add(
        "transactioncurrencies",
        GBP,
        isocurrencycode="GBP",
        currencyname="Pound Sterling",
        currencysymbol="£",
        exchangerate=1,
    )
    add_currency(world, "EUR")
    for number, code in enumerate(("14 DAYS", "1M(8D)")):
        world.bc.add("paymentTerms", an_id(f"terms {code}"), code=code, description=code)
        if code == "14 DAYS":
            world.sales.add("account.paymenttermscode", str(number + 1), value=number + 1, label="14 days")
    return world


def add_currency(world: World, code: str, *, rate: float = 80) -> str:
    return world.bc.add(
        "currencies",
        an_id(f"currency {code}"),
        code=code,
        isoCode=code[:3],
        description=f"Money {code}",
        symbol="",
        exchangeRateAmount=100,
        relationalExchangeRateAmount=rate,
    )


def add_customer(world: World, number: str = "C1", **differs: Any) -> str:
    row = a_customer(number, **differs)
    return world.bc.add("customers", row["id"], **row)


def add_contact(world: World, number: str = "K1", customer: str = ZERO, **differs: Any) -> str:
    row = a_contact(number, customer, **differs)
    return world.bc.add("contacts", row["id"], **row)


def add_account(world: World, name: str = "A1", **differs: Any) -> str:
    row = an_account(name, **differs)
    return world.sales.add("accounts", row["accountid"], **row)


def add_sales_contact(world: World, name: str = "K1", account: str | None = None, **differs: Any) -> str:
    row = a_sales_contact(name, account, **differs)
    return world.sales.add("contacts", row["contactid"], **row)


def a_coupled_customer(number: str = "C1", **differs: Any) -> tuple[World, str, str]:
    """A world in which one customer and its account already agree."""
    world = a_company()
    customer = add_customer(world, number, **differs)
    world.full_sync()
    return world, customer, world.coupled("customers")[customer]


def account_of(world: World, customer: str) -> dict[str, Any]:
    row = world.sales.show("accounts", world.coupled("customers")[customer])
    assert row is not None
    return row


def line(run: dict[str, Any], mapping: str) -> dict[str, Any]:
    return next(entry for entry in run["lines"] if entry["mapping"] == mapping)
