//! What an action caused, as every language needs it: some of it has to be written before the action, some after.

use crate::model::action::{RecordedAction, Signal};

/// The last of each kind counts: one action opens one popup, starts one download and shows one dialog.
#[derive(Debug, Default)]
pub(super) struct Signals<'a> {
    /// The page that opened.
    pub(super) popup: Option<&'a str>,
    /// The download's number: empty for the first.
    pub(super) download: Option<&'a str>,
    /// How a dialog was answered.
    pub(super) dialog: Option<Answer<'a>>,
}

/// An answer to a dialog.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    Dismissed,
    /// With this text, if it was a prompt.
    Accepted(Option<&'a str>),
}

impl<'a> Signals<'a> {
    pub(super) fn of(recorded: &'a RecordedAction) -> Self {
        let mut signals = Self::default();
        for signal in &recorded.signals {
            match signal {
                Signal::Navigation { .. } => {}
                Signal::Popup { page } => signals.popup = Some(page),
                Signal::Download { download_alias } => signals.download = Some(download_alias),
                Signal::Dialog { accepted: false, .. } => signals.dialog = Some(Answer::Dismissed),
                Signal::Dialog { prompt_text, .. } => signals.dialog = Some(Answer::Accepted(prompt_text.as_deref())),
                Signal::Unknown => {}
            }
        }
        signals
    }
}

/// Names of modifier keys, in Playwright's order. Control and Meta are one: code recorded on a Mac runs elsewhere.
pub(super) fn modifiers(sum: u32) -> Vec<&'static str> {
    [(1, "Alt"), (2, "ControlOrMeta"), (4, "ControlOrMeta"), (8, "Shift")]
        .into_iter()
        .filter(|(bit, _)| sum & bit != 0)
        .map(|(_, name)| name)
        .collect()
}

/// `ControlOrMeta+Shift+K`
pub(super) fn shortcut(key: &str, sum: u32) -> String {
    let mut parts = modifiers(sum);
    parts.push(key);
    parts.join("+")
}
