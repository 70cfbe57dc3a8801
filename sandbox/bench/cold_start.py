"""What a cold start costs: `import function_app`, against a bare app with the same libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sandbox.bench.report import Budget

ROOT = Path(__file__).parents[2]
#: Each in a process of its own, so often; the best counts: nothing makes an import faster than it is.
TIMES = 5
#: The libraries that the product cannot do without, and one function.
BARE = """
import azure.functions as func
import azure.data.tables, azure.servicebus, httpx, msal
app = func.FunctionApp()
@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
def tick(timer: func.TimerRequest) -> None: ...
"""
OURS = "import function_app"


def budgets() -> list[Budget]:
    # By turns: a machine that is slow for a minute is slow for both.
    runs = [(_seconds(OURS), _seconds(BARE)) for _ in range(TIMES)]
    ours, bare = (min(seconds) for seconds in zip(*runs, strict=True))
    return [
        Budget(what="cold start: import function_app, CPU", allowed=1, actual=round(ours, 2), unit="s"),
        Budget(
            what=f"cold start over that of a bare app with the same libraries ({bare:.2f} s)",
            allowed=2,
            actual=round(ours / bare, 2),
            unit="times",
        ),
    ]


def _seconds(code: str) -> float:
    """Return the CPU seconds of running code in a fresh process; the disk and other processes do not count."""
    timed = f"import time\nbefore = time.process_time()\n{code}\nprint(time.process_time() - before)"
    done = subprocess.run(  # nosec B603  # code of this file
        [sys.executable, "-c", timed], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)
