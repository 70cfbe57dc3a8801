"""`python -m infra.companion [folder]`: write the generated AL files, and remove those of sets that are gone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from infra.companion import code
from infra.companion.contract import FOLDER, MADE_UP, Contract, read
from infra.companion.page import page_of


def documents(contract: Contract) -> dict[str, str]:
    """Return the text of every generated file by its path below the extension's folder."""
    pages = {
        f"src/pages/{s.page_name.replace(' ', '').replace('.', '')}.Page.al": page_of(contract, s)
        for s in contract.sets.values()
        if s.name not in MADE_UP
    }
    ids = json.dumps({name: s.page_id for name, s in contract.sets.items()}, indent=2) + "\n"
    return {
        **pages,
        "src/generated/TandemReferences.Codeunit.al": code.references(contract),
        "src/generated/TandemDeletions.Codeunit.al": code.deletions(contract),
        "src/generated/TandemRead.PermissionSet.al": code.reading(contract),
        "src/generated/TandemSync.PermissionSet.al": code.synchronizing(contract),
        "page_ids.json": ids,
    }


def write(folder: Path = FOLDER) -> None:
    made = documents(read(folder))
    for name, text in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for place in ("src/pages", "src/generated"):
        for path in (folder / place).glob("*.al"):
            if path.relative_to(folder).as_posix() not in made:
                path.unlink()


if __name__ == "__main__":
    write(*(Path(argument) for argument in sys.argv[1:2]))
