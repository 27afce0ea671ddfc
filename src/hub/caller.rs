//! Where a connection comes from, as far as its first request tells.

use super::listen::Remote;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// What proxies add: with one of these the address is a proxy's.
const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller {
    pub(super) address: Option<SocketAddr>,
    /// The token in the address that was asked for.
    pub(super) asked: Option<String>,
    /// Whether a program on this machine calls: no proxy, and no page of another site in a browser.
    pub(super) is_here: bool,
}

impl Caller {
    /// Reads a request.
    pub(super) fn of(parts: &Parts) -> Self {
        let address = parts.extensions.get::<ConnectInfo<Remote>>().map(|info| info.0.0);
        let query = parts.uri.query().unwrap_or_default();
        let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
        let is_here =
            address.is_some_and(|address| address.ip().to_canonical().is_loopback()) && is_direct(&parts.headers);
        Self { address, asked: asked.map(|(_, token)| token.into_owned()), is_here }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

fn is_direct(headers: &HeaderMap) -> bool {
    let of_here = |origin: &str| match Url::parse(origin).ok().and_then(|url| url.host().map(|host| host.to_owned())) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().is_ok_and(of_here));
    !PASSED_ON.iter().any(|name| headers.contains_key(*name)) && origin.unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn caller(address: &str, uri: &str, headers: &[(&str, &str)]) -> Caller {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(Remote(address.parse().unwrap())));
        Caller::of(&parts)
    }

    #[test]
    fn a_program_on_this_machine_is_told_from_others() {
        for (name, address, headers, is_here) in [
            ("a program", "127.0.0.1:5", [].as_slice(), true),
            ("IPv6", "[::1]:5", &[], true),
            ("IPv4 in IPv6", "[::ffff:127.0.0.1]:5", &[], true),
            ("a page of this machine", "127.0.0.1:5", &[("origin", "http://localhost:5173")], true),
            ("another machine", "192.0.2.7:5", &[], false),
            ("a page of another site", "127.0.0.1:5", &[("origin", "https://example.com")], false),
            ("a page of nowhere", "127.0.0.1:5", &[("origin", "null")], false),
            ("a name that looks like it", "127.0.0.1:5", &[("origin", "http://localhost.example.com")], false),
            ("through a proxy", "127.0.0.1:5", &[("x-forwarded-for", "127.0.0.1")], false),
        ] {
            assert_eq!(caller(address, "/ws?token=t", headers).is_here, is_here, "{name}");
        }
    }

    #[test]
    fn the_token_of_the_address_is_read_as_browsers_write_it() {
        for (uri, token) in
            [("/ws", None), ("/ws?a=b", None), ("/ws?token=", Some("")), ("/ws?a=b&token=x%20y", Some("x y"))]
        {
            assert_eq!(caller("127.0.0.1:5", uri, &[]).asked.as_deref(), token, "{uri}");
        }
    }
}
