//! The option `clientCertificates`: who a context is to servers that ask.

use super::{Failure, ReadableFiles, files, parse};
use crate::client::{Identities, Identity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    origin: String,
    /// In base64.
    cert: Option<String>,
    cert_path: Option<String>,
    key: Option<String>,
    key_path: Option<String>,
    pfx: Option<String>,
    pfx_path: Option<String>,
    passphrase: Option<String>,
}

/// Those of `{options: {clientCertificates}}`.
pub(super) async fn read(params: &Value, readable: &ReadableFiles) -> Result<Identities, Failure> {
    read_of(params, "/options", readable).await
}

/// The same where the options are at `place`.
pub(super) async fn read_of(params: &Value, place: &str, readable: &ReadableFiles) -> Result<Identities, Failure> {
    let Some(given) = params.pointer(&format!("{place}/clientCertificates")).filter(|given| !given.is_null()) else {
        return Ok(Identities::default());
    };
    let mut identities = Vec::new();
    for one in parse::<Vec<Given>>(given.clone())? {
        let identity = if one.pfx.is_some() || one.pfx_path.is_some() {
            let pfx = content(one.pfx, one.pfx_path, readable).await?;
            Identity::from_pfx(&one.origin, &pfx, one.passphrase.as_deref().unwrap_or_default())
        } else {
            let cert = content(one.cert, one.cert_path, readable).await?;
            let key = content(one.key, one.key_path, readable).await?;
            Identity::from_pem(&one.origin, &cert, &key, one.passphrase.as_deref())
        };
        identities.push(identity.map_err(|error| Failure::new(error.to_string()))?);
    }
    Ok(identities.into())
}

async fn content(text: Option<String>, path: Option<String>, readable: &ReadableFiles) -> Result<Vec<u8>, Failure> {
    match (text, path) {
        (Some(text), _) => BASE64.decode(text).map_err(|error| Failure::new(format!("wrong parameters: {error}"))),
        (None, Some(path)) => files::content(&path, readable).await,
        (None, None) => Ok(Vec::new()),
    }
}
