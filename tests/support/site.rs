//! `fixtures/site` on a port of its own, for tests and benches, and what specs need of a server beside files:
//!
//! - `/hang` never answers, `/close` hangs up, `/half` is a document that never ends
//! - `/redirect?to=…&status=302` sends elsewhere
//! - `/echo` answers with the request: `{method, url, headers, body}`
//! - `/answer?status=200&h=Name: value&h=…&body=…` answers so
//! - `/ws` is a WebSocket that greets, echoes, and closes when it is told `close`
//! - `/auth` wants user `user` and password `pass`
//! - as a proxy it answers itself, whoever is asked for; `auth.…` wants user `user` and password `pass` of the proxy; `CONNECT` leads to
//!   that port of this machine
//! - `/tls` says where it is over TLS: `{https, mutual, cert, key, locked, pfx, oldPfx}`; `mutual` says who asks, and knows the client with `cert`
//!
//! `tests/interop/site.mjs` does the same for the official runner; change both.

#[path = "tls.rs"]
mod tls;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use tokio_tungstenite::tungstenite::{self, Message};

/// Serves the sample site until the process ends; returns its address without a slash at the end.
pub(crate) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_all(stream));
        }
    });
    format!("http://{address}")
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// None where the peer has gone.
    fn read(lines: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut first = String::new();
        if lines.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { method, target, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        lines.take(length).read_to_end(&mut request.body)?;
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn write(&self, out: &mut TcpStream, without_body: bool) -> io::Result<()> {
        let text = http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        write!(out, "HTTP/1.1 {} {}\r\n", self.status, text.unwrap_or("unknown"))?;
        for (name, value) in &self.headers {
            write!(out, "{name}: {value}\r\n")?;
        }
        // As Node.js has it.
        write!(out, "content-length: {}\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\n\r\n", self.body.len())?;
        if without_body { Ok(()) } else { out.write_all(&self.body) }
    }
}

/// Answers one request after the other; ends when the peer goes.
fn answer_all(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    while let Some(request) = Request::read(&mut lines)? {
        if request.method == "CONNECT" {
            return tunnel(out, &request.target);
        }
        if request.target.starts_with("http://auth.")
            && request.header("proxy-authorization") != Some("Basic dXNlcjpwYXNz")
        {
            let refusal = Answer::new(407, "text/plain", "who are you?");
            refusal.with("proxy-authenticate", "Basic realm=\"the proxy\"").write(&mut out, false)?;
            continue;
        }
        let url = url::Url::parse("http://x").and_then(|base| base.join(&request.target));
        let Ok(url) = url else { return Ok(()) };
        let asked =
            |name: &str| url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
        let answer = match url.path() {
            // Read until the peer gives up.
            "/hang" => return io::copy(&mut lines, &mut io::sink()).map(drop),
            "/close" => return Ok(()),
            "/half" => {
                out.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<!doctype html><title>Half</title><h1>Half</h1>")?;
                return io::copy(&mut lines, &mut io::sink()).map(drop);
            }
            "/ws" => return talk(out, &request),
            "/redirect" => {
                let status = asked("status").and_then(|text| text.parse().ok()).unwrap_or(302);
                Answer::new(status, "text/plain", "").with("location", &asked("to").unwrap_or_else(|| "/".into()))
            }
            "/echo" => Answer::new(200, "application/json", echo(&request).to_string()),
            "/answer" => {
                let status = asked("status").and_then(|text| text.parse().ok()).unwrap_or(200);
                let mut answer = Answer::new(status, "text/plain", asked("body").unwrap_or_default());
                for (_, header) in url.query_pairs().filter(|(name, _)| name == "h") {
                    let (name, value) = header.split_once(": ").expect("a header");
                    answer.headers.retain(|(other, _)| name == "set-cookie" || other != name);
                    answer.headers.push((name.into(), value.into()));
                }
                answer
            }
            "/auth" if request.header("authorization") == Some("Basic dXNlcjpwYXNz") => {
                Answer::new(200, "text/plain", "welcome")
            }
            "/auth" => {
                Answer::new(401, "text/plain", "who are you?").with("www-authenticate", "Basic realm=\"the site\"")
            }
            "/tls" => Answer::new(200, "application/json", secure(&out)?.to_string()),
            path => file(path),
        };
        answer.write(&mut out, request.method == "HEAD")?;
    }
    Ok(())
}

/// Passes everything on, both ways, until one hangs up.
fn tunnel(mut peer: TcpStream, target: &str) -> io::Result<()> {
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    peer.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut forth) = (server.try_clone()?, peer.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut back, &mut forth);
        forth.shutdown(std::net::Shutdown::Write)
    });
    io::copy(&mut peer, &mut server)?;
    server.shutdown(std::net::Shutdown::Write)
}

/// Where this site is over TLS.
fn secure(stream: &TcpStream) -> io::Result<Value> {
    static SITES: Mutex<BTreeMap<u16, Value>> = Mutex::new(BTreeMap::new());
    let plain = stream.local_addr()?;
    let mut sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(sites.entry(plain.port()).or_insert_with(|| tls::serve(plain)).clone())
}

/// A WebSocket, until the peer goes.
fn talk(mut out: TcpStream, request: &Request) -> io::Result<()> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let protocol = request.header("sec-websocket-protocol").and_then(|list| list.split(", ").next());
    let protocol = protocol.map_or_else(String::new, |name| format!("sec-websocket-protocol: {name}\r\n"));
    write!(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n{protocol}\r\n"
    )?;
    let mut socket = tungstenite::WebSocket::from_raw_socket(out, tungstenite::protocol::Role::Server, None);
    let gone = |error: tungstenite::Error| io::Error::other(error);
    socket.send("hello".into()).map_err(gone)?;
    loop {
        match socket.read().map_err(gone)? {
            Message::Text(text) if text == "close" => {
                let frame = tungstenite::protocol::CloseFrame { code: 3001.into(), reason: "bye".into() };
                socket.close(Some(frame)).map_err(gone)?;
            }
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).map_err(gone)?,
            _ => {}
        }
    }
}

fn echo(request: &Request) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        headers.insert(name.clone(), json!(value));
    }
    json!({
        "method": request.method, "url": request.target, "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
    })
}

fn file(path: &str) -> Answer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site");
    let mut file = root.join(path.trim_start_matches('/'));
    if file.is_dir() {
        file.push("index.html");
    }
    let content_type = match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "application/octet-stream",
    };
    match std::fs::read(&file) {
        Ok(body) if !path.contains("..") => Answer::new(200, content_type, body),
        _ => Answer::new(404, "text/plain", "not found"),
    }
}
