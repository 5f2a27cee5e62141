//! The real program from one end to the other: CI's environment in, and out come requests to the forge and to the
//! catalog, a job summary, outputs, annotations, a report file and an exit code.
//!
//! What holds for every run is checked by [`job::Job`] itself: no configured token is anywhere, only known commands
//! reach the runner, the outputs are those that `action.yml` declares, every changed file is in one bucket, and a second
//! run on the same commit writes nothing to the forge.

mod artifacts;
mod catalog;
mod contract;
mod demo;
mod events;
mod gitlab;
mod graph;
mod hosted;
mod job;
mod killed;
mod laptop;
mod load;
mod permissions;
mod pull_request;
mod unreachable;

/// The address of a port of this machine at which nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
