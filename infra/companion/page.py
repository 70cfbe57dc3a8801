"""One API page from one set of the contract."""

from __future__ import annotations

from collections.abc import Iterator

from infra.companion.by_hand import (
    ASKING,
    BY_HAND,
    DOCUMENT,
    DOCUMENT_FIELD,
    NOT_BOUND,
    OF_ALL_COMPANIES,
    ONLY_FOR,
    ORDERED,
    TEMPLATES,
)
from infra.companion.contract import Column, Contract, EntitySet, Unclear, quoted

HEAD = "// Written by `make companion` from contract.yaml. Change that, not this.\n"


def page_of(contract: Contract, entity: EntitySet) -> str:
    """Return the AL page. Raises `Unclear` for a column that is neither a field, a reference nor by hand."""
    return HEAD + "\n".join(_Page(contract, entity).lines()) + "\n"


class _Page:
    def __init__(self, contract: Contract, entity: EntitySet) -> None:
        self.contract = contract
        self.set = entity
        self.writes = bool(entity.allow & {"insert", "modify"})
        self.ordered = ORDERED in entity.where and self.writes
        self.of_document = any(c.name == DOCUMENT for c in entity.columns)

    # --- what kind of column ---

    def by_hand(self, column: Column) -> bool:
        return (self.set.name, column.name) in BY_HAND

    def in_variable(self, column: Column) -> bool:
        """The page shows a variable: the value is looked up or computed."""
        if (self.set.name, column.name) in NOT_BOUND or self.by_hand(column):
            return True
        if column.field or column.name == DOCUMENT:
            return False
        if not (column.target and column.code_field):
            raise Unclear(
                f"{self.set.name}.{column.name} has no field and no relation with a code: "
                "say in infra/companion/by_hand.py how it is computed"
            )
        return True

    def before_insert(self, column: Column) -> bool:
        """A looked-up part of the key, or what cannot change later: it must be there when the row is made."""
        return self.in_variable(column) and column.editable == "create"

    def kept(self, column: Column) -> bool:
        """What is sent is remembered, to be applied once the row is there."""
        if column.editable == "false" or not self.writes or column in self.contract.system:
            return False
        if self.in_variable(column):
            return True
        return self.ordered and column.editable == "true" and column.name not in self.set.key

    # --- parts of the page ---

    def lines(self) -> Iterator[str]:
        s, c = self.set, self.contract
        yield f'page {s.page_id} "{s.page_name}"'
        yield "{"
        yield "    PageType = API;"
        yield f"    Caption = '{s.page_name}', Locked = true;"
        yield f"    APIPublisher = '{c.publisher}';"
        yield f"    APIGroup = '{c.group}';"
        yield f"    APIVersion = '{c.version}';"
        yield f"    EntityName = '{s.entity}';"
        yield f"    EntitySetName = '{s.name}';"
        yield f'    SourceTable = "{s.table}";'
        if s.where:
            conditions = ", ".join(f'"{f}" = const("{v}")' for f, v in s.where.items())
            yield f"    SourceTableView = where({conditions});"
        yield "    ODataKeyFields = SystemId;"
        yield "    DelayedInsert = true;"
        yield "    Extensible = false;"
        if not self.writes:
            yield "    Editable = false;"
        for verb in ("insert", "modify", "delete"):
            if verb not in s.allow:
                yield f"    {verb.capitalize()}Allowed = false;"
        yield from self._layout()
        yield from self._triggers()
        yield "}"

    def _layout(self) -> Iterator[str]:
        yield from ("", "    layout", "    {", "        area(Content)", "        {")
        yield from ("            repeater(Rows)", "            {")
        for column in (*self.contract.system, *self.set.columns):
            yield from self._control(column)
        for part, back in self.set.parts.items():
            yield from self._part(part, back)
        yield from ("            }", "        }", "    }")

    def _control(self, column: Column) -> Iterator[str]:
        if column.name == DOCUMENT:
            source = f"Rec.{quoted(DOCUMENT_FIELD)}"
        elif column not in self.contract.system and self.in_variable(column):
            source = column.variable
        else:
            source = f"Rec.{quoted(column.field)}"
        yield f"                field({column.name}; {source})"
        yield "                {"
        yield f"                    Caption = '{column.name}', Locked = true;"
        if column.editable == "false" or not self.writes:
            yield "                    Editable = false;"
        elif code := list(self._validate(column)):
            yield from ("", "                    trigger OnValidate()", "                    begin")
            yield from (f"                        {line}" for line in code)
            yield "                    end;"
        yield "                }"

    def _validate(self, column: Column) -> Iterator[str]:
        if column.editable == "create":
            yield f"OnlyForNew('{column.name}');"
        if column.name == DOCUMENT:
            for field, value in self.set.where.items():
                yield f'Rec.{quoted(field)} := Rec.{quoted(field)}::"{value}";'
            yield (
                f"Rec.{quoted(column.code_field)} := "
                f"References.CodeOf{column.target[0].upper()}{column.target[1:]}(Rec.{quoted(DOCUMENT_FIELD)});"
            )
        if self.kept(column):
            yield f"Given.Add('{column.name}');"
            if not self.in_variable(column):
                yield f"Wanted.{quoted(column.field)} := Rec.{quoted(column.field)};"
            elif self.before_insert(column) and (self.set.name, column.name) not in TEMPLATES:
                yield from self._write(column)

    def _part(self, part: str, back: str) -> Iterator[str]:
        lines = self.contract.sets[part]
        code = lines.column(back).code_field
        links = [f"{quoted(f)} = field({quoted(f)})" for f in self.set.where]
        links.append(f"{quoted(code)} = field({quoted(self.set.key_fields[0])})")
        yield f'                part({part}; "{lines.page_name}")'
        yield "                {"
        yield f"                    Caption = '{part}', Locked = true;"
        yield f"                    EntityName = '{lines.entity}';"
        yield f"                    EntitySetName = '{part}';"
        yield f"                    SubPageLink = {', '.join(links)};"
        yield "                }"

    # --- code ---

    def _show(self, column: Column) -> Iterator[str]:
        shown = BY_HAND.get((self.set.name, column.name))
        target = f"{column.target[:1].upper()}{column.target[1:]}"
        if shown is not None:
            if shown[0]:
                yield shown[0]
        elif (self.set.name, column.name) in NOT_BOUND:
            yield f"{column.variable} := Rec.{quoted(column.field)};"
        elif only := ONLY_FOR.get((self.set.name, column.name)):
            yield f"Clear({column.variable});"
            yield f'if Rec.{quoted(only[0])} = Rec.{quoted(only[0])}::"{only[1]}" then'
            yield f"    {column.variable} := References.IdOf{target}(Rec.{quoted(column.code_field)});"
        else:
            yield f"{column.variable} := References.IdOf{target}(Rec.{quoted(column.code_field)});"

    def _write(self, column: Column) -> Iterator[str]:
        target = f"{column.target[:1].upper()}{column.target[1:]}"
        code = f"References.CodeOf{target}({column.variable})"
        shown = BY_HAND.get((self.set.name, column.name))
        if shown is not None:
            yield shown[1]
        elif (self.set.name, column.name) in NOT_BOUND:
            yield f"Rec.Validate({quoted(column.field)}, {column.variable});"
        elif not self.in_variable(column):
            yield f"Rec.Validate({quoted(column.field)}, Wanted.{quoted(column.field)});"
        elif only := ONLY_FOR.get((self.set.name, column.name)):
            kind = f"Rec.{quoted(only[0])}"
            yield f"if not IsNullGuid({column.variable}) then begin"
            yield f'    if {kind} <> {kind}::"{only[1]}" then'
            yield f'        Rec.Validate({quoted(only[0])}, {kind}::"{only[1]}");'
            yield f"    Rec.Validate({quoted(column.code_field)}, {code});"
            yield "end;"
        elif self.before_insert(column):
            # Validated a second time before the row is made, it would blank what depends on it.
            yield f"if Rec.{quoted(column.code_field)} <> {code} then"
            yield f"    Rec.Validate({quoted(column.code_field)}, {code});"
        else:
            yield f"Rec.Validate({quoted(column.code_field)}, {code});"

    def _triggers(self) -> Iterator[str]:
        columns = self.set.columns
        variables = [c for c in columns if self.in_variable(c)]
        show = [line for c in variables for line in self._show(c)]
        kept = [c for c in columns if self.kept(c)]
        first = [c for c in kept if self.before_insert(c)]
        later = [c for c in kept if not self.before_insert(c)]
        create = self.writes and "insert" in self.set.allow
        only_new = self.writes
        opening = ["Rec.ReadIsolation := IsolationLevel::ReadCommitted;"]
        if (company := OF_ALL_COMPANIES.get(self.set.table)) is not None:
            # In a group of its own, which no filter of a caller replaces.
            own = f"Rec.SetRange({quoted(company)}, CompanyName());"
            opening += ["Rec.FilterGroup(2);", own, "Rec.FilterGroup(0);"]
        yield from self._procedure("trigger OnOpenPage()", opening)
        if show or self.writes:
            body = ["IsStored := true;"] if only_new else []
            body += ["Clear(Given);"] if kept else []
            body += ["Rec.SetHideValidationDialog(true);"] if self.writes and self.set.table in ASKING else []
            body += ["Show();"] if show else []
            yield from self._procedure("trigger OnAfterGetRecord()", body)
        if create:
            body = ["IsStored := false;"]
            body += ["Clear(Given);"] if kept else []
            body += ["Clear(Wanted);"] if self.ordered else []
            body += [f"Clear({c.variable});" for c in variables]
            body += ["Rec.SetHideValidationDialog(true);"] if self.set.table in ASKING else []
            yield from self._procedure("trigger OnNewRecord(BelowxRec: Boolean)", body)
            body = [f"Apply{c.variable}();" for c in first]
            if self.of_document:
                body += ['if Rec."Line No." = 0 then', '    Rec."Line No." := Computed.NextLineNo(Rec);']
            body += ["// The caller chooses the id, so that a repeated POST meets its own row."]
            body += ["Rec.Insert(true, not IsNullGuid(Rec.SystemId));"]
            for name, (_, fill) in TEMPLATES.items():
                if name[0] == self.set.name:
                    body += [f"if Given.Contains('{name[1]}') then", f"    {fill}"]
            body += ["if Apply() then", "    Rec.Modify(true);"] if later else []
            body += (
                ["Computed.Assemble(Rec);", "Computed.SpreadInvoiceDiscount(Rec);"]
                if self.of_document
                else []
            )
            body += ["Show();"] if show else []
            yield from self._procedure(
                "trigger OnInsertRecord(BelowxRec: Boolean): Boolean", [*body, "exit(false);"]
            )
        renames = self._renames()
        if "modify" in self.set.allow:
            body = ["RenameIfAsked();"] if renames else []
            body += ["Apply();"] if later else []
            body += ["Rec.Modify(true);"]
            body += (
                ["Computed.Assemble(Rec);", "Computed.SpreadInvoiceDiscount(Rec);"]
                if self.of_document
                else []
            )
            body += ["Show();"] if show else []
            yield from self._procedure("trigger OnModifyRecord(): Boolean", [*body, "exit(false);"])
        yield from self._variables(variables, kept, only_new)
        if show:
            yield from self._procedure("local procedure Show()", show)
        for column in first:
            yield from self._procedure(
                f"local procedure Apply{column.variable}()",
                list(self._when_given(column)),
            )
        if later:
            yield from self._procedure("local procedure Apply(): Boolean", list(self._apply(later)))
        if renames and "modify" in self.set.allow:
            yield from self._rename()
        for action in self.set.actions:
            yield ""
            yield "    [ServiceEnabled]"
            # `Deleted` is what answers 204 without a body; the row stays.
            body = [
                f"Computed.{action[0].upper()}{action[1:]}(Rec);",
                "ActionContext.SetObjectType(ObjectType::Page);",
                f'ActionContext.SetObjectId(Page::"{self.set.page_name}");',
                "ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);",
                "ActionContext.SetResultCode(WebServiceActionResultCode::Deleted);",
            ]
            head = f"procedure {action}(var ActionContext: WebServiceActionContext)"
            yield from list(self._procedure(head, body))[1:]
        if only_new:
            yield from self._procedure(
                "local procedure OnlyForNew(ColumnName: Text)",
                ["if IsStored then", "    Error(OnlyForNewErr, ColumnName);"],
            )

    def _renames(self) -> bool:
        keys = [c for c in self.set.columns if c.name in self.set.key]
        return len(keys) == 1 and keys[0].editable == "true" and "modify" in self.set.allow

    def _apply(self, columns: list[Column]) -> Iterator[str]:
        """Whatever order the values came in, they are written in the contract's: customer before address."""
        yield "if Given.Count() = 0 then"
        yield "    exit(false);"
        for column in columns:
            yield from self._when_given(column)
        yield "Clear(Given);"
        yield "exit(true);"

    def _when_given(self, column: Column) -> Iterator[str]:
        body = [f"    {line}" for line in self._write(column)]
        yield f"if Given.Contains('{column.name}') then" + (" begin" if len(body) > 1 else "")
        yield from body
        if len(body) > 1:
            yield "end;"

    def _rename(self) -> Iterator[str]:
        key = quoted(self.set.key_fields[0])
        document = [quoted(field) for field in self.set.where]
        new_key = ", ".join(f"Rec.{field}" for field in (*document, key))
        yield from self._procedure(
            "local procedure RenameIfAsked()",
            [
                "Before.GetBySystemId(Rec.SystemId);",
                f"if Before.{key} = Rec.{key} then",
                "    exit;",
                f"Before.Rename({new_key});",
                "Before.TransferFields(Rec, false);",
                "Rec := Before;",
            ],
            [f'Before: Record "{self.set.table}";'],
        )

    def _variables(self, variables: list[Column], kept: list[Column], only_new: bool) -> Iterator[str]:
        codeunits = []
        source = "\n".join(
            line
            for c in (*variables, *(c for c in self.set.columns if c.name == DOCUMENT))
            for line in ([*self._show(c)] if c.name != DOCUMENT else ["References."] if self.writes else [])
        )
        source += "".join(line for c in kept for line in self._write(c))
        if "References." in source:
            codeunits.append('References: Codeunit "Tandem References";')
        if "Computed." in source or self.set.actions or (self.of_document and self.writes):
            codeunits.append('Computed: Codeunit "Tandem Computed";')
        found = codeunits
        found += [f'Wanted: Record "{self.set.table}";'] if self.ordered else []
        found += ["Given: List of [Text];"] if kept else []
        found += [f"{c.variable}: {c.al_type};" for c in variables]
        found += ["IsStored: Boolean;"] if only_new else []
        found += (
            ["OnlyForNewErr: Label '%1 can only be given to a new row.', Comment = '%1 = name of a column';"]
            if only_new
            else []
        )
        if found:
            yield from ("", "    var", *(f"        {line}" for line in found))

    @staticmethod
    def _procedure(head: str, body: list[str], variables: list[str] | None = None) -> Iterator[str]:
        yield from ("", f"    {head}")
        if variables:
            yield from ("    var", *(f"        {line}" for line in variables))
        yield from ("    begin", *(f"        {line}" for line in body), "    end;")
