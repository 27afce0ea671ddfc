//! Where an archive has its bodies: in itself, in files beside it, or not at all.

use super::entry::Keeper;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Bytes of bodies; what comes after is left out.
const MOST: usize = 512 << 20;

/// What becomes of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// They are in the archive.
    #[default]
    Embed,
    /// They are files beside it.
    Attach,
    /// They are left out.
    Omit,
}

/// The bodies of one archive.
#[derive(Debug)]
pub(super) struct Bodies {
    content: Content,
    /// With a slash at the end, or nothing.
    folder: String,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

impl Bodies {
    /// `folder` is where files are, seen from the archive.
    pub(super) fn new(content: Content, folder: &str) -> Self {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        Self { content, folder, kept: Mutex::default() }
    }

    pub(super) fn content(&self) -> Content {
        self.content
    }

    /// The files so far, by name.
    pub(super) fn take(&self) -> BTreeMap<String, Vec<u8>> {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner).files)
    }

    /// A file of this content; how the archive calls it.
    fn attach(&self, mime: &str, body: &[u8]) -> String {
        let name = format!("{}.{}", hex(body), extension(mime));
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .files
            .entry(name.clone())
            .or_insert_with(|| body.to_vec());
        self.folder.clone() + &name
    }

    /// A file of that name; how the archive calls it.
    pub(super) fn file(&self, name: &str, content: Vec<u8>) -> String {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).files.insert(name.to_owned(), content);
        self.folder.clone() + name
    }

    fn has_room(&self, body: &[u8]) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += body.len();
        kept.bytes <= MOST
    }
}

impl Keeper for Bodies {
    fn received(&self, body: &[u8], content: &mut Map<String, Value>) {
        let mime = content.get("mimeType").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.content {
            Content::Omit => {}
            _ if !self.has_room(body) => {}
            Content::Attach => drop(content.insert("_file".into(), json!(self.attach(&mime, body)))),
            Content::Embed => match std::str::from_utf8(body) {
                Ok(text) if is_text(&mime) => drop(content.insert("text".into(), json!(text))),
                _ => {
                    content.insert("text".into(), json!(BASE64.encode(body)));
                    content.insert("encoding".into(), json!("base64"));
                }
            },
        }
    }

    fn sent(&self, body: &[u8], data: &mut Map<String, Value>) {
        let mime = data.get("mimeType").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.content {
            Content::Embed if mime != "application/octet-stream" => {
                data.insert("text".into(), json!(String::from_utf8_lossy(body)));
            }
            Content::Attach => drop(data.insert("_file".into(), json!(self.attach(&mime, body)))),
            Content::Embed | Content::Omit => {}
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How the name of a file of this type ends.
pub fn extension(mime: &str) -> &'static str {
    let bare = mime.split(';').next().unwrap_or_default().trim();
    match bare {
        "text/html" => "html",
        "text/plain" => "txt",
        "text/javascript" | "application/javascript" => "js",
        "image/jpeg" => "jpeg",
        _ => mime_guess::get_mime_extensions_str(bare).and_then(|all| all.first().copied()).unwrap_or("dat"),
    }
}

fn is_text(mime: &str) -> bool {
    let bare = mime.split(';').next().unwrap_or_default().trim();
    let Some((kind, name)) = bare.split_once('/') else { return false };
    match kind {
        "text" => true,
        "image" => matches!(name, "svg" | "svg+xml"),
        "application" => {
            matches!(name, "json" | "javascript" | "x-javascript" | "ecmascript" | "graphql" | "x-www-form-urlencoded")
                || name.starts_with("xml")
                || name.ends_with("+json")
                || name.ends_with("+xml")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(content: Content, mime: &str, body: &[u8]) -> (Value, usize) {
        let bodies = Bodies::new(content, "files");
        let mut said = Map::from_iter([("mimeType".to_owned(), json!(mime))]);
        bodies.received(body, &mut said);
        (Value::Object(said), bodies.take().len())
    }

    #[test]
    fn bodies_are_where_they_are_wanted() {
        let text = "text/plain; charset=utf-8";
        assert_eq!(kept(Content::Omit, text, b"hello"), (json!({ "mimeType": text }), 0));
        assert_eq!(kept(Content::Embed, text, b"hello"), (json!({ "mimeType": text, "text": "hello" }), 0));
        let binary = json!({ "mimeType": "image/png", "text": "aGVsbG8=", "encoding": "base64" });
        assert_eq!(kept(Content::Embed, "image/png", b"hello"), (binary, 0));
        let file = "files/aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d.txt";
        assert_eq!(kept(Content::Attach, text, b"hello"), (json!({ "mimeType": text, "_file": file }), 1));
    }

    #[test]
    fn what_is_text() {
        for mime in ["text/css", "application/json", "application/ld+json;charset=utf-8", "image/svg+xml"] {
            assert!(is_text(mime), "{mime}");
        }
        for mime in ["image/png", "application/octet-stream", "x-unknown", ""] {
            assert!(!is_text(mime), "{mime}");
        }
    }
}
