//! `har.…`: archives that are recorded, and those that answer.

use super::watched::Watched;
use super::{Failure, Operations, Performed, files, parse, picture};
use crate::artifacts::Bounds;
use crate::har::{Content, HarError, HarOptions, HarRecorder, Mode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Recordings under way.
#[derive(Default)]
pub(super) struct Hars(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    running: HashMap<String, Running>,
}

struct Running {
    /// The worker's name for the context, or what requests are called.
    context: String,
    recorder: Arc<HarRecorder>,
    path: PathBuf,
    resources: Option<PathBuf>,
    bounds: Bounds,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    page: Option<String>,
    path: String,
    content: Content,
    mode: Mode,
    url: Option<Pattern>,
    resources_dir: Option<String>,
}

#[derive(Deserialize)]
struct Pattern {
    source: String,
    flags: String,
}

#[derive(Deserialize)]
struct Export {
    har: String,
}

#[derive(Deserialize)]
struct InZip {
    path: String,
    /// None: the archive itself.
    file: Option<String>,
}

impl From<HarError> for Failure {
    fn from(error: HarError) -> Self {
        Self::new(error.to_string())
    }
}

impl Hars {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those about requests of this name.
    pub(super) fn of_requests(&self, name: &str) -> Vec<Arc<HarRecorder>> {
        let state = self.state();
        let running = state.running.values().filter(|running| running.context == name);
        running.map(|running| running.recorder.clone()).collect()
    }

    /// Writes all of a context that is about to close.
    pub(super) async fn export_all(&self, context: &str) -> Result<(), Failure> {
        let ended: Vec<Running> = self
            .state()
            .running
            .extract_if(|_, running| running.context == context)
            .map(|(_, running)| running)
            .collect();
        for running in ended {
            running.export().await?;
        }
        Ok(())
    }
}

impl Running {
    async fn export(self) -> Result<(), Failure> {
        let archive = self.recorder.end().await;
        let files = archive.sizes(&self.path, self.resources.as_deref())?;
        self.bounds.keep(&files).map_err(|spent| Failure::new(spent.to_string()))?;
        let saved = tokio::task::spawn_blocking(move || archive.save(&self.path, self.resources.as_deref())).await;
        Ok(saved.map_err(|_| Failure::new("the archive was not written: saving it broke off"))??)
    }
}

pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    match operation {
        "start" => start(operations, &params).map(Performed::from),
        "export" => {
            let Export { har } = parse(params)?;
            let running = operations.hars.state().running.remove(&har);
            // Its context was closed, and it with it.
            if let Some(running) = running {
                running.export().await?;
            }
            Ok(Value::Null.into())
        }
        "unzip" => {
            let InZip { path, file } = parse(params)?;
            let archive = files::place(&path, operations.readable_files(), "pass the content")?;
            let found = tokio::task::spawn_blocking(move || unzip(&archive, file.as_deref())).await;
            let found = found.map_err(|_| Failure::new("reading the archive broke off"))?;
            let content = found.map_err(|reason| Failure::new(format!("{path}: {reason}")))?;
            Ok(json!({ "base64": BASE64.encode(content) }).into())
        }
        _ => Err(Failure::unknown(&format!("har.{operation}"))),
    }
}

fn start(operations: &Operations, params: &Value) -> Result<Value, Failure> {
    let watched = Watched::of(operations, params)?;
    let start: Start = parse(params.clone())?;
    let path = picture::place(operations, &start.path)?;
    let resources = start.resources_dir.as_deref().map(|folder| picture::place(operations, folder)).transpose()?;
    let wrong = |pattern: &Pattern| Failure::new(format!("/{}/{}: no such pattern", pattern.source, pattern.flags));
    let url = start
        .url
        .as_ref()
        .map(|pattern| regress::Regex::with_flags(&pattern.source, pattern.flags.as_str()).map_err(|_| wrong(pattern)));
    let folder = resources.as_deref().map(|folder| seen_from(path.parent().unwrap_or(Path::new("")), folder));
    let options = HarOptions {
        content: start.content,
        mode: start.mode,
        url: url.transpose()?,
        page: start.page.map(|page| operations.page(&page)).transpose()?,
        folder: folder.unwrap_or_default(),
    };
    let (recorder, context) = match watched {
        Watched::Browser(context) => {
            let name = params["context"].as_str().unwrap_or_default().to_owned();
            (HarRecorder::begin(&context, options), name)
        }
        Watched::Requests(name) => (HarRecorder::of_requests(options), name),
    };
    let recorder = Arc::new(recorder);
    let bounds = operations.objects.bounds.clone();
    let mut state = operations.hars.state();
    state.last += 1;
    let id = format!("har@{}", state.last);
    state.running.insert(id.clone(), Running { context, recorder, path, resources, bounds });
    Ok(json!({ "har": id }))
}

/// `folder` as it is called in `base`, with slashes.
fn seen_from(base: &Path, folder: &Path) -> String {
    let same = base.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = base.components().skip(same).map(|_| "..".to_owned());
    let down = folder.components().skip(same).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// A file of a zip; without a name the one that is a `.har`.
fn unzip(path: &Path, file: Option<&str>) -> Result<Vec<u8>, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let mut zip = zip::ZipArchive::new(File::open(path).map_err(|e| words(&e))?).map_err(|e| words(&e))?;
    let is_har = |name: &std::borrow::Cow<'_, str>| name.to_ascii_lowercase().ends_with(".har");
    let name = match file {
        Some(file) => file.to_owned(),
        None => {
            let found = zip.file_names().flatten().find(is_har);
            found.ok_or("Specified archive does not have a .har file")?.into_owned()
        }
    };
    let mut content = Vec::new();
    zip.by_name(&name).map_err(|e| words(&e))?.read_to_end(&mut content).map_err(|e| words(&e))?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_called_as_seen_from_the_archive() {
        let cases = [("/a/b", "/a/b/c", "c"), ("/a/b", "/a/c/d", "../c/d"), ("/a", "/a", "")];
        for (base, folder, expected) in cases {
            assert_eq!(seen_from(Path::new(base), Path::new(folder)), expected);
        }
    }
}
