//! The table of settings, `action.yml`, `--help`, the GitLab template and the documentation say the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ingest_action::exit::ExitStatus;
use ingest_action::settings::inputs;
use serde::Deserialize;

use crate::harness::Tool;

/// `action.yml`.
#[derive(Deserialize)]
pub struct Action {
    /// What a step may give.
    pub inputs: BTreeMap<String, ActionInput>,
    /// What it gets back.
    pub outputs: BTreeMap<String, ActionOutput>,
    runs: ActionRuns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    description: String,
    /// What the runner passes where the step gives nothing.
    #[serde(default)]
    pub default: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionOutput {
    description: String,
}

#[derive(Deserialize)]
struct ActionRuns {
    using: String,
    image: String,
}

#[derive(Deserialize)]
struct GitLabTemplate {
    #[serde(rename = "sql-lineage")]
    job: GitLabJob,
}

#[derive(Deserialize)]
struct GitLabJob {
    variables: BTreeMap<String, String>,
}

/// A file of this repository.
pub fn file(path: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `action.yml` as it is.
pub fn action() -> Action {
    serde_saphyr::from_str(&file("action.yml")).expect("action.yml is YAML of the known form")
}

/// The text between `<!-- name:begin -->` and `<!-- name:end -->`.
fn block(path: &str, name: &str) -> String {
    let text = file(path);
    let (_, rest) =
        text.split_once(&format!("<!-- {name}:begin -->\n")).unwrap_or_else(|| panic!("{path} has no {name}"));
    let (block, _) =
        rest.split_once(&format!("<!-- {name}:end -->")).unwrap_or_else(|| panic!("{path} has no end of {name}"));
    block.trim().to_owned()
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

fn assert_same(actual: &str, expected: &str, place: &str) {
    assert!(actual == expected.trim(), "{place} is not up to date; it should read:\n\n{expected}");
}

fn inputs_table() -> String {
    let mut table = String::from(
        "| input | values | default | variable outside of GitHub | what it does |\n|---|---|---|---|---|\n",
    );
    for input in inputs::ALL {
        let (values, default) = (code(input.value_name), code(input.action_default()));
        writeln!(table, "| `{}` | {values} | {default} | `{}` | {} |", input.name, input.variable, input.help)
            .expect("a String");
    }
    table
}

fn inputs_summary() -> String {
    let mut table = String::from("| input | default | what it does |\n|---|---|---|\n");
    for input in inputs::ALL {
        writeln!(table, "| `{}` | {} | {} |", input.name, code(input.action_default()), input.summary())
            .expect("a String");
    }
    table
}

fn outputs_table() -> String {
    let mut table = String::from("| output | what it holds |\n|---|---|\n");
    let text = file("action.yml");
    let mut outputs: Vec<_> = action().outputs.into_iter().collect();
    // In the order of the file, which a map does not keep.
    outputs.sort_by_key(|(name, _)| text.find(&format!("\n  {name}:\n")));
    for (name, output) in outputs {
        writeln!(table, "| `{name}` | {} |", output.description).expect("a String");
    }
    table
}

#[test]
fn action_yml_declares_every_setting_with_its_help_and_default() {
    let action = action();
    let declared: BTreeMap<&str, (&str, &str)> =
        action.inputs.iter().map(|(name, input)| (&**name, (&*input.description, &*input.default))).collect();
    let expected: BTreeMap<&str, (&str, &str)> =
        inputs::ALL.iter().map(|input| (input.name, (input.help, input.action_default()))).collect();
    assert_eq!(declared, expected);
    assert_eq!((&*action.runs.using, &*action.runs.image), ("docker", "Dockerfile"));
}

#[test]
fn help_names_every_setting_its_variable_and_its_default() {
    let help = Tool::new(["--help"]).run().stdout;
    // Lines are wrapped at the terminal's width, so that only words can be compared.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = words(&help);
    for input in inputs::ALL {
        let name = if input.is_flag() {
            format!("--{} <{}>", input.name, input.value_name)
        } else {
            format!("input {}", input.name)
        };
        let default = if input.default.is_empty() { String::new() } else { format!("[default: {}]", input.default) };
        for part in [&name, input.variable, &words(input.help), &default] {
            assert!(help.contains(part), "--help does not say {part:?}");
        }
    }
    assert!(!help.contains("--token"), "a token must not be a flag");
}

#[test]
fn the_gitlab_template_sets_every_variable_that_is_no_secret_to_its_default() {
    let template: GitLabTemplate =
        serde_saphyr::from_str(&file("templates/gitlab-ci.yml")).expect("the template is YAML");
    let mut variables = template.job.variables;
    assert!(variables.remove("GIT_DEPTH").is_some());
    let expected: BTreeMap<String, String> = inputs::ALL
        .iter()
        .filter(|input| input.is_flag())
        .map(|input| (input.variable.to_owned(), input.default.to_owned()))
        .collect();
    assert_eq!(variables, expected);
}

#[test]
fn the_reference_of_inputs_is_the_table_of_settings() {
    assert_same(&block("docs/inputs.md", "inputs"), &inputs_table(), "docs/inputs.md");
    assert_same(&block("README.md", "inputs"), &inputs_summary(), "README.md");
}

#[test]
fn the_reference_of_outputs_is_that_of_action_yml() {
    for path in ["docs/inputs.md", "README.md"] {
        assert_same(&block(path, "outputs"), &outputs_table(), path);
    }
}

#[test]
fn the_reference_of_exit_codes_is_the_table_of_the_program() {
    let mut table = String::from("| code | meaning |\n|---|---|\n");
    for status in ExitStatus::ALL {
        writeln!(table, "| {} | {} |", status.code(), status.meaning()).expect("a String");
    }
    assert_same(&block("docs/exit-codes.md", "exit-codes"), &table, "docs/exit-codes.md");
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
        .into_iter()
        .map(str::to_owned)
        .chain(documents_in("docs"))
    {
        let text = file(&document);
        let folder = Path::new(&document).parent().expect("a file has a folder").to_path_buf();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).join(target);
            assert!(path.exists(), "{document} links to {target}, which does not exist");
        }
    }
}

fn documents_in(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}/{name}")).collect()
}
