//! `expect.locator` and `expect.page`: matchers that wait.

use super::locator::Target;
use super::{Failure, Operations, Performed, parse};
use crate::browser::expect::Expectation;
use crate::browser::locator::Locator;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    matcher: String,
    #[serde(default)]
    is_not: bool,
    #[serde(default)]
    timeout: f64,
    page: Option<String>,
    frame: Option<String>,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let expected: Expected = parse(params.clone())?;
    let locator = match operation {
        "locator" => match parse::<Target>(params.clone())?.locator(operations) {
            // Words of an assertion that failed, as of one that had begun to wait.
            Err(gone) if gone.is_closed() => {
                let words = gone.to_string();
                return Ok(json!({ "matches": expected.is_not, "log": [words], "errorMessage": words }).into());
            }
            locator => locator?,
        },
        "page" => {
            let frame = match (&expected.page, &expected.frame) {
                (Some(page), _) => operations.page(page)?.main_frame(),
                (None, Some(frame)) => operations.frame(frame)?,
                (None, None) => return Err(Failure::new("wrong parameters: neither a page nor a frame")),
            };
            Locator::new(&frame, "")
        }
        _ => return Err(Failure::unknown(&format!("expect.{operation}"))),
    };
    let Expected { matcher, is_not, timeout, .. } = expected;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in milliseconds")]
    let timeout = if timeout > 0.0 { (timeout.round() as u64).max(1) } else { 0 };
    let verdict = locator.expect(&Expectation { matcher, is_not, timeout, params }).await;
    let mut value = json!({ "matches": verdict.matches, "timedOut": verdict.timed_out, "log": verdict.log });
    if let Some(received) = verdict.received {
        value["received"] = received;
    }
    if let Some(snapshot) = verdict.aria_snapshot {
        value["ariaSnapshot"] = snapshot.into();
    }
    if let Some(error) = verdict.error {
        value["errorMessage"] = error.into();
    }
    let performed = Performed::from(value);
    Ok(match operation {
        "locator" => performed.showing_element(locator),
        _ => performed.showing(locator.frame.page(), None),
    })
}
