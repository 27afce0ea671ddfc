//! What Chromium says of its own work: trace events, for `chrome://tracing` and its like.

use super::error::BrowserError;
use super::raw::{RawEvent, RawObserver, RawSession};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// What is told where nobody says.
const CATEGORIES: [&str; 12] = [
    "-*",
    "blink.console",
    "blink.user_timing",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
    "disabled-by-default-devtools.timeline.stack",
    "disabled-by-default-v8.cpu_profiler",
    "disabled-by-default-v8.cpu_profiler.hires",
    "latencyInfo",
    "toplevel",
    "v8.execute",
];
const SCREENSHOTS: &str = "disabled-by-default-devtools.screenshot";

/// What is told.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TraceEventsOptions {
    categories: Option<Vec<String>>,
    screenshots: bool,
}

/// Events are being told.
pub struct TraceEvents {
    session: RawSession,
    complete: oneshot::Receiver<Option<String>>,
}

/// Waits for the end of the events: hand it to the session that tells them.
pub struct TraceEar(oneshot::Receiver<Option<String>>);

impl TraceEvents {
    /// An observer for the session that is to tell them, and what hears their end.
    pub fn observer() -> (RawObserver, TraceEar) {
        let (sender, complete) = oneshot::channel();
        let sender = Mutex::new(Some(sender));
        let observer: RawObserver = Arc::new(move |event| {
            let stream = match event {
                RawEvent::Told { method, params } if method == "Tracing.tracingComplete" => {
                    params["stream"].as_str().map(str::to_owned)
                }
                RawEvent::Told { .. } => return,
                RawEvent::Closed => None,
            };
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
            // Nobody may wait for it any more.
            let _ = sender.map(|sender| sender.send(stream));
        });
        (observer, TraceEar(complete))
    }

    /// From now on events are told to `session`.
    ///
    /// # Errors
    /// When it is gone, or others are told already.
    pub async fn start(session: RawSession, ear: TraceEar, options: TraceEventsOptions) -> Result<Self, BrowserError> {
        let mut categories =
            options.categories.unwrap_or_else(|| CATEGORIES.iter().map(|&category| category.to_owned()).collect());
        if options.screenshots {
            categories.push(SCREENSHOTS.to_owned());
        }
        let params = json!({ "transferMode": "ReturnAsStream", "categories": categories.join(",") });
        session.send("Tracing.start", &params).await?;
        Ok(Self { session, complete: ear.0 })
    }

    /// All that was told, as JSON.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn stop(self) -> Result<Vec<u8>, BrowserError> {
        self.session.send("Tracing.end", &json!({})).await?;
        let stream = self.complete.await.ok().flatten().ok_or_else(BrowserError::closed)?;
        let read = read(&self.session, &json!({ "handle": stream })).await;
        self.session.end();
        read
    }
}

async fn read(session: &RawSession, stream: &Value) -> Result<Vec<u8>, BrowserError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Part {
        data: String,
        eof: bool,
        #[serde(default)]
        base64_encoded: bool,
    }
    let undecodable =
        |error: &dyn std::fmt::Display| BrowserError::other(format!("failed to decode a stream: {error}"));
    let mut all = Vec::new();
    loop {
        let part = session.send("IO.read", stream).await?;
        let part: Part = serde_json::from_value(part).map_err(|error| undecodable(&error))?;
        if part.base64_encoded {
            all.extend(BASE64.decode(part.data).map_err(|error| undecodable(&error))?);
        } else {
            all.extend(part.data.into_bytes());
        }
        if part.eof {
            return Ok(all);
        }
    }
}
