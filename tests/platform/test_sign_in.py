"""The sandbox signed in without a secret, its Functions host and all (P32)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.demo import Demo
from sandbox.demo_data import GeneratedCompany
from sandbox.up import Sandbox


@pytest.fixture(params=["certificate", "identity"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), sign_in=request.param)
    company = GeneratedCompany(customers=5, items=3, seed=5)
    try:
        sandbox.start(company=company.name, base_currency=company.local_currency)
        sandbox.load(company)
        sandbox.start_functions()
        yield Demo(sandbox)
    finally:
        sandbox.stop()


def test_a_full_synchronization_runs_without_any_secret_P32(demo: Demo):
    assert "CLIENT_SECRET" not in demo.sandbox.host_settings

    demo.full_sync("first")

    assert demo.wait("first", at_most=90)["state"] == "finished"
    assert demo.compare().differences == []
