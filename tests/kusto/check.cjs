// Reads {tables: {name: schema}, queries: {name: text}} and writes {name: [problem]}: syntax, tables, columns, types.
globalThis.self = globalThis;
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

const list = (values) => {
  const made = new (System.Collections.Generic.List$1(Symbols.Symbol).ctor)();
  values.forEach((value) => made.add(value));
  return made;
};

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tables = Object.entries(asked.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, ""));
const workspace = new Symbols.DatabaseSymbol.$ctor3("workspace", null, list(tables), false);
const globals = GlobalState.Default.WithDatabase(workspace);

const told = {};
for (const [name, query] of Object.entries(asked.queries)) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  told[name] = Array.from({ length: found.Count }, (_, n) => found.getItem(n).Message);
}
process.stdout.write(JSON.stringify(told));
