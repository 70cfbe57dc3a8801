"""`python -m infra.mapping_list` (part of `make docs`): the list of mappings in main.bicep is that of the product."""

from __future__ import annotations

import re
from pathlib import Path

from shared.mappings import ALL

MAIN = Path(__file__).with_name("main.bicep")


def with_list(source: str) -> str:
    """Return the Bicep with one line for each mapping, in the product's order."""
    lines = "".join(f"  '{mapping.name}'\n" for mapping in ALL)
    return re.sub(r"(?s)(param mappings array = \[\n).*?(\]\n)", rf"\g<1>{lines}\g<2>", source)


if __name__ == "__main__":
    MAIN.write_text(with_list(MAIN.read_text(encoding="utf-8")), encoding="utf-8")
