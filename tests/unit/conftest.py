"""What the tests of `tandem` share."""

import pytest

from cli import __main__ as cli
from tests.unit.cli_server import Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(cli.time, "sleep", lambda seconds: None)
    return Server()
