"""Asks whether the installed packages have known vulnerabilities: `make check`, and `make audit` before a release.

`pip-audit` asks the package index's vulnerability service, which a mirror or a closed network may not offer;
it then exits with 0 as if all were well. Here nothing is said to be well that nobody has looked at
(docs/decisions/0008-who-was-not-asked.md).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Vulnerabilities that we live with: id → why they do not reach us, and until when. One that is no longer
#: found fails, so that nothing is excused in advance.
EXPLAINED: Mapping[str, str] = {}
#: How pip-audit breaks off when its service does not answer; anything else is a fault of the check itself.
SILENT = re.compile(
    r"^(requests\.exceptions|urllib3\.exceptions|pip_audit\._service\.interface)\.\w+"
    r"|Could not connect to|is not redirecting properly|may be blocking this service",
    re.MULTILINE,
)
UNKNOWN = "not found on PyPI and could not be audited"
#: Exit codes.
WELL, BAD, NOT_ASKED = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Audit:
    """`found`: package → its vulnerabilities. `unknown`: packages that the service does not know."""

    looked_at: int = 0
    found: Mapping[str, Sequence[Mapping[str, Any]]]
    unknown: Sequence[str] = ()


class Silent(Exception):
    """The vulnerability service does not answer; the message says how."""


def audit(arguments: Sequence[str] = ()) -> Audit:
    """Ask about every installed package. Raises `Silent`, or `RuntimeError` when pip-audit itself fails."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--format",
        "json",
        "--desc",
        "off",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)  # nosec B603  # ours
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        if said := SILENT.search(done.stderr):
            raise Silent(said[0]) from None
        raise RuntimeError(f"pip-audit failed ({done.returncode}):\n{done.stderr[-2000:]}") from None
    skipped = {row["name"]: row["skip_reason"] for row in rows if "skip_reason" in row}
    if odd := {name: why for name, why in skipped.items() if UNKNOWN not in why}:
        raise RuntimeError(f"pip-audit left out {odd}")
    if skipped and len(skipped) == len(rows):
        raise Silent(f"it knows none of {len(rows)} packages")
    return Audit(
        looked_at=len(rows) - len(skipped),
        found={f"{row['name']} {row['version']}": row["vulns"] for row in rows if row.get("vulns")},
        unknown=sorted(skipped),
    )


def problems(found: Audit, explained: Mapping[str, str]) -> list[str]:
    """Return what must be upgraded or explained, and explanations that are no longer needed."""
    told, met = [], set()
    for package, vulnerabilities in found.found.items():
        for v in vulnerabilities:
            names = {v["id"], *v.get("aliases", ())}
            met |= names
            if not names & explained.keys():
                better = ", ".join(v.get("fix_versions", ())) or "no version yet"
                told.append(
                    f"{package}: {v['id']}, mended in {better}: upgrade it, or explain it in infra/audit.py"
                )
    told += [f"{name}: the vulnerability service does not know this package" for name in found.unknown]
    told += [f"{id}: is explained, but nothing has it any more" for id in explained.keys() - met]
    return told


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="audit", description="Known vulnerabilities of installed packages.")
    parser.add_argument("--required", action="store_true", help="fail when the service cannot be asked")
    mine, rest = parser.parse_known_args(arguments)
    try:
        found = audit(rest)
    except Silent as silent:
        print(f"NOT AUDITED: the vulnerability service cannot be asked ({silent}).")
        print(
            "Whether a package has a known vulnerability is not known. `make audit` where it can, before a release."
        )
        return NOT_ASKED if mine.required else WELL
    except RuntimeError as broken:
        print(broken)
        return BAD
    told = problems(found, EXPLAINED)
    print("\n".join([*told, f"audited {found.looked_at} packages: {len(told)} problems"]))
    return BAD if told else WELL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
