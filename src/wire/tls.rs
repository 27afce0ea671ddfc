//! TLS as every socket of ours speaks it: rustls with ring, the system's roots and those of a file.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, pem};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of further roots cannot be used.
    #[error("read the certificates in {}: {source}", path.display())]
    CaFile {
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
    /// The protocol versions do not fit the provider.
    #[error("set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// What a client of `server` needs; nothing where it speaks no TLS. Reading the system's roots costs half a megabyte.
///
/// # Errors
/// As [`client_config`].
pub fn config_for(server: &url::Url, ca_file: Option<&Path>) -> Result<Option<Arc<ClientConfig>>, TlsError> {
    let needed = matches!(server.scheme(), "https" | "wss") || ca_file.is_some();
    if needed { client_config(ca_file).map(Some) } else { Ok(None) }
}

/// What a client needs: the system's roots, and those in `ca_file` (PEM) where one is given. A system without roots is no
/// error: the connection then says which certificate it did not trust.
///
/// # Errors
/// When `ca_file` cannot be read or holds something else than certificates.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a root certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = ca_file {
        let failed = |source| TlsError::CaFile { path: path.to_owned(), source };
        for certificate in CertificateDer::pem_file_iter(path).map_err(failed)? {
            let certificate = certificate.map_err(failed)?;
            roots.add(certificate).map_err(|source| TlsError::Root { path: path.to_owned(), source })?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = client_config(Some(Path::new("/nowhere/ca.pem"))).unwrap_err();
        assert!(error.to_string().starts_with("read the certificates in /nowhere/ca.pem: "), "{error}");
    }

    #[test]
    fn the_systems_roots_are_enough() {
        client_config(None).unwrap();
    }
}
