//! Files that a test gives to a page: by their content, or by a path where whoever runs the test trusts it.

use super::{Failure, Operations, Performed, parse};
use crate::runner::protocol::OpError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Which files a test may name by a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReadableFiles {
    /// None: the test comes from a server.
    #[default]
    None,
    /// All; relative paths start here.
    From(PathBuf),
    /// Those below this folder, to be read: the test comes from a server, the folder from whoever started the agent.
    Below(PathBuf),
}

/// `[{path}]` becomes `[{name, mimeType, base64}]`; what has a content already stays.
pub(super) async fn load(files: Value, readable: &ReadableFiles) -> Result<Value, Failure> {
    let Value::Array(files) = files else { return Ok(files) };
    let mut loaded = Vec::with_capacity(files.len());
    for file in files {
        match file["path"].as_str() {
            Some(path) => loaded.push(read(path, readable).await?),
            None => loaded.push(file),
        }
    }
    Ok(loaded.into())
}

/// The files at these paths, `[{name, mimeType, base64}]`, as a page is given them.
///
/// # Errors
/// In words: one of them is not there, or may not be read.
pub async fn files_at(paths: &[String], readable: &ReadableFiles) -> Result<Value, String> {
    let paths: Vec<Value> = paths.iter().map(|path| json!({ "path": path })).collect();
    load(paths.into(), readable).await.map_err(|failure| OpError::from(failure).message)
}

/// The folder that is meant, where it is one and not files.
pub(super) async fn folder(files: &Value, readable: &ReadableFiles) -> Result<Option<PathBuf>, Failure> {
    let ReadableFiles::From(base) = readable else { return Ok(None) };
    let all = files.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut folders = Vec::new();
    for path in all.iter().filter_map(|file| file["path"].as_str()) {
        let full = base.join(path);
        match tokio::fs::metadata(&full).await {
            Ok(found) if found.is_dir() => folders.push(full),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::new(format!("ENOENT: no such file or directory, stat '{}'", full.display())));
            }
            Err(error) => return Err(Failure::new(format!("{}: {error}", full.display()))),
        }
    }
    match folders.len() {
        0 => Ok(None),
        1 if all.len() == 1 => Ok(folders.pop()),
        1 => Err(Failure::new("File paths must be all files or a single directory")),
        _ => Err(Failure::new("Multiple directories are not supported")),
    }
}

/// A text file that the test names.
pub(super) async fn text(path: &str, readable: &ReadableFiles) -> Result<String, Failure> {
    let content = content(path, readable).await?;
    String::from_utf8(content).map_err(|_| Failure::new(format!("{path}: it is no text")))
}

/// Where a file of the test is, to be read; `instead` is what its author can do where there are none.
pub(super) fn place(path: &str, readable: &ReadableFiles, instead: &str) -> Result<PathBuf, Failure> {
    match readable {
        ReadableFiles::From(base) => Ok(base.join(path)),
        ReadableFiles::Below(root) => below(root, path),
        ReadableFiles::None => {
            let path = Value::from(path);
            Err(Failure::new(format!("The test code has no files here: {instead} instead of the path {path}")))
        }
    }
}

/// The file itself, wherever links lead: what it is called says nothing about where it is.
fn below(root: &Path, path: &str) -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{path}: {error}"));
    let root = root.canonicalize().map_err(failed)?;
    // Names of what is elsewhere are not told apart from names of nothing.
    let outside = || Failure::new(format!("{path}: there is no such file below the agent's --files-root"));
    let real = root.join(path).canonicalize().map_err(|_| outside())?;
    if real.starts_with(&root) && real.is_file() { Ok(real) } else { Err(outside()) }
}

/// Where a file of the test is, to be written.
pub(super) fn place_to_write(path: &str, readable: &ReadableFiles) -> Result<PathBuf, Failure> {
    match readable {
        ReadableFiles::From(base) => Ok(base.join(path)),
        ReadableFiles::Below(_) | ReadableFiles::None => {
            Err(Failure::new(format!("The test code has no files here: {} is not written", Value::from(path))))
        }
    }
}

async fn read(path: &str, readable: &ReadableFiles) -> Result<Value, Failure> {
    place(path, readable, "pass { name, mimeType, buffer }")?;
    let content = content(path, readable).await?;
    let name = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let changed = changed(&place(path, readable, "pass the content")?).await;
    Ok(
        json!({ "name": name, "mimeType": kind.essence_str(), "base64": BASE64.encode(content), "lastModified": changed }),
    )
}

/// When it was, in milliseconds since 1970.
async fn changed(file: &Path) -> Option<u64> {
    let time = tokio::fs::metadata(file).await.ok()?.modified().ok()?;
    u64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// What is in a file that may be read.
pub(super) async fn content(path: &str, readable: &ReadableFiles) -> Result<Vec<u8>, Failure> {
    let full = place(path, readable, "pass the content")?;
    tokio::fs::read(&full).await.map_err(|error| Failure::new(format!("{}: {error}", full.display())))
}

/// Writes a file where the test may also read.
pub(super) async fn write(path: &str, content: &[u8], readable: &ReadableFiles) -> Result<(), Failure> {
    let full = place_to_write(path, readable)?;
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", full.display()));
    if let Some(folder) = full.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    tokio::fs::write(&full, content).await.map_err(failed)
}

/// Of `{options}`: `storageState` as a path becomes what is in the file.
pub(super) async fn read_state(params: &mut Value, readable: &ReadableFiles) -> Result<(), Failure> {
    let Some(state) = params.pointer_mut("/options/storageState") else { return Ok(()) };
    let Some(path) = state.as_str().map(str::to_owned) else { return Ok(()) };
    let failed = |reason: String| Failure::new(format!("Error reading storage state from {path}:\n{reason}"));
    let text = content(&path, readable).await.map_err(|error| failed(error.to_string()))?;
    *state = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
    Ok(())
}

#[derive(Deserialize)]
struct Read {
    path: String,
}

#[derive(Deserialize)]
struct Write {
    path: String,
    base64: String,
}

/// `files.…`
pub(super) async fn perform(operations: &Operations, operation: &str, params: Value) -> Result<Performed, Failure> {
    match operation {
        "read" => {
            let content = content(&parse::<Read>(params)?.path, operations.readable_files()).await?;
            Ok(json!({ "base64": BASE64.encode(content) }).into())
        }
        "write" => {
            let Write { path, base64 } = parse(params)?;
            write(&path, &super::route::bytes(&base64)?, operations.readable_files()).await?;
            Ok(Value::Null.into())
        }
        _ => Err(Failure::unknown(&format!("files.{operation}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn paths_are_read_where_they_may_be() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "hi").expect("a file");
        let given = json!([{ "path": "a.txt" }, { "name": "b", "mimeType": "x/y", "base64": "" }]);
        let files = load(given.clone(), &ReadableFiles::From(folder.path().into())).await.ok();
        let mut files = files.expect("files");
        assert!(files[0]["lastModified"].take().is_u64());
        let expected = json!([
            { "name": "a.txt", "mimeType": "text/plain", "base64": "aGk=", "lastModified": null },
            { "name": "b", "mimeType": "x/y", "base64": "" },
        ]);
        assert_eq!(files, expected);
        assert!(load(given, &ReadableFiles::None).await.is_err());
    }

    #[tokio::test]
    async fn nothing_leads_out_of_the_root() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("in")).expect("a folder");
        for file in ["secret.txt", "root/a.txt", "root/in/b.txt"] {
            std::fs::write(folder.path().join(file), file).expect("a file");
        }
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).expect("a link");
        link("../secret.txt", "out.txt");
        link("..", "up");
        link("a.txt", "same.txt");
        let (absolute, secret) = (root.join("a.txt"), folder.path().join("secret.txt"));
        let readable = ReadableFiles::Below(root.clone());
        for (path, expected) in [
            ("a.txt", Some("root/a.txt")),
            ("./in/../a.txt", Some("root/a.txt")),
            ("in/b.txt", Some("root/in/b.txt")),
            ("same.txt", Some("root/a.txt")),
            (absolute.to_str().expect("text"), Some("root/a.txt")),
            ("out.txt", None),
            ("up/secret.txt", None),
            ("../secret.txt", None),
            ("in/../../secret.txt", None),
            (secret.to_str().expect("text"), None),
            ("in", None),
            ("", None),
            ("a.txt\0", None),
        ] {
            let text = text(path, &readable).await;
            assert_eq!(text.as_deref().ok(), expected, "{path:?}");
            assert!(write(path, b"x", &readable).await.is_err(), "{path:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(load(json!([{ "path": "no.txt" }]), &ReadableFiles::From(folder.path().into())).await.is_err());
    }
}
