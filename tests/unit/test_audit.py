"""`make check` says that packages are free of known vulnerabilities only when somebody was asked (decision 8)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infra import audit
from infra.audit import Audit, main, problems

ROOT = Path(__file__).parents[2]
LEAK = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-1"],
    "affected": [
        {
            "package": {"name": "leaky", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.3"}]}],
        }
    ],
}


class Service(BaseHTTPRequestHandler):
    """A vulnerability service in the form of OSV that knows of one."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"vulns": [LEAK]} if asked["package"]["name"] == "leaky" else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def asking(tmp_path):
    """Return arguments that look at two packages in a folder."""
    for name in ("leaky", "sound"):
        info = tmp_path / "site" / f"{name}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    return [
        "--path",
        str(tmp_path / "site"),
        "--cache-dir",
        str(tmp_path / "cache"),
        "-s",
        "osv",
        "--osv-url",
    ]


def test_a_known_vulnerability_fails_with_its_id_and_the_version_that_mends_it(service, asking, capsys):
    assert main([*asking, service]) == audit.BAD

    said = capsys.readouterr().out
    assert "leaky 1.2: PYSEC-2099-1, mended in 1.3" in said and "audited 2 packages: 1 problems" in said


def test_a_vulnerability_that_is_explained_passes_by_any_of_its_names(service, asking, capsys, monkeypatch):
    monkeypatch.setattr(audit, "EXPLAINED", {"CVE-2099-1": "is not reached"})

    assert main([*asking, service]) == audit.WELL
    assert "audited 2 packages: 0 problems" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "code"), [([], audit.WELL), (["--required"], audit.NOT_ASKED)])
def test_a_service_that_cannot_be_asked_is_told_and_fails_only_a_release(asking, capsys, required, code):
    assert main([*required, *asking, "http://127.0.0.1:9"]) == code

    said = capsys.readouterr().out
    assert "NOT AUDITED" in said and "audited 2" not in said


def test_a_fault_of_the_check_itself_is_not_taken_for_a_silent_service(capsys):
    assert main(["--no-such-option"]) == audit.BAD
    assert "unrecognized arguments: --no-such-option" in capsys.readouterr().out


SOUND = Audit(looked_at=2, found={})


@pytest.mark.parametrize(
    ("found", "explained", "told"),
    [
        (SOUND, {}, []),
        (
            Audit(looked_at=2, found={}, unknown=["vanished"]),
            {},
            ["vanished: the vulnerability service does not know this package"],
        ),
        (SOUND, {"CVE-1": "not reached"}, ["CVE-1: is explained, but nothing has it any more"]),
    ],
)
def test_what_is_unknown_or_excused_in_advance_is_a_problem(found, explained, told):
    assert problems(found, explained) == told


# --- what can be said without asking anybody -------------------------------------------------


def requirements() -> Iterator[tuple[str, str]]:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r ")):
                what, _, why = line.partition("#")
                yield what.strip(), why.strip()


@pytest.mark.parametrize(("what", "why"), requirements(), ids=[what for what, _ in requirements()])
def test_each_requirement_is_pinned_installed_as_pinned_and_has_its_reason(what, why):
    pinned = Requirement(what)
    [one] = pinned.specifier

    assert one.operator == "==" and version(pinned.name) == one.version
    assert why


def test_each_finding_of_bandit_that_is_passed_over_says_which_and_why():
    passed = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("functions", "shared", "cli", "infra", "sandbox")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "# nosec" in line and not re.search(r"# nosec (B\d{3},? ?)+ # \w+", line)
    ]

    assert passed == []
