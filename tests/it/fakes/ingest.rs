//! The ingest API as its documentation states it, with a script of what goes wrong. It checks each request against the
//! contract first: a request that breaks it is answered `400 CONTRACT_BROKEN`, whatever the script says.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::http::{Reply, Request, Server};

/// The token that the fake takes.
pub const TOKEN: &str = "dsk_live_4f9a0c1d2e3b";

/// A running fake of the ingest API.
pub struct IngestApi {
    server: Server,
}

impl IngestApi {
    /// Gives the scripted answers in order of the requests, and takes everything once the script is over.
    pub fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
        Self::answering(move || script.lock().expect("the script").pop_front().unwrap_or_else(|| success(1, 1, 0)))
    }

    /// Gives the same answer to every request.
    pub fn always(reply: Reply) -> Self {
        Self::answering(move || reply.clone())
    }

    fn answering(answer: impl Fn() -> Reply + Send + Sync + 'static) -> Self {
        let handler = move |request: &Request| match breach(request) {
            Some(breach) => failure(400, "CONTRACT_BROKEN", breach),
            None => answer(),
        };
        Self { server: Server::start(handler) }
    }

    /// The address for `api-url`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The bodies of all requests, in order of arrival.
    pub fn bodies(&self) -> Vec<Value> {
        self.server.requests().iter().map(Request::json).collect()
    }
}

/// The documented success, with the trailing comma that the documentation shows.
pub fn success(assets: u32, added: u32, modified: u32) -> Reply {
    let message = format!("Successfully ingested {assets} assets [{added} added, {modified} modified]");
    Reply::text(200, &format!("{{\n  \"success\": true,\n  \"message\": \"{message}\",\n}}"))
        .header("content-type", "application/json")
}

/// The documented failure.
pub fn failure(status: u16, code: &str, details: &str) -> Reply {
    Reply::json(status, &json!({ "success": false, "error": "Refused", "details": details, "code": code }))
}

/// How a request breaks the contract.
fn breach(request: &Request) -> Option<&'static str> {
    let body = request.json();
    let platform = body.get("platform");
    let known = ["content", "platform", "extra_config"];
    let checks = [
        (request.method == "PUT", "the method is not PUT"),
        (request.path == "/v1/ingest" && request.query.is_empty(), "the path is not /v1/ingest"),
        (request.header("authorization") == Some(&format!("Bearer {TOKEN}")), "the token is missing or wrong"),
        (request.header("content-type") == Some("application/json"), "the body is not announced as JSON"),
        (body["content"].as_str().is_some_and(|content| !content.is_empty()), "`content` is missing"),
        (
            platform.is_none_or(|platform| platform.as_str().is_some_and(|name| !name.is_empty())),
            "`platform` is no name",
        ),
        (body["extra_config"].is_object(), "`extra_config` is no object"),
        (body.as_object().is_some_and(|body| body.keys().all(|key| known.contains(&key.as_str()))), "an unknown field"),
    ];
    checks.into_iter().find(|(kept, _)| !kept).map(|(_, breach)| breach)
}
