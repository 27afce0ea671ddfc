//! The way to the server: proxies, authorities, certificates of the client.

use crate::peer::{PATIENCE, Place};
use crate::process::Program;
use crate::proxy::{Certificates, Proxy};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use understudy::wire::client::ConnectError;
use understudy::wire::dial::Dialer;
use understudy::wire::http;
use understudy::wire::proxy::Proxies;
use understudy::wire::tls::TlsOptions;

/// `ada` and `pass`.
const ADA: &str = "YWRhOnBhc3M=";

fn dialer(proxy: Option<String>, trust: TlsOptions) -> Dialer {
    Dialer::new(Proxies::new(proxy.as_deref(), &BTreeMap::new()).unwrap(), trust).unwrap()
}

fn trust(made: &Certificates, shows: bool) -> TlsOptions {
    TlsOptions { ca_file: Some(made.ca.clone()), identity: shows.then(|| made.client.clone()) }
}

/// Sends back what comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// What comes back by this way, or why nothing does.
async fn heard(dialer: &Dialer, url: &str) -> Result<String, ConnectError> {
    let talk = async {
        let mut stream = dialer.tunnel(&url.parse().unwrap()).await?;
        let gone = |error: std::io::Error| ConnectError::Unreachable(error.to_string());
        stream.write_all(b"hello").await.map_err(gone)?;
        stream.flush().await.map_err(gone)?;
        let mut words = [0; 5];
        stream.read_exact(&mut words).await.map_err(gone)?;
        Ok(String::from_utf8_lossy(&words).into_owned())
    };
    timeout(PATIENCE, talk).await.expect("an answer or a reason")
}

#[tokio::test]
async fn every_way_leads_to_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificates::new(folder.path(), "server.test");
    let plain = echo().await;
    let (secure, mutual) = (made.before(plain, false).await, made.before(plain, true).await);
    for (server, url, shows) in
        [(plain, "ws://server.test", false), (secure, "wss://server.test", false), (mutual, "wss://server.test", true)]
    {
        let mut proxy = Proxy::to(server, Some(ADA)).await;
        let by = dialer(Some(format!("http://ada:pass@{}", proxy.address)), trust(&made, shows));
        assert_eq!(heard(&by, url).await.as_deref(), Ok("hello"), "{url}");
        let port = if url.starts_with("wss") { 443 } else { 80 };
        assert_eq!(proxy.asked().await, format!("CONNECT server.test:{port} HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_proxy_may_speak_tls_itself() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificates::new(folder.path(), "localhost");
    let secure = made.before(echo().await, false).await;
    let proxy = Proxy::to(secure, None).await;
    let before = made.before(proxy.address, false).await;
    let by = dialer(Some(format!("https://localhost:{}", before.port())), trust(&made, false));
    assert_eq!(heard(&by, "wss://localhost").await.as_deref(), Ok("hello"));
}

#[tokio::test]
async fn certificates_are_read_again_for_every_connection() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, used] = ["old", "new", "used"].map(|name| folder.path().join(name));
    [&old, &new, &used].into_iter().for_each(|place| std::fs::create_dir(place).unwrap());
    let put = |from: &Path| {
        for name in ["ca.pem", "client.pem", "client.key"] {
            std::fs::copy(from.join(name), used.join(name)).unwrap();
        }
    };
    let (_, made) = (Certificates::new(&old, "localhost"), Certificates::new(&new, "localhost"));
    let url = format!("wss://localhost:{}", made.before(echo().await, true).await.port());
    put(&old);
    let identity = Some((used.join("client.pem"), used.join("client.key")));
    let by = dialer(None, TlsOptions { ca_file: Some(used.join("ca.pem")), identity });
    assert!(matches!(heard(&by, &url).await, Err(ConnectError::Untrusted(_))));
    put(&new);
    assert_eq!(heard(&by, &url).await.as_deref(), Ok("hello"));
    // What is half written changes nothing.
    std::fs::write(used.join("client.key"), "-----BEGIN").unwrap();
    assert_eq!(heard(&by, &url).await.as_deref(), Ok("hello"));
    put(&old);
    assert!(matches!(heard(&by, &url).await, Err(ConnectError::Untrusted(_))));
}

#[tokio::test]
async fn a_way_that_is_closed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificates::new(folder.path(), "localhost");
    let plain = echo().await;
    let (secure, mutual) = (made.before(plain, false).await.port(), made.before(plain, true).await.port());
    let proxy = Proxy::to(plain, Some(ADA)).await.address;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let all = trust(&made, false);
    for (proxy, trust, url, words) in [
        (Some(format!("http://{proxy}")), all.clone(), "ws://server.test".to_owned(), "it wants to know who you are"),
        (
            Some(format!("http://ada:other@{proxy}")),
            all.clone(),
            "ws://server.test".to_owned(),
            "it does not know this user",
        ),
        (
            Some(format!("http://{gone}")),
            all.clone(),
            "ws://server.test".to_owned(),
            "cannot be reached: connection refused",
        ),
        (
            Some(format!("http://{plain}")),
            all.clone(),
            "ws://server.test".to_owned(),
            "does not lead to server.test: CONNECT",
        ),
        (None, TlsOptions::default(), format!("wss://localhost:{secure}"), "its issuer is not known here"),
        (None, all.clone(), format!("wss://127.0.0.1:{secure}"), "it is another server's"),
        (None, all.clone(), format!("wss://localhost:{mutual}"), "CertificateRequired"),
    ] {
        let error = heard(&dialer(proxy, trust), &url).await.unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains("other@"), "{words}: {error}");
    }
}

#[tokio::test]
async fn requests_are_passed_on_and_not_tunnelled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut proxy = Proxy::to(listener.local_addr().unwrap(), Some(ADA)).await;
    let by = dialer(Some(format!("http://ada:pass@{}", proxy.address)), TlsOptions::default());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    };
    let url = "http://server.test:8080/api/runs/r?x=1".parse().unwrap();
    let (body, head) = tokio::join!(http::get(&url, Some("t"), &by), server);
    assert_eq!(body.as_deref(), Ok("{}"));
    assert_eq!(proxy.asked().await, "GET http://server.test:8080/api/runs/r?x=1 HTTP/1.1");
    assert!(
        head.contains("\r\nhost: server.test:8080\r\n") && head.contains("\r\nauthorization: bearer t\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn the_program_goes_by_the_proxy_of_its_environment_with_a_certificate_of_its_own() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = Certificates::new(folder.path(), "server.test");
    let place = Place::new().await;
    let server = made.before(place.address(), true).await;
    let mut proxy = Proxy::to(server, Some(ADA)).await;
    let [ca, cert, key] = [&made.ca, &made.client.0, &made.client.1].map(|path| path.to_str().unwrap());
    let flags = ["--ca-file", ca, "--client-cert", cert, "--client-key", key];
    let variable = ("HTTPS_PROXY", format!("http://ada:pass@{}", proxy.address));
    let mut program = Program::start_in("https://server.test", state.path(), &flags, &[variable]);
    let mut server = place.client().await;
    assert_eq!(proxy.asked().await, "CONNECT server.test:443 HTTP/1.1");
    assert!(server.packet().await.starts_with(r#"42["agent:register""#));
    program.logs("connected and registered").await;
}
