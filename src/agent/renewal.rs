//! Tokens expire. While a connection stands, the next one is fetched before its token does. Pure but for the fetching.

use super::token::{TokenError, TokenSource};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::fmt;
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The next token is looked for so long before the end of this one, but not in the first nine tenths of its life.
const AHEAD: Duration = Duration::from_secs(60);
/// Between looks for one that is not there yet.
const AGAIN: Duration = Duration::from_secs(5);

/// A server that has not said yes to the next token within this is shown it on a new connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// The number of the question whether the server takes the next token: no event of the outbox has it.
pub(super) const RENEWAL: u64 = (1 << 53) - 1;

/// A token that was shown to a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(pub(super) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// When a token expires, where it is one that says so (`exp` of a JWT). Nothing is verified: it is ours.
#[must_use]
pub fn expiry(token: &str) -> Option<SystemTime> {
    let claims = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?).ok()?;
    let seconds = claims.get("exp")?.as_f64().filter(|seconds| *seconds >= 0.0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// What came of a look for the next token.
#[derive(Debug, PartialEq)]
pub(super) enum Look {
    /// There is another one: the server is to see it.
    Another(Token),
    /// Still the same, for the first time.
    Same,
    /// As before: nothing to tell.
    NoNews,
    /// It cannot be read.
    Failed(String),
}

/// The token in use and what is done about its end.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    token: Option<Token>,
    expires: Option<SystemTime>,
    /// The next look.
    at: Option<SystemTime>,
    told: bool,
    /// The next one, as long as the server has not answered, and since when.
    shown: Option<(Token, Instant)>,
    /// One that the server did not want while it has this one.
    refused: Option<Token>,
    reading: Option<JoinHandle<Result<Option<String>, TokenError>>>,
}

impl Drop for Renewal {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }
}

impl Renewal {
    /// A server has accepted this token.
    pub(super) fn of(token: Option<Token>, now: SystemTime) -> Self {
        let expires = token.as_ref().and_then(|token| expiry(&token.0));
        let at = expires.map(|expires| {
            let left = expires.duration_since(now).unwrap_or_default();
            expires - AHEAD.min(left / 10)
        });
        Self { token, expires, at, told: false, shown: None, refused: None, reading: None }
    }

    /// When the token expires.
    pub(super) fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Time for a look.
    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        self.reading.is_none() && self.shown.is_none() && self.at.is_some_and(|at| at <= now)
    }

    /// The server is shown this one.
    pub(super) fn show(&mut self, token: Token, now: Instant) {
        self.shown = Some((token, now));
    }

    /// Whether an answer is awaited.
    pub(super) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Whether it does not come.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.shown.as_ref().is_some_and(|(_, since)| now.duration_since(*since) >= PATIENCE)
    }

    /// No answer can come any more.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// The server takes the one it was shown.
    pub(super) fn taken(&mut self, now: SystemTime) -> bool {
        let Some((token, _)) = self.shown.take() else { return false };
        *self = Self::of(Some(token), now);
        true
    }

    /// The server does not want it; the one before is good until its end.
    pub(super) fn refused(&mut self) -> bool {
        let Some((token, _)) = self.shown.take() else { return false };
        self.refused = Some(token);
        true
    }

    /// Looks; [`Renewal::looked`] has the answer.
    pub(super) fn look(&mut self, source: &TokenSource) {
        let source = source.clone();
        self.reading = Some(tokio::spawn(async move { source.read().await }));
    }

    /// What came of the look that is under way. Cancel-safe.
    pub(super) async fn looked(&mut self, now: impl Fn() -> SystemTime) -> Look {
        let Some(reading) = &mut self.reading else { return std::future::pending().await };
        let read = reading.await;
        self.reading = None;
        self.judge(read.unwrap_or(Ok(None)), now())
    }

    fn knows(&self, token: &str) -> bool {
        [&self.token, &self.refused].into_iter().flatten().any(|known| known.0 == token)
    }

    fn judge(&mut self, read: Result<Option<String>, TokenError>, now: SystemTime) -> Look {
        self.at = Some(now + AGAIN);
        match read {
            Ok(Some(token)) if !self.knows(&token) => Look::Another(Token(token)),
            Ok(_) if std::mem::replace(&mut self.told, true) => Look::NoNews,
            Ok(_) => Look::Same,
            Err(_) if std::mem::replace(&mut self.told, true) => Look::NoNews,
            Err(error) => Look::Failed(error.to_string()),
        }
    }
}

/// Whether a hub of ours takes the token that it was shown; in words, if not.
pub(super) fn answer(arguments: &[Value]) -> Result<(), String> {
    let said = |field: &str| arguments.first().and_then(|answer| answer.get(field)).and_then(Value::as_str);
    match said("status") {
        Some("success") => Ok(()),
        _ => Err(said("error_message").unwrap_or("no reason given").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_a_token_says_of_its_end() {
        for (token, expected) in [
            (jwt(r#"{"exp":1800000000}"#), Some(at(1_800_000_000))),
            (jwt(r#"{"exp":1800000000.0,"sub":"a"}"#), Some(at(1_800_000_000))),
            (jwt(r#"{"sub":"a"}"#), None),
            (jwt(r#"{"exp":-1}"#), None),
            (jwt(r#"{"exp":1e300}"#), None),
            (jwt(r#"{"exp":"soon"}"#), None),
            (jwt("no"), None),
            ("opaque".to_owned(), None),
            ("a.b.c".to_owned(), None),
        ] {
            assert_eq!(expiry(&token), expected, "{token}");
        }
    }

    #[test]
    fn the_next_token_is_looked_for_before_the_end_of_this_one() {
        for (life, due) in [(3600, 3540), (600, 540), (100, 90), (10, 9)] {
            let token = jwt(&format!(r#"{{"exp":{}}}"#, 1000 + life));
            let renewal = Renewal::of(Some(Token(token)), at(1000));
            assert!(!renewal.is_due(at(1000 + due - 1)) && renewal.is_due(at(1000 + due)), "{life}");
        }
        for token in [None, Some(Token("opaque".to_owned()))] {
            assert!(!Renewal::of(token, at(0)).is_due(at(u64::from(u32::MAX))));
        }
    }

    #[test]
    fn what_does_not_change_is_told_once() {
        let token = jwt(r#"{"exp":1000}"#);
        let mut renewal = Renewal::of(Some(Token(token.clone())), at(900));
        assert_eq!(renewal.judge(Ok(Some(token.clone())), at(990)), Look::Same);
        assert!(!renewal.is_due(at(994)) && renewal.is_due(at(995)));
        assert_eq!(renewal.judge(Ok(Some(token)), at(995)), Look::NoNews);
        assert_eq!(renewal.judge(Err(TokenError::Empty), at(1000)), Look::NoNews);
        assert_eq!(renewal.judge(Ok(Some("new".to_owned())), at(1005)), Look::Another(Token("new".to_owned())));
    }
}
