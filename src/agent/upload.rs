//! Pictures that are put on a server of files, so that messages tell where they are. What cannot be put there goes in its message as
//! without one: a picture late is worth more than none.

use super::AgentOptions;
use super::address::{fill, is_of, shown};
use super::outbox::Entry;
use super::token::TokenSource;
use crate::model::live::{LiveNews, PlaybackNews};
use crate::model::{Event, ExecutionId};
use crate::wire::dial::Dialer;
use crate::wire::http::{Taken, put};
use bytes::Bytes;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use url::Url;

/// A server of files that has failed is left alone for so long: nothing that happens waits for it.
const REST: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(super) struct Uploader {
    template: String,
    server: Url,
    token: TokenSource,
    dialer: Dialer,
    resting: Mutex<Option<Instant>>,
}

/// The pictures of events on their way to one server.
#[derive(Debug)]
pub(super) struct Uploads {
    /// None for a server that gets them in messages.
    uploader: Option<Arc<Uploader>>,
    /// The next event of the outbox, whose picture is being put there.
    uploading: Option<(String, JoinHandle<Option<String>>)>,
    /// An event and where its picture is; nowhere where that failed.
    uploaded: Option<(String, Option<String>)>,
}

/// Where the picture of an event is.
pub(super) enum Place {
    /// In its message, where it has one.
    Message,
    /// There.
    At(String),
    /// That is still to be seen.
    Open,
}

impl Uploads {
    pub(super) fn new(uploader: Option<Arc<Uploader>>) -> Self {
        Self { uploader, uploading: None, uploaded: None }
    }

    /// Until a picture is where it can be seen, or is not. Cancel-safe.
    pub(super) async fn next(&mut self) {
        match &mut self.uploading {
            Some((of, work)) => {
                let place = work.await.unwrap_or_default();
                self.uploaded = Some((std::mem::take(of), place));
                self.uploading = None;
            }
            None => std::future::pending().await,
        }
    }

    /// Where the next event's picture is, or is put now. A hub of ours gets it as it is.
    pub(super) fn place(&mut self, entry: &Entry, is_hub: bool) -> Place {
        let Some(uploader) = self.uploader.as_ref().filter(|_| !is_hub) else { return Place::Message };
        match self.uploaded.take_if(|(of, _)| *of == entry.event_id) {
            Some((_, Some(address))) => return Place::At(address),
            Some((_, None)) => return Place::Message,
            None if self.uploading.is_some() => return Place::Open,
            None => {}
        }
        match uploader.begin(&entry.event) {
            Some(work) => {
                self.uploading = Some((entry.event_id.clone(), work));
                Place::Open
            }
            None => Place::Message,
        }
    }
}

/// A picture, and what it is called.
struct Picture {
    session: ExecutionId,
    name: String,
    media_type: &'static str,
    bytes: Bytes,
}

impl Picture {
    fn of(event: &Event) -> Option<Self> {
        let (session, what, image) = match event {
            Event::ExecutionScreenshot { execution, step_number, image } => {
                (execution, format!("step-{step_number}"), image)
            }
            Event::Live { execution, news: LiveNews::Playback(PlaybackNews::Picture { step, image }) } => {
                (execution, format!("action-{step}"), image)
            }
            _ => return None,
        };
        let (ending, media_type) =
            if image.starts_with(b"\x89PNG") { ("png", "image/png") } else { ("jpg", "image/jpeg") };
        // The same picture has the same name: one that is told again is put to the same place.
        let digest = Sha1::digest(image).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        let name = format!("{what}-{digest}.{ending}");
        Some(Self { session: session.clone(), name, media_type, bytes: image.clone().into() })
    }
}

impl Uploader {
    /// Where the options name a place, and the protocol has a word for it.
    pub(super) fn new(options: &AgentOptions) -> Option<Arc<Self>> {
        let template = options.upload_url.clone().filter(|_| options.protocol.tells_addresses)?;
        Some(Arc::new(Self {
            template,
            server: options.server.clone(),
            token: options.token.clone(),
            dialer: options.dialer.clone(),
            resting: Mutex::default(),
        }))
    }

    /// Begins to put an event's picture in its place, if it has one; what comes of it is where it can be seen.
    pub(super) fn begin(self: &Arc<Self>, event: &Event) -> Option<JoinHandle<Option<String>>> {
        let resting = *self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let (uploader, picture) = (self.clone(), Picture::of(event)?);
        Some(tokio::spawn(async move { uploader.upload(picture).await }))
    }

    async fn upload(&self, picture: Picture) -> Option<String> {
        let session = picture.session.clone();
        match self.put(picture).await {
            Ok(address) => Some(address),
            Err(why) => {
                tracing::warn!(execution = %session, %why, rest = ?REST, "screenshots cannot be uploaded; they go in the messages meanwhile");
                *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
                None
            }
        }
    }

    async fn put(&self, picture: Picture) -> Result<String, String> {
        let places = [("{sessionId}", picture.session.as_str()), ("{name}", &picture.name)];
        let url = fill(&self.template, &self.server, &places)?;
        let token = match is_of(&url, &self.server) {
            true => self.token.read().await.map_err(|error| error.to_string())?,
            false => None,
        };
        let taken = put(&url, token.as_deref(), picture.media_type, picture.bytes, &self.dialer).await;
        let taken = taken.map_err(|error| format!("PUT {}: {error}", shown(&url)))?;
        Ok(seen_at(&taken, &url))
    }
}

/// Where the server says that it is, else where it was put.
fn seen_at(taken: &Taken, url: &Url) -> String {
    let words = serde_json::from_slice::<Value>(&taken.body).unwrap_or_default();
    let said = words["url"].as_str().or(taken.location.as_deref());
    let said = said.and_then(|said| url.join(said).ok()).filter(|said| matches!(said.scheme(), "http" | "https"));
    said.map_or_else(|| shown(url).to_owned(), |said| said.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_it_counts() {
        let url: Url = "http://files.example/up/x.jpg?sig=secret".parse().unwrap();
        let taken = |location: Option<&str>, body: &'static str| Taken {
            location: location.map(str::to_owned),
            body: Bytes::from_static(body.as_bytes()),
        };
        for (taken, expected) in [
            (taken(None, ""), "http://files.example/up/x.jpg"),
            (taken(Some("/seen/7"), "<html>"), "http://files.example/seen/7"),
            (taken(Some("/seen/7"), r#"{"url": "https://cdn.example/7?t=1"}"#), "https://cdn.example/7?t=1"),
            (taken(Some("javascript:alert(1)"), ""), "http://files.example/up/x.jpg"),
        ] {
            assert_eq!(seen_at(&taken, &url), expected, "{taken:?}");
        }
    }

    #[test]
    fn a_picture_has_a_name_of_its_own() {
        let shot =
            |image: &[u8]| Event::ExecutionScreenshot { execution: "e".into(), step_number: 3, image: image.into() };
        let name = |event: &Event| Picture::of(event).unwrap().name;
        let (one, other) = (shot(b"\x89PNG1"), shot(b"\xff\xd8\xff2"));
        assert!(name(&one).starts_with("step-3-") && name(&one).ends_with(".png"));
        assert!(name(&other).ends_with(".jpg"));
        assert_eq!(name(&one), name(&one));
        assert!(Picture::of(&Event::ExecutionPlanned { execution: "e".into(), steps: 1 }).is_none());
    }
}
