//! Bad input, and the words that it is refused with.

mod ai_run;
mod cloud;
mod swe;
mod testbro;

use super::check::fate;
use serde_json::{Value, json};

/// Every payload is refused with these words and for that session.
fn refused(protocol: &str, cases: &[(&str, Value, &str, Option<&str>)]) {
    for (name, payload, words, session) in cases {
        let error = fate(protocol, name, Some(payload)).expect_err(words);
        let told = (error.message.as_str(), error.session.as_ref().map(|id| id.as_str()));
        assert_eq!(told, (*words, *session), "{protocol} {name} {payload}");
    }
}

/// As deep as JSON is read at all.
fn deep() -> Value {
    (0..120).fold(json!(1), |inner, _| json!([inner]))
}
