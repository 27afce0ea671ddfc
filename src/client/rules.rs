//! What whoever runs an agent says about hosts: patterns of those that tests may reach, and of those that they may not.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use url::Host;

/// One pattern: `example.com`, `*.example.com`, `*`, `10.1.2.3`, `10.0.0.0/8`, `[fd00::]/8`, each also with `:PORT`. `localhost` is this
/// machine, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// As it was written.
    text: String,
    host: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    ThisMachine,
    Name(String),
    /// With the dot in front.
    Below(String),
    Net(IpAddr, u8),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pattern of hosts: example.com, *.example.com, 10.0.0.0/8 and localhost:8080 are some")]
pub struct NoPattern(String);

/// Rules: what is denied is denied; where something is allowed, all else is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostRules {
    /// `--allow-host`
    allow: Vec<HostPattern>,
    /// `--deny-host`
    deny: Vec<HostPattern>,
    /// Addresses of the machine's own network link are open too.
    is_owner: bool,
}

impl FromStr for HostPattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let wrong = || NoPattern(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') || host.contains("]/") => {
                (host, Some(port.parse().map_err(|_| wrong())?))
            }
            _ => (text, None),
        };
        let host = hosts(&host.to_ascii_lowercase()).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), host, port })
    }
}

fn hosts(text: &str) -> Option<Hosts> {
    if let Some((net, bits)) = text.rsplit_once('/') {
        let ip: IpAddr = bare(net).parse().ok()?;
        let bits = bits.parse().ok().filter(|bits| *bits <= if ip.is_ipv4() { 32 } else { 128 })?;
        return Some(Hosts::Net(ip, bits));
    }
    if let Ok(ip) = bare(text).parse::<IpAddr>() {
        return Some(Hosts::Net(ip, if ip.is_ipv4() { 32 } else { 128 }));
    }
    let is_name = |name: &str| !name.is_empty() && matches!(Host::parse(name), Ok(Host::Domain(_)));
    match text {
        "*" => Some(Hosts::All),
        "localhost" => Some(Hosts::ThisMachine),
        _ => match text.strip_prefix('*') {
            Some(below) => {
                (below.starts_with('.') && is_name(&below[1..])).then(|| Hosts::Below(plain(below).to_owned()))
            }
            None => is_name(text).then(|| Hosts::Name(plain(text).to_owned())),
        },
    }
}

/// Without the brackets of an address.
fn bare(text: &str) -> &str {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text)
}

/// Without the dot of the root.
fn plain(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl HostPattern {
    /// Whether it means what somebody calls so.
    fn is_named(&self, host: &Host<String>, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && match (&self.host, host) {
                (Hosts::All, _) => true,
                (Hosts::ThisMachine, Host::Domain(name)) => {
                    plain(name) == "localhost" || plain(name).ends_with(".localhost")
                }
                (Hosts::Name(own), Host::Domain(name)) => own == plain(name),
                (Hosts::Below(own), Host::Domain(name)) => plain(name).ends_with(own),
                (_, Host::Ipv4(ip)) => self.is_at((*ip).into(), port),
                (_, Host::Ipv6(ip)) => self.is_at((*ip).into(), port),
                (Hosts::Net(..), Host::Domain(_)) => false,
            }
    }

    /// Whether it means this address.
    fn is_at(&self, ip: IpAddr, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && match &self.host {
                Hosts::All => true,
                Hosts::ThisMachine => ip.to_canonical().is_loopback() || ip.to_canonical().is_unspecified(),
                Hosts::Net(net, bits) => is_within(ip.to_canonical(), *net, *bits),
                Hosts::Name(_) | Hosts::Below(_) => false,
            }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_within(ip: IpAddr, net: IpAddr, bits: u8) -> bool {
    let (ip, net, width) = match (ip, net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => (u128::from(ip.to_bits()), u128::from(net.to_bits()), 32),
        (IpAddr::V6(ip), IpAddr::V6(net)) => (ip.to_bits(), net.to_bits(), 128),
        _ => return false,
    };
    let rest = u32::from(width - bits);
    ip.checked_shr(rest).unwrap_or(0) == net.checked_shr(rest).unwrap_or(0)
}

impl HostRules {
    /// Everybody may be reached: for who runs the machine.
    pub(super) const NONE: Self = Self { allow: Vec::new(), deny: Vec::new(), is_owner: true };

    /// These.
    #[must_use]
    pub fn new(allow: Vec<HostPattern>, deny: Vec<HostPattern>) -> Self {
        Self { allow, deny, is_owner: false }
    }

    /// Why nobody may go there, judged by what it is called; addresses are judged by [`HostRules::refuses_address`].
    pub(super) fn refuses_name(&self, host: &Host<String>, port: u16) -> Option<String> {
        if let Some(denied) = self.deny.iter().find(|pattern| pattern.is_named(host, port)) {
            return Some(format!("{host} is blocked by --deny-host {denied}"));
        }
        // No address can save it: not even its name is told to anybody.
        let hopeless = !self.allow.is_empty()
            && !self.allow.iter().any(|one| one.is_named(host, port) || matches!(one.host, Hosts::Net(..)))
            && matches!(host, Host::Domain(_));
        hopeless.then(|| format!("{host} is blocked: no --allow-host allows it"))
    }

    /// Why nobody may go to this address of a host.
    pub(super) fn refuses_address(&self, host: &Host<String>, ip: IpAddr, port: u16) -> Option<String> {
        if let Some(denied) = self.deny.iter().find(|pattern| pattern.is_at(ip, port)) {
            return Some(format!("{host} is blocked by --deny-host {denied}"));
        }
        // Only who writes the very address means it.
        let meant = |pattern: &HostPattern| matches!(pattern.host, Hosts::Net(..)) && pattern.is_at(ip, port);
        if is_of_the_machine(ip) && !self.is_owner && !self.allow.iter().any(meant) {
            return Some(format!(
                "{host} is not reachable from tests: it is an address of the machine's own network link"
            ));
        }
        // A name that leads to this machine is not what somebody means by `localhost`.
        let by_address = |pattern: &HostPattern| pattern.host != Hosts::ThisMachine && pattern.is_at(ip, port);
        let allowed = self.allow.is_empty() || self.allow.iter().any(|one| one.is_named(host, port) || by_address(one));
        (!allowed).then(|| format!("{host} is blocked: no --allow-host allows it"))
    }

    /// The same for who is reached by somebody else, whom one cannot ask for addresses.
    pub(super) fn refuses_from_afar(&self, host: &Host<String>, port: u16) -> Option<String> {
        let ip: IpAddr = match host {
            Host::Ipv4(ip) => (*ip).into(),
            Host::Ipv6(ip) => (*ip).into(),
            Host::Domain(_) => {
                let allowed = self.allow.is_empty() || self.allow.iter().any(|one| one.is_named(host, port));
                let stranger = || format!("{host} is blocked: no --allow-host allows it");
                return self.refuses_name(host, port).or_else(|| (!allowed).then(stranger));
            }
        };
        self.refuses_name(host, port).or_else(|| self.refuses_address(host, ip, port))
    }
}

/// Link-local addresses and the like, where clouds keep the machine's own passwords, are nobody's business; in whichever form.
fn is_of_the_machine(ip: IpAddr) -> bool {
    /// Alibaba's, Azure's, Oracle's first one.
    const OTHERS: [Ipv4Addr; 3] =
        [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
    /// Amazon's, Google's, Oracle's.
    const OTHERS_6: [Ipv6Addr; 3] = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    ];
    let closed = |ip: Ipv4Addr| ip.is_link_local() || OTHERS.contains(&ip);
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match ip.to_canonical() {
        IpAddr::V4(ip) => closed(ip),
        IpAddr::V6(ip) if ip.is_unicast_link_local() || OTHERS_6.contains(&ip) => true,
        IpAddr::V6(ip) => match ip.segments() {
            // Version 4 in version 6: compatible, NAT64, 6to4.
            [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                closed(pair(high, low))
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow: &[&str], deny: &[&str]) -> HostRules {
        let parse = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
        HostRules::new(parse(allow), parse(deny))
    }

    fn verdict(rules: &HostRules, host: &str, ip: &str, port: u16) -> Option<String> {
        let host = Host::parse(host).unwrap();
        rules.refuses_name(&host, port).or_else(|| rules.refuses_address(&host, ip.parse().unwrap(), port))
    }

    #[test]
    fn patterns() {
        for text in ["", "*x.com", "http://x", "10.0.0.0/33", "x:y", "a b", "*.", "[::1", "x/8"] {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
        for text in
            ["*", "x", "*.x.com:80", "10.1.1.1:80", "10.0.0.0/8:80", "::1", "[::1]:80", "[fd00::]/8", "fd00::/8"]
        {
            assert_eq!(text.parse::<HostPattern>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_denied_is_denied_and_where_something_is_allowed_nothing_else_is() {
        let denying = rules(&[], &["bad.test", "*.worse.test", "10.0.0.0/8", "other.test:81", "localhost"]);
        let allowing = rules(&["good.test", "*.better.test:443", "192.168.1.0/24", "localhost"], &["no.better.test"]);
        for (rules, host, ip, port, open) in [
            (&denying, "bad.test", "1.1.1.1", 80, false),
            (&denying, "BAD.test.", "1.1.1.1", 80, false),
            (&denying, "x.bad.test", "1.1.1.1", 80, true),
            (&denying, "x.worse.test", "1.1.1.1", 80, false),
            (&denying, "worse.test", "1.1.1.1", 80, true),
            // A name that leads to what is denied.
            (&denying, "rebound.test", "10.1.2.3", 80, false),
            (&denying, "[::ffff:10.1.2.3]", "::ffff:10.1.2.3", 80, false),
            (&denying, "rebound.test", "127.0.0.1", 80, false),
            (&denying, "other.test", "1.1.1.1", 80, true),
            (&denying, "other.test", "1.1.1.1", 81, false),
            (&allowing, "good.test", "1.1.1.1", 80, true),
            (&allowing, "bad.test", "1.1.1.1", 80, false),
            (&allowing, "x.better.test", "1.1.1.1", 443, true),
            (&allowing, "x.better.test", "1.1.1.1", 80, false),
            (&allowing, "no.better.test", "1.1.1.1", 443, false),
            (&allowing, "any.test", "192.168.1.7", 80, true),
            (&allowing, "localhost", "127.0.0.1", 80, true),
            (&allowing, "127.0.0.1", "127.0.0.1", 80, true),
            (&allowing, "rebound.test", "127.0.0.1", 80, false),
        ] {
            assert_eq!(verdict(rules, host, ip, port).is_none(), open, "{host} {ip} {port}");
        }
        let words = verdict(&denying, "rebound.test", "10.1.2.3", 80).unwrap();
        assert_eq!(words, "rebound.test is blocked by --deny-host 10.0.0.0/8");
    }

    #[test]
    fn the_machines_own_link_is_shut_in_every_form() {
        let forms = [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "[::ffff:169.254.169.254]",
            "[::a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[fd20:ce::254]",
            "100.100.100.200",
            "168.63.129.16",
        ];
        for form in forms {
            let host = Host::parse(form).unwrap();
            for rules in [HostRules::default(), rules(&["*"], &[])] {
                let words = rules.refuses_from_afar(&host, 80).unwrap_or_else(|| panic!("{form} is open"));
                assert!(words.ends_with("is an address of the machine's own network link"), "{words}");
            }
        }
        let named = verdict(&HostRules::default(), "rebound.test", "169.254.169.254", 80);
        assert!(named.is_some_and(|words| words.starts_with("rebound.test is not reachable")));
        assert_eq!(verdict(&rules(&["169.254.0.0/16"], &[]), "169.254.169.254", "169.254.169.254", 80), None);
        for open in ["127.0.0.1", "[::1]", "10.0.0.1", "[fd00::1]", "0.0.0.0"] {
            assert_eq!(HostRules::default().refuses_from_afar(&Host::parse(open).unwrap(), 80), None, "{open}");
        }
    }
}
