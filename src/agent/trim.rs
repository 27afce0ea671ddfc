//! Makes a message fit a server's limit that tells more than one event: what has gathered over a session, a recording with all that was
//! done. Long texts and lists are cut, with a marker where there is room for words. Pure.

use super::fit::cut;
use crate::dialect::agent::Outbound;
use crate::model::json_length;
use serde_json::Value;

/// The packet around a message, bytes: less than is left for it and for the event's id where an event is made to fit.
const AROUND_BYTES: usize = 128;
/// A text that is not longer stays whole, bytes: ids are not.
const TEXT_LEAST: usize = 512;
/// A list that is not longer stays whole at first.
const ITEMS_MOST: usize = 1 << 14;

/// Cuts what messages say until a server takes each that takes `limit` bytes.
pub(super) fn trim(messages: &mut [Outbound], limit: usize) {
    for message in messages {
        if let Some(bytes) = trimmed(message, limit) {
            tracing::warn!(
                message = message.name,
                bytes,
                limit,
                "a message is longer than the server takes: it is cut"
            );
        }
    }
}

/// How long it was, where something had to go.
fn trimmed(message: &mut Outbound, limit: usize) -> Option<usize> {
    let room = limit.saturating_sub(AROUND_BYTES);
    let length = |message: &Outbound| message.arguments.iter().map(json_length).sum::<usize>();
    let before = length(message);
    let (mut text, mut items) = (room / 2, ITEMS_MOST);
    while length(message) > room && items > 0 {
        message.arguments.iter_mut().for_each(|argument| shorten(argument, text, items));
        (text, items) = ((text / 2).max(TEXT_LEAST), items / 2);
    }
    (before > room).then_some(before)
}

/// No text of it is longer than so many bytes, no list has more items than that.
fn shorten(value: &mut Value, text: usize, items: usize) {
    match value {
        Value::String(long) if long.len() > text => *long = cut(long, text),
        Value::Array(list) => {
            if list.len() > items {
                match list.iter().all(Value::is_string) {
                    // Of lines the newest matter.
                    true => drop(list.drain(..list.len() - items)),
                    false => list.truncate(items),
                }
            }
            list.iter_mut().for_each(|item| shorten(item, text, items));
        }
        Value::Object(fields) => {
            // Half a picture is none.
            fields.retain(|_, value| !is_picture(value, text));
            fields.values_mut().for_each(|value| shorten(value, text, items));
        }
        _ => {}
    }
}

fn is_picture(value: &Value, text: usize) -> bool {
    value.as_str().is_some_and(|value| value.len() > text && value.starts_with("data:image/"))
}

#[cfg(test)]
mod tests {
    use super::super::fit::CUT;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_stays_as_it_is_and_what_does_not_is_cut_until_it_does() {
        let long = json!({
            "id": "i".repeat(500), "code": "x".repeat(50_000), "picture": format!("data:image/png;base64,{}", "A".repeat(50_000)),
            "results": (0..9_000).map(|n| json!({"n": n, "error": "\u{1}".repeat(10)})).collect::<Vec<_>>(),
            "logs": (0..30_000).map(|n| n.to_string()).collect::<Vec<_>>(),
        });
        let mut whole = Outbound::event("complete", long.clone());
        assert_eq!((trimmed(&mut whole, 10_000_000), &whole.arguments[0]), (None, &long));
        for limit in [1_000_000, 100_000, 10_000, 4_000] {
            let mut message = Outbound::event("complete", long.clone());
            let before = trimmed(&mut message, limit);
            assert!(limit == 1_000_000 || before == Some(json_length(&long)), "{limit}");
            let told = &message.arguments[0];
            assert!(told.to_string().len() + AROUND_BYTES <= limit, "{limit}: {}", told.to_string().len());
            assert_eq!(told["id"], long["id"]);
            if limit < 100_000 {
                assert!(told["code"].as_str().unwrap().ends_with(CUT));
                assert_eq!(told["picture"], Value::Null);
            }
            if limit > 10_000 {
                assert_eq!(
                    (&told["results"][0], &told["logs"].as_array().unwrap().last()),
                    (&long["results"][0], &Some(&json!("29999")))
                );
            }
        }
    }
}
