//! `fixtures/site` on a port of its own, for tests and benches. `/hang` never answers, `/redirect?to=…` sends elsewhere;
//! `tests/interop/site.mjs` does the same for the official runner, change both.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

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

/// Answers one request after the other; ends when the peer goes.
fn answer_all(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if lines.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            lines.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut (&mut lines).take(length), &mut io::sink())?;
        let target = request.split(' ').nth(1).unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            // Read until the peer gives up.
            "/hang" => return io::copy(&mut lines, &mut io::sink()).map(drop),
            "/redirect" => {
                let to = query.strip_prefix("to=").unwrap_or("/");
                write!(out, "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")?;
            }
            _ => answer(&mut out, path)?,
        }
    }
}

fn answer(out: &mut TcpStream, path: &str) -> io::Result<()> {
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
    let (status, content_type, body) = match std::fs::read(&file) {
        Ok(body) if !path.contains("..") => ("200 OK", content_type, body),
        _ => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    write!(out, "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len())?;
    out.write_all(&body)
}
