//! What is asked of a browser, to and from the words of no protocol.

use super::messages::{
    BrowserAction, BrowserCommand, PlaybackAction, PlaybackControl, RecordingAction, RecordingControl, Request,
};
use super::recorded;
use crate::dialect::reading::{Refusal, read};
use crate::dialect::values::{Id, Pixels, Point};
use crate::model::action;
use crate::model::live::{Aim, Deed, LiveControl, PlaybackOrder, RecordingOrder};
use crate::model::{Labels, Viewport};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What a step may take at most, milliseconds: a day.
const TIMEOUT_MAX: u64 = 86_400_000;

/// A browser, what is asked of it, and of which agents it is asked, where the request is one of those.
pub(super) fn of(request: &Request) -> Option<Result<(&Id, LiveControl, &Labels), Refusal>> {
    let (session, control, labels) = match request {
        Request::BrowserCommand(command) | Request::BrowserCommandReceived(command) => {
            (&command.session_id, deed(command).map(LiveControl::Browser), &command.labels)
        }
        Request::RecordingControl(control) | Request::RecordingControlReceived(control) => {
            (&control.session_id, recording(control).map(LiveControl::Recording), &control.labels)
        }
        Request::PlaybackControl(control) | Request::PlaybackControlReceived(control) => {
            (&control.session_id, playback(control).map(LiveControl::Playback), &control.labels)
        }
        _ => return None,
    };
    Some(control.map(|control| (session, control, labels)).map_err(|refusal| refusal.within("parameters")))
}

fn parameters<T: DeserializeOwned>(given: Option<&Map<String, Value>>) -> Result<T, Refusal> {
    read(&given.map_or_else(|| json!({}), |given| json!(given)))
}

#[derive(Deserialize)]
struct Address {
    url: String,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    x: Option<Pixels>,
    #[serde(default)]
    y: Option<Pixels>,
    #[serde(default)]
    selector: Option<String>,
}

#[derive(Deserialize)]
struct Typed {
    text: String,
    #[serde(default)]
    selector: Option<String>,
}

#[derive(Deserialize)]
struct Scrolled {
    #[serde(default)]
    x: Pixels,
    #[serde(default)]
    y: Pixels,
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    viewport: Option<Viewport>,
    #[serde(default)]
    language: Option<String>,
}

#[derive(Deserialize)]
struct Played {
    #[serde(default)]
    actions: Option<Vec<Value>>,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    timeout: Option<u64>,
}

#[derive(Deserialize)]
struct Sought {
    step_order: u32,
}

fn deed(command: &BrowserCommand) -> Result<Deed, Refusal> {
    let given = command.parameters.as_ref();
    Ok(match command.command {
        BrowserAction::Navigate => Deed::Navigate { url: parameters::<Address>(given)?.url },
        BrowserAction::Click => match parameters(given)? {
            Place { selector: Some(selector), .. } => Deed::Click(Aim::Element { selector }),
            Place { x: Some(x), y: Some(y), .. } => Deed::Click(Aim::Place(action::Point { x: x.get(), y: y.get() })),
            Place { .. } => return Err(Refusal::new("must have `selector`, or `x` and `y`")),
        },
        BrowserAction::Type => {
            let Typed { text, selector } = parameters(given)?;
            Deed::Type { text, selector }
        }
        BrowserAction::Scroll => {
            let Scrolled { x, y } = parameters(given)?;
            Deed::Scroll { x: x.get(), y: y.get() }
        }
        BrowserAction::Reload => Deed::Reload,
        BrowserAction::Back => Deed::Back,
        BrowserAction::Forward => Deed::Forward,
        BrowserAction::Pause => Deed::Pause,
        BrowserAction::Resume => Deed::Resume,
        BrowserAction::Close => Deed::Close,
    })
}

fn recording(control: &RecordingControl) -> Result<RecordingOrder, Refusal> {
    Ok(match control.action {
        RecordingAction::Start => {
            let Recorded { url, viewport, language } = parameters(control.parameters.as_ref())?;
            RecordingOrder::Start { url, viewport, language }
        }
        RecordingAction::Pause => RecordingOrder::Pause,
        RecordingAction::Resume => RecordingOrder::Resume,
        RecordingAction::Stop => RecordingOrder::Stop,
    })
}

fn playback(control: &PlaybackControl) -> Result<PlaybackOrder, Refusal> {
    Ok(match control.action {
        PlaybackAction::Start => {
            let Played { actions, paused, timeout } = parameters(control.parameters.as_ref())?;
            let actions = actions.map(|actions| recorded::actions(&actions)).transpose()?;
            PlaybackOrder::Start { actions, paused, timeout: timeout.map(|timeout| timeout.min(TIMEOUT_MAX)) }
        }
        PlaybackAction::Pause => PlaybackOrder::Pause,
        PlaybackAction::Resume => PlaybackOrder::Resume,
        PlaybackAction::Stop => PlaybackOrder::Stop,
        PlaybackAction::Step => PlaybackOrder::Step,
        PlaybackAction::Seek => {
            let Sought { step_order: step } = parameters(control.parameters.as_ref())?;
            PlaybackOrder::Seek { step }
        }
    })
}

/// The request as whoever has the browser gets it.
pub(super) fn request(session: &Id, control: &LiveControl) -> Request {
    let (session_id, labels) = (session.clone(), Labels::default());
    match control {
        LiveControl::Browser(deed) => {
            let (command, parameters) = told(deed);
            Request::BrowserCommandReceived(BrowserCommand { session_id, command, parameters, labels })
        }
        LiveControl::Recording(order) => {
            let (action, parameters) = match order {
                RecordingOrder::Start { url, viewport, language } => {
                    (RecordingAction::Start, given(json!({"url": url, "viewport": viewport, "language": language})))
                }
                RecordingOrder::Pause => (RecordingAction::Pause, None),
                RecordingOrder::Resume => (RecordingAction::Resume, None),
                RecordingOrder::Stop => (RecordingAction::Stop, None),
            };
            Request::RecordingControlReceived(RecordingControl { session_id, action, parameters, labels })
        }
        LiveControl::Playback(order) => {
            let (action, parameters) = match order {
                PlaybackOrder::Start { actions, paused, timeout } => {
                    let paused = paused.then_some(true);
                    (PlaybackAction::Start, given(json!({"actions": actions, "paused": paused, "timeout": timeout})))
                }
                PlaybackOrder::Pause => (PlaybackAction::Pause, None),
                PlaybackOrder::Resume => (PlaybackAction::Resume, None),
                PlaybackOrder::Stop => (PlaybackAction::Stop, None),
                PlaybackOrder::Step => (PlaybackAction::Step, None),
                PlaybackOrder::Seek { step } => (PlaybackAction::Seek, given(json!({"step_order": step}))),
            };
            Request::PlaybackControlReceived(PlaybackControl { session_id, action, parameters, labels })
        }
    }
}

/// A deed as the protocol calls it, and its parameters.
pub(super) fn told(deed: &Deed) -> (BrowserAction, Option<Map<String, Value>>) {
    let (action, parameters) = match deed {
        Deed::Navigate { url } => (BrowserAction::Navigate, json!({"url": url})),
        Deed::Click(Aim::Element { selector }) => (BrowserAction::Click, json!({"selector": selector})),
        Deed::Click(Aim::Place(place)) => (BrowserAction::Click, json!(point(*place))),
        Deed::Type { text, selector } => (BrowserAction::Type, json!({"text": text, "selector": selector})),
        Deed::Scroll { x, y } => (BrowserAction::Scroll, json!(point(action::Point { x: *x, y: *y }))),
        Deed::Reload => (BrowserAction::Reload, Value::Null),
        Deed::Back => (BrowserAction::Back, Value::Null),
        Deed::Forward => (BrowserAction::Forward, Value::Null),
        Deed::Pause => (BrowserAction::Pause, Value::Null),
        Deed::Resume => (BrowserAction::Resume, Value::Null),
        Deed::Close => (BrowserAction::Close, Value::Null),
    };
    (action, given(parameters))
}

/// A place as the protocols write it.
pub(super) fn point(place: action::Point) -> Point {
    Point { x: Pixels::new(place.x), y: Pixels::new(place.y) }
}

/// Those that were given; none where there are none.
fn given(parameters: Value) -> Option<Map<String, Value>> {
    let Value::Object(mut parameters) = parameters else { return None };
    parameters.retain(|_, value| !value.is_null());
    (!parameters.is_empty()).then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_survives_the_way_there_and_back() {
        let actions = vec![json!({"name": "click", "selector": "#a", "pageGuid": "page", "signals": []})];
        for (kind, word, parameters) in [
            ("browser_command", "navigate", json!({"url": "http://x/"})),
            ("browser_command", "click", json!({"x": 10, "y": 20.5})),
            ("browser_command", "click", json!({"selector": "#a"})),
            ("browser_command", "type", json!({"text": "Ada", "selector": "#name"})),
            ("browser_command", "type", json!({"text": "Ada"})),
            ("browser_command", "scroll", json!({"x": 0, "y": 400})),
            ("browser_command", "reload", Value::Null),
            ("browser_command", "close", Value::Null),
            ("recording_control", "start", json!({"url": "http://x/", "viewport": {"width": 8, "height": 6}})),
            ("recording_control", "stop", Value::Null),
            ("playback_control", "start", json!({"paused": true, "timeout": 500})),
            ("playback_control", "start", Value::Null),
            ("playback_control", "seek", json!({"step_order": 3})),
            ("playback_control", "step", Value::Null),
        ] {
            let field = if kind == "browser_command" { "command" } else { "action" };
            let mut payload = json!({"session_id": "s", field: word});
            if !parameters.is_null() {
                payload["parameters"] = parameters;
            }
            let asked = Request::read(kind, &payload).unwrap().unwrap();
            let (session, control, _) = of(&asked).unwrap().unwrap();
            let handed_on = request(session, &control);
            assert_eq!((handed_on.name(), handed_on.payload()), (format!("{kind}_received").as_str(), payload));
        }
        let start = json!({"session_id": "s", "action": "start", "parameters": {"actions": actions}});
        let asked = Request::read("playback_control", &start).unwrap().unwrap();
        let (_, control, _) = of(&asked).unwrap().unwrap();
        let LiveControl::Playback(PlaybackOrder::Start { actions: Some(read), .. }) = control else { panic!() };
        assert_eq!(read[0].action.selector(), Some("#a"));
    }

    #[test]
    fn what_cannot_be_done_names_the_parameter() {
        for (kind, payload, words) in [
            ("browser_command", json!({"command": "navigate"}), "`parameters.url` is missing"),
            (
                "browser_command",
                json!({"command": "click", "parameters": {"x": 1}}),
                "`parameters` must have `selector`, or `x` and `y`",
            ),
            (
                "browser_command",
                json!({"command": "type", "parameters": {"text": 7}}),
                "`parameters.text` must be a string, got a number",
            ),
            ("playback_control", json!({"action": "seek"}), "`parameters.step_order` is missing"),
            (
                "playback_control",
                json!({"action": "start", "parameters": {"actions": [{"name": "fly"}]}}),
                "`parameters.actions[0]` is no action of a recording",
            ),
        ] {
            let mut payload = payload;
            payload["session_id"] = json!("s");
            let asked = Request::read(kind, &payload).unwrap().unwrap();
            let refusal = of(&asked).unwrap().unwrap_err().to_string();
            assert!(refusal.starts_with(words), "{refusal}");
        }
    }
}
