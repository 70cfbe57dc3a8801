"""The orders that a salesperson writes in the demo, through the Web API, as people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.compare import read_all

if TYPE_CHECKING:
    from sandbox.demo import Demo

Row = dict[str, Any]
LONG = (
    "Deliver to the back door, ring twice, wait for somebody with a key, and have the drawings signed. " * 3
)
GIFT = "Gift wrapping by hand"
BASE_LIST = "Business Central Default Price List"


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order that was submitted. `currency` is BC's code of it, "" for the local one."""

    id: str
    kind: str
    currency: str
    texts: tuple[str, ...] = ()
    write_ins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Buyer:
    account: str
    currency: str


class Salesperson:
    """Writes and submits orders. `skipped` says which kinds this company has not got what they need for."""

    def __init__(self, demo: Demo, bc: httpx.Client, sales: httpx.Client) -> None:
        self._demo = demo
        self._bc, self._sales = bc, sales
        self.skipped: list[str] = []

    def orders(self) -> Iterator[Order]:
        """Write five kinds of orders, as far as there are customers and products for them."""
        products = self._products()
        local = self._buyer("currencyCode eq ''")
        for kind, write in (
            ("discounts, freight", self._discounts),
            ("list prices", self._list_prices),
            ("write-in, long text", self._write_in),
            ("fractions of cents", self._fractions),
        ):
            yield from self._written(kind, local, products, self._default_list(), write)
        foreign = self._foreign(local)
        prices = self._price_list(foreign.currency, products) if foreign and products else None
        yield from self._written("foreign currency", foreign, products, prices, self._abroad)

    def _written(
        self,
        kind: str,
        buyer: Buyer | None,
        products: list[Row],
        prices: str | None,
        write: Callable[[list[Row]], tuple[list[Row], Row]],
    ) -> Iterator[Order]:
        lacking = [
            name
            for name, there in (
                ("customer", buyer),
                ("product with a price", products),
                ("price list", prices),
            )
            if not there
        ]
        if buyer is None or lacking:
            self.skipped.append(f"{kind}: this company has no {' and no '.join(lacking)} for it")
            return
        header = {
            "name": f"Demo: {kind}",
            "customerid_account@odata.bind": f"/accounts({buyer.account})",
            "pricelevelid@odata.bind": f"/pricelevels({prices})",
            **(self._currency(buyer.currency) if buyer.currency else {}),
        }
        lines, more = write(products)
        order = self._add("salesorders", header | more)
        for line in lines:
            self._add("salesorderdetails", {"salesorderid@odata.bind": f"/salesorders({order})"} | line)
        self._change(f"salesorders({order})", {"statecode": 1, "statuscode": 3})
        yield Order(
            id=order,
            kind=kind,
            currency=buyer.currency,
            texts=tuple(r["description"] for r in lines if r.get("description")),
            write_ins=tuple(r["productdescription"] for r in lines if "productdescription" in r),
        )

    # --- kinds of orders ---------------------------------------------------------------------------

    def _discounts(self, products: list[Row]) -> tuple[list[Row], Row]:
        lines = [
            _line(products[0], 10, 149.95, manualdiscountamount=7.5),
            _line(products[-1], 3, 1250, manualdiscountamount=33.33),
        ]
        return lines, {"discountamount": 35, "discountpercentage": 9, "freightamount": 55.5}

    def _list_prices(self, products: list[Row]) -> tuple[list[Row], Row]:
        return [_line(product, 4) for product in products[:3]], {"billto_city": "Lyon", "freightamount": 12}

    def _write_in(self, products: list[Row]) -> tuple[list[Row], Row]:
        gift = {"isproductoverridden": True, "productdescription": GIFT, "quantity": 2, "priceperunit": 12.45}
        return [_line(products[0], 1, 400, description=LONG), gift], {}

    def _fractions(self, products: list[Row]) -> tuple[list[Row], Row]:
        lines = [_line(product, 7, 3.33) for product in products[:3]]
        return lines, {"discountpercentage": 12.5, "freightamount": 0.07}

    def _abroad(self, products: list[Row]) -> tuple[list[Row], Row]:
        lines = [_line(products[0], 12), _line(products[-1], 5, 61.99, manualdiscountamount=9.95)]
        return lines, {"discountpercentage": 3, "freightamount": 48.2}

    # --- what there is to sell, and to whom ----------------------------------------------------------

    def _products(self) -> list[Row]:
        """Return up to three active products with a price that are coupled with items."""
        rows = self._rows(
            "products?$select=productid,_defaultuomid_value,price"
            "&$filter=statecode eq 0 and producttypecode eq 1 and price gt 0&$top=20"
        )
        return self._first(3, rows, "items", "sales", "productid")

    def _buyer(self, which: str, currencies: frozenset[str] | None = None) -> Buyer | None:
        """Return a customer that may buy, of these currencies; prices with VAT in them are not for Sales."""
        found = read_all(
            self._bc,
            f"{self._demo.bc_root}/customers?$select=id,currencyCode&$top=100"
            f"&$filter=blocked eq '_x0020_' and pricesIncludeVat eq false and {which}",
        )
        rows = [r for r in found if currencies is None or r["currencyCode"] in currencies]
        for row in self._first(1, rows, "customers", "bc", "id"):
            return Buyer(account=row["coupled"], currency=row["currencyCode"])
        return None

    def _foreign(self, local: Buyer | None) -> Buyer | None:
        """Return a customer abroad; where all pay in the local currency, one of them buys in another."""
        usable = self._usable_currencies()
        abroad = self._buyer("currencyCode ne ''", usable)
        if abroad is not None or local is None or not usable:
            return abroad
        return Buyer(account=local.account, currency="EUR" if "EUR" in usable else min(usable))

    def _first(self, count: int, rows: list[Row], mapping: str, side: str, key: str) -> list[Row]:
        """Return the first rows that Tandem says are coupled and not held, with the other side's id as `coupled`."""
        found: list[Row] = []
        other = "bc" if side == "sales" else "sales"
        for row in rows:
            answer = self._demo.get(f"records/{mapping}/{side}/{row[key]}")
            answer.raise_for_status()
            told = answer.json()
            if told["coupling"] and not told["held"]:
                found.append(row | {"coupled": told["coupling"][other]})
            if len(found) == count:
                break
        return found

    def _usable_currencies(self) -> frozenset[str]:
        """Return codes of currencies that Sales has, and that have cents."""
        there = {
            row["isocurrencycode"] for row in self._rows("transactioncurrencies?$select=isocurrencycode")
        }
        rows = read_all(self._bc, f"{self._demo.bc_root}/currencies")
        return frozenset(
            r["code"]
            for r in rows
            if r["code"] in there and str(r["amountRoundingPrecision"]) in ("0.01", "0")
        )

    def _default_list(self) -> str | None:
        rows = self._rows(f"pricelevels?$select=pricelevelid&$filter=name eq '{BASE_LIST}'")
        return str(rows[0]["pricelevelid"]) if rows else None

    def _price_list(self, currency: str, products: list[Row]) -> str:
        """Make a price list of a currency, as a salesperson does: Sales takes an order in no other."""
        made = self._add("pricelevels", {"name": f"Demo in {currency}"} | self._currency(currency))
        for product in products:
            line = {"amount": 99.95, "pricelevelid@odata.bind": f"/pricelevels({made})"}
            self._add("productpricelevels", line | _product(product))
        return made

    def _currency(self, code: str) -> Row:
        [of] = self._rows(f"transactioncurrencies?$filter=isocurrencycode eq '{code}'")
        return {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({of['transactioncurrencyid']})"}

    # --- the Web API ---------------------------------------------------------------------------------

    def _rows(self, query: str) -> list[Row]:
        return read_all(self._sales, f"{self._demo.sales_root}/{query}")

    def _add(self, set_name: str, row: Row) -> str:
        answer = self._sales.post(f"{self._demo.sales_root}/{set_name}", json=row)
        _accepted(answer, set_name)
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def _change(self, which: str, values: Row) -> None:
        url = f"{self._demo.sales_root}/{which}"
        _accepted(self._sales.patch(url, json=values, headers={"If-Match": "*"}), which)


def _accepted(answer: httpx.Response, what: str) -> None:
    if answer.is_error:
        raise RuntimeError(f"Sales does not take {what}: {answer.status_code} {answer.text}")


def _product(product: Row) -> Row:
    return {
        "productid@odata.bind": f"/products({product['productid']})",
        "uomid@odata.bind": f"/uoms({product['_defaultuomid_value']})",
    }


def _line(product: Row, quantity: float, price: float | None = None, **more: Any) -> Row:
    """Return a line of an order, at the list's price unless one is said."""
    own = {} if price is None else {"ispriceoverridden": True, "priceperunit": price}
    return _product(product) | {"quantity": quantity} | own | more
