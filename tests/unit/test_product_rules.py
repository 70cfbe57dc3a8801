"""Rules of units, products, price groups and sales prices, cited by section of mappings.md."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.core.convert import ZERO_GUID, InUse
from shared.core.model import Record, Side
from shared.rules import RULES, Context
from shared.rules.default_price_list import NAME, default_list, other_name, own_id
from shared.rules.units import group_name, unit_in

FACTS = Context(
    company_id="c",
    lcy_code="GBP",
    base_currency_code="GBP",
    lcy_currency_id="gbp",
    currency_precision=2,
    bc_user_ids=frozenset({"b"}),
    sales_user_ids=frozenset({"s"}),
    today=date(2026, 6, 15),
)
OF_GROUP = "Customer_x0020_Price_x0020_Group"


def bc(id="1", **values):
    return Record(side=Side.BC, id=id, version="1", values=values)


def sales(id="1", **values):
    return Record(side=Side.SALES, id=id, version="1", values=values)


def seeing(**needs):
    """Return what a rule sees when these rows were read: need → key → rows."""
    return replace(FACTS, related={name.replace("_", " "): rows for name, rows in needs.items()})


GROUP, UNIT = (
    sales("g", name="NAV PCS"),
    sales("u", name="PCS", isschedulebaseuom=True, quantity=Decimal(1)),
)


@pytest.mark.parametrize(
    ("groups", "units", "problem"),
    [
        pytest.param([GROUP], [UNIT], None, id="as it should be"),
        pytest.param([], [], "is not in Sales", id="no group"),
        pytest.param([sales("g", name="PCS")], [UNIT], "not named NAV PCS", id="another name"),
        pytest.param([GROUP], [], "has 0 units", id="no unit"),
        pytest.param([GROUP], [UNIT, UNIT], "has 2 units", id="two units"),
        pytest.param([GROUP], [sales("u", name="BOX")], "is not named PCS", id="another unit"),
        pytest.param(
            [GROUP],
            [sales("u", name="PCS", isschedulebaseuom=False, quantity=1)],
            "not its base unit",
            id="no base unit",
        ),
        pytest.param(
            [GROUP],
            [sales("u", name="PCS", isschedulebaseuom=True, quantity=6)],
            "not its base unit",
            id="six of them",
        ),
    ],
)
def test_a_unit_is_checked_strictly_wherever_it_is_used_P23_mappings_9(groups, units, problem):
    unit, said = unit_in(seeing(groups={"g": groups}, units={"g": units}), "g", "PCS")

    assert (said or "").count(problem or "") and bool(said) is bool(problem)
    assert unit == (None if problem else "u")


def test_a_rehearsal_does_not_miss_a_group_that_it_would_have_made_H26():
    assert unit_in(replace(FACTS, rehearsing=True), "g", "PCS") == (None, None)


@pytest.mark.parametrize(("code", "name"), [("PCS", "NAV PCS"), (" pcs ", "NAV PCS"), ("", "NAV ")])
@pytest.mark.peer("mapping-unit-004")
def test_a_unit_group_is_named_nav_and_the_code_mappings_9(code, name):
    assert group_name(code) == name


MINE = own_id(FACTS)
POUNDS = sales("p", name=NAME, _transactioncurrencyid_value="gbp")
EUROS = sales("e", name=NAME, _transactioncurrencyid_value="eur")
SECOND = sales("s", name=other_name(FACTS), _transactioncurrencyid_value="gbp")


@pytest.mark.parametrize(
    ("own", "usual", "other", "expected"),
    [
        pytest.param([], [], [], (MINE, NAME), id="none: made"),
        pytest.param([sales(MINE, name="renamed")], [], [], (MINE, None), id="found by id, renamed"),
        pytest.param([sales(MINE, name=NAME)], [POUNDS], [], (MINE, None), id="its id goes first"),
        pytest.param([], [POUNDS], [], ("p", None), id="found by name"),
        pytest.param([], [EUROS], [], (MINE, other_name(FACTS)), id="name taken by another currency"),
        pytest.param([], [EUROS], [SECOND], ("s", None), id="the second name"),
    ],
)
@pytest.mark.peer("mapping-pricelist-008")
def test_the_default_price_list_is_found_or_made_P24_mappings_11(own, usual, other, expected):
    facts = seeing(own_list={MINE: own}, lists={NAME.lower(): usual, other_name(FACTS).lower(): other})

    assert default_list(facts) == expected


@pytest.mark.parametrize(
    ("amount", "shown"), [(5, 5), (0, 0), (-1, 0), (Decimal("-0.01"), 0), (Decimal("0.01"), Decimal("0.01"))]
)
def test_negative_prices_and_stocks_are_0_in_sales_mappings_10(amount, shown):
    item = RULES["items"].adds(Side.BC, bc(unitPrice=amount, inventory=amount), FACTS)
    resource = RULES["resources"].adds(Side.BC, bc(unitPrice=amount, capacity=amount), FACTS)

    assert (item["computedPrice"], item["computedQuantity"]) == (shown, shown)
    assert (resource["computedPrice"], resource["computedQuantity"]) == (shown, shown)


def test_a_blocked_item_is_not_held_so_that_its_state_travels_H24():
    rule = RULES["items"]

    assert rule.holds(Side.BC, bc(baseUnitOfMeasureId=ZERO_GUID), FACTS)
    assert rule.holds(Side.BC, bc(baseUnitOfMeasureId=ZERO_GUID, blocked=True), FACTS) is None


STATE = InUse(used=(False, 0, 1), retired=(True, 1, 2))


@pytest.mark.parametrize(
    ("side", "raw", "value"),
    [
        pytest.param(Side.BC, False, True, id="not blocked"),
        pytest.param(Side.BC, True, False, id="blocked"),
        pytest.param(Side.SALES, 0, True, id="active"),
        pytest.param(Side.SALES, 1, False, id="retired"),
        pytest.param(Side.SALES, 2, None, id="a draft says nothing"),
        pytest.param(Side.SALES, 3, None, id="under revision says nothing"),
        pytest.param(Side.SALES, None, None, id="not shown"),
    ],
)
def test_the_state_of_a_product_mappings_10(side, raw, value):
    assert STATE.read(side, raw, None) is value
    if value is not None:
        written = STATE.write(side, value, "statecode", None)
        assert written["statecode"] == raw
        assert (side is Side.BC) or written["statuscode"] == (1 if value else 2)


def price(id, start="0001-01-01", end="0001-01-01", **differs):
    values = {
        "salesType": OF_GROUP,
        "salesCode": "RETAIL",
        "customerPriceGroupId": "g",
        "itemId": "i",
        "itemNumber": "1000",
        "unitOfMeasureId": "u",
        "currencyId": ZERO_GUID,
        "currencyCode": "",
        "variantCode": "",
        "minimumQuantity": 0,
        "unitPrice": 10,
        "startingDate": start,
        "endingDate": end,
    }
    return bc(id, **values | differs)


PLAIN = price("plain")


@pytest.mark.parametrize(
    ("rival", "winner"),
    [
        pytest.param(price("r", "2026-06-15"), "r", id="starts today"),
        pytest.param(price("r", "2026-06-16"), "plain", id="starts tomorrow"),
        pytest.param(price("r", "2026-01-01", "2026-06-15"), "r", id="ends today"),
        pytest.param(price("r", "2026-01-01", "2026-06-14"), "plain", id="ended yesterday"),
        pytest.param(price("r", "2026-01-01", variantCode="RED"), "plain", id="variant"),
        pytest.param(price("r", "2026-01-01", minimumQuantity=2), "plain", id="from two on"),
        pytest.param(price("r", minimumQuantity=1), "r", id="from one on, same start"),
        pytest.param(price("r", unitPrice=9), "r", id="same start, lower price"),
        pytest.param(price("r", "2026-01-01", customerPriceGroupId="h"), "plain", id="another list"),
        pytest.param(price("r", "2026-01-01", itemId="j"), "plain", id="another product"),
        pytest.param(price("r", "2026-01-01", unitOfMeasureId="v"), "plain", id="another unit"),
        pytest.param(price("r", "2026-01-01", salesType="Campaign"), "plain", id="a campaign"),
    ],
)
def test_the_price_of_a_line_is_elected_the_same_whoever_asks_H19(rival, winner):
    rule, facts = RULES["sales_prices"], seeing(rivals={"1000": [PLAIN, rival]})

    assert rule.elected(PLAIN, facts).id == winner
    if rule.identity(Side.SALES, rival, facts) == rule.identity(Side.SALES, PLAIN, facts):
        assert list(rule.shares(PLAIN, facts)) == ["r"]
        if rival.values["salesType"] == OF_GROUP:
            assert rule.elected(rival, facts).id == winner
            loser = rival if winner == "plain" else PLAIN
            assert rule.ignores(Side.BC, loser, facts).startswith("shadowed")


def list_line(id, start="0001-01-01", end="0001-01-01", **differs):
    values = {
        "priceType": "Sale",
        "amountType": "Price",
        "priceListId": "l",
        "priceListCode": "SUMMER",
        "lineNumber": 10000,
        "itemId": "i",
        "resourceId": ZERO_GUID,
        "assetNumber": "1000",
        "unitOfMeasureId": "u",
        "currencyId": ZERO_GUID,
        "currencyCode": "",
        "variantCode": "",
        "minimumQuantity": 0,
        "unitPrice": 10,
        "startingDate": start,
        "endingDate": end,
    }
    return bc(id, **values | differs)


PLAIN_LINE = list_line("plain")


@pytest.mark.parametrize(
    ("rival", "winner"),
    [
        pytest.param(list_line("r", "2026-06-15"), "r", id="starts today"),
        pytest.param(list_line("r", "2026-06-16"), "plain", id="starts tomorrow"),
        pytest.param(list_line("r", "2026-01-01", "2026-06-15"), "r", id="ends today"),
        pytest.param(list_line("r", "2026-01-01", "2026-06-14"), "plain", id="ended yesterday"),
        pytest.param(list_line("r", "2026-01-01", variantCode="RED"), "plain", id="variant"),
        pytest.param(list_line("r", "2026-01-01", minimumQuantity=1), "plain", id="from one on"),
        pytest.param(list_line("r", unitPrice=9), "r", id="same start, lower price"),
        pytest.param(list_line("r", "2026-01-01", priceListId="m"), "plain", id="another list"),
        pytest.param(list_line("r", "2026-01-01", itemId="j"), "plain", id="another item"),
        pytest.param(
            list_line("r", "2026-01-01", itemId=ZERO_GUID, resourceId="r"),
            "plain",
            id="a resource of that number",
        ),
        pytest.param(list_line("r", "2026-01-01", unitOfMeasureId="v"), "plain", id="another unit"),
        pytest.param(list_line("r", "2026-01-01", amountType="Discount"), "plain", id="a discount"),
        pytest.param(list_line("r", "2026-01-01", priceType="Purchase"), "plain", id="a purchase price"),
    ],
)
def test_the_line_of_an_extended_list_is_elected_the_same_whoever_asks_H19(rival, winner):
    rule, facts = RULES["price_list_lines"], seeing(rivals={"1000": [PLAIN_LINE, rival]})

    assert rule.elected(PLAIN_LINE, facts).id == winner
    if rule.identity(Side.SALES, rival, facts) == rule.identity(Side.SALES, PLAIN_LINE, facts):
        assert list(rule.shares(PLAIN_LINE, facts)) == ["r"]
        if (rival.values["priceType"], rival.values["amountType"]) == ("Sale", "Price"):
            assert rule.elected(rival, facts).id == winner
            loser = rival if winner == "plain" else PLAIN_LINE
            assert rule.ignores(Side.BC, loser, facts).startswith("shadowed")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(list_line("l"), None, id="valid"),
        pytest.param(list_line("l", end="2026-06-14"), "no valid price", id="over"),
        pytest.param(list_line("l", minimumQuantity=1), "no valid price", id="from one on only"),
        pytest.param(list_line("l", amountType="Discount"), None, id="a discount: outside the filter"),
    ],
)
def test_a_line_of_an_extended_list_is_held_when_none_is_valid_H19(line, reason):
    assert RULES["price_list_lines"].holds(Side.BC, line, seeing(rivals={"1000": [line]})) == reason


def test_the_first_line_gives_an_extended_list_its_currency_mappings_12():
    rule, head = (
        RULES["price_lists"],
        bc(code="SUMMER", currencyId="usd", currencyCode="USD", status="Active"),
    )

    [need] = rule.needs([head], FACTS)
    assert (need.column, need.values, need.first) == ("priceListCode", ("SUMMER",), ("lineNumber",))
    assert rule.adds(Side.BC, head, FACTS)["computedCurrencyId"] == ZERO_GUID
    first = list_line("f", currencyId="eur", currencyCode="EUR")
    assert rule.adds(Side.BC, head, seeing(prices={"summer": [first]}))["computedCurrencyId"] == "eur"


class Counted(dict):
    """Values of a record that count how often one is looked at."""

    looks = 0

    def get(self, key, default=None):
        Counted.looks += 1
        return super().get(key, default)


def looks_at(count, **differs):
    rule = RULES["sales_prices"]
    prices = [
        price(str(n), "2026-01-01", unitPrice=n, **{k: f(n) for k, f in differs.items()})
        for n in range(count)
    ]
    prices = [replace(p, values=Counted(p.values)) for p in prices]
    facts = seeing(rivals={"1000": prices})
    Counted.looks = 0
    for p in prices:
        list(rule.refers(p, facts))
        rule.ignores(Side.BC, p, facts)
        rule.holds(Side.BC, p, facts)
        if rule.elected(p, facts) is p:
            list(rule.shares(p, facts))
    return Counted.looks


@pytest.mark.parametrize(
    "differs",
    [
        pytest.param({}, id="all for one line"),
        pytest.param({"customerPriceGroupId": str}, id="each for a line of its own"),
    ],
)
def test_twice_the_prices_of_one_item_are_twice_the_work_and_not_four_times_H19(differs):
    assert looks_at(80, **differs) <= 2.2 * looks_at(40, **differs)


def test_without_a_valid_price_the_line_is_held_H19():
    over = price("over", end="2026-06-14")

    assert RULES["sales_prices"].holds(Side.BC, over, seeing(rivals={"1000": [over]})) == "no valid price"


def test_the_first_price_gives_a_list_its_currency_mappings_12():
    rule, group = RULES["customer_price_groups"], bc(code="RETAIL")
    early = price("e", currencyId="eur", currencyCode="EUR")

    # Just the first one is asked for, in the order of the table's key, of prices of groups only.
    [need] = rule.needs([group], FACTS)
    assert (need.column, need.values) == ("salesCode", ("RETAIL",))
    assert need.first[:2] == ("itemNumber", "startingDate") and dict(need.where) == {"salesType": OF_GROUP}
    assert rule.adds(Side.BC, group, FACTS) == {"computedCurrencyId": ZERO_GUID}
    found = rule.adds(Side.BC, group, seeing(prices={"retail": [early]}))
    assert found == {"computedCurrencyId": "eur"}
