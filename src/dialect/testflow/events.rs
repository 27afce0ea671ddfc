//! What an agent's event says, for peers that speak another protocol: the way back of [`super::agent::encode`].

use crate::dialect::values::OurEvent;
use crate::model::action::RecordedAction;
use crate::model::recording::{ClickMode, Picker};
use crate::model::run::Location;
use crate::model::{Event, ExecutionId, Level, SessionStep, StepState, TestFlowId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// Reads one event by name and payload; none for what is no event of a session or lacks what one must have.
pub(in crate::dialect) fn decode(name: &str, payload: &str) -> Option<Event> {
    let event = match name {
        "execution:log" => read::<Log>(payload).map(Event::from),
        "execution:plan" => read::<Plan>(payload).map(Event::from),
        "execution:step" => read::<Step>(payload).map(Event::from),
        "execution:screenshot" => read::<Screenshot>(payload).map(Event::from),
        "execution:complete" => read::<ExecutionComplete>(payload).map(Event::from),
        "recording:ready" => read::<RecordingReady>(payload).map(Event::from),
        "recording:action" => read::<RecordingAction>(payload).map(Event::from),
        "recording:frame" => read::<RecordingFrame>(payload).map(Event::from),
        "recording:dialog" => read::<RecordingDialog>(payload).map(Event::from),
        "recording:picker" => read::<RecordingPicker>(payload).map(Event::from),
        "recording:picked" => read::<RecordingPicked>(payload).map(Event::from),
        "recording:mode" => read::<RecordingMode>(payload).map(Event::from),
        "recording:complete" => read::<RecordingComplete>(payload).map(Event::from),
        "understudy:event" => read::<OurEvent>(payload).map(|told| told.event),
        "error" => read::<Error>(payload).map(Event::from),
        _ => return None,
    };
    event.inspect_err(|error| tracing::debug!(%error, name, "an event that only its own protocol understands")).ok()
}

fn read<'a, T: Deserialize<'a>>(payload: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(payload)
}

fn image<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Payloads as the protocol spells them, and what they mean.
macro_rules! payloads {
    ($($name:ident { $($(#[$meta:meta])* $field:ident: $type:ty),* $(,)? } => $event:expr;)*) => {
        $(
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct $name { $($(#[$meta])* $field: $type),* }

            impl From<$name> for Event {
                fn from(payload: $name) -> Self {
                    let $name { $($field),* } = payload;
                    $event
                }
            }
        )*
    };
}

payloads! {
    Log { execution_id: ExecutionId, message: String, level: Level } =>
        Event::ExecutionLog { execution: execution_id, level, message };
    Plan { execution_id: ExecutionId, steps: u32 } => Event::ExecutionPlanned { execution: execution_id, steps };
    Step {
        execution_id: ExecutionId,
        step_number: u32,
        status: StepState,
        #[serde(default)] action: Value,
        #[serde(default)] explanation: String,
        #[serde(default)] location: Option<Place>,
        #[serde(default)] duration: Option<u64>,
        #[serde(default)] error: Option<String>,
    } => Event::ExecutionStep {
        execution: execution_id,
        step: SessionStep {
            number: step_number,
            state: status,
            action,
            explanation,
            location: location.map(Location::from),
            duration_ms: duration,
            error,
        },
    };
    Screenshot { execution_id: ExecutionId, step_number: u32, #[serde(deserialize_with = "image")] image_data: Vec<u8> } =>
        Event::ExecutionScreenshot { execution: execution_id, step_number, image: image_data };
    ExecutionComplete { execution_id: ExecutionId, exit_code: i32, #[serde(default)] duration: u64 } =>
        Event::ExecutionComplete { execution: execution_id, exit_code, duration_ms: duration };
    RecordingReady { test_flow_id: TestFlowId, execution_id: ExecutionId } =>
        Event::RecordingReady { flow: test_flow_id, execution: execution_id };
    RecordingAction { execution_id: ExecutionId, index: usize, action: RecordedAction, #[serde(default)] code: String } =>
        Event::RecordingAction { execution: execution_id, index, action, code };
    RecordingFrame {
        execution_id: ExecutionId,
        #[serde(deserialize_with = "image")] frame: Vec<u8>,
        width: u32,
        height: u32,
        #[serde(default)] page: String,
        #[serde(default)] url: String,
    } => Event::RecordingFrame { execution: execution_id, frame, width, height, page, url };
    RecordingDialog { execution_id: ExecutionId, kind: String, message: String, #[serde(default)] default_value: String } =>
        Event::RecordingDialog { execution: execution_id, kind, message, default_value };
    RecordingPicker { execution_id: ExecutionId, #[serde(flatten)] picker: Picker } =>
        Event::RecordingPicker { execution: execution_id, picker };
    RecordingPicked { execution_id: ExecutionId, selector: String, locator: String } =>
        Event::RecordingPicked { execution: execution_id, selector, locator };
    RecordingMode { execution_id: ExecutionId, mode: ClickMode } =>
        Event::RecordingMode { execution: execution_id, mode };
    RecordingComplete {
        test_flow_id: TestFlowId,
        execution_id: ExecutionId,
        success: bool,
        #[serde(default)] code: Option<String>,
        #[serde(default)] message: Option<String>,
    } => Event::RecordingComplete { flow: test_flow_id, execution: execution_id, success, code, message };
    Error { message: String, #[serde(default)] execution_id: Option<ExecutionId> } =>
        Event::Error { message, execution: execution_id };
}

/// The file is the one that was sent.
#[derive(Deserialize)]
struct Place {
    line: u32,
    column: u32,
}

impl From<Place> for Location {
    fn from(Place { line, column }: Place) -> Self {
        Self { file: String::new(), line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        name: String,
        frame: String,
        means: Event,
    }

    #[test]
    fn what_an_agent_of_ours_says_is_understood_again() {
        let cases: Vec<Golden> =
            serde_json::from_str(include_str!("../../../fixtures/wire/testflow/events.json")).unwrap();
        for Golden { name, frame, mut means } in cases {
            if let Event::ExecutionStep { step: SessionStep { location: Some(place), .. }, .. } = &mut means {
                place.file.clear();
            }
            let packet = crate::wire::frame::Packet::parse(frame.strip_prefix('4').unwrap()).unwrap();
            let Some(Value::Array(said)) = packet.data else { panic!("{frame}") };
            assert_eq!(decode(said[0].as_str().unwrap(), &said[1].to_string()), Some(means), "{name}");
        }
    }

    #[test]
    fn what_others_say_differently_is_left_to_them() {
        for (name, payload) in [
            ("execution:log", r#"{"executionId":"e","message":"m","level":"debug"}"#),
            ("execution:screenshot", r#"{"executionId":"e","stepNumber":1,"imageData":"no base64!"}"#),
            ("execution:complete", "[]"),
            ("agent:status", "{}"),
        ] {
            assert_eq!(decode(name, payload), None, "{name}");
        }
    }
}
