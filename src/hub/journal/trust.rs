//! By whom a Redis that speaks TLS is known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;

/// These authorities and the system's, PEM: the client of Redis takes either its own choice, the system's, or what it is given.
pub(super) fn with_the_systems(mut further: Vec<u8>) -> Vec<u8> {
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a root certificate of the system cannot be read");
    }
    let mut roots = RootCertStore::empty();
    for certificate in native.certs {
        let text = STANDARD.encode(&certificate);
        // One that is no authority's would spoil them all.
        if roots.add(certificate).is_ok() {
            further.extend(format!("\n-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes());
        }
    }
    further
}
