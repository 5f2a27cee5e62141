#!/usr/bin/env python3
"""Coverage of real repositories, one row of a Markdown table for each.

usage: coverage.py BINARY FOLDER[:PATH,PATH…] …

Runs `BINARY lineage --format json .` in each folder, or of these paths in it only, and counts, of what it says:

files       SQL files that were read.
statements  Statements that may move data: all but those that are known to move none (GRANT, SET, the words of a
            procedure around its statements) and dynamic SQL. What is refused counts here, whatever it is.
dynamic     Statements that run SQL which is put together at run time; what they do is unknown, and said to be.
refused     Statements of which nothing is known.
tables      The share of statements of which at least the tables are known.
columns     The share of statements of which the columns are known too. A statement is out of it when it is refused or
            known for its tables only; when the source of a column is ambiguous or unknown (`ambiguous-column`,
            `unresolved-column`); when it has a `*` that stays open although a file of the repository gives the table its
            columns, which the tool should have followed.
open stars  Statements with a `*` over tables whose columns no file of the repository gives: nobody can know these from
            the repository. They count as known in `columns`, and as unknown in the last one.
strict      `columns`, with these taken out.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

REFUSED = "parse-error"
TABLES_ONLY = "table-level-only"
STAR = "unresolved-star"
UNKNOWN = ("ambiguous-column", "unresolved-column")


def graph_of(binary, folder, paths):
    command = [binary, "lineage", "--format", "json", *paths]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def blamed_files(graph):
    """Files with an asset that has an open `*` over a table which a file of the repository gives its columns."""
    assets = {asset["name"]: asset for asset in graph["assets"]}
    open_stars = {}
    for edge in graph["column_edges"]:
        up, down = edge["upstream"], edge["downstream"]
        if up["column"] == "*" and down["column"] == "*" and edge["transformation"]["kind"] == "direct":
            open_stars.setdefault(down["asset"], set()).add(up["asset"])
    files = set()
    for name, upstream in open_stars.items():
        # A table that is open itself only hands on what it lacks.
        ours = [
            asset
            for asset in upstream
            if assets[asset]["role"] == "defined" and assets[asset]["columns"] and asset not in open_stars
        ]
        if ours and assets[name].get("file"):
            files.add(assets[name]["file"])
    return files


def row(binary, place):
    folder, _, paths = place.partition(":")
    graph = graph_of(binary, folder, paths.split(",") if paths else ["."])
    coverage = graph["coverage"]
    diagnostics = graph["diagnostics"]
    codes = Counter(diagnostic["code"] for diagnostic in diagnostics)
    at = lambda *wanted: {(d["file"], d["line"]) for d in diagnostics if d["code"] in wanted}
    not_understood = coverage["statements"] - coverage["analyzed"] - coverage["tables_only"]
    refused = min(codes[REFUSED], not_understood)
    dynamic = not_understood - refused
    moving = coverage["statements"] - coverage["without_data_flow"] - dynamic
    blamed = blamed_files(graph)
    stars = at(STAR) - at(*UNKNOWN)
    ours = {place for place in stars if place[0] in blamed}
    unknown = len(at(*UNKNOWN)) + len(ours) + coverage["tables_only"] + refused
    others = len(stars) - len(ours)
    share = lambda bad: f"{100 * (1 - bad / moving):.2f} %" if moving else "–"
    name = Path(folder).resolve().name
    cells = [name, coverage["files"], moving, dynamic, refused, share(refused), share(unknown), others]
    return cells + [share(unknown + others)]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print("| repository | files | statements | dynamic | refused | tables | columns | open stars | strict |")
    print("|---|---|---|---|---|---|---|---|---|")
    for folder in sys.argv[2:]:
        print("| " + " | ".join(str(cell) for cell in row(sys.argv[1], folder)) + " |", flush=True)


if __name__ == "__main__":
    main()
