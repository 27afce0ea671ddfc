//! What a peer wants run: source, or the actions of a recording (`docs/actions.md`).

use crate::model::action::{FORMAT_VERSION, Recording, RecordingOptions};
use serde_json::{Value, json};

/// The code of an execution. `called` is what the protocol calls the actions.
///
/// # Errors
/// In words: there is neither, or the actions are none.
pub(super) fn source(code: Option<String>, actions: Option<Vec<Value>>, called: &str) -> Result<String, String> {
    match (code, actions) {
        (Some(code), _) => Ok(code),
        (None, Some(actions)) => {
            let read: Result<_, serde_json::Error> = actions.into_iter().map(serde_json::from_value).collect();
            let actions = read.map_err(|error| format!("`{called}` are no actions of a recording: {error}"))?;
            let options = RecordingOptions::default();
            Ok(json!(Recording { version: FORMAT_VERSION, options, actions }).to_string())
        }
        (None, None) => Err(format!("it has neither `code` nor `{called}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_goes_as_it_is_and_actions_as_a_recording() {
        let click = json!({"name": "click", "selector": "#a", "pageGuid": "page"});
        assert_eq!(source(Some("…".to_owned()), Some(vec![json!(7)]), "steps"), Ok("…".to_owned()));
        let recording = source(None, Some(vec![click]), "steps").unwrap();
        assert_eq!(serde_json::from_str::<Recording>(&recording).unwrap().actions.len(), 1);
        let unknown = source(None, Some(vec![json!({"name": "fly"})]), "steps").unwrap_err();
        assert!(unknown.starts_with("`steps` are no actions of a recording: "), "{unknown}");
        assert_eq!(source(None, None, "actions"), Err("it has neither `code` nor `actions`".to_owned()));
    }
}
