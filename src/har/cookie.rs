//! Cookies out of headers, as an archive lists them.

use super::iso;
use crate::browser::network::Headers;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Those that were sent.
pub(super) fn sent(headers: &Headers) -> Vec<Value> {
    named(headers, "cookie").flat_map(|value| value.split(';')).map(|one| json!(pair(one.trim()))).collect()
}

/// Those that were set.
pub(super) fn received(headers: &Headers) -> Vec<Value> {
    // Chromium joins several into one value.
    named(headers, "set-cookie").flat_map(|value| value.split('\n')).map(|one| json!(set(one))).collect()
}

fn named<'a>(headers: &'a Headers, wanted: &'static str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
}

fn pair(text: &str) -> Map<String, Value> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    [("name".to_owned(), json!(name.trim())), ("value".to_owned(), json!(value.trim()))].into_iter().collect()
}

fn set(text: &str) -> Map<String, Value> {
    let mut parts = text.split(';').map(str::trim);
    let mut cookie = pair(parts.next().unwrap_or_default());
    for part in parts {
        let (name, value) = part.split_once('=').map_or((part, ""), |(name, value)| (name.trim(), value.trim()));
        let found = match name.to_ascii_lowercase().as_str() {
            "domain" => ("domain", json!(value)),
            "path" => ("path", json!(value)),
            "samesite" => ("sameSite", json!(value)),
            "httponly" => ("httpOnly", json!(true)),
            "secure" => ("secure", json!(true)),
            "expires" => match httpdate(value) {
                Some(time) => ("expires", json!(time)),
                None => continue,
            },
            "max-age" => match value.parse::<u64>() {
                Ok(seconds) => ("expires", json!(from_now(seconds))),
                Err(_) => continue,
            },
            _ => continue,
        };
        cookie.insert(found.0.to_owned(), found.1);
    }
    cookie
}

fn from_now(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    iso(now.saturating_add(Duration::from_secs(seconds)).as_secs_f64() * 1000.0)
}

/// `Wed, 21 Oct 2026 07:28:00 GMT` as ISO 8601.
fn httpdate(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split([' ', '-']).collect();
    let [_, day, month, year, time, ..] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let written = format!("{year}-{month:02}-{day:0>2}T{time}Z");
    humantime::parse_rfc3339(&written).ok().map(|time| humantime::format_rfc3339_millis(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_with_what_is_said_about_them() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("Cookie", "a=1; b=x=y"),
            header(
                "set-cookie",
                "s=1; Path=/; HttpOnly; SameSite=Lax; Expires=Wed, 21 Oct 2026 07:28:00 GMT\nt=2; Secure",
            ),
        ];
        assert_eq!(sent(&headers), [json!({ "name": "a", "value": "1" }), json!({ "name": "b", "value": "x=y" })]);
        let first = json!({
            "name": "s", "value": "1", "path": "/", "httpOnly": true, "sameSite": "Lax", "expires": "2026-10-21T07:28:00.000Z",
        });
        assert_eq!(received(&headers), [first, json!({ "name": "t", "value": "2", "secure": true })]);
    }
}
