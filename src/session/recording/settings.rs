//! What holds for all recordings.

use crate::browser::Mode;
use crate::browser::context::StorageState;
use crate::model::action::RecordingOptions;
use crate::recorder::RecorderOptions;

/// What holds for every recording of this process.
#[derive(Debug, Clone)]
pub struct RecordingsOptions {
    /// Whether there is a window.
    pub mode: Mode,
    /// Whether pictures of the page are told: for a person who has no window.
    pub preview: bool,
    /// Values that are told as stars.
    pub mask: Vec<String>,
    /// The recorder's.
    pub recorder: RecorderOptions,
    /// Cookies and local storage to begin with.
    pub storage: Option<StorageState>,
    /// Whether all pages of a Chromium that somebody else uses are recorded, and it is left as it is.
    pub attached: bool,
    /// What the code says of the browser context, but for device and size, which a start brings along. Where the storage state
    /// is to be saved it is.
    pub written: RecordingOptions,
}

impl Default for RecordingsOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Headless,
            preview: true,
            mask: Vec::new(),
            recorder: RecorderOptions::default(),
            storage: None,
            attached: false,
            written: RecordingOptions::default(),
        }
    }
}
