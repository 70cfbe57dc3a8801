"""Everything Tandem keeps, on any `TableStore`: which tables, which keys, which order of writes.

Every partition key starts with the company (H28), so companies can share the tables.
"""

#: All of them.
TABLES = (
    "Couplings",
    "Cursors",
    "Held",
    "History",
    "Intents",
    "Jobs",
    "Leases",
    "Overrides",
    "Plans",
    "Runs",
    "Waits",
)
