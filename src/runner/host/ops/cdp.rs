//! `cdp.…`: the protocol itself, for tests that speak it.

mod rules;

use super::objects::Objects;
use super::{Failure, Operations, Performed, parse};
use crate::browser::{RawEvent, RawObserver, RawSession};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sessions of a worker, by its names.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    last: u64,
    open: HashMap<String, RawSession>,
}

#[derive(Deserialize)]
struct Subject {
    page: Option<String>,
    frame: Option<String>,
    browser: Option<String>,
}

#[derive(Deserialize)]
struct Of {
    session: String,
}

#[derive(Deserialize)]
struct Command {
    session: String,
    method: String,
    #[serde(default)]
    params: Option<Value>,
    #[serde(default)]
    timeout: u64,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let sessions = &operations.cdp;
    let value = match operation {
        "new" => open(operations, parse(params)?).await?,
        "send" => {
            let Command { session, method, params, timeout } = parse(params)?;
            let params = params.unwrap_or_else(|| json!({}));
            let session = sessions.get(&session)?;
            if !operations.options.trust.is_whole() {
                rules::check(&method, &params)?;
            }
            let sent = super::within(timeout, session.send(&method, &params)).await?;
            json!({ "result": sent })
        }
        "detach" => {
            let Of { session } = parse(params)?;
            sessions.get(&session)?.detach().await?;
            Value::Null
        }
        _ => return Err(Failure::unknown(&format!("cdp.{operation}"))),
    };
    Ok(value.into())
}

async fn open(operations: &Operations, subject: Subject) -> Result<Value, Failure> {
    let id = operations.cdp.name();
    let observer = observer(&operations.objects, &id);
    let session = match (subject.page, subject.frame) {
        (Some(page), _) => operations.page(&page)?.raw_session(observer).await?,
        (None, Some(frame)) => operations.frame(&frame)?.raw_session(observer).await?,
        (None, None) => {
            operations.options.trust.allow("A CDP session of the browser is")?;
            operations.browser(subject.browser.as_deref()).await?.raw_session(observer).await?
        }
    };
    operations.cdp.tables().open.insert(id.clone(), session);
    Ok(json!({ "session": id }))
}

/// What happens in a session is told to the worker.
fn observer(objects: &Arc<Objects>, id: &str) -> RawObserver {
    let (objects, id) = (Arc::downgrade(objects), id.to_owned());
    Arc::new(move |event| {
        let Some(objects) = objects.upgrade() else { return };
        match event {
            RawEvent::Told { method, params } => {
                objects.send(&id, "event", json!({ "method": method, "params": params }));
            }
            RawEvent::Closed => objects.send(&id, "closed", Value::Null),
        }
    })
}

impl Sessions {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> String {
        let mut tables = self.tables();
        tables.open.retain(|_, session| !session.is_closed());
        tables.last += 1;
        format!("cdp@{}", tables.last)
    }

    /// One that is forgotten has ended.
    fn get(&self, id: &str) -> Result<RawSession, Failure> {
        self.tables().open.get(id).cloned().ok_or_else(Failure::closed)
    }

    /// Ends all.
    pub(super) fn end(&self) {
        let open = std::mem::take(&mut self.tables().open);
        for session in open.into_values() {
            session.end();
        }
    }
}
