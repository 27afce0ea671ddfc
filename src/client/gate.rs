//! The one place through which tests leave the machine: which hosts and addresses may be reached.

use super::error::FetchError;
use super::rules::HostRules;
use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use url::{Host, Url};

/// Decides about hosts. Names are resolved first and the addresses are those that are then connected to, so that no name leads past it.
/// Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

/// Addresses of names, before anybody else is asked.
pub type Names = Arc<dyn Fn(&str) -> Option<Vec<IpAddr>> + Send + Sync>;

#[derive(Default)]
struct Inner {
    rules: HostRules,
    names: Option<Names>,
    failures: Mutex<VecDeque<Failure>>,
}

/// Why a page could not be connected, for who tells it.
#[derive(Debug)]
struct Failure {
    host: String,
    port: u16,
    words: String,
}

/// As many as pages may still be told of.
const FAILURES: usize = 256;

impl Gate {
    /// One that keeps to these rules, beside those that always hold.
    #[must_use]
    pub fn new(rules: HostRules) -> Self {
        Self(Arc::new(Inner { rules, ..Inner::default() }))
    }

    /// The same that knows names which the system does not, or otherwise.
    #[must_use]
    pub fn knowing(rules: HostRules, names: Names) -> Self {
        Self(Arc::new(Inner { rules, names: Some(names), ..Inner::default() }))
    }

    /// One that is open for everybody: for what the owner of the machine names.
    #[must_use]
    pub(super) fn open() -> Self {
        Self::new(HostRules::NONE)
    }

    /// Where `url` is; only addresses that may be reached.
    ///
    /// # Errors
    /// When the name is not known, or none of its addresses may be reached.
    pub(super) async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let host = url.host().ok_or_else(|| FetchError::Wrong("Invalid URL".into()))?.to_owned();
        self.addresses_of(&host, url.port_or_known_default().unwrap_or(80)).await
    }

    /// The same for a host and a port.
    ///
    /// # Errors
    /// See [`Gate::addresses`].
    pub(super) async fn addresses_of(&self, host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        if let Some(words) = self.0.rules.refuses_name(host, port) {
            return Err(FetchError::Refused(words));
        }
        let all = self.resolve(host, port).await?;
        let mut refusal = None;
        let mut open = Vec::new();
        for address in all {
            match self.0.rules.refuses_address(host, address.ip(), port) {
                None => open.push(address),
                Some(words) => refusal = Some(words),
            }
        }
        match refusal {
            Some(words) if open.is_empty() => Err(FetchError::Refused(words)),
            None if open.is_empty() => Err(FetchError::NotFound(host.to_string())),
            _ => Ok(open),
        }
    }

    /// For what goes through a proxy, which resolves names itself.
    ///
    /// # Errors
    /// When it may not be reached.
    pub(super) fn allows(&self, host: &Host<String>, port: u16) -> Result<(), FetchError> {
        self.0.rules.refuses_from_afar(host, port).map_or(Ok(()), |words| Err(FetchError::Refused(words)))
    }

    /// Keeps in mind why pages do not get there; refusals are told in the log, once as long as they are kept.
    pub(super) fn remember(&self, host: &Host<String>, port: u16, error: &FetchError) {
        let host = host.to_string();
        let words = error.of_browsers();
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failures.iter().position(|one| one.port == port && one.host == host);
        let old = known.and_then(|known| failures.remove(known));
        if matches!(error, FetchError::Refused(_)) && old.is_none_or(|old| old.words != words) {
            tracing::warn!(port, "refused: {error}");
        }
        if failures.len() == FAILURES {
            failures.pop_front();
        }
        failures.push_back(Failure { host, port, words });
    }

    /// Somebody got there.
    pub(super) fn forget(&self, host: &Host<String>, port: u16) {
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if !failures.is_empty() {
            let host = host.to_string();
            failures.retain(|one| one.port != port || one.host != host);
        }
    }

    /// Why a page did not get there lately, in the words of browsers.
    #[must_use]
    pub fn why(&self, url: &str) -> Option<String> {
        let url: Url = url.parse().ok()?;
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.iter().find(|one| one.port == port && one.host == host).map(|one| one.words.clone())
    }
}

impl Gate {
    async fn resolve(&self, host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, FetchError> {
        let name = match host {
            Host::Ipv4(ip) => return Ok(vec![(*ip, port).into()]),
            Host::Ipv6(ip) => return Ok(vec![(*ip, port).into()]),
            Host::Domain(name) => name.as_str(),
        };
        if let Some(known) = self.0.names.as_ref().and_then(|names| names(name)) {
            return Ok(known.into_iter().map(|ip| (ip, port).into()).collect());
        }
        let found = tokio::net::lookup_host((name, port)).await;
        Ok(found.map_err(|_| FetchError::NotFound(name.to_owned()))?.collect())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("rules", &self.rules).finish_non_exhaustive()
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
        }
        for url in ["http://127.0.0.1:80/", "http://10.0.0.1/", "http://[::1]/", "http://192.168.1.1/"] {
            assert!(Gate::default().addresses(&url.parse().unwrap()).await.is_ok(), "{url}");
        }
    }

    #[test]
    fn who_could_not_be_reached_is_remembered_for_a_while() {
        let gate = Gate::default();
        for number in 0..300 {
            gate.remember(&Host::parse(&format!("h{number}")).unwrap(), 80, &FetchError::NotFound(String::new()));
        }
        let host = Host::parse("[::1]").unwrap();
        gate.remember(&host, 443, &FetchError::Refused("no".into()));
        assert_eq!(gate.why("http://h0/"), None);
        assert_eq!(gate.why("http://h299/x").as_deref(), Some("net::ERR_NAME_NOT_RESOLVED"));
        assert_eq!(gate.why("http://h299:81/x"), None);
        assert_eq!(gate.why("https://[::1]/x").as_deref(), Some("net::ERR_BLOCKED_BY_ADMINISTRATOR (no)"));
        gate.forget(&host, 443);
        assert_eq!(gate.why("https://[::1]/x"), None);
    }
}
