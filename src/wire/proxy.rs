//! Which proxy is on the way to an address, and how to get through it.

use super::client::ConnectError;
use super::dial::{Stream, is_secure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

/// The longest answer to `CONNECT` that is read, bytes.
const ANSWER_MAX_BYTES: usize = 16 << 10;

/// Why an address is none of a proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// No address at all.
    #[error(
        "{0:?} is no address of a proxy: http://proxy.example.com:3128 is one, with http://user:password@… where it asks who you are"
    )]
    Address(String),
    /// SOCKS, mostly.
    #[error("a proxy of the kind {0:?} is not supported: http and https are")]
    Kind(String),
}

/// One proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    credentials: Option<(String, String)>,
}

impl Proxy {
    /// `http://[user:password@]host[:port]`; without a scheme it is `http`, as everywhere.
    ///
    /// # Errors
    /// When it is no address, or one of another kind.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let Ok(mut url) = Url::parse(&whole) else { return Err(ProxyError::Address(shown(text))) };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ProxyError::Kind(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ProxyError::Address(shown(text)));
        }
        let user = decoded(url.username());
        let credentials =
            (!user.is_empty() || url.password().is_some()).then(|| (user, decoded(url.password().unwrap_or_default())));
        // Neither fails where there is a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Self { url, credentials })
    }

    /// Without its credentials.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// User and password, where it wants some.
    #[must_use]
    pub fn credentials(&self) -> Option<(String, String)> {
        self.credentials.clone()
    }

    /// `Proxy-Authorization`
    pub(super) fn authorization(&self) -> Option<String> {
        let (user, password) = self.credentials.as_ref()?;
        Some(format!("Basic {}", BASE64.encode(format!("{user}:{password}"))))
    }

    /// Asks for a way to `host`, so that the stream ends there.
    pub(super) async fn through(&self, mut stream: Stream, host: &str, port: u16) -> Result<Stream, ConnectError> {
        let failed =
            |why: String| ConnectError::Unreachable(format!("the proxy {self} does not lead to {host}: {why}"));
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let authorization =
            self.authorization().map_or_else(String::new, |value| format!("Proxy-Authorization: {value}\r\n"));
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| failed(error.to_string()))?;
        stream.flush().await.map_err(|error| failed(error.to_string()))?;
        let mut answer = Vec::new();
        // Byte by byte: what follows belongs to the server.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == ANSWER_MAX_BYTES {
                return Err(failed("its answer has no end".to_owned()));
            }
            let byte = stream.read_u8().await;
            answer.push(byte.map_err(|_| failed("it closed the connection without an answer".to_owned()))?);
        }
        let answer = String::from_utf8_lossy(&answer);
        let first = answer.lines().next().unwrap_or_default();
        match first.split(' ').nth(1) {
            Some(status) if first.starts_with("HTTP/1.") && status.starts_with('2') => Ok(stream),
            Some("407") if self.credentials.is_some() => {
                Err(failed(format!("{first}: it does not know this user and password")))
            }
            Some("407") => {
                Err(failed(format!("{first}: it wants to know who you are, --proxy http://user:password@…")))
            }
            _ => Err(failed(first.chars().take(200).collect())),
        }
    }
}

/// `http://host:port`, without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// What may be shown of a text that may hold a password.
fn shown(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"))
}

fn decoded(text: &str) -> String {
    // `+` stands for itself here.
    let pairs = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// All proxies of this machine, and where they are passed by.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For addresses with and without TLS.
    secure: Option<Proxy>,
    plain: Option<Proxy>,
    /// They were named by a flag: what is on this machine is not left out by itself.
    named: bool,
    except: Vec<Except>,
}

/// What is asked without a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Except {
    Everything,
    /// A host and what is below it, at one port or at any.
    Host(String, Option<u16>),
    /// Addresses that begin with so many bits.
    Network(IpAddr, u8),
}

impl Proxies {
    /// The one that was named, else `HTTPS_PROXY` (also for `wss`), `HTTP_PROXY` (also for `ws`) and `ALL_PROXY` of the
    /// environment; `NO_PROXY` holds for all of them. Small letters count first, as with curl.
    ///
    /// # Errors
    /// When one that would be used is no address of a proxy.
    pub fn new(named: Option<&str>, environment: &BTreeMap<String, String>) -> Result<Self, ProxyError> {
        let variable = |name: &str| {
            let either = [name.to_owned(), name.to_uppercase()];
            either.iter().filter_map(|name| environment.get(name)).find(|value| !value.trim().is_empty())
        };
        let except =
            variable("no_proxy").map_or_else(Vec::new, |list| list.split(',').filter_map(Except::parse).collect());
        if let Some(named) = named {
            let proxy = Proxy::parse(named)?;
            return Ok(Self { secure: Some(proxy.clone()), plain: Some(proxy), named: true, except });
        }
        let one =
            |name: &str| variable(name).or_else(|| variable("all_proxy")).map(|text| Proxy::parse(text)).transpose();
        Ok(Self { secure: one("https_proxy")?, plain: one("http_proxy")?, named: false, except })
    }

    /// Whether anything goes through one.
    #[must_use]
    pub fn are_any(&self) -> bool {
        self.secure.is_some() || self.plain.is_some()
    }

    /// The proxy for this address.
    #[must_use]
    pub fn on_the_way_to(&self, url: &Url) -> Option<&Proxy> {
        let proxy = if is_secure(url) { self.secure.as_ref() } else { self.plain.as_ref() }?;
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_lowercase();
        let address = host.parse::<IpAddr>().ok();
        let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        let port = url.port().unwrap_or(if is_secure(url) { 443 } else { 80 });
        let passed_by = (here && !self.named) || self.except.iter().any(|except| except.has(&host, address, port));
        (!passed_by).then_some(proxy)
    }
}

impl Except {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        match text.as_str() {
            "" => return None,
            "*" => return Some(Self::Everything),
            _ => {}
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self::Network(address.parse().ok()?, bits.parse().ok()?));
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Self::Network(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port.parse().ok()?)),
            None => (text, None),
        };
        Some(Self::Host(host.trim_start_matches('*').trim_start_matches('.').to_owned(), port))
    }

    fn has(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        match self {
            Self::Everything => true,
            Self::Host(name, at) => {
                let below = host.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                below && at.is_none_or(|at| at == port)
            }
            Self::Network(network, bits) => match (network, address) {
                (IpAddr::V4(network), Some(IpAddr::V4(address))) => {
                    let rest = 32_u32.saturating_sub(u32::from(*bits));
                    (network.to_bits() ^ address.to_bits()).checked_shr(rest).unwrap_or(0) == 0
                }
                (IpAddr::V6(network), Some(IpAddr::V6(address))) => {
                    let rest = 128_u32.saturating_sub(u32::from(*bits));
                    (network.to_bits() ^ address.to_bits()).checked_shr(rest).unwrap_or(0) == 0
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(named: Option<&str>, variables: &[(&str, &str)]) -> Proxies {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Proxies::new(named, &environment).unwrap()
    }

    #[test]
    fn which_proxy() {
        let both = [
            ("HTTPS_PROXY", "http://s:1"),
            ("http_proxy", "p:2"),
            ("NO_PROXY", "a.test, .b.test,10.0.0.0/8,c.test:8080"),
        ];
        let all = [("ALL_PROXY", "https://all.test")];
        for (named, variables, url, expected) in [
            (None, &both[..], "wss://x.test/ws", Some("http://s:1")),
            (None, &both, "https://x.test", Some("http://s:1")),
            (None, &both, "ws://x.test", Some("http://p:2")),
            (None, &both, "ws://a.test", None),
            (None, &both, "ws://sub.a.test", None),
            (None, &both, "ws://ba.test", Some("http://p:2")),
            (None, &both, "ws://x.b.test", None),
            (None, &both, "ws://10.1.2.3:9", None),
            (None, &both, "ws://11.1.2.3", Some("http://p:2")),
            (None, &both, "ws://c.test:8080", None),
            (None, &both, "ws://c.test", Some("http://p:2")),
            (None, &both, "http://localhost:3000", None),
            (None, &both, "http://[::1]:3000", None),
            (None, &all, "ws://x.test", Some("https://all.test")),
            (None, &[("HTTP_PROXY", "p"), ("NO_PROXY", "*")], "ws://x.test", None),
            (None, &[("HTTP_PROXY", " ")], "ws://x.test", None),
            (Some("n:3"), &both, "wss://x.test", Some("http://n:3")),
            (Some("n:3"), &both, "ws://localhost", Some("http://n:3")),
            (Some("n:3"), &both, "ws://a.test", None),
        ] {
            let proxies = proxies(named, variables);
            let found = proxies.on_the_way_to(&url.parse().unwrap()).map(ToString::to_string);
            assert_eq!(found.as_deref(), expected, "{named:?} {variables:?} {url}");
        }
    }

    #[test]
    fn credentials_are_used_and_not_shown() {
        let proxy = Proxy::parse("http://ada:p%40ss+word@proxy.test:3128").unwrap();
        assert_eq!(proxy.authorization(), Some(format!("Basic {}", BASE64.encode("ada:p@ss+word"))));
        assert_eq!(
            (proxy.to_string(), format!("{proxy:?}")),
            ("http://proxy.test:3128".into(), "Proxy(http://proxy.test:3128)".into())
        );
        let error = Proxy::parse("http://ada:pass@[x").unwrap_err().to_string();
        assert!(!error.contains("pass@"), "{error}");
        assert_eq!(Proxy::parse("socks5://x:1").unwrap_err(), ProxyError::Kind("socks5".to_owned()));
    }
}
