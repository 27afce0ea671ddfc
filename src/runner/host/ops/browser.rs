//! `browser.…`: browsers of a test's own, and what it asks of the one that is there.

mod wishes;

use super::guard::{guard_browser, guard_context};
use super::{Failure, Operations, Performed, context, files, parse, trace_events};
use crate::browser::{Browser, BrowserError, ContextOptions, LaunchError, LaunchOptions, Mode, Progress, Wishes};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wishes::LaunchWishes;

/// Browsers that a worker started, by its names.
#[derive(Default)]
pub(super) struct Browsers(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    last: u64,
    open: HashMap<String, Own>,
}

#[derive(Clone)]
struct Own {
    browser: Browser,
    /// Its one context, where it is nothing without it.
    kept: Option<String>,
}

#[derive(Deserialize)]
struct Launch {
    #[serde(default)]
    options: LaunchWishes,
    #[serde(default)]
    timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Persistent {
    #[serde(default)]
    user_data_dir: String,
    #[serde(default)]
    context: ContextOptions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connect {
    endpoint: String,
    #[serde(default)]
    timeout: u64,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    slow_mo: f64,
    artifacts_dir: Option<PathBuf>,
    #[serde(default)]
    no_defaults: bool,
}

/// Into the pages of a context that a browser began with: its worker knows it by now.
#[derive(Deserialize)]
struct Enter {
    context: String,
    /// Whether a page is to be waited for.
    opens: bool,
}

#[derive(Deserialize)]
struct Of {
    browser: Option<String>,
}

/// How many a test from a server may have at a time.
const MOST_ON_AGENTS: usize = 4;

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let value = match operation {
        "version" => json!({ "version": context::version(&operations.pool.acquire(operations.mode).await?) }),
        "launch" => launch(operations, parse(params)?).await?,
        "launchPersistent" => launch_persistent(operations, params).await?,
        "connectOverCDP" => connect(operations, parse(params)?).await?,
        "enter" => {
            let Enter { context, opens } = parse(params)?;
            let context = operations.objects.context(&context)?;
            if opens {
                context.first_page().await?;
            } else {
                context.join().await?;
            }
            Value::Null
        }
        "close" => {
            let Of { browser } = parse(params)?;
            if let Some(id) = browser {
                operations.browsers.close(&id).await;
            }
            Value::Null
        }
        "startTracing" | "stopTracing" => trace_events::perform(operations, operation, params).await?,
        _ => return Err(Failure::unknown(&format!("browser.{operation}"))),
    };
    Ok(value.into())
}

async fn launch(operations: &Operations, launch: Launch) -> Result<Value, Failure> {
    let (mode, mut options) = launch.options.permitted(operations)?;
    guard_browser(operations, &mut options).await?;
    let browser = start(operations, mode, &options, launch.timeout).await?;
    let (id, version) = operations.know_browser(browser, None);
    Ok(json!({ "browser": id, "version": version }))
}

async fn launch_persistent(operations: &Operations, mut params: Value) -> Result<Value, Failure> {
    let Launch { options, timeout } = parse(params.clone())?;
    files::read_state(&mut params, operations.readable_files()).await?;
    let identities = operations.identities(&params, "/context").await?;
    let Persistent { user_data_dir, context } = parse(params)?;
    let (mode, mut options) = options.permitted(operations)?;
    options.wishes.profile = Some(wishes::profile(operations, &user_data_dir)?);
    let mut context = ContextOptions { proxy: context.proxy.or_else(|| options.wishes.proxy.clone()), ..context };
    guard_context(operations, &identities, &mut context).await?;
    match &context.gateway {
        Some(gateway) => options.warden = Some(gateway.clone()),
        None => {
            options.wishes.proxy = context.proxy.clone();
            guard_browser(operations, &mut options).await?;
        }
    }
    let browser = start(operations, mode, &options, timeout).await?;
    browser.keep_profile_within(operations.options.artifacts.bounds());
    let context = browser.inhabit(context).await?;
    operations.tracer.context_created(&context);
    let name = operations.objects.add_context(context.clone());
    operations.introduce(&name, identities);
    let (id, version) = operations.know_browser(browser, Some(name.clone()));
    Ok(json!({ "browser": id, "version": version, "context": name }))
}

async fn connect(operations: &Operations, connect: Connect) -> Result<Value, Failure> {
    operations.options.trust.allow("browserType.connectOverCDP is")?;
    // What nobody wants is gone with the last who has it.
    let fresh = tempfile::tempdir();
    let downloads = match (connect.artifacts_dir, &fresh) {
        (Some(folder), _) => Some(operations.folder(folder)),
        (None, Ok(folder)) => Some(folder.path().to_owned()),
        (None, Err(_)) => None,
    };
    let wishes = Wishes {
        downloads,
        headers: connect.headers.into_iter().collect(),
        slow_mo: wishes::pause(connect.slow_mo),
        ..Wishes::default()
    };
    let options = LaunchOptions { cdp_endpoint: Some(connect.endpoint), wishes, ..LaunchOptions::default() };
    let browser = start(operations, operations.mode, &options, connect.timeout).await?;
    let as_it_is = connect.no_defaults;
    let context = ContextOptions { viewport: Some(None), as_it_is, ..ContextOptions::default() };
    let context = browser.inhabit(context).await?;
    if let Ok(folder) = fresh {
        let gone = context.clone();
        tokio::spawn(async move {
            gone.gone_for_good().await;
            drop(folder);
        });
    }
    let name = operations.objects.add_context(context);
    let (id, version) = operations.know_browser(browser, None);
    Ok(json!({ "browser": id, "version": version, "context": name }))
}

async fn start(operations: &Operations, mode: Mode, options: &LaunchOptions, timeout: u64) -> Result<Browser, Failure> {
    let many = operations.browsers.tables().open.len();
    if !operations.options.trust.is_whole() && many >= MOST_ON_AGENTS {
        return Err(Failure::new(format!("At most {MOST_ON_AGENTS} browsers at a time can be launched on an agent")));
    }
    let starting = async {
        Browser::start(mode, options).await.map_err(|error| match error {
            LaunchError::NoSuchFile { path } => BrowserError::other(format!(
                "Failed to launch chromium because executable doesn't exist at {}",
                path.display()
            )),
            LaunchError::Endpoint { endpoint, reason } => {
                let log = Progress::new(0).log;
                if !endpoint.starts_with("ws") {
                    log.note(format!("<ws preparing> retrieving websocket url from {endpoint}"));
                }
                BrowserError::other(format!("{reason}{log}"))
            }
            error => BrowserError::other(error.to_string()),
        })
    };
    Ok(super::within(timeout, starting).await?)
}

impl Operations {
    /// The browser that a worker calls so, or the one that is there for all.
    pub(super) async fn browser(&self, id: Option<&str>) -> Result<Browser, Failure> {
        match id {
            Some(id) => self.browsers.tables().open.get(id).map(|own| own.browser.clone()).ok_or_else(Failure::closed),
            None => Ok(self.pool.acquire(self.mode).await?),
        }
    }

    /// Its name and version; the worker is told when it is gone.
    fn know_browser(&self, browser: Browser, kept: Option<String>) -> (String, String) {
        let version = context::version(&browser).to_owned();
        let id = {
            let mut tables = self.browsers.tables();
            tables.last += 1;
            let id = format!("browser@{}", tables.last);
            tables.open.insert(id.clone(), Own { browser: browser.clone(), kept });
            id
        };
        let (objects, name) = (std::sync::Arc::downgrade(&self.objects), id.clone());
        tokio::spawn(async move {
            browser.closed().await;
            drop(browser);
            if let Some(objects) = objects.upgrade() {
                objects.send(&name, "disconnected", Value::Null);
            }
        });
        (id, version)
    }

    /// A context is closed: the browser that is nothing without it goes too.
    pub(super) async fn context_closed(&self, context: &str) {
        let own = {
            let tables = self.browsers.tables();
            tables.open.iter().find(|(_, own)| own.kept.as_deref() == Some(context)).map(|(id, _)| id.clone())
        };
        if let Some(own) = own {
            self.browsers.close(&own).await;
        }
    }
}

impl Browsers {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends one, whoever ends it too, and waits until it is gone.
    async fn close(&self, id: &str) {
        let own = self.tables().open.get(id).cloned();
        if let Some(own) = own {
            own.browser.close().await;
            self.tables().open.remove(id);
        }
    }

    /// Ends all.
    pub(super) async fn end(&self) {
        let open = std::mem::take(&mut self.tables().open);
        futures_util::future::join_all(open.values().map(|own| own.browser.close())).await;
    }
}
