//! The command line of the real program: help, version, and what is wrong with a call.

use ingest_action::settings::inputs;

use crate::harness::Tool;
use crate::repository::Repository;

#[test]
fn help_teaches_with_examples_on_standard_output() {
    let help = Tool::new(["--help"]).run().expect_code(0);
    for part in ["Examples:", "ingest-action preview", "ingest-action demo", "Exit codes:", "DATASCALE_TOKEN"] {
        assert!(help.stdout.contains(part), "{part} is not in\n{}", help.stdout);
    }
    assert_eq!(help.stderr, "");
}

#[test]
fn every_command_has_help_of_its_own() {
    for command in ["preview", "lineage", "ingest", "demo"] {
        let help = Tool::new([command, "--help"]).run().expect_code(0);
        assert!(help.stdout.contains(&format!("Usage: ingest-action {command}")), "{}", help.stdout);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = Tool::new(["--version"]).run().expect_code(0);
    assert_eq!(version.stdout, concat!("ingest-action ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn outside_of_ci_a_call_without_arguments_says_what_to_try() {
    let ended = Tool::new([] as [&str; 0]).run().expect_code(2);
    assert!(
        ended.stderr.contains("ingest-action preview") && ended.stderr.contains("ingest-action demo"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, "");
}

#[test]
fn an_unknown_flag_or_command_is_a_usage_error_with_a_suggestion() {
    let ended = Tool::new(["preview", "--formt", "json"]).run().expect_code(2);
    assert!(ended.stderr.contains("--format"), "{}", ended.stderr);
    let ended = Tool::new(["previw"]).run().expect_code(2);
    assert!(ended.stderr.contains("preview"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn wrong_inputs_are_all_named_with_what_is_allowed() {
    let ended = Tool::new([] as [&str; 0])
        .variable("GITHUB_ACTIONS", "true")
        .variable("INPUT_FAIL-ON", "braking")
        .variable("INPUT_API-URL", "http://api.example.com")
        .variable("INPUT_MAX-FILE-BYTES", "8 MB")
        .secret("INPUT_TOKEN", "tok-3141")
        .run()
        .expect_code(2);
    for part in [
        "fail-on (from INPUT_FAIL-ON)",
        "did you mean breaking?",
        "allow-http",
        "max-file-bytes (from INPUT_MAX-FILE-BYTES)",
    ] {
        assert!(ended.stderr.contains(part), "{part} is not in\n{}", ended.stderr);
    }
}

#[test]
fn a_token_pasted_with_a_line_break_in_it_is_refused_and_not_repeated() {
    let ended = Tool::new(["preview"]).secret("DATASCALE_TOKEN", "tok-31\n41").run().expect_code(2);
    assert!(ended.stderr.contains("token (from DATASCALE_TOKEN)"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("tok-31"), "{}", ended.stderr);
}

#[test]
fn empty_inputs_are_absent_ones() {
    // A runner passes every declared input, possibly empty.
    let mut tool = Tool::new(["preview", "--base=--upload-pack=x"]);
    for input in inputs::ALL {
        tool = tool.variable(&input.action_variable(), "");
    }
    let ended = tool.run().expect_code(2);
    assert!(ended.stderr.contains("--base"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("setting"), "{}", ended.stderr);
}

#[test]
fn an_argument_from_a_change_request_cannot_command_the_runner() {
    let repository = Repository::new();
    let hostile = "--x\n::error::injected ##[add-mask]y";
    let ended = Tool::new(["lineage", hostile]).current_folder(repository.path()).stdin("").run().expect_code(2);
    assert!(!ended.stderr.contains("##["), "{}", ended.stderr);
    assert!(ended.stderr.lines().all(|line| !line.trim_start().starts_with("::")), "{}", ended.stderr);
}
