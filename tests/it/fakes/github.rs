//! A stateful stand-in for GitHub's REST API: issue comments, the token's user, and whatever else a test serves.
//!
//! It checks the token, pages as GitHub does (30 by default, 100 at most, `Link` headers), answers in GitHub's JSON
//! shapes, and goes wrong where a test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::http::{Reply, Request, Server};

/// Longest comment that GitHub takes, in characters.
const MAX_COMMENT: usize = 65_536;

/// Who the token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOf {
    /// The workflow: comments appear as `github-actions[bot]`, and the token may not ask for its own name.
    Workflow,
    /// A person.
    Person(&'static str),
}

/// A call that goes wrong, once.
#[derive(Debug, Clone)]
pub struct Fault {
    /// `GET`, `POST`, `PATCH`.
    pub method: &'static str,
    /// A part of the path and query.
    pub on: &'static str,
    /// What is answered.
    pub reply: Reply,
    /// Whether the call takes effect all the same.
    pub takes_effect: bool,
}

/// A comment as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// Its author's login; `None` for a deleted account.
    pub author: Option<String>,
    /// Its text.
    pub body: String,
}

struct State {
    token: String,
    token_of: TokenOf,
    repository: String,
    pull_request: u64,
    comments: Vec<Comment>,
    faults: Vec<Fault>,
    served: BTreeMap<String, Reply>,
}

/// GitHub, with one repository and one pull request.
pub struct GitHub {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl GitHub {
    /// Starts a GitHub that knows this token, with pull request 7 of `shop/warehouse`.
    pub fn start(token: &str, token_of: TokenOf) -> Self {
        let state = Arc::new(Mutex::new(State {
            token: token.to_owned(),
            token_of,
            repository: "shop/warehouse".to_owned(),
            pull_request: 7,
            comments: Vec::new(),
            faults: Vec::new(),
            served: BTreeMap::new(),
        }));
        let server = Server::start({
            let state = Arc::clone(&state);
            move |request| lock(&state).answer(request)
        });
        Self { server, state }
    }

    /// The API's base address, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Adds a comment of somebody; `None` is a deleted account.
    pub fn add_comment(&self, author: Option<&str>, body: &str) {
        lock(&self.state).add_comment(author.map(str::to_owned), body);
    }

    /// Writes another text into a comment, as somebody with the right to could.
    pub fn edit_comment(&self, place: usize, body: &str) {
        lock(&self.state).comments[place].body = body.to_owned();
    }

    /// Every comment, oldest first.
    pub fn comments(&self) -> Vec<Comment> {
        lock(&self.state).comments.clone()
    }

    /// Makes the next call of this kind go wrong. Several faults of one kind take turns.
    pub fn fail(&self, fault: Fault) {
        lock(&self.state).faults.push(fault);
    }

    /// Answers GET requests for a path (below the base address) with this: trees, blobs, files of a pull request.
    pub fn serve(&self, path: &str, reply: Reply) {
        lock(&self.state).served.insert(path.to_owned(), reply);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// Requests that would change something, as `POST /path`.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.server.requests().into_iter().filter(|request| request.method != "GET");
        requests.map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

/// GitHub's error body.
pub fn error(status: u16, message: &str) -> Reply {
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.to_string(),
    });
    Reply::json(status, &body)
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let target = format!("{}?{}", request.path, request.query);
        let matches = |fault: &Fault| fault.method == request.method && target.contains(fault.on);
        if let Some(index) = self.faults.iter().position(matches) {
            let fault = self.faults.remove(index);
            if fault.takes_effect {
                self.carry_out(request);
            }
            return fault.reply;
        }
        self.carry_out(request)
    }

    fn carry_out(&mut self, request: &Request) -> Reply {
        if request.header("authorization") != Some(format!("Bearer {}", self.token).as_str()) {
            return error(401, "Bad credentials");
        }
        if request.header("user-agent").is_none() {
            return error(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent",
            );
        }
        let comments = format!("/repos/{}/issues/{}/comments", self.repository, self.pull_request);
        let one_comment = format!("/repos/{}/issues/comments/", self.repository);
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/user") => match self.token_of {
                TokenOf::Workflow => error(403, "Resource not accessible by integration"),
                TokenOf::Person(login) => Reply::json(200, &author(Some(login))),
            },
            ("GET", path) if path == comments => self.list(request),
            ("POST", path) if path == comments => self.create(request),
            ("PATCH", path) => match path.strip_prefix(&one_comment).map(str::parse) {
                Some(Ok(id)) => self.update(id, request),
                _ => error(404, "Not Found"),
            },
            ("GET", path) => self.served.get(path).cloned().unwrap_or_else(|| error(404, "Not Found")),
            _ => error(404, "Not Found"),
        }
    }

    fn list(&self, request: &Request) -> Reply {
        let number = |name, default: usize| {
            request.query_value(name).and_then(|value| value.parse().ok()).filter(|value| *value > 0).unwrap_or(default)
        };
        let (size, page) = (number("per_page", 30).min(100), number("page", 1));
        let comments: Vec<Value> =
            self.comments.iter().skip((page - 1) * size).take(size).map(|comment| self.wire(comment)).collect();
        let reply = Reply::json(200, &Value::Array(comments));
        let pages = self.comments.len().div_ceil(size);
        let link = |page: usize, relation: &str| {
            // GitHub links by the repository's number, on its own host.
            let host = request.header("host").unwrap_or_default();
            format!("<http://{host}/repositories/1/issues/7/comments?per_page={size}&page={page}>; rel=\"{relation}\"")
        };
        match page < pages {
            true => reply.header("link", &format!("{}, {}", link(page + 1, "next"), link(pages, "last"))),
            false if page > 1 => reply.header("link", &format!("{}, {}", link(page - 1, "prev"), link(1, "first"))),
            false => reply,
        }
    }

    fn create(&mut self, request: &Request) -> Reply {
        let body = match text_of(request) {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        let author = match self.token_of {
            TokenOf::Workflow => "github-actions[bot]",
            TokenOf::Person(login) => login,
        };
        let id = self.add_comment(Some(author.to_owned()), &body);
        self.one(201, id)
    }

    fn update(&mut self, id: u64, request: &Request) -> Reply {
        let body = match text_of(request) {
            Ok(body) => body,
            Err(reply) => return reply,
        };
        match self.comments.iter_mut().find(|comment| comment.id == id) {
            Some(comment) => comment.body = body,
            None => return error(404, "Not Found"),
        }
        self.one(200, id)
    }

    fn add_comment(&mut self, author: Option<String>, body: &str) -> u64 {
        let id = 1001 + u64::try_from(self.comments.len()).expect("few comments");
        self.comments.push(Comment { id, author, body: body.to_owned() });
        id
    }

    fn one(&self, status: u16, id: u64) -> Reply {
        let comment = self.comments.iter().find(|comment| comment.id == id).expect("it was just written");
        Reply::json(status, &self.wire(comment))
    }

    fn wire(&self, comment: &Comment) -> Value {
        let Comment { id, body, .. } = comment;
        let page = format!("https://github.com/{}/pull/{}", self.repository, self.pull_request);
        json!({
            "id": id,
            "node_id": format!("IC_{id}"),
            "html_url": format!("{page}#issuecomment-{id}"),
            "user": author(comment.author.as_deref()),
            "created_at": "2026-11-22T10:00:00Z",
            "updated_at": "2026-11-22T10:00:00Z",
            "author_association": "CONTRIBUTOR",
            "body": body,
            "performed_via_github_app": null,
        })
    }
}

fn author(login: Option<&str>) -> Value {
    login.map_or(
        Value::Null,
        |login| json!({ "login": login, "id": 1, "type": if login.ends_with("[bot]") { "Bot" } else { "User" } }),
    )
}

/// The text of a comment that a request brings, or GitHub's refusal.
fn text_of(request: &Request) -> Result<String, Reply> {
    let refused = |message: &str| {
        let detail =
            json!({ "resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message });
        Reply::json(422, &json!({ "message": "Validation Failed", "errors": [detail], "status": "422" }))
    };
    match request.json().get("body").and_then(Value::as_str) {
        None | Some("") => Err(refused("Body can't be blank")),
        Some(body) if body.chars().count() > MAX_COMMENT => {
            Err(refused("Body is too long (maximum is 65536 characters)"))
        }
        Some(body) => Ok(body.to_owned()),
    }
}

/// A test that failed while it held the lock must not hide behind a poisoned one.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn other_endpoints_are_served_to_the_right_token_only() {
        let github = GitHub::start("tok", TokenOf::Workflow);
        github.serve("/repos/shop/warehouse/git/blobs/abc", Reply::json(200, &json!({ "encoding": "base64" })));
        let client = ingest_action::http::client(None).expect("a client");
        let status = async |path: &str, token: &str| {
            let request = client.get(format!("{}{path}", github.url())).bearer_auth(token);
            request.send().await.expect("an answer").status().as_u16()
        };
        assert_eq!(status("/repos/shop/warehouse/git/blobs/abc", "tok").await, 200);
        assert_eq!(status("/repos/shop/warehouse/git/blobs/abc", "other").await, 401);
        assert_eq!(status("/repos/shop/warehouse/git/blobs/def", "tok").await, 404);
    }
}
