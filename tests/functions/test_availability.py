"""`GET /api/availability`: its own switch, its own key, one request to Business Central (P34)."""

from __future__ import annotations

import json

import pytest

from tests.functions.callers import FakeApp, call
from tests.scenarios.builders import an_id
from tests.scenarios.products import a_synced_shop, add_item

KEY = {"x-api-key": "stock-key"}
PRODUCT = an_id("product")


@pytest.fixture(autouse=True)
def app(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    made = FakeApp()
    monkeypatch.setattr("functions.http_api.app", lambda: made)
    monkeypatch.setenv("AVAILABILITY", "on")
    monkeypatch.setenv("AVAILABILITY_KEY", "stock-key")
    monkeypatch.setenv("API_KEY_READ", "look-key")
    monkeypatch.setenv("API_KEY_ADMIN", "do-key")
    return made


def asked(headers: dict[str, str], product: str = PRODUCT) -> int:
    return call("api_availability", headers=headers, params={"product": product}).status_code


def test_it_answers_under_its_own_key_P34(app):
    assert asked(KEY) == 200
    assert app.api.calls == [("availability", (PRODUCT,), {})]


@pytest.mark.parametrize("key", ["", "look-key", "do-key", "stock-ke"])
def test_no_other_key_opens_it_P34(app, key):
    assert asked({"x-api-key": key}) == 401 and app.api.calls == []


def test_its_key_opens_nothing_else_P34(app):
    assert call("api_status", headers=KEY).status_code == 401


@pytest.mark.parametrize("switch", ["off", "", "yes"])
def test_it_is_switched_on_separately_P34(app, monkeypatch, switch):
    monkeypatch.setenv("AVAILABILITY", switch)
    assert asked(KEY) == 404 and app.api.calls == []


@pytest.mark.parametrize("key", ["", "@Microsoft.KeyVault(SecretUri=x)"])
def test_without_a_key_nobody_is_let_in(app, monkeypatch, key):
    monkeypatch.setenv("AVAILABILITY_KEY", key)
    assert asked({"x-api-key": key}) == 401


@pytest.mark.parametrize("product", ["", "1000", f"{PRODUCT})/x", "' or 1 eq 1"])
def test_only_a_guid_is_asked_for(app, product):
    assert asked(KEY, product) == 400 and app.api.calls == []


@pytest.mark.parametrize(("stock", "said"), [(-3, 0), ("12.5", 12.5), (7, 7), (None, 0)])
def test_scenario_82_it_is_the_inventory_of_now_in_one_request_P34_S116(monkeypatch, stock, said):
    world = a_synced_shop()
    world.bc.compute("items", an_id("item 1000"), inventory=stock)
    monkeypatch.setattr("functions.http_api.app", lambda: world.app)
    before = world.bc.requests

    product = world.coupled("items")[an_id("item 1000")]
    told = json.loads(call("api_availability", headers=KEY, params={"product": product}).get_body())

    assert (told["item"], told["quantity"]) == ("1000", said)
    assert world.bc.requests == before + 1


def test_a_product_without_an_item_is_not_found(monkeypatch):
    world = a_synced_shop()
    add_item(world, "2000")
    monkeypatch.setattr("functions.http_api.app", lambda: world.app)

    service = world.coupled("resources")[an_id("resource R1")]
    for product in (service, an_id("nobody knows it")):
        assert asked(KEY, product) == 404
