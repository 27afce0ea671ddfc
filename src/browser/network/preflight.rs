//! What a browser asks a server before it sends what another origin asks for.

use super::route::{pairs, phrase};
use super::told::{Pause, WillBeSent};
use super::{Headers, listed};
use serde_json::json;

impl WillBeSent {
    /// Whether the browser asks on its own account: nobody is told.
    pub(super) fn is_of_browser(&self) -> bool {
        self.is_icon() || self.kind == "Preflight" || self.initiator.as_ref().is_some_and(|by| by.kind == "preflight")
    }

    fn is_icon(&self) -> bool {
        self.request.url.ends_with("/favicon.ico")
    }
}

impl Pause {
    /// A page may ask what we answer.
    pub(super) fn allow_preflight(&self) {
        let asked = listed(&self.event.request.headers);
        let header = |name: &str| asked.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = |name: &str, default: &str| header(name).map_or(default, |(_, value)| value).to_owned();
        let mut headers: Headers = vec![
            ("Access-Control-Allow-Origin".into(), value("Origin", "*")),
            (
                "Access-Control-Allow-Methods".into(),
                value("Access-Control-Request-Method", "GET, POST, OPTIONS, DELETE"),
            ),
            ("Access-Control-Allow-Credentials".into(), "true".into()),
        ];
        if let Some((_, names)) = header("Access-Control-Request-Headers") {
            headers.push(("Access-Control-Allow-Headers".into(), names.clone()));
        }
        let params = json!({
            "requestId": self.event.request_id,
            "responseCode": 204,
            "responsePhrase": phrase(204),
            "responseHeaders": pairs(&headers),
            "body": "",
        });
        drop(self.session.request("Fetch.fulfillRequest", &params));
    }

    /// Nobody decides about it: pages have no icon, and other origins are asked.
    pub(super) fn leave_to_browser(&self, sent: &WillBeSent) {
        let id = &self.event.request_id;
        if sent.is_icon() {
            let params = json!({ "requestId": id, "errorReason": "Aborted" });
            drop(self.session.request("Fetch.failRequest", &params));
        } else {
            drop(self.session.request("Fetch.continueRequest", &json!({ "requestId": id })));
        }
    }

    /// Whether it is that question.
    pub(super) fn is_preflight_of(&self, sent: &WillBeSent) -> bool {
        self.event.request.method == "OPTIONS"
            && sent.initiator.as_ref().is_some_and(|initiator| initiator.kind == "preflight")
    }
}
