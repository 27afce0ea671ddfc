//! What test code does with files: it reads anywhere, and writes below the current folder, the output folders and the system's
//! folder for temporary files.

use super::select::plain;
use crate::browser::launch::find_chromium;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::io::Errno;
use serde_json::{Value, json};
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Files of a run.
pub(super) struct Disk {
    /// Folders to write in.
    own: Vec<PathBuf>,
    /// Which browser is used, where one is named.
    browser: Option<PathBuf>,
}

impl Disk {
    /// May write below these folders.
    pub(super) fn new(mut own: Vec<PathBuf>) -> Self {
        own.push(std::env::temp_dir());
        Self { own, browser: None }
    }

    /// The same with this browser.
    pub(super) fn browsing(self, browser: Option<PathBuf>) -> Self {
        Self { browser, ..self }
    }

    fn own(&self, path: &str) -> Result<PathBuf, (String, String)> {
        let path = plain(Path::new(path));
        if self.own.iter().any(|folder| path.starts_with(folder)) {
            return Ok(path);
        }
        let why = "permission denied (tests write below the current folder, --output and the temporary folder)";
        Err(("EACCES".to_owned(), why.to_owned()))
    }

    /// Does what one call of `fs` asks for.
    ///
    /// # Errors
    /// The code as Node.js has it, and its words.
    pub(super) fn call(&self, name: &str, params: &Value) -> Result<Value, (String, String)> {
        let path = |key: &str| PathBuf::from(params[key].as_str().unwrap_or_default());
        let flag = |key: &str| params[key].as_bool().unwrap_or(false);
        let own = |key: &str| self.own(params[key].as_str().unwrap_or_default());
        let done = match name {
            "read" => fs::read(path("path")).map(|bytes| BASE64.encode(bytes).into()),
            "write" => write(&own("path")?, params),
            "stat" => stat(&path("path"), flag("follow")),
            "list" => list(&path("path"), flag("recursive")).map(Value::Array),
            "mkdir" if flag("recursive") => fs::create_dir_all(own("path")?).map(|()| Value::Null),
            "mkdir" => fs::create_dir(own("path")?).map(|()| Value::Null),
            "remove" => remove(&own("path")?, flag("folder"), flag("recursive"), flag("force")),
            "rename" => fs::rename(own("path")?, own("to")?).map(|()| Value::Null),
            "copy" => fs::copy(path("path"), own("to")?).map(|_| Value::Null),
            "real" => path("path").canonicalize().map(|path| path.display().to_string().into()),
            "executablePath" => match find_chromium(self.browser.as_deref()) {
                Ok(path) => Ok(path.display().to_string().into()),
                Err(error) => return Err(("ENOENT".to_owned(), error.to_string())),
            },
            _ => return Err(("ENOSYS".to_owned(), format!("there is no call {name}"))),
        };
        done.map_err(|error| in_words(&error))
    }
}

fn write(path: &Path, params: &Value) -> io::Result<Value> {
    let bytes = BASE64.decode(params["base64"].as_str().unwrap_or_default()).map_err(io::Error::other)?;
    let (append, fresh) = (params["append"] == true, params["fresh"] == true);
    let mut options = fs::OpenOptions::new();
    options.write(true).append(append).truncate(!append).create(true).create_new(fresh);
    options.open(path)?.write_all(&bytes)?;
    Ok(Value::Null)
}

fn kind(metadata: &Metadata) -> &'static str {
    match metadata.file_type() {
        kind if kind.is_dir() => "folder",
        kind if kind.is_symlink() => "link",
        _ => "file",
    }
}

fn stat(path: &Path, follow: bool) -> io::Result<Value> {
    use std::os::unix::fs::MetadataExt;
    let metadata = if follow { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(json!({
        "kind": kind(&metadata), "size": metadata.len(), "modified": modified.as_secs_f64() * 1000.0, "mode": metadata.mode(),
    }))
}

fn list(path: &Path, recursive: bool) -> io::Result<Vec<Value>> {
    let mut names = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(path.join(&folder))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            let kind = kind(&entry.metadata()?);
            names.push((name.display().to_string(), kind));
            if recursive && kind == "folder" {
                folders.push(name);
            }
        }
    }
    names.sort();
    Ok(names.into_iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect())
}

fn remove(path: &Path, folder: bool, recursive: bool, force: bool) -> io::Result<Value> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if force && error.kind() == io::ErrorKind::NotFound => return Ok(Value::Null),
        metadata => metadata?,
    };
    match (metadata.is_dir(), recursive) {
        (true, true) => fs::remove_dir_all(path)?,
        (true, false) if folder => fs::remove_dir(path)?,
        (true, false) => return Err(Errno::ISDIR.into()),
        (false, _) if folder => return Err(Errno::NOTDIR.into()),
        (false, _) => fs::remove_file(path)?,
    }
    Ok(Value::Null)
}

/// Codes and words of Node.js.
fn in_words(error: &io::Error) -> (String, String) {
    let known = match Errno::from_io_error(error) {
        Some(Errno::NOENT) => ("ENOENT", "no such file or directory"),
        Some(Errno::EXIST) => ("EEXIST", "file already exists"),
        Some(Errno::ACCESS) => ("EACCES", "permission denied"),
        Some(Errno::PERM) => ("EPERM", "operation not permitted"),
        Some(Errno::ISDIR) => ("EISDIR", "illegal operation on a directory"),
        Some(Errno::NOTDIR) => ("ENOTDIR", "not a directory"),
        Some(Errno::NOTEMPTY) => ("ENOTEMPTY", "directory not empty"),
        Some(Errno::NOSPC) => ("ENOSPC", "no space left on device"),
        _ => return ("EIO".to_owned(), error.to_string()),
    };
    (known.0.to_owned(), known.1.to_owned())
}
