"""Query options and the `Prefer` header, parsed; what is not supported is refused.

Source: reference/dataverse-web-api.md sections 1 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl

from sandbox.dataverse.refusal import bad_query

_SUPPORTED = ("$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken")
_PREFERENCE = re.compile(r'([^\s,=]+)(?:=("[^"]*"|[^\s,]*))?')


@dataclass(frozen=True, kw_only=True)
class Prefer:
    representation: bool = False
    max_page_size: int | None = None
    track_changes: bool = False
    continue_on_error: bool = False
    annotations: tuple[str, ...] = ()
    annotations_text: str = ""

    def wants(self, annotation: str) -> bool:
        """Wildcards are allowed at the end of a name."""
        return any(fnmatchcase(annotation, pattern) for pattern in self.annotations)


def parse_prefer(header: str) -> Prefer:
    """Unknown preferences are ignored, as HTTP wants."""
    found = {name.lower(): value.strip('"') for name, value in _PREFERENCE.findall(header)}
    size = found.get("odata.maxpagesize")
    if size is not None and (not size.isdigit() or int(size) < 1):
        raise bad_query("odata.maxpagesize must be a positive number.")
    annotations = found.get("odata.include-annotations", "")
    return Prefer(
        representation=found.get("return") == "representation",
        max_page_size=int(size) if size is not None else None,
        track_changes="odata.track-changes" in found,
        continue_on_error="odata.continue-on-error" in found,
        annotations=tuple(pattern.strip() for pattern in annotations.split(",") if pattern.strip()),
        annotations_text=annotations,
    )


@dataclass(frozen=True, kw_only=True)
class Expand:
    navigation: str
    select: tuple[str, ...] = ()
    filter: str | None = None
    order_by: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    expand: tuple[Expand, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Options:
    select: tuple[str, ...] = ()
    filter: str | None = None
    order_by: tuple[tuple[str, bool], ...] = ()  # (path, descending)
    top: int | None = None
    count: bool = False
    expand: tuple[Expand, ...] = ()
    skip_token: str | None = None
    delta_token: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def parse_options(query: str) -> Options:
    """Read a query string. Raises Refused for an option that the service does not know.

    That an unknown option without `$` is refused as well is stricter than the service: a mistyped
    `select=` must not go unseen. `tag` is the documented free option (section 11).
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise bad_query(f"The query string '{query}' is malformed.") from None
    raw: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("@"):
            aliases[name] = value
        elif name in raw:
            raise bad_query(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        elif name in _SUPPORTED:
            raw[name] = value
        elif name != "tag":
            raise bad_query(f"The query parameter {name} is not supported.")
    return Options(
        select=_names(raw.get("$select", "")),
        filter=raw.get("$filter"),
        order_by=_order(raw.get("$orderby", "")),
        top=_top(raw.get("$top")),
        count=_truth(raw.get("$count", "false")),
        expand=parse_expand(raw.get("$expand", "")),
        skip_token=raw.get("$skiptoken"),
        delta_token=raw.get("$deltatoken"),
        aliases=aliases,
        names=frozenset(raw),
    )


def parse_expand(text: str) -> tuple[Expand, ...]:
    """At most 15, options in parentheses separated by `;` (section 3)."""
    found = []
    for item in _split(text, ","):
        navigation, _, rest = item.strip().partition("(")
        raw: dict[str, str] = {}
        if rest:
            if not rest.endswith(")"):
                raise bad_query(f"Syntax error in $expand '{text}'.")
            for option in _split(rest[:-1], ";"):
                name, _, value = option.strip().partition("=")
                if name not in ("$select", "$filter", "$orderby", "$top", "$expand"):
                    raise bad_query(f"The query option '{name}' is not supported inside $expand.")
                raw[name] = value
        found.append(
            Expand(
                navigation=navigation.strip(),
                select=_names(raw.get("$select", "")),
                filter=raw.get("$filter"),
                order_by=_order(raw.get("$orderby", "")),
                top=_top(raw.get("$top")),
                expand=parse_expand(raw.get("$expand", "")),
            )
        )
    if len(found) > 15:
        raise bad_query("At most 15 $expand options are allowed.")
    return tuple(found)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    found = []
    for item in _names(text):
        path, *direction = item.split()
        if direction not in ([], ["asc"], ["desc"]):
            raise bad_query(f"Syntax error in $orderby '{text}'.")
        found.append((path, direction == ["desc"]))
    return tuple(found)


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise bad_query(f"Invalid value '{text}' for $count query option found.")
    return text == "true"


def _split(text: str, mark: str) -> list[str]:
    """Split at marks outside parentheses and quoted text."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == mark and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]
