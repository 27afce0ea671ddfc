//! Cookies of requests that no page makes.

use super::Headers;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// A cookie, in Playwright's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names and meanings are those of the Cookie standard")]
pub struct Cookie {
    pub name: String,
    pub value: String,
    /// Begins with a dot where subdomains get it too.
    pub domain: String,
    pub path: String,
    /// Seconds since 1970; -1: as long as the session.
    #[serde(default = "session")]
    pub expires: f64,
    #[serde(default)]
    pub http_only: bool,
    #[serde(default)]
    pub secure: bool,
    #[serde(default = "lax")]
    pub same_site: String,
}

fn session() -> f64 {
    -1.0
}

fn lax() -> String {
    "Lax".into()
}

/// The farthest future a cookie may have: the end of the year 9999.
const LAST_EXPIRY: f64 = 253_402_300_799.0;

impl Cookie {
    /// Whether a request to `url` carries it.
    pub fn goes_to(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let local = host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.");
        domain_fits(host, &self.domain)
            && path_fits(url.path(), &self.path)
            && (!self.secure || url.scheme() == "https" || local)
    }

    fn is_over(&self) -> bool {
        #[expect(clippy::float_cmp, reason = "-1 is a mark, not a measure")]
        let lasts = self.expires == -1.0;
        !lasts && self.expires < now()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.domain == other.domain && self.path == other.path
    }
}

/// Whether a cookie of `domain` belongs to `host`.
fn domain_fits(host: &str, domain: &str) -> bool {
    host == domain || (domain.starts_with('.') && (host.ends_with(domain) || host == &domain[1..]))
}

fn path_fits(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

/// The cookies that an answer from `url` brought for it.
pub(super) fn brought(url: &Url, headers: &Headers) -> Vec<Cookie> {
    let set = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.filter_map(|(_, text)| parse(url, text)).collect()
}

fn parse(url: &Url, text: &str) -> Option<Cookie> {
    let mut parts = text.split(';');
    let (name, value) = pair(parts.next()?);
    if name.is_empty() && value.is_empty() {
        return None;
    }
    let host = url.host_str().unwrap_or_default();
    let folder = url.path().rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    let mut cookie = Cookie {
        name: name.into(),
        value: value.into(),
        domain: host.into(),
        path: folder.into(),
        expires: session(),
        http_only: false,
        secure: false,
        same_site: lax(),
    };
    let mut age = None;
    for part in parts.filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.split_once('=').map_or((part.trim(), ""), |(key, value)| (key.trim(), value.trim()));
        match key.to_ascii_lowercase().as_str() {
            "expires" => cookie.expires = date(value).unwrap_or(cookie.expires),
            "max-age" => age = value.parse::<f64>().ok().filter(|age| age.is_finite()).or(age),
            "domain" if !value.is_empty() => {
                let bare = value.to_lowercase();
                let dotted = bare.starts_with('.') || !bare.contains('.');
                cookie.domain = if dotted { bare } else { format!(".{bare}") };
            }
            "path" if value.starts_with('/') => cookie.path = value.into(),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => match value.to_ascii_lowercase().as_str() {
                "none" => cookie.same_site = "None".into(),
                "strict" => cookie.same_site = "Strict".into(),
                _ => cookie.same_site = lax(),
            },
            _ => {}
        }
    }
    if let Some(age) = age {
        cookie.expires = if age <= 0.0 { 0.0 } else { (now() + age).min(LAST_EXPIRY) };
    }
    domain_fits(host, &cookie.domain).then_some(cookie)
}

fn pair(text: &str) -> (&str, &str) {
    text.split_once('=').map_or(("", text.trim()), |(name, value)| (name.trim(), value.trim()))
}

/// Seconds since 1970; dashes in dates are as old as cookies.
fn date(text: &str) -> Option<f64> {
    let time = httpdate::parse_http_date(&text.replace('-', " ")).or_else(|_| httpdate::parse_http_date(text)).ok()?;
    Some(time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()).min(LAST_EXPIRY))
}

/// Cookies of a context of its own.
#[derive(Debug, Default)]
pub struct CookieStore(Vec<Cookie>);

impl CookieStore {
    /// Adds cookies in place of older ones.
    pub fn add(&mut self, cookies: impl IntoIterator<Item = Cookie>) {
        for cookie in cookies {
            self.0.retain(|other| !other.is_same(&cookie));
            self.0.push(cookie);
        }
        self.prune();
    }

    /// All that are not over.
    pub fn all(&mut self) -> &[Cookie] {
        self.prune();
        &self.0
    }

    /// Removes those that `matches` finds.
    pub fn remove(&mut self, matches: impl Fn(&Cookie) -> bool) {
        self.0.retain(|cookie| !matches(cookie));
    }

    fn prune(&mut self) {
        self.0.retain(|cookie| !cookie.is_over());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Cookie> {
        parse(&"http://shop.test/a/b".parse().unwrap(), text)
    }

    #[test]
    fn attributes() {
        let cookie = parsed("a=b=c; Domain=shop.test; Path=/x; Secure; HttpOnly; SameSite=None").unwrap();
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("a", "b=c"));
        assert_eq!(
            (cookie.domain.as_str(), cookie.path.as_str(), cookie.same_site.as_str()),
            (".shop.test", "/x", "None")
        );
        assert!(cookie.secure && cookie.http_only);
        let plain = parsed("a=1; Path=nowhere").unwrap();
        assert_eq!((plain.domain.as_str(), plain.path.as_str(), plain.expires), ("shop.test", "/a", -1.0));
        assert_eq!(parsed("a=1; Domain=other.test"), None);
        assert_eq!(parsed("=; Path=/"), None);
    }

    #[test]
    fn dates() {
        assert_eq!(parsed("a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT").unwrap().expires, 1_767_225_600.0);
        assert_eq!(parsed("a=1; Expires=Thu, 01-Jan-2026 00:00:00 GMT").unwrap().expires, 1_767_225_600.0);
        assert_eq!(parsed("a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Max-Age=0").unwrap().expires, 0.0);
        assert!(parsed("a=1; Max-Age=60").unwrap().expires > now());
    }

    #[test]
    fn a_store_forgets_what_is_over() {
        let mut store = CookieStore::default();
        store.add(parsed("a=1"));
        store.add(parsed("a=2"));
        store.add(parsed("b=1; Max-Age=100"));
        assert_eq!(store.all().iter().map(|cookie| cookie.value.as_str()).collect::<Vec<_>>(), ["2", "1"]);
        store.add(parsed("a=; Max-Age=0"));
        assert_eq!(store.all().len(), 1);
    }
}
