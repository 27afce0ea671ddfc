//! `api.…`: requests that a test makes itself, in a context of their own or with the cookies of a browser's context.

mod jars;

use self::jars::{Own, Shared};
use super::route::{Header, bytes, headers};
use super::watched::{Witnesses, requests_of};
use super::{Failure, Operations, Performed, certificates, files, parse};
use crate::browser::context::{ContextProxy, Credentials, one_or_many};
use crate::browser::storage::Kinds;
use crate::browser::{BrowserContext, BrowserError, CallLog, Progress};
use crate::client::{self, Cookie, CookieStore, Fetch, Fetched, Headers, Identities, Jar, Proxy};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What requests say of themselves that no browser makes.
const USER_AGENT: &str = concat!("understudy/", env!("CARGO_PKG_VERSION"));
/// How far redirects are followed where nobody says otherwise.
const MAX_REDIRECTS: u32 = 20;
const LONGEST_EXCERPT: usize = 1000;

/// Contexts of requests and the answers that somebody may still want, by the worker's names.
#[derive(Default)]
pub(super) struct Api(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    last: u64,
    contexts: HashMap<String, Arc<Own>>,
    answers: HashMap<String, Answer>,
    /// Who browser contexts are.
    identities: HashMap<String, Identities>,
}

/// What is kept of an answer.
struct Answer {
    of: String,
    body: Bytes,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    user_agent: Option<String>,
    #[serde(rename = "extraHTTPHeaders")]
    extra_http_headers: Option<Map<String, Value>>,
    #[serde(deserialize_with = "one_or_many")]
    http_credentials: Vec<Credentials>,
    #[serde(rename = "ignoreHTTPSErrors")]
    ignore_https_errors: bool,
    proxy: Option<ContextProxy>,
    max_redirects: Option<u32>,
    fail_on_status_code: bool,
    storage_state: Option<State>,
    #[serde(skip)]
    identities: Identities,
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct State {
    cookies: Vec<Cookie>,
    origins: Vec<Value>,
}

#[derive(Deserialize)]
struct New {
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
struct Of {
    api: String,
}

#[derive(Deserialize)]
struct OfAnswer {
    response: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    /// A context of ours, or a browser's.
    api: Option<String>,
    context: Option<String>,
    url: String,
    method: String,
    headers: Option<Vec<Header>>,
    base64: Option<String>,
    content_type: Option<String>,
    fail_on_status_code: Option<bool>,
    #[serde(rename = "ignoreHTTPSErrors")]
    ignore_https_errors: Option<bool>,
    max_redirects: Option<u32>,
    #[serde(default)]
    max_retries: u32,
    #[serde(default)]
    timeout: u64,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let api = &operations.api;
    let value = match operation {
        "new" => {
            let mut params = params;
            files::read_state(&mut params, operations.readable_files()).await?;
            let identities = certificates::read(&params, operations.readable_files()).await?;
            json!({ "api": api.open(Options { identities, ..parse::<New>(params)?.options }) })
        }
        "fetch" => fetch(operations, parse(params)?).await?,
        "body" => {
            let of: OfAnswer = parse(params)?;
            let body = api.body(&of.response).ok_or_else(|| Failure::new("Response has been disposed"))?;
            json!({ "base64": BASE64.encode(body) })
        }
        "disposeResponse" => {
            let of: OfAnswer = parse(params)?;
            api.tables().answers.remove(&of.response);
            Value::Null
        }
        "dispose" => {
            let Of { api: id } = parse(params)?;
            let exported = operations.hars.export_all(&id).await;
            operations.tracer.forget(&id);
            api.dispose(&id);
            exported?;
            Value::Null
        }
        "storageState" => {
            let own = api.own(&parse::<Of>(params.clone())?.api)?;
            let kinds: Kinds = parse(params)?;
            let mut origins = own.options.storage_state.clone().unwrap_or_default().origins;
            for origin in origins.iter_mut().filter_map(Value::as_object_mut) {
                if !kinds.indexed_db || !origin.contains_key("indexedDB") {
                    origin.insert("indexedDB".into(), json!([]));
                }
                if !kinds.opfs {
                    origin.remove("opfs");
                }
            }
            json!({ "cookies": own.store().all(), "origins": origins })
        }
        "cookies" | "addCookies" | "clearCookies" => {
            jars::perform(&*api.own(&parse::<Of>(params.clone())?.api)?, operation, params)?
        }
        _ => return Err(Failure::unknown(&format!("api.{operation}"))),
    };
    Ok(value.into())
}

impl Api {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of each kind are kept.
    pub(super) fn held(&self) -> [(&'static str, usize); 2] {
        let tables = self.tables();
        [("request contexts", tables.contexts.len()), ("answers", tables.answers.len())]
    }

    fn open(&self, options: Options) -> String {
        let mut store = CookieStore::default();
        store.add(options.storage_state.clone().unwrap_or_default().cookies);
        let own = Own { options, store: Mutex::new(store), disposed: CancellationToken::new() };
        let mut tables = self.tables();
        tables.last += 1;
        let id = format!("api@{}", tables.last);
        tables.contexts.insert(id.clone(), Arc::new(own));
        id
    }

    fn own(&self, id: &str) -> Result<Arc<Own>, Failure> {
        self.tables().contexts.get(id).cloned().ok_or_else(Failure::closed)
    }

    /// Fails where there is no such context any more.
    pub(super) fn must_be_there(&self, id: &str) -> Result<(), Failure> {
        self.own(id).map(drop)
    }

    fn keep(&self, of: String, body: Bytes) -> String {
        let mut tables = self.tables();
        tables.last += 1;
        let id = format!("answer@{}", tables.last);
        tables.answers.insert(id.clone(), Answer { of, body });
        id
    }

    /// The body of an answer that somebody may still want.
    pub(super) fn body(&self, id: &str) -> Option<Bytes> {
        self.tables().answers.get(id).map(|answer| answer.body.clone())
    }

    fn dispose(&self, id: &str) {
        let mut tables = self.tables();
        tables.answers.retain(|_, answer| answer.of != id);
        if let Some(own) = tables.contexts.remove(id) {
            own.disposed.cancel();
        }
    }

    /// Who a browser's context is.
    pub(super) fn introduce(&self, id: &str, identities: Identities) {
        self.tables().identities.insert(id.to_owned(), identities);
    }

    fn identities(&self, id: &str) -> Identities {
        self.tables().identities.get(id).cloned().unwrap_or_default()
    }

    /// What is of a browser's context, which is gone.
    pub(super) fn forget_context(&self, id: &str) {
        let mut tables = self.tables();
        tables.answers.retain(|_, answer| answer.of != id);
        tables.identities.remove(id);
    }
}

async fn fetch(operations: &Operations, call: Call) -> Result<Value, Failure> {
    let log = Progress::new(0).log;
    let of = call.api.clone().or_else(|| call.context.clone()).unwrap_or_default();
    let watched = call.api.clone().unwrap_or_else(|| requests_of(&of));
    let (options, jar, gone): (Options, Arc<dyn Jar>, BoxFuture<'_, ()>) = match (&call.api, &call.context) {
        (Some(id), _) => {
            let own = operations.api.own(id)?;
            let disposed = own.disposed.clone();
            (own.options.clone(), own, async move { disposed.cancelled().await }.boxed())
        }
        (None, id) => {
            let id = id.as_deref().unwrap_or_default();
            let context = operations.objects.context(id)?;
            let gone = context.clone();
            let identities = operations.api.identities(id);
            (
                Options { identities, ..of_browser(&context) },
                Arc::new(Shared(context)),
                async move { gone.gone_for_good().await }.boxed(),
            )
        }
    };
    let timeout = call.timeout;
    let fail = call.fail_on_status_code.unwrap_or(options.fail_on_status_code);
    let fetch = request(call, options)?;
    let gate = operations.options.gate.clone();
    let witnesses = Witnesses {
        log: &log,
        of: &watched,
        trace: operations.tracer.of_requests(&watched),
        archives: operations.hars.of_requests(&watched),
    };
    let fetched = tokio::select! {
        fetched = fetch.send(&*jar, &witnesses, &gate) =>
            fetched.map_err(|error| Failure::new(format!("{error}{log}")))?,
        () = gone => return Err(BrowserError::Closed { log }.into()),
        () = passed(timeout) => return Err(BrowserError::Timeout { timeout_ms: timeout, log }.into()),
    };
    if fail && !(200..400).contains(&fetched.status.as_u16()) {
        return Err(Failure::new(format!("{}{log}", refusal(&fetched))));
    }
    Ok(told(&fetched, operations.api.keep(of, fetched.body.clone()), &log))
}

async fn passed(timeout: u64) {
    match timeout {
        0 => std::future::pending().await,
        timeout => tokio::time::sleep(Duration::from_millis(timeout)).await,
    }
}

/// Requests beside a page say what its pages say.
fn of_browser(context: &BrowserContext) -> Options {
    let options = context.options();
    Options {
        user_agent: Some(options.user_agent.unwrap_or_else(|| context.browser().user_agent().to_owned())),
        extra_http_headers: options.extra_http_headers,
        http_credentials: options.http_credentials,
        ignore_https_errors: options.ignore_https_errors,
        proxy: options.proxy,
        ..Options::default()
    }
}

fn request(call: Call, options: Options) -> Result<Fetch, Failure> {
    let url: Url = call.url.parse().map_err(|_| Failure::new("Invalid URL"))?;
    let mut all: Headers = vec![
        ("user-agent".into(), options.user_agent.unwrap_or_else(|| USER_AGENT.into())),
        ("accept".into(), "*/*".into()),
        ("accept-encoding".into(), "gzip,deflate,br".into()),
    ];
    for (name, value) in options.extra_http_headers.iter().flatten() {
        client::set(&mut all, name, value.as_str().unwrap_or_default().to_owned());
    }
    for (name, value) in headers(call.headers.unwrap_or_default()) {
        client::set(&mut all, &name, value);
    }
    let body = call.base64.as_deref().map(bytes).transpose()?.map(Bytes::from);
    if let Some(body) = &body {
        if let Some(kind) = call.content_type.filter(|_| client::get(&all, "content-type").is_none()) {
            all.push(("content-type".into(), kind));
        }
        client::set(&mut all, "content-length", body.len().to_string());
    }
    let credentials =
        options.http_credentials.into_iter().find(|own| own.fit(url.as_str())).map(|own| client::Credentials {
            username: own.username,
            password: own.password,
            always: own.send.as_deref() == Some("always"),
        });
    Ok(Fetch {
        url,
        method: call.method.to_uppercase(),
        headers: all,
        body,
        max_redirects: Some(call.max_redirects.or(options.max_redirects).unwrap_or(MAX_REDIRECTS))
            .filter(|max| *max > 0),
        max_retries: call.max_retries,
        ignore_https_errors: call.ignore_https_errors.unwrap_or(options.ignore_https_errors),
        credentials,
        identities: options.identities,
        proxy: options.proxy.map(proxy).transpose()?,
    })
}

/// The way that a browser's context and its requests go.
pub(super) fn proxy(given: ContextProxy) -> Result<Proxy, Failure> {
    let address = if given.server.contains("://") { given.server.clone() } else { format!("http://{}", given.server) };
    let server: Url = address.parse().map_err(|_| Failure::new(format!("Invalid URL of a proxy: {}", given.server)))?;
    if server.scheme() != "http" {
        return Err(Failure::new(format!("Requests of a test go through proxies of http: only, not {}", given.server)));
    }
    let bypass = given.bypass.as_deref().unwrap_or_default().split(',').map(|one| one.trim().to_owned());
    Ok(Proxy {
        server,
        bypass: bypass.filter(|one| !one.is_empty()).collect(),
        credentials: given.username.map(|user| (user, given.password.unwrap_or_default())),
    })
}

/// Why a status is an error, with the beginning of what the server says.
fn refusal(fetched: &Fetched) -> String {
    let text = String::from_utf8_lossy(&fetched.body);
    let body = match text.chars().count() {
        0 => String::new(),
        count if count > LONGEST_EXCERPT => {
            format!("\nResponse text:\n{}...", text.chars().take(LONGEST_EXCERPT - 3).collect::<String>())
        }
        _ => format!("\nResponse text:\n{text}"),
    };
    format!("{} {}{body}", fetched.status.as_u16(), fetched.status_text)
}

fn told(fetched: &Fetched, id: String, log: &CallLog) -> Value {
    json!({
        "id": id,
        "url": fetched.url.as_str(),
        "status": fetched.status.as_u16(),
        "statusText": fetched.status_text,
        "headers": super::traffic::headers_json(&fetched.headers),
        "serverAddr": { "ipAddress": fetched.address.ip().to_string(), "port": fetched.address.port() },
        "securityDetails": fetched.tls,
        "timing": fetched.timing,
        "log": log.lines(),
    })
}
