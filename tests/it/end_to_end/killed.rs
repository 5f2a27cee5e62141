//! A run that is killed at any moment, and the next one: the catalog then holds what an undisturbed run gives it.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;

use crate::fakes::http::Server;
use crate::fakes::ingest::{TOKEN, success};
use crate::harness::scrubbed;
use crate::repository::Repository;

const FILES: usize = 8;

/// A catalog that takes everything, and a signal when so many requests have come.
fn catalog(requests: usize) -> (Server, Receiver<()>) {
    let (signal, signalled) = channel();
    let left = Mutex::new((requests, signal));
    let server = Server::start(move |_| {
        let mut left = left.lock().expect("the count");
        left.0 = left.0.saturating_sub(1);
        if left.0 == 0 {
            // Nobody may be waiting any more.
            left.1.send(()).ok();
        }
        success(1, 1, 0)
    });
    (server, signalled)
}

fn load(repository: &Repository, catalog: &Server, state: &TempDir) -> std::process::Child {
    let mut command = scrubbed(env!("CARGO_BIN_EXE_ingest-action"), state.path());
    command.args(["ingest", "models/"]).current_dir(repository.path());
    command.env("DATASCALE_API_URL", catalog.url()).env("DATASCALE_TOKEN", TOKEN);
    command.env("DATASCALE_STATE_FILE", state.path().join("state.json"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

fn held(catalog: &Server) -> BTreeSet<String> {
    let contents = catalog.requests().into_iter().map(|request| request.json()["content"].to_string());
    contents.filter(|content| content != "null").collect()
}

#[test]
fn a_run_that_is_killed_is_made_good_by_the_next() {
    let repository = Repository::new();
    for at in 0..FILES {
        repository.write(&format!("models/m{at}.sql"), format!("CREATE VIEW shop.m{at} AS SELECT {at} AS a;\n"));
    }
    for requests in 1..=FILES {
        let state = TempDir::new().expect("a temporary folder");
        let (catalog, signalled) = catalog(requests);
        let mut killed = load(&repository, &catalog, &state);
        signalled.recv().expect("so many requests come");
        killed.kill().expect("the program is killed");
        killed.wait().expect("the program ends");
        let before = catalog.requests().len();
        assert!(load(&repository, &catalog, &state).wait().expect("the program ends").success());
        assert_eq!(held(&catalog).len(), FILES, "killed after {requests} requests");
        // What was on its way when it died is sent again, and what was noted as sent is not.
        let again = catalog.requests().len() - before;
        assert!(before + again <= FILES + 5, "killed after {requests} requests: {again} more");
    }
}
