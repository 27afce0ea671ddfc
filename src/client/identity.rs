//! Certificates by which a client shows who it is, each for one origin.

use super::FetchError;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};
use std::sync::Arc;
use url::{Origin, Url};

/// Those of a context. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Identities(Arc<[Identity]>);

/// One of them.
#[derive(Debug)]
pub struct Identity {
    origin: Origin,
    key: Arc<CertifiedKey>,
}

impl Identity {
    /// For servers at `origin`; certificates and key as PEM.
    ///
    /// # Errors
    /// When one of them is not what it should be, or they are not each other's.
    pub fn new(origin: &str, certificates: &[u8], key: &[u8]) -> Result<Self, FetchError> {
        let wrong = |reason: String| FetchError::Tls(format!("Failed to load client certificate: {reason}"));
        let url = Url::parse(origin).map_err(|error| wrong(format!("{origin}: {error}")))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|error| wrong(error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(error.to_string()))?;
        let key = any_supported_type(&key).map_err(|error| wrong(error.to_string()))?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|error| wrong(error.to_string()))?;
        Ok(Self { origin: url.origin(), key: Arc::new(key) })
    }
}

impl Identities {
    /// The one for this address.
    pub(super) fn of(&self, url: &Url) -> Option<&Identity> {
        self.0.iter().find(|identity| identity.origin == url.origin())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<Identity>> for Identities {
    fn from(identities: Vec<Identity>) -> Self {
        Self(identities.into())
    }
}

impl Identity {
    /// The same configuration of a client that shows it.
    pub(super) fn shown_by(&self, config: &ClientConfig) -> ClientConfig {
        let mut config = config.clone();
        config.client_auth_cert_resolver = Arc::new(Shown(self.key.clone()));
        config
    }
}

/// Shows one certificate to whoever asks.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_named() {
        let error = Identity::new("https://a.test", b"", b"").unwrap_err().to_string();
        assert!(error.starts_with("Failed to load client certificate: "), "{error}");
    }

    #[test]
    fn an_identity_is_for_one_origin() {
        let made = rcgen::generate_simple_self_signed(vec!["a.test".to_owned()]).unwrap();
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let identity = Identity::new("https://a.test:443/any", cert.as_bytes(), key.as_bytes()).unwrap();
        let identities = Identities::from(vec![identity]);
        for (url, expected) in [("https://a.test/x", true), ("https://a.test:8443/", false), ("https://b.test/", false)]
        {
            assert_eq!(identities.of(&url.parse().unwrap()).is_some(), expected, "{url}");
        }
    }
}
