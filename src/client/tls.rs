//! TLS for the requests of a test: with the system's roots, or with any certificate where the test says so.

use super::error::FetchError;
use super::identity::Identity;
use crate::wire::tls::{TlsOptions, client_config};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde::Serialize;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::x509::X509Name;

/// Shakes hands with `host`.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    any: bool,
    identity: Option<&Identity>,
) -> Result<TlsStream<S>, FetchError> {
    connect_speaking(stream, host, any, identity, Vec::new()).await
}

/// The same; the server chooses one of these protocols.
pub(super) async fn connect_speaking<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    any: bool,
    identity: Option<&Identity>,
    protocols: Vec<Vec<u8>>,
) -> Result<TlsStream<S>, FetchError> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| FetchError::Wrong("Invalid URL".into()))?;
    let config = if any { trusting()? } else { careful()? };
    let mut config = identity.map_or_else(|| config.clone(), |identity| Arc::new(identity.shown_by(&config)));
    if !protocols.is_empty() {
        Arc::make_mut(&mut config).alpn_protocols = protocols;
    }
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        let reason = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
        FetchError::Tls(reason.map_or_else(|| "socket hang up".into(), words))
    })
}

/// What is known of a connection and of who answers there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// `TLSv1.3`, …
    protocol: Option<String>,
    /// Whose the certificate is.
    subject_name: Option<String>,
    /// Who signed it.
    issuer: Option<String>,
    /// Seconds since 1970.
    valid_from: Option<i64>,
    /// Seconds since 1970.
    valid_to: Option<i64>,
}

impl Security {
    pub(super) fn of<S>(stream: &TlsStream<S>) -> Self {
        let connection = stream.get_ref().1;
        let version = connection.protocol_version().and_then(|version| version.as_str());
        let protocol = version.map(|text| text.replace('_', "."));
        let parsed = connection.peer_certificates().and_then(<[_]>::first).and_then(|der| {
            let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
            let name = |of: &X509Name<'_>| of.iter_common_name().next()?.as_str().ok().map(str::to_owned);
            let validity = certificate.validity();
            let (from, to) = (validity.not_before.timestamp(), validity.not_after.timestamp());
            Some((name(certificate.subject()), name(certificate.issuer()), from, to))
        });
        let Some((subject_name, issuer, from, to)) = parsed else {
            return Self { protocol, subject_name: None, issuer: None, valid_from: None, valid_to: None };
        };
        Self { protocol, subject_name, issuer, valid_from: Some(from), valid_to: Some(to) }
    }
}

/// In the words of OpenSSL where there are some.
fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => "self-signed certificate".into(),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "certificate has expired".into()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "Hostname/IP does not match certificate's altnames".into(),
        other => other.to_string(),
    }
}

/// Reading the system's roots takes a while: once is enough.
fn careful() -> Result<Arc<ClientConfig>, FetchError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let config = client_config(&TlsOptions::default()).map_err(|error| FetchError::Tls(error.to_string()))?;
    Ok(CONFIG.get_or_init(|| config).clone())
}

fn trusting() -> Result<Arc<ClientConfig>, FetchError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::Tls(error.to_string()))?;
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(Arc::new(Any(provider))).with_no_client_auth()))
}

/// Takes any certificate; who signed the handshake must still hold its key.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
