//! `coverage.…`: what of scripts and style sheets was used.

use super::{Failure, Operations, Performed, parse};
use crate::browser::coverage::{Coverage, CoverageOptions, Covered};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was begun, by page.
#[derive(Default)]
pub(super) struct Begun(Mutex<HashMap<(String, Covered), State>>);

enum State {
    /// On its way.
    Starting,
    Running(Coverage),
}

#[derive(Deserialize)]
struct Of {
    page: String,
    #[serde(default)]
    options: CoverageOptions,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let Of { page: id, options } = parse(params)?;
    let page = operations.page(&id)?;
    let (covered, name) = match operation {
        "startJS" | "stopJS" => (Covered::Js, "JSCoverage"),
        "startCSS" | "stopCSS" => (Covered::Css, "CSSCoverage"),
        _ => return Err(Failure::unknown(&format!("coverage.{operation}"))),
    };
    let begun = &operations.coverage;
    let key = (id, covered);
    if operation.starts_with("stop") {
        let stopped = begun.tables().remove(&key);
        let entries = match stopped {
            Some(State::Running(coverage)) => coverage.stop().await?,
            _ => json!([]),
        };
        return Ok(json!({ "entries": entries }).into());
    }
    {
        let mut tables = begun.tables();
        tables.retain(|_, state| !matches!(state, State::Running(coverage) if coverage.is_over()));
        if tables.contains_key(&key) {
            return Err(Failure::new(format!("{name} is already enabled")));
        }
        tables.insert(key.clone(), State::Starting);
    }
    let started = Coverage::start(&page, covered, options).await;
    let mut tables = begun.tables();
    match started {
        Ok(coverage) => drop(tables.insert(key, State::Running(coverage))),
        Err(error) => {
            tables.remove(&key);
            return Err(error.into());
        }
    }
    Ok(Value::Null.into())
}

impl Begun {
    fn tables(&self) -> MutexGuard<'_, HashMap<(String, Covered), State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all.
    pub(super) fn end(&self) {
        let all = std::mem::take(&mut *self.tables());
        drop(all);
    }
}
