//! The one place through which a test's own requests leave the machine: which addresses may be reached.

use super::error::FetchError;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Decides about addresses. Names are resolved first, so that no name leads past it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gate {}

impl Gate {
    /// Where `url` is; only addresses that may be reached.
    ///
    /// # Errors
    /// When the name is not known, or none of its addresses may be reached.
    pub(super) async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().unwrap_or(80);
        let all: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
            Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
            Some(Host::Domain(name)) => {
                let found = tokio::net::lookup_host((name, port)).await;
                found.map_err(|_| FetchError::NotFound(name.to_owned()))?.collect()
            }
            None => return Err(FetchError::Wrong("Invalid URL".into())),
        };
        let host = url.host_str().unwrap_or_default();
        let some = !all.is_empty();
        let open: Vec<SocketAddr> = all.into_iter().filter(|address| is_open(address.ip())).collect();
        match open.is_empty() {
            false => Ok(open),
            true if some => Err(FetchError::Refused(host.to_owned())),
            true => Err(FetchError::NotFound(host.to_owned())),
        }
    }

    /// For a request that goes through a proxy, which resolves names itself.
    pub(super) fn allows(&self, url: &Url) -> Result<(), FetchError> {
        let ip: IpAddr = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            _ => return Ok(()),
        };
        if is_open(ip) { Ok(()) } else { Err(FetchError::Refused(ip.to_string())) }
    }
}

/// Link-local addresses, where clouds keep the machine's own passwords, are nobody's business.
fn is_open(ip: IpAddr) -> bool {
    const AMAZON: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match ip.to_canonical() {
        IpAddr::V4(ip) => !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && ip != AMAZON,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_machines_own_link_is_shut() {
        for url in
            ["http://169.254.169.254/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://[::ffff:a9fe:a9fe]/"]
        {
            let url: Url = url.parse().unwrap();
            assert!(matches!(Gate::default().addresses(&url).await, Err(FetchError::Refused(_))), "{url}");
            assert!(Gate::default().allows(&url).is_err(), "{url}");
        }
        for url in ["http://127.0.0.1:80/", "http://10.0.0.1/", "http://[::1]/", "http://192.168.1.1/"] {
            assert!(Gate::default().addresses(&url.parse().unwrap()).await.is_ok(), "{url}");
        }
    }
}
