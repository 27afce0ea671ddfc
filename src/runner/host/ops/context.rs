//! `context.…`

use super::guard::guard_context;
use super::watched::requests_of;
use super::{Failure, Operations, Performed, files, parse};
use crate::browser::clock::ClockCommand;
use crate::browser::context::{Credentials, Geolocation, StorageState, one_or_many};
use crate::browser::{Browser, BrowserContext, ContextOptions};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct New {
    /// One of the test's own.
    browser: Option<String>,
    #[serde(default)]
    options: ContextOptions,
}

#[derive(Deserialize)]
struct NewState {
    options: StateOptions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateOptions {
    storage_state: StorageState,
}

#[derive(Deserialize)]
struct Of {
    context: String,
}

#[derive(Deserialize)]
struct Cookies {
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    cookies: Vec<Value>,
}

#[derive(Deserialize)]
struct Permissions {
    permissions: Vec<String>,
    origin: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    geolocation: Option<Geolocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Passwords {
    #[serde(default, deserialize_with = "one_or_many")]
    http_credentials: Vec<Credentials>,
}

#[derive(Deserialize)]
struct Ticks {
    command: ClockCommand,
    value: Option<f64>,
}

#[derive(Deserialize)]
struct Offline {
    offline: bool,
}

#[derive(Deserialize)]
struct Headers {
    headers: Map<String, Value>,
}

#[derive(Deserialize)]
struct Routed {
    routed: bool,
}

/// `156.0.7000.1`
pub(super) fn version(browser: &Browser) -> &str {
    browser.product().rsplit_once('/').map_or(browser.product(), |(_, version)| version)
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    if operation == "new" {
        let mut params = params;
        files::read_state(&mut params, operations.readable_files()).await?;
        let identities = operations.identities(&params, "/options").await?;
        let mut new: New = parse(params)?;
        guard_context(operations, &identities, &mut new.options).await?;
        let browser = operations.browser(new.browser.as_deref()).await?;
        let context = browser.new_context(new.options).await?;
        let version = version(&browser);
        operations.tracer.context_created(&context);
        if context.options().record_video.is_some_and(|video| video.show_actions.is_some()) {
            operations.tracer.keep_titles();
        }
        let id = operations.objects.add_context(context.clone());
        operations.introduce(&id, identities);
        return Ok(json!({ "context": id, "version": version }).into());
    }
    let of: Of = parse(params.clone())?;
    let context = match operations.objects.context(&of.context) {
        // Whoever closed it sees to the rest.
        Err(gone) if operation == "close" && gone.is_closed() => return Ok(Value::Null.into()),
        context => context?,
    };
    match operation {
        "newPage" => {
            operations.allow_page(&context)?;
            let _opening = operations.opening();
            let page = context.new_page().await?;
            Ok(json!({ "page": operations.objects.page_name(&page) }).into())
        }
        "close" => {
            let mut exported = operations.hars.export_all(&of.context).await;
            let requests = requests_of(&of.context);
            exported = exported.and(operations.hars.export_all(&requests).await);
            operations.tracer.forget(&requests);
            operations.tracer.forget(context.id());
            context.close();
            operations.context_closed(&of.context).await;
            operations.forget_shows();
            operations.finish_videos(Some(&context)).await?;
            operations.api.forget_context(&of.context);
            exported?;
            Ok(Value::Null.into())
        }
        "setStorageState" => {
            let mut params = params;
            files::read_state(&mut params, operations.readable_files()).await?;
            context.set_storage_state(&parse::<NewState>(params)?.options.storage_state).await?;
            Ok(Value::Null.into())
        }
        _ => change(&context, operation, params).await,
    }
}

async fn change(context: &BrowserContext, operation: &str, params: Value) -> Result<Performed, Failure> {
    match operation {
        "cookies" => return Ok(Value::Array(context.cookies(&parse::<Cookies>(params)?.urls).await?).into()),
        "addCookies" => context.add_cookies(&parse::<Cookies>(params)?.cookies).await?,
        "clearCookies" => context.replace_cookies(&[]).await?,
        "setHTTPCredentials" => {
            context.set_http_credentials(parse::<Passwords>(params)?.http_credentials).await?;
        }
        "grantPermissions" => {
            let Permissions { permissions, origin } = parse(params)?;
            context.grant_permissions(&permissions, origin.as_deref()).await?;
        }
        "clearPermissions" => context.clear_permissions().await?,
        "setGeolocation" => context.set_geolocation(parse::<Place>(params)?.geolocation).await?,
        "setOffline" => context.set_offline(parse::<Offline>(params)?.offline).await?,
        "setExtraHTTPHeaders" => context.set_extra_headers(parse::<Headers>(params)?.headers).await?,
        "clock" => {
            let Ticks { command, value } = parse(params)?;
            context.clock(command, value).await?;
        }
        "setRouted" => context.set_routed(parse::<Routed>(params)?.routed).await?,
        "storageState" => return Ok(context.storage_state(parse(params)?).await?.into()),
        _ => return Err(Failure::unknown(&format!("context.{operation}"))),
    }
    Ok(Value::Null.into())
}
