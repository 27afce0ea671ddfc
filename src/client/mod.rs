//! HTTP requests that a test makes itself, without a page. One connection a request, HTTP/1.1.

mod body;
mod connect;
pub mod cookies;
mod error;
mod exchange;
mod gate;
mod gateway;
mod head;
mod identity;
mod rules;
mod tls;

pub use cookies::{Cookie, CookieStore};
pub use error::FetchError;
pub use gate::{Gate, Names};
pub use gateway::{Choose, Gateway, GatewayOptions, Upstream};
pub use identity::{Identities, Identity};
pub use rules::{HostPattern, HostRules, NoPattern};
pub use tls::Security;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use exchange::Exchange;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde::Serialize;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// Names and values.
pub type Headers = Vec<(String, String)>;

/// Waits between attempts at a server that hangs up; doubled each time.
const BACKOFF: Duration = Duration::from_millis(250);

/// Where cookies come from and go to.
pub trait Jar: Send + Sync {
    /// Those that a request to `url` carries.
    fn cookies<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Vec<Cookie>, FetchError>>;
    /// Those that an answer brought.
    fn keep(&self, cookies: Vec<Cookie>) -> BoxFuture<'_, Result<(), FetchError>>;
}

/// What is told on the way, for call logs.
pub trait Log: Send + Sync {
    /// A line; leading spaces are its depth.
    fn note(&self, line: String);
    /// A request was answered; `is_last`: no other follows because of it.
    fn exchanged(&self, _fetch: &Fetch, _fetched: &Fetched, _is_last: bool) {}
}

/// User and password for a server that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
    /// Send them without having been asked.
    pub always: bool,
}

/// Through whom requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://host:port`, `https://…` where it speaks TLS itself
    pub server: Url,
    /// Hosts that are asked without it: `.example.com`, `localhost`.
    pub bypass: Vec<String>,
    /// User and password for it.
    pub credentials: Option<(String, String)>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Where to.
    pub url: Url,
    /// `GET`, …
    pub method: String,
    /// Without cookies, host and length.
    pub headers: Headers,
    /// What is sent.
    pub body: Option<Bytes>,
    /// None: redirects are not followed.
    pub max_redirects: Option<u32>,
    /// How often a server that hangs up is asked again.
    pub max_retries: u32,
    /// Any certificate is good.
    pub ignore_https_errors: bool,
    /// For a server that asks.
    pub credentials: Option<Credentials>,
    /// Who asks, where a server wants to know.
    pub identities: Identities,
    /// Through whom.
    pub proxy: Option<Proxy>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Where it came from at last.
    pub url: Url,
    /// Status.
    pub status: StatusCode,
    /// Its text, in the server's words.
    pub status_text: String,
    /// As they came.
    pub headers: Headers,
    /// Unpacked.
    pub body: Bytes,
    /// Of the server.
    pub address: SocketAddr,
    /// `TLSv1.3`, …; none without TLS.
    pub tls: Option<Security>,
    /// When things happened.
    pub timing: Timing,
}

/// Milliseconds since the start, which is in milliseconds since 1970; -1 where something did not happen.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names and meanings are those of the Resource Timing standard")]
pub struct Timing {
    pub start_time: f64,
    pub domain_lookup_start: f64,
    pub domain_lookup_end: f64,
    pub connect_start: f64,
    pub secure_connection_start: f64,
    pub connect_end: f64,
    pub request_start: f64,
    pub response_start: f64,
    pub response_end: f64,
}

impl Fetch {
    /// Sends it, follows redirects, answers passwords, keeps cookies.
    ///
    /// # Errors
    /// When no answer comes, or one that cannot be read; a status is no error.
    pub async fn send(mut self, jar: &dyn Jar, log: &dyn Log, gate: &Gate) -> Result<Fetched, FetchError> {
        if let Some(own) = self.credentials.as_ref().filter(|own| own.always) {
            let value = own.header();
            set(&mut self.headers, "authorization", value);
        }
        let mut backoff = BACKOFF;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.clone().follow(jar, log, gate).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) if self.max_retries == 0 => return Err(error),
                Err(error) => error,
            };
            if attempt > self.max_retries {
                return Err(FetchError::Retried { attempts: attempt, last: error.plain() });
            }
            if !matches!(error, FetchError::HungUp) {
                return Err(error);
            }
            log.note(format!("  Received ECONNRESET, will retry after {}ms.", backoff.as_millis()));
            tokio::time::sleep(backoff).await;
            backoff *= 2;
        }
    }

    async fn follow(mut self, jar: &dyn Jar, log: &dyn Log, gate: &Gate) -> Result<Fetched, FetchError> {
        loop {
            let cookie = self.add_cookies(jar).await?;
            let fetched = Exchange { fetch: &self, log, gate }.run().await?;
            let brought = cookies::brought(&fetched.url, &fetched.headers);
            if !brought.is_empty() {
                jar.keep(brought).await?;
            }
            let location = self.max_redirects.and_then(|_| redirect(&fetched));
            let must_log_in = location.is_none() && self.is_asked_who(&fetched);
            log.exchanged(&self, &fetched, location.is_none() && !must_log_in);
            if cookie {
                remove(&mut self.headers, "cookie");
            }
            if let Some(left) = self.max_redirects
                && let Some(location) = location
            {
                if left == 0 {
                    return Err(FetchError::TooManyRedirects);
                }
                self.go_to(&location, fetched.status)?;
                self.max_redirects = Some(left - 1);
                continue;
            }
            if must_log_in && let Some(own) = &self.credentials {
                let value = own.header();
                set(&mut self.headers, "authorization", value);
                continue;
            }
            return Ok(fetched);
        }
    }

    /// Whether the server wants a password that there is.
    fn is_asked_who(&self, fetched: &Fetched) -> bool {
        let asks = get(&fetched.headers, "www-authenticate").is_some_and(|asks| asks.trim().starts_with("Basic"));
        let is_new = get(&self.headers, "authorization").is_none() && self.credentials.is_some();
        fetched.status == StatusCode::UNAUTHORIZED && asks && is_new
    }

    /// Whether there were some.
    async fn add_cookies(&mut self, jar: &dyn Jar) -> Result<bool, FetchError> {
        if get(&self.headers, "cookie").is_some() {
            return Ok(false);
        }
        let mut text = String::new();
        for cookie in jar.cookies(&self.url).await? {
            let separator = if text.is_empty() { "" } else { "; " };
            let name = if cookie.name.is_empty() { String::new() } else { format!("{}=", cookie.name) };
            let _ = write!(text, "{separator}{name}{}", cookie.value);
        }
        if text.is_empty() {
            return Ok(false);
        }
        set(&mut self.headers, "cookie", text);
        Ok(true)
    }

    fn go_to(&mut self, location: &str, status: StatusCode) -> Result<(), FetchError> {
        let to = self.url.join(location).map_err(|_| FetchError::WrongRedirect(location.to_owned()))?;
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST.as_str(),
            303 => ![Method::GET.as_str(), Method::HEAD.as_str()].contains(&self.method.as_str()),
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET.to_string();
            self.body = None;
            for name in ["content-encoding", "content-language", "content-length", "content-location", "content-type"] {
                remove(&mut self.headers, name);
            }
        }
        remove(&mut self.headers, "cookie");
        let port = to.port().map_or_else(String::new, |port| format!(":{port}"));
        set(&mut self.headers, "host", format!("{}{port}", to.host_str().unwrap_or_default()));
        if to.origin() != self.url.origin() {
            remove(&mut self.headers, "authorization");
            self.credentials = None;
        }
        self.url = to;
        Ok(())
    }
}

fn redirect(fetched: &Fetched) -> Option<String> {
    let is_one = [301, 302, 303, 307, 308].contains(&fetched.status.as_u16());
    get(&fetched.headers, "location").filter(|location| is_one && !location.is_empty()).map(str::to_owned)
}

impl Credentials {
    fn header(&self) -> String {
        format!("Basic {}", BASE64.encode(format!("{}:{}", self.username, self.password)))
    }
}

/// The value of a header.
pub fn get<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Puts a header in the place of those of the same name.
pub fn set(headers: &mut Headers, name: &str, value: String) {
    match headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
        Some(header) => header.1 = value,
        None => headers.push((name.to_owned(), value)),
    }
}

fn remove(headers: &mut Headers, name: &str) {
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
}
