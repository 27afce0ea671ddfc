//! TLS as every socket of ours speaks it: rustls with ring, the system's roots and those of a file.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of certificates cannot be used.
    #[error("read the certificates in {}: {source}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// A certificate of the file is no certificate authority's.
    #[error("take a certificate of {} as a root: {source}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The file of the client's key cannot be used.
    #[error("read the private key in {}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that nobody takes.
    #[error("use the certificate {} with the key {}: {source}", cert.display(), key.display())]
    Identity {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of its key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The protocol versions do not fit the provider.
    #[error("set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// Whom to trust besides the system's roots, and what to show of oneself. Nothing where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Certificates (PEM) of further authorities.
    pub ca_file: Option<PathBuf>,
    /// Certificate chain and private key (PEM) of this client.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TlsOptions {
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.ca_file.iter().chain(self.identity.iter().flat_map(|(cert, key)| [cert, key]))
    }

    pub(super) fn names_files(&self) -> bool {
        self.files().next().is_some()
    }
}

/// The configuration that goes with what the files hold at the moment: certificates are renewed while an agent runs.
#[derive(Default)]
pub(super) struct Current(Mutex<Option<Held>>);

/// What the files held, and what was made of it.
struct Held {
    files: Vec<Vec<u8>>,
    config: Arc<ClientConfig>,
}

impl Current {
    /// Files that cannot be used are told, and what they held before is used.
    pub(super) fn of(&self, options: &TlsOptions) -> Result<Arc<ClientConfig>, TlsError> {
        let files: Vec<Vec<u8>> = options.files().map(|path| fs::read(path).unwrap_or_default()).collect();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match &*held {
            Some(held) if held.files == files => return Ok(held.config.clone()),
            before => before.as_ref().map(|held| held.config.clone()),
        };
        match (client_config(options), before) {
            (Ok(config), before) => {
                if before.is_some() {
                    tracing::info!("there are new certificates: connecting with them");
                }
                *held = Some(Held { files, config: config.clone() });
                Ok(config)
            }
            (Err(error), Some(before)) => {
                tracing::error!(%error, "there are new certificates, and they cannot be used; connecting with those before them");
                Ok(before)
            }
            (Err(error), None) => Err(error),
        }
    }
}

/// What a client needs: the system's roots and what `options` name. A system without roots is no error: the connection then
/// says which certificate it did not trust.
///
/// # Errors
/// When a file cannot be read or holds something else.
pub fn client_config(options: &TlsOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a root certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = &options.ca_file {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|source| TlsError::Root { path: path.clone(), source })?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots);
    Ok(Arc::new(match &options.identity {
        None => config.with_no_client_auth(),
        Some((cert, key)) => {
            let der =
                PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key { path: key.clone(), source })?;
            let failed = |source| TlsError::Identity { cert: cert.clone(), key: key.clone(), source };
            config.with_client_auth_cert(certificates(cert)?, der).map_err(failed)?
        }
    }))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::Certificates { path: path.to_owned(), source };
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(failed)?.collect();
    match all.map_err(failed)? {
        none if none.is_empty() => Err(failed(pem::Error::NoItemsFound)),
        some => Ok(some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_ca(path: &Path) -> TlsOptions {
        TlsOptions { ca_file: Some(path.to_owned()), identity: None }
    }

    #[test]
    fn a_file_that_is_of_no_use_is_named() {
        let error = client_config(&with_ca(Path::new("/nowhere/ca.pem"))).unwrap_err();
        assert!(error.to_string().starts_with("read the certificates in /nowhere/ca.pem: "), "{error}");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let error = client_config(&with_ca(empty.path())).unwrap_err();
        assert!(error.to_string().ends_with("no items found"), "{error}");
    }

    #[test]
    fn a_key_of_another_certificate_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str| {
            let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
            let (cert, key) = (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")));
            std::fs::write(&cert, made.cert.pem()).unwrap();
            std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
            (cert, key)
        };
        let ((cert, key), (_, other)) = (made("a"), made("b"));
        let with = |key: &Path| TlsOptions { ca_file: None, identity: Some((cert.clone(), key.to_owned())) };
        client_config(&with(&key)).unwrap();
        let error = client_config(&with(&other)).unwrap_err();
        assert!(matches!(error, TlsError::Identity { .. }), "{error}");
        let error = client_config(&with(&cert)).unwrap_err();
        assert!(error.to_string().starts_with("read the private key in "), "{error}");
    }

    #[test]
    fn the_systems_roots_are_enough() {
        client_config(&TlsOptions::default()).unwrap();
    }
}
