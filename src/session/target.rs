//! A selector in plain English: `internal:role=button[name="Save"i]` is the button ‘Save’.

/// What a person would call the element that `selector` finds: its last part that says something, and the position among
/// several.
#[must_use]
pub(super) fn describe(selector: &str) -> String {
    let mut words: Option<String> = None;
    let mut position = None;
    for part in parts(selector).into_iter().rev() {
        if let Some(text) = part.strip_prefix("internal:describe=") {
            return unquoted(text).unwrap_or_else(|| text.to_owned());
        }
        if let Some(index) = part.strip_prefix("nth=") {
            position = position.or_else(|| ordinal(index));
            continue;
        }
        if let Some(text) = part.strip_prefix("internal:has-text=") {
            words.get_or_insert_with(|| format!(" with {}", text_of(text)));
            continue;
        }
        if part.starts_with("internal:has") || part.starts_with("internal:control=") || part.starts_with("visible=") {
            continue;
        }
        let named = name(part);
        let filtered = words.take().unwrap_or_default();
        return match position {
            Some(position) => format!("the {position} {}{filtered}", named.strip_prefix("the ").unwrap_or(&named)),
            None => format!("{named}{filtered}"),
        };
    }
    words.map_or_else(|| format!("‘{selector}’"), |words| format!("an element{words}"))
}

fn name(part: &str) -> String {
    if let Some(role) = part.strip_prefix("internal:role=") {
        let (role, attributes) = role.split_once('[').unwrap_or((role, ""));
        let role = match role {
            "textbox" | "searchbox" => "field",
            "combobox" | "listbox" => "list",
            "img" => "picture",
            other => other,
        };
        let named = attributes.split_once("name=").map(|(_, value)| text_of(value));
        return match named {
            Some(named) => format!("the {role} {named}"),
            None => format!("the {role}"),
        };
    }
    for (prefix, kind) in [("internal:label=", "the field "), ("internal:text=", ""), ("text=", "")] {
        if let Some(text) = part.strip_prefix(prefix) {
            return format!("{kind}{}", text_of(text));
        }
    }
    if let Some(attribute) = part.strip_prefix("internal:attr=[").or_else(|| part.strip_prefix("internal:testid=[")) {
        let (attribute, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let kind = match attribute {
            "placeholder" => "the field ",
            "alt" => "the picture ",
            _ => "",
        };
        return format!("{kind}{}", text_of(value));
    }
    format!("‘{part}’")
}

/// `"Save"i]` and `/save/i` as ‘Save’ and /save/i.
fn text_of(value: &str) -> String {
    match unquoted(value) {
        Some(text) => format!("‘{text}’"),
        None if value.starts_with('/') => value.split(']').next().unwrap_or(value).to_owned(),
        None => format!("‘{value}’"),
    }
}

/// The JSON string at the start of `value`.
fn unquoted(value: &str) -> Option<String> {
    let mut texts = serde_json::Deserializer::from_str(value).into_iter::<String>();
    texts.next()?.ok()
}

fn ordinal(index: &str) -> Option<String> {
    Some(match index.parse::<i64>().ok()? {
        -1 => "last".to_owned(),
        index if index < 0 => return None,
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        index => format!("{}th", index + 1),
    })
}

/// At the ` >> ` that are not inside quotes.
fn parts(selector: &str) -> Vec<&str> {
    let bytes = selector.as_bytes();
    let (mut parts, mut start, mut quote, mut at) = (Vec::new(), 0, None, 0);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'>') if selector[at..].starts_with(">>") => {
                parts.push(selector[start..at].trim());
                at += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(selector[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_in_plain_english() {
        for (selector, english) in [
            ("#save", "‘#save’"),
            (r#"internal:role=button[name="Save"i]"#, "the button ‘Save’"),
            (r#"internal:role=heading[level=1][name="To \"be\""s]"#, "the heading ‘To \"be\"’"),
            ("internal:role=button[name=/save/i]", "the button /save/i"),
            ("internal:role=list", "the list"),
            (r#"internal:label="E-mail"i"#, "the field ‘E-mail’"),
            (r#"internal:text="Hello >> you"i"#, "‘Hello >> you’"),
            (r#"internal:attr=[placeholder="Name"i]"#, "the field ‘Name’"),
            (r#"internal:testid=[data-testid="total"s]"#, "‘total’"),
            (r#"ul >> internal:role=listitem >> nth=1"#, "the second listitem"),
            (r#"li >> internal:has-text="milk"i"#, "‘li’ with ‘milk’"),
            (r#"li >> nth=-1"#, "the last ‘li’"),
            (r#"iframe >> internal:control=enter-frame >> #a"#, "‘#a’"),
            (r#"#a >> internal:describe="The basket""#, "The basket"),
            ("\"", "‘\"’"),
            ("", "‘’"),
        ] {
            assert_eq!(describe(selector), english, "{selector}");
        }
    }
}
