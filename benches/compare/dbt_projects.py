"""How much of dbt projects is understood from their checkouts: a row of Markdown for each.

    python dbt_projects.py [--list] PROGRAM FOLDER[=MANIFEST] …

With a `manifest.json` that dbt wrote, the edges of its enabled models and snapshots are compared with those found.
`--list` names each edge that differs.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

HEAD = ["project", "models", "whole", "with holes", "failed", "ref edges", "source edges", "missing", "too many"]


def graph_of(program, folder):
    """The graph of a folder, as the program tells it."""
    run = subprocess.run([program, "lineage", "--format", "json", "."], cwd=folder, capture_output=True, check=True)
    return json.loads(run.stdout)


def troubles(graph):
    """Files with holes, and files that did not render."""
    files = collections.defaultdict(set)
    for diagnostic in graph["diagnostics"]:
        files[diagnostic["code"]].add(diagnostic["file"])
    return files["template-hole"], files["template-error"]


def root_of(folder, project):
    """Where in a folder a dbt project lies, by its name."""
    for file in sorted(pathlib.Path(folder).rglob("dbt_project.yml"), key=lambda path: len(path.parts)):
        name = re.search(r"^name:\s*['\"]?([\w-]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        if name and name.group(1) == project:
            return file.parent.relative_to(folder)
    sys.exit(f"{folder} holds no project {project}")


def project_of(manifest):
    """The project that the manifest is of; of integration tests without models, the package that they test."""
    models = collections.Counter(
        node["package_name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"
    )
    own = manifest["metadata"]["project_name"]
    return own if models[own] else models.most_common(1)[0][0]


def edges_of_dbt(manifest, project, root):
    """Pairs of what is read and the file that reads it, of the enabled models and snapshots of a project."""

    def name(node_id):
        source = manifest["sources"].get(node_id)
        return f"{source['source_name']}.{source['name']}".lower() if source else node_id.split(".")[2].lower()

    nodes = [node for node in manifest["nodes"].values() if node["package_name"] == project]
    nodes = [node for node in nodes if node["resource_type"] in ("model", "snapshot")]
    files = {str(root / node["original_file_path"]) for node in nodes}
    known = manifest["nodes"].keys() | manifest["sources"].keys()
    pairs = ((upstream, node) for node in nodes for upstream in node["depends_on"]["nodes"] if upstream in known)
    return files, {(name(upstream), str(root / node["original_file_path"])) for upstream, node in pairs}


def edges_found(graph, files):
    """The same pairs as the program finds them, of the same files."""
    assets = {asset["name"]: asset for asset in graph["assets"]}

    def name(asset):
        # A node whose name an earlier project has already goes by the name of its project too.
        is_node = asset["kind"] in ("model", "seed", "snapshot")
        return asset["name"].split(".")[-1].lower() if is_node else asset["name"].lower()

    # Of models of one name, one for each engine, the graph names one file.
    by_stem = {pathlib.Path(file).stem: file for file in files}

    def reader(asset):
        file = asset.get("file") or ""
        twin = by_stem.get(pathlib.Path(file).stem) if asset["kind"] in ("model", "snapshot") else None
        return file if file in files else twin

    pairs = ((assets.get(edge["upstream"]), assets.get(edge["downstream"])) for edge in graph["asset_edges"])
    return {(name(up), reader(down)) for up, down in pairs if up and down and up is not down and reader(down)}


def row(program, folder, manifest_path, listed):
    """The cells of one project."""
    graph = graph_of(program, folder)
    kinds = {asset["name"]: asset["kind"] for asset in graph["assets"]}
    models = {
        asset["file"] for asset in graph["assets"] if asset["kind"] in ("model", "snapshot") and asset["role"] == "defined"
    }
    with_holes, failed = (models & files for files in troubles(graph))
    from_kinds = collections.Counter(
        kinds.get(edge["upstream"])
        for edge in graph["asset_edges"]
        if kinds.get(edge["downstream"]) in ("model", "snapshot")
    )
    refs = sum(from_kinds[kind] for kind in ("model", "seed", "snapshot"))
    cells = [len(models), len(models - with_holes - failed), len(with_holes - failed), len(failed), refs, from_kinds["source"]]
    if not manifest_path:
        return [*cells, "", ""]
    manifest = json.loads(pathlib.Path(manifest_path).read_text(encoding="utf-8"))
    project = project_of(manifest)
    files, expected = edges_of_dbt(manifest, project, root_of(folder, project))
    found = edges_found(graph, files)
    if listed:
        for word, edges in (("missing", expected - found), ("too many", found - expected)):
            for upstream, file in sorted(edges):
                print(f"{word}: {upstream} -> {file}", file=sys.stderr)
    return [*cells, f"{len(expected - found)} of {len(expected)}", len(found - expected)]


def main():
    arguments = sys.argv[1:]
    listed = arguments[:1] == ["--list"]
    program, *projects = arguments[listed:]
    print("| " + " | ".join(HEAD) + " |")
    print("|---" + "|---:" * (len(HEAD) - 1) + "|")
    for project in projects:
        folder, _, manifest = project.partition("=")
        cells = [pathlib.Path(folder).resolve().name, *row(program, folder, manifest, listed)]
        print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


main()
