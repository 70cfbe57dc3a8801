"""Registers the blueprints; nothing else. Indexes without settings; the first call validates them all."""

import azure.functions as func

from functions import full_sync, http_api, sync_jobs, timers

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for blueprint in (timers.bp, sync_jobs.bp, full_sync.bp, http_api.bp):
    app.register_functions(blueprint)


def validate_settings() -> None:
    """Raise `Misconfigured` naming every missing or bad setting. Called by the host at its start."""
    import os

    from shared.settings import Settings

    Settings.from_env(os.environ)
