"""Who may import whom (design §3), read from the syntax trees."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = set(sys.stdlib_module_names)
#: package → what its modules may import besides the standard library
ALLOWED = {
    "shared/core": {"shared.core"},
    "shared/mappings": {"shared.core", "shared.mappings"},
    "shared/rules": {"shared.core", "shared.rules", "shared.ports"},
    "shared/ports": {"shared.core", "shared.ports"},
    "shared/trace.py": set(),
    "shared/signal_names.py": set(),
    "shared/signals.py": {"shared.signal_names"},
    "shared/state": {"shared.core", "shared.ports", "shared.state"},
    "shared/engine": {
        "shared.core",
        "shared.ports",
        "shared.rules",
        "shared.signals",
        "shared.signal_names",
        "shared.engine",
    },
    "shared/adapters": {
        "shared.core",
        "shared.ports",
        "shared.signals",
        "shared.signal_names",
        "shared.trace",
        "shared.adapters",
        "httpx",
        "azure",
        "opentelemetry",
        "msal",
        "cryptography",
        "yaml",
    },
    "shared/telemetry.py": {
        "shared.adapters.signals",
        "shared.signals",
        "shared.signal_names",
        "azure",
        "opentelemetry",
    },
    "functions": {"shared", "functions", "azure"},
    # A thin client of the HTTP API; only `doctor --fix` goes elsewhere, with an administrator's account.
    "cli": {
        "cli",
        "httpx",
        "rich",
        "shared.adapters.doctor_fix",
        "shared.adapters.doctor_fix_azure",
        "shared.core.errors",
        "shared.wiring_doctor",
    },
}
SIMULATORS = ("sandbox/business_central", "sandbox/dataverse", "sandbox/entra", "sandbox/simkit")


def modules(folder: str) -> list[Path]:
    path = ROOT / folder
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names


CASES = [
    pytest.param(path, allowed, id=str(path.relative_to(ROOT)))
    for folder, allowed in ALLOWED.items()
    for path in modules(folder)
]


@pytest.mark.parametrize(("path", "allowed"), CASES)
def test_a_module_imports_only_what_its_place_in_the_house_allows(path: Path, allowed: set[str]):
    foreign = {
        name
        for name in imports(path)
        if name.split(".")[0] not in STDLIB
        and not any(name == a or name.startswith(a + ".") for a in allowed)
    }
    assert foreign == set()


@pytest.mark.parametrize(
    "path", [p for f in SIMULATORS for p in modules(f)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_simulator_never_imports_the_product(path: Path):
    assert not {n for n in imports(path) if n.split(".")[0] in ("shared", "functions", "cli", "function_app")}


def test_the_core_never_reads_a_clock_or_writes_a_log():
    for folder in ("shared/core", "shared/mappings", "shared/rules"):
        for path in modules(folder):
            text = path.read_text()
            assert not any(w in text for w in ("datetime.now", "utcnow", "time.time", "import logging")), path


def test_sandbox_and_tests_are_never_shipped():
    ignored = (ROOT / ".funcignore").read_text().split()
    assert {"sandbox/", "tests/", "cli/", "infra/", "docs/"} <= set(ignored)
