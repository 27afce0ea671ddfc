//! Certificates by which a client shows who it is, each for one origin.

use super::FetchError;
use p12_keystore::KeyStore;
use p12_keystore::error::Error;
use pkcs8::der::pem::PemLabel;
use pkcs8::{EncryptedPrivateKeyInfo, SecretDocument};
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
    /// For servers at `origin`; certificates and key as PEM, the key perhaps locked by a passphrase.
    ///
    /// # Errors
    /// When one of them is not what it should be, or they are not each other's.
    pub fn from_pem(
        origin: &str,
        certificates: &[u8],
        key: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Self, FetchError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.map_err(|error| wrong(&error))?;
        let key = match passphrase.map(|passphrase| unlocked(key, passphrase)) {
            Some(Some(key)) => key?,
            Some(None) | None => PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(&error))?,
        };
        Self::new(origin, chain, &key)
    }

    /// The same out of one file in the format of PKCS#12.
    ///
    /// # Errors
    /// As [`Identity::from_pem`].
    pub fn from_pfx(origin: &str, pfx: &[u8], passphrase: &str) -> Result<Self, FetchError> {
        let store = KeyStore::from_pkcs12(pfx, passphrase).map_err(|error| match error {
            Error::MacError(_) => wrong(&"mac verify failure"),
            other => wrong(&other),
        })?;
        let (_, found) = store.private_key_chain().ok_or_else(|| wrong(&"there is no private key in it"))?;
        let chain = found.chain().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
        Self::new(origin, chain, &PrivateKeyDer::Pkcs8(found.key().to_vec().into()))
    }

    fn new(origin: &str, chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>) -> Result<Self, FetchError> {
        let url = Url::parse(origin).map_err(|error| wrong(&format!("{origin}: {error}")))?;
        let key = any_supported_type(key).map_err(|error| wrong(&error))?;
        let key = CertifiedKey::new(chain, key);
        key.keys_match().map_err(|error| wrong(&error))?;
        Ok(Self { origin: url.origin(), key: Arc::new(key) })
    }
}

fn wrong(reason: &dyn std::fmt::Display) -> FetchError {
    FetchError::Tls(format!("Failed to load client certificate: {reason}"))
}

/// A key in a lock; none where it is in none.
fn unlocked(pem: &[u8], passphrase: &str) -> Option<Result<PrivateKeyDer<'static>, FetchError>> {
    let (label, locked) = SecretDocument::from_pem(std::str::from_utf8(pem).ok()?).ok()?;
    if label != EncryptedPrivateKeyInfo::PEM_LABEL {
        return None;
    }
    let open = || {
        let key = EncryptedPrivateKeyInfo::try_from(locked.as_bytes()).map_err(|error| wrong(&error))?;
        let key = key.decrypt(passphrase).map_err(|_| wrong(&"bad decrypt"))?;
        Ok(PrivateKeyDer::Pkcs8(key.as_bytes().to_vec().into()))
    };
    Some(open())
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
        let error = Identity::from_pem("https://a.test", b"", b"", None).unwrap_err().to_string();
        assert!(error.starts_with("Failed to load client certificate: "), "{error}");
    }

    #[test]
    fn an_identity_is_for_one_origin() {
        let made = rcgen::generate_simple_self_signed(vec!["a.test".to_owned()]).unwrap();
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let identity = Identity::from_pem("https://a.test:443/any", cert.as_bytes(), key.as_bytes(), None).unwrap();
        let identities = Identities::from(vec![identity]);
        for (url, expected) in [("https://a.test/x", true), ("https://a.test:8443/", false), ("https://b.test/", false)]
        {
            assert_eq!(identities.of(&url.parse().unwrap()).is_some(), expected, "{url}");
        }
    }
}
