"""What an administrator may change of the mappings, and what is refused, as a whole (P13)."""

from itertools import combinations
from pathlib import Path

import pytest

from sandbox.bc_columns import document
from shared.adapters.overrides import parse_overrides
from shared.core.convert import Number, Text
from shared.core.mapping import Blank, Creates, Direction, OnConflict, OnDelete
from shared.core.model import Side
from shared.core.overrides import InvalidOverrides, Overridden, override
from shared.mappings import ALL, BY_NAME
from shared.mappings import bc_columns as generated
from shared.settings import as_switched, unless_set

SWITCHED = [m.name for m in ALL if as_switched(m.switch, unless_set) == "off"]
COLUMNS = {Side.BC: generated.BC_COLUMNS}


def apply(text: str) -> Overridden:
    return override(BY_NAME, parse_overrides(text), columns=COLUMNS)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidOverrides) as refused:
        apply(text)
    return refused.value.problems


@pytest.mark.parametrize("text", ["", "{}", "customers: {}", "customers: {on_conflict: ask}"])
@pytest.mark.peer("setup-008")
def test_without_changes_the_defaults_are_in_force_P13(text):
    made = apply(text)
    assert tuple(made.mappings.values()) == ALL
    assert made.changed == {} and made.off == ()


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("on_conflict: bc_wins", "on_conflict", OnConflict.BC_WINS),
        ("on_delete: restore", "on_delete", OnDelete.RESTORE),
        ("create_missing: always", "creates", Creates.ALWAYS),
        ("create_missing: true", "creates", Creates.ALWAYS),
        ("create_missing: never", "creates", Creates.NEVER),
    ],
)
def test_policies_are_changed_per_mapping_P13(text, attribute, value):
    made = apply(f"customers: {{{text}}}")
    assert getattr(made.mappings["customers"], attribute) is value
    assert made.mappings["contacts"] == BY_NAME["contacts"]
    (told,) = made.changed["customers"]
    assert text.partition(":")[0] in told and "default" in told


def test_filters_are_changed_per_side_and_keep_the_reasons_of_known_conditions_P13():
    made = apply("customers: {filters: {sales: 'statecode = 0 and new_region = EU'}}").mappings["customers"]
    assert [w.reason for w in made.sales_filter] == ["the account is inactive", "new_region is not EU"]
    assert made.bc_filter == BY_NAME["customers"].bc_filter
    assert "new_region" in made.columns(Side.SALES)


def test_a_filter_may_be_taken_away_P13():
    assert apply("customers: {filters: {bc: ''}}").mappings["customers"].bc_filter == ()


def test_fields_are_switched_off_and_changed_P13():
    made = apply(
        "customers: {fields: {fax: off, email: {direction: to_sales, blank: keep}, name: {cut: true}}}"
    ).mappings["customers"]
    fields = {f.name: f for f in made.fields}
    assert "fax" not in fields
    assert (fields["email"].direction, fields["email"].blank) == (Direction.TO_SALES, Blank.KEEP)
    assert isinstance(fields["name"].converter, Text) and fields["name"].converter.cut


@pytest.mark.peer("setup-024")
def test_a_field_is_added_P13():
    made = apply(
        """
        customers:
          fields:
            mobile: {bc: mobilePhoneNumber, sales: new_mobile, type: text, length: [30, 40]}
            limit_2: {bc: creditLimit, sales: new_limit, type: number, decimals: 0, direction: to_sales}
        """
    )
    fields = {f.name: f for f in made.mappings["customers"].fields}
    assert fields["mobile"].converter == Text(30, 40) and fields["mobile"].direction is Direction.BOTH
    assert fields["limit_2"].converter == Number(0) and fields["limit_2"].direction is Direction.TO_SALES
    assert made.changed["customers"][0] == "field mobile: added, mobilePhoneNumber ↔ new_mobile, both"


def test_a_two_way_mapping_is_made_one_way_with_its_fields_P13():
    made = apply("contacts: {direction: to_sales}").mappings["contacts"]
    assert made.direction is Direction.TO_SALES
    assert all(f.direction is Direction.TO_SALES or f.state for f in made.fields)


def test_matching_fields_are_changed_by_name_P13():
    made = apply("customers: {match: [[email], [name, city]]}").mappings["customers"]
    assert [m.bc for m in made.match] == [("email",), ("name", "city")]


def test_templates_for_records_born_in_sales_are_named_with_their_conditions_H30_P13():
    made = apply("customers: {templates: [{code: export, when: 'new_region = EU'}, DOMESTIC]}")
    assert [t.code for t in made.mappings["customers"].templates] == ["EXPORT", "DOMESTIC"]
    assert "new_region" in made.mappings["customers"].columns(Side.SALES)
    assert made.changed["customers"] == ("templates: EXPORT when new_region = EU, DOMESTIC (default: none)",)


@pytest.mark.peer("setup-022")
def test_a_mapping_is_switched_off_and_soft_references_to_it_go_P13():
    made = apply("contacts: off\nopportunities: {fields: {contact: off}}")
    assert "contacts" not in made.mappings and made.off == ("contacts",)
    assert "primary_contact" not in {f.name for f in made.mappings["customers"].fields}


def test_a_mapping_that_others_need_goes_only_with_the_fields_that_need_it_P13():
    (problem,) = problems(
        "payment_terms: off\nsalespeople: off\ncustomers: {fields: {owner: off}}\ncontacts: off"
    )[:1]
    assert "field 'payment_terms' refers to 'payment_terms', which is off" in problem

    made = apply(
        "payment_terms: off\ncustomers: {fields: {payment_terms: off}}\n"
        "posted_sales_invoices: {fields: {payment_terms: off}}\nsales_orders: {fields: {payment_terms: off}}"
    )
    assert "payment_terms" not in made.mappings["customers"].depends_on


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7", "mappings by name are expected"),
        ("orders: off", "unknown mapping 'orders'; known: salespeople"),
        ("customers: 7", "'off', or what differs, is expected"),
        ("customers: {colour: red}", "unknown 'colour'; known: on_conflict"),
        ("customers: {schedule: '0 0 * * * *'}", "the schedule is the setting SCHEDULE_CUSTOMERS"),
        (
            "customers: {on_conflict: newest}",
            "on_conflict: 'newest' is unknown; known: ask, bc_wins, sales_wins",
        ),
        ("customers: {on_delete: delete}", "on_delete: 'delete' is unknown"),
        ("customers: {create_missing: often}", "create_missing: 'often' is unknown"),
        ("salespeople: {direction: both}", "its table is read-only for Tandem in"),
        ("currencies: {fields: {code: {direction: both}}}", "its table is read-only for Tandem in bc"),
        ("customers: {filters: {bc: 'blocked ='}}", "filter in bc: a value is expected at the end"),
        ("customers: {filters: {bc: 'bloked = blank'}}", "customers has no column 'bloked' in bc; known: id"),
        ("customers: {filters: {crm: 'a = 1'}}", "filters: unknown 'crm'"),
        ("customers: {filters: blocked}", "a filter is expected by side"),
        ("customers: {fields: {telephone: off}}", "unknown field 'telephone'; known: name"),
        ("customers: {fields: {telephone: {direction: both}}}", "unknown field 'telephone'"),
        ("customers: {fields: [fax]}", "what differs is expected by field"),
        ("customers: {fields: {name: off}}", "field 'name' is needed and cannot be off"),
        ("customers: {fields: {fax: {direction: sideways}}}", "direction: 'sideways' is unknown"),
        ("customers: {fields: {fax: {cut: yes please}}}", "cut: true or false is expected"),
        ("customers: {fields: {credit_limit: {cut: true}}}", "only a text can be cut"),
        (
            "customers: {fields: {x: {bc: wrong, sales: new_x, type: text, length: [1, 1]}}}",
            "no column 'wrong'",
        ),
        ("customers: {fields: {x: {bc: city, sales: new_x, type: gps}}}", "type must be one of text"),
        (
            "customers: {fields: {x: {bc: city, sales: new_x, type: text}}}",
            "length must be [in BC, in Sales]",
        ),
        ("customers: {fields: {x: {bc: city, type: date}}}", "a column of sales is expected, not 'None'"),
        (
            "customers: {fields: {x: {bc: city, sales: address1_city, type: text, length: [30, 80]}}}",
            "two fields",
        ),
        (
            "customers: {fields: {x: {bc: currencyCode, sales: new_x, type: code, length: [10, 10]}}}",
            "'currencyCode' is read-only in bc",
        ),
        ("customers: {depends_on: [contacts]}", "which is not in depends_on"),
        ("customers: {depends_on: [orders]}", "depends_on: unknown mapping 'orders'"),
        ("shipping_agents: {depends_on: [contacts]}", "dependencies run in a circle"),
        ("customers: {match: [[telephone]]}", "customers has no field 'telephone'"),
        ("customers: {match: name}", "a list of lists of fields is expected"),
        ("customers: {match: [[owner]]}", "cannot be looked up by 'owner'"),
        (
            "customers: {fields: {primary_contact: {uncoupled: empty}}}",
            "uncoupled: 'empty' is unknown; known: keep",
        ),
        ("customers: {fields: {owner: {uncoupled: clear}}}", "only a reference that may come later"),
        pytest.param(
            "customers: {fields: {primary_contact: {uncoupled: clear, required: true}}}",
            "required and 'uncoupled: clear' exclude each other",
            marks=pytest.mark.peer("setup-020"),
        ),
        ("contacts: {templates: [PERSON]}", "templates: Business Central has none for these records"),
        ("customers: {templates: DOMESTIC}", "templates: a list is expected"),
        ("customers: {templates: [7]}", "'code' must be a text of 1 to 20 characters, not '7'"),
        (f"customers: {{templates: [{'X' * 21}]}}", "'code' must be a text of 1 to 20 characters"),
        ("customers: {templates: [{code: A, if: x}]}", "templates: unknown 'if'; known: code, when"),
        ("customers: {templates: [{code: A, when: 'fax >'}]}", "templates: A: '=' or '!=' is expected"),
        ("customers: {templates: [A, B]}", "nothing comes after A, which fits every record"),
        ("\n".join(f"{m.name}: off" for m in ALL), "every mapping is off"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason_P13(text, said):
    assert any(said in problem for problem in problems(text)), problems(text)


def test_a_wrong_override_is_refused_as_a_whole_with_every_problem_P13():
    found = problems(
        """
        orders: off
        customers:
          on_conflict: newest
          filters: {bc: "blocked or x"}
          fields: {telephone: off}
        currencies: {fields: {code: {direction: both}}}
        shipping_agents: {depends_on: [contacts]}
        """
    )
    assert len(found) == 6, found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customers: {", "not YAML in line 1"),
        ("customers: {on_conflict: ask, on_conflict: bc_wins}", "'on_conflict' is there twice"),
        ("a: 1\na: 2", "'a' is there twice"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_a_text_that_is_no_plain_yaml_says_where_P13(text, said):
    with pytest.raises(ValueError) as problem:
        parse_overrides(text)
    assert said in str(problem.value)


def test_the_columns_of_business_central_are_those_of_the_contract():
    assert document() == Path(generated.__file__).read_text(), "run `make docs`"


@pytest.mark.parametrize("off", [off for n in range(6) for off in combinations(SWITCHED, n)], ids="+".join)
def test_whatever_is_switched_on_the_rest_is_valid_without_it_P13(off):
    made = override(BY_NAME, None, switched_off=off)

    assert set(off) <= set(made.off) and made.mappings.keys() == BY_NAME.keys() - set(made.off)
