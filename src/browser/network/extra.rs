//! Headers as they were on the wire. Chromium tells them apart from requests and answers, before or after, in the order of a chain
//! of redirects.

use super::answer::Received;
use super::{Headers, Request, listed};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Of all requests that Chromium calls the same.
#[derive(Default)]
pub(super) struct Extra {
    sent: Vec<Option<Headers>>,
    received: Vec<Option<Received>>,
    /// Those whose answers have such headers.
    answered: Vec<Request>,
    pub(super) from_cache: bool,
    over: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExtraInfo {
    pub(super) request_id: String,
    headers: Map<String, Value>,
    headers_text: Option<String>,
}

impl Extra {
    pub(super) fn sent(&mut self, info: &ExtraInfo) {
        self.sent.push(Some(listed(&info.headers)));
        self.pair(self.sent.len() - 1);
    }

    pub(super) fn received(&mut self, info: &ExtraInfo) {
        let size = Some(info.headers_text.as_ref().map_or(0, String::len) as u64);
        self.received.push(Some(Received { headers: listed(&info.headers), size }));
        self.pair(self.received.len() - 1);
    }

    pub(super) fn answered(&mut self, request: &Request) {
        self.answered.push(request.clone());
        self.pair(self.answered.len() - 1);
    }

    fn pair(&mut self, at: usize) {
        let Some(request) = self.answered.get(at) else { return };
        if let Some(headers) = self.sent.get_mut(at).and_then(Option::take) {
            request.sent_headers_known(Some(headers));
        }
        if let Some(received) = self.received.get_mut(at).and_then(Option::take) {
            request.received_headers_known(Some(received));
        }
    }

    /// No more requests follow in this chain.
    pub(super) fn ends(&mut self) {
        self.over = true;
    }

    /// Whether nothing will come any more.
    pub(super) fn is_complete(&self) -> bool {
        self.over && self.answered.len() <= self.received.len()
    }
}
