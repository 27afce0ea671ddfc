//! Pictures of a page with their times, as long as it lives.

use crate::artifacts::Share;
use crate::browser::context::Size;
use crate::browser::page::Page;
use crate::browser::raw::{RawEvent, RawObserver, RawSession};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Pictures in a second, at most, where nothing is said.
const USUAL_RATE: u32 = 25;
/// JPEG quality, 0 to 100, where nothing is said.
const USUAL_QUALITY: u32 = 85;
/// No video is shorter.
const SHORTEST: f64 = 1.0;

/// Is shown each picture: must not block.
pub type FilmWatcher = Arc<dyn Fn(Shot<'_>) + Send + Sync>;

/// A picture as it is taken.
#[derive(Debug, Clone, Copy)]
pub struct Shot<'a> {
    /// JPEG, base64.
    pub base64: &'a str,
    /// Seconds since 1970.
    pub at: f64,
    /// Of the page's visible part, CSS pixels.
    pub width: f64,
    /// Of the page's visible part, CSS pixels.
    pub height: f64,
}

/// How a page is filmed.
#[derive(Clone)]
pub struct FilmOptions {
    /// Of the pictures, at most.
    pub size: Size,
    /// Of pictures in a second, at most; 25 where nothing is said.
    pub rate: Option<u32>,
    /// JPEG quality, 0 to 100.
    pub quality: Option<u32>,
    /// Whether there is to be a video of it.
    pub keep: bool,
    /// Who looks on.
    pub watcher: Option<FilmWatcher>,
}

impl FilmOptions {
    /// For a video.
    pub fn of(size: Size) -> Self {
        Self { size, rate: None, quality: None, keep: true, watcher: None }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1) / self.rate.unwrap_or(USUAL_RATE).max(1)
    }
}

/// A page is being filmed. Clones share it.
#[derive(Clone)]
pub struct Film {
    stop: CancellationToken,
    footage: watch::Receiver<Option<Arc<Footage>>>,
}

/// What was filmed, in a file that nobody sees and that goes with it.
pub struct Footage {
    size: Size,
    file: Mutex<File>,
    /// Of what the session may write.
    share: Share,
    pictures: Vec<Picture>,
    /// Seconds since 1970.
    ended: f64,
}

/// A picture in the file.
#[derive(Debug, Clone, Copy)]
struct Picture {
    /// Seconds since 1970.
    at: f64,
    offset: u64,
    length: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cast {
    data: String,
    metadata: Metadata,
    session_id: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    timestamp: Option<f64>,
    device_width: f64,
    device_height: f64,
}

impl Page {
    /// Films it from now on, until it is gone or that is stopped.
    pub fn film(&self, options: FilmOptions) -> Film {
        let (sender, footage) = watch::channel(None);
        let stop = CancellationToken::new();
        let film = Film { stop: stop.clone(), footage };
        let page = self.clone();
        tokio::spawn(async move {
            let filmed = shoot(&page, &options, &stop).await;
            // Nobody may want it any more.
            match filmed {
                Ok(footage) => drop(sender.send(Some(Arc::new(footage)))),
                Err(error) => tracing::warn!(%error, "failed to film a page"),
            }
        });
        film
    }
}

impl Film {
    /// No more of it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// All of it; waits until the page is gone or it was stopped. None where the disk refused it.
    pub async fn footage(&self) -> Option<Arc<Footage>> {
        let mut footage = self.footage.clone();
        footage.wait_for(Option::is_some).await.ok().and_then(|footage| footage.clone())
    }
}

async fn shoot(page: &Page, options: &FilmOptions, stop: &CancellationToken) -> io::Result<Footage> {
    let size = options.size;
    let file = tempfile::tempfile()?;
    let share = page.context().bounds().share();
    let mut footage = Footage { size, file: Mutex::new(file), share, pictures: Vec::new(), ended: 0.0 };
    let (sender, mut casts) = mpsc::unbounded_channel();
    let observer: RawObserver = Arc::new(move |event| {
        let cast = match event {
            RawEvent::Told { method, params } if method == "Page.screencastFrame" => Some(params),
            RawEvent::Told { .. } => return,
            RawEvent::Closed => None,
        };
        // It is over already.
        let _ = sender.send(cast);
    });
    // A page that is gone before it was filmed has a film all the same, an empty one.
    if let Ok(session) = page.raw_session(observer).await {
        let quality = options.quality.unwrap_or(USUAL_QUALITY);
        let params = json!({ "format": "jpeg", "quality": quality, "maxWidth": size.width, "maxHeight": size.height });
        if session.send("Page.startScreencast", &params).await.is_ok() {
            loop {
                let cast = tokio::select! {
                    cast = casts.recv() => cast.flatten(),
                    _ = page.gone() => None,
                    () = stop.cancelled() => None,
                };
                let Some(cast) = cast else { break };
                footage.take(cast, options, &session)?;
            }
        }
        session.end();
    }
    footage.ended = now();
    Ok(footage)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

impl Footage {
    fn take(&mut self, cast: Value, options: &FilmOptions, session: &RawSession) -> io::Result<()> {
        let begun = Instant::now();
        let Ok(Cast { data, metadata, session_id }) = serde_json::from_value(cast) else { return Ok(()) };
        let (used, interval) = (session.clone(), options.interval());
        // Chromium sends the next one when it hears that this one was used.
        tokio::spawn(async move {
            tokio::time::sleep_until(begun + interval).await;
            used.ask("Page.screencastFrameAck", &json!({ "sessionId": session_id }), drop);
        });
        let at = metadata.timestamp.unwrap_or_else(now);
        if let Some(watcher) = &options.watcher {
            let Metadata { device_width: width, device_height: height, .. } = metadata;
            watcher(Shot { base64: &data, at, width, height });
        }
        if !options.keep {
            return Ok(());
        }
        let Ok(jpeg) = BASE64.decode(data) else { return Ok(()) };
        self.share.grow(jpeg.len() as u64).map_err(io::Error::other)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = file.stream_position()?;
        file.write_all(&jpeg)?;
        self.pictures.push(Picture { at, offset, length: jpeg.len() });
        Ok(())
    }

    /// Of the video.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// Seconds.
    pub(super) fn duration(&self) -> f64 {
        self.pictures.first().map_or(0.0, |first| self.ended - first.at).max(SHORTEST)
    }

    /// How many pictures there are.
    pub(super) fn len(&self) -> usize {
        self.pictures.len()
    }

    /// A picture with its time in seconds from the first one.
    pub(super) fn picture(&self, index: usize) -> io::Result<(f64, Vec<u8>)> {
        let Picture { at, offset, length } = self.pictures[index];
        let mut jpeg = vec![0; length];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut jpeg)?;
        Ok(((at - self.pictures[0].at).max(0.0), jpeg))
    }
}
