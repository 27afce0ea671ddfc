//! The lines of a trace, named as the viewer reads them. Times are milliseconds of the trace's [`super::Clock`]; places are
//! CSS pixels of the page's visible part.

use crate::browser::Point;
use crate::browser::screenshot::Rect;
use serde::Serialize;
use serde_json::{Map, Value};

/// Version of the format.
pub const VERSION: u32 = 10;

/// Whose semantics and whose format these are.
pub const PLAYWRIGHT: &str = "1.65.1";

/// As Node.js names it.
pub const fn platform() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { "linux" }
}

/// One line.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// The first line of every part: of the test (`testRunner`) or of a context (`library`).
    ContextOptions {
        /// [`VERSION`].
        version: u32,
        /// `testRunner` or `library`.
        origin: &'static str,
        /// `chromium`; empty in the test's part.
        browser_name: &'static str,
        /// Whose semantics these are.
        playwright_version: &'static str,
        /// Of the context: `viewport`, `isMobile`, ….
        options: Value,
        /// `linux`, `darwin`.
        platform: &'static str,
        /// When the trace began, since 1970.
        wall_time: f64,
        /// The same on the clock of the other lines.
        monotonic_time: f64,
        /// `javascript`.
        sdk_language: &'static str,
        /// Where test ids are.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_id_attribute_name: Option<String>,
        /// For people.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// A step or a call begins.
    Before {
        /// The same in the test's part and in a context's.
        call_id: String,
        /// When.
        start_time: f64,
        /// The step around it.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<String>,
        /// `Test`, `Page`, `Frame`, ….
        class: &'static str,
        /// `click`, `goto`, …; kind of the step in the test's part.
        method: String,
        /// For people.
        title: String,
        /// What it was called with.
        params: Value,
        /// Where in the source; the innermost first.
        stack: Vec<Place>,
        /// On which page.
        #[serde(skip_serializing_if = "Option::is_none")]
        page_id: Option<String>,
    },
    /// The pointer acts.
    Input {
        /// Of the call.
        call_id: String,
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none")]
        point: Option<Point>,
        /// On what.
        #[serde(skip_serializing_if = "Option::is_none")]
        r#box: Option<Rect>,
    },
    /// A line of the call log.
    Log {
        /// Of the call.
        call_id: String,
        /// When.
        time: f64,
        /// As in errors; leading spaces are its depth.
        message: String,
    },
    /// It ended.
    After {
        /// Of the call.
        call_id: String,
        /// When.
        end_time: f64,
        /// How it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
        /// Files it left.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attached>,
    },
    /// Something of a page that is no call: `pageError`, `page`, `pageClosed`.
    Event {
        /// When.
        time: f64,
        /// `BrowserContext`.
        class: &'static str,
        /// Which.
        method: &'static str,
        /// About it.
        params: Value,
        /// On which page.
        #[serde(skip_serializing_if = "Option::is_none")]
        page_id: Option<String>,
    },
    /// `console.…` in a page.
    Console {
        /// `log`, `warning`, ….
        message_type: String,
        /// As a console shows it.
        text: String,
        /// Each of what was passed, as text.
        args: Vec<Value>,
        /// `url`, `lineNumber`, `columnNumber`, from 0.
        location: Value,
        /// When.
        time: f64,
        /// On which page, if it was on one.
        #[serde(skip_serializing_if = "Option::is_none")]
        page_id: Option<String>,
    },
    /// A picture of the page.
    ScreencastFrame {
        /// Of which.
        page_id: String,
        /// In the archive.
        file: String,
        /// CSS pixels of the page.
        width: u32,
        /// CSS pixels of the page.
        height: u32,
        /// When.
        timestamp: f64,
        /// The same since 1970.
        frame_swap_wall_time: f64,
    },
    /// The document of a frame.
    FrameSnapshot {
        /// It.
        snapshot: FrameSnapshot,
    },
    /// A request with its answer, as HAR 1.2 has it.
    ResourceSnapshot {
        /// It.
        snapshot: Map<String, Value>,
    },
    /// The test said something.
    Stdout {
        /// When.
        timestamp: f64,
        /// With its newline.
        text: String,
    },
    /// The test said something is wrong.
    Stderr {
        /// When.
        timestamp: f64,
        /// With its newline.
        text: String,
    },
    /// An error of the test.
    Error {
        /// With the type in front.
        message: String,
        /// Where; the innermost first.
        stack: Vec<Place>,
    },
}

/// A document of a frame at one moment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameSnapshot {
    /// Of the call around it.
    pub call_id: String,
    /// `before`, `action` or `after` it.
    pub phase: &'static str,
    /// Of which page.
    pub page_id: String,
    /// Of which frame.
    pub frame_id: String,
    /// Its address.
    pub frame_url: String,
    /// `html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctype: Option<String>,
    /// See [`super::tree`].
    pub html: Value,
    /// CSS pixels.
    pub viewport: Value,
    /// When.
    pub timestamp: f64,
    /// The same since 1970.
    pub wall_time: f64,
    /// Milliseconds it took in the page.
    pub collection_time: f64,
    /// Style sheets that scripts changed.
    pub resource_overrides: Vec<Value>,
    /// Whether it is the page's main frame.
    pub is_main_frame: bool,
}

/// A place in the test's source, from 1.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Its file, as the sources of the trace are named.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// How a call failed.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// `TimeoutError`, ….
    pub name: String,
    /// For people.
    pub message: String,
}

/// A file of a test.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    /// The author's name for it.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// In the archive.
    pub file: String,
}
