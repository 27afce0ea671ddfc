//! Requests as Chromium tells of them.

use super::super::cdp::Session;
use super::Sent;
use super::answer::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WillBeSent {
    pub(super) request_id: String,
    #[serde(default)]
    pub(super) loader_id: String,
    pub(super) request: SentRequest,
    pub(super) redirect_response: Option<Response>,
    #[serde(default)]
    pub(super) redirect_has_extra_info: bool,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) frame_id: Option<String>,
    pub(super) initiator: Option<Initiator>,
    #[serde(default)]
    pub(super) timestamp: f64,
    #[serde(default)]
    pub(super) wall_time: f64,
}

#[derive(Deserialize)]
pub(super) struct Initiator {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SentRequest {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) headers: Map<String, Value>,
    #[serde(default)]
    pub(super) post_data_entries: Vec<PostDataEntry>,
}

#[derive(Deserialize)]
pub(super) struct PostDataEntry {
    pub(super) bytes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paused {
    pub(super) request_id: String,
    pub(super) network_id: Option<String>,
    pub(super) frame_id: Option<String>,
    pub(super) request: SentRequest,
    pub(super) redirected_request_id: Option<String>,
}

pub(super) struct Pause {
    pub(super) session: Session,
    pub(super) event: Paused,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Received {
    pub(super) request_id: String,
    pub(super) response: Response,
    #[serde(default)]
    pub(super) has_extra_info: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finished {
    pub(super) request_id: String,
    #[serde(default)]
    pub(super) timestamp: f64,
    #[serde(default)]
    pub(super) encoded_data_length: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failed {
    pub(super) request_id: String,
    pub(super) error_text: String,
    pub(super) blocked_reason: Option<String>,
    #[serde(default)]
    pub(super) canceled: bool,
    #[serde(default)]
    pub(super) timestamp: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cached {
    pub(super) request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthRequired {
    pub(super) request_id: String,
    pub(super) request: SentRequest,
    pub(super) auth_challenge: Challenge,
}

#[derive(Deserialize)]
pub(super) struct Challenge {
    pub(super) source: Option<String>,
}

/// Where it stopped at us, as it was told then.
pub(super) fn to_be_sent(sent: WillBeSent, pause: Option<&Pause>) -> Sent {
    let WillBeSent { kind, timestamp, wall_time, request, .. } = sent;
    let told = pause.map_or(&request, |pause| &pause.event.request);
    let entries: Vec<&String> = told.post_data_entries.iter().filter_map(|entry| entry.bytes.as_ref()).collect();
    let body = entries.iter().flat_map(|bytes| BASE64.decode(bytes).unwrap_or_default()).collect();
    Sent {
        url: told.url.clone(),
        method: told.method.clone(),
        headers: told.headers.clone(),
        body: (!entries.is_empty()).then_some(body),
        resource_type: resource_type(&kind),
        timestamp,
        wall_time,
    }
}

fn resource_type(kind: &str) -> &'static str {
    match kind {
        "Document" => "document",
        "Stylesheet" => "stylesheet",
        "Image" => "image",
        "Media" => "media",
        "Font" => "font",
        "Script" => "script",
        "TextTrack" => "texttrack",
        "XHR" => "xhr",
        "Fetch" => "fetch",
        "EventSource" => "eventsource",
        "WebSocket" => "websocket",
        "Manifest" => "manifest",
        "Ping" => "ping",
        "CSPViolationReport" => "cspreport",
        _ => "other",
    }
}
