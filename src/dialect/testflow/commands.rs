//! What is asked of an agent, as this protocol writes it: the way back of [`super::agent::decode`].

use crate::dialect::Protocol;
use crate::dialect::hub::{Frame, Order};
use crate::dialect::values::OurCommand;
use crate::model::Command;
use crate::model::recording::RecordingControl;
use serde_json::{Value, json};

/// The request, as it came where it came in this protocol.
pub(super) fn told(order: &Order) -> Frame {
    match order.raw.protocol {
        Protocol::Testflow => Frame::from(&order.raw),
        _ => encode(&order.command),
    }
}

fn encode(command: &Command) -> Frame {
    let (name, payload) = match command {
        Command::StartExecution(start) => {
            let mut payload = json!({"executionId": start.execution, "code": start.code, "config": start.config});
            if let Some(target) = &start.target {
                payload["target"] = json!(target);
            }
            ("execution:start", payload)
        }
        Command::CancelExecution { execution } => ("execution:cancel", json!({"executionId": execution})),
        Command::StartRecording(start) => (
            "recording:start",
            json!({
                "testFlowId": start.flow, "executionId": start.execution, "url": start.url,
                "language": start.language, "config": start.config,
            }),
        ),
        Command::CancelRecording { flow, execution } => {
            ("recording:cancel", json!({"testFlowId": flow, "executionId": execution}))
        }
        Command::Live { .. } => ("understudy:command", json!(OurCommand::from(command.clone()))),
        Command::ControlRecording { execution, control } => {
            let only = json!({"executionId": execution});
            match control {
                RecordingControl::Stop => ("recording:stop", only),
                RecordingControl::Pause => ("recording:pause", only),
                RecordingControl::Resume => ("recording:resume", only),
                RecordingControl::Input(input) => {
                    let mut payload = json!(input);
                    payload["executionId"] = json!(execution);
                    ("recording:input", payload)
                }
            }
        }
    };
    Frame::new(name, &without_nulls(payload))
}

/// Options that were not given.
fn without_nulls(mut payload: Value) -> Value {
    if let Some(config) = payload.get_mut("config").and_then(Value::as_object_mut) {
        config.retain(|_, value| !value.is_null());
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::super::agent::decode;
    use super::*;
    use crate::dialect::agent::Inbound;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Golden {
        name: String,
        means: Command,
    }

    #[test]
    fn what_is_written_is_understood_again() {
        let cases = include_str!("../../../fixtures/wire/testflow/commands.json");
        for Golden { name, means } in serde_json::from_str::<Vec<Golden>>(cases).unwrap() {
            let frame = encode(&means);
            let payload: Value = serde_json::from_str(frame.payload.get()).unwrap();
            assert_eq!(decode(&frame.name, &[payload]), Ok(Inbound::Command(means)), "{name}");
        }
    }
}
