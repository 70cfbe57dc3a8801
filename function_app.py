"""Registers the blueprints; nothing else. Indexes without settings; the first call validates them all."""

import os

import azure.functions as func

from functions import full_sync, http_api, push, sync_jobs, timers
from shared.core.errors import Misconfigured
from shared.settings import Settings

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for blueprint in (timers.bp, sync_jobs.bp, full_sync.bp, http_api.bp, push.bp):
    app.register_functions(blueprint)


def validate_settings() -> None:
    """Raise `Misconfigured` naming every missing or bad setting. For a host to call at its start."""
    problems: list[str] = []
    try:
        Settings.from_env(os.environ)
    except Misconfigured as error:
        problems += error.problems
    problems += timers.schedule_problems(os.environ)
    if problems:
        raise Misconfigured(problems)
