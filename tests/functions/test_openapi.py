"""The OpenAPI document says what the API really answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.http_api import described
from functions.openapi import ABOUT
from sandbox.world import World
from tests.functions.callers import BY_NAME
from tests.scenarios.builders import a_company, a_coupled_customer, add_customer, an_id
from tests.scenarios.clinic import Clinic

DOCUMENT = described()
KINDS = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list, "null": type(None)}


def misfits(value: Any, schema: Any, at: str = "$") -> list[str]:
    """Return where a value is not as its schema says; properties that no schema names are wrong too."""
    if "$ref" in schema:
        return misfits(value, DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], at)
    if "anyOf" in schema:
        found = [misfits(value, s, at) for s in schema["anyOf"]]
        return [] if [] in found else found[0]
    kind = schema.get("type")
    if kind == "number":
        return [] if isinstance(value, int | float) else [f"{at}: {value!r} is no number"]
    if kind and not isinstance(value, KINDS[kind]):
        return [f"{at}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if kind == "array":
        return [p for n, v in enumerate(value) for p in misfits(v, schema.get("items", {}), f"{at}[{n}]")]
    if kind == "object":
        names = schema.get("properties", {})
        found = [f"{at}: {n} is missing" for n in schema.get("required", ()) if n not in value]
        for n, v in value.items():
            inner = names.get(n, schema.get("additionalProperties"))
            found += misfits(v, inner, f"{at}.{n}") if isinstance(inner, dict) else []
        return found
    return []


def answer_of(name: str) -> Any:
    operation = next(
        o for p in DOCUMENT["paths"].values() for o in p.values() if f"api_{o['operationId']}" == name
    )
    status = next(s for s in operation["responses"] if s.startswith("2"))
    return operation["responses"][status]["content"]["application/json"]["schema"]


def a_company_with_everything() -> tuple[World, dict[str, Any]]:
    world, customer, account = a_coupled_customer(phoneNumber="1")
    world.bc.edit("customers", customer, city="Bergen")
    world.tick("customers")
    world.bc.edit("customers", customer, phoneNumber="2")
    world.sales.edit("accounts", account, telephone1="3")
    add_customer(world, "W1", salespersonId=an_id("nobody"))
    world.full_sync()
    world.send("full-sync", b"{")
    run, _ = world.rehearse()
    return world, {"run": run["id"], "customer": customer}


def test_every_route_is_described_and_nothing_else():
    routes = {f.get_trigger().route: f for n, f in BY_NAME.items() if n.startswith("api_")}
    assert {f"/{route}" for route in routes} == set(DOCUMENT["paths"])
    described_ones = {f"api_{o['operationId']}" for p in DOCUMENT["paths"].values() for o in p.values()}
    assert described_ones == set(ABOUT) == {n for n in BY_NAME if n.startswith("api_")}
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("api_runs", lambda api, about: api.runs()),
        ("api_run", lambda api, about: api.run(about["run"])),
        ("api_plan", lambda api, about: api.plan(about["run"])),
        ("api_mappings", lambda api, about: api.mappings()),
        ("api_jobs", lambda api, about: api.jobs()),
        ("api_held", lambda api, about: api.held()),
        ("api_explain", lambda api, about: api.explain("customers", "bc", about["customer"])),
        ("api_history", lambda api, about: api.history("customers", "bc", about["customer"])),
        ("api_status", lambda api, about: api.status()),
        ("api_full_sync", lambda api, about: api.start_full_sync({})),
        ("api_retry", lambda api, about: api.on_record("customers", "bc", about["customer"], "retry")),
    ],
)
def test_answers_are_as_the_document_says(name, ask):
    world, about = a_company_with_everything()

    answer = ask(world.app.api, about)

    assert misfits(json.loads(json.dumps(answer)), answer_of(name)) == []
    assert answer.get("value", True), "an empty list would prove nothing"


@pytest.mark.parametrize("put", [lambda c: None, lambda c: c.sales.withdraw()])
def test_a_doctor_answers_as_the_document_says(put):
    clinic = Clinic()
    put(clinic)

    answer = json.loads(json.dumps(clinic.examine()))

    assert misfits(answer, answer_of("api_doctor")) == [] and answer["checks"]


def test_the_check_sees_what_is_wrong():
    assert misfits({"status": "fine"}, answer_of("api_health")) == ["$.status: 'fine' is none of ['ok']"]
    assert misfits({}, answer_of("api_health")) == ["$: status is missing"]


@pytest.mark.parametrize("name", ["api_full_sync", "api_sync", "api_match", "api_resume"])
def test_bodies_take_the_fields_that_the_document_names_and_no_others(name):
    api = a_company().app.api
    operation = next(
        o for p in DOCUMENT["paths"].values() for o in p.values() if f"api_{o['operationId']}" == name
    )
    named = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    call = {
        "api_full_sync": api.start_full_sync,
        "api_sync": lambda b: api.sync("customers", b),
        "api_match": lambda b: api.match("customers", b),
        "api_resume": lambda b: api.resume("run-1", b),
    }[name]
    with pytest.raises(Exception, match="unknown field 'colour'") as problem:
        call({"colour": "red"})
    known = str(problem.value).rpartition("known: ")[2]
    assert {n.strip() for n in known.split(",")} == set(named)
