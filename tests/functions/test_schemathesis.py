"""Schemathesis calls every route in every way that the OpenAPI document allows and forbids."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import unsupported_method

from functions.http_api import described
from sandbox.world import World
from tests.functions.served import served
from tests.scenarios.builders import a_coupled_customer

KEY = "the admin's key"
CONFIG = SchemathesisConfig(
    seed=7,
    projects=ProjectsConfig(
        default=ProjectConfig(
            generation=GenerationConfig(deterministic=True, max_examples=6, with_security_parameters=False)
        )
    ),
)
DOCUMENT = schemathesis.openapi.from_dict(json.loads(json.dumps(described())), config=CONFIG)


DOCUMENT.app = served()


@pytest.fixture(scope="module")
def world() -> World:
    return a_coupled_customer(phoneNumber="1")[0]


@pytest.fixture
def api(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.http_api.app", lambda: world.app)
    monkeypatch.setenv("API_KEY_ADMIN", KEY)


@DOCUMENT.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_schemathesis_finds_nothing(case, api):
    # The host knows a route by its method too, and answers any other with 404 (azure-platform.md 1.27).
    case.call_and_validate(headers={"x-api-key": KEY}, excluded_checks=[unsupported_method])
