//! What was typed into secret fields stays here: actions carry the name of an environment variable instead, and addresses that
//! bring it along, as a form sent by GET does, have it masked.

use super::payload::{Deed, Payload};
use crate::model::action::Action;
use std::collections::{HashMap, HashSet};
use url::form_urlencoded;

/// In place of a secret.
const MASK: &str = "***";

/// A text that is as long is taken for the secret wherever it is in an address; a shorter one only below its field's name.
const DISTINCT: usize = 4;

/// Which variable stands for which field, and what was typed there.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variable by selector.
    named: HashMap<String, String>,
    /// How many fields of each kind there are.
    counts: HashMap<String, usize>,
    /// What was typed; of what grew letter by letter the last.
    texts: Vec<String>,
    /// What forms call the fields.
    fields: HashSet<String>,
}

impl Secrets {
    /// Takes the text out of an action whose page said that it is secret. The second password field is `PASSWORD_2`.
    pub(super) fn keep(&mut self, mut action: Action) -> Action {
        match &mut action {
            Action::Fill { selector, text, secret: Some(secret) } => {
                text.clear();
                *secret = self.variable(selector, secret);
            }
            Action::Select { selector, options, secret: Some(secret) } => {
                options.clear();
                *secret = self.variable(selector, secret);
            }
            Action::AssertValue { selector, value, secret } if secret.is_some() => {
                // That nothing was typed is none.
                let kind = secret.take().filter(|_| !value.is_empty());
                value.clear();
                *secret = kind.map(|kind| self.variable(selector, &kind));
            }
            _ => {}
        }
        action
    }

    fn variable(&mut self, selector: &str, kind: &str) -> String {
        let counts = &mut self.counts;
        let variable = self.named.entry(selector.to_owned()).or_insert_with(|| {
            let count = counts.entry(kind.to_owned()).or_default();
            *count += 1;
            if *count == 1 { kind.to_owned() } else { format!("{kind}_{count}") }
        });
        variable.clone()
    }

    /// Takes what it can learn from what a page says.
    pub(super) fn hear(&mut self, payload: &str) {
        if payload.contains(r#""secret":"#)
            && let Ok(Payload { deed: Deed::Recorded(action), field, .. }) = serde_json::from_str(payload)
        {
            self.learn(&action, field.as_deref());
        }
    }

    /// Remembers what was typed into a field, to know it again.
    fn learn(&mut self, action: &Action, field: Option<&str>) {
        let typed: Vec<&String> = match action {
            Action::Fill { text, secret: Some(_), .. } => vec![text],
            Action::Select { options, secret: Some(_), .. } => options.iter().collect(),
            _ => return,
        };
        self.fields.extend(field.filter(|field| !field.is_empty()).map(str::to_owned));
        for text in typed.into_iter().filter(|text| !text.is_empty()) {
            match self
                .texts
                .iter_mut()
                .find(|known| known.starts_with(text.as_str()) || text.starts_with(known.as_str()))
            {
                Some(known) => known.clone_from(text),
                None => self.texts.push(text.clone()),
            }
        }
    }

    /// An address without secrets.
    pub(super) fn mask(&self, url: &str) -> String {
        if self.texts.is_empty() {
            return url.to_owned();
        }
        let mut masked = String::with_capacity(url.len());
        let mut name = String::new();
        for piece in url.split_inclusive(['/', '?', '#', '&', '=', ';']) {
            let text = piece.trim_end_matches(['/', '?', '#', '&', '=', ';']);
            let meant = form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned());
            let meant = meant.unwrap_or_default();
            let known = self.texts.contains(&meant);
            if known && (meant.chars().count() >= DISTINCT || self.fields.contains(&name)) {
                masked.push_str(MASK);
                masked.push_str(&piece[text.len()..]);
            } else {
                masked.push_str(piece);
            }
            name = if piece.ends_with('=') { meant } else { String::new() };
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(selector: &str, text: &str, kind: &str) -> Action {
        Action::Fill { selector: selector.into(), text: text.into(), secret: Some(kind.into()) }
    }

    #[test]
    fn fields_get_variables_and_keep_them() {
        let mut secrets = Secrets::default();
        let mut kept = |selector: &str, kind: &str| match secrets.keep(fill(selector, "s3cret", kind)) {
            Action::Fill { text, secret: Some(variable), .. } if text.is_empty() => variable,
            other => panic!("{other:?}"),
        };
        assert_eq!(kept("a", "PASSWORD"), "PASSWORD");
        assert_eq!(kept("b", "PASSWORD"), "PASSWORD_2");
        assert_eq!(kept("a", "PASSWORD"), "PASSWORD");
        assert_eq!(kept("c", "CC_NUMBER"), "CC_NUMBER");
        let value = |value: &str, secret: Option<&str>| Action::AssertValue {
            selector: "a".into(),
            value: value.into(),
            secret: secret.map(str::to_owned),
        };
        assert_eq!(secrets.keep(value("s3cret", Some("PASSWORD"))), value("", Some("PASSWORD")));
        assert_eq!(secrets.keep(value("", Some("PASSWORD"))), value("", None));
        assert_eq!(secrets.keep(value("x", None)), value("x", None));
    }

    #[test]
    fn addresses_are_masked() {
        let mut secrets = Secrets::default();
        for text in ["p", "p@", "p@ss wörd"] {
            secrets.learn(&fill("a", text, "PASSWORD"), Some("pw"));
        }
        secrets.learn(&fill("b", "12", "ONE_TIME_CODE"), Some("otp"));
        let public = Action::Fill { selector: "c".into(), text: "Ada Lovelace".into(), secret: None };
        secrets.learn(&public, Some("name"));
        for (url, masked) in [
            ("http://a/?pw=p%40ss+w%C3%B6rd&x=1", "http://a/?pw=***&x=1"),
            ("http://a/p%40ss%20w%C3%B6rd/b#t=p@ss%20w%C3%B6rd", "http://a/***/b#t=***"),
            ("http://a/?otp=12&page=12", "http://a/?otp=***&page=12"),
            ("http://a/?name=Ada+Lovelace", "http://a/?name=Ada+Lovelace"),
            ("about:blank", "about:blank"),
        ] {
            assert_eq!(secrets.mask(url), masked);
        }
    }
}
