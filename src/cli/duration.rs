//! Spans of time as people write them on a command line: `500ms`, `30s`, `5m`, `24h`, `7d`.

use std::time::Duration;

/// Parses one span.
///
/// # Errors
/// A sentence for the user.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and a unit are expected: 500ms, 30s, 5m, 24h or 7d".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("24h", Some(86_400_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("1 s", None),
            ("99999999999999999999s", None),
            ("99999999999999999d", None),
            ("", None),
        ] {
            assert_eq!(parse(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
