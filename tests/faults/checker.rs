//! The invariant: what a server heard is what was said, in order, once, up to exactly one end for each start that was accepted.

use std::collections::{BTreeMap, BTreeSet};

/// What somebody who sees everything knows of one execution. Whatever it says is numbered, from 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// The agent took it on (its end must come), refused it (none may), or it is not known.
    pub(crate) accepted: Option<bool>,
    /// How often it ran.
    pub(crate) runs: u32,
    /// It said so much.
    pub(crate) said: u64,
    /// So much of that the agent had taken before any harm came to it.
    pub(crate) certain: u64,
    /// Exit codes that are true.
    pub(crate) verdicts: BTreeSet<i64>,
    /// It ended by itself, and the agent had taken it before any harm came to it.
    pub(crate) ended: Option<i64>,
    /// What a server that acknowledges nothing may have missed: written, and lost on the way.
    pub(crate) lost: BTreeSet<u64>,
    /// Steps of that kind.
    pub(crate) lost_steps: BTreeSet<u64>,
}

/// One word of the agent about an execution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// What a server knows it by that comes twice.
    pub(crate) id: Option<String>,
    /// Over which connection, counted from 0.
    pub(crate) connection: usize,
    pub(crate) what: What,
}

/// What it says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// What the execution said.
    Said(u64),
    /// A step of it began; they are counted from 1.
    Step(u64),
    /// That step ended.
    Stepped(u64),
    /// It recorded this action, counted from 0; the last one may be told again, as it is then.
    Action(u64),
    /// The agent's own words.
    Remark(String),
    End(i64),
}

/// Everything that a server heard, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) heard: Vec<(String, Word)>,
    /// How often a secret was said.
    pub(crate) leaks: u32,
}

impl Story {
    pub(crate) fn account(&mut self, execution: &str) -> &mut Account {
        self.accounts.entry(execution.to_owned()).or_default()
    }

    /// What is wrong; nothing, if the invariant holds.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.leaks > 0 {
            faults.push(format!("a secret was said {} times", self.leaks));
        }
        for (execution, _) in &self.heard {
            if !self.accounts.contains_key(execution) {
                faults.push(format!("{execution}: was never started"));
            }
        }
        for (execution, account) in &self.accounts {
            let words = self.heard.iter().filter(|(of, _)| of == execution).map(|(_, word)| word);
            let found = account.faults(&once(words));
            faults.extend(found.into_iter().map(|fault| format!("{execution}: {fault}")));
        }
        faults
    }
}

/// What comes again is the same word: under the same id; or, where there are none, over another connection, when the receipt of a verdict
/// was lost: then with the steps that were told in one breath with it.
fn once<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<&'a Word> {
    let (mut known, mut kept) = (BTreeSet::new(), Vec::<&Word>::new());
    for word in words.filter(|word| word.id.as_ref().is_none_or(|id| known.insert(id))) {
        let last = kept.last().filter(|last| matches!(last.what, What::End(_)) && last.connection < word.connection);
        match (last, &word.what) {
            (Some(_), What::Step(_)) if word.id.is_none() => {
                let again = kept.iter().any(|before| before.what == word.what);
                if !again {
                    kept.push(word);
                }
            }
            _ => kept.push(word),
        }
    }
    kept
}

impl Account {
    fn faults(&self, words: &[&Word]) -> Vec<String> {
        let mut faults = Vec::new();
        if self.runs > 1 {
            faults.push(format!("ran {} times", self.runs));
        }
        let numbers: Vec<u64> = words
            .iter()
            .filter_map(|word| match word.what {
                What::Said(number) | What::Action(number) => Some(number),
                _ => None,
            })
            .collect();
        let may_change = words.iter().any(|word| matches!(word.what, What::Action(_)));
        for pair in numbers.windows(2) {
            if pair[1] == pair[0] && may_change {
                continue;
            }
            if pair[1] == pair[0] {
                faults.push(format!("{} was told twice", pair[0]));
            } else if pair[1] < pair[0] {
                faults.push(format!("{} was told after {}", pair[1], pair[0]));
            }
        }
        let steps = words.iter().filter_map(|word| match word.what {
            What::Step(number) => Some(number),
            _ => None,
        });
        let mut expected = 1;
        for step in steps {
            while expected != step && self.lost_steps.contains(&expected) {
                expected += 1;
            }
            if expected != step {
                faults.push(format!("step {step} was told in place of {expected}"));
                break;
            }
            expected += 1;
        }
        let ends = self.ends(words, &mut faults);
        let all = if ends.first() == self.ended.as_ref() && self.ended.is_some() { self.said } else { self.certain };
        let heard: BTreeSet<u64> = numbers.iter().copied().collect();
        let last = numbers.last().map_or(0, |last| last + 1);
        if last > self.said {
            faults.push(format!("{} was told, and never said", last - 1));
        }
        // Without gap as far as anything came, and at least as far as is certain.
        for number in 0..all.max(last) {
            if !heard.contains(&number)
                && !self.lost.contains(&number)
                && (self.accepted == Some(true) || number < last)
            {
                faults.push(format!("{number} was said, and not told"));
            }
        }
        faults
    }

    fn ends(&self, words: &[&Word], faults: &mut Vec<String>) -> Vec<i64> {
        let mut ends: Vec<(&Word, i64)> = Vec::new();
        for word in words {
            match (&word.what, ends.last()) {
                // A verdict without an id is told again when its receipt was lost with the connection.
                (What::End(code), Some((last, before)))
                    if (word.id.is_none() || last.id.is_none())
                        && code == before
                        && word.connection > last.connection =>
                {
                    ends.pop();
                    ends.push((word, *code));
                }
                (What::End(code), _) => ends.push((word, *code)),
                (what, Some(_)) => faults.push(format!("{what:?} after its end")),
                (_, None) => {}
            }
        }
        let codes: Vec<i64> = ends.into_iter().map(|(_, code)| code).collect();
        match (self.accepted, codes.as_slice()) {
            (Some(true), []) => faults.push("has no end".to_owned()),
            (Some(false), [_, ..]) => faults.push("was refused, and has an end".to_owned()),
            (_, [_, _, ..]) => faults.push(format!("has {} ends: {codes:?}", codes.len())),
            (_, [code]) if self.ended.is_some_and(|ended| ended != *code) => {
                faults.push(format!("ended with {:?}, and {code} was told", self.ended));
            }
            (_, [code]) if !self.verdicts.contains(code) => {
                faults.push(format!("was told to have ended with {code}, which is none of {:?}", self.verdicts));
            }
            _ => {}
        }
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An execution that said 0, 1, 2 and passed, and what was told of it.
    fn told(words: &[(Option<&str>, usize, What)]) -> Vec<String> {
        let account = Account {
            accepted: Some(true),
            runs: 1,
            said: 3,
            certain: 3,
            verdicts: [0].into(),
            ended: Some(0),
            ..Account::default()
        };
        let words = words.iter().map(|(id, connection, what)| {
            let word = Word { id: id.map(str::to_owned), connection: *connection, what: what.clone() };
            ("e".to_owned(), word)
        });
        Story { accounts: [("e".to_owned(), account)].into(), heard: words.collect(), leaks: 0 }.faults()
    }

    #[test]
    fn what_is_right_is_right_and_what_is_wrong_is_wrong() {
        use What::{End, Remark, Said, Step};
        let (a, b, c, d) = (Some("a"), Some("b"), Some("c"), Some("d"));
        let right = [(a, 0, Said(0)), (b, 0, Said(1)), (c, 0, Said(2)), (d, 0, End(0))];
        assert_eq!(told(&right), [] as [&str; 0]);
        let again = [right[0].clone(), right[1].clone(), right[1].clone(), right[2].clone(), right[3].clone()];
        assert_eq!(told(&[&again[..], &right[3..]].concat()), [] as [&str; 0], "again under the same id");
        let receipt_lost = [(None, 0, Said(0)), (None, 0, Said(1)), (None, 0, Said(2)), (None, 0, End(0))];
        assert_eq!(told(&[&receipt_lost[..], &[(None, 1, End(0))]].concat()), [] as [&str; 0]);
        for (words, fault) in [
            ([&right[..1], &right[2..]].concat(), "e: 1 was said, and not told"),
            ([&right[..2], &right[3..]].concat(), "e: 2 was said, and not told"),
            (vec![right[1].clone(), right[0].clone(), right[2].clone(), right[3].clone()], "e: 0 was told after 1"),
            ([&right[..1], &[(None, 0, Said(0))], &right[1..]].concat(), "e: 0 was told twice"),
            ([&[(None, 0, Step(1)), (None, 0, Step(3))], &right[..]].concat(), "e: step 3 was told in place of 2"),
            (right[..3].to_vec(), "e: has no end"),
            ([&right[..], &[(None, 0, End(0))]].concat(), "e: has 2 ends: [0, 0]"),
            ([&right[..], &[(None, 1, End(2))]].concat(), "e: has 2 ends: [0, 2]"),
            ([&right[..], &[(None, 0, Remark("x".to_owned()))]].concat(), "e: Remark(\"x\") after its end"),
            ([&right[..3], &[(d, 0, End(1))]].concat(), "e: ended with Some(0), and 1 was told"),
            ([&right[..3], &[(None, 0, Said(3))], &right[3..]].concat(), "e: 3 was told, and never said"),
        ] {
            assert!(told(&words).contains(&fault.to_owned()), "{fault}: {:?}", told(&words));
        }
        use What::Action;
        let recorded = [(a, 0, Action(0)), (b, 0, Action(1)), (c, 1, Action(1)), (d, 1, Action(2)), (None, 1, End(0))];
        assert_eq!(told(&recorded), [] as [&str; 0], "an action that is not any more what it was");
        let back = [&recorded[..4], &[(None, 1, Action(0)), (None, 1, End(0))]].concat();
        assert_eq!(told(&back), ["e: 0 was told after 2"]);
        let stranger = Word { id: None, connection: 0, what: End(0) };
        let story = Story { accounts: BTreeMap::new(), heard: vec![("x".to_owned(), stranger)], leaks: 1 };
        assert_eq!(story.faults(), ["a secret was said 1 times", "x: was never started"]);
    }
}
