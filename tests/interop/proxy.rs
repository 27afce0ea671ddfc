//! A proxy that lets HTTP through and refuses WebSockets as long as it is told to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// See the module.
pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    open: AtomicBool,
    refused: AtomicUsize,
}

impl Proxy {
    /// Before the server at `url`.
    pub(crate) fn before(url: &str) -> Self {
        let server = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (shared, server) = (Arc::clone(&theirs), server.clone());
                // Either end may go whenever it likes.
                thread::spawn(move || drop(pass(client, &server, &shared)));
            }
        });
        Self { url, shared }
    }

    /// From now on WebSockets get through, too.
    pub(crate) fn open(&self) {
        self.shared.open.store(true, Ordering::SeqCst);
    }

    /// How many did not.
    pub(crate) fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::SeqCst)
    }
}

fn pass(mut client: TcpStream, server: &str, shared: &Shared) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut some = [0; 4096];
        match client.read(&mut some)? {
            0 => return Ok(()),
            length => head.extend_from_slice(&some[..length]),
        }
    }
    let upgrades = String::from_utf8_lossy(&head).to_ascii_lowercase().contains("upgrade: websocket");
    if upgrades && !shared.open.load(Ordering::SeqCst) {
        shared.refused.fetch_add(1, Ordering::SeqCst);
        let page = "<html>No WebSockets in this house.</html>";
        return write!(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    }
    let mut server = TcpStream::connect(server)?;
    server.write_all(&head)?;
    let (mut upstream, mut downstream) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut upstream, &mut downstream);
        let _ = downstream.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both)
}
