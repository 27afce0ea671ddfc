//! HTTP with Chromium, where servers are reached through proxies that speak it: `CONNECT`, and requests with a whole address in them. One
//! request for each connection, so that none goes anywhere but where the first was looked at.

use super::super::connect::Stream;
use super::super::{FetchError, Proxy};
use super::Shared;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::TcpStream;
use url::{Host, Position, Url};

/// The longest head of a request, bytes.
const LONGEST_HEAD: u64 = 1 << 20;

/// Serves one connection of Chromium's. One that leads nowhere ends without a word; the gate knows why.
pub(super) async fn serve(shared: &Shared, browser: TcpStream) -> io::Result<()> {
    let mut browser = BufReader::new(browser);
    let (first, fields) = head(&mut browser).await?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "CONNECT" {
        let url = Url::parse(&format!("https://{target}")).map_err(io::Error::other)?;
        let (host, port) = place(&url)?;
        let mut server = shared.reach(&host, port).await.map_err(io::Error::other)?;
        browser.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        return copy_bidirectional(&mut browser, &mut server).await.map(drop);
    }
    let url = Url::parse(target).map_err(io::Error::other)?;
    let (host, port) = place(&url)?;
    let way = send(shared, &url, &host, port, method, &fields);
    let mut server = shared.kept_in_mind(&host, port, way).await.map_err(io::Error::other)?;
    copy_bidirectional(&mut browser, &mut server).await.map(drop)
}

/// Lines, without the empty one.
async fn head(browser: &mut BufReader<TcpStream>) -> io::Result<(String, Vec<String>)> {
    let mut lines = browser.take(LONGEST_HEAD);
    let mut next = async || {
        let mut line = String::new();
        lines.read_line(&mut line).await?;
        if line.ends_with('\n') {
            Ok(line.trim_end().to_owned())
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof))
        }
    };
    let first = next().await?;
    let mut fields = Vec::new();
    loop {
        match next().await? {
            line if line.is_empty() => return Ok((first, fields)),
            line => fields.push(line),
        }
    }
}

fn place(url: &Url) -> io::Result<(Host<String>, u16)> {
    let host = url.host().ok_or(io::ErrorKind::InvalidData)?.to_owned();
    Ok((host, url.port_or_known_default().unwrap_or(80)))
}

/// Passes a request on, its body follows.
async fn send(
    shared: &Shared,
    url: &Url,
    host: &Host<String>,
    port: u16,
    method: &str,
    fields: &[String],
) -> Result<Box<dyn Stream>, FetchError> {
    let proxy = shared.proxy(url);
    let (mut server, target) = match &proxy {
        Some(proxy) => (shared.ask(proxy, host, port).await?, &url[..Position::AfterQuery]),
        None => (shared.directly(host, port).await?, &url[Position::BeforePath..Position::AfterQuery]),
    };
    let is_of_the_way = |field: &&String| {
        let name = field.split(':').next().unwrap_or_default().to_ascii_lowercase();
        ["connection", "proxy-connection", "proxy-authorization"].contains(&name.as_str())
    };
    let mut request = format!("{method} {target} HTTP/1.1\r\n");
    for field in fields.iter().filter(|field| !is_of_the_way(field)) {
        request.push_str(field);
        request.push_str("\r\n");
    }
    if let Some(authorization) = proxy.as_ref().and_then(Proxy::authorization) {
        request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    server.write_all(request.as_bytes()).await.map_err(|_| FetchError::HungUp)?;
    Ok(server)
}
