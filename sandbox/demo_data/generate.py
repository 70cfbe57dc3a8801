"""A made-up company of any size.

Record i depends on the seed, the table and its own key, on no other record: the first N customers of 2N, with their
contacts, are those of N, and any part can be made alone. Rows come in key order, one at a time.

Numbers: customer i is `C` and seven digits. Its company contact is `CT`, the same digits and 0; its persons follow
with 1 to 3. On some i hang contacts that belong to no customer: 7 for a person without a company, 8 and 9 for a
prospect's company and its person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.demo_data import tables, values, words
from sandbox.demo_data.draw import Draw
from sandbox.demo_data.generate_products import Products
from sandbox.demo_data.generate_sales import Sales
from sandbox.demo_data.ids import Ids
from sandbox.demo_data.sales_users import users_of

Row = dict[str, Any]

#: `encode_member(" ")`: the blank member of an enum on the wire (business-central-api.md section 3).
BLANK = "_x0020_"

#: Of 1000 customers, so many have 0, 1, 2 and 3 persons: 1.2 on average.
_PERSONS = (250, 400, 250, 100)

#: Countries of the European Union among `words.ABROAD`.
_UNION = frozenset({"DE", "FR", "ES", "DK", "SE", "PL", "CZ", "GR"})

_MOST_CUSTOMERS = 10**7 - 1
_MOST_ITEMS = 10**6 - 1


@dataclass(frozen=True, kw_only=True)
class GeneratedCompany:
    """`customers` customers and all that belongs to them, made from `seed`.

    `items` is a fifth of them (at least 40) when None; prices are three to an item, invoices as many as customers,
    opportunities a quarter. `prices` "extended": they stand in price lists instead.
    """

    customers: int
    items: int | None = None
    seed: int = 1
    name: str = "Tandem Demo Ltd."
    local_currency: str = "GBP"
    prices: str = "classic"

    def __post_init__(self) -> None:
        if not 0 <= self.customers <= _MOST_CUSTOMERS:
            raise ValueError(f"customers is between 0 and {_MOST_CUSTOMERS}, not {self.customers}")
        if self.items is not None and not 1 <= self.items <= _MOST_ITEMS:
            raise ValueError(f"items is between 1 and {_MOST_ITEMS}, not {self.items}")

    def bc(self) -> Iterator[tuple[str, Iterable[Row]]]:
        yield "companyInformation", [{"name": self.name} | tables.COMPANY_INFORMATION]
        yield "generalLedgerSetup", [{"lcyCode": "GBP", "localCurrencyDescription": "Pound Sterling"}]
        yield "salespeople", self.salespeople()
        yield "currencies", self._currencies()
        yield "currencyExchangeRates", self._rates()
        yield "paymentTerms", self._described("paymentTerms", "description", tables.PAYMENT_TERMS)
        yield "shipmentMethods", self._described("shipmentMethods", "description", tables.SHIPMENT_METHODS)
        yield "shippingAgents", self._described("shippingAgents", "name", tables.SHIPPING_AGENTS)
        yield "vatPostingSetup", self._vat()
        yield "glAccounts", self._accounts()
        made = self.products
        yield "unitsOfMeasure", made.units()
        yield "customerPriceGroups", made.price_groups()
        yield "items", made.all_items()
        yield "itemUnitsOfMeasure", made.item_units()
        yield "itemVariants", made.variants()
        yield "itemLedgerEntries", made.ledger()
        yield "resources", made.resources()
        yield "resourceUnitsOfMeasure", made.resource_units()
        if self.prices == "extended":
            yield "priceListHeaders", made.price_lists()
            yield "priceListLines", made.price_list_lines()
        else:
            yield "salesPrices", made.prices()
        numbers = range(1, self.customers + 1)
        yield "customers", (self.customer(i) for i in numbers)
        yield "contacts", (contact for i in numbers for contact in self.contacts(i))
        yield "contactBusinessRelations", (relation for i in numbers for relation in self._relations(i))
        yield "opportunities", self.sold.opportunities()
        yield "opportunityEntries", self.sold.opportunity_entries()
        yield from self.sold.invoices()

    def sales(self) -> Iterator[tuple[str, Iterable[Row]]]:
        yield "systemusers", list(users_of(self.salespeople(), self._ids))

    def salespeople(self) -> list[Row]:
        return [
            {
                "id": self._ids.of("salespeople", code),
                "code": code,
                "name": name,
                "email": email,
                "phoneNumber": phone,
                "jobTitle": title,
            }
            for code, name, email, phone, title in sorted(tables.SALESPEOPLE)
        ]

    def customer(self, i: int) -> Row:
        """Return customer i, with its primary contact's name and number where it has one."""
        draw = Draw(self.seed, "customers", str(i))
        number = f"C{i:07d}"
        place = draw.one_of(words.ABROAD) if draw.per_mille(350) else draw.one_of(words.HOME)
        name = values.company_name(draw)
        row: Row = {
            "id": self._ids.of("customers", number),
            "number": number,
            "name": name,
            "contactName": "",
            **values.address(draw, place),
            "email": "" if draw.per_mille(150) else f"info{i}@{values.domain(draw)}",
            "faxNumber": draw.digits(place.phone) if draw.per_mille(200) else "",
            "homePage": values.home_page(draw, i),
            "phoneNumber": "" if draw.per_mille(120) else draw.digits(place.phone),
            "mobilePhoneNumber": draw.digits(place.phone) if draw.per_mille(250) else "",
            "creditLimit": 0
            if draw.per_mille(600)
            else (1 + draw.below(500)) * 100 + draw.one_of((0, 0, 0, 0.5, 99.99)),
            "blocked": draw.one_of(("Ship", "Invoice", "All")) if draw.per_mille(30) else BLANK,
        }
        # Most customers pay in the currency of their country, some of those abroad in ours.
        self._refer(row, "currency", "currencies", "" if draw.per_mille(100) else place.currency)
        self._refer(
            row, "salesperson", "salespeople", "" if draw.per_mille(80) else draw.one_of(tables.SELLING)
        )
        self._refer(
            row, "paymentTerms", "paymentTerms", _option(draw, "paymentTerms", tables.PAYMENT_TERMS, blank=50)
        )
        self._refer(
            row,
            "shipmentMethod",
            "shipmentMethods",
            _option(draw, "shipmentMethods", tables.SHIPMENT_METHODS, blank=400),
        )
        self._refer(
            row,
            "shippingAgent",
            "shippingAgents",
            _option(draw, "shippingAgents", tables.SHIPPING_AGENTS, blank=500),
        )
        terms = Draw(self.seed, "customers/terms", str(i))
        # Abroad is the union or the rest of the world; at home some see prices with VAT.
        home = place.country == "GB"
        row["vatBusPostingGroup"] = "DOMESTIC" if home else "EU" if place.country in _UNION else "EXPORT"
        row["pricesIncludeVat"] = home and terms.per_mille(150)
        groups = [
            code for code, _, currency in tables.PRICE_GROUPS if currency == row.get("currencyCode", "")
        ]
        if groups and terms.per_mille(500):
            self._refer(row, "customerPriceGroup", "customerPriceGroups", terms.one_of(groups))
        # A third of all: 444 of the 750 in 1000 that have a person.
        if draw.per_mille(444) and self._persons(i):
            first = self._person(i, 1)
            row["contactName"] = first["name"]
            self._refer(row, "primaryContact", "contacts", first["number"], code="Number")
        elif draw.per_mille(200):
            row["contactName"] = f"{draw.one_of(words.FIRST_NAMES)} {draw.one_of(words.SURNAMES)}"
        return row

    def contacts(self, i: int) -> Iterator[Row]:
        """Yield the contacts numbered after customer i: its company, its persons, and whoever stands alone."""
        company = self._company_contact(self.customer(i), i)
        yield company
        for place in range(1, 1 + self._persons(i)):
            yield self._of_company(self._person(i, place), company)
        yield from self._alone(i)

    def _company_contact(self, customer: Row, i: int) -> Row:
        """Return the contact that BC makes for a new customer: the fields that both tables have."""
        shared = (
            "name", "address", "address2", "city", "phoneNumber", "currencyId", "currencyCode", "salespersonId",
            "salespersonCode", "countryRegionCode", "faxNumber", "postCode", "county", "email", "homePage", "mobilePhoneNumber",
        )  # fmt: skip
        row: Row = {
            "id": self._contact_id(i, 0),
            "number": _contact_number(i, 0),
            "type": "Company",
            **{name: customer[name] for name in shared if name in customer},
            "contactBusinessRelation": "Customer",
        }
        return _within(row, row, customer["name"])

    def _person(self, i: int, place: int) -> Row:
        draw = Draw(self.seed, "contacts", f"{i}/{place}")
        # A middle or first name may be missing; the surname is there, so that the name is never blank.
        first = "" if draw.per_mille(30) else draw.one_of(words.FIRST_NAMES)
        middle = draw.one_of(words.MIDDLE_NAMES) if draw.per_mille(120) else ""
        surname = draw.one_of(words.SURNAMES)
        if draw.per_mille(10):
            surname = f"{surname} zu Hohenlohe-Langenburg-Weikersheim"[:30].rstrip()
        where = draw.one_of(words.ABROAD) if draw.per_mille(300) else draw.one_of(words.HOME)
        own_address = draw.per_mille(400)
        row: Row = {
            "id": self._contact_id(i, place),
            "number": _contact_number(i, place),
            "type": "Person",
            "name": " ".join(part for part in (first, middle, surname) if part),
            "firstName": first,
            "middleName": middle,
            "surname": surname,
            **(values.address(draw, where) if own_address else {}),
            "email": "" if draw.per_mille(100) else f"person{i}.{place}@{values.domain(draw)}",
            "faxNumber": draw.digits(where.phone) if draw.per_mille(100) else "",
            "mobilePhoneNumber": "" if draw.per_mille(400) else draw.digits(where.phone),
            "pager": draw.digits("#######") if draw.per_mille(20) else "",
            "phoneNumber": "" if draw.per_mille(150) else draw.digits(where.phone),
            "jobTitle": draw.one_of(words.JOB_TITLES).strip(),
        }
        self._refer(
            row, "salesperson", "salespeople", "" if draw.per_mille(300) else draw.one_of(tables.SELLING)
        )
        return row

    def _of_company(self, person: Row, company: Row) -> Row:
        """Return the person as a contact of the company, at its address unless it has one of its own."""
        for name in ("address", "address2", "postCode", "city", "countryRegionCode", "county"):
            person.setdefault(name, company[name])
        person["contactBusinessRelation"] = company["contactBusinessRelation"]
        return _within(person, company, company["name"])

    def _alone(self, i: int) -> Iterator[Row]:
        """Yield what belongs to no customer; persons come to 2 in 100 of all persons."""
        draw = Draw(self.seed, "alone", str(i))
        if draw.per_mille(12):
            yield self._person(i, 7) | {"contactBusinessRelation": "None"}
        if draw.per_mille(12):
            company: Row = {
                "id": self._contact_id(i, 8),
                "number": _contact_number(i, 8),
                "type": "Company",
                "name": values.company_name(draw),
                **values.address(draw, draw.one_of(words.HOME)),
                "contactBusinessRelation": "None",
            }
            yield _within(company, company, company["name"])
            yield self._of_company(self._person(i, 9), company)

    def _relations(self, i: int) -> Iterator[Row]:
        contact, customer = _contact_number(i, 0), f"C{i:07d}"
        yield {
            "id": self._ids.of("contactBusinessRelations", contact, "CUST"),
            "contactId": self._contact_id(i, 0),
            "contactNumber": contact,
            "businessRelationCode": "CUST",
            "linkToTable": "Customer",
            "customerId": self._ids.of("customers", customer),
            "number": customer,
        }

    def _persons(self, i: int) -> int:
        drawn, persons = Draw(self.seed, "persons", str(i)).below(1000), 0
        while drawn >= _PERSONS[persons]:
            drawn -= _PERSONS[persons]
            persons += 1
        return persons

    def _vat(self) -> list[Row]:
        return [
            {
                "id": self._ids.of("vatPostingSetup", business, product),
                "vatBusPostingGroup": business,
                "vatProdPostingGroup": product,
                "vatPercent": tables.vat_percent(business, product),
            }
            for business in tables.VAT_BUSINESS
            for product in sorted(tables.VAT)
        ]

    def _accounts(self) -> list[Row]:
        return [
            {
                "id": self._ids.of("glAccounts", number),
                "number": number,
                "name": name,
                "vatProdPostingGroup": group,
            }
            for number, name, group in tables.ACCOUNTS
        ]

    def _currencies(self) -> list[Row]:
        return [
            {
                "id": self._ids.of("currencies", code),
                "code": code,
                "isoCode": iso,
                "description": description,
                "symbol": symbol,
                "amountRoundingPrecision": 1 if iso == "JPY" else 0.01,
            }
            for code, iso, description, symbol, _ in sorted(tables.CURRENCIES)
        ]

    def _rates(self) -> list[Row]:
        return [
            {
                "id": self._ids.of("currencyExchangeRates", code, tables.RATES_FROM),
                "currencyId": self._ids.of("currencies", code),
                "currencyCode": code,
                "startingDate": tables.RATES_FROM,
                "exchangeRateAmount": 100,
                "relationalExchangeRateAmount": rate,
                "adjustmentExchangeRateAmount": 100,
                "relationalAdjustmentExchangeRateAmount": rate,
            }
            for code, _, _, _, rate in sorted(tables.CURRENCIES)
        ]

    def _described(self, table: str, column: str, said: Sequence[tuple[str, str]]) -> list[Row]:
        return [{"id": self._ids.of(table, code), "code": code, column: text} for code, text in sorted(said)]

    def _refer(self, row: Row, name: str, table: str, to: str, *, code: str = "Code") -> None:
        """Set `<name>Id` and its twin to the row `to`; a blank `to` leaves both out."""
        if to:
            row[f"{name}Id"] = self._ids.of(table, to)
            row[f"{name}{code}"] = to

    def _contact_id(self, i: int, place: int) -> str:
        return self._ids.of("contacts", _contact_number(i, place))

    @cached_property
    def products(self) -> Products:
        count = max(40, self.customers // 5) if self.items is None else self.items
        return Products(items=count, seed=self.seed, ids=self._ids)

    @cached_property
    def sold(self) -> Sales:
        return Sales(
            customers=self.customers,
            seed=self.seed,
            ids=self._ids,
            products=self.products,
            customer=self.customer,
            person=lambda i: self._person(i, 1) if self._persons(i) else None,
        )

    @cached_property
    def _ids(self) -> Ids:
        # The seed is part of the name, so two made-up companies share no id.
        return Ids(f"{self.name}\x1f{self.seed}")


def _contact_number(i: int, place: int) -> str:
    return f"CT{i:07d}{place}"


def _within(row: Row, company: Row, name: str) -> Row:
    return row | {"companyId": company["id"], "companyNumber": company["number"], "companyName": name}


def _option(draw: Draw, table: str, rows: Sequence[tuple[str, str]], *, blank: int) -> str:
    """Return a code or none; one in ten of the codes has no option in Sales."""
    if draw.per_mille(blank):
        return ""
    known = tables.WITH_OPTION[table]
    return draw.one_of(rows[known:] if draw.per_mille(100) else rows[:known])[0]
