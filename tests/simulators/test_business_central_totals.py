"""The arithmetic of a sales document by the worked scenarios of sales-documents.md section 8."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from sandbox.business_central.totals import (
    Line,
    WrongAmount,
    discount_of,
    percent_of,
    rounded,
    spread,
    with_vat,
)


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "percent", "amount"),
    [
        pytest.param("10", "100", "0", "0", "1000", id="20"),
        pytest.param("10", "100", "30", "3", "970", id="21"),
        pytest.param("10", "100", "20", "2", "980", id="22"),
        pytest.param("10", "100", "50", "5", "950", id="23"),
        pytest.param("12", "149.95", "22.50", "1.25042", "1776.90", id="24"),
        pytest.param("2.5", "19.99", "1.25", "2.501", "48.73", id="25"),
    ],
)
def test_a_line_discount_amount_gives_its_percentage_S37(quantity, price, discount, percent, amount):
    line = Line(quantity=D(quantity), unit_price=D(price), discount=D(discount))
    assert percent_of(line, D(discount)) == D(percent)
    assert line.line_amount(D("0.01")) == D(amount)


@pytest.mark.parametrize(
    ("quantity", "discount", "says"),
    [pytest.param("1", "150", "between 0 and 100", id="26"), pytest.param("0", "5", "Quantity", id="27")],
)
def test_a_discount_of_nothing_or_of_more_than_all_is_refused_S38(quantity, discount, says):
    with pytest.raises(WrongAmount, match=says):
        percent_of(Line(quantity=D(quantity), unit_price=D(100)), D(discount))
    with pytest.raises(WrongAmount):
        discount_of(Line(quantity=D(1), unit_price=D(1)), D(101))


def test_an_invoice_discount_is_spread_in_proportion_with_the_rest_carried_S52_29():
    lines = [
        Line(quantity=D(10), unit_price=D(4000), discount=D(3200)),
        Line(quantity=D(5), unit_price=D(4000), discount=D(1650)),
        Line(quantity=D(1), unit_price=D(1020), allow_invoice_discount=False),
    ]
    assert [line.invoice_discount for line in spread(lines, D("8463.50"))] == [D("5647.45"), D("2816.05"), 0]


def test_thirds_of_a_cent_add_up_to_the_discount():
    lines = [Line(quantity=D(1), unit_price=D(10))] * 3
    parts = [line.invoice_discount for line in spread(lines, D("0.50"))]
    assert parts == [D("0.17"), D("0.16"), D("0.17")]


def test_a_discount_that_no_line_allows_is_refused_S52():
    freight = Line(quantity=D(1), unit_price=D(50), allow_invoice_discount=False)
    with pytest.raises(WrongAmount, match="invoice discount"):
        spread([freight], D(1))
    with pytest.raises(WrongAmount):
        spread([Line(quantity=D(1), unit_price=D(50))], D("50.01"))


@pytest.mark.parametrize(
    ("include", "quantity", "price", "discount", "invoice", "vat", "amount", "including"),
    [
        pytest.param(False, "3", "99.99167", "0", "0", "20", "299.98", "359.98", id="36"),
        pytest.param(False, "1", "50", "0", "0", "25", "50", "62.50", id="37"),
        pytest.param(False, "10", "100", "50", "95", "20", "855", "1026", id="69"),
        pytest.param(True, "2", "125", "0", "0", "25", "200", "250", id="71"),
        pytest.param(True, "10", "125", "62.50", "0", "25", "950", "1187.50", id="72"),
        pytest.param(True, "1", "125", "0", "12.50", "25", "90", "112.50", id="73"),
        pytest.param(True, "3", "9.99", "0", "0", "25", "23.98", "29.97", id="74"),
    ],
)
def test_vat_is_taken_from_or_put_on_a_line(
    include, quantity, price, discount, invoice, vat, amount, including
):
    line = Line(
        quantity=D(quantity),
        unit_price=D(price),
        discount=D(discount),
        invoice_discount=D(invoice),
        vat_percent=D(vat),
    )
    [done] = with_vat([line], prices_include_vat=include)
    assert (done.amount, done.amount_including_vat) == (D(amount), D(including))


@pytest.mark.parametrize("include", [False, True])
def test_the_vat_of_lines_adds_up_to_the_vat_of_their_sum(include):
    lines = [Line(quantity=D(1), unit_price=D("0.33"), vat_percent=D(20))] * 7
    done = with_vat(lines, prices_include_vat=include)
    net, gross = sum(line.amount for line in done), sum(line.amount_including_vat for line in done)
    assert (net, gross) == ((D("1.93"), D("2.31")) if include else (D("2.31"), D("2.77")))


def test_a_half_cent_goes_away_from_zero():
    assert (rounded(D("0.125")), rounded(D("-0.125"))) == (D("0.13"), D("-0.13"))
    assert rounded(D("12.5"), D("1")) == 13
