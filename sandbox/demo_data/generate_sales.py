"""What the made-up company has sold and hopes to sell: opportunities and posted invoices with their ledger entries.

Opportunity j belongs to one of the first 4·j customers and invoice i to one of the first i, so that the first of twice
as many are the same. Amounts are computed as Business Central computes them, to the cent (sandbox/business_central/
totals.py): line and invoice discounts, VAT on top or inside, foreign currency, paid, partly paid, cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.business_central import totals
from sandbox.business_central.totals import exact, plain
from sandbox.demo_data import tables, words
from sandbox.demo_data.draw import Draw
from sandbox.demo_data.generate_products import RESOURCES, Products
from sandbox.demo_data.ids import Ids

Row = dict[str, Any]

#: Invoices that are made, and loaded, at a time.
BLOCK = 5000
POSTED = (
    "postedSalesInvoices",
    "postedSalesInvoiceLines",
    "customerLedgerEntries",
    "detailedCustomerLedgerEntries",
)

_TODAY = date(2026, 1, 22)
_ACCOUNT, _BLANK = "G_x002F_L_x0020_Account", "_x0020_"
_ADDRESS = {
    "Name": "name", "Address": "address", "Address2": "address2", "City": "city", "PostCode": "postCode",
    "County": "county", "CountryRegionCode": "countryRegionCode", "Contact": "contactName",
}  # fmt: skip
_TAKEN_OVER = (
    "currencyId", "currencyCode", "paymentTermsId", "paymentTermsCode", "shipmentMethodId", "shipmentMethodCode",
    "shippingAgentId", "shippingAgentCode", "salespersonId", "salespersonCode", "customerPriceGroupId",
    "customerPriceGroupCode", "pricesIncludeVat",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sales:
    """`customer` and `person` make the rows of one customer: the customer itself, and its first person or None."""

    customers: int
    seed: int
    ids: Ids
    products: Products
    customer: Callable[[int], Row]
    person: Callable[[int], Row | None]

    # --- opportunities ---

    def opportunities(self) -> Iterator[Row]:
        return (self.opportunity(j)[0] for j in range(1, self.customers // 4 + 1))

    def opportunity_entries(self) -> Iterator[Row]:
        return (entry for j in range(1, self.customers // 4 + 1) for entry in self.opportunity(j)[1])

    def opportunity(self, j: int) -> tuple[Row, list[Row]]:
        """Return opportunity j and its entries, the last of them active."""
        draw = Draw(self.seed, "opportunities", str(j))
        number = f"OP{j:07d}"
        i = 1 + draw.below(4 * j)
        status = draw.one_of(("Not_x0020_Started", *("In_x0020_Progress",) * 5, "Won", "Lost"))
        created = _TODAY - timedelta(days=30 + draw.below(300))
        row: Row = {
            "id": self.ids.of("opportunities", number),
            "number": number,
            "description": f"{draw.one_of(words.DEALS)} {j}",
            "salesCycleCode": draw.one_of(("NEW", "EXISTING")),
            "creationDate": created.isoformat(),
            "status": status,
            "priority": draw.one_of(("Low", "Normal", "Normal", "High")),
            "closed": status in ("Won", "Lost"),
        }
        seller = draw.one_of(tables.SELLING)
        row |= {"salespersonId": self.ids.of("salespeople", seller), "salespersonCode": seller}
        if not draw.per_mille(50):
            self._contact(row, i)
        entries = [] if status == "Not_x0020_Started" else list(self._entries(row, draw, created))
        if row["closed"]:
            row["dateClosed"] = entries[-1]["dateClosed"]
        return row, entries

    def _contact(self, row: Row, i: int) -> None:
        company = f"CT{i:07d}0"
        person = self.person(i)
        number = company if person is None else person["number"]
        row |= {"contactId": self.ids.of("contacts", number), "contactNumber": number}
        row |= {"contactCompanyId": self.ids.of("contacts", company), "contactCompanyNumber": company}

    def _entries(self, row: Row, draw: Draw, created: date) -> Iterator[Row]:
        steps = 1 + draw.below(3)
        value, chances = (1 + draw.below(900)) * 100, (1 + draw.below(9)) * 10
        for step in range(steps):
            last = step == steps - 1
            closed = last and row["closed"]
            done = (100 if row["status"] == "Won" else 0) if closed else 20 * (step + 1)
            chance = done if closed else chances
            entry = 3 * int(row["number"][2:]) - 2 + step
            changed = (created + timedelta(days=7 * step)).isoformat()
            probability = round(chance * done / 100, 5)
            yield {
                "id": self.ids.of("opportunityEntries", str(entry)),
                "entryNumber": entry,
                "opportunityId": row["id"],
                "opportunityNumber": row["number"],
                "salesCycleCode": row["salesCycleCode"],
                "salesCycleStage": step + 1,
                "dateOfChange": changed,
                "active": last,
                "actionTaken": row["status"] if closed else "Next" if step else _BLANK,
                "estimatedValue": value + 50 * step,
                "calculatedCurrentValue": round((value + 50 * step) * probability / 100, 2),
                "estimatedClosingDate": (_TODAY + timedelta(days=10 + value % 200)).isoformat(),
                "chancesOfSuccessPercent": chance,
                "completedPercent": done,
                "probabilityPercent": probability,
                **({"dateClosed": changed} if closed else {}),
            }

    # --- invoices ---

    def invoices(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield headers, lines and ledger entries, the same sets again for every block: each invoice is made once."""
        for first in range(1, self.customers + 1, BLOCK):
            blocks: dict[str, list[Row]] = {name: [] for name in POSTED}
            for i in range(first, min(first + BLOCK, self.customers + 1)):
                header, lines = self.invoice(i)
                for name, rows in zip(POSTED, ([header], lines, *self._booked(i, header)), strict=True):
                    blocks[name] += rows
            yield from blocks.items()

    def invoice(self, i: int) -> tuple[Row, list[Row]]:
        """Return posted invoice i and its lines."""
        draw = Draw(self.seed, "invoices", str(i))
        customer = self._buyer(1 + draw.below(i))
        number = f"PSI{i:07d}"
        posted = _TODAY - timedelta(days=draw.below(360))
        row: Row = {
            "id": self.ids.of("postedSalesInvoices", number),
            "number": number,
            "customerId": customer["id"],
            "customerNumber": customer["number"],
            "billToCustomerId": customer["id"],
            "billToCustomerNumber": customer["number"],
            **{
                f"{to}{part}": customer[column]
                for to in ("sellTo", "billTo", "shipTo")
                for part, column in _ADDRESS.items()
            },
            **{name: customer[name] for name in _TAKEN_OVER if name in customer},
            "postingDate": posted.isoformat(),
            "documentDate": posted.isoformat(),
            "orderDate": (posted - timedelta(days=3)).isoformat(),
            "shipmentDate": posted.isoformat(),
            "dueDate": (posted + timedelta(days=30)).isoformat(),
            "externalDocumentNumber": "" if draw.per_mille(600) else draw.digits("PO-#####"),
            "workDescription": "" if draw.per_mille(850) else "Deliver at the back door.",
            "customerLedgerEntryNumber": 2 * i - 1,
        }
        if draw.per_mille(600):
            row["orderNumber"] = f"SO{i:07d}"
        code = row.get("currencyCode", "")
        row["currencyFactor"] = (
            plain(totals.rounded(1 / exact(tables.LCY_PER_UNIT[code]), totals.PERCENT)) if code else 0
        )
        lines = self._lines(row, customer["vatBusPostingGroup"], i)
        sums = {
            c: sum(exact(line[c]) for line in lines)
            for c in ("amount", "amountIncludingVat", "invoiceDiscountAmount")
        }
        row |= {name: plain(value) for name, value in sums.items()}
        paid, cancelled = self._settled(i, exact(row["amountIncludingVat"]), _cent(code))
        left = 0 if cancelled else plain(exact(row["amountIncludingVat"]) - paid)
        row |= {"remainingAmount": left, "closed": left == 0, "cancelled": cancelled}
        return row, lines

    def _buyer(self, i: int) -> Row:
        """Return a customer that may be invoiced: the i-th, or the last before it (or after) that is not blocked."""
        for other in (*range(i, 0, -1), *range(i + 1, self.customers + 1)):
            customer = self.customer(other)
            if customer["blocked"] == _BLANK:
                return customer
        return self.customer(i)

    def _lines(self, header: Row, business: str, i: int) -> list[Row]:
        draw = Draw(self.seed, "lines", str(i))
        code, including = header.get("currencyCode", ""), header.get("pricesIncludeVat", False)
        cent, factor = _cent(code), exact(header["currencyFactor"]) or Decimal(1)
        rows, computed = [], []
        for place in range(1, 2 + draw.below(5)):
            row, price, group = self._what(draw, first=place == 1, i=i)
            vat = exact(tables.vat_percent(business, group)) if row["type"] != _BLANK else Decimal(0)
            if including:
                price *= 1 + vat / 100
            one_of = Decimal(0) if row["type"] == _BLANK else Decimal(1 + draw.below(12))
            line = totals.Line(
                quantity=one_of,
                unit_price=totals.rounded(price * factor, cent),
                vat_percent=vat,
                allow_invoice_discount=row["type"] not in (_BLANK, _ACCOUNT),
            )
            percent = (
                exact(draw.one_of((5, 10, 12.5, 33.33)))
                if row["type"] == "Item" and draw.per_mille(250)
                else Decimal(0)
            )
            computed.append(
                totals.Line(**{**line.__dict__, "discount": totals.discount_of(line, percent, cent)})
            )
            rows.append(row | {"lineNumber": 10_000 * place, "lineDiscountPercent": plain(percent)})
        base = sum((one.line_amount(cent) for one in computed if one.allow_invoice_discount), Decimal(0))
        discount = totals.rounded(base * 3 / 100, cent) if draw.per_mille(150) else Decimal(0)
        computed = totals.with_vat(
            totals.spread(computed, discount, cent), prices_include_vat=including, cent=cent
        )
        return [self._line(header, row, line, cent) for row, line in zip(rows, computed, strict=True)]

    def _what(self, draw: Draw, *, first: bool, i: int) -> tuple[Row, Decimal, str]:
        """Return a line's product columns, its price in local currency and its VAT group."""
        kind = draw.below(100)
        if not first and kind < 15:
            return {"type": _BLANK, "description": draw.one_of(words.COMMENTS)}, Decimal(0), ""
        if kind < 23:
            number, name, group = draw.one_of(tables.ACCOUNTS)
            price = Decimal(500 + draw.below(9000)) / 100
            return {"type": _ACCOUNT, "number": number, "description": name}, price, group
        if kind < 35:
            resource = self.products.resource(1 + draw.below(RESOURCES - 1))
            row = {"type": "Resource", "resourceId": resource["id"], "description": resource["name"]}
            return (
                row | _unit(self.ids, resource["number"], "HOUR"),
                exact(resource["unitPrice"]),
                resource["vatProdPostingGroup"],
            )
        item = self._sold(1 + draw.below(min(max(40, i // 5), self.products.items)))
        row = {"type": "Item", "itemId": item["id"], "description": item["description"]}
        return (
            row | _unit(self.ids, item["number"], item["baseUnitOfMeasureCode"]),
            exact(item["unitPrice"]),
            item["vatProdPostingGroup"],
        )

    def _sold(self, i: int) -> Row:
        """Return an item that is not blocked: the i-th or one before it, else one after it."""
        for other in (*range(i, 0, -1), *range(i + 1, self.products.items + 1)):
            item = self.products.item(other)
            if not item["blocked"]:
                return item
        return self.products.item(i)

    def _line(self, header: Row, row: Row, line: totals.Line, cent: Decimal) -> Row:
        return row | {
            "id": self.ids.of("postedSalesInvoiceLines", header["number"], str(row["lineNumber"])),
            "documentId": header["id"],
            "documentNumber": header["number"],
            "quantity": plain(line.quantity),
            "unitPrice": plain(line.unit_price),
            "lineDiscountAmount": plain(line.discount),
            "invoiceDiscountAmount": plain(line.invoice_discount),
            "lineAmount": plain(line.line_amount(cent)),
            "amount": plain(line.amount),
            "amountIncludingVat": plain(line.amount_including_vat),
            "vatPercent": plain(line.vat_percent),
            "shipmentDate": header["shipmentDate"],
            "orderNumber": header.get("orderNumber", ""),
            "orderLineNumber": row["lineNumber"] if "orderNumber" in header else 0,
        }

    def _settled(self, i: int, amount: Decimal, cent: Decimal) -> tuple[Decimal, bool]:
        """Return what is paid of invoice i and whether it is cancelled: most paid, some in part, one in twenty back."""
        drawn = Draw(self.seed, "payments", str(i)).below(100)
        if drawn < 5:
            return Decimal(0), True
        if drawn < 60:
            return amount, False
        return (totals.rounded(amount / 3, cent), False) if drawn < 70 else (Decimal(0), False)

    def _booked(self, i: int, header: Row) -> tuple[list[Row], list[Row]]:
        """Return the ledger entries of invoice i and of what settles it, and their details."""
        amount = exact(header["amountIncludingVat"])
        paid, cancelled = self._settled(i, amount, _cent(header.get("currencyCode", "")))
        about = {
            "customerId": header["billToCustomerId"],
            "customerNumber": header["billToCustomerNumber"],
            "currencyCode": header.get("currencyCode", ""),
            "postingDate": header["postingDate"],
        }
        invoice = about | {
            "documentType": "Invoice",
            "documentNumber": header["number"],
            "invoiceId": header["id"],
        }
        settled = amount if cancelled else paid
        entries = [(2 * i - 1, invoice, amount, amount - settled)]
        details = [(4 * i - 3, 2 * i - 1, invoice, "Initial_x0020_Entry", amount)]
        if settled:
            kind = "Credit_x0020_Memo" if cancelled else "Payment"
            other = about | {
                "documentType": kind,
                "documentNumber": f"{'PSC' if cancelled else 'PAY'}{i:07d}",
            }
            entries.append((2 * i, other, -settled, Decimal(0)))
            of_invoice = other | {"invoiceId": header["id"]}
            details += [
                (4 * i - 2, 2 * i, other, "Initial_x0020_Entry", -settled),
                (4 * i - 1, 2 * i - 1, of_invoice, "Application", -settled),
                (4 * i, 2 * i, other, "Application", settled),
            ]
        return (
            [
                said
                | {
                    "id": self.ids.of("customerLedgerEntries", str(entry)),
                    "entryNumber": entry,
                    "dueDate": header["dueDate"],
                    "amount": plain(first),
                    "remainingAmount": plain(left),
                    "open": left != 0,
                }
                for entry, said, first, left in entries
            ],
            [
                said
                | {
                    "id": self.ids.of("detailedCustomerLedgerEntries", str(entry)),
                    "entryNumber": entry,
                    "customerLedgerEntryNumber": of,
                    "entryType": kind,
                    "amount": plain(value),
                }
                for entry, of, said, kind, value in details
            ],
        )


def _unit(ids: Ids, number: str, code: str) -> Row:
    return {
        "number": number,
        "unitOfMeasureId": ids.of("unitsOfMeasure", code),
        "unitOfMeasureCode": code,
    }


def _cent(currency: str) -> Decimal:
    return Decimal(1) if currency == "JPY" else totals.CENT
