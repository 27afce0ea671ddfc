//! Where the cookies are of requests that no browser makes.

use super::super::{Failure, parse};
use super::Options;
use crate::browser::storage::placed;
use crate::browser::{BrowserContext, BrowserError};
use crate::client::{Cookie, CookieStore, FetchError, Jar};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use url::Url;

/// A context of requests, with cookies of its own.
pub(super) struct Own {
    pub(super) options: Options,
    pub(super) store: Mutex<CookieStore>,
    pub(super) disposed: CancellationToken,
}

impl Own {
    pub(super) fn store(&self) -> MutexGuard<'_, CookieStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    cookies: Vec<Value>,
}

/// `api.cookies`, `api.addCookies`, `api.clearCookies`
pub(super) fn perform(own: &Own, operation: &str, params: Value) -> Result<Value, Failure> {
    let Asked { urls, cookies } = parse(params)?;
    let mut store = own.store();
    match operation {
        "cookies" => {
            let urls: Result<Vec<Url>, _> = urls.iter().map(|url| url.parse()).collect();
            let urls = urls.map_err(|_| Failure::new("Invalid URL"))?;
            let asked = |cookie: &&Cookie| urls.is_empty() || urls.iter().any(|url| cookie.goes_to(url));
            return Ok(json!(store.all().iter().filter(asked).collect::<Vec<_>>()));
        }
        "addCookies" => {
            let cookies: Result<Vec<Cookie>, _> =
                cookies.iter().map(|cookie| serde_json::from_value(placed(cookie))).collect();
            store.add(cookies?);
        }
        _ => store.remove(|_| true),
    }
    Ok(Value::Null)
}

impl Jar for Own {
    fn cookies<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Vec<Cookie>, FetchError>> {
        async move { Ok(self.store().all().iter().filter(|cookie| cookie.goes_to(url)).cloned().collect()) }.boxed()
    }

    fn keep(&self, cookies: Vec<Cookie>) -> BoxFuture<'_, Result<(), FetchError>> {
        async move {
            self.store().add(cookies);
            Ok(())
        }
        .boxed()
    }
}

/// The cookies of a browser's context.
pub(super) struct Shared(pub(super) BrowserContext);

impl Jar for Shared {
    fn cookies<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Vec<Cookie>, FetchError>> {
        async move {
            let cookies = self.0.cookies(&[url.to_string()]).await.map_err(jar)?;
            Ok(cookies.into_iter().filter_map(|cookie| serde_json::from_value(cookie).ok()).collect())
        }
        .boxed()
    }

    fn keep(&self, cookies: Vec<Cookie>) -> BoxFuture<'_, Result<(), FetchError>> {
        async move {
            for cookie in cookies {
                // Chromium refuses what a browser would not have kept.
                match self.0.add_cookies(&[json!(cookie)]).await {
                    Err(error) if error.is_closed() => return Err(jar(error)),
                    _ => {}
                }
            }
            Ok(())
        }
        .boxed()
    }
}

fn jar(error: BrowserError) -> FetchError {
    FetchError::Jar(error.to_string())
}
