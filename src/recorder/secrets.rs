//! What was typed into secret fields stays here: actions carry the name of an environment variable instead.

use crate::model::action::Action;
use std::collections::HashMap;

/// Which variable stands for which field.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Variable by selector.
    named: HashMap<String, String>,
    /// How many fields of each kind there are.
    counts: HashMap<String, usize>,
}

impl Secrets {
    /// Takes the text out of a `fill` whose page said that it is secret. The second password field is `PASSWORD_2`.
    pub(super) fn keep(&mut self, action: Action) -> Action {
        match action {
            Action::Fill { selector, secret: Some(kind), .. } => {
                let counts = &mut self.counts;
                let variable = self.named.entry(selector.clone()).or_insert_with(|| {
                    let count = counts.entry(kind.clone()).or_default();
                    *count += 1;
                    if *count == 1 { kind } else { format!("{kind}_{count}") }
                });
                Action::Fill { selector, text: String::new(), secret: Some(variable.clone()) }
            }
            other => other,
        }
    }
}

/// Actions as they are when secrets may be written down.
pub(super) fn reveal(action: Action) -> Action {
    match action {
        Action::Fill { selector, text, .. } => Action::Fill { selector, text, secret: None },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_get_variables_and_keep_them() {
        let mut secrets = Secrets::default();
        let mut kept = |selector: &str, kind: &str| {
            let fill = Action::Fill { selector: selector.into(), text: "s3cret".into(), secret: Some(kind.into()) };
            match secrets.keep(fill) {
                Action::Fill { text, secret: Some(variable), .. } if text.is_empty() => variable,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(kept("a", "PASSWORD"), "PASSWORD");
        assert_eq!(kept("b", "PASSWORD"), "PASSWORD_2");
        assert_eq!(kept("a", "PASSWORD"), "PASSWORD");
        assert_eq!(kept("c", "CC_NUMBER"), "CC_NUMBER");
    }
}
