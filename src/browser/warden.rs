//! Who stands between Chromium and the network: tests of strangers shall not reach everything that the machine does.

use std::fmt::Debug;

/// A proxy on this machine, and what it knows.
pub trait Warden: Debug + Send + Sync {
    /// What Chromium calls it: `socks5://127.0.0.1:port`, `http://…`
    fn address(&self) -> String;

    /// Why a page did not get to a URL, in Chromium's words for who connects itself.
    fn why(&self, url: &str) -> Option<String>;

    /// Whether it looks at certificates of servers in place of Chromium.
    fn ends_tls(&self) -> bool;
}

/// What Chromium says of what comes between it and a server, where it would say another thing without.
const WORDS: [&str; 4] = [
    "net::ERR_SOCKS_CONNECTION_FAILED",
    "net::ERR_SOCKS_CONNECTION_HOST_UNREACHABLE",
    "net::ERR_TUNNEL_CONNECTION_FAILED",
    "net::ERR_EMPTY_RESPONSE",
];

/// An error of Chromium's for a URL, as it is without anybody between.
pub(super) fn unveiled(warden: Option<&dyn Warden>, url: &str, error: String) -> String {
    match warden {
        Some(warden) if WORDS.contains(&error.as_str()) => warden.why(url).unwrap_or(error),
        _ => error,
    }
}

/// Everything goes to the warden: nothing past it by other protocols, no name is looked up by Chromium itself.
pub(super) fn flags(warden: &dyn Warden) -> Vec<String> {
    vec![
        format!("--proxy-server={}", warden.address()),
        "--proxy-bypass-list=<-loopback>".to_owned(),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
        "--webrtc-ip-handling-policy=disable_non_proxied_udp".to_owned(),
        "--disable-quic".to_owned(),
    ]
}
