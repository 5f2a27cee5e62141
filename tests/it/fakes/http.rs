//! A small scriptable HTTP/1.1 server on loopback: one thread a connection, keep-alive, every request recorded.
//!
//! The handler decides on each answer, and on how it goes wrong: cut short, slow, or not at all. The server ends when
//! it is dropped. It knows nothing of GitHub, GitLab or the ingest API; those fakes are handlers of this one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest that a [`Behaviour::SlowBody`] takes as a whole, whatever the script says.
const SLOWEST: Duration = Duration::from_secs(10);
/// Largest request body that is read, in bytes.
const MAX_REQUEST_BODY: usize = 64 * 1024 * 1024;

/// What a client sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path as sent (percent signs and all), without the query.
    pub path: String,
    /// The query as sent, without the `?`; empty when there is none.
    pub query: String,
    /// Headers by lower-case name; repeated ones joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes, chunks joined.
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A value of the query, percent-decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }
}

/// How a reply is sent.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// As it should be.
    Whole,
    /// The head and this many bytes of the body, then the connection is closed.
    CutAfter(usize),
    /// Nothing at all: the connection is closed.
    CloseBeforeReply,
    /// The body in pieces, with a pause before each; at most 10 seconds as a whole.
    SlowBody {
        /// Bytes in a piece.
        piece: usize,
        /// The pause before each piece.
        pause: Duration,
    },
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers besides `content-length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How it is sent.
    pub behaviour: Behaviour,
}

impl Reply {
    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), behaviour: Behaviour::Whole }
    }

    /// A JSON reply.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, &body.to_string()).header("content-type", "application/json; charset=utf-8")
    }

    /// A reply with this body and no content type.
    pub fn text(status: u16, body: &str) -> Self {
        Self { body: body.as_bytes().to_vec(), ..Self::empty(status) }
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::empty(status).header("location", location)
    }

    /// The same reply with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same reply, sent in another way.
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }
}

type Handler = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

/// What the threads share.
struct Shared {
    handler: Handler,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<Vec<(TcpStream, JoinHandle<()>)>>,
    stopping: Mutex<bool>,
    stopped: Condvar,
}

/// A running server. Dropping it closes every connection and waits for its threads.
pub struct Server {
    address: String,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound address").to_string();
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            requests: Mutex::default(),
            connections: Mutex::default(),
            stopping: Mutex::new(false),
            stopped: Condvar::new(),
        });
        let listening = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&listener)
        });
        Self { address, shared, listening: Some(listening) }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *lock(&self.shared.stopping) = true;
        self.shared.stopped.notify_all();
        // `accept` has no timeout: a last connection wakes it.
        drop(TcpStream::connect(&self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
        let connections = std::mem::take(&mut *lock(&self.shared.connections));
        for (stream, thread) in connections {
            drop(stream.shutdown(Shutdown::Both));
            drop(thread.join());
        }
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if *lock(&self.stopping) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let Ok(handle) = stream.try_clone() else { continue };
            let shared = Arc::clone(self);
            let thread = std::thread::spawn(move || shared.serve(&stream));
            lock(&self.connections).push((handle, thread));
        }
    }

    /// Answers the requests of one connection until either side has enough.
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read_request(&mut reader) {
            let last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
            lock(&self.requests).push(request.clone());
            let reply = (self.handler)(&request);
            if self.send(stream, &reply).is_none() || last {
                break;
            }
        }
        drop(stream.shutdown(Shutdown::Both));
    }

    /// Sends a reply; `None` when the connection is over.
    fn send(&self, mut stream: &TcpStream, reply: &Reply) -> Option<()> {
        match reply.behaviour {
            Behaviour::CloseBeforeReply => return None,
            Behaviour::Whole => {
                let mut message = head(reply);
                message.extend_from_slice(&reply.body);
                stream.write_all(&message).ok()?;
            }
            Behaviour::CutAfter(bytes) => {
                let mut message = head(reply);
                message.extend(reply.body.iter().take(bytes));
                stream.write_all(&message).ok()?;
                return None;
            }
            Behaviour::SlowBody { piece, pause } => {
                stream.write_all(&head(reply)).ok()?;
                let pieces = reply.body.chunks(piece.max(1));
                let longest = SLOWEST / u32::try_from(pieces.len()).unwrap_or(u32::MAX).max(1);
                for piece in pieces {
                    self.pause(pause.min(longest))?;
                    stream.write_all(piece).ok()?;
                }
            }
        }
        Some(())
    }

    /// Waits, or returns `None` at once when the server ends.
    fn pause(&self, pause: Duration) -> Option<()> {
        let guard = lock(&self.stopping);
        let (stopping, _) = self
            .stopped
            .wait_timeout_while(guard, pause, |stopping| !*stopping)
            .unwrap_or_else(PoisonError::into_inner);
        (!*stopping).then_some(())
    }
}

/// A handler that failed an assertion must not hide behind a poisoned lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn head(reply: &Reply) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !matches!(reply.status, 204 | 304) {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Reads one request; `None` at the end of the connection or when what comes is no HTTP.
fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let start = read_line(reader)?;
    let mut words = start.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        let joined = headers.entry(name.to_ascii_lowercase()).or_default();
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value.trim());
    }
    let body = read_body(reader, &headers)?;
    Some(Request { method, path, query, headers, body })
}

fn read_body(reader: &mut impl BufRead, headers: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    if headers.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return read_chunks(reader);
    }
    let length = headers.get("content-length").map_or(Some(0), |value| value.parse().ok())?;
    read_bytes(reader, length)
}

fn read_chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = read_line(reader)?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        body.extend(read_bytes(reader, size)?);
        // The line end after a chunk; after the last chunk, the end of the (unused) trailers.
        while !read_line(reader)?.is_empty() {}
        if size == 0 {
            return Some(body);
        }
    }
}

fn read_bytes(reader: &mut impl BufRead, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; (length <= MAX_REQUEST_BODY).then_some(length)?];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// One line without its end; `None` at the end of the connection.
fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = reader.take(64 * 1024).read_until(b'\n', &mut line).ok()?;
    if read == 0 {
        return None;
    }
    Some(String::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends raw bytes and reads until the server closes the connection.
    fn exchange(server: &Server, bytes: &str) -> String {
        let mut stream = TcpStream::connect(&server.address).expect("connects");
        stream.write_all(bytes.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        answer
    }

    #[test]
    fn requests_are_recorded_and_answered_on_one_connection() {
        let server = Server::start(|request| {
            let echo = serde_json::json!({ "path": request.path, "name": request.query_value("name") });
            Reply::json(200, &echo).header("x-served-by", "test")
        });
        assert_eq!(server.url(), format!("http://{}", server.address));
        let answer = exchange(
            &server,
            "PUT /a%20b?name=x%26y HTTP/1.1\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 7\r\n\r\n{\"a\":1}\
             POST /chunked HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        );
        assert!(answer.contains(r#"{"path":"/a%20b","name":"x&y"}"#), "{answer}");
        assert!(answer.contains("x-served-by: test"), "{answer}");
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].header("x-one"), Some("1, 2"));
        assert_eq!(requests[0].json(), serde_json::json!({ "a": 1 }));
        assert_eq!((requests[1].method.as_str(), requests[1].body.as_slice()), ("POST", b"abcde".as_slice()));
        assert_eq!(requests[1].json(), serde_json::Value::Null);
    }

    #[test]
    fn replies_go_wrong_as_scripted() {
        let server = Server::start(|request| match request.path.as_str() {
            "/cut" => Reply::text(200, "0123456789").behaviour(Behaviour::CutAfter(4)),
            "/closed" => Reply::empty(200).behaviour(Behaviour::CloseBeforeReply),
            "/slow" => {
                let pause = Duration::from_millis(1);
                Reply::text(200, "0123456789").behaviour(Behaviour::SlowBody { piece: 3, pause })
            }
            _ => Reply::redirect(302, "/elsewhere"),
        });
        assert!(exchange(&server, "GET /cut HTTP/1.1\r\n\r\n").ends_with("content-length: 10\r\n\r\n0123"));
        assert_eq!(exchange(&server, "GET /closed HTTP/1.1\r\n\r\n"), "");
        let slow = exchange(&server, "GET /slow HTTP/1.1\r\nconnection: close\r\n\r\n");
        assert!(slow.ends_with("\r\n\r\n0123456789"), "{slow}");
        let redirect = exchange(&server, "GET / HTTP/1.1\r\nconnection: close\r\n\r\n");
        assert!(redirect.contains("location: /elsewhere\r\n"), "{redirect}");
        assert!(redirect.ends_with("content-length: 0\r\n\r\n"), "{redirect}");
    }

    #[test]
    fn a_server_ends_although_a_client_is_still_connected() {
        let server =
            Server::start(|_| Reply::text(200, "late").behaviour(Behaviour::SlowBody { piece: 1, pause: SLOWEST }));
        let mut waiting = TcpStream::connect(&server.address).expect("connects");
        waiting.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sends");
        let mut idle = TcpStream::connect(&server.address).expect("connects");
        drop(server);
        assert_eq!(idle.read(&mut [0; 1]).map_err(|_| ()).unwrap_or(0), 0);
    }
}
