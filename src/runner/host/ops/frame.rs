//! `frame.…`

use super::page::load_state;
use super::{Failure, Operations, Performed, Script, parse, traffic};
use crate::browser::navigation::GotoOptions;
use crate::browser::url_match::UrlMatcher;
use crate::browser::{BrowserError, Frame};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Of {
    frame: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Navigation {
    url: Option<Value>,
    html: Option<String>,
    wait_until: Option<String>,
    state: Option<String>,
    #[serde(default)]
    timeout: u64,
    referer: Option<String>,
}

#[derive(Deserialize)]
struct Regex {
    source: String,
    #[serde(default)]
    flags: String,
}

#[derive(Deserialize)]
struct Tag {
    url: Option<String>,
    content: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Wait {
    #[serde(flatten)]
    script: Script,
    polling: Option<Value>,
    #[serde(default)]
    timeout: u64,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params.clone())?;
    let frame = operations.frame(&of.frame)?;
    let value = match operation {
        "goto" | "setContent" | "waitForLoadState" | "waitForNavigation" | "waitForURL" => {
            navigate(operations, &frame, operation, parse(params)?).await?
        }
        "evaluate" => {
            let value = evaluate(operations, &frame, parse(params)?).await?;
            return Ok(Performed::from(value).showing(frame.page(), None));
        }
        "waitForFunction" => {
            let Wait { script, polling, timeout } = parse(params)?;
            let what = operations.evaluation(script)?;
            let polling = polling.unwrap_or_else(|| json!("raf"));
            operations.new_handle(frame.wait_for_function(&what, &polling, timeout).await?)
        }
        "addScriptTag" => {
            let tag: Tag = parse(params)?;
            let added = frame.add_script_tag(tag.url.as_deref(), tag.content.as_deref(), tag.kind.as_deref()).await?;
            operations.new_handle(added)
        }
        "addStyleTag" => {
            let tag: Tag = parse(params)?;
            operations.new_handle(frame.add_style_tag(tag.url.as_deref(), tag.content.as_deref()).await?)
        }
        "content" => {
            let shadow = params["includeShadow"].as_bool().unwrap_or(false);
            return Ok(json!(frame.content(shadow).await?).into());
        }
        "title" => return Ok(json!(frame.title().await?).into()),
        "frameElement" => {
            let owner = frame.owner_element().await.map_err(BrowserError::of_element)?;
            let owner = owner.ok_or_else(|| Failure::new("Frame has been detached."))?;
            return Ok(operations.new_handle(owner).into());
        }
        _ => return Err(Failure::unknown(&format!("frame.{operation}"))),
    };
    Ok(Performed::from(value).showing(frame.page(), None))
}

/// Names of this machine are servers, not schemes.
fn whole(url: &str) -> String {
    if ["localhost", "127.0.0.1"].iter().any(|name| url.starts_with(name)) {
        return format!("http://{url}");
    }
    url.to_owned()
}

async fn navigate(
    operations: &Operations,
    frame: &Frame,
    operation: &str,
    navigation: Navigation,
) -> Result<Value, Failure> {
    let timeout = navigation.timeout;
    let until = load_state(navigation.wait_until.as_deref())?;
    match operation {
        "goto" => {
            let url = navigation.url.as_ref().and_then(Value::as_str).unwrap_or_default();
            let url = &whole(url);
            operations.options.trust.allow_address(url)?;
            let options = GotoOptions { wait_until: until, timeout, referer: navigation.referer };
            let request = frame.goto(url, &options).await?;
            Ok(traffic::navigated(&operations.objects, request.as_ref()))
        }
        "setContent" => {
            frame.set_content(navigation.html.as_deref().unwrap_or_default(), until, timeout).await?;
            Ok(Value::Null)
        }
        "waitForLoadState" => {
            frame.wait_for_load_state(load_state(navigation.state.as_deref())?, timeout).await?;
            Ok(Value::Null)
        }
        "waitForURL" => {
            frame.wait_for_url(&matcher(navigation.url)?, until, timeout).await?;
            Ok(Value::Null)
        }
        _ => {
            let request = frame.wait_for_navigation(&matcher(navigation.url)?, until, timeout).await?;
            Ok(traffic::navigated(&operations.objects, request.as_ref()))
        }
    }
}

/// `{string}`, `{regex: {source, flags}}` or `{any: true}`.
fn matcher(url: Option<Value>) -> Result<UrlMatcher, Failure> {
    let Some(url) = url else { return Ok(UrlMatcher::Any) };
    if let Some(glob) = url.as_str().or_else(|| url["string"].as_str()) {
        return Ok(UrlMatcher::Glob(glob.to_owned()));
    }
    if url["regex"].is_object() {
        let Regex { source, flags } = parse(url["regex"].clone())?;
        return Ok(UrlMatcher::Regex { source, flags });
    }
    Ok(UrlMatcher::Any)
}

async fn evaluate(operations: &Operations, frame: &Frame, script: Script) -> Result<Value, Failure> {
    let return_handle = script.return_handle;
    let what = operations.evaluation(script)?;
    let context = frame.main_context().await?;
    if return_handle {
        Ok(operations.new_handle(context.evaluate_handle(&what).await?))
    } else {
        Ok(json!({ "value": context.evaluate(&what).await? }))
    }
}
