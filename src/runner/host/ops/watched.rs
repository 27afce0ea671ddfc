//! Whose calls and requests a trace or an archive is about: of a browser's context, or of requests that no browser makes.

use super::{Failure, Operations, parse};
use crate::browser::{BrowserContext, CallLog};
use crate::client::{Fetch, Fetched, Log};
use crate::har::{Exchange, HarRecorder};
use crate::trace::ContextTrace;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// One of the two.
pub(super) enum Watched {
    Browser(BrowserContext),
    /// See [`requests_of`].
    Requests(String),
}

#[derive(Deserialize)]
struct Of {
    /// Requests with cookies of their own.
    api: Option<String>,
    context: Option<String>,
    /// Those beside the context's pages, not the pages.
    #[serde(default)]
    requests: bool,
}

/// What requests beside a browser's context are called.
pub(super) fn requests_of(context: &str) -> String {
    format!("requests of {context}")
}

impl Watched {
    /// Those that parameters name.
    pub(super) fn of(operations: &Operations, params: &Value) -> Result<Self, Failure> {
        match parse(params.clone())? {
            Of { api: Some(api), .. } => {
                operations.api.must_be_there(&api)?;
                Ok(Self::Requests(api))
            }
            Of { context: Some(context), requests, .. } => {
                let it = operations.objects.context(&context)?;
                Ok(if requests { Self::Requests(requests_of(&context)) } else { Self::Browser(it) })
            }
            Of { .. } => Err(Failure::new("a context is missing")),
        }
    }

    /// What a trace knows it by.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Browser(context) => context.id(),
            Self::Requests(name) => name,
        }
    }
}

/// Who is told what becomes of a request.
pub(super) struct Witnesses<'a> {
    pub(super) log: &'a CallLog,
    pub(super) of: &'a str,
    pub(super) trace: Option<Arc<ContextTrace>>,
    pub(super) archives: Vec<Arc<HarRecorder>>,
}

impl Log for Witnesses<'_> {
    fn note(&self, line: String) {
        self.log.note(line);
    }

    fn exchanged(&self, fetch: &Fetch, fetched: &Fetched, is_last: bool) {
        if self.trace.is_none() && self.archives.is_empty() {
            return;
        }
        let timing = &fetched.timing;
        let exchange = Exchange {
            context: self.of,
            method: &fetch.method,
            url: fetch.url.as_str(),
            sent: &fetch.headers,
            body: fetch.body.as_deref(),
            status: fetched.status.as_u16(),
            status_text: &fetched.status_text,
            received: &fetched.headers,
            content: is_last.then_some(&*fetched.body),
            address: fetched.address,
            security: fetched.tls.as_ref().map(|tls| json!(tls)),
            wall: timing.start_time,
            times: [
                timing.domain_lookup_end,
                if timing.secure_connection_start < 0.0 { timing.connect_end } else { timing.secure_connection_start },
                if timing.secure_connection_start < 0.0 { -1.0 } else { timing.connect_end },
                timing.request_start,
                timing.response_start,
                timing.response_end,
            ],
        };
        if let Some(trace) = &self.trace {
            trace.exchanged(&exchange);
        }
        for archive in &self.archives {
            archive.exchanged(&exchange);
        }
    }
}
