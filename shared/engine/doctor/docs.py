"""Writes docs/doctor.md from the checks: `make docs`."""

from __future__ import annotations

from collections.abc import Iterable

from shared.engine.doctor.checks import CHECKS, Check

HEAD = """# What `tandem doctor` checks

Generated from `shared/engine/doctor` by `make docs`; a test keeps it current. The ids are stable: pipelines may go by
them. [First run](first-run.md) says when to run it, and how `--fix` signs in.

`tandem doctor` asks the app (`GET /api/doctor`, role `Sync.Read`), which looks at both systems with its own application
users and at its own queues and tables: three requests to Business Central (four while push is on) and three to Sales
for each application user.
Nothing is changed. It answers while the app cannot start, and says why.

| State | Shown as | Meaning |
|---|---|---|
| `ok` | ok | nothing to do |
| `advice` | note | Tandem works; somebody may want to know |
| `problem` | WRONG | do what is said |
| `unknown` | ? | could not be checked, because of what is named; look again when that is repaired |

Exit codes: 0 without problems, 1 with one, 2 when something, or the app itself, could not be checked. `--json` prints
the API's answer with `next`, the next step.

| Check | What must be so | What to do when it is not | `--fix` |
|---|---|---|---|
"""
FOOT = """
Rights to write in Business Central cannot be seen without writing: assign the permission set `TANDEM SYNC`, which has
them all. Of prices, the first 5,000 are looked at. What Dataverse sends to the queue `notices` is registered by hand
([Push](push.md)) and cannot be seen without further rights: only its queue is checked.
"""


def row(check: Check) -> str:
    return f"| `{check.id}` | {check.title} | {check.do} | {'yes' if check.fixable else ''} |\n"


def document(checks: Iterable[Check] = CHECKS) -> str:
    return HEAD + "".join(row(check) for check in checks) + FOOT


if __name__ == "__main__":
    print(document(), end="")
