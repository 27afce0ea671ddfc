//! A virtual authenticator: makes passkeys and signs with them, as a device of a person would that always agrees.

use crate::browser::error::BrowserError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::rand_core::{OsRng, RngCore};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Flags of what the authenticator says: a person is there, and was recognised; a new key comes with it.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// A passkey, in Playwright's form; all bytes are base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// Its name.
    pub id: String,
    /// Whose: the domain of the site.
    pub rp_id: String,
    /// Who the site takes its owner for.
    pub user_handle: String,
    /// PKCS#8.
    pub private_key: String,
    /// SPKI.
    pub public_key: String,
    /// How often it has signed.
    pub sign_count: u32,
    /// Whether it is found without its name.
    #[serde(skip, default = "found")]
    is_found: bool,
}

const fn found() -> bool {
    true
}

/// A passkey as a test wishes for it; what is missing is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewPasskey {
    rp_id: String,
    id: Option<String>,
    user_handle: Option<String>,
    private_key: Option<String>,
    public_key: Option<String>,
    sign_count: f64,
}

/// What a page asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum Asked {
    Create {
        origin: String,
        challenge: String,
        rp_id: String,
        user: String,
        excluded: Vec<String>,
        /// Whether it is to be found without its name.
        is_found: bool,
    },
    Get {
        origin: String,
        challenge: String,
        rp_id: String,
        /// Those that will do; none are all.
        allowed: Vec<String>,
    },
}

/// Why a page gets none: the name of an exception, and its message.
pub(super) type Refusal = (&'static str, &'static str);

/// The passkeys of a context, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Authenticator(Vec<Passkey>);

impl Authenticator {
    pub(super) fn all(&self) -> &[Passkey] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.0.retain(|passkey| passkey.id != id);
    }

    /// In place of one of the same name.
    fn keep(&mut self, passkey: Passkey) {
        match self.0.iter_mut().find(|other| other.id == passkey.id) {
            Some(other) => *other = passkey,
            None => self.0.push(passkey),
        }
    }

    /// A passkey that a test wishes for.
    pub(super) fn add(&mut self, wished: NewPasskey) -> Result<Passkey, BrowserError> {
        let NewPasskey { rp_id, id, user_handle, private_key, public_key, sign_count } = wished;
        if !(0.0..=f64::from(u32::MAX)).contains(&sign_count) {
            let range = format!("signCount must be between 0 and {}, got {sign_count}", u32::MAX);
            return Err(BrowserError::other(range));
        }
        let (private_key, public_key) = match (private_key, public_key) {
            (Some(private_key), Some(public_key)) => (private_key, public_key),
            _ => texts(&SecretKey::random(&mut OsRng))?,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the range")]
        let sign_count = sign_count as u32;
        let made = Passkey {
            id: id.filter(|id| !id.is_empty()).unwrap_or_else(random),
            rp_id,
            user_handle: user_handle.filter(|handle| !handle.is_empty()).unwrap_or_else(random),
            private_key,
            public_key,
            sign_count,
            is_found: true,
        };
        self.keep(made.clone());
        Ok(made)
    }

    /// What a page is answered.
    pub(super) fn answer(&mut self, asked: Asked) -> Result<Value, Refusal> {
        match asked {
            Asked::Create { origin, challenge, rp_id, user, excluded, is_found } => {
                if excluded.iter().any(|id| self.0.iter().any(|passkey| passkey.id == *id)) {
                    return Err(("InvalidStateError", "Credential excluded"));
                }
                let client = client_data("webauthn.create", &challenge, &origin);
                self.create(rp_id, user, is_found, &client)
            }
            Asked::Get { origin, challenge, rp_id, allowed } => {
                let client = client_data("webauthn.get", &challenge, &origin);
                self.sign(&rp_id, &allowed, &client)
            }
        }
    }

    fn create(&mut self, rp_id: String, user: String, is_found: bool, client: &[u8]) -> Result<Value, Refusal> {
        let key = SecretKey::random(&mut OsRng);
        let (private_key, public_key) = texts(&key).map_err(|_| BROKEN)?;
        let mut id = [0; 16];
        OsRng.fill_bytes(&mut id);
        let mut data = head(&rp_id, PRESENT | VERIFIED | ATTESTED, 0);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(id);
        data.extend(cose(&key));
        let id = BASE64.encode(id);
        let answer = json!({
            "id": id, "clientDataJSON": BASE64.encode(client), "authenticatorData": BASE64.encode(&data),
            "attestationObject": BASE64.encode(attestation(&data)), "publicKey": public_key,
        });
        self.keep(Passkey { id, rp_id, user_handle: user, private_key, public_key, sign_count: 0, is_found });
        Ok(answer)
    }

    fn sign(&mut self, rp_id: &str, allowed: &[String], client: &[u8]) -> Result<Value, Refusal> {
        let fits = |passkey: &Passkey| passkey.rp_id == rp_id;
        let found = if allowed.is_empty() {
            self.0.iter().position(|passkey| fits(passkey) && passkey.is_found)
        } else {
            allowed.iter().find_map(|id| self.0.iter().position(|passkey| passkey.id == *id && fits(passkey)))
        };
        let passkey = &mut self.0[found.ok_or(("NotAllowedError", "No matching credential"))?];
        let key = BASE64.decode(&passkey.private_key).map_err(|_| BROKEN)?;
        let key = SigningKey::from_pkcs8_der(&key).map_err(|_| BROKEN)?;
        passkey.sign_count = passkey.sign_count.wrapping_add(1);
        let data = head(rp_id, PRESENT | VERIFIED, passkey.sign_count);
        let signed = [data.as_slice(), &Sha256::digest(client)].concat();
        let signature: Signature = key.sign(&signed);
        Ok(json!({
            "id": passkey.id, "clientDataJSON": BASE64.encode(client), "authenticatorData": BASE64.encode(&data),
            "signature": BASE64.encode(signature.to_der()), "userHandle": passkey.user_handle,
        }))
    }
}

/// Of a passkey whose key is none.
const BROKEN: Refusal = ("NotAllowedError", "The private key of the credential cannot be used");

fn random() -> String {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    BASE64.encode(bytes)
}

/// A key as PKCS#8, and its public part as SPKI.
fn texts(key: &SecretKey) -> Result<(String, String), BrowserError> {
    let wrong = |error: &dyn std::fmt::Display| BrowserError::other(format!("no key could be made: {error}"));
    let private = key.to_pkcs8_der().map_err(|error| wrong(&error))?;
    let public = key.public_key().to_public_key_der().map_err(|error| wrong(&error))?;
    Ok((BASE64.encode(private.as_bytes()), BASE64.encode(public.as_bytes())))
}

/// What the page signs for, in the order the standard asks for.
fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
    let text = |text: &str| json!(text).to_string();
    format!(
        "{{\"type\":{},\"challenge\":{},\"origin\":{},\"crossOrigin\":false}}",
        text(kind),
        text(challenge),
        text(origin)
    )
    .into_bytes()
}

/// What authenticator data begins with.
fn head(rp_id: &str, flags: u8, count: u32) -> Vec<u8> {
    [&*Sha256::digest(rp_id), &[flags], &count.to_be_bytes()].concat()
}

/// The public key as a COSE key in CBOR: an elliptic curve (1: 2), ES256 (3: -7), P-256 (-1: 1), its point (-2, -3).
fn cose(key: &SecretKey) -> Vec<u8> {
    let point = key.public_key().to_encoded_point(false);
    let [x, y] = [point.x(), point.y()].map(|half| half.map(|half| half.to_vec()).unwrap_or_default());
    [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20], x.as_slice(), &[0x22, 0x58, 0x20], y.as_slice()].concat()
}

/// An attestation in CBOR that attests nothing (`none`) around this data.
fn attestation(data: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length = if high == 0 { vec![0x58, low] } else { vec![0x59, high, low] };
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData", length.as_slice(), data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::PublicKey;
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use p256::pkcs8::DecodePublicKey;

    fn get(allowed: &[&str]) -> Asked {
        Asked::Get {
            origin: "https://shop.test".into(),
            challenge: "Y2hhbGxlbmdl".into(),
            rp_id: "shop.test".into(),
            allowed: allowed.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn bytes(answer: &Value, name: &str) -> Vec<u8> {
        BASE64.decode(answer[name].as_str().unwrap()).unwrap()
    }

    #[test]
    fn what_is_signed_can_be_verified_and_is_counted() {
        let mut authenticator = Authenticator::default();
        let wished = NewPasskey { rp_id: "shop.test".into(), sign_count: 6.0, ..NewPasskey::default() };
        let passkey = authenticator.add(wished).unwrap();
        let answer = authenticator.answer(get(&[])).unwrap();
        let (client, data) = (bytes(&answer, "clientDataJSON"), bytes(&answer, "authenticatorData"));
        assert_eq!(
            String::from_utf8(client.clone()).unwrap(),
            r#"{"type":"webauthn.get","challenge":"Y2hhbGxlbmdl","origin":"https://shop.test","crossOrigin":false}"#
        );
        assert_eq!(data[32..], [5, 0, 0, 0, 7]);
        let public = PublicKey::from_public_key_der(&BASE64.decode(&passkey.public_key).unwrap()).unwrap();
        let signature = Signature::from_der(&bytes(&answer, "signature")).unwrap();
        let signed = [data.as_slice(), &Sha256::digest(client)].concat();
        VerifyingKey::from(public).verify(&signed, &signature).unwrap();
        assert_eq!(authenticator.all()[0].sign_count, 7);
    }

    #[test]
    fn what_a_page_made_is_found_as_it_wished() {
        let mut authenticator = Authenticator::default();
        let create = |excluded: Vec<String>, is_found| Asked::Create {
            origin: "https://shop.test".into(),
            challenge: String::new(),
            rp_id: "shop.test".into(),
            user: "dQ".into(),
            excluded,
            is_found,
        };
        let made = authenticator.answer(create(vec![], false)).unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(authenticator.answer(get(&[])).unwrap_err().0, "NotAllowedError");
        assert_eq!(authenticator.answer(get(&["other", &id])).unwrap()["id"], id);
        assert_eq!(authenticator.answer(create(vec![id], true)).unwrap_err().0, "InvalidStateError");
        let attestation = bytes(&made, "attestationObject");
        assert!(attestation.ends_with(&bytes(&made, "authenticatorData")) && attestation.starts_with(b"\xa3cfmtdnone"));
    }

    #[test]
    fn counts_have_a_range() {
        let wished = NewPasskey { sign_count: -1.0, ..NewPasskey::default() };
        let error = Authenticator::default().add(wished).unwrap_err().to_string();
        assert_eq!(error, "signCount must be between 0 and 4294967295, got -1");
    }
}
