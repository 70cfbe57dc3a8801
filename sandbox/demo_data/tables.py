"""The small tables of the generated company; the same for every size and seed."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

#: Code, name, e-mail, phone, job title. All but one have an e-mail, so all but one find a user in Sales.
SALESPEOPLE = (
    ("AH", "Annette Hill", "annette.hill@example.com", "+44 20 7946 0101", "Sales Manager"),
    ("BS", "Bjørn Sæther", "bjorn.saether@example.com", "+44 20 7946 0102", "Account Manager"),
    ("CÉ", "Chloé Étienne", "chloe.etienne@example.com", "", "Account Manager"),
    ("DM", "Darragh Mac Giolla", "darragh.macgiolla@example.com", "+44 20 7946 0104", ""),
    ("EK", "Emine Kılıç", "emine.kilic@example.com", "+44 20 7946 0105", "Inside Sales"),
    ("FW", "Felix Weiß", "felix.weiss@example.com", "", "Account Manager"),
    ("GN", "Grażyna Nowak", "grazyna.nowak@example.com", "+44 20 7946 0107", "Key Accounts"),
    ("ZZ", "House Account", "", "", ""),
)

#: Those who have customers. The house account has none: without a user in Sales it cannot own an account.
SELLING = tuple(code for code, _, email, _, _ in SALESPEOPLE if email)

#: Code, ISO code, description, symbol, GBP for 100 units. The last has no ISO code, so it cannot go to Sales.
CURRENCIES = (
    ("CHF", "CHF", "Swiss franc", "CHF", 89.6),
    ("CZK", "CZK", "Czech koruna", "Kč", 3.48),
    ("DKK", "DKK", "Danish krone", "kr.", 11.59),
    ("EUR", "EUR", "Euro", "€", 86.52),
    ("JPY", "JPY", "Japanese yen", "¥", 0.4733),
    ("NOK", "NOK", "Norwegian krone", "kr", 7.41),
    ("PLN", "PLN", "Polish zloty", "zł", 20.51),
    ("SEK", "SEK", "Swedish krona", "kr", 8.02),
    ("USD", "USD", "US dollar", "$", 74.31),
    ("POINTS", "", "Bonus points", "", 1.0),
)

#: Rates since; nothing in the demo is older.
RATES_FROM = "2024-01-01"

# The first ones of each have a factory option of the same label in Sales (mappings.yaml, option_sets_dataverse), the
# others have not: code, description.
PAYMENT_TERMS = (
    ("NET 30", "Net 30 days"),
    ("NET 45", "Net 45 days"),
    ("NET 60", "Net 60 days"),
    ("14 DAYS", "Net 14 days"),
    ("CM", "Current month"),
    ("COD", "Cash on delivery"),
)
SHIPMENT_METHODS = (
    ("FOB", "Free on board"),
    ("NO CHARGE", "No charge"),
    ("CIF", "Cost, insurance and freight"),
    ("EXW", "Ex works"),
)
SHIPPING_AGENTS = (
    ("AIRBORNE", "Airborne Express"),
    ("DHL", "DHL Systems, Inc."),
    ("FEDEX", "Federal Express Corporation"),
    ("UPS", "United Parcel Service of America, Inc."),
    ("WILL CALL", "Collected by the customer"),
    ("OWN LOG.", "Own logistics"),
)

#: How many of each, from the front, have their option in Sales.
WITH_OPTION = {"paymentTerms": 3, "shipmentMethods": 2, "shippingAgents": 5}

COMPANY_INFORMATION: Row = {
    "address": "5 The Ring",
    "address2": "Westminster",
    "city": "London",
    "postCode": "W2 8HG",
    "countryRegionCode": "GB",
}

#: Code, description, international standard code, is it time.
UNITS = (
    ("BOX", "Box", "BX", False),
    ("CARTON", "Carton", "CT", False),
    ("DAY", "Day", "DAY", True),
    ("HOUR", "Hour", "HUR", True),
    ("KG", "Kilogram", "KGM", False),
    ("PCS", "Piece", "EA", False),
    ("SET", "Set", "SET", False),
)

#: Code, description, currency of all its prices. A Sales price list has one currency.
PRICE_GROUPS = (
    ("EURO", "Customers in the euro area", "EUR"),
    ("NEW", "Has no price yet", ""),
    ("NORDIC", "Sweden", "SEK"),
    ("RETAIL", "Retail at home", ""),
    ("US", "United States", "USD"),
    ("WHOLESALE", "Wholesale at home", ""),
)
WITHOUT_PRICES = frozenset({"NEW"})

#: Local currency for one unit of a currency.
LCY_PER_UNIT = {code: round(rate / 100, 6) for code, _, _, _, rate in CURRENCIES}

#: VAT % at home; abroad it is 0.
VAT = {"STANDARD": 20, "REDUCED": 5, "ZERO": 0}
VAT_BUSINESS = ("DOMESTIC", "EU", "EXPORT")

#: Number, name, VAT group: what an invoice may carry besides items and resources.
ACCOUNTS = (
    ("6410", "Packaging", "STANDARD"),
    ("6710", "Freight", "STANDARD"),
    ("6810", "Fees and charges", "ZERO"),
)


def vat_percent(business: str, product: str) -> int:
    return VAT.get(product, 0) if business == "DOMESTIC" else 0
