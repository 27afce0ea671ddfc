//! `locator.…` that came later: drops from outside, conditions of one's own, states of an element.

use super::{Failure, Operations, Performed, Script, files, parse};
use crate::browser::{Locator, Point};
use crate::model::locator::render;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Drop {
    #[serde(default)]
    files: Value,
    /// `[[type, text]]`
    #[serde(default)]
    data: Value,
    position: Option<Point>,
}

#[derive(Deserialize)]
struct State {
    state: String,
}

/// What an element can be waited to be.
const STATES: [&str; 6] = ["visible", "hidden", "stable", "enabled", "disabled", "editable"];

pub(super) async fn perform(
    operations: &Operations,
    locator: &Locator,
    operation: &str,
    params: Value,
    timeout: u64,
) -> Result<Performed, Failure> {
    let page = locator.frame.page();
    match operation {
        "drop" => {
            let Drop { files, data, position } = parse(params)?;
            let files = files::load(files, operations.readable_files()).await?;
            let document = page.main_frame().document();
            let acted = locator.drop(files, data, position, timeout).await?;
            Ok(Performed::from(Value::Null).showing_in(page, acted.target, document))
        }
        "normalize" => {
            let selector = locator.normalized().await?;
            let selector = selector.ok_or_else(|| Failure::new(format!("No element matching {}", locator.selector)))?;
            Ok(json!({ "text": render(&selector), "selector": selector }).into())
        }
        "waitForFunction" => {
            let script: Script = parse(params)?;
            locator.wait_for_function(&operations.evaluation(script)?, timeout).await?;
            Ok(Performed::from(Value::Null).showing(page, None))
        }
        _ => {
            let State { state } = parse(params)?;
            let state = STATES.into_iter().find(|one| *one == state);
            let state = state.ok_or_else(|| {
                Failure::new("state: expected one of (visible|hidden|stable|enabled|disabled|editable)")
            })?;
            locator.wait_for_state(state, timeout).await?;
            Ok(Performed::from(Value::Null).showing(page, None))
        }
    }
}
