//! Why no answer came. In the words of Node.js, which is what people search for.

use std::net::SocketAddr;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody listens there.
    #[error("connect {code} {address}")]
    Connect {
        /// `ECONNREFUSED`, …
        code: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// No such host.
    #[error("getaddrinfo ENOTFOUND {0}")]
    NotFound(String),
    /// The gate is shut for it.
    #[error("{0}")]
    Refused(String),
    /// The connection ended before the answer.
    #[error("socket hang up (ECONNRESET)")]
    HungUp,
    /// Neither `http:` nor `https:`.
    #[error("Protocol \"{0}:\" not supported. Expected \"http:\"")]
    Scheme(String),
    /// More than were allowed.
    #[error("Max redirect count exceeded")]
    TooManyRedirects,
    /// A redirect to nowhere.
    #[error("uri requested responds with an invalid redirect URL: {0}")]
    WrongRedirect(String),
    /// It failed each time.
    #[error("Failed after {attempts} attempt(s): Error: {last}")]
    Retried {
        /// How often.
        attempts: u32,
        /// At last.
        last: String,
    },
    /// The certificate is not trusted, or there is no common protocol.
    #[error("{0}")]
    Tls(String),
    /// The proxy does not let it through.
    #[error("Proxy connection ended: {0}")]
    Proxy(String),
    /// It is packed wrongly.
    #[error("failed to decompress '{encoding}' encoding: {reason}")]
    Encoding {
        /// `gzip`, …
        encoding: String,
        /// What is wrong.
        reason: String,
    },
    /// Too much.
    #[error("The response is larger than {0} MB")]
    TooLarge(usize),
    /// A method, header or URL that HTTP does not know.
    #[error("{0}")]
    Wrong(String),
    /// The answer is no HTTP.
    #[error("Parse Error: {0}")]
    NoHttp(String),
    /// Where cookies are kept failed.
    #[error("{0}")]
    Jar(String),
}

impl FetchError {
    /// As a browser would say it that had connected itself.
    pub(super) fn of_browsers(&self) -> String {
        let code = match self {
            Self::Refused(why) => return format!("net::ERR_BLOCKED_BY_ADMINISTRATOR ({why})"),
            Self::NotFound(_) => "NAME_NOT_RESOLVED",
            Self::Connect { code: "ECONNREFUSED", .. } => "CONNECTION_REFUSED",
            Self::Connect { code: "ECONNRESET", .. } => "CONNECTION_RESET",
            Self::Connect { code: "EHOSTUNREACH" | "ENETUNREACH", .. } => "ADDRESS_UNREACHABLE",
            Self::Connect { code: "ETIMEDOUT", .. } => "CONNECTION_TIMED_OUT",
            Self::Proxy(_) => "TUNNEL_CONNECTION_FAILED",
            _ => "CONNECTION_FAILED",
        };
        format!("net::ERR_{code}")
    }

    /// Without its code.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::HungUp => "socket hang up".into(),
            other => other.to_string(),
        }
    }
}
