//! Matchers that wait: `expect(locator)` and `expect(page)`, by the names Playwright has for them inside.

use super::error::BrowserError;
use super::injected::{Engine, typed};
use super::locator::{Attempts, Locator, World};
use super::progress::{CallLog, Progress};
use super::script::Evaluation;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// What is expected.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// `to.have.text`, …
    pub matcher: String,
    /// Whether it must not be so.
    pub is_not: bool,
    /// Milliseconds; 0 is for ever.
    pub timeout: u64,
    /// Parameters of the matcher, for js/expect.js.
    pub params: Value,
}

/// How long a failure waits for its evidence.
const EVIDENCE_PATIENCE: Duration = Duration::from_secs(1);

/// How it went. A mismatch is no error.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Whether it is so, however `is_not`.
    pub matches: bool,
    /// What was seen last; none without an element.
    pub received: Option<Value>,
    /// Whether the time was up.
    pub timed_out: bool,
    /// What was tried.
    pub log: Vec<String>,
    /// What is wrong besides the value: `element(s) not found`, a strict mode violation, …
    pub error: Option<String>,
    /// Of what was expected otherwise, where it is there to be seen; else of all there is.
    pub aria_snapshot: Option<String>,
}

/// One look at the page.
struct Look {
    matches: bool,
    received: Option<Value>,
    missing: bool,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    missing: bool,
    #[serde(default)]
    matches: bool,
    #[serde(default)]
    received: Option<Value>,
}

/// What becomes of an expectation while it is tried.
#[derive(Default)]
struct Last {
    received: Option<Value>,
    error: Option<String>,
}

impl Locator {
    /// Looks until it is as expected or the time is up; once at least. Without a selector it is about the page.
    pub async fn expect(&self, expectation: &Expectation) -> Verdict {
        let progress = Progress::new(expectation.timeout);
        if !self.selector.is_empty() {
            self.note_waiting(&progress, "");
        }
        let mut last = Last::default();
        let result = self.frame.while_attached(self.expect_within(&progress, expectation, &mut last)).await;
        let mut verdict = Verdict { matches: expectation.is_not, ..Verdict::default() };
        // Who ends it does not wait for what nobody reads.
        let interrupted = matches!(result, Err(BrowserError::Interrupted { .. }));
        match result {
            Ok(look) => {
                verdict.matches = look.matches;
                verdict.received = look.received;
            }
            Err(error) => {
                if matches!(error, BrowserError::Timeout { .. }) {
                    verdict.timed_out = true;
                    (verdict.received, verdict.error) = (last.received, last.error);
                } else {
                    let text = error.to_string();
                    let text = text.split("\nCall log:\n").next().unwrap_or_default();
                    let broken_off = error.is_closed() || matches!(error, BrowserError::Interrupted { .. });
                    if error.is_closed() {
                        progress.note(text);
                    }
                    if broken_off && (last.received.is_some() || last.error.is_some()) {
                        (verdict.received, verdict.error) = (last.received, last.error);
                    } else {
                        verdict.error = Some(text.strip_prefix("Error: ").unwrap_or(text).to_owned());
                    }
                }
            }
        }
        if verdict.matches == expectation.is_not && !interrupted {
            verdict.aria_snapshot = self.evidence(expectation).await;
        }
        verdict.log = progress.log.compressed();
        verdict
    }

    /// What a failure can be understood by; none where the page does not say soon.
    async fn evidence(&self, expectation: &Expectation) -> Option<String> {
        let matcher = expectation.matcher.as_str();
        if matcher == "to.have.count" || matcher == "to.match.aria" || matcher.ends_with(".array") {
            return None;
        }
        let shown = async {
            let place = self.place(World::Utility).await.ok()??;
            place.call(&CallLog::default(), "evidence", json!({ "matcher": matcher, "strict": false }), &[]).await.ok()
        };
        let shown = tokio::time::timeout(EVIDENCE_PATIENCE, shown).await.ok()??;
        shown.as_str().map(str::to_owned)
    }

    async fn expect_within(
        &self,
        progress: &Progress,
        expectation: &Expectation,
        last: &mut Last,
    ) -> Result<Look, BrowserError> {
        // The first look takes as long as it takes.
        if let Some(look) = self.expect_once(progress, expectation, last).await? {
            return Ok(look);
        }
        progress
            .run(async {
                let mut attempts = Attempts::new(progress);
                attempts.next().await;
                loop {
                    attempts.next().await;
                    if let Some(look) = self.expect_once(progress, expectation, last).await? {
                        return Ok(look);
                    }
                }
            })
            .await
    }

    /// None when it is not as expected.
    async fn expect_once(
        &self,
        progress: &Progress,
        expectation: &Expectation,
        last: &mut Last,
    ) -> Result<Option<Look>, BrowserError> {
        self.frame.page().checkpoint(progress).await?;
        let looked = if expectation.matcher == "to.have.property" {
            self.look_property(progress, expectation).await
        } else {
            self.look_at(progress, expectation).await
        };
        let Some(look) = self.retriable(looked.map(Some))? else { return Ok(None) };
        if look.matches != expectation.is_not {
            return Ok(Some(look));
        }
        if !look.missing {
            match &look.received {
                Some(Value::Array(_)) => {}
                received => progress.note(format!("  unexpected value \"{}\"", shown(received.as_ref()))),
            }
        }
        last.error = look.missing.then(|| "element(s) not found".to_owned());
        last.received = look.received;
        Ok(None)
    }

    async fn look_at(&self, progress: &Progress, expectation: &Expectation) -> Result<Look, BrowserError> {
        let mut params = expectation.params.clone();
        params["matcher"] = expectation.matcher.clone().into();
        let reply: Reply = if self.selector.is_empty() && self.element.is_none() {
            let engine = Engine::of(&self.frame.utility_context().await?).await?;
            typed(engine.call("", "expect", params, &[], &progress.log).await?)?
        } else {
            match self.place(World::Utility).await? {
                Some(place) => typed(place.call(&progress.log, "expect", params, &[]).await?)?,
                None => Reply { missing: true, matches: false, received: None },
            }
        };
        if reply.missing {
            return Ok(without_element(progress, expectation));
        }
        Ok(Look { matches: reply.matches, received: Some(reply.received.unwrap_or(Value::Null)), missing: false })
    }

    /// A property lives in the page's world, and its value need not be JSON.
    async fn look_property(&self, progress: &Progress, expectation: &Expectation) -> Result<Look, BrowserError> {
        let element = match self.query().await? {
            Some(element) => element,
            None => return Ok(without_element(progress, expectation)),
        };
        let path = &expectation.params["expressionArg"];
        let what = Evaluation {
            expression: include_str!("js/property.js").into(),
            is_function: Some(true),
            arg: path.clone(),
            handles: Vec::new(),
        };
        let engine = Engine::of(element.context()).await?;
        let preview = engine.about(&element, "preview", Value::Null).await?;
        progress.note(format!("  locator resolved to {}", preview.as_str().unwrap_or_default()));
        let received = element.evaluate(&what).await?;
        let matches = same(&received, &expectation.params["expectedValue"]);
        Ok(Look { matches, received: Some(received), missing: false })
    }
}

/// What the matcher says when there is nothing to look at.
fn without_element(progress: &Progress, expectation: &Expectation) -> Look {
    let is_not = expectation.is_not;
    let answer = |matches, received| Look { matches, received, missing: false };
    match expectation.matcher.as_str() {
        "to.have.count" => {
            progress.note("  locator resolved to 0 elements");
            answer(expectation.params["expectedNumber"].as_f64() == Some(0.0), Some(json!(0)))
        }
        matcher if matcher.ends_with(".array") => {
            progress.note("  locator resolved to 0 elements");
            let expected = expectation.params["expectedText"].as_array().map_or(0, Vec::len);
            answer(expected == 0, Some(json!([])))
        }
        "to.be.hidden" | "to.be.detached" if !is_not => answer(true, None),
        "to.be.visible" | "to.be.attached" | "to.be.in.viewport" if is_not => answer(false, None),
        _ => Look { matches: is_not, received: None, missing: true },
    }
}

/// As JavaScript would put it into a text.
fn shown(received: Option<&Value>) -> String {
    match received {
        None => "undefined".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(object)) => match object.get("raw").or_else(|| object.get("v")).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => "[object Object]".into(),
        },
        Some(other) => other.to_string(),
    }
}

/// Deep equality of serialized values (src/model/serialize.js); the order of keys and the ids do not count.
fn same(a: &Value, b: &Value) -> bool {
    let (Value::Object(x), Value::Object(y)) = (a, b) else {
        return match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) => x.total_cmp(&y).is_eq(),
            _ => a == b,
        };
    };
    let list = |value: &serde_json::Map<String, Value>, key: &str| value.get(key).and_then(Value::as_array).cloned();
    if let (Some(x), Some(y)) = (list(x, "a"), list(y, "a")) {
        return x.len() == y.len() && x.iter().zip(&y).all(|(x, y)| same(x, y));
    }
    if let (Some(x), Some(y)) = (list(x, "o"), list(y, "o")) {
        return x.len() == y.len()
            && x.iter().all(|x| y.iter().find(|y| y[0] == x[0]).is_some_and(|y| same(&x[1], &y[1])));
    }
    a == b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialized_values_are_compared_by_what_they_mean() {
        let cases = [
            (json!(1), json!(1.0), true),
            (json!("a"), json!("b"), false),
            (json!({"o": [["a", 1], ["b", 2]], "id": 1}), json!({"o": [["b", 2], ["a", 1]], "id": 7}), true),
            (json!({"a": [1, {"o": [], "id": 2}], "id": 1}), json!({"a": [1, {"o": [], "id": 5}], "id": 4}), true),
            (json!({"v": "undefined"}), json!({"v": "undefined"}), true),
            (json!({"a": [1], "id": 1}), json!({"a": [1, 2], "id": 1}), false),
            (json!(null), json!({"v": "undefined"}), false),
        ];
        for (a, b, equal) in cases {
            assert_eq!(same(&a, &b), equal, "{a} {b}");
        }
    }
}
