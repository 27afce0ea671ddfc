//! Browsers in this protocol's words, as both ends tell them: what is done, recorded and played back in them, and how they look.

use super::control;
use super::events::{About, BrowserControl, Envelope, SessionEvent};
use super::messages::Message;
use super::recorded;
use super::sessions::{LivePreview, Playback, PlaybackNews, Recording, RecordingNews, RecordingSession, Screenshot};
use super::telling::{complaint, envelope, written};
use crate::dialect::values::{Amount, Id};
use crate::model::action::{Action, Point, RecordedAction};
use crate::model::live::{self, LiveNews, Recorded, View};
use crate::model::{Event, ExecutionId, Viewport};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// All browsers that are not closed.
#[derive(Debug, Clone, Default)]
pub(super) struct Browsers(HashMap<ExecutionId, Known>);

/// What is remembered of a browser.
#[derive(Debug, Clone, Default)]
struct Known {
    viewport: Option<Viewport>,
    /// The action that may still change.
    unsettled: Option<(usize, RecordedAction)>,
    /// Of a recording that is a session of its own.
    actions: Vec<RecordedAction>,
    began: Option<SystemTime>,
    code: String,
}

impl Browsers {
    /// What an event of a browser, or of a recording, is here; nothing where it is neither. `shown` is where a picture can be seen.
    pub(super) fn tell(
        &mut self,
        event: &Event,
        now: SystemTime,
        shown: impl FnOnce(&[u8]) -> Option<String>,
    ) -> Vec<Message> {
        let Some(id) = event.session() else { return Vec::new() };
        let known = self.0.entry(id.clone()).or_default();
        let told = match event {
            Event::Live { news, .. } => known.live(id, news, now, shown),
            Event::RecordingReady { .. } => {
                known.began = Some(now);
                vec![recording(RecordingNews::Start)]
            }
            Event::RecordingAction { index, action, code, .. } => {
                known.code.clone_from(code);
                known.action(*index, action)
            }
            Event::RecordingFrame { frame, width, height, url, .. } => {
                let viewport = Viewport { width: *width, height: *height };
                let mouse = Point { x: 0.0, y: 0.0 };
                known.viewport = Some(viewport);
                vec![preview(&View { url: url.clone(), mouse, viewport, frame: frame.clone() }, false)]
            }
            Event::RecordingComplete { success, code, .. } => {
                let began = known.began.unwrap_or(now);
                let recorded = Recorded {
                    number: 1,
                    actions: std::mem::take(&mut known.actions),
                    viewport: known.viewport,
                    code: code.clone().unwrap_or_default(),
                    duration_ms: millis(now.duration_since(began).unwrap_or_default()),
                };
                let mut told = known.settled();
                told.push(stopped(id, &recorded, if *success { "completed" } else { "failed" }, now));
                told
            }
            _ => Vec::new(),
        };
        let is_over = matches!(event, Event::RecordingComplete { .. } | Event::Live { news: LiveNews::Closed(_), .. });
        let mut messages: Vec<Message> = told.into_iter().map(|event| of_session(id, event, now)).collect();
        if let Event::Live { news: LiveNews::Closed(Some(why)), .. } = event {
            messages.push(envelope(Some(id), complaint(why), now));
        }
        if is_over || *known == Known::default() {
            self.0.remove(id);
        }
        messages
    }
}

impl Known {
    fn live(
        &mut self,
        id: &ExecutionId,
        news: &LiveNews,
        now: SystemTime,
        shown: impl FnOnce(&[u8]) -> Option<String>,
    ) -> Vec<SessionEvent> {
        match news {
            LiveNews::Opened => vec![did("open", None)],
            LiveNews::Did(deed) => {
                let (action, parameters) = control::told(deed);
                let action = json!(action).as_str().unwrap_or_default().to_owned();
                vec![did(&action, parameters)]
            }
            LiveNews::View(view) => {
                self.viewport = Some(view.viewport);
                vec![preview(view, true)]
            }
            LiveNews::Recording(news) => match news {
                live::RecordingNews::Started => vec![recording(RecordingNews::Start)],
                live::RecordingNews::Paused => [self.settled(), vec![recording(RecordingNews::Pause)]].concat(),
                live::RecordingNews::Resumed => vec![recording(RecordingNews::Resume)],
                live::RecordingNews::Recorded { index, action } => self.action(*index, action),
                live::RecordingNews::Stopped(recorded) => {
                    self.actions.clear();
                    let mut told = self.settled();
                    told.push(stopped(id, recorded, "completed", now));
                    told
                }
            },
            LiveNews::Playback(news) => playback(news, shown),
            LiveNews::Closed(_) => vec![did("close", None)],
        }
    }

    /// An action is told once, when another follows it or nothing does.
    fn action(&mut self, index: usize, action: &RecordedAction) -> Vec<SessionEvent> {
        if index < self.actions.len() {
            self.actions[index] = action.clone();
        } else {
            self.actions.push(action.clone());
        }
        match self.unsettled.take() {
            Some((before, _)) if before == index => {
                self.unsettled = Some((index, action.clone()));
                Vec::new()
            }
            // It was told already: once is enough.
            Some(last) if index < last.0 => {
                self.unsettled = Some(last);
                Vec::new()
            }
            last => {
                self.unsettled = last;
                let told = self.settled();
                self.unsettled = Some((index, action.clone()));
                told
            }
        }
    }

    fn settled(&mut self) -> Vec<SessionEvent> {
        let Some((index, action)) = self.unsettled.take() else { return Vec::new() };
        vec![SessionEvent::Recording(Box::new(Recording {
            action: RecordingNews::ActionRecorded,
            recorded_action: Some(recorded::told(index, &action, self.viewport)),
            recording_session: None,
        }))]
    }
}

impl PartialEq for Known {
    /// Whether they know as little.
    fn eq(&self, other: &Self) -> bool {
        self.viewport == other.viewport
            && self.unsettled == other.unsettled
            && self.actions == other.actions
            && self.began == other.began
    }
}

fn of_session(id: &ExecutionId, event: SessionEvent, now: SystemTime) -> Message {
    let about = About { session_id: Some(Id::from(id.as_str())), timestamp: written(now), ..About::default() };
    Message::Session(Box::new(Envelope { event, about }))
}

fn did(action: &str, parameters: Option<serde_json::Map<String, Value>>) -> SessionEvent {
    SessionEvent::BrowserControl(BrowserControl { action: action.to_owned(), parameters })
}

fn preview(view: &View, with_mouse: bool) -> SessionEvent {
    SessionEvent::LivePreview(LivePreview {
        url: view.url.clone(),
        mouse_position: with_mouse.then(|| control::point(view.mouse)),
        viewport_size: view.viewport,
        frame: Some(STANDARD.encode(&view.frame)),
    })
}

fn recording(action: RecordingNews) -> SessionEvent {
    SessionEvent::Recording(Box::new(Recording { action, recorded_action: None, recording_session: None }))
}

fn stopped(id: &ExecutionId, recorded: &Recorded, status: &str, now: SystemTime) -> SessionEvent {
    let start_url = recorded.actions.iter().find_map(|recorded| match &recorded.action {
        Action::OpenPage { url } | Action::Navigate { url } if url != "about:blank" => Some(url.clone()),
        _ => None,
    });
    let actions = recorded.actions.iter().enumerate();
    // A clock that was set meanwhile leads nowhere.
    let began = now.checked_sub(Duration::from_millis(recorded.duration_ms));
    let began = began.filter(|began| *began >= SystemTime::UNIX_EPOCH).unwrap_or(now);
    let session = RecordingSession {
        id: Id::from(&format!("{id}-{}", recorded.number)),
        name: format!("Recording {}", recorded.number),
        status: status.to_owned(),
        actions: actions.map(|(index, action)| recorded::told(index, action, recorded.viewport)).collect(),
        start_url,
        total_duration_ms: Amount::new(recorded.duration_ms as f64),
        created_at: written(began),
        completed_at: Some(written(now)),
        code: Some(recorded.code.clone()),
    };
    SessionEvent::Recording(Box::new(Recording {
        action: RecordingNews::Stop,
        recorded_action: None,
        recording_session: Some(session),
    }))
}

fn playback(news: &live::PlaybackNews, shown: impl FnOnce(&[u8]) -> Option<String>) -> Vec<SessionEvent> {
    let of = |action| Playback {
        action,
        step_id: None,
        step_order: None,
        total_steps: None,
        duration_ms: None,
        explanation: None,
        error_message: None,
        healed_selector: None,
    };
    let before = |action, next: u32| Playback { step_order: Some(next), ..of(action) };
    let told = match news {
        live::PlaybackNews::Started { steps } => Playback { total_steps: Some(*steps), ..of(PlaybackNews::Start) },
        live::PlaybackNews::Paused { next } => before(PlaybackNews::Pause, *next),
        live::PlaybackNews::Resumed => of(PlaybackNews::Resume),
        live::PlaybackNews::Sought { next } => before(PlaybackNews::Seek, *next),
        live::PlaybackNews::Stopped => of(PlaybackNews::Stop),
        live::PlaybackNews::Step(step) => Playback {
            action: if step.error.is_none() { PlaybackNews::StepCompleted } else { PlaybackNews::StepFailed },
            step_id: Some(action_id(step.number)),
            step_order: Some(step.number),
            total_steps: Some(step.total),
            duration_ms: Some(Amount::new(step.duration_ms as f64)),
            explanation: Some(step.explanation.clone()),
            error_message: step.error.clone(),
            healed_selector: step.healed.clone(),
        },
        live::PlaybackNews::Picture { step, image } => {
            let (action_id, step_order) = (Some(action_id(*step)), Some(*step));
            let picture = shown(image).map(|screenshot_url| Screenshot { screenshot_url, action_id, step_order });
            return picture.map(SessionEvent::Screenshot).into_iter().collect();
        }
    };
    vec![SessionEvent::Playback(told)]
}

fn action_id(number: u32) -> Id {
    Id::from(&format!("action-{number}"))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
