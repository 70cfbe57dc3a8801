"""The decision tables: what happens to one field, and to one pair (design §4, R51, R52, H3, H6, H24)."""

from dataclasses import replace

import pytest

from shared.core.convert import Number, Option, Reference, Text
from shared.core.decide import Pair, decide
from shared.core.mapping import Creates, Direction, EntityMapping, FieldMap, OnConflict, OnDelete, Table
from shared.core.model import (
    Agreed,
    Couple,
    Coupling,
    CouplingState,
    Create,
    First,
    Hold,
    Ignore,
    Nothing,
    Record,
    Restore,
    Side,
    Uncouple,
    Unresolved,
    Update,
    Wait,
)

NAME = FieldMap(name="name", bc="name", sales="name", converter=Text(10, 20))
CREDIT = FieldMap(
    name="credit", bc="creditLimit", sales="creditlimit", converter=Number(2), direction=Direction.TO_SALES
)
OWNER = FieldMap(
    name="owner",
    bc="salespersonId",
    sales="_ownerid_value",
    converter=Reference("salespeople", nav="ownerid", entity_set="systemusers"),
    direction=Direction.TO_SALES,
)
TERMS = FieldMap(
    name="terms", bc="paymentTermsId", sales="paymenttermscode", converter=Option("payment_terms")
)
FRIEND = FieldMap(
    name="friend",
    bc="primaryContactId",
    sales="_primarycontactid_value",
    converter=Reference("contacts", nav="primarycontactid", entity_set="contacts", soft=True),
)
STATE = FieldMap(name="state", bc="blocked", sales="statecode", converter=Text(10, 10), state=True)


def a_mapping(*fields: FieldMap, **differs) -> EntityMapping:
    given = {
        "name": "customers",
        "title": "Customers",
        "bc": Table(name="customers"),
        "sales": Table(name="accounts", key="accountid"),
        "direction": Direction.BOTH,
        "fields": fields or (NAME,),
        "depends_on": ("salespeople",),
    }
    return EntityMapping(**(given | differs))


def a_record(side: Side, id: str = "1") -> Record:
    return Record(side=side, id=id, version="1", values={})


def a_pair(bc_shows, sales_shows, baseline=None, **differs) -> Pair:
    given = {
        "source": Side.BC,
        "bc": a_record(Side.BC, "c1"),
        "sales": a_record(Side.SALES, "a1"),
        "bc_fields": bc_shows,
        "sales_fields": sales_shows,
        "coupling": Coupling(
            mapping="customers",
            bc_id="c1",
            sales_id="a1",
            baseline={k: Agreed(bc=v[0], sales=v[1]) for k, v in (baseline or {}).items()},
        ),
    }
    return Pair(**(given | differs))


WAS, BC, DV = "Adatum", "Adatum BC", "Adatum DV"


@pytest.mark.parametrize(
    ("bc", "sales", "to_sales", "to_bc"),
    [
        pytest.param(WAS, WAS, None, None, id="nobody changed it"),
        pytest.param(BC, WAS, BC, None, id="changed in BC"),
        pytest.param(WAS, DV, None, DV, id="changed in Sales"),
        pytest.param(None, WAS, "blank", None, id="blanked in BC"),
        pytest.param(BC, BC, None, None, id="changed to the same on both"),
    ],
)
def test_one_field_in_both_directions(bc, sales, to_sales, to_bc):
    decision = decide(a_mapping(), a_pair({"name": bc}, {"name": sales}, {"name": (WAS, WAS)}))

    writes = decision.writes if isinstance(decision, Update) else {}
    assert writes.get(Side.SALES, {}).get("name", "nothing") == (
        "nothing" if to_sales is None else None if to_sales == "blank" else to_sales
    )
    assert writes.get(Side.BC, {}).get("name") == to_bc


@pytest.mark.parametrize(
    ("policy", "winner"),
    [(OnConflict.BC_WINS, {Side.SALES: {"name": BC}}), (OnConflict.SALES_WINS, {Side.BC: {"name": DV}})],
)
def test_a_conflict_is_settled_by_the_policy_of_the_mapping_R53(policy, winner):
    decision = decide(a_mapping(on_conflict=policy), a_pair({"name": BC}, {"name": DV}, {"name": (WAS, WAS)}))

    assert isinstance(decision, Update) and decision.writes == winner and not decision.problems


def test_a_conflict_is_asked_about_and_the_rest_of_the_record_travels_H25():
    other = FieldMap(name="city", bc="city", sales="address1_city", converter=Text(30, 80))
    decision = decide(
        a_mapping(NAME, other),
        a_pair(
            {"name": BC, "city": "Rome"},
            {"name": DV, "city": "Paris"},
            {"name": (WAS, WAS), "city": ("Paris", "Paris")},
        ),
    )

    assert isinstance(decision, Update)
    assert [(p.field, p.conflict, p.bc, p.sales) for p in decision.problems] == [("name", True, BC, DV)]
    assert decision.writes == {Side.SALES: {"city": "Rome"}}
    assert decision.baseline["name"] == Agreed(bc=WAS, sales=WAS)


def test_different_fields_changed_on_the_two_sides_both_travel():
    other = FieldMap(name="city", bc="city", sales="address1_city", converter=Text(30, 80))
    decision = decide(
        a_mapping(NAME, other),
        a_pair(
            {"name": BC, "city": "Rome"},
            {"name": WAS, "city": "Oslo"},
            {"name": (WAS, WAS), "city": ("Rome", "Rome")},
        ),
    )

    assert isinstance(decision, Update)
    assert decision.writes == {Side.SALES: {"name": BC}, Side.BC: {"city": "Oslo"}}


@pytest.mark.parametrize(
    ("bc", "sales", "base", "written"),
    [
        pytest.param("5", "5", ("5", "5"), None, id="owner and target as agreed"),
        pytest.param("7", "5", ("5", "5"), "7", id="owner moved"),
        pytest.param("5", "6", ("5", "5"), "5", id="target was overwritten by somebody"),
        pytest.param(
            "5.005", "5.01", ("5.005", "5.01"), None, id="target rounds, as it did when they agreed"
        ),
    ],
)
@pytest.mark.peer("engine-decision-043")
def test_a_one_way_field_belongs_to_its_owner_H23(bc, sales, base, written):
    from decimal import Decimal

    decision = decide(
        a_mapping(CREDIT),
        a_pair(
            {"credit": Decimal(bc)},
            {"credit": Decimal(sales)},
            {"credit": (Decimal(base[0]), Decimal(base[1]))},
        ),
    )

    writes = decision.writes if isinstance(decision, Update) else {}
    assert writes.get(Side.SALES, {}).get("credit") == (Decimal(written) if written else None)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (First.BC, {Side.SALES: {"name": BC}}),
        (First.SALES, {Side.BC: {"name": DV}}),
        (First.COMPARE, {}),
    ],
)
def test_a_coupling_without_baseline_follows_who_is_right_first(first, expected):
    pair = a_pair({"name": BC}, {"name": DV})
    pair = replace(pair, coupling=replace(pair.coupling, first=first))

    decision = decide(a_mapping(), pair)

    assert isinstance(decision, Update) and decision.writes == expected
    assert bool(decision.problems) is (first is First.COMPARE)


def test_a_text_too_long_for_the_other_side_is_held_and_the_baseline_stays_H3():
    decision = decide(
        a_mapping(), a_pair({"name": WAS}, {"name": "Adatum Corporation"}, {"name": (WAS, WAS)})
    )

    assert isinstance(decision, Update) and not decision.writes
    assert decision.problems[0].reason == "name is 18 characters; Business Central takes 10"
    assert decision.baseline["name"] == Agreed(bc=WAS, sales=WAS)


def test_a_longer_text_whose_beginning_is_the_same_is_equal_H3():
    decision = decide(a_mapping(), a_pair({"name": "Adatum Cor"}, {"name": "Adatum Corporation"}))

    assert isinstance(decision, Nothing)


def test_an_option_without_counterpart_writes_null_to_sales_and_is_counted_P18_H6():
    pair = a_pair({"terms": Unresolved("x")}, {"terms": "t1"}, {"terms": ("t1", "t1")})

    decision = decide(a_mapping(TERMS), pair)

    assert isinstance(decision, Update)
    assert decision.writes == {Side.SALES: {"terms": None}} and decision.unresolved == ("terms",)


def test_an_option_that_bc_does_not_know_writes_nothing_to_bc_H6():
    pair = a_pair({"terms": "t1"}, {"terms": Unresolved("9")}, {"terms": ("t1", "t1")})

    decision = decide(a_mapping(TERMS), pair)

    assert isinstance(decision, Nothing) and decision.unresolved == ("terms",)


def test_a_code_without_option_against_a_blank_option_is_no_conflict_P18():
    decision = decide(a_mapping(TERMS), a_pair({"terms": Unresolved("x")}, {"terms": None}))

    assert isinstance(decision, Nothing)


def test_a_hard_reference_that_is_not_coupled_makes_the_record_wait_P20():
    pair = a_pair({"owner": Unresolved("s1")}, {}, coupling=None, sales=None, may_create=True)

    decision = decide(a_mapping(OWNER), pair)

    assert isinstance(decision, Wait) and (decision.mapping, decision.id) == ("salespeople", "s1")


def test_a_soft_reference_that_is_not_coupled_is_left_out_H20():
    pair = a_pair({"friend": Unresolved("k1")}, {}, coupling=None, sales=None, may_create=True)

    decision = decide(a_mapping(FRIEND), pair)

    assert isinstance(decision, Create) and decision.late == ("friend",) and decision.values == {}


def test_a_coupled_record_outside_the_filter_is_ignored_with_its_baseline_kept_H24():
    pair = a_pair({"name": BC}, {"name": WAS}, {"name": (WAS, WAS)}, outside={Side.BC: "blocked"})

    assert decide(a_mapping(), pair) == Ignore(reason="outside filter: blocked")


def test_a_state_field_still_travels_outside_the_filter_H24():
    pair = a_pair(
        {"name": BC, "state": "All"},
        {"name": WAS, "state": "x"},
        {"name": (WAS, WAS), "state": ("x", "x")},
        outside={Side.BC: "blocked"},
    )

    decision = decide(a_mapping(NAME, STATE), pair)

    assert isinstance(decision, Update) and decision.writes == {Side.SALES: {"state": "All"}}


@pytest.mark.parametrize(
    ("policy", "kind"), [(OnDelete.HOLD, Hold), (OnDelete.RESTORE, Restore), (OnDelete.UNCOUPLE, Uncouple)]
)
def test_a_deleted_counterpart_never_deletes_the_survivor_R60(policy, kind):
    pair = a_pair({"name": WAS}, {}, {"name": (WAS, WAS)}, sales=None)

    assert isinstance(decide(a_mapping(on_delete=policy), pair), kind)


@pytest.mark.parametrize(("source", "kind"), [(Side.BC, Restore), (Side.SALES, Hold)])
def test_asking_for_the_counterpart_of_a_record_never_brings_the_record_itself_back_P36(source, kind):
    pair = replace(a_pair({"name": WAS}, {}, {"name": (WAS, WAS)}, sales=None), source=source, asked=True)

    assert isinstance(decide(a_mapping(on_delete=OnDelete.HOLD), pair), kind)


INTRODUCTIONS = [
    pytest.param({"may_create": True}, {}, Create, id="a full synchronization creates"),
    pytest.param({}, {}, Ignore, id="an incremental one touches only coupled records"),
    pytest.param({}, {"creates": Creates.ALWAYS}, Create, id="unless the mapping says always"),
    pytest.param({"may_create": True}, {"creates": Creates.NEVER}, Ignore, id="or never"),
    pytest.param({"may_create": True, "outside": {Side.BC: "blocked"}}, {}, Ignore, id="outside the filter"),
    pytest.param({"may_create": True, "orphan": True}, {}, Hold, id="an orphan is held (H1)"),
    pytest.param({"matches": ["a9"]}, {}, Couple, id="exactly one match couples (H18)"),
    pytest.param(
        {"matches": ["a8", "a9"], "may_create": True}, {}, Hold, id="several matches are held (H18)"
    ),
    pytest.param({"matches": [], "may_create": True}, {}, Create, id="no match creates"),
    pytest.param({"hold": "no ISO code", "may_create": True}, {}, Hold, id="a rule holds it (H21)"),
]


@pytest.mark.parametrize(("pair", "mapping", "kind"), INTRODUCTIONS)
def test_a_record_that_is_not_coupled(pair, mapping, kind):
    given = a_pair({"name": WAS}, {}, coupling=None, sales=None, **pair)

    assert isinstance(decide(a_mapping(**mapping), given), kind)


def test_a_record_uncoupled_by_a_person_is_left_alone_H8():
    pair = a_pair({"name": WAS}, {}, sales=None, may_create=True)
    pair = replace(pair, coupling=replace(pair.coupling, state=CouplingState.UNCOUPLED))

    assert decide(a_mapping(), pair) == Ignore(reason="uncoupled by a person")


def test_a_required_field_that_is_blank_holds_the_creation():
    required = replace(NAME, required=True)
    pair = a_pair({"name": None}, {}, coupling=None, sales=None, may_create=True)

    decision = decide(a_mapping(required), pair)

    assert decision == Hold(reason="name is blank, and the other side needs it")
