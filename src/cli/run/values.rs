//! What values of flags may be.

use std::str::FromStr;

/// A number, or percent of the cores.
pub(super) fn workers(text: &str) -> Result<usize, String> {
    let wrong = || "a number of at least 1, or percent of the cores such as 50%, is expected".to_owned();
    if let Some(percent) = text.strip_suffix('%') {
        let percent: usize = percent.parse().map_err(|_| wrong())?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        return if percent > 0 { Ok((cores * percent / 100).max(1)) } else { Err(wrong()) };
    }
    text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)
}

/// `1/3`.
pub(super) fn shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((part, of)) if part >= 1 && part <= of => Ok((part, of)),
        _ => Err("I/N is expected, I from 1 to N: 1/3, 2/3, 3/3".to_owned()),
    }
}

/// An address that others can be relative to.
pub(super) fn url(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(url) if url.has_host() || url.scheme() == "file" => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err("an address with a scheme is expected: http://localhost:3000".to_owned()),
    }
}

/// A variable's.
pub(super) fn name(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        None if !text.is_empty() => Ok(text.to_owned()),
        _ => Err("the name of a variable is expected, its value is that of the environment: HOME".to_owned()),
    }
}

/// Any that fits.
pub(super) fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "a whole number is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_flags() {
        for (text, fine) in [("1", true), ("50%", true), ("0", false), ("0%", false), ("x", false), ("-1", false)] {
            assert_eq!(workers(text).is_ok(), fine, "{text}");
        }
        for (text, expected) in
            [("1/3", Some((1, 3))), ("3/3", Some((3, 3))), ("0/3", None), ("4/3", None), ("1", None), ("a/b", None)]
        {
            assert_eq!(shard(text).ok(), expected, "{text}");
        }
        for (text, fine) in [("http://localhost:3000/x", true), ("localhost:3000", false), ("/x", false)] {
            assert_eq!(url(text).is_ok(), fine, "{text}");
        }
        for (text, fine) in [("HOME", true), ("HOME=x", false), ("", false)] {
            assert_eq!(name(text).is_ok(), fine, "{text}");
        }
        for (text, expected) in [("12", Some(12)), ("-1", None), ("1.5", None), ("99999999999", None)] {
            assert_eq!(whole::<u32>(text).ok(), expected, "{text}");
        }
    }
}
