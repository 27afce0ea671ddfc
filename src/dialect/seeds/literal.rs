//! Reads what a document prints of a message: JSON, a literal of JavaScript with expressions in it, a type of TypeScript or the
//! named arguments of a Python call; and says whether a message is of that form.

use serde_json::Value;

/// What stands where a message has a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Printed {
    /// An expression, or `any`: whatever.
    Any,
    /// `string`.
    Text,
    /// `number`.
    Number,
    /// Itself.
    Exactly(Value),
    /// One of these.
    Either(Vec<Printed>),
    /// Items; none means that the document leaves them open.
    List(Vec<Printed>),
    /// Fields.
    Object {
        /// Name, whether it may be absent, what stands there.
        fields: Vec<(String, bool, Printed)>,
        /// Whether there may be others.
        open: bool,
    },
}

impl Printed {
    /// Reads lines of a document, from the first `{` or the line end after a `(` on.
    pub(super) fn parse(lines: &[&str]) -> Option<Self> {
        let text: String = lines.iter().map(|line| uncommented(line) + "\n").collect();
        let begin = text.find('{').into_iter().chain(text.find("(\n")).min()?;
        let mut parser = Parser { rest: &text[begin..] };
        Some(parser.object())
    }

    /// Where `value` is not of this form.
    pub(super) fn differs(&self, value: &Value, at: &str) -> Option<String> {
        let fits = match self {
            Self::Any => true,
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Exactly(expected) => value == expected,
            Self::Either(all) => all.iter().any(|one| one.differs(value, at).is_none()),
            Self::List(items) => match value.as_array() {
                Some(values) if items.is_empty() || items.len() == values.len() => {
                    let mut pairs = items.iter().zip(values);
                    return pairs.find_map(|(item, value)| item.differs(value, &format!("{at}[]")));
                }
                _ => false,
            },
            Self::Object { fields, open } => match value.as_object() {
                Some(map) => {
                    if let Some(more) = map.keys().find(|key| !open && fields.iter().all(|(name, ..)| name != *key)) {
                        return Some(format!("{at}.{more} is not printed"));
                    }
                    return fields.iter().find_map(|(name, maybe, printed)| match map.get(name) {
                        None if *maybe => None,
                        None => Some(format!("{at}.{name} is printed")),
                        Some(value) => printed.differs(value, &format!("{at}.{name}")),
                    });
                }
                None => false,
            },
        };
        (!fits).then(|| format!("{at} is {value}, printed is {self:?}"))
    }
}

/// A line without what is said beside the message, and with what stands in a comment because only its form is meant.
fn uncommented(line: &str) -> String {
    let line = line.trim();
    let line = line.strip_prefix("//").unwrap_or(line);
    let line = match line.split_once("/*") {
        Some((before, rest)) => before.to_owned() + rest.split_once("*/").map_or("", |(_, after)| after),
        None => line.to_owned(),
    };
    match line.split_once(" // ") {
        Some((before, comment)) if !comment.contains('{') => before.to_owned(),
        _ => line,
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip(&mut self, what: &[char]) {
        self.rest = self.rest.trim_start_matches(what);
    }

    fn next(&mut self) -> char {
        let c = self.rest.chars().next().unwrap_or('\0');
        self.rest = &self.rest[c.len_utf8()..];
        c
    }

    fn peek(&self) -> char {
        self.rest.chars().next().unwrap_or('\0')
    }

    /// After `{` or `(`.
    fn object(&mut self) -> Printed {
        self.next();
        let (mut fields, mut open) = (Vec::new(), false);
        loop {
            self.skip(&[' ', '\n', ',', ';']);
            match self.peek() {
                '}' | ')' | '\0' => break,
                '[' => {
                    open = true;
                    self.expression();
                    continue;
                }
                _ => {}
            }
            let name = match self.peek() {
                '"' | '\'' => self.quoted(),
                _ => self.word(),
            };
            let maybe = self.peek() == '?';
            self.skip(&['?', ' ']);
            let printed = match self.peek() {
                ':' | '=' => {
                    self.next();
                    self.alternatives()
                }
                _ => Printed::Any,
            };
            assert!(!name.is_empty(), "cannot be read: {}", self.rest);
            fields.push((name, maybe, printed));
        }
        self.next();
        Printed::Object { fields, open }
    }

    fn alternatives(&mut self) -> Printed {
        let mut all = vec![self.value()];
        loop {
            self.skip(&[' ']);
            if self.peek() != '|' {
                break;
            }
            self.next();
            all.push(self.value());
        }
        if all.len() == 1 { all.remove(0) } else { Printed::Either(all) }
    }

    fn value(&mut self) -> Printed {
        self.skip(&[' ', '\n']);
        match self.peek() {
            '{' => self.object(),
            '"' | '\'' => Printed::Exactly(self.quoted().into()),
            '[' => {
                self.next();
                let mut items = Vec::new();
                loop {
                    self.skip(&[' ', '\n', ',']);
                    if matches!(self.peek(), ']' | '\0') {
                        break;
                    }
                    items.push(self.value());
                }
                self.next();
                Printed::List(items)
            }
            _ => {
                let expression = self.expression();
                match expression.as_str() {
                    "string" => Printed::Text,
                    "number" => Printed::Number,
                    // Python's.
                    call if call.starts_with("UUID(") => {
                        Printed::Exactly(call.trim_start_matches("UUID(\"").trim_end_matches("\")").into())
                    }
                    other => serde_json::from_str(other).map_or(Printed::Any, Printed::Exactly),
                }
            }
        }
    }

    /// Up to what ends it, brackets within it closed.
    fn expression(&mut self) -> String {
        let (mut depth, mut text) = (0, String::new());
        loop {
            match self.peek() {
                '\0' | '\n' => break,
                ',' | ';' | '|' if depth == 0 => break,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            text.push(self.next());
        }
        text.trim().to_owned()
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn quoted(&mut self) -> String {
        let quote = self.next();
        let (text, rest) = self.rest.split_once(quote).unwrap_or((self.rest, ""));
        self.rest = rest;
        text.to_owned()
    }
}

#[test]
fn every_form_is_read() {
    use serde_json::json;
    let form = |lines: &[&str]| Printed::parse(lines).unwrap();
    let emit = form(&["socket.emit('a', {", "  id: 'uuid', // whose", "  config: { width: 12.5, on: true }", "});"]);
    assert_eq!(emit.differs(&json!({"id": "uuid", "config": {"width": 12.5, "on": true}}), "a"), None);
    assert_eq!(emit.differs(&json!({"id": "uuid", "config": {"width": 12.5}}), "a").unwrap(), "a.config.on is printed");
    assert_eq!(emit.differs(&json!({"id": "uuid", "config": {}, "x": 1}), "a").unwrap(), "a.x is not printed");
    let code = form(&["this.send({ type: 'ping', room, token: this.token, at: new Date().toISOString() });"]);
    assert_eq!(code.differs(&json!({"type": "ping", "room": 1, "token": null, "at": "now"}), ""), None);
    assert!(code.differs(&json!({"type": "pong", "room": 1, "token": null, "at": "now"}), "").is_some());
    let kind =
        form(&["interface A {", "level: 'a' | 'b';", "n?: number;", "a: {", "[key: string]: any; // more", "};", "}"]);
    assert_eq!(kind.differs(&json!({"level": "b", "a": {"x": 1}}), ""), None);
    for other in [json!({"level": "c", "a": {}}), json!({"level": "a", "n": "1", "a": {}}), json!({"level": "a"})] {
        assert!(kind.differs(&other, "").is_some(), "{other}");
    }
    let python = form(&["await f(", "  id=UUID(\"u\"),", "  changes={\"status\": \"updated\"}", ")"]);
    assert_eq!(python.differs(&json!({"id": "u", "changes": {"status": "updated"}}), ""), None);
    assert!(python.differs(&json!({"id": "v", "changes": {"status": "updated"}}), "").is_some());
    let comment = form(&["// data: {", "//   id?: 'x',", "//   all: [/* many */]", "// }"]);
    assert_eq!(comment.differs(&json!({"all": [1, 2]}), ""), None);
    assert_eq!(Printed::parse(&["socket.emit('a');"]), None);
}
