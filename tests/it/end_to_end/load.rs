//! `ingest`: a first load of files and folders into the catalog.

use crate::fakes::ingest::{self, IngestApi, failure, success};
use crate::harness::{Ended, Tool};
use crate::repository::Repository;

fn models() -> Repository {
    let repository = Repository::new();
    repository.write("models/a.sql", "CREATE VIEW shop.a AS SELECT 1 AS one;\n");
    repository.write("models/b.sql", "CREATE VIEW shop.b AS SELECT a.one FROM shop.a AS a;\n");
    repository.write("models/words.sql", "-- nothing yet\n");
    repository
}

fn load(catalog: &IngestApi, arguments: &[&str]) -> Ended {
    let repository = models();
    let tool = Tool::new(["ingest"].iter().chain(arguments)).current_folder(repository.path());
    tool.variable("DATASCALE_API_URL", catalog.url()).secret("DATASCALE_TOKEN", ingest::TOKEN).run()
}

#[test]
fn a_dry_run_prints_the_plan_and_sends_nothing() {
    let catalog = IngestApi::scripted([]);
    let ended = load(&catalog, &["--dry-run", "models/"]).expect_code(0);
    assert_eq!(catalog.bodies().len(), 0);
    for part in ["send  models/a.sql", "send  models/b.sql", "skip  models/words.sql", "2 requests"] {
        assert!(ended.stdout.contains(part), "{part} is not in\n{}", ended.stdout);
    }
}

#[test]
fn everything_is_sent_and_counted() {
    let catalog = IngestApi::scripted([]);
    let ended =
        load(&catalog, &["--dialect", "postgres", "--extra-config", "{\"team\": \"shop\"}", "models/"]).expect_code(0);
    let bodies = catalog.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["content"], "CREATE VIEW shop.a AS SELECT 1 AS one;\n");
    assert_eq!((&bodies[1]["platform"], &bodies[1]["extra_config"]["team"]), (&"postgres".into(), &"shop".into()));
    assert_eq!(ended.stdout, "2 sent, 0 rejected, 0 deferred, 0 unchanged, 1 skipped (2 requests)\n");
}

#[test]
fn a_rejected_file_is_named_with_its_line_and_the_command_fails() {
    let catalog = IngestApi::scripted([failure(400, "PARSER_ERROR", "Error at line 1: no"), success(1, 1, 0)]);
    let ended = load(&catalog, &["models/"]).expect_code(4);
    assert!(ended.stdout.starts_with("1 sent, 1 rejected, "), "{}", ended.stdout);
    assert!(ended.stdout.contains("rejected models/a.sql:1: PARSER_ERROR"), "{}", ended.stdout);
}

#[test]
fn without_a_token_nothing_is_sent_and_the_variable_is_named() {
    let repository = models();
    let ended = Tool::new(["ingest"]).current_folder(repository.path()).run().expect_code(2);
    assert!(ended.stderr.contains("DATASCALE_TOKEN"), "{}", ended.stderr);
}

#[test]
fn quiet_prints_the_outcome_alone() {
    let ended = load(&IngestApi::scripted([]), &["-q", "models/"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.starts_with("2 sent, "), "{}", ended.stdout);
    let told = load(&IngestApi::scripted([]), &["models/"]).expect_code(0);
    assert!(told.stderr.contains("2 requests, ") && told.stderr.contains("1 skipped; at most"), "{}", told.stderr);
}

#[test]
fn a_state_file_spares_what_was_sent_and_a_dry_run_says_so() {
    let catalog = IngestApi::scripted([]);
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let state = folder.path().join("state.json").display().to_string();
    let arguments = ["--state-file", &state, "models/"];
    load(&catalog, &arguments).expect_code(0);
    let planned = load(&catalog, &[&arguments[..], &["--dry-run"]].concat()).expect_code(0);
    assert!(planned.stdout.contains("keep  models/a.sql  (sent before, and unchanged since)"), "{}", planned.stdout);
    let again = load(&catalog, &arguments).expect_code(0);
    assert_eq!(again.stdout, "0 sent, 0 rejected, 0 deferred, 2 unchanged, 1 skipped (0 requests)\n");
    assert_eq!(catalog.bodies().len(), 2);
}
