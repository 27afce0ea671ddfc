//! How long something is as JSON, without writing it down.

use serde::Serialize;
use std::io;

/// Bytes that have passed.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long it is as JSON, bytes; of what is unfit for JSON, up to there.
pub fn json_length(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

#[cfg(test)]
mod tests {
    use super::json_length;
    use serde_json::json;

    #[test]
    fn it_is_as_long_as_its_text() {
        for value in [json!(null), json!({"a": [1, 2.5, "é\u{1}\"\n"], "b": {"c": true}}), json!("x".repeat(10_000))] {
            assert_eq!(json_length(&value), value.to_string().len());
        }
    }
}
