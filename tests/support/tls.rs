//! The site over TLS, with a certificate of its own that nobody knows, and a site that wants to know who asks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use p256::elliptic_curve::rand_core::OsRng;
use pkcs8::{LineEnding, PrivateKeyInfo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Of whatever is locked.
const PASSPHRASE: &str = "secret";

/// Serves both beside the plain site: `{https, mutual, …}`; `cert` with `key` (or `locked`, or all in `pfx` or `oldPfx`, each behind
/// the passphrase `secret`) is for a client whom `mutual` knows, as Alice.
pub(super) fn serve(plain: SocketAddr) -> Value {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let made = Made::new();
            let (open, https) = listen().await;
            let (mutual, wants) = listen().await;
            let told = json!({
                "https": https, "mutual": wants, "cert": made.client.cert, "key": made.client.key.serialize_pem(),
                "locked": made.locked(),
                "pfx": made.pfx(EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
                "oldPfx": made.pfx(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
            });
            send.send(told).expect("somebody waits");
            let (careless, curious) = (made.acceptor(false), made.acceptor(true));
            tokio::join!(
                accept(open, careless, move |stream| pass_on(stream, plain)),
                accept(mutual, curious, say_who)
            );
        });
    });
    receive.recv().expect("addresses")
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    (listener, format!("https://localhost:{port}"))
}

struct Signed {
    cert: String,
    key: KeyPair,
}

struct Made {
    authority: rcgen::Certificate,
    server: Signed,
    client: Signed,
}

impl Made {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key).expect("an authority");
        let issuer = Issuer::new(params, key);
        let signed = |name: &str| {
            let key = KeyPair::generate().expect("a key");
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
            params.distinguished_name.push(DnType::CommonName, name);
            Signed { cert: params.signed_by(&key, &issuer).expect("a certificate").pem(), key }
        };
        let (server, client) = (signed("understudy.test"), signed("Alice"));
        Self { authority, server, client }
    }

    /// The client's key, behind the passphrase.
    fn locked(&self) -> String {
        let key = self.client.key.serialize_der();
        let key = PrivateKeyInfo::try_from(key.as_slice()).expect("a key");
        let locked = key.encrypt(OsRng, PASSPHRASE).expect("a locked key");
        locked.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).expect("a text").to_string()
    }

    /// The client's certificate and key in one file, in base64.
    fn pfx(&self, encryption: EncryptionAlgorithm, mac: MacAlgorithm) -> String {
        let chain = [self.client.cert.as_str(), &self.authority.pem()].map(|pem| {
            let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
            Certificate::from_der(&der).expect("a certificate")
        });
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(self.client.key.serialize_der(), [1], chain);
        store.add_entry("alice", KeyStoreEntry::PrivateKeyChain(chain));
        let writer = store.writer(PASSPHRASE).encryption_algorithm(encryption).mac_algorithm(mac);
        BASE64.encode(writer.write().expect("a file"))
    }

    fn acceptor(&self, asks: bool) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone());
        let config = config.with_safe_default_protocol_versions().expect("versions");
        let config = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.allow_unauthenticated().build().expect("a verifier"))
        } else {
            config.with_no_client_auth()
        };
        let cert = CertificateDer::from_pem_slice(self.server.cert.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::try_from(self.server.key.serialize_der()).expect("a key");
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![cert], key).expect("a configuration")))
    }
}

async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + Sync + Clone + 'static,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        });
    }
}

async fn pass_on(mut stream: TlsStream<TcpStream>, plain: SocketAddr) {
    if let Ok(mut site) = TcpStream::connect(plain).await {
        // Either may hang up.
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut site).await;
    }
}

/// Answers every request with who asks.
async fn say_who(stream: TlsStream<TcpStream>) {
    let known = stream.get_ref().1.peer_certificates().is_some();
    let (status, text) = if known { ("200 OK", "hello Alice") } else { ("401 Unauthorized", "who are you?") };
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while matches!(stream.read_line(&mut line).await, Ok(1..)) {
        if line == "\r\n" && stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
    }
}
