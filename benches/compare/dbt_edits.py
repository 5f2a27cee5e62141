"""What the program says of five edits of a dbt project: a row of Markdown for each (docs/comparison.md).

    python dbt_edits.py PROGRAM WORK jaffle-shop=FOLDER tuva=FOLDER

Copies each project below WORK into a git repository of its own, with the project as branch `main` and each edit as a
branch, so that other tools can be asked of the same edits. An edit that no longer fits its project ends the run.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

# Of each project: the name of an edit, the file, what stands there, and what stands there afterwards.
EDITS = {
    "jaffle-shop": [
        ("drop", "models/staging/stg_orders.sql", "        {{ cents_to_dollars('tax_paid') }} as tax_paid,\n", ""),
        ("rename", "models/staging/stg_products.sql", "as product_price", "as list_price"),
        (
            "filter",
            "models/marts/orders.sql",
            "    from order_items\n\n    group by 1",
            "    from order_items\n\n    where supply_cost > 0\n\n    group by 1",
        ),
        ("macro", "macros/cents_to_dollars.sql", "/ 100)::numeric(16, 2)", "/ 100)::numeric(18, 4)"),
        ("comment", "models/marts/orders.sql", "compute_booleans as (", "-- one row per order\ncompute_booleans as ("),
    ],
    "tuva": [
        (
            "drop",
            "models/data_marts/readmissions/intermediate/readmissions__encounter.sql",
            "    , cast(paid_amount as {{ dbt.type_numeric() }}) as paid_amount\n",
            "",
        ),
        (
            "rename",
            "models/data_marts/readmissions/final/readmissions__encounter_augmented.sql",
            "as length_of_stay",
            "as stay_days",
        ),
        (
            "filter",
            "models/data_marts/readmissions/final/readmissions__readmission_summary.sql",
            "where disqualified_encounter_flag = 0",
            "where disqualified_encounter_flag = 0 and died_flag = 0",
        ),
        ("macro", "macros/cross_database_utils/least.sql", "when {{ a }} <= {{ b }}", "when {{ a }} < {{ b }}"),
        (
            "comment",
            "models/data_marts/readmissions/final/readmissions__readmission_summary.sql",
            "-- that had a readmission",
            "-- which had a readmission",
        ),
    ],
}
HEAD = ["project", "edit", "verdict", "changed", "columns", "downstream", "breaking", "fail-on breaking", "seconds"]


def git(folder, *arguments):
    who = ["-c", "user.name=edits", "-c", "user.email=edits@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def with_branches(source, folder, edits):
    """The project as a repository, with a branch for each edit."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".git", "target", "logs"))
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The project")
    for name, file, before, after in edits:
        git(folder, "checkout", "--quiet", "-b", name, "main")
        path = folder / file
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            sys.exit(f"{file} holds what the edit `{name}` replaces {text.count(before)} times")
        path.write_text(text.replace(before, after), encoding="utf-8")
        git(folder, "commit", "--quiet", "--all", "--message", f"Edit: {name}")
    git(folder, "checkout", "--quiet", "main")


def preview(program, folder, branch):
    """The report of an edit, the exit code with `fail-on`, and how long it took."""
    command = [program, "preview", "--base", "main", "--head", branch, "--format", "json", "--fail-on", "breaking"]
    begin = time.monotonic()
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if run.returncode not in (0, 10):
        sys.exit(run.stderr)
    return json.loads(run.stdout), run.returncode, time.monotonic() - begin


def cells(report):
    """Verdict, changed assets, changed columns, what is downstream of them, and what breaks."""

    def brief(items, most=4):
        shown = [", ".join(items[:most])] if items else ["–"]
        return shown[0] + (f" and {len(items) - most} more" if len(items) > most else "")

    assets = report["assets"]
    columns = [f"{asset['name']}.{column['name']} {column['change']}" for asset in assets for column in asset["columns"]]
    breaking = [item["name"] for item in report["downstream"] if item["severity"] == "breaking"]
    places = sorted({f"{reader['file'].rsplit('/', 1)[-1]}:{reader['line']}" for reader in readers(report)})
    return [
        report["verdict"],
        brief([asset["name"] for asset in assets]),
        brief(columns),
        str(len(report["downstream"])),
        brief(breaking) + (f" ({', '.join(places)})" if places else ""),
    ]


def readers(report):
    """The places that still name what is gone."""
    for asset in report["assets"]:
        yield from (reader for column in asset["columns"] for reader in column.get("readers") or [])


def main():
    program, work, *projects = sys.argv[1:]
    print("| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD))
    for project in projects:
        name, _, source = project.partition("=")
        folder = pathlib.Path(work) / name
        with_branches(source, folder, EDITS[name])
        for edit, *_ in EDITS[name]:
            report, code, seconds = preview(program, folder, edit)
            (folder.parent / f"{name}-{edit}.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
            print("| " + " | ".join([name, edit, *cells(report), str(code), f"{seconds:.2f}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
