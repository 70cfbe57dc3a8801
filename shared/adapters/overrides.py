"""The text of the overrides, from the setting itself or from a blob, and what it says as data."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import httpx
import yaml

#: Characters; every field of every mapping changed takes a tenth of it.
LONGEST = 200_000


def read_overrides(setting: str, http: httpx.Client) -> str:
    """Return the YAML text that `MAPPING_OVERRIDES` holds, or that lies where it points to.

    An address that starts with https:// is a blob, read with its shared access signature. Raises
    `ValueError` without the address: the signature in it is a secret.
    """
    if not setting.startswith("https://"):
        text = setting
    else:
        try:
            response = http.get(setting)
        except httpx.HTTPError as error:
            raise ValueError(
                f"the blob of MAPPING_OVERRIDES cannot be read: {type(error).__name__}"
            ) from None
        if response.status_code != 200:
            raise ValueError(f"the blob of MAPPING_OVERRIDES cannot be read: status {response.status_code}")
        text = response.text
    if len(text) > LONGEST:
        raise ValueError(f"MAPPING_OVERRIDES takes at most {LONGEST} characters, not {len(text)}")
    return text


def parse_overrides(text: str) -> Any:
    """Return YAML as data. Raises `ValueError` with the line, also for a key that is there twice."""
    try:
        return yaml.load(text, Loader=_Strict)  # nosec B506  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"not YAML{where}: {getattr(error, 'problem', None) or error}") from None


class _Strict(yaml.SafeLoader):
    """Refuses a mapping with the same key twice, where YAML's own rule is that the last one wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key}' is there twice", key_node.start_mark
                )
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)
