//! All cases, a little or very wrong, many thousand times. The same check runs on and on in `fuzz/`.

use super::SEEDS;
use super::check::{PROTOCOLS, holds};
use serde_json::{Map, Value, json};

/// How often each case is spoilt.
const ROUNDS: u64 = 90;

/// SplitMix64: the same numbers at every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn value(&mut self) -> Value {
        match self.below(16) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(1.5),
            4 => json!(u64::MAX),
            5 => json!(-1e300),
            6 => json!(101),
            7 => json!(""),
            8 => json!("\u{0}\u{fffd}\u{1f3ad}"),
            9 => json!("x".repeat(513)),
            10 => json!("ü".repeat(2_000)),
            11 => json!([]),
            12 => json!({}),
            13 => (0..100).fold(Value::Null, |inner, _| Value::Array(vec![inner])),
            14 => (0..100).fold(Value::Null, |inner, _| Map::from_iter([("data".to_owned(), inner)]).into()),
            _ => json!("user:u"),
        }
    }

    /// Something within a value, more often far in than not.
    fn within<'a>(&mut self, value: &'a mut Value) -> &'a mut Value {
        let size = match value {
            Value::Object(map) => map.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if size == 0 || self.below(4) == 0 {
            return value;
        }
        let at = self.below(size);
        match value {
            Value::Object(map) => match map.values_mut().nth(at) {
                Some(inner) => self.within(inner),
                None => unreachable!("{at} of {size}"),
            },
            Value::Array(items) => self.within(&mut items[at]),
            _ => unreachable!("it has {size} values"),
        }
    }

    fn spoil(&mut self, value: &mut Value) {
        let place = self.within(value);
        let key = |dice: &mut Self, map: &Map<String, Value>| map.keys().nth(dice.below(map.len())).cloned();
        match place {
            Value::Object(map) if self.below(3) > 0 => match (self.below(3), key(self, map)) {
                (0, Some(key)) => drop(map.remove(&key)),
                (1, Some(key)) => {
                    let moved = map.remove(&key).unwrap_or_default();
                    map.insert(key.to_uppercase(), moved);
                }
                _ => drop(map.insert("more".to_owned(), self.value())),
            },
            Value::Array(items) if self.below(3) > 0 => items.push(self.value()),
            Value::String(text) if self.below(3) == 0 => {
                text.truncate(text.char_indices().nth(1).map_or(0, |(at, _)| at))
            }
            place => *place = self.value(),
        }
    }

    /// What a raw WebSocket makes of a text that was cut or changed: a value, or the text itself.
    fn garble(&mut self, value: &Value) -> Value {
        let mut bytes = value.to_string().into_bytes();
        for _ in 0..1 + self.below(3) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.next() as u8),
                _ if at < bytes.len() => bytes[at] = self.next() as u8,
                _ => {}
            }
        }
        serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into())
    }
}

#[test]
fn whatever_comes_is_read_or_refused() {
    let mut dice = Dice(5);
    let mut count = 0;
    for seed in &SEEDS {
        for case in seed.cases().iter().chain(&seed.added()) {
            let name = case.called();
            for round in 0..ROUNDS {
                let mut value = case.value().clone();
                match round % 6 {
                    0 => value = dice.garble(&value),
                    more => (0..=more / 2).for_each(|_| dice.spoil(&mut value)),
                }
                // Deeper than JSON is read, it would not have come as a value.
                if let Ok(value) = serde_json::from_str(&value.to_string()) {
                    holds(seed.protocol, name, Some(&value));
                    count += 1;
                }
            }
            for protocol in PROTOCOLS {
                holds(protocol, name, Some(case.value()));
                holds(protocol, name, None);
            }
        }
    }
    assert!(count > 20_000, "{count}");
}

#[test]
fn fields_that_nobody_knows_change_nothing() {
    for seed in SEEDS.iter().skip(1) {
        for case in seed.cases().iter().chain(&seed.added()) {
            let mut more = case.value().clone();
            let Some(map) = more.as_object_mut() else { continue };
            map.insert("unheardOf".to_owned(), json!({"deep": [1]}));
            let read = |value| super::check::fate(seed.protocol, case.called(), Some(value));
            assert_eq!(read(&more), read(case.value()), "{case:?}");
        }
    }
}
