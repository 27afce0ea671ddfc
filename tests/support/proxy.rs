//! A proxy that knows the hosts it is told of, and writes down what it is asked; and something that puts TLS before a server.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// A proxy.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    asked: mpsc::UnboundedReceiver<String>,
}

impl Proxy {
    /// Whatever host is named, all ways lead to `server`. Who cannot say `authorization` is asked for it.
    pub(crate) async fn to(server: SocketAddr, authorization: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, server, authorization, tell.clone()));
            }
        });
        Self { address, asked }
    }

    /// The first line of the next request.
    pub(crate) async fn asked(&mut self) -> String {
        self.asked.recv().await.unwrap()
    }
}

async fn pass(
    mut stream: TcpStream,
    server: SocketAddr,
    authorization: Option<&str>,
    tell: mpsc::UnboundedSender<String>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let _ = tell.send(head.lines().next().unwrap().to_owned());
    let wanted = authorization.map(|value| format!("proxy-authorization: basic {value}").to_lowercase());
    if wanted.is_some_and(|wanted| !head.to_lowercase().lines().any(|line| line == wanted)) {
        let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
        return;
    }
    let mut far = TcpStream::connect(server).await.unwrap();
    if head.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\nvia: tests\r\n\r\n").await.unwrap();
    } else {
        far.write_all(head.as_bytes()).await.unwrap();
    }
    // Either may hang up.
    let _ = copy_bidirectional(&mut stream, &mut far).await;
}

/// An authority of the moment, and files with what it signed.
pub(crate) struct Certificates {
    authority: CertificateDer<'static>,
    server: (CertificateDer<'static>, Vec<u8>),
    /// The authority itself, and certificate and key of a client.
    pub(crate) ca: PathBuf,
    pub(crate) client: (PathBuf, PathBuf),
}

impl Certificates {
    /// For servers of the name `host`.
    pub(crate) fn new(folder: &Path, host: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            (CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap(), key)
        };
        let write = |name: &str, text: String| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        };
        let ((server, server_key), (client, client_key)) = (signed(host), signed("client.test"));
        Self {
            authority: authority.der().clone(),
            server: (server.der().clone(), server_key.serialize_pem().into_bytes()),
            ca: write("ca.pem", authority.pem()),
            client: (write("client.pem", client.pem()), write("client.key", client_key.serialize_pem())),
        }
    }

    /// Something that speaks TLS, and passes on to `plain` what comes; `known`: only from clients of this authority.
    pub(crate) async fn before(&self, plain: SocketAddr, known: bool) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let config = if known {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_slice(&self.server.1).unwrap();
        let config = config.with_single_cert(vec![self.server.0.clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        pipe(stream, plain).await;
                    }
                });
            }
        });
        address
    }
}

async fn pipe(mut near: impl AsyncRead + AsyncWrite + Unpin, to: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(to).await {
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
