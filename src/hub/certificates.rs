//! The hub's certificate, read again when its files have changed: whoever renews it need not start the hub anew.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// The files are looked at no more often.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the certificate is.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and those that lead to a root, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Why the hub does not speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or holds something else.
    #[error("read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// The file holds none.
    #[error("read {}: there is no certificate in it", .0.display())]
    None(PathBuf),
    /// The key is not the certificate's, or of a kind that cannot be used.
    #[error("use the certificate: {0}")]
    Unfit(#[from] rustls::Error),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Certificates {
    files: TlsFiles,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    config: Arc<ServerConfig>,
    stamps: [Stamp; 2],
    looked: Instant,
}

/// When a file was written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl Certificates {
    /// Reads the files.
    pub(super) fn read(files: TlsFiles) -> Result<Self, CertificateError> {
        let held = Held { stamps: files.stamps(), config: files.config()?, looked: Instant::now() };
        Ok(Self { files, held: Mutex::new(held) })
    }

    /// The certificate as it is now; where the files are broken, as it was before.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= PAUSE {
            self.look(&mut held);
        }
        held.config.clone()
    }

    fn look(&self, held: &mut Held) {
        held.looked = Instant::now();
        let stamps = self.files.stamps();
        if stamps == held.stamps {
            return;
        }
        held.stamps = stamps;
        match self.files.config() {
            Ok(config) => {
                held.config = config;
                tracing::info!(file = %self.files.cert.display(), "the certificate was read again");
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate has changed and cannot be used: keeping the one before")
            }
        }
    }
}

impl TlsFiles {
    fn stamps(&self) -> [Stamp; 2] {
        [&self.cert, &self.key].map(|path| stamp(path))
    }

    fn config(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| CertificateError::File { path: path.clone(), source }
        };
        let chain = CertificateDer::pem_file_iter(&self.cert).map_err(failed(&self.cert))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(failed(&self.cert))?;
        if chain.is_empty() {
            return Err(CertificateError::None(self.cert.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(failed(&self.key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn stamp(path: &Path) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;
    use std::fs;

    fn write(files: &TlsFiles, names: &[&str]) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = generate_simple_self_signed(names).unwrap();
        fs::write(&files.cert, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn a_certificate_is_read_again_when_it_has_changed_and_a_broken_one_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        write(&files, &["localhost"]);
        let certificates = Certificates::read(files.clone()).unwrap();
        let look = || {
            let mut held = certificates.held.lock().unwrap();
            certificates.look(&mut held);
            held.config.clone()
        };
        let first = look();
        assert!(Arc::ptr_eq(&first, &look()));
        fs::write(&files.cert, "no certificate").unwrap();
        assert!(Arc::ptr_eq(&first, &look()), "what is broken is not taken");
        write(&files, &["localhost", "another.example"]);
        assert!(!Arc::ptr_eq(&first, &look()));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let error = |files: &TlsFiles| Certificates::read(files.clone()).unwrap_err().to_string();
        assert!(error(&files).contains("cert.pem"), "{}", error(&files));
        write(&files, &["localhost"]);
        let own_key = fs::read_to_string(&files.key).unwrap();
        fs::write(&files.key, "").unwrap();
        assert!(error(&files).contains("key.pem"), "{}", error(&files));
        let other = TlsFiles { cert: folder.path().join("other.pem"), key: files.key.clone() };
        write(&other, &["localhost"]);
        assert!(error(&files).starts_with("use the certificate: "), "{}", error(&files));
        fs::write(&files.key, own_key).unwrap();
        fs::write(&files.cert, "").unwrap();
        assert!(error(&files).contains("no certificate"), "{}", error(&files));
    }
}
