//! A browser that is driven from afar: what is asked of it, and what it tells. It outlives the recordings and playbacks made in it.

use super::Viewport;
use super::action::{Point, RecordedAction};
use super::json_length;
use serde::{Deserialize, Serialize};

/// Something for a browser; one that is not there yet is opened by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", content = "ask", rename_all = "snake_case")]
pub enum LiveControl {
    /// Something to be done in its page.
    Browser(Deed),
    /// Something for its recording.
    Recording(RecordingOrder),
    /// Something for its playback.
    Playback(PlaybackOrder),
}

impl LiveControl {
    /// Whether a browser is opened for it.
    #[must_use]
    pub fn opens(&self) -> bool {
        matches!(
            self,
            Self::Browser(_)
                | Self::Recording(RecordingOrder::Start { .. })
                | Self::Playback(PlaybackOrder::Start { actions: Some(_), .. })
        )
    }
}

/// What can be done in a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// Another address.
    Navigate {
        /// It.
        url: String,
    },
    /// The mouse.
    Click(Aim),
    /// The keyboard.
    Type {
        /// What.
        text: String,
        /// The field, in place of what it holds; without one whatever has the focus gets it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        selector: Option<String>,
    },
    /// The wheel.
    Scroll {
        /// CSS pixels, rightwards.
        x: f64,
        /// CSS pixels, downwards.
        y: f64,
    },
    /// Once more.
    Reload,
    /// A step back in the history.
    Back,
    /// And forward.
    Forward,
    /// No pictures for a while.
    Pause,
    /// Pictures again.
    Resume,
    /// No more of it: the browser is closed.
    Close,
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Aim {
    /// An element.
    Element {
        /// It.
        selector: String,
    },
    /// A place, CSS pixels of the visible part.
    Place(Point),
}

/// What can be done with the recording of a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum RecordingOrder {
    /// Begin.
    Start {
        /// The first address; without one the page as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// The size of the page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        viewport: Option<Viewport>,
        /// The language of the code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// Keep nothing for a while.
    Pause,
    /// Keep what is done again.
    Resume,
    /// End.
    Stop,
}

/// What can be done with the playback of a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum PlaybackOrder {
    /// Begin at the first step.
    Start {
        /// What is played; without them what was recorded last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        actions: Option<Vec<RecordedAction>>,
        /// Whether it rests before the first step.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        paused: bool,
        /// How long each step may take, milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<u64>,
    },
    /// Rest before the next step.
    Pause,
    /// Go on.
    Resume,
    /// End, and be at no step any more.
    Stop,
    /// One step, then rest.
    Step,
    /// The page is to be as it was before this step.
    Seek {
        /// From 1; one more than there are steps is the end.
        step: u32,
    },
}

/// What is new in a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", content = "is", rename_all = "snake_case")]
pub enum LiveNews {
    /// It is there.
    Opened,
    /// This was done in it.
    Did(Deed),
    /// It looks so; only the newest matters.
    View(View),
    /// Of its recording.
    Recording(RecordingNews),
    /// Of its playback.
    Playback(PlaybackNews),
    /// It is gone, and why, where that needs words. Nothing follows.
    Closed(Option<String>),
}

impl LiveNews {
    /// Whether it is a picture of a step.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        matches!(self, Self::Playback(PlaybackNews::Picture { .. }))
    }

    /// What it weighs where it is kept, roughly, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::View(view) => view.frame.len(),
            Self::Playback(PlaybackNews::Picture { image, .. }) => image.len(),
            Self::Playback(PlaybackNews::Step(step)) => {
                step.explanation.len() + step.error.as_ref().map_or(0, String::len)
            }
            Self::Recording(RecordingNews::Recorded { action, .. }) => json_length(action),
            Self::Recording(RecordingNews::Stopped(recorded)) => recorded.code.len() + json_length(&recorded.actions),
            _ => 0,
        }
    }
}

/// What a browser looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The address of its page.
    pub url: String,
    /// Where the mouse is.
    pub mouse: Point,
    /// The size of the page.
    pub viewport: Viewport,
    /// JPEG bytes.
    #[serde(with = "super::event::image_base64")]
    pub frame: Vec<u8>,
}

/// What is new about a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RecordingNews {
    /// It began.
    Started,
    /// It rests.
    Paused,
    /// It goes on.
    Resumed,
    /// It has this action; one of the same place is not what it was.
    Recorded {
        /// Which one, from 0.
        index: usize,
        /// As it is now.
        action: Box<RecordedAction>,
    },
    /// It has ended.
    Stopped(Box<Recorded>),
}

/// A recording from its begin to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Which of the browser's, from 1.
    pub number: u32,
    /// What was done, in order.
    pub actions: Vec<RecordedAction>,
    /// How large the page was.
    pub viewport: Option<Viewport>,
    /// The same as source.
    pub code: String,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// What is new about a playback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum PlaybackNews {
    /// It began.
    Started {
        /// How many steps it has.
        steps: u32,
    },
    /// It rests before this step.
    Paused {
        /// From 1.
        next: u32,
    },
    /// It goes on.
    Resumed,
    /// It is before this step.
    Sought {
        /// From 1.
        next: u32,
    },
    /// A step has ended.
    Step(PlayedStep),
    /// What the page looked like after a step.
    Picture {
        /// The step, from 1.
        step: u32,
        /// JPEG bytes.
        #[serde(with = "super::event::image_base64")]
        image: Vec<u8>,
    },
    /// It has ended: with its last step, with one that failed, or because it was told to.
    Stopped,
}

/// A step that was played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayedStep {
    /// Which, from 1.
    pub number: u32,
    /// How many there are.
    pub total: u32,
    /// Plain English.
    pub explanation: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What found the element, where its best selector did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<String>,
}
