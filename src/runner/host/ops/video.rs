//! `video.…`: videos of pages. The pictures of one are kept until somebody says what becomes of it.

use super::{Failure, Operations, Performed, parse, picture};
use crate::browser::video::{Film, FilmOptions, Studio, video_size};
use crate::browser::{BrowserContext, Mode, Page};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Videos of a worker, by its names.
#[derive(Default)]
pub(super) struct Videos(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    last: u64,
    all: HashMap<String, Arc<Video>>,
}

struct Video {
    film: Film,
    context: BrowserContext,
    /// As the test's side names it.
    path: String,
    /// Only made when it is saved.
    lazy: bool,
    /// Where it is; held by who makes it.
    written: tokio::sync::Mutex<Option<PathBuf>>,
}

/// Where videos are made, once there is one to make.
#[derive(Default)]
pub(super) struct Studios(tokio::sync::Mutex<Option<Arc<Studio>>>);

#[derive(Deserialize)]
struct Of {
    video: String,
    #[serde(default)]
    path: String,
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    let of: Of = parse(params)?;
    let videos = &operations.objects.videos;
    let video = videos.get(&of.video)?;
    let value = match operation {
        "path" => json!(picture::place(operations, &video.path)?),
        "saveAs" => {
            video.save(operations, &of.path).await?;
            Value::Null
        }
        "delete" => {
            videos.tables().all.remove(&of.video);
            video.film.footage().await;
            if let Some(path) = video.written.lock().await.take() {
                // It may be deleted already.
                let _ = tokio::fs::remove_file(&path).await;
                operations.objects.bounds.gone(&path);
            }
            Value::Null
        }
        _ => return Err(Failure::unknown(&format!("video.{operation}"))),
    };
    Ok(value.into())
}

impl Videos {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: &str) -> Result<Arc<Video>, Failure> {
        self.tables().all.get(id).cloned().ok_or_else(|| Failure::new("The video was deleted"))
    }

    /// Films a page where its context wants that; its name.
    pub(super) fn begin(&self, page: &Page) -> Option<String> {
        let options = page.context().options();
        let wish = options.record_video.as_ref()?;
        let film =
            page.film(FilmOptions { rate: wish.fps, ..FilmOptions::of(video_size(wish.size, options.viewport())) });
        let random = || RandomState::new().hash_one(());
        let name = format!("page@{:016x}{:016x}.webm", random(), random());
        let path = Path::new(&wish.dir).join(name).display().to_string();
        let video = Video {
            film,
            context: page.context().clone(),
            path,
            lazy: wish.lazy,
            written: tokio::sync::Mutex::default(),
        };
        let mut tables = self.tables();
        tables.last += 1;
        let id = format!("video@{}", tables.last);
        tables.all.insert(id.clone(), Arc::new(video));
        Some(id)
    }

    /// Those that are to be on disk when this context is gone, or any.
    fn due(&self, context: Option<&BrowserContext>) -> Vec<Arc<Video>> {
        let of = |video: &&Arc<Video>| !video.lazy && context.is_none_or(|context| video.context == *context);
        self.tables().all.values().filter(of).cloned().collect()
    }
}

impl Video {
    /// Has it made where it was promised.
    async fn finish(&self, operations: &Operations) -> Result<PathBuf, Failure> {
        let mut written = self.written.lock().await;
        if let Some(path) = &*written {
            return Ok(path.clone());
        }
        let path = self.make(operations, &self.path).await?;
        *written = Some(path.clone());
        Ok(path)
    }

    async fn save(&self, operations: &Operations, path: &str) -> Result<(), Failure> {
        if self.lazy {
            self.make(operations, path).await?;
            return Ok(());
        }
        let made = self.finish(operations).await?;
        let bytes = tokio::fs::read(&made)
            .await
            .map_err(|error| Failure::new(format!("failed to read {}: {error}", made.display())))?;
        picture::write(operations, path, &bytes).await?;
        Ok(())
    }

    async fn make(&self, operations: &Operations, path: &str) -> Result<PathBuf, Failure> {
        let footage = self.film.footage().await.ok_or_else(|| Failure::new("The video could not be kept"))?;
        let bytes = operations.studio().await?.make(&footage).await?;
        picture::write(operations, path, &bytes).await
    }
}

impl Operations {
    pub(super) async fn studio(&self) -> Result<Arc<Studio>, Failure> {
        let mut studio = self.studios.0.lock().await;
        if let Some(studio) = studio.as_ref().filter(|studio| !studio.is_closed()) {
            return Ok(studio.clone());
        }
        // Never where a person would see its page.
        let browser = self.pool.acquire(Mode::Headless).await?;
        let opened = Arc::new(Studio::open(&browser).await?);
        *studio = Some(opened.clone());
        Ok(opened)
    }

    /// Writes the videos of a context that is gone, or of all.
    pub(super) async fn finish_videos(&self, context: Option<&BrowserContext>) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for video in self.objects.videos.due(context) {
            // The others are written all the same.
            outcome = outcome.and(video.finish(self).await.map(drop));
        }
        outcome
    }

    /// Nothing of videos is left in the browser.
    pub(super) async fn close_studio(&self) {
        self.studios.0.lock().await.take();
    }
}
