//! A stateful stand-in for GitLab's REST API: the notes of one merge request and the token's user.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::http::{Reply, Request, Server};

/// Longest note that GitLab takes, in characters.
const MAX_NOTE: usize = 1_000_000;

/// A note as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub id: u64,
    /// Its author's username.
    pub author: String,
    /// Its text.
    pub body: String,
}

struct State {
    token: String,
    job_token: Option<String>,
    notes: Vec<Note>,
    faults: Vec<(&'static str, Reply)>,
}

/// GitLab, with merge request 7 of project 42 (`shop/warehouse`). The token's user is `project_42_bot`.
pub struct GitLab {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl GitLab {
    /// The username behind the token.
    pub const USERNAME: &'static str = "project_42_bot";

    /// Starts a GitLab that knows this token.
    pub fn start(token: &str) -> Self {
        let state = State { token: token.to_owned(), job_token: None, notes: Vec::new(), faults: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let server = Server::start({
            let state = Arc::clone(&state);
            move |request| lock(&state).answer(request)
        });
        Self { server, state }
    }

    /// The API's base address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}/api/v4", self.server.url())
    }

    /// Makes this token one that may read notes and not write them.
    pub fn restrict(&self, token: &str) {
        lock(&self.state).job_token = Some(token.to_owned());
    }

    /// Adds a note of somebody.
    pub fn add_note(&self, author: &str, body: &str) {
        lock(&self.state).add_note(author, body);
    }

    /// Every note, oldest first.
    pub fn notes(&self) -> Vec<Note> {
        lock(&self.state).notes.clone()
    }

    /// Makes the next call with this method go wrong without effect.
    pub fn fail(&self, method: &'static str, reply: Reply) {
        lock(&self.state).faults.push((method, reply));
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        if let Some(index) = self.faults.iter().position(|(method, _)| *method == request.method) {
            return self.faults.remove(index).1;
        }
        let token = request.header("private-token");
        let restricted = token.is_some() && token == self.job_token.as_deref();
        if token != Some(&self.token) && !restricted {
            return error(401, "401 Unauthorized");
        }
        if restricted && request.method != "GET" {
            let body = json!({ "error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api" });
            return Reply::json(403, &body);
        }
        // The project by its number or by its encoded path.
        let path = request.path.replace("/projects/shop%2Fwarehouse/", "/projects/42/");
        let notes = "/api/v4/projects/42/merge_requests/7/notes";
        match (request.method.as_str(), path.as_str()) {
            ("GET", "/api/v4/user") => Reply::json(200, &author(GitLab::USERNAME)),
            ("GET", path) if path == notes => self.list(request),
            ("POST", path) if path == notes => self.create(request),
            ("PUT", path) => match path.strip_prefix(&format!("{notes}/")).map(str::parse) {
                Some(Ok(id)) => self.update(id, request),
                _ => error(404, "404 Not found"),
            },
            _ => error(404, "404 Project Not Found"),
        }
    }

    /// Newest first unless asked otherwise, 20 a page unless asked otherwise, like GitLab.
    fn list(&self, request: &Request) -> Reply {
        let number = |name, default: usize| {
            request.query_value(name).and_then(|value| value.parse().ok()).filter(|value| *value > 0).unwrap_or(default)
        };
        let (size, page) = (number("per_page", 20).min(100), number("page", 1));
        let mut notes: Vec<Value> = self.notes.iter().map(wire).collect();
        if request.query_value("sort").as_deref() != Some("asc") {
            notes.reverse();
        }
        let next = if page * size < notes.len() { (page + 1).to_string() } else { String::new() };
        let notes = notes.into_iter().skip((page - 1) * size).take(size).collect();
        Reply::json(200, &Value::Array(notes)).header("x-next-page", &next).header("x-page", &page.to_string())
    }

    fn create(&mut self, request: &Request) -> Reply {
        match text_of(request) {
            Ok(body) => {
                self.add_note(GitLab::USERNAME, &body);
                Reply::json(201, &self.notes.last().map(wire).expect("it was just written"))
            }
            Err(reply) => reply,
        }
    }

    fn update(&mut self, id: u64, request: &Request) -> Reply {
        match (self.notes.iter_mut().find(|note| note.id == id), text_of(request)) {
            (None, _) => error(404, "404 Note Not Found"),
            (Some(note), _) if note.author != GitLab::USERNAME => error(403, "403 Forbidden"),
            (Some(_), Err(reply)) => reply,
            (Some(note), Ok(body)) => {
                note.body = body;
                Reply::json(200, &wire(note))
            }
        }
    }

    fn add_note(&mut self, author: &str, body: &str) {
        let id = 501 + u64::try_from(self.notes.len()).expect("few notes");
        self.notes.push(Note { id, author: author.to_owned(), body: body.to_owned() });
    }
}

/// GitLab's error body.
pub fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

fn wire(note: &Note) -> Value {
    json!({
        "id": note.id, "type": null, "body": note.body, "author": author(&note.author), "system": false,
        "noteable_iid": 7, "noteable_type": "MergeRequest", "created_at": "2026-11-22T10:00:00.000Z",
    })
}

fn author(username: &str) -> Value {
    json!({ "id": 9, "username": username, "name": username, "state": "active" })
}

fn text_of(request: &Request) -> Result<String, Reply> {
    match request.json().get("body").and_then(Value::as_str) {
        None | Some("") => Err(error(400, "400 Bad request - Note {:note=>[\"can't be blank\"]}")),
        Some(body) if body.chars().count() > MAX_NOTE => {
            Err(error(400, "400 Bad request - Note {:note=>[\"is too long (maximum is 1000000 characters)\"]}"))
        }
        Some(body) => Ok(body.to_owned()),
    }
}

/// A test that failed while it held the lock must not hide behind a poisoned one.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
