"""What a line is worth in Sales: the worked scenarios of sales-documents.md §8, and what Sales cannot take."""

from decimal import Decimal as D

import pytest

from shared.core.model import Record, Side
from shared.rules.invoice_lines import amounts, left_over
from shared.rules.posted_sales_invoices import payment


def a_line(quantity, price, discount, from_total, amount, incl) -> Record:
    values = {
        "quantity": quantity,
        "unitPrice": price,
        "lineDiscountAmount": discount,
        "invoiceDiscountAmount": from_total,
        "amount": amount,
        "amountIncludingVat": incl,
    }
    return Record(side=Side.BC, id="1", version="1", values=values)


# quantity, price, line discount, invoice discount, amount, with VAT → price, discount, tax, base, extended, left over
CASES = [
    pytest.param(False, (4, 250, 0, 0, 1000, 1050), "250 0 50 1000 1050", "0", id="68"),
    pytest.param(False, (10, 100, 50, 95, 855, 1026), "100 50 171 1000 1121", "0", id="69"),
    pytest.param(True, (2, 125, 0, 0, 200, 250), "100 0 50 200 250", "0", id="71"),
    pytest.param(
        True, (10, 125, D("62.5"), 0, 950, D("1187.5")), "101.25 62.5 237.5 1012.5 1187.5", "0", id="72"
    ),
    pytest.param(
        True,
        (1, 125, 0, D("12.5"), 90, D("112.5")),
        "102.5 0 22.5 102.5 125",
        "0",
        id="73: the invoice discount is taken off once, by Sales",
    ),
    pytest.param(
        True, (3, D("9.99"), 0, 0, D("23.98"), D("29.97")), "7.99 0 5.99 23.98 29.97", "0.01", id="74"
    ),
    pytest.param(False, (-1, 100, -10, 0, -90, -108), "90 0 -18 -90 -108", "0", id="a discount below 0"),
    pytest.param(False, (0, 0, 0, 0, 0, 0), "0 0 0 0 0", "0", id="a comment"),
]


@pytest.mark.parametrize(("with_vat", "line", "expected", "difference"), CASES)
def test_a_line_is_worth_in_sales_what_it_is_in_bc_S105_S106_S109(with_vat, line, expected, difference):
    record = a_line(*line)

    found = amounts(record, prices_include_vat=with_vat, precision=2)

    assert (found.price, found.discount, found.tax, found.base, found.extended) == tuple(
        D(part) for part in expected.split()
    )
    assert left_over([(record, found)], max(D(line[3]), D(0))) == D(difference)


def test_a_price_keeps_the_decimals_that_the_organization_keeps_S109():
    record = a_line(3, D("9.99"), 0, 0, D("23.98"), D("29.97"))

    assert amounts(record, prices_include_vat=True, precision=5).price == D("7.99333")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param({"remainingAmount": 100}, "billed", id="unpaid"),
        pytest.param({"remainingAmount": 67}, "partly paid", id="a third"),
        pytest.param({"remainingAmount": 0}, "paid", id="paid"),
        pytest.param({"remainingAmount": 100, "closed": True}, "paid", id="closed"),
        pytest.param(
            {"remainingAmount": 0, "customerLedgerEntryNumber": 0}, "billed", id="not in the ledger"
        ),
        pytest.param(
            {"remainingAmount": 0, "closed": True, "cancelled": True}, "cancelled", id="cancelled first"
        ),
    ],
)
def test_what_has_become_of_an_invoice_S110_S111(shown, expected):
    values = {"amountIncludingVat": 100, "customerLedgerEntryNumber": 7} | shown

    assert payment(Record(side=Side.BC, id="1", version="1", values=values)) == expected
