//! `page.…`

use super::{Failure, Operations, Performed, parse, picture, tell, traffic};
use crate::browser::context::Size;
use crate::browser::emulation::Media;
use crate::browser::pdf::PdfOptions;
use crate::browser::{CallArg, LoadState, Locator, Page, Topic};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Of {
    page: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Close {
    #[serde(default)]
    run_before_unload: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Travel {
    wait_until: Option<String>,
    #[serde(default)]
    timeout: u64,
}

#[derive(Deserialize)]
struct Screenshot {
    path: Option<String>,
    #[serde(default)]
    timeout: u64,
}

#[derive(Deserialize)]
struct Subscribe {
    event: String,
    enabled: bool,
}

#[derive(Deserialize)]
struct Routed {
    routed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Handler {
    selector: String,
    no_wait_after: bool,
    handler: u64,
}

#[derive(Deserialize)]
struct Heard {
    what: String,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    clear: bool,
}

#[derive(Deserialize)]
struct Headers {
    headers: Map<String, Value>,
}

/// A missing field leaves things as they are; null resets.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct EmulateMedia {
    #[serde(deserialize_with = "given")]
    media: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    color_scheme: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    reduced_motion: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    forced_colors: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    contrast: Option<Option<String>>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(super) fn load_state(name: Option<&str>) -> Result<LoadState, Failure> {
    let name = name.unwrap_or("load");
    LoadState::parse(name).ok_or_else(|| Failure::new(format!("unknown load state \"{name}\"")))
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params.clone())?;
    if operation == "close" {
        return close(operations.page(&of.page), parse(params)?).await;
    }
    let page = operations.page(&of.page)?;
    let value = match operation {
        "reload" | "goBack" | "goForward" => travel(operations, &page, operation, parse(params)?).await?,
        "screenshot" => screenshot(operations, &page, &params).await?,
        "subscribe" => {
            let Subscribe { event, enabled } = parse(params)?;
            if let Some(topic) = Topic::parse(&event) {
                page.want(topic, enabled);
            }
            return Ok(Value::Null.into());
        }
        "setRouted" => {
            page.set_routed(parse::<Routed>(params)?.routed).await?;
            return Ok(Value::Null.into());
        }
        "setExtraHTTPHeaders" => {
            page.set_extra_headers(parse::<Headers>(params)?.headers).await?;
            return Ok(Value::Null.into());
        }
        "setViewportSize" => {
            let size: Size = parse(params)?;
            page.set_viewport(size).await?;
            Value::Null
        }
        "heard" => return Ok(heard(operations, &page, parse(params)?).into()),
        "pdf" => pdf(operations, &page, params).await?,
        "webStorage" => return Ok(web_storage(&page, params).await?.into()),
        "requestGC" => page.collect_garbage().await.map(|()| Value::Null)?,
        "addLocatorHandler" => {
            let Handler { selector, no_wait_after, .. } = parse(params)?;
            let locator = Locator { strict: false, ..Locator::new(&page.main_frame(), selector) };
            return Ok(json!({ "handler": page.add_handler(locator, no_wait_after) }).into());
        }
        "removeLocatorHandler" | "uncovered" => {
            let Handler { handler, .. } = parse(params)?;
            if operation == "uncovered" {
                page.uncovered(handler);
            } else {
                page.remove_handler(handler);
            }
            return Ok(Value::Null.into());
        }
        "bringToFront" => page.bring_to_front().await.map(|()| Value::Null)?,
        "emulateMedia" => {
            let EmulateMedia { media, color_scheme, reduced_motion, forced_colors, contrast } = parse(params)?;
            page.emulate_media(Media { media, color_scheme, reduced_motion, forced_colors, contrast }).await?;
            Value::Null
        }
        _ => return Err(Failure::unknown(&format!("page.{operation}"))),
    };
    Ok(Performed::from(value).showing(&page, None))
}

/// A page that is gone is closed, unless its handlers were to be asked.
async fn close(page: Result<Page, Failure>, close: Close) -> Result<Performed, Failure> {
    let closed = match page {
        Ok(page) => page.close(close.run_before_unload).await.map_err(Failure::from),
        Err(gone) => Err(gone),
    };
    match closed {
        Err(gone) if gone.is_closed() && !close.run_before_unload => {}
        closed => closed?,
    }
    Ok(Value::Null.into())
}

async fn pdf(operations: &Operations, page: &Page, params: Value) -> Result<Value, Failure> {
    let path = params["path"].as_str().map(str::to_owned);
    let bytes = page.pdf(&parse::<PdfOptions>(params)?).await?;
    if let Some(path) = path {
        picture::write(operations, &path, &bytes).await?;
    }
    Ok(json!({ "base64": BASE64.encode(bytes) }))
}

/// What `localStorage` or `sessionStorage` of the page has, or does.
async fn web_storage(page: &Page, params: Value) -> Result<Value, Failure> {
    let declaration = "function({ kind, method, name, value }) {
        const storage = globalThis[`${kind}Storage`];
        if (method !== 'items') return storage[method](...[name, value].filter(given => given !== undefined));
        return Object.keys(storage).map(name => ({ name, value: storage.getItem(name) }));
    }";
    let context = page.main_frame().utility_context().await?;
    Ok(context.call(declaration, &[CallArg::Value(params)]).await?)
}

/// What the page said last, as in the events about it.
fn heard(operations: &Operations, page: &Page, heard: Heard) -> Value {
    let objects = &operations.objects;
    match (heard.what.as_str(), heard.clear) {
        ("console", false) => {
            page.console_messages(heard.all).into_iter().map(|message| tell::console(objects, message)).collect()
        }
        ("pageerror", false) => page.errors(heard.all).iter().map(tell::page_error).collect(),
        ("request", false) => page.last_requests().iter().map(|one| traffic::request_json(objects, one)).collect(),
        ("console", true) => {
            page.clear_console_messages();
            Value::Null
        }
        _ => {
            page.clear_errors();
            Value::Null
        }
    }
}

async fn travel(operations: &Operations, page: &Page, operation: &str, travel: Travel) -> Result<Value, Failure> {
    let until = load_state(travel.wait_until.as_deref())?;
    let request = match operation {
        "reload" => page.reload(until, travel.timeout).await?,
        "goBack" => page.go(-1, until, travel.timeout).await?.flatten(),
        _ => page.go(1, until, travel.timeout).await?.flatten(),
    };
    Ok(traffic::navigated(&operations.objects, request.as_ref()))
}

async fn screenshot(operations: &Operations, page: &Page, params: &Value) -> Result<Value, Failure> {
    let Screenshot { path, timeout } = parse(params.clone())?;
    let mut options = picture::options(operations, params).await?;
    if options.kind.is_none() {
        let jpeg = path.as_deref().is_some_and(|path| path.ends_with(".jpg") || path.ends_with(".jpeg"));
        options.kind = Some(if jpeg { "jpeg" } else { "png" }.into());
    }
    let bytes = page.screenshot(&options, timeout).await?;
    if let Some(path) = path {
        picture::write(operations, &path, &bytes).await?;
    }
    Ok(json!({ "base64": BASE64.encode(bytes) }))
}
