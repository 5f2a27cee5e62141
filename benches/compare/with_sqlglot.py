"""Column lineage of every statement below a folder with sqlglot: the other side of docs/performance.md.

    python with_sqlglot.py FOLDER DIALECT [--plain]

Without `--plain` sqlglot is spared work, to be fair: files are read and parsed one by one in one process; of every statement
that has a query (SELECT, CREATE … AS, INSERT … SELECT) the query is qualified once, and the lineage of each output column is
asked with the scope that qualifying made, so that nothing is qualified twice. No schema is given, as the tool compared with
has none but the files either, and nothing is resolved between files. What sqlglot refuses is counted and passed over.

With `--plain` the lineage of each output column is asked as sqlglot's documentation does it, `lineage(column, query)`, which
qualifies the query each time.
"""

import pathlib
import sys

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

sys.setrecursionlimit(20_000)
folder, dialect, plain = pathlib.Path(sys.argv[1]), sys.argv[2], "--plain" in sys.argv
counts = dict.fromkeys(["files", "refused files", "statements", "queries", "refused queries", "columns", "edges"], 0)


def query_of(statement):
    """The query that a statement runs; None where it has none."""
    if isinstance(statement, exp.Query):
        return statement
    inner = statement.args.get("expression") if statement else None
    return inner if isinstance(inner, exp.Query) else None


def columns_of(query):
    """Asks for the lineage of each output column of a query."""
    if plain:
        for name in query.named_selects:
            if name and name != "*":
                counts["columns"] += 1
                node = lineage(name, query, schema=None, dialect=dialect)
                counts["edges"] += sum(1 for step in node.walk() if not step.downstream)
        return
    qualified = qualify(query, dialect=dialect, validate_qualify_columns=False, identify=False, quote_identifiers=False)
    scope = build_scope(qualified)
    for name in qualified.named_selects:
        if name == "*":
            continue
        counts["columns"] += 1
        node = lineage(name, qualified, schema=None, dialect=dialect, scope=scope, trim_selects=False, copy=False)
        counts["edges"] += sum(1 for step in node.walk() if not step.downstream)


for path in sorted(folder.rglob("*.sql")):
    counts["files"] += 1
    try:
        statements = sqlglot.parse(path.read_text(errors="replace"), dialect=dialect)
    except (SqlglotError, RecursionError):
        counts["refused files"] += 1
        continue
    for statement in statements:
        counts["statements"] += statement is not None
        query = query_of(statement)
        if query is None:
            continue
        counts["queries"] += 1
        try:
            columns_of(query)
        except (SqlglotError, RecursionError, KeyError, ValueError, AttributeError):
            counts["refused queries"] += 1
print(counts)
