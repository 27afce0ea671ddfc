//! `screencast.…`: a page is filmed while a test wants it, and words lie over it.

use super::{Failure, Operations, Performed, pace, parse, picture};
use crate::browser::context::Size;
use crate::browser::overlays::Overlay;
use crate::browser::video::{Film, FilmOptions, FilmWatcher, Shot, video_size};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Films that tests began, by page.
#[derive(Default)]
pub(super) struct Screencasts(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    last: u64,
    films: HashMap<String, Film>,
}

#[derive(Deserialize)]
struct Of {
    page: String,
}

#[derive(Deserialize)]
struct Start {
    size: Option<Size>,
    quality: Option<u32>,
    fps: Option<u32>,
    /// Whether the worker is shown each picture.
    frames: bool,
    /// Whether there is to be a video.
    record: bool,
}

#[derive(Deserialize)]
struct Stop {
    path: Option<String>,
}

#[derive(Deserialize)]
struct Show {
    html: String,
    duration: Option<f64>,
}

#[derive(Deserialize)]
struct Chapter {
    title: String,
    description: Option<String>,
    duration: Option<f64>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Visible {
    visible: bool,
}

/// How long a chapter is shown where nothing is said, milliseconds.
const CHAPTER: f64 = 2000.0;

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let Of { page: id } = parse(params.clone())?;
    let casts = &operations.screencasts;
    if operation == "stop" {
        // The page may be closed: what was filmed is kept all the same.
        let film = casts.tables().films.remove(&id);
        let Stop { path } = parse(params)?;
        if let Some(film) = film {
            film.stop();
            let footage = film.footage().await.ok_or_else(|| Failure::new("The video could not be kept"))?;
            if let Some(path) = path {
                let bytes = operations.studio().await?.make(&footage).await?;
                picture::write(operations, &path, &bytes).await?;
            }
        }
        return Ok(Value::Null.into());
    }
    let page = operations.page(&id)?;
    if matches!(operation, "showActions" | "hideActions") {
        pace::perform(operations, operation, &page, params).await?;
        return Ok(Value::Null.into());
    }
    let overlay = match operation {
        "start" => {
            let Start { size, quality, fps, frames, record } = parse(params)?;
            let size = video_size(size, page.viewport());
            let watcher = frames.then(|| watcher(operations, &id));
            let film = page.film(FilmOptions { size, rate: fps, quality, keep: record, watcher });
            let before = casts.tables().films.insert(id, film);
            if let Some(before) = before {
                before.stop();
            }
            return Ok(json!({ "size": { "width": size.width, "height": size.height } }).into());
        }
        "showOverlay" => {
            let Show { html, duration } = parse(params)?;
            Overlay::Show { id: casts.name(), html, duration }
        }
        "showChapter" => {
            let Chapter { title, description, duration } = parse(params)?;
            Overlay::Chapter { id: casts.name(), title, description, duration: duration.unwrap_or(CHAPTER) }
        }
        "removeOverlay" => Overlay::Remove(parse::<Named>(params)?.id),
        "setVisible" => Overlay::Visible(parse::<Visible>(params)?.visible),
        _ => return Err(Failure::unknown(&format!("screencast.{operation}"))),
    };
    let id = match &overlay {
        Overlay::Show { id, .. } | Overlay::Chapter { id, .. } => Some(id.clone()),
        _ => None,
    };
    page.overlay(overlay).await?;
    Ok(json!({ "id": id }).into())
}

fn watcher(operations: &Operations, page: &str) -> FilmWatcher {
    let (objects, page) = (Arc::downgrade(&operations.objects), page.to_owned());
    Arc::new(move |Shot { base64, at, width, height }| {
        if let Some(objects) = objects.upgrade() {
            let params =
                json!({ "base64": base64, "timestamp": at * 1000.0, "viewportWidth": width, "viewportHeight": height });
            objects.send(&page, "screencastFrame", params);
        }
    })
}

impl Screencasts {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> String {
        let mut tables = self.tables();
        tables.last += 1;
        format!("overlay@{}", tables.last)
    }

    /// Ends all.
    pub(super) fn end(&self) {
        for (_, film) in self.tables().films.drain() {
            film.stop();
        }
    }
}
