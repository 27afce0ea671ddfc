//! Cookies and local storage of a context.

use super::cdp::Reply;
use super::context::{BrowserContext, Origin};
use super::error::BrowserError;
use super::load_state::LoadState;
use super::navigation::GotoOptions;
use super::notice::Notice;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A page that asks nobody is there at once, ms.
const LOOK: u64 = 5_000;

/// A script that fills local storage when an origin is first seen empty.
pub(super) fn restoring(origins: &[Origin]) -> String {
    let origins = serde_json::to_string(origins).unwrap_or_else(|_| "[]".into());
    format!("({})({origins});", include_str!("js/restore_storage.js"))
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

    /// Cookies and the local storage of the origins that its pages show, in Playwright's form.
    pub async fn storage_state(&self) -> Result<Value, BrowserError> {
        let mut origins: Vec<Value> = Vec::new();
        for frame in self.pages().iter().flat_map(super::page::Page::frames) {
            // A frame without storage (an opaque origin) or without scripts has nothing to say.
            let Ok(origin) = frame.run("storage", &[]).await else { continue };
            if !origin.is_null() && !origins.iter().any(|other| other["origin"] == origin["origin"]) {
                origins.push(origin);
            }
        }
        Ok(json!({ "cookies": self.cookies(&[]).await?, "origins": origins }))
    }

    /// The same with origins that were shown once: a page of their own that asks no server looks what they have kept. Whoever
    /// observes the context is sent away.
    pub async fn storage_state_of(&self, visited: &[String]) -> Result<Value, BrowserError> {
        let mut state = self.storage_state().await?;
        let known: Vec<Value> = state["origins"].as_array().cloned().unwrap_or_default();
        let missing: Vec<&String> =
            visited.iter().filter(|origin| !known.iter().any(|known| known["origin"] == origin.as_str())).collect();
        if missing.is_empty() {
            return Ok(state);
        }
        self.observe(Arc::new(|notice| {
            if let Notice::Route(route) = notice {
                let html = vec![("content-type".to_owned(), "text/html".to_owned())];
                tokio::spawn(async move { route.fulfill(200, html, b"<!DOCTYPE html>").await });
            }
        }));
        let page = self.new_page().await?;
        page.set_routed(true).await?;
        let options = GotoOptions { wait_until: LoadState::Commit, timeout: LOOK, referer: None };
        for origin in missing {
            // An origin that cannot be looked at keeps what it has.
            let Ok(_) = page.main_frame().goto(origin, &options).await else { continue };
            if let (Ok(found), Some(origins)) =
                (page.main_frame().run("storage", &[]).await, state["origins"].as_array_mut())
                && !found.is_null()
            {
                origins.push(found);
            }
        }
        page.close(false).await?;
        Ok(state)
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
    let mut out = cookie.clone();
    if let Some(fields) = out.as_object_mut() {
        if fields.get("expires").and_then(Value::as_f64).is_some_and(|expires| expires < 0.0) {
            fields.remove("expires");
        }
        if let Some(url) = fields.get("url").and_then(Value::as_str).and_then(|url| url::Url::parse(url).ok()) {
            fields.entry("secure").or_insert(json!(url.scheme() == "https"));
        }
        if let Some(partition) = fields.remove("partitionKey") {
            fields.insert("partitionKey".into(), json!({ "topLevelSite": partition, "hasCrossSiteAncestor": false }));
        }
    }
    out
}

fn for_playwright(cookie: &Value) -> Value {
    json!({
        "name": cookie["name"],
        "value": cookie["value"],
        "domain": cookie["domain"],
        "path": cookie["path"],
        "expires": if cookie["session"] == json!(true) { json!(-1) } else { cookie["expires"].clone() },
        "httpOnly": cookie["httpOnly"],
        "secure": cookie["secure"],
        "sameSite": cookie["sameSite"].as_str().unwrap_or("Lax"),
    })
}

fn goes_to(cookie: &Value, url: &url::Url) -> bool {
    let domain = cookie["domain"].as_str().unwrap_or_default();
    let path = cookie["path"].as_str().unwrap_or("/");
    let host = url.host_str().unwrap_or_default();
    let domain_fits = match domain.strip_prefix('.') {
        Some(bare) => host == bare || host.ends_with(domain),
        None => host == domain,
    };
    let secure_fits = cookie["secure"] != json!(true) || url.scheme() == "https" || host == "localhost";
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
