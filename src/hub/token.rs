//! Tokens of the hub: JWT signed with HS256, any secret length.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Secrets shorter than this are accepted with a warning, bytes: the output size of SHA-256 (RFC 7518 §3.2).
pub const SECRET_ADVISED_BYTES: usize = 32;

/// A clock this far off does not make a token expired, seconds.
const LEEWAY_SECONDS: u64 = 5;

/// The name of a user; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for UserId {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

/// What a token's bearer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Starts sessions; in protocol 000 it may become an agent by registering.
    #[default]
    Client,
    /// Executes sessions, starts none.
    Agent,
    /// Another server that publishes events.
    Service,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Agent => "agent",
            Self::Service => "service",
        })
    }
}

/// Who a valid token says its bearer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Claim `sub`, else `userId`.
    pub user: UserId,
    /// Claim `role`.
    pub role: Role,
    /// Claim `projects`; none means all.
    pub projects: Option<Vec<String>>,
}

/// What a valid token grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub identity: Identity,
    /// Until when; none means for ever.
    pub expires: Option<SystemTime>,
}

/// Why a token does not let its bearer in.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("read the token: there is none")]
    Missing,
    /// Not a JWT, signed with another secret or algorithm, or expired.
    #[error("verify the token")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// Neither `sub` nor `userId`.
    #[error("find the user in the token: it has neither `sub` nor `userId`")]
    NoUser,
    /// A connection cannot become another's.
    #[error("renew the token: the new one is another user's or of another role")]
    NotTheSame,
}

#[derive(Serialize)]
struct Minted<'a> {
    sub: &'a UserId,
    role: Role,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    projects: &'a Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "id")]
    sub: Option<String>,
    #[serde(default, rename = "userId", deserialize_with = "id")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "role")]
    role: Role,
    #[serde(default)]
    projects: Option<Vec<String>>,
    #[serde(default)]
    exp: Option<f64>,
}

/// Servers of this kind number their users or name them.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) if !text.is_empty() => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Other servers have roles of their own (`admin`, …): those are clients here.
fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)?.as_str() {
        Some("agent") => Role::Agent,
        Some("service") => Role::Service,
        _ => Role::Client,
    })
}

/// Makes a token that is valid for `ttl` from `now` on.
///
/// # Errors
/// When signing fails; not known to happen.
pub fn mint(secret: &[u8], identity: &Identity, ttl: Duration, now: SystemTime) -> Result<String, TokenError> {
    let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Minted {
        sub: &identity.user,
        role: identity.role,
        iat: issued,
        exp: issued.saturating_add(ttl.as_secs()),
        projects: &identity.projects,
    };
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))?)
}

/// Reads a token. One without `exp` never expires, as servers of these kinds have it.
///
/// # Errors
/// When the token is missing, malformed, signed otherwise, expired, not yet valid, or names no user.
pub fn verify(secret: &[u8], token: Option<&str>) -> Result<Grant, TokenError> {
    let token = token.filter(|token| !token.is_empty()).ok_or(TokenError::Missing)?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(secret), &validation)?.claims;
    let user = claims.sub.or(claims.user_id).ok_or(TokenError::NoUser)?;
    let identity = Identity { user: UserId(user), role: claims.role, projects: claims.projects };
    let expires = claims.exp.and_then(end);
    // The library looks at whole seconds: whoever it lets in for what is left of one would be shown out at once.
    if expires.is_some_and(|expires| expires <= SystemTime::now()) {
        return Err(TokenError::Invalid(ErrorKind::ExpiredSignature.into()));
    }
    Ok(Grant { identity, expires })
}

/// When a token with this claim has expired; none where no clock gets there.
fn end(exp: f64) -> Option<SystemTime> {
    let seconds = Duration::try_from_secs_f64(exp.max(0.0)).ok()?;
    UNIX_EPOCH.checked_add(seconds + Duration::from_secs(LEEWAY_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &[u8] = b"short";

    fn signed(claims: &serde_json::Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET)).unwrap()
    }

    #[test]
    fn what_is_minted_verifies() {
        let identity = Identity { user: "ada".into(), role: Role::Agent, projects: Some(vec!["p1".to_owned()]) };
        let token = mint(SECRET, &identity, Duration::from_secs(60), SystemTime::now()).unwrap();
        let grant = verify(SECRET, Some(&token)).unwrap();
        assert_eq!(grant.identity, identity);
        let left = grant.expires.unwrap().duration_since(SystemTime::now()).unwrap();
        assert!(left > Duration::from_secs(55) && left <= Duration::from_secs(60 + LEEWAY_SECONDS), "{left:?}");
    }

    #[test]
    fn claims_of_other_servers_are_understood() {
        for (name, claims, user, role) in [
            ("sub", json!({"sub": "u1"}), "u1", Role::Client),
            ("userId", json!({"userId": "u2", "email": "a@b.c"}), "u2", Role::Client),
            ("sub before userId", json!({"sub": "u3", "userId": "u4"}), "u3", Role::Client),
            ("a number", json!({"userId": 42}), "42", Role::Client),
            ("an empty sub", json!({"sub": "", "userId": "u5"}), "u5", Role::Client),
            ("a role of theirs", json!({"sub": "u6", "role": "admin"}), "u6", Role::Client),
            ("an agent", json!({"sub": "u7", "role": "agent"}), "u7", Role::Agent),
            ("a service", json!({"sub": "u8", "role": "service"}), "u8", Role::Service),
            ("an end that no clock shows", json!({"sub": "u10", "exp": 1e19}), "u10", Role::Client),
            ("an audience", json!({"sub": "u9", "aud": "testflow"}), "u9", Role::Client),
        ] {
            let grant = verify(SECRET, Some(&signed(&claims))).unwrap_or_else(|e| panic!("{name}: {e}"));
            let Grant { identity, expires } = grant;
            assert_eq!(expires, None, "{name}");
            assert_eq!((identity.user.0.as_str(), identity.role), (user, role), "{name}");
        }
    }

    #[test]
    fn others_stay_out() {
        let expired = signed(&json!({"sub": "u", "exp": 1_000}));
        let early = signed(&json!({"sub": "u", "nbf": 99_999_999_999_u64}));
        let nobody = signed(&json!({"name": "x"}));
        let mut tampered = signed(&json!({"sub": "u"}));
        tampered.replace_range(tampered.len() - 4.., "AAAA");
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.";
        for (name, token) in [
            ("expired", expired.as_str()),
            ("not yet valid", &early),
            ("no user", &nobody),
            ("tampered", &tampered),
            ("alg none", unsigned),
            ("not a token", "hello"),
        ] {
            assert!(verify(SECRET, Some(token)).is_err(), "{name}");
        }
        // At every part of the second that it expires in.
        for late in (0..20).map(|n| f64::from(n) / 20.0) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
            let expired = json!({"sub": "u", "exp": now - LEEWAY_SECONDS as f64 - late});
            assert!(verify(SECRET, Some(&signed(&expired))).is_err(), "{late}");
        }
        assert!(matches!(verify(SECRET, None), Err(TokenError::Missing)));
        assert!(matches!(verify(SECRET, Some("")), Err(TokenError::Missing)));
        assert!(verify(b"other", Some(&signed(&json!({"sub": "u"})))).is_err());
    }
}
