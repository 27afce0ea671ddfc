//! What a context keeps: cookies, and what origins store.

use super::cdp::Reply;
use super::context::{BrowserContext, Origin, StorageState};
use super::error::BrowserError;
use super::frame::Frame;
use super::load_state::LoadState;
use super::navigation::GotoOptions;
use super::page::Page;
use super::script::CallArg;
use serde::Deserialize;
use serde_json::{Value, json};

/// A page that asks nobody is there at once, ms.
const LOOK: u64 = 5_000;

/// See there.
static STORAGE_JS: &str = include_str!("js/storage.js");

/// What a state holds beside cookies and local storage.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Kinds {
    /// Databases.
    #[serde(rename = "indexedDB")]
    pub indexed_db: bool,
    /// Files of the origin's own file system.
    pub opfs: bool,
    /// Passkeys.
    pub credentials: bool,
}

async fn run(frame: &Frame, ask: &Value) -> Result<Value, BrowserError> {
    let context = frame.utility_context().await?;
    context.call(STORAGE_JS, &[CallArg::Value(ask.clone())]).await
}

async fn visit(page: &Page, origin: &str, ask: &Value) -> Result<Value, BrowserError> {
    let options = GotoOptions { wait_until: LoadState::Load, timeout: LOOK, referer: None };
    page.main_frame().goto(origin, &options).await?;
    run(&page.main_frame(), ask).await
}

/// An entry of a state; none where nothing is kept.
fn kept(origin: &str, mut found: Value) -> Option<Value> {
    let some = ["localStorage", "indexedDB", "opfs"]
        .iter()
        .any(|kind| found[kind].as_array().is_some_and(|all| !all.is_empty()));
    found["origin"] = json!(origin);
    some.then_some(found)
}

/// `https://host:port`; none for what has no storage.
pub(super) fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

impl BrowserContext {
    pub(super) fn grant(&self, permissions: &[String], origin: Option<&str>) -> Reply {
        let names: Vec<&str> = permissions.iter().map(|name| permission(name)).collect();
        let mut params = self.scoped(json!({ "permissions": names }));
        if let Some(origin) = origin {
            params["origin"] = json!(origin);
        }
        self.browser().root().request("Browser.grantPermissions", &params)
    }

    /// Grants permissions (Playwright's names) to an origin or to all.
    pub async fn grant_permissions(&self, permissions: &[String], origin: Option<&str>) -> Result<(), BrowserError> {
        self.grant(permissions, origin).raw().await.map(drop)
    }

    /// Takes all granted permissions back.
    pub async fn clear_permissions(&self) -> Result<(), BrowserError> {
        let params = self.scoped(json!({}));
        self.browser().root().request("Browser.resetPermissions", &params).raw().await.map(drop)
    }

    pub(super) fn set_cookies(&self, cookies: &[Value]) -> Reply {
        let cookies: Vec<Value> = cookies.iter().map(for_chromium).collect();
        let params = self.scoped(json!({ "cookies": cookies }));
        self.browser().root().request("Storage.setCookies", &params)
    }

    /// Adds cookies in Playwright's form.
    pub async fn add_cookies(&self, cookies: &[Value]) -> Result<(), BrowserError> {
        self.set_cookies(cookies).raw().await.map(drop)
    }

    /// Cookies in Playwright's form: all, or those that these URLs would get.
    pub async fn cookies(&self, urls: &[String]) -> Result<Vec<Value>, BrowserError> {
        #[derive(Deserialize)]
        struct Cookies {
            cookies: Vec<Value>,
        }
        let params = self.scoped(json!({}));
        let all: Cookies = self.browser().root().request("Storage.getCookies", &params).parse().await?;
        let urls: Vec<url::Url> = urls.iter().filter_map(|url| url.parse().ok()).collect();
        Ok(all
            .cookies
            .iter()
            .map(for_playwright)
            .filter(|cookie| urls.is_empty() || urls.iter().any(|url| goes_to(cookie, url)))
            .collect())
    }

    /// Cookies, and what the origins that were shown keep, in Playwright's form.
    pub async fn storage_state(&self, kinds: Kinds) -> Result<Value, BrowserError> {
        self.storage_state_of(&[], kinds).await
    }

    /// The same with further origins. Those that no page shows any more are shown once more, in a page that nobody sees and that
    /// asks no server.
    pub async fn storage_state_of(&self, visited: &[String], kinds: Kinds) -> Result<Value, BrowserError> {
        let mut missing = self.visited();
        missing.extend(visited.iter().cloned());
        let mut origins = Vec::new();
        let ask = json!({ "task": "collect", "indexedDB": kinds.indexed_db, "opfs": kinds.opfs });
        for page in self.pages() {
            let frame = page.main_frame();
            let Some(origin) = origin_of(&frame.url()).filter(|origin| missing.contains(origin)) else { continue };
            // A page that is busy with something else is as one that is not there.
            if let Ok(found) = run(&frame, &ask).await {
                missing.remove(&origin);
                origins.extend(kept(&origin, found));
            }
        }
        if !missing.is_empty() {
            let page = self.new_hidden_page().await?;
            for origin in missing {
                // An origin that cannot be looked at keeps what it has.
                if let Ok(found) = visit(&page, &origin, &ask).await {
                    origins.extend(kept(&origin, found));
                }
            }
            page.close(false).await?;
        }
        let mut state = json!({ "cookies": self.cookies(&[]).await?, "origins": origins });
        if kinds.credentials {
            state["credentials"] = json!(self.all_passkeys());
        }
        Ok(state)
    }

    /// Puts this in the place of all that it keeps.
    pub async fn set_storage_state(&self, state: &StorageState) -> Result<(), BrowserError> {
        for page in self.pages() {
            drop(page.session().request("Network.clearBrowserCache", &json!({})));
        }
        self.replace_cookies(&state.cookies).await?;
        self.replace_passkeys(&state.credentials).await?;
        self.restore(&state.origins).await
    }

    /// Gives origins what they kept once; those that were shown and are not among them lose all.
    pub(super) async fn restore(&self, wanted: &[Origin]) -> Result<(), BrowserError> {
        let mut origins = self.visited();
        origins.extend(wanted.iter().map(|origin| origin.origin.clone()));
        if !origins.is_empty() {
            let page = self.new_hidden_page().await?;
            for name in origins {
                let state = wanted.iter().find(|origin| origin.origin == name);
                let done = visit(&page, &name, &json!({ "task": "restore", "state": state })).await;
                done.map_err(|error| BrowserError::other(format!("Error setting storage state:\n{error}")))?;
            }
            page.close(false).await?;
        }
        self.visited_only(wanted.iter().map(|origin| origin.origin.clone()));
        Ok(())
    }

    /// Removes all cookies, then adds these.
    pub async fn replace_cookies(&self, kept: &[Value]) -> Result<(), BrowserError> {
        let params = self.scoped(json!({}));
        self.browser().root().request("Storage.clearCookies", &params).raw().await?;
        if kept.is_empty() { Ok(()) } else { self.add_cookies(kept).await }
    }
}

/// Chromium's name of a permission; Playwright's where they agree.
fn permission(name: &str) -> &str {
    match name {
        "camera" => "videoCapture",
        "microphone" => "audioCapture",
        "background-sync" => "backgroundSync",
        "ambient-light-sensor" | "accelerometer" | "gyroscope" | "magnetometer" => "sensors",
        "clipboard-read" => "clipboardReadWrite",
        "clipboard-write" => "clipboardSanitizedWrite",
        "payment-handler" => "paymentHandler",
        "midi-sysex" => "midiSysex",
        "storage-access" => "storageAccess",
        "local-fonts" => "localFonts",
        "local-network-access" => "localNetworkAccess",
        other => other,
    }
}

fn for_chromium(cookie: &Value) -> Value {
    let mut out = placed(cookie);
    if let Some(fields) = out.as_object_mut() {
        if fields.get("expires").and_then(Value::as_f64).is_some_and(|expires| expires < 0.0) {
            fields.remove("expires");
        }
        let ancestor = fields.remove("_crHasCrossSiteAncestor").unwrap_or(json!(true));
        if let Some(partition) = fields.remove("partitionKey") {
            let key = json!({ "topLevelSite": partition, "hasCrossSiteAncestor": ancestor });
            fields.insert("partitionKey".into(), key);
        }
    }
    out
}

/// A cookie of an address as one of its host and folder.
pub fn placed(cookie: &Value) -> Value {
    let mut out = cookie.clone();
    if let Some(url) = cookie["url"].as_str().and_then(|url| url::Url::parse(url).ok())
        && let Some(fields) = out.as_object_mut()
    {
        let folder = url.path().rsplit_once('/').map_or("/".to_owned(), |(folder, _)| format!("{folder}/"));
        fields.remove("url");
        fields.insert("domain".into(), json!(url.host_str().unwrap_or_default()));
        fields.insert("path".into(), json!(folder));
        fields.insert("secure".into(), json!(url.scheme() == "https"));
    }
    out
}

fn for_playwright(cookie: &Value) -> Value {
    let mut told = json!({
        "name": cookie["name"],
        "value": cookie["value"],
        "domain": cookie["domain"],
        "path": cookie["path"],
        "expires": if cookie["session"] == json!(true) { json!(-1) } else { cookie["expires"].clone() },
        "httpOnly": cookie["httpOnly"],
        "secure": cookie["secure"],
        "sameSite": cookie["sameSite"].as_str().unwrap_or("Lax"),
    });
    if let Some(partition) = cookie.get("partitionKey").filter(|partition| partition.is_object()) {
        told["partitionKey"] = partition["topLevelSite"].clone();
        told["_crHasCrossSiteAncestor"] = partition["hasCrossSiteAncestor"].clone();
    }
    told
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.")
}

fn goes_to(cookie: &Value, url: &url::Url) -> bool {
    let domain = cookie["domain"].as_str().unwrap_or_default();
    let path = cookie["path"].as_str().unwrap_or("/");
    let host = url.host_str().unwrap_or_default();
    let domain_fits = match domain.strip_prefix('.') {
        Some(bare) => host == bare || host.ends_with(domain),
        None => host == domain,
    };
    let secure_fits = cookie["secure"] != json!(true) || url.scheme() == "https" || is_local(host);
    let path_fits = url
        .path()
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'));
    domain_fits && path_fits && secure_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_where_it_belongs() {
        let cases: &[(&str, &str, bool, &str, bool)] = &[
            ("shop.test", "/", false, "http://shop.test/a", true),
            ("shop.test", "/", false, "http://www.shop.test/a", false),
            (".shop.test", "/", false, "http://www.shop.test/a", true),
            ("shop.test", "/cart", false, "http://shop.test/cartoon", false),
            ("shop.test", "/cart", false, "http://shop.test/cart/1", true),
            ("shop.test", "/", true, "http://shop.test/", false),
        ];
        for (domain, path, secure, url, expected) in cases {
            let cookie = json!({ "domain": domain, "path": path, "secure": secure });
            assert_eq!(goes_to(&cookie, &url.parse().unwrap()), *expected, "{cookie} {url}");
        }
    }
}
