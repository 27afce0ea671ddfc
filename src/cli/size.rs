//! Sizes as people write them on a command line: `512MiB`, `1GiB`, `2GB`, `100000`.

/// Parses one size, into bytes.
///
/// # Errors
/// A sentence for the user.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let bytes: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(bytes).ok_or_else(|| "that is too much".to_owned())
}

fn wrong() -> String {
    "a number and a unit are expected: 512MiB, 1GiB or 2GB".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("0", Some(0)),
            ("100000", Some(100_000)),
            ("64k", Some(65_536)),
            ("512MiB", Some(512 << 20)),
            ("1gib", Some(1 << 30)),
            ("2GB", Some(2_000_000_000)),
            ("", None),
            ("GiB", None),
            ("1.5GiB", None),
            ("-1", None),
            ("1 GiB", None),
            ("99999999999999999999", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
