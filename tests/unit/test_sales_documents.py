"""The worked scenarios of sales-documents.md §8 that need no system: how an order of Sales reads in BC.

Numbers in the ids are those of the table there; rules are S….
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal as D
from typing import Any

import pytest

from shared.core.model import Record, Side
from shared.rules.base import Context
from shared.rules.sales_documents import ORDER, QUOTE, Draft, Setup, draft, spoken
from shared.rules.sales_documents.descriptions import described

ZERO = "00000000-0000-0000-0000-000000000000"
WRITE_IN = Setup(write_in_type="item", write_in_number="W", freight_account="6710")
WORDS = "The quick brown fox jumps over the lazy dog, again and again, until the page is full of it. " * 4


class Couplings:
    """What is coupled: (mapping, Sales id) ↔ BC id."""

    local_currency_id = "gbp"

    def __init__(self, pairs: Mapping[tuple[str, str], str]) -> None:
        self.pairs = dict(pairs)

    def bc_id(self, mapping: str, sales_id: str) -> str | None:
        return self.pairs.get((mapping, sales_id))

    def sales_id(self, mapping: str, bc_id: str) -> str | None:
        return next((s for (m, s), b in self.pairs.items() if m == mapping and b == bc_id), None)


class Case:
    """A coupled customer in the local currency, who buys a bicycle; each test says what differs."""

    def __init__(self) -> None:
        self.order: dict[str, Any] = {
            "ordernumber": "ORD-01001-X",
            "quotenumber": "QUO-01001",
            "name": "Spring deal",
            "_customerid_value": "account",
            "_accountid_value": "account",
            "statecode": 1,
        }
        self.lines: list[dict[str, Any]] = [line(1)]
        self.setup = WRITE_IN
        self.coupled = Couplings(
            {
                ("customers", "account"): "customer",
                ("items", "product"): "item",
                ("resources", "service"): "resource",
                ("shipping_agents", "2"): "dhl",
            }
        )
        self.rows: dict[str, list[Record]] = {
            "accounts": [row("account", Side.SALES, accountnumber="A-1", customertypecode=3)],
            "contacts": [row("contact", Side.SALES, _parentcustomerid_value="account")],
            "customers": [row("customer", number="C1", blocked="_x0020_", vatBusPostingGroup="DOMESTIC")],
            "currencies": [
                row("gbp", Side.SALES, isocurrencycode="GBP"),
                row("usd", Side.SALES, isocurrencycode="USD"),
                row("own", Side.SALES, isocurrencycode=".AB1"),
            ],
            "bc_currencies": [row("bc-usd", code="USD"), row("bc-own", code=".AB1")],
            "products": [
                row("product", Side.SALES, productnumber="1000", statecode=0, producttypecode=1),
                row("service", Side.SALES, productnumber="R1", statecode=0, producttypecode=3),
            ],
            "items": [row("item", number="1000", description="Bike", vatProdPostingGroup="STANDARD")],
            "resources": [row("resource", number="R1", name="Fitter")],
            "write_in_items": [row("w", number="W", type="Service", description="Sundry")],
            "write_in_resources": [row("r", number="R", name="Sundry hours")],
            "freight_account": [row("6710", number="6710")],
            "vat": [
                row("v", vatBusPostingGroup="DOMESTIC", vatProdPostingGroup="STANDARD", vatPercent=D(25))
            ],
        }

    def draft(self, kind=ORDER) -> Draft | tuple[Any, ...]:
        keys = {"bc_currencies": "code", "write_in_items": "number", "write_in_resources": "number"}
        keys |= {"freight_account": "number", "vat": "vatBusPostingGroup", "bc_quotes": "yourReference"}
        related: dict[str, dict[str, Sequence[Record]]] = {}
        for need, rows in self.rows.items():
            for r in rows:
                key = str(r.values[keys[need]]) if need in keys else r.id
                related.setdefault(need, {}).setdefault(key.lower(), [])
                related[need][key.lower()] = [*related[need][key.lower()], r]
        related["lines"] = {"order": [row(f"l{n}", Side.SALES, **v) for n, v in enumerate(self.lines)]}
        context = Context(
            company_id="c",
            lcy_code="GBP",
            base_currency_code="GBP",
            lcy_currency_id="gbp",
            currency_precision=2,
            bc_user_ids=frozenset({"u"}),
            sales_user_ids=frozenset({"u"}),
            resolver=self.coupled,
            related=related,
        )
        return draft(kind, row("order", Side.SALES, **self.order), context, self.setup)

    def body(self, kind=ORDER) -> dict[str, Any]:
        made = self.draft(kind)
        assert isinstance(made, Draft), spoken(made)
        return made.body

    def bc_lines(self, kind=ORDER) -> list[dict[str, Any]]:
        return self.body(kind)[kind.lines]

    def codes(self) -> list[str]:
        made = self.draft()
        assert not isinstance(made, Draft), "it can be written"
        return [u.code for u in made]


def row(id: str, side: Side = Side.BC, **values: Any) -> Record:
    return Record(side=side, id=id, version="1", values=values)


def line(sequence: int, **differs: Any) -> dict[str, Any]:
    return {
        "sequencenumber": sequence,
        "_productid_value": "product",
        "quantity": D(10),
        "priceperunit": D(100),
    } | differs


def write_in(**differs: Any) -> dict[str, Any]:
    return line(1, _productid_value=None, quantity=D(1)) | differs


# --- header ------------------------------------------------------------------------------------


def test_scenario_14_a_submitted_order_becomes_an_order_of_its_customer_S14_S17_S26_P42_P43():
    body = Case().body()

    assert body["customerId"] == "customer"
    assert body["yourReference"] == "ORD-01001-X"
    assert body["externalDocumentNumber"] == "SPRING DEAL"
    assert body["currencyId"] == ZERO


def test_scenario_13_a_long_name_is_cut_to_35_characters_and_upper_cased():
    case = Case()
    case.order["name"] = "spring deal " + "x" * 40

    assert case.body()["externalDocumentNumber"] == "SPRING DEAL " + "X" * 23


def test_scenario_7_the_customer_of_a_contact_is_its_accounts_customer_S12():
    case = Case()
    case.order |= {
        "_customerid_value": "contact",
        "_accountid_value": None,
        "_contactid_value": "contact",
    }
    case.rows["accounts"] = [row("account", Side.SALES, customertypecode=8)]  # not asked on this path

    assert case.body()["customerId"] == "customer"


def test_scenarios_10_11_a_foreign_currency_is_found_by_its_iso_code_and_the_local_one_is_blank_S18():
    case = Case()
    case.order["_transactioncurrencyid_value"] = "gbp"
    assert case.body()["currencyId"] == ZERO

    for theirs, ours in (("usd", "bc-usd"), ("own", "bc-own")):
        case.order["_transactioncurrencyid_value"] = theirs
        assert case.body()["currencyId"] == ours


BILL_TO = (
    "billToAddress",
    "billToAddress2",
    "billToPostCode",
    "billToCity",
    "billToCountryRegionCode",
    "billToCounty",
)


def test_scenario_15_one_filled_part_of_an_address_writes_the_whole_block_S27():
    case = Case()
    case.order["billto_city"] = "Lyon"

    assert {c: case.body()[c] for c in BILL_TO} == dict.fromkeys(BILL_TO, "") | {"billToCity": "Lyon"}
    assert not [c for c in case.body() if c.startswith("shipTo")]


def test_scenario_16_a_blank_address_leaves_the_customers_own_S27():
    assert not set(BILL_TO) & set(Case().body())


def test_scenario_17_an_address_is_cut_to_bc_lengths_S27():
    case = Case()
    parts = ("line1", "line2", "city", "postalcode", "stateorprovince")
    case.order |= {f"billto_{p}": "x" * 250 for p in parts} | {"billto_country": "FR"}

    body = case.body()

    assert [len(body[c]) for c in BILL_TO] == [100, 50, 20, 30, 2, 30]


def test_scenario_18_options_travel_by_their_couplings_and_0_leaves_the_customers_own_S28():
    case = Case()
    case.order |= {"shippingmethodcode": 2, "freighttermscode": 0, "paymenttermscode": 4}

    body = case.body()

    assert body["shippingAgentId"] == "dhl"
    assert "shipmentMethodId" not in body and "paymentTermsId" not in body


def test_scenario_19_the_payment_discount_is_always_written_S25():
    assert Case().body()["paymentDiscountPercent"] == 0
    assert "paymentDiscountPercent" not in Case().body(QUOTE)


@pytest.mark.parametrize(
    ("percent", "amount", "net", "expected"),
    [
        pytest.param(5, 0, "1900", "100", id="30"),
        pytest.param(0, 80, "1920", "80", id="31"),
        pytest.param(5, 80, "1820", "180", id="32"),
    ],
)
@pytest.mark.peer("sales-order-006", "sales-order-007")
def test_scenarios_30_to_32_percent_and_amount_are_one_invoice_discount_S51(percent, amount, net, expected):
    case = Case()
    case.order |= {
        "discountpercentage": D(percent),
        "discountamount": D(amount),
        "totallineitemamount": D(2000),
        "totalamountlessfreight": D(net),
    }

    body = case.body()

    assert body["invoiceDiscountValue"] == D(expected)
    assert body["paymentDiscountPercent"] == percent


def test_scenario_65_an_order_from_a_quote_names_the_bc_quote_S76():
    case = Case()
    case.order["_quoteid_value"] = "quote"
    case.rows["quotes"] = [row("quote", Side.SALES, quotenumber="QUO-7")]
    case.rows["bc_quotes"] = [row("q", number="SQ-1", yourReference="QUO-7")]

    assert case.body()["quoteNumber"] == "SQ-1"


# --- lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "discount"),
    [
        pytest.param({}, "0", id="20"),
        pytest.param({"manualdiscountamount": D(30)}, "30", id="21"),
        pytest.param({"volumediscountamount": D(2)}, "20", id="22"),
        pytest.param({"volumediscountamount": D(2), "manualdiscountamount": D(30)}, "50", id="23"),
        pytest.param(
            {
                "quantity": D(12),
                "priceperunit": D("149.95"),
                "volumediscountamount": D("1.25"),
                "manualdiscountamount": D("7.5"),
            },
            "22.50",
            id="24",
        ),
        pytest.param(
            {"quantity": D("2.5"), "priceperunit": D("19.99"), "volumediscountamount": D("0.5")},
            "1.25",
            id="25",
        ),
        pytest.param(
            {"priceperunit": D(4000), "volumediscountamount": D(280), "manualdiscountamount": D(400)},
            "3200",
            id="28a",
        ),
        pytest.param(
            {
                "quantity": D(5),
                "priceperunit": D(4000),
                "volumediscountamount": D(280),
                "manualdiscountamount": D(250),
            },
            "1650",
            id="28b",
        ),
    ],
)
@pytest.mark.peer("sales-order-004")
def test_scenarios_20_to_28_volume_and_manual_discount_are_one_line_discount_S37(values, discount):
    case = Case()
    case.lines = [line(1, **values)]

    [made] = case.bc_lines()

    assert made["lineDiscountAmount"] == D(discount)
    assert (made["type"], made["itemId"]) == ("Item", "item")


def test_lines_follow_their_sequence_and_come_numbered_by_ten_thousands_S31():
    case = Case()
    case.lines = [line(2, quantity=D(2)), line(1, quantity=D(1)), line(3, quantity=D(3))]

    assert [(x["lineNumber"], x["quantity"]) for x in case.bc_lines()] == [(10000, 1), (20000, 2), (30000, 3)]


@pytest.mark.parametrize(
    ("price", "percent", "group", "kind", "expected"),
    [
        pytest.param("125", 25, "DOMESTIC", ORDER, "100", id="35"),
        pytest.param("119.99", 20, "DOMESTIC", ORDER, "99.99167", id="36"),
        pytest.param("125", 25, "EU", ORDER, "125", id="38"),
        pytest.param("125", 25, "DOMESTIC", QUOTE, "125", id="39"),
    ],
)
def test_scenarios_35_to_39_vat_is_taken_out_of_prices_that_include_it_S36(
    price, percent, group, kind, expected
):
    case = Case()
    case.lines = [line(1, priceperunit=D(price))]
    case.rows["items"][0].values.update(priceIncludesVat=True, vatBusPostingGroupPrice=group)  # type: ignore[attr-defined]
    case.rows["vat"][0].values.update(vatPercent=D(percent))  # type: ignore[attr-defined]

    assert case.bc_lines(kind)[0]["unitPrice"] == D(expected)


def test_scenario_37_other_prices_stay_as_they_are_S36():
    case = Case()
    case.lines = [line(1, priceperunit=D(50))]

    assert case.bc_lines()[0]["unitPrice"] == 50


def test_scenarios_40_41_a_write_in_becomes_the_item_or_resource_of_the_settings_S40_P44():
    case = Case()
    case.lines = [write_in(productdescription="Gift wrapping")]

    [item] = case.bc_lines()
    case.setup = Setup(write_in_type="resource", write_in_number="R")
    [resource] = case.bc_lines()

    assert (item["type"], item["itemId"], item["description"]) == ("Item", "w", "Gift wrapping")
    assert (resource["type"], resource["resourceId"]) == ("Resource", "r")


def test_scenario_33_freight_is_a_line_of_its_account_outside_the_header_discount_S50_S52():
    case = Case()
    case.order["freightamount"] = D("55.50")

    freight = case.bc_lines()[-1]

    assert freight == {
        "lineNumber": 20000,
        "type": "G_x002F_L_x0020_Account",
        "number": "6710",
        "description": "Freight Amount",
        "quantity": 1,
        "unitPrice": D("55.50"),
        "allowInvoiceDiscount": False,
    }


def test_scenario_44_a_text_of_250_characters_is_kept_in_three_comment_lines_S45_S49_P45():
    case = Case()
    case.lines = [line(1, description=WORDS[:250]), line(2)]

    made = case.bc_lines()

    assert [x["lineNumber"] for x in made] == [10000, 20000, 30000, 40000, 50000]
    assert [len(x["description"]) for x in made[1:4]] == [100, 100, 50]
    assert {(x["type"], x["attachedToLineNumber"]) for x in made[1:4]} == {("_x0020_", 10000)}
    assert "".join(x["description"] for x in made[1:4]) == WORDS[:250]
    assert "description" not in made[0]  # the item's own


@pytest.mark.parametrize(
    ("values", "write_in", "stops", "own", "comments"),
    [
        pytest.param({"productdescription": WORDS[:250]}, True, True, 100, [100, 50], id="45"),
        pytest.param(
            {"productdescription": WORDS[:250], "description": "abc"}, False, True, None, [3], id="46"
        ),
        pytest.param({"description": "Bike\nred"}, False, True, None, [], id="47-order"),
        pytest.param({"description": "Bike\nred"}, False, False, None, [4, 3], id="47-quote"),
        pytest.param({"description": "A\nB"}, False, True, None, [1, 1], id="48"),
        pytest.param({"description": "A\n\n\nB"}, False, True, None, [1, 1], id="blank-lines-give-nothing"),
        pytest.param({}, False, True, None, [], id="no-text"),
        pytest.param({"description": "x" * 100}, False, True, None, [100], id="just-a-hundred"),
    ],
)
def test_scenarios_45_to_48_where_a_text_goes_S44_to_S49(values, write_in, stops, own, comments):
    made = described(values, write_in=write_in, shown="Bike", stops=stops)

    assert (len(made.own) if made.own is not None else None) == own
    assert [len(c) for c in made.comments] == comments


# --- what keeps an order out ---------------------------------------------------------------------


def _without_coupling(case: Case, *key: str) -> None:
    del case.coupled.pairs[key[0], key[1]]


UNMET = [
    pytest.param(lambda c: c.order.pop("_customerid_value"), "E-NOCUST", id="9"),
    pytest.param(lambda c: c.order.update(ordernumber=" "), "E-NONUMBER", id="no-number"),
    pytest.param(lambda c: c.rows.update(accounts=[]), "E-NOACCOUNT", id="no-account"),
    pytest.param(lambda c: c.rows["accounts"][0].values.update(customertypecode=8), "E-NOTCUSTTYPE", id="8"),
    pytest.param(lambda c: _without_coupling(c, "customers", "account"), "E-NOTCOUPLEDCUST", id="6"),
    pytest.param(lambda c: c.rows.update(customers=[]), "E-STALE", id="customer-gone"),
    pytest.param(lambda c: c.rows["customers"][0].values.update(blocked="All"), "E-BLOCKED", id="blocked"),
    pytest.param(lambda c: c.order.update(_transactioncurrencyid_value="?"), "E-NOCURR", id="no-currency"),
    pytest.param(
        lambda c: (c.order.update(_transactioncurrencyid_value="usd"), c.rows.update(bc_currencies=[])),
        "E-NOCURR",
        id="12",
    ),
    pytest.param(lambda c: c.lines[0].update(manualdiscountamount=D(1500)), "E-DISCOUNT", id="26"),
    pytest.param(lambda c: c.lines[0].update(quantity=D(0)), "E-QUANTITY", id="27"),
    pytest.param(
        lambda c: (c.order.update(freightamount=D(1)), setattr(c, "setup", Setup())), "E-FREIGHT", id="34"
    ),
    pytest.param(lambda c: (c.lines.append(write_in()), setattr(c, "setup", Setup())), "E-WRITEIN", id="42"),
    pytest.param(
        lambda c: (c.lines.append(write_in()), c.coupled.pairs.update({("items", "p2"): "w"})),
        "E-WRITEINCOUPLED",
        id="43",
    ),
    pytest.param(
        lambda c: (c.lines.append(write_in()), c.rows["write_in_items"][0].values.update(type="Inventory")),
        "E-WRITEIN",
        id="write-in-of-the-wrong-type",
    ),
    pytest.param(lambda c: c.rows["products"][0].values.update(statecode=1), "E-PRODSTATE", id="49"),
    pytest.param(lambda c: c.rows["products"][0].values.update(producttypecode=4), "E-PRODTYPE", id="50"),
    pytest.param(lambda c: _without_coupling(c, "items", "product"), "E-ITEMNOTCOUPLED", id="item"),
    pytest.param(lambda c: c.rows.update(items=[]), "E-ITEMMISSING", id="item-gone"),
    pytest.param(
        lambda c: c.rows["items"][0].values.update(blocked=True), "E-ITEMBLOCKED", id="item-blocked"
    ),
    pytest.param(
        lambda c: (
            c.lines[0].update(_productid_value="service") or _without_coupling(c, "resources", "service")
        ),
        "E-RESNOTCOUPLED",
        id="resource",
    ),
]


@pytest.mark.parametrize(("spoil", "code"), UNMET)
def test_each_precondition_has_a_reason_of_its_own(spoil, code):
    case = Case()
    case.draft()

    spoil(case)

    assert case.codes() == [code]


def test_all_unmet_preconditions_are_listed_at_once_and_name_what_they_wait_for():
    case = Case()
    _without_coupling(case, "customers", "account")
    _without_coupling(case, "items", "product")
    case.lines.append(write_in())
    case.setup = Setup()

    unmet = case.draft()

    assert case.codes() == ["E-NOTCOUPLEDCUST", "E-ITEMNOTCOUPLED", "E-WRITEIN"]
    assert [u.awaits for u in unmet][:2] == [
        ("customers", Side.SALES, "account"),
        ("items", Side.SALES, "product"),
    ]
    assert "order ORD-01001-X" in spoken(unmet)


def test_scenario_51_the_unit_of_a_line_is_bc_own_sales_unit_S34():
    case = Case()
    case.lines = [line(1, _uomid_value="box")]

    assert not [c for c in case.bc_lines()[0] if c.startswith("unitOfMeasure")]


def test_what_goes_over_is_the_same_however_many_decimals_a_system_shows():
    case, same, other = Case(), Case(), Case()
    same.lines[0]["quantity"], other.lines[0]["quantity"] = D("10.0000000000"), D("10.5")
    case.lines[0]["quantity"] = D(10)
    told = [c.draft() for c in (case, same, other)]

    assert told[0].content == told[1].content != told[2].content
