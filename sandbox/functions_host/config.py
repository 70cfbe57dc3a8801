"""App settings, and host.json with its overrides (azure-platform.md 1.46, §2)."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OVERRIDE = "AzureFunctionsJobHost__"
LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": logging.CRITICAL + 1,
}


class CannotStart(Exception):
    """The app cannot run here; `problems` says everything that is wrong with it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def app_settings(env: Mapping[str, str], file: Path | None) -> dict[str, str]:
    """Return the environment over the `Values` of a local.settings.json. Raises `CannotStart`."""
    if file is None:
        return dict(env)
    try:
        values = json.loads(file.read_text())["Values"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotStart(f"{file.name} is not a settings file with 'Values': {error!r}") from None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise CannotStart(f"{file.name}: every value must be a text")
    return {**values, **env}


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What this host reads of host.json. Times are seconds."""

    route_prefix: str
    max_concurrent_calls: int
    max_lock_renewal: float
    #: None: no limit.
    function_timeout: float | None
    log_level: int

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, str]) -> HostConfig:
        """Raise `CannotStart` when host.json is missing or says something that cannot be."""
        try:
            said = json.loads((folder / "host.json").read_text())
            if said["version"] != "2.0":
                raise ValueError("version must be '2.0'")
            _override(said, settings)
            bus = said.get("extensions", {}).get("serviceBus", {})
            levels = said.get("logging", {}).get("logLevel", {})
            calls = int(bus.get("maxConcurrentCalls", 16 * (os.cpu_count() or 1)))
            if calls < 1:
                raise ValueError("maxConcurrentCalls must be at least 1")
            return cls(
                route_prefix=said.get("extensions", {}).get("http", {}).get("routePrefix", "api").strip("/"),
                max_concurrent_calls=calls,
                max_lock_renewal=seconds(bus.get("maxAutoLockRenewalDuration", "00:05:00")) or 0,
                function_timeout=seconds(said.get("functionTimeout", "00:30:00")),
                log_level=LEVELS[levels.get("Function", levels.get("default", "Information"))],
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CannotStart(f"host.json: {error!r}") from None


def seconds(span: str) -> float | None:
    """Return a TimeSpan `[d.]hh:mm:ss` in seconds; None for `-1`, without limit. Raises ValueError."""
    if span == "-1":
        return None
    found = re.fullmatch(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)", span)
    if found is None:
        raise ValueError(f"'{span}' is not a time span like 00:05:00")
    days, hours, minutes, rest = found.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(rest)


def _override(said: dict[str, Any], settings: Mapping[str, str]) -> None:
    """Put settings `AzureFunctionsJobHost__a__b` over host.json (2.3)."""
    for name, value in settings.items():
        if not name.startswith(OVERRIDE):
            continue
        *path, last = name.removeprefix(OVERRIDE).split("__")
        at = said
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
