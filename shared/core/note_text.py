"""The text of a note: rich text in Sales, plain in Business Central (sales-documents.md S113)."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.core.convert import Resolver
from shared.core.model import Side, Value, Wire

_END = re.compile(r"</p>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")


def plain(rich: str) -> str:
    """Return the text without its markup: paragraphs end lines, tags go, entities are characters."""
    return html.unescape(_TAG.sub("", _END.sub("\n", rich)).strip())


def rich(text: str) -> str:
    """Return a text for Sales: itself, or escaped where reading it as rich text would lose a part of it."""
    return text if plain(text) == text else html.escape(text, quote=False)


@dataclass(frozen=True)
class NoteText:
    """A note of at most `sales` characters in Sales; BC takes any. Lines end with a line feed on both sides."""

    sales: int

    def read(self, side: Side, raw: Wire, resolver: Resolver) -> Value:
        text = str(raw or "").replace("\r\n", "\n").replace("\r", "\n")
        return (plain(text) if side is Side.SALES else text.strip()) or None

    def write(self, side: Side, value: Value, column: str, resolver: Resolver) -> Mapping[str, Wire]:
        text = str(value or "")
        return {column: rich(text) if side is Side.SALES else text}

    def narrow(self, value: Value) -> Value:
        return value

    def misfit(self, side: Side, value: Value) -> str | None:
        length = len(rich(str(value or "")))
        if side is Side.BC or length <= self.sales:
            return None
        return f"is {length} characters; Sales takes {self.sales}"
