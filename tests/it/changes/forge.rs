//! Stand-ins for the reading side of GitHub's and GitLab's APIs, on loopback, backed by a real repository.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingest_action::changes::ForgeReader;
use ingest_action::platform::context::Forge;
use ingest_action::secret::Secret;
use serde_json::{Value, json};
use url::Url;

use super::repository::{Repository, run};

pub const TOKEN: &str = "forge-token-1234";

/// How the fake behaves, and what it was asked.
#[derive(Default)]
pub struct Behaviour {
    /// Recursive trees with more entries than this are cut.
    pub tree_limit: Option<usize>,
    /// Paths that contain the text are answered with this status so often first.
    pub failures: Vec<(&'static str, u16, usize)>,
    /// Paths that were asked for.
    pub asked: Vec<String>,
}

/// A forge that serves one repository.
pub struct FakeForge {
    repository: PathBuf,
    forge: Forge,
    pub behaviour: Mutex<Behaviour>,
}

impl FakeForge {
    /// Starts serving; the reader that a run would use.
    pub async fn start(repository: &Repository, forge: Forge, behaviour: Behaviour) -> (Arc<Self>, ForgeReader) {
        let fake =
            Arc::new(Self { repository: repository.path().to_path_buf(), forge, behaviour: Mutex::new(behaviour) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let reader = ForgeReader {
            client: ingest_action::http::client(None).expect("a client"),
            api_url: Url::parse(&format!("http://{address}/api")).expect("an address"),
            token: Secret::new(TOKEN),
            repository: "shop/warehouse".to_owned(),
            forge,
        };
        (fake, reader)
    }

    pub fn asked(&self, part: &str) -> usize {
        self.behaviour.lock().expect("not poisoned").asked.iter().filter(|path| path.contains(part)).count()
    }

    /// A failure that is still due for this path.
    fn failure(&self, path: &str) -> Option<StatusCode> {
        let mut behaviour = self.behaviour.lock().expect("not poisoned");
        behaviour.asked.push(path.to_owned());
        let due = behaviour.failures.iter_mut().find(|(part, _, times)| path.contains(part) && *times > 0)?;
        due.2 -= 1;
        StatusCode::from_u16(due.1).ok()
    }

    fn git(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = run(&self.repository, arguments, "");
        output.status.success().then_some(output.stdout)
    }

    fn words(&self, arguments: &[&str]) -> Option<Vec<String>> {
        let output = self.git(arguments)?;
        Some(String::from_utf8_lossy(&output).split_whitespace().map(str::to_owned).collect())
    }

    /// Lines of `ls-tree` as mode, kind, id and path.
    fn tree(&self, options: &[&str], commit: &str) -> Option<Vec<[String; 4]>> {
        let mut arguments = vec!["ls-tree", "-z"];
        arguments.extend(options);
        arguments.push(commit);
        let output = self.git(&arguments)?;
        let output = String::from_utf8_lossy(&output).into_owned();
        let line = |line: &str| {
            let (facts, path) = line.split_once('\t').expect("a tab");
            let facts: Vec<&str> = facts.split(' ').collect();
            [facts[0].to_owned(), facts[1].to_owned(), facts[2].to_owned(), path.to_owned()]
        };
        Some(output.split('\0').filter(|text| !text.is_empty()).map(line).collect())
    }

    fn github(&self, path: &[&str], query: &BTreeMap<String, String>) -> Option<Response> {
        match path {
            ["git", "commits", id] => {
                let parents = self.words(&["rev-list", "--parents", "-n", "1", id])?;
                let parents: Vec<Value> = parents.iter().skip(1).map(|id| json!({"sha": id})).collect();
                Some(axum::Json(json!({"sha": id, "parents": parents})).into_response())
            }
            ["git", "trees", id] => Some(self.github_tree(id, query.contains_key("recursive"))?.into_response()),
            ["git", "blobs", id] => Some(self.git(&["cat-file", "blob", id])?.into_response()),
            ["compare", range] => {
                let (one, other) = range.split_once("...")?;
                let base = self.words(&["merge-base", one, other])?;
                Some(axum::Json(json!({"merge_base_commit": {"sha": base[0]}})).into_response())
            }
            [] => Some(axum::Json(json!({"default_branch": "main"})).into_response()),
            _ => None,
        }
    }

    fn github_tree(&self, id: &str, recursive: bool) -> Option<axum::Json<Value>> {
        let mut entries = self.tree(if recursive { &["-r", "-t"] } else { &[] }, id)?;
        let limit = self.behaviour.lock().expect("not poisoned").tree_limit.filter(|_| recursive);
        let truncated = limit.is_some_and(|limit| entries.len() > limit);
        entries.truncate(limit.unwrap_or(usize::MAX));
        let entry = |[mode, kind, id, path]: [String; 4]| json!({"path": path, "mode": mode, "type": kind, "sha": id});
        let tree: Vec<Value> = entries.into_iter().map(entry).collect();
        Some(axum::Json(json!({"sha": id, "truncated": truncated, "tree": tree})))
    }

    fn gitlab(&self, path: &[&str], query: &BTreeMap<String, String>) -> Option<Response> {
        match path {
            ["repository", "commits", id] => {
                let parents = self.words(&["rev-list", "--parents", "-n", "1", id])?;
                Some(axum::Json(json!({"id": id, "parent_ids": parents[1..]})).into_response())
            }
            ["repository", "tree"] => {
                let entries = self.tree(&["-r", "-t"], query.get("ref")?)?;
                let number = |name: &str| query.get(name)?.parse::<usize>().ok();
                let (page, size) = (number("page")?, number("per_page")?);
                let entry =
                    |[mode, kind, id, path]: [String; 4]| json!({"id": id, "type": kind, "path": path, "mode": mode});
                let entries: Vec<Value> = entries.into_iter().skip((page - 1) * size).take(size).map(entry).collect();
                Some(axum::Json(entries).into_response())
            }
            ["repository", "blobs", id, "raw"] => Some(self.git(&["cat-file", "blob", id])?.into_response()),
            _ => None,
        }
    }
}

async fn answer(State(fake): State<Arc<FakeForge>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let authorized = match fake.forge {
        Forge::GitLab => request.headers().get("private-token").is_some_and(|value| value == TOKEN),
        _ => request.headers().get(header::AUTHORIZATION).is_some_and(|value| *value == *format!("Bearer {TOKEN}")),
    };
    if !authorized {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(status) = fake.failure(&path) {
        return (status, [(header::RETRY_AFTER, "0")], "{\"message\": \"not now\"}").into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let answered = match (fake.forge, parts.as_slice()) {
        (Forge::GitLab, ["projects", "shop%2Fwarehouse", below @ ..]) => fake.gitlab(below, &query),
        (Forge::GitHub, ["repos", "shop", "warehouse", below @ ..]) => fake.github(below, &query),
        _ => None,
    };
    answered.unwrap_or_else(|| (StatusCode::NOT_FOUND, "{\"message\": \"Not Found\"}").into_response())
}
