"""The codeunits and permission sets that follow from the contract alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.companion.contract import Contract, EntitySet, quoted
from infra.companion.page import HEAD

#: Nobody deletes rows of these, or nothing depends on it.
NO_TOMBSTONE = (
    "Tandem Tombstone",
    "General Ledger Setup",
    "Company Information",
    "Sales & Receivables Setup",
    "Marketing Setup",
    "Item Ledger Entry",
    "Cust. Ledger Entry",
    "Detailed Cust. Ledg. Entry",
    "VAT Posting Setup",
    "G/L Account",
    "Customer Templ.",
    "Item Templ.",
    # It goes with its order line.
    "Assembly Header",
    # A note that is deleted stays on the other side.
    "Record Link",
)
#: Read by `Tandem Computed` besides the sets' own tables.
ALSO_READ = ("Assemble-to-Order Link", "Marketing Setup", "Default Dimension")
#: Written by it for the caller: the dimensions of a template.
ALSO_WRITTEN = ("Default Dimension",)
OWN_TABLES = ("Tandem Tombstone",)
#: Codeunits that every caller runs.
CODEUNITS = ("Tandem Computed", "Tandem References")
MADE_UP_PAGES = ("Tandem Sync State", "Tandem Who Am I")


def _object(head: str, parts: Iterable[Iterable[str]], properties: Iterable[str] = ()) -> str:
    lines = [head, "{", *(f"    {p}" for p in properties)]
    for number, part in enumerate(parts):
        lines += ([""] if number or properties else []) + [f"    {line}" if line else "" for line in part]
    return HEAD + "\n".join([*lines, "}"]) + "\n"


def references(contract: Contract) -> str:
    """Return the codeunit that turns SystemIds into codes and back, for every set that a relation names."""
    wanted = {c.target for s in contract.sets.values() for c in s.columns if c.target and c.code_field}
    # `Tandem Computed` finds these too.
    wanted |= {"customers", "contacts", "postedSalesInvoices"}
    targets = [s for s in contract.sets.values() if s.name in wanted]
    unknown = "UnknownIdErr: Label 'There is no row with id %1 in %2.', Comment = '%1 = id, %2 = entity set';"
    return _object(
        'codeunit 50101 "Tandem References"',
        [p for s in targets for p in _both_ways(s)] + [["var", f"    {unknown}"]],
        ["Access = Internal;"],
    )


def _both_ways(entity: EntitySet) -> Iterator[list[str]]:
    name = f"{entity.name[0].upper()}{entity.name[1:]}"
    # A sales order is keyed by its type and number: where the page has a view, the code is its last key field.
    code = quoted(entity.key_fields[-1])
    first = [f'Found.SetRange({quoted(f)}, Found.{quoted(f)}::"{v}");' for f, v in entity.where.items()]
    find = (
        [*first, f"Found.SetRange({code}, CodeText);", "if Found.FindFirst() then"]
        if first
        else ["if Found.Get(CodeText) then"]
    )
    yield [
        f"procedure IdOf{name}(CodeText: Code[20]): Guid",
        "var",
        f'    Found: Record "{entity.table}";',
        "begin",
        "    if CodeText = '' then",
        "        exit;",
        *(f"    {line}" for line in find),
        "        exit(Found.SystemId);",
        "end;",
    ]
    yield [
        f"procedure CodeOf{name}(Id: Guid): Code[20]",
        "var",
        f'    Found: Record "{entity.table}";',
        "begin",
        "    if IsNullGuid(Id) then",
        "        exit('');",
        "    if not Found.GetBySystemId(Id) then",
        f"        Error(UnknownIdErr, Id, '{entity.name}');",
        f"    exit(Found.{code});",
        "end;",
    ]


def deletions(contract: Contract) -> str:
    """Return the subscribers that leave a tombstone for each deleted row of a synchronized table."""
    by_table: dict[str, list[EntitySet]] = {}
    for entity in contract.sets.values():
        if entity.table and entity.table not in NO_TOMBSTONE:
            by_table.setdefault(entity.table, []).append(entity)
    return _object(
        'codeunit 50102 "Tandem Deletions"',
        [_subscriber(table, sets) for table, sets in by_table.items()]
        + [["var", '    Tombstones: Codeunit "Tandem Tombstones";']],
        ["Access = Internal;"],
    )


def _subscriber(table: str, sets: list[EntitySet]) -> list[str]:
    name = "".join(letter for letter in table if letter.isalnum())
    body = ["if Rec.IsTemporary() then", "    exit;"]
    for entity in sets:
        key = " + ',' + ".join(f"Format(Rec.{quoted(f)}, 0, 9)" for f in entity.key_fields)
        write = f"Tombstones.Write(Database::\"{table}\", '{entity.name}', Rec.SystemId, {key});"
        if entity.where:
            for field, value in entity.where.items():
                body.append(f'if Rec.{quoted(field)} = Rec.{quoted(field)}::"{value}" then')
            body.append(f"    {write}")
        else:
            body.append(write)
    return [
        f"[EventSubscriber(ObjectType::Table, Database::\"{table}\", 'OnAfterDeleteEvent', '', false, false)]",
        f'local procedure AfterDelete{name}(var Rec: Record "{table}")',
        "begin",
        *(f"    {line}" for line in body),
        "end;",
    ]


def reading(contract: Contract) -> str:
    """Return the permission set that sees everything and changes nothing."""
    tables = sorted({s.table for s in contract.sets.values() if s.table} | set(ALSO_READ))
    pages = [s.page_name for s in contract.sets.values() if s.table] + list(MADE_UP_PAGES)
    grants = [f'tabledata "{t}" = R' for t in tables]
    grants += [f'page "{p}" = X' for p in sorted(pages)]
    grants += [f'codeunit "{c}" = X' for c in CODEUNITS]
    grants += [f'table "{t}" = X' for t in ("Tandem State", *OWN_TABLES)]
    return _permissions('permissionset 50100 "TANDEM READ"', "Tandem: read", grants)


def synchronizing(contract: Contract) -> str:
    """Return the permission set of the application user. Tandem deletes nothing, so nor may it."""
    rights: dict[str, set[str]] = {}
    for entity in contract.sets.values():
        if entity.table:
            rights.setdefault(entity.table, set()).update(entity.allow)
    for table in ALSO_WRITTEN:
        rights[table] = {"insert"}
    grants = [
        f'tabledata "{table}" = {"".join(v[0].upper() for v in ("insert", "modify") if v in allowed)}'
        for table, allowed in sorted(rights.items())
        if allowed & {"insert", "modify"}
    ]
    return _permissions(
        'permissionset 50101 "TANDEM SYNC"', "Tandem: synchronize", grants, includes='"TANDEM READ"'
    )


def _permissions(head: str, caption: str, grants: list[str], includes: str = "") -> str:
    properties = ["Assignable = true;", f"Caption = '{caption}', Locked = true;"]
    if includes:
        properties.append(f"IncludedPermissionSets = {includes};")
    first, *rest = grants
    lines = [f"Permissions = {first}", *(f"              {grant}" for grant in rest)]
    lines = [f"{line}," for line in lines[:-1]] + [f"{lines[-1]};"]
    return HEAD + "\n".join([head, "{", *(f"    {p}" for p in [*properties, *lines]), "}"]) + "\n"
