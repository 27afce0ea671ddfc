//! `locator.…`, and what is left of selectors in `frame.…`

use super::{Argument, Failure, Operations, Performed, Script, parse};
use super::{element, files, picture};
use crate::browser::actionability::{Acted, Typing};
use crate::browser::input::{Button, ClickOptions, Modifier};
use crate::browser::pointer::{Gesture, PointerOptions};
use crate::browser::reading::Awaited;
use crate::browser::{BrowserError, Locator, Point};
use crate::model::locator::render;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Which elements, and for how long to look for them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) frame: String,
    #[serde(default)]
    selector: String,
    strict: Option<bool>,
    #[serde(default)]
    pub(super) timeout: f64,
    handle: Option<String>,
}

impl Target {
    pub(super) fn locator(&self, operations: &Operations) -> Result<Locator, Failure> {
        let element = self.handle.as_deref().map(|id| operations.handle(id)).transpose()?;
        let frame = operations.frame(&self.frame);
        // Where it is gone, that is for the element to say.
        let own = || element.as_ref().and_then(|element| element.context().frame().cloned());
        let frame = frame.or_else(|gone| own().ok_or(gone))?;
        Ok(Locator { frame, selector: self.selector.clone(), strict: self.strict.unwrap_or(true), element })
    }

    /// Whole milliseconds; what is shorter is the shortest.
    pub(super) fn timeout(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in milliseconds")]
        if self.timeout > 0.0 { (self.timeout.round() as u64).max(1) } else { 0 }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Action {
    button: Option<String>,
    click_count: Option<u32>,
    delay: f64,
    position: Option<Point>,
    modifiers: Option<Vec<String>>,
    force: bool,
    trial: bool,
    steps: Option<u32>,
    scroll: String,
    value: String,
    key: String,
    text: String,
    checked: bool,
    options: Vec<Value>,
    target: String,
    source_position: Option<Point>,
    target_position: Option<Point>,
    files: Value,
    no_wait_after: bool,
}

impl Action {
    fn pointer(&self) -> Result<PointerOptions, Failure> {
        let modifiers = match &self.modifiers {
            None => None,
            Some(names) => Some(
                names
                    .iter()
                    .map(|name| {
                        Modifier::parse(name).ok_or_else(|| Failure::new(format!("modifiers: unknown key {name}")))
                    })
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        };
        let stay = self.scroll == "none";
        Ok(PointerOptions {
            position: self.position,
            modifiers,
            force: self.force,
            trial: self.trial,
            stay,
            no_wait: self.no_wait_after,
        })
    }

    fn click(&self, count: u32) -> Result<Gesture, Failure> {
        let name = self.button.as_deref().unwrap_or("left");
        let button = Button::parse(name)
            .ok_or_else(|| Failure::new(format!("button: expected one of (left|right|middle), got {name}")))?;
        Ok(Gesture::Click(ClickOptions { button, count, delay: self.delay(), steps: self.steps.unwrap_or(1) }))
    }

    fn delay(&self) -> Option<Duration> {
        (self.delay > 0.0).then(|| Duration::from_secs_f64(self.delay / 1000.0))
    }
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let target: Target = parse(params.clone())?;
    let locator = target.locator(operations)?;
    let timeout = target.timeout();
    match operation {
        "click" | "dblclick" | "tap" | "hover" | "check" | "uncheck" | "setChecked" | "dragTo" => {
            return point(&locator, operation, &parse(params)?, timeout).await;
        }
        "fill"
        | "clear"
        | "press"
        | "pressSequentially"
        | "selectOption"
        | "setInputFiles"
        | "focus"
        | "blur"
        | "selectText"
        | "scrollIntoViewIfNeeded" => {
            let document = locator.frame.page().main_frame().document();
            let acted = act(operations, &locator, operation, parse(params)?, timeout).await?;
            return Ok(Performed::from(acted.value).showing_in(locator.frame.page(), acted.target, document));
        }
        "screenshot" => return screenshot(operations, &locator, params, timeout).await,
        "drop" | "normalize" | "waitForFunction" | "waitForElementState" => {
            return element::perform(operations, &locator, operation, params, timeout).await;
        }
        _ => {}
    }
    let value = match operation {
        "evaluate" => {
            let script: Script = parse(params)?;
            let return_handle = script.return_handle;
            let what = operations.evaluation(script)?;
            let element = locator.element_handle(timeout).await?;
            if return_handle {
                operations.new_handle(element.evaluate_handle(&what).await?)
            } else {
                json!({ "value": element.evaluate(&what).await? })
            }
        }
        "evaluateAll" => {
            let script: Script = parse(params)?;
            let return_handle = script.return_handle;
            let what = operations.evaluation(script)?;
            let elements = locator.query_all().await?.ok_or_else(|| Failure::new("Frame was not found"))?;
            if return_handle {
                operations.new_handle(elements.evaluate_handle(&what).await?)
            } else {
                json!({ "value": elements.evaluate(&what).await? })
            }
        }
        "elementHandle" => operations.new_handle(locator.element_handle(timeout).await?),
        "elementHandles" => all_handles(operations, &locator).await?,
        "heal" => {
            let alternatives: Vec<String> = parse(params["alternatives"].clone())?;
            let healed = locator.heal(&alternatives, timeout).await;
            healed.map_or(Value::Null, |healed| {
                let text = render(&healed.selector);
                json!({ "selector": healed.selector, "text": text, "found": healed.found })
            })
        }
        "waitFor" => {
            let awaited = awaited(&params)?;
            locator.wait_for(awaited, timeout).await?;
            return Ok(Performed::from(Value::Null).showing(locator.frame.page(), None));
        }
        _ => return read(operations, &locator, operation, params, timeout).await,
    };
    Ok(value.into())
}

/// `frame.waitForSelector`, `frame.querySelector`, `frame.querySelectorAll`.
pub(super) async fn query(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let target: Target = parse(params.clone())?;
    let mut locator = target.locator(operations)?;
    locator.strict = target.strict.unwrap_or(false);
    let found = match operation {
        "waitForSelector" => locator.wait_for(awaited(&params)?, target.timeout()).await?,
        "querySelector" => locator.query().await?,
        _ => return Ok(all_handles(operations, &locator).await?.into()),
    };
    Ok(found.map_or(Value::Null, |element| operations.new_handle(element)).into())
}

fn awaited(params: &Value) -> Result<Awaited, Failure> {
    let name = params["state"].as_str().unwrap_or("visible");
    Awaited::parse(name).ok_or_else(|| Failure::new("state: expected one of (attached|detached|visible|hidden)"))
}

async fn all_handles(operations: &Operations, locator: &Locator) -> Result<Value, Failure> {
    let Some(elements) = locator.query_all().await? else { return Ok(json!([])) };
    let elements = elements.properties().await?.into_iter().filter(|(_, object)| object.is_element());
    Ok(elements.map(|(_, element)| operations.new_handle(element)).collect())
}

async fn point(locator: &Locator, operation: &str, action: &Action, timeout: u64) -> Result<Performed, Failure> {
    let mut options = action.pointer()?;
    // As documented: of the others only a click waits for the navigation that it asks for.
    options.no_wait |= operation != "click";
    let document = locator.frame.page().main_frame().document();
    let acted = match operation {
        "click" => locator.gesture(&action.click(action.click_count.unwrap_or(1))?, &options, timeout).await?,
        "dblclick" => locator.gesture(&action.click(2)?, &options, timeout).await?,
        "hover" => locator.gesture(&Gesture::Hover, &options, timeout).await?,
        "tap" => {
            if !locator.frame.page().context().options().has_touch {
                return Err(Failure::new(
                    "The page does not support tap. Use hasTouch context option to enable touch support.",
                ));
            }
            locator.gesture(&Gesture::Tap, &options, timeout).await?
        }
        "dragTo" => {
            let to = Locator { selector: action.target.clone(), element: None, ..locator.clone() };
            let (from, onto) = (action.source_position, action.target_position);
            locator.drag_to(&to, from, onto, action.steps.unwrap_or(1), &options, timeout).await?
        }
        _ => {
            let checked = operation == "check" || (operation == "setChecked" && action.checked);
            locator.set_checked(checked, &options, timeout).await?
        }
    };
    Ok(Performed::from(Value::Null).showing_in(locator.frame.page(), acted.target, document))
}

async fn act(
    operations: &Operations,
    locator: &Locator,
    operation: &str,
    action: Action,
    timeout: u64,
) -> Result<Acted, Failure> {
    let acted = match operation {
        "fill" => locator.fill(&action.value, action.force, timeout).await?,
        "clear" => locator.fill("", action.force, timeout).await?,
        "press" => {
            let typing = Typing::Press { key: action.key.clone(), no_wait: action.no_wait_after };
            locator.type_into(&typing, action.delay(), timeout).await?
        }
        "pressSequentially" => locator.type_into(&Typing::Text(action.text.clone()), action.delay(), timeout).await?,
        "setInputFiles" => match files::folder(&action.files, operations.readable_files()).await? {
            Some(folder) => locator.set_folder(&folder, timeout).await?,
            None => {
                let files = files::load(action.files, operations.readable_files()).await?;
                locator.set_files(files, timeout).await?
            }
        },
        "focus" => locator.simply("focus", false, timeout).await?,
        "blur" => locator.simply("blur", false, timeout).await?,
        "selectText" => locator.simply("selectText", action.force, timeout).await?,
        "selectOption" => {
            let mut handles = Vec::new();
            let mut options = action.options;
            for option in &mut options {
                if let Some(id) = option["handle"].as_str() {
                    let context = locator.frame.utility_context().await?;
                    handles.push(operations.handle(id)?.adopt_into(&context).await?);
                    let index = usize::from(locator.element.is_some()) + handles.len() - 1;
                    *option = json!({ "handle": index });
                }
            }
            let options = Value::Array(options);
            return Ok(locator.select_option(options, &handles, action.force, timeout).await?);
        }
        _ => locator.simply("scrollIntoView", false, timeout).await?,
    };
    Ok(Acted { value: Value::Null, ..acted })
}

async fn read(
    operations: &Operations,
    locator: &Locator,
    operation: &str,
    params: Value,
    timeout: u64,
) -> Result<Performed, Failure> {
    let name = params["name"].clone();
    let value = match operation {
        "textContent" | "innerText" | "innerHTML" | "inputValue" => locator.read(operation, json!({}), timeout).await?,
        "ariaSnapshot" => locator.aria_snapshot(parse(params)?, timeout).await?,
        "ariaSnapshotJSON" => locator.aria_json(parse(params)?, timeout).await?,
        "getAttribute" => locator.read(operation, json!({ "name": name }), timeout).await?,
        "boundingBox" => or_gone(locator, locator.read("box", json!({}), timeout).await, Value::Null)?,
        "isChecked" | "isEnabled" | "isDisabled" | "isEditable" => {
            let state = operation.trim_start_matches("is").to_ascii_lowercase();
            locator.read("state", json!({ "state": state }), timeout).await?
        }
        "dispatchEvent" => {
            let Argument { value, handles } = parse::<Option<_>>(params["eventInit"].clone())?.unwrap_or_default();
            let handles = handles.iter().map(|id| operations.handle(id)).collect::<Result<_, _>>()?;
            let event = json!({ "o": [["type", params["type"]], ["eventInit", value]], "id": 0 });
            locator.dispatch_event(event, handles, timeout).await?;
            Value::Null
        }
        "isVisible" => is_visible(locator).await?,
        "isHidden" => json!(is_visible(locator).await? != json!(true)),
        "count" => locator.ask("count", json!({ "strict": false }), json!(0)).await?,
        "highlight" => locator.ask("highlight", json!({ "strict": false, "css": params["css"] }), json!(0)).await?,
        "hideHighlight" => {
            locator.ask("hideHighlight", json!({ "strict": false, "all": params["all"] }), Value::Null).await?
        }
        "allTextContents" => locator.ask("texts", json!({ "strict": false }), json!([])).await?,
        "allInnerTexts" => locator.ask("texts", json!({ "strict": false, "inner": true }), json!([])).await?,
        _ => return Err(Failure::unknown(&format!("locator.{operation}"))),
    };
    Ok(value.into())
}

async fn is_visible(locator: &Locator) -> Result<Value, Failure> {
    or_gone(locator, locator.ask("visible", json!({}), json!(false)).await, json!(false))
}

/// What is known of an element whose document is gone.
fn or_gone(locator: &Locator, read: Result<Value, BrowserError>, gone: Value) -> Result<Value, Failure> {
    match read {
        Err(error) if error.is_context_lost() => Ok(gone),
        read => Ok(read.map_err(|error| locator.of_element(error))?),
    }
}

async fn screenshot(
    operations: &Operations,
    locator: &Locator,
    params: Value,
    timeout: u64,
) -> Result<Performed, Failure> {
    let path = params["path"].as_str();
    let options = picture::options(operations, &params).await?;
    let bytes = locator.screenshot(&options, timeout).await?;
    if let Some(path) = path {
        picture::write(operations, path, &bytes).await?;
    }
    Ok(Performed::from(json!({ "base64": BASE64.encode(bytes) })).showing_element(locator.clone()))
}
