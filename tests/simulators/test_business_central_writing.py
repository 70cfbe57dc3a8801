"""What the Business Central simulator stores and refuses (business-central-api.md §3, §5, §6, §16)."""

from __future__ import annotations

import base64
import re
import uuid

import pytest

from sandbox.business_central.errors import Refused
from sandbox.simkit import INTEGRATION, PEOPLE
from tests.simulators.business_central_caller import ZERO, Caller, code_of, make_caller


@pytest.fixture
def bc() -> Caller:
    return make_caller()


def test_a_new_row_has_every_property_and_blank_values_instead_of_null(bc):
    row = bc.post("customers", {"name": "Adatum"})
    assert None not in row.values()
    assert row["blocked"] == "_x0020_"
    assert row["currencyId"] == ZERO and row["currencyCode"] == ""
    assert row["creditLimit"] == 0
    price = bc.sim.add(
        "salesPrices",
        {
            "itemId": bc.sim.add("items", {"number": "1000"}),
            "salesType": "All_x0020_Customers",
            "unitPrice": 2.5,
        },
    )
    assert bc.get(f"salesPrices({price})")["endingDate"] == "0001-01-01"


def test_a_code_is_trimmed_and_upper_cased(bc):
    assert bc.post("paymentTerms", {"code": "  1m(8d) "})["code"] == "1M(8D)"


def test_a_text_keeps_its_blanks_and_case(bc):
    assert bc.post("customers", {"name": " Adatum "})["name"] == " Adatum "


def test_a_text_that_is_too_long_is_refused(bc):
    error = bc.post("customers", {"name": "x" * 101}, status=400)
    assert code_of(error) == "Application_StringExceededLength"
    assert bc.rows("customers") == []
    assert len(bc.post("customers", {"name": "x" * 100})["name"]) == 100


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"nmae": "x"}, "BadRequest", id="unknown property"),
        pytest.param({"name": None}, "BadRequest", id="null"),
        pytest.param({"name": 5}, "BadRequest", id="number for text"),
        pytest.param({"creditLimit": "5"}, "BadRequest", id="text for number"),
        pytest.param({"blocked": "Sometimes"}, "Unknown", id="unknown enum member"),
        pytest.param({"blocked": " "}, "Unknown", id="caption instead of wire form"),
        pytest.param({"currencyCode": "USD"}, "BadRequest_InvalidOperation", id="read-only twin"),
        pytest.param({"systemRowVersion": 1}, "BadRequest_InvalidOperation", id="system column"),
        pytest.param({"currencyId": str(uuid.uuid4())}, "Internal_RecordNotFound", id="unknown related id"),
        pytest.param({"currencyId": "USD"}, "BadRequest", id="no guid"),
    ],
)
def test_a_wrong_body_is_refused_and_nothing_is_stored(bc, body, code):
    error = bc.post("customers", {"name": "Adatum"} | body, status=400)
    assert code_of(error) == code
    assert bc.rows("customers") == [] and bc.rows("contacts") == []


def test_the_message_of_an_error_carries_a_correlation_id(bc):
    error = bc.post("customers", {"nmae": "x"}, status=400)
    assert re.search(r"  CorrelationId:  [0-9a-f-]{36}\.$", error["error"]["message"])


def test_a_client_chooses_the_id_and_the_same_id_is_refused_the_second_time(bc):
    chosen = str(uuid.uuid4())
    assert bc.post("customers", {"id": chosen.upper(), "name": "Adatum"})["id"] == chosen
    error = bc.post("customers", {"id": chosen, "name": "Again"}, status=400)
    assert code_of(error) == "Internal_EntityWithSameKeyExists"
    assert len(bc.rows("customers")) == 1


def test_a_duplicate_key_is_400_or_by_switch_409(bc):
    bc.post("paymentTerms", {"code": "COD"})
    assert code_of(bc.post("paymentTerms", {"code": "cod"}, status=400)) == "Internal_EntityWithSameKeyExists"
    bc.settings(duplicate_status=409)
    bc.post("paymentTerms", {"code": "COD"}, status=409)


def test_a_code_must_not_be_blank(bc):
    assert code_of(bc.post("currencies", {"code": " "}, status=400)) == "BadRequest_RequiredParamNotProvided"


def test_a_missing_or_malformed_tag_is_400_a_stale_one_409_and_a_star_passes(bc):
    row = bc.post("customers", {"name": "Adatum"})
    path = f"customers({row['id']})"
    assert code_of(bc.patch(path, {"name": "B"}, status=400, tag=None)) == "BadRequest_InvalidToken"
    assert code_of(bc.patch(path, {"name": "B"}, status=400, tag="W/x")) == "BadRequest_InvalidToken"
    fresh = bc.patch(path, {"name": "B"}, tag=row["@odata.etag"])
    assert (
        code_of(bc.patch(path, {"name": "C"}, status=409, tag=row["@odata.etag"])) == "Request_EntityChanged"
    )
    assert bc.get(path)["name"] == "B"
    bc.patch(path, {"name": "C"}, tag=fresh["@odata.etag"])
    assert bc.patch(path, {"name": "D"}, tag="*")["name"] == "D"


def test_a_tag_has_the_form_of_the_current_server(bc):
    tag = bc.post("customers", {"name": "Adatum"})["@odata.etag"]
    text = base64.b64decode(re.fullmatch(r'W/"(.+)"', tag)[1]).decode()
    length, number = re.fullmatch(r"'(\d+);(\d+)1;00;'", text).groups()
    assert len(number) == int(length)


def test_delete_needs_no_tag_unless_the_switch_says_so(bc):
    first, second = (bc.post("paymentTerms", {"code": code})["id"] for code in ("A", "B"))
    assert bc.http.delete(bc.url(f"paymentTerms({first})")).status_code == 204
    bc.settings(strict_delete=True)
    assert bc.http.delete(bc.url(f"paymentTerms({second})")).status_code == 400


def test_a_write_of_the_same_values_moves_nothing(bc):
    row = bc.post("customers", {"name": "Adatum", "creditLimit": 10})
    bc.clock.advance(60)
    assert bc.patch(f"customers({row['id']})", {"name": "Adatum", "creditLimit": 10.0}) == row
    assert bc.sim.log.entries()[-1].rows_written == 0


def test_a_real_change_moves_tag_version_time_and_user(bc):
    row = bc.post("customers", {"name": "Adatum"})
    assert row["createdBy"] == row["lastModifiedBy"] == INTEGRATION.user_id
    bc.clock.advance(1.234)
    bc.sim.edit("customers", row["id"], name="B")
    after = bc.get(f"customers({row['id']})")
    assert after["systemRowVersion"] > row["systemRowVersion"]
    assert after["@odata.etag"] != row["@odata.etag"]
    assert after["lastModifiedDateTime"] == "2026-01-22T12:00:01.233Z"  # 1/300 s
    assert (after["createdBy"], after["lastModifiedBy"]) == (INTEGRATION.user_id, PEOPLE.user_id)


def test_numbers_are_rounded_to_what_the_field_shows(bc):
    assert bc.post("customers", {"name": "A", "creditLimit": 1000.1234567})["creditLimit"] == 1000.12346
    assert bc.post("customers", {"name": "B", "creditLimit": 1000.0})["creditLimit"] == 1000


def test_a_relation_is_written_by_id_shows_its_code_and_zero_clears_it(bc):
    terms = bc.post("paymentTerms", {"code": "COD"})
    row = bc.post("customers", {"name": "A", "paymentTermsId": terms["id"]})
    assert row["paymentTermsCode"] == "COD"
    cleared = bc.patch(f"customers({row['id']})", {"paymentTermsId": ZERO})
    assert (cleared["paymentTermsId"], cleared["paymentTermsCode"]) == (ZERO, "")


def test_renaming_a_code_changes_the_twin_and_no_id_and_nobody_modified_the_row(bc):
    terms = bc.post("paymentTerms", {"code": "COD"})
    row = bc.post("customers", {"name": "A", "paymentTermsId": terms["id"]})
    bc.clock.advance(60)
    bc.patch(f"paymentTerms({terms['id']})", {"code": "CASH"})
    after = bc.get(f"customers({row['id']})")
    assert (after["paymentTermsId"], after["paymentTermsCode"]) == (terms["id"], "CASH")
    assert after["systemRowVersion"] > row["systemRowVersion"]
    assert after["lastModifiedDateTime"] == row["lastModifiedDateTime"]


def test_deleting_a_code_leaves_it_dangling_with_no_id(bc):
    terms = bc.post("paymentTerms", {"code": "COD"})
    row = bc.post("customers", {"name": "A", "paymentTermsId": terms["id"]})
    bc.remove(f"paymentTerms({terms['id']})")
    after = bc.get(f"customers({row['id']})")
    assert (after["paymentTermsId"], after["paymentTermsCode"]) == (ZERO, "COD")


def test_a_person_in_the_client_may_name_a_code_and_an_unknown_one_is_refused(bc):
    bc.sim.add("salespeople", {"code": "OF"})
    row = bc.sim.get("customers", bc.sim.add("customers", {"name": "A", "salespersonCode": "of"}))
    assert row["salespersonId"] != ZERO
    with pytest.raises(Refused) as refused:
        bc.sim.add("customers", {"name": "B", "salespersonCode": "XX"})
    assert refused.value.code == "Internal_InvalidTableRelation"


@pytest.mark.peer("rules-contact-002")
def test_a_number_is_drawn_from_the_series_or_may_not_be_given(bc):
    first, second = (bc.post("customers", {"name": name})["number"] for name in "AB")
    assert first < second
    assert bc.post("customers", {"name": "C", "number": "k1"})["number"] == "K1"
    bc.settings(manual_numbers=False)
    assert (
        code_of(bc.post("customers", {"name": "D", "number": "K2"}, status=400))
        == "Application_DialogException"
    )


def test_an_unknown_id_is_404_and_patch_does_not_create(bc):
    nowhere = f"customers({uuid.uuid4()})"
    for response in (
        bc.http.get(bc.url(nowhere)),
        bc.http.patch(bc.url(nowhere), json={"name": "x"}, headers={"If-Match": "*"}),
        bc.http.delete(bc.url(nowhere)),
    ):
        assert response.status_code == 404 and code_of(response.json()) == "Internal_RecordNotFound"
    assert bc.rows("customers") == []


def test_a_deletion_leaves_a_tombstone(bc):
    row = bc.post("paymentTerms", {"code": "COD"})
    bc.sim.delete("paymentTerms", row["id"])
    [grave] = bc.rows("tombstones", filter="entitySet eq 'paymentTerms' and entryNumber gt 0")
    assert (grave["deletedId"], grave["primaryKey"], grave["tableNumber"]) == (row["id"], "COD", 3)
    assert grave["deletedBy"] == PEOPLE.user_id
    assert bc.rows("tombstones", filter=f"entryNumber gt {grave['entryNumber']}") == []


def test_posted_documents_and_made_up_sets_are_read_only(bc):
    for name in ("postedSalesInvoices", "tombstones", "syncState", "whoAmI", "itemLedgerEntries"):
        assert code_of(bc.post(name, {}, status=405)) == "BadRequest_MethodNotAllowed"


def test_an_order_and_its_lines_are_created_in_one_request_or_not_at_all(bc):
    item = bc.sim.add("items", {"number": "1000", "description": "Bicycle"})
    customer = bc.post("customers", {"name": "A"})["id"]
    lines = [{"itemId": item, "quantity": 2}, {"description": "a comment"}]
    order = bc.post("salesOrders?$expand=salesOrderLines", {"customerId": customer, "salesOrderLines": lines})
    first, second = order["salesOrderLines"]
    assert (first["lineNumber"], first["type"], first["number"]) == (10000, "Item", "1000")
    assert second["lineNumber"] == 20000 and second["documentId"] == order["id"]
    error = bc.post(
        "salesOrders",
        {"customerId": customer, "salesOrderLines": [{"itemId": str(uuid.uuid4())}]},
        status=400,
    )
    assert code_of(error) == "Internal_RecordNotFound"
    assert len(bc.rows("salesOrders")) == 1 and len(bc.rows("salesOrderLines")) == 2
    third = bc.post(f"salesOrders({order['id']})/salesOrderLines", {"itemId": item})
    assert third["lineNumber"] == 30000
    assert len(bc.rows(f"salesOrders({order['id']})/salesOrderLines")) == 3


def test_prefer_return_no_content_answers_204(bc):
    assert (
        bc.post("paymentTerms", {"code": "COD"}, status=204, headers={"Prefer": "return-no-content"}) is None
    )
    assert len(bc.rows("paymentTerms")) == 1


def test_a_body_that_is_not_json_is_refused(bc):
    url = bc.url("paymentTerms")
    assert bc.http.post(url, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert bc.http.post(url, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert bc.http.post(url, json=[]).status_code == 400


# --- templates (mappings.md §4; codeunits "Customer Templ. Mgt.", "Item Templ. Mgt.") --------------


def test_a_template_numbers_a_new_row_and_fills_what_is_blank_with_ids_and_codes(bc):
    bc.sim.add("paymentTerms", {"code": "14 DAYS"})
    row = {"code": "EXPORT", "numberSeries": "X", "locationCode": "RED", "paymentTermsCode": "14 DAYS"}
    bc.sim.load("customerTemplates", [row | {"countryRegionCode": "DE"}])

    made = bc.post("customers", {"name": "Adatum", "countryRegionCode": "GB", "templateCode": "export"})

    assert made["number"].startswith("X") and made["templateCode"] == ""
    assert (made["locationCode"], made["countryRegionCode"]) == ("RED", "GB")
    assert made["paymentTermsCode"] == "14 DAYS" and made["paymentTermsId"] != ZERO
    own = bc.post("customers", {"number": "MINE", "name": "B", "templateCode": "EXPORT"})
    assert own["number"] == "MINE"


def test_a_template_that_is_not_there_makes_no_row_and_none_is_given_to_a_row_that_is_there(bc):
    error = bc.post("customers", {"name": "Adatum", "templateCode": "GONE"}, status=400)
    assert code_of(error) == "Internal_RecordNotFound" and bc.rows("customers") == []

    made = bc.post("customers", {"name": "Adatum"})
    bc.patch(f"customers({made['id']})", {"templateCode": "EXPORT"}, status=400)
    bc.post("customerTemplates", {"code": "NEW"}, status=405)
