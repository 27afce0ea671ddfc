//! Bodies that Chromium does not hand out any more, or never did: of what was only fetched ahead, of pictures that it threw away.

use super::route::Decision;
use super::{Request, Session};
use crate::browser::sync::lock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Loaded {
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    stream: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(default)]
    base64_encoded: bool,
    data: String,
    eof: bool,
}

impl Request {
    /// The body out of the cache, or asked for once more; none where the server said that there is none.
    pub(super) async fn kept_body(&self) -> Option<Vec<u8>> {
        let response = self.response_now()?;
        let length = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: u64 = length?.1.as_str()?.parse().ok()?;
        if length == 0 || *lock(&self.0.decision) == Some(Decision::Fulfilled) {
            return None;
        }
        let options = json!({ "disableCache": false, "includeCredentials": true });
        let params = json!({ "url": self.url(), "frameId": self.frame_id()?, "options": options });
        let session = self.session();
        let loaded: Loaded = session.request("Network.loadNetworkResource", &params).parse().await.ok()?;
        read(&session, &loaded.resource.stream?).await
    }
}

async fn read(session: &Session, stream: &str) -> Option<Vec<u8>> {
    let handle = json!({ "handle": stream });
    let mut all = Vec::new();
    loop {
        let part: Part = session.request("IO.read", &handle).parse().await.ok()?;
        if part.base64_encoded {
            all.extend(BASE64.decode(part.data).ok()?);
        } else {
            all.extend(part.data.into_bytes());
        }
        if part.eof {
            drop(session.request("IO.close", &handle));
            return Some(all);
        }
    }
}
