//! JSON, read into types. Where it does not fit, the refusal names the field and what was there, and repeats nothing that could be
//! long: serde's own words quote whatever was sent.

use super::Malformed;
use super::values::Id;
use crate::model::ExecutionId;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Value, map};
use std::fmt;
use std::iter::Enumerate;
use std::slice::Iter;

/// A word that was sent is repeated up to here, characters.
const QUOTED_MAX: usize = 40;
/// Where it stood is told in so many words of the way there; what is left out is in its middle.
const STEPS_MAX: usize = 6;

/// Reads a value.
///
/// # Errors
/// When it does not fit.
pub fn read<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, Refusal> {
    T::deserialize(Reader(value))
}

/// The refusal of the message `name`. `id` is what names its session, where it has that field.
pub fn refused(name: &str, refusal: &Refusal, id: Option<&Value>) -> Malformed {
    let session = id.and_then(|id| read::<Id>(id).ok()).map(ExecutionId::from);
    Malformed { message: format!("{}: {refusal}", quoted(name)), session }
}

/// What does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The way from the root, the last step first.
    path: Vec<Step>,
    words: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

impl Refusal {
    /// Of that which `path` names.
    pub fn new(words: impl Into<String>) -> Self {
        Self { path: Vec::new(), words: words.into() }
    }

    /// Something that is not what it must be.
    pub fn expected(what: &str, got: Option<&Value>) -> Self {
        Self::new(format!("must be {what}, got {}", kind(got)))
    }

    /// As seen from whoever has the field.
    #[must_use]
    pub fn within(mut self, field: &str) -> Self {
        self.path.push(Step::Field(field.to_owned()));
        self
    }

    /// As seen from whoever has the list.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.path.push(Step::Item(index));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        for (n, step) in self.path.iter().rev().enumerate() {
            match step {
                // The keys of a map are the sender's.
                _ if n >= STEPS_MAX / 2 && self.path.len() - n > STEPS_MAX / 2 => {
                    if n == STEPS_MAX / 2 {
                        path.push('…');
                    }
                }
                Step::Field(name) if path.is_empty() => path.push_str(&quoted(name)),
                Step::Field(name) => path.extend([".", &quoted(name)]),
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        match path.is_empty() {
            true => write!(f, "the payload {}", self.words),
            false => write!(f, "`{path}` {}", self.words),
        }
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(words.to_string())
    }

    fn invalid_type(got: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let wanted = wanted(expected);
        let got = match got {
            Unexpected::Signed(n) if wanted.contains("number") => n.to_string(),
            Unexpected::Unsigned(n) if wanted.contains("number") => n.to_string(),
            Unexpected::Float(n) if wanted.contains("number") && n.abs() < 1e9 => n.to_string(),
            Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_) => "a number".to_owned(),
            Unexpected::Str(_) | Unexpected::Char(_) => "a string".to_owned(),
            Unexpected::Bool(_) => "a boolean".to_owned(),
            Unexpected::Unit | Unexpected::Option => "null".to_owned(),
            Unexpected::Seq => "an array".to_owned(),
            Unexpected::Map => "an object".to_owned(),
            _ => "something else".to_owned(),
        };
        Self::new(format!("must be {wanted}, got {got}"))
    }

    fn invalid_value(got: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(got, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("must be one of `{}`, got `{}`", expected.join("`, `"), quoted(variant)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing").within(field)
    }
}

/// Serde's word for what a type wants, in words for people.
fn wanted(expected: &dyn Expected) -> String {
    let word = expected.to_string();
    match word.as_str() {
        "a map" => "an object",
        "a sequence" => "an array",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" | "a JSON number" => "a number",
        word if word.starts_with("struct ") || word.contains("enum ") => "an object",
        word => word,
    }
    .to_owned()
}

/// What was sent, in as much as can be repeated.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// What something is.
pub fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    }
}

struct Reader<'a>(&'a Value);

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (_, Some(value)) => visitor.visit_i64(value),
                _ => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Value::Object(map) => visitor.visit_map(Entries { entries: map.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    /// An array is none, though serde would take the fields in their order.
    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            other => Err(Refusal::expected("an object", Some(other))),
        }
    }

    /// All of ours are words.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(BorrowedStrDeserializer::new(word)),
            other => Err(Refusal::expected("a string", Some(other))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier
    }
}

struct Items<'a>(Enumerate<Iter<'a, Value>>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some((index, item)) = self.0.next() else { return Ok(None) };
        seed.deserialize(Reader(item)).map(Some).map_err(|refusal| refusal.at(index))
    }
}

struct Entries<'a> {
    entries: map::Iter<'a>,
    value: Option<(&'a str, &'a Value)>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key, value));
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let Some((key, value)) = self.value.take() else { return Err(Refusal::new("has a key too many")) };
        seed.deserialize(Reader(value)).map_err(|refusal| refusal.within(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "what is read does not matter here")]
    struct Sample {
        word: Word,
        size: u32,
        #[serde(default)]
        parts: Vec<Part>,
        maybe: Option<f64>,
        #[serde(flatten)]
        rest: Map<String, Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        One,
        Another,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "what is read does not matter here")]
    struct Part {
        on: bool,
    }

    #[test]
    fn refusals_name_the_field_and_what_was_there() {
        for (value, words) in [
            (json!(null), "the payload must be an object, got null"),
            (json!([1]), "the payload must be an object, got an array"),
            (json!({}), "`word` is missing"),
            (json!({"word": 1}), "`word` must be a string, got a number"),
            (json!({"word": {"one": 1}}), "`word` must be a string, got an object"),
            (json!({"word": "two"}), "`word` must be one of `one`, `another`, got `two`"),
            (json!({"word": "one", "size": -1}), "`size` must be a whole number of 0 or more, got -1"),
            (json!({"word": "one", "size": 1.5}), "`size` must be a whole number of 0 or more, got 1.5"),
            (json!({"word": "one", "size": 1e300}), "`size` must be a whole number of 0 or more, got a number"),
            (
                json!({"word": "one", "size": u64::MAX}),
                "`size` must be a whole number of 0 or more, got 18446744073709551615",
            ),
            (json!({"word": "one", "size": "1"}), "`size` must be a whole number of 0 or more, got a string"),
            (json!({"word": "one", "size": 1, "parts": {}}), "`parts` must be an array, got an object"),
            (
                json!({"word": "one", "size": 1, "parts": [{"on": true}, {"on": 0}]}),
                "`parts[1].on` must be a boolean, got a number",
            ),
            (json!({"word": "one", "size": 1, "parts": [[]]}), "`parts[0]` must be an object, got an array"),
            (json!({"word": "one", "size": 1, "parts": [{}]}), "`parts[0].on` is missing"),
            (json!({"word": "one", "size": 1, "maybe": "x"}), "`maybe` must be a number, got a string"),
        ] {
            assert_eq!(read::<Sample>(&value).unwrap_err().to_string(), words, "{value}");
        }
        assert!(read::<Sample>(&json!({"word": "one", "size": 1, "maybe": null, "more": [{}]})).is_ok());
    }

    #[test]
    fn what_was_sent_is_repeated_only_in_part() {
        let refusal = read::<Word>(&json!("ü".repeat(1 << 20))).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!("the payload must be one of `one`, `another`, got `{}…`", "ü".repeat(40))
        );
        let mut deep = Refusal::new("is odd").within(&"ä".repeat(41)).at(7);
        for name in ["f", "e", "d", "c", "b", "a"] {
            deep = deep.within(name);
        }
        assert_eq!(deep.to_string(), format!("`a.b.c….f[7].{}…` is odd", "ä".repeat(40)));
        let refused = refused(&"x".repeat(41), &Refusal::new("is odd"), None);
        assert_eq!(refused.message, format!("{}…: the payload is odd", "x".repeat(40)));
    }
}
