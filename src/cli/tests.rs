use super::*;
use crate::settings::{DialectChoice, Gate};
use crate::sql::dialect::Dialect;

fn parsed(arguments: &[&str]) -> Command {
    parse(with_program(arguments), &Environment::default()).expect("a command")
}

fn ended(arguments: &[&str]) -> CliExit {
    parse(with_program(arguments), &Environment::default()).expect_err("an end")
}

fn with_program(arguments: &[&str]) -> Vec<String> {
    std::iter::once("ingest-action").chain(arguments.iter().copied()).map(str::to_owned).collect()
}

fn preview(arguments: &[&str]) -> (Option<String>, PreviewHead, PreviewFormat) {
    match parsed(&[&["preview"], arguments].concat()) {
        Command::Preview { base, head, format, .. } => (base, head, format),
        other => panic!("not a preview: {other:?}"),
    }
}

fn lineage_sources(arguments: &[&str]) -> LineageSources {
    match parsed(&[&["lineage"], arguments].concat()) {
        Command::Lineage { sources, .. } => sources,
        other => panic!("not a lineage: {other:?}"),
    }
}

#[test]
fn the_declared_command_line_is_consistent() {
    command_line().debug_assert();
}

#[test]
fn without_arguments_the_pipeline_runs() {
    assert!(matches!(parsed(&[]), Command::Run(settings) if settings.comment));
}

#[test]
fn flags_of_settings_reach_the_settings_of_their_command() {
    let arguments = ["preview", "--dialect", "snowflake", "--fail-on", "breaking", "--fail-on=parse-error"];
    let Command::Preview { settings, .. } = parsed(&arguments) else { panic!("not a preview") };
    assert_eq!(settings.dialect, DialectChoice::Fixed(Dialect::Snowflake));
    assert_eq!(settings.fail_on, [Gate::ParseError, Gate::Breaking]);
}

#[test]
fn a_flag_that_a_command_does_not_use_is_refused_there() {
    assert_eq!(ended(&["lineage", "--api-url", "https://x.example"]).status, ExitStatus::Usage);
    assert_eq!(ended(&["--dialect", "hive", "preview"]).status, ExitStatus::Usage);
}

#[test]
fn preview_compares_the_worktree_unless_told() {
    assert_eq!(preview(&[]), (None, PreviewHead::Worktree, PreviewFormat::Terminal));
    let (base, head, _) = preview(&["--base", "origin/main", "--head", "HEAD~2"]);
    assert_eq!((base.as_deref(), head), (Some("origin/main"), PreviewHead::Revision("HEAD~2".to_owned())));
}

#[test]
fn a_forge_asks_for_its_comment() {
    let format = |arguments: &[&str]| preview(arguments).2;
    assert_eq!(format(&["--forge", "gitlab"]), PreviewFormat::Markdown(CommentForge::GitLab));
    assert_eq!(format(&["--format", "markdown"]), PreviewFormat::Markdown(CommentForge::GitHub));
    assert_eq!(format(&["--format", "json"]), PreviewFormat::Json);
    assert!(ended(&["preview", "--forge", "github", "--format", "json"]).text.contains("--forge"));
}

#[test]
fn a_revision_cannot_be_an_option_of_git() {
    assert_eq!(ended(&["preview", "--base=--output=/etc/passwd"]).status, ExitStatus::Usage);
    assert_eq!(ended(&["preview", "--head", ""]).status, ExitStatus::Usage);
}

#[test]
fn lineage_reads_the_current_folder_unless_told() {
    assert_eq!(lineage_sources(&[]), LineageSources::Paths(vec![".".into()]));
    assert_eq!(lineage_sources(&["-"]), LineageSources::Stdin);
    assert_eq!(lineage_sources(&["a.sql", "b"]), LineageSources::Paths(vec!["a.sql".into(), "b".into()]));
    assert!(ended(&["lineage", "-", "a.sql"]).text.contains("standard input"));
}

#[test]
fn no_token_is_a_flag() {
    for name in ["--token", "--github-token"] {
        for command in [vec![], vec!["preview"], vec!["ingest"]] {
            let end = ended(&[&command[..], &[name, "secret-1"]].concat());
            assert_eq!(end.status, ExitStatus::Usage, "{command:?} {name}");
            assert!(!end.text.contains("secret-1"), "{}", end.text);
            assert!(end.text.contains("TOKEN"), "{}", end.text);
        }
    }
}

#[test]
fn help_and_version_go_to_stdout_and_end_well() {
    for arguments in [&["--help"][..], &["-h"], &["--version"], &["preview", "--help"], &["demo", "-h"]] {
        let end = ended(arguments);
        assert_eq!((end.stream, end.status), (Stream::Stdout, ExitStatus::Done), "{arguments:?}");
    }
}

#[test]
fn settings_from_the_environment_are_checked_for_every_command() {
    let environment = Environment::from([("DATASCALE_DIALECT", "cobol")]);
    let end = parse(["ingest-action", "preview"], &environment).expect_err("refused");
    assert_eq!((end.stream, end.status), (Stream::Stderr, ExitStatus::Usage));
    assert!(end.text.contains("dialect (from DATASCALE_DIALECT) is \"cobol\""), "{}", end.text);
}
