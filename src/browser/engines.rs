//! Selector engines that a test brings along.

use super::sync::lock;
use std::sync::{Arc, Mutex};

/// One: `name=…` in a selector.
#[derive(Debug, Clone)]
pub struct CustomEngine {
    /// Before the `=`.
    pub name: String,
    /// An expression that makes an object with `queryAll(root, selector)`.
    pub source: String,
    /// Whether it is apart from what the page's own scripts do.
    pub isolated: bool,
}

/// Those of a test, in all contexts it has.
#[derive(Debug, Clone, Default)]
pub struct CustomEngines(Arc<Mutex<Vec<CustomEngine>>>);

impl CustomEngines {
    /// One more, or another one of this name.
    pub fn register(&self, engine: CustomEngine) {
        let mut engines = lock(&self.0);
        engines.retain(|other| other.name != engine.name);
        engines.push(engine);
    }

    /// Those that a selector may use.
    pub(super) fn named_in(&self, selector: &str) -> Vec<CustomEngine> {
        lock(&self.0).iter().filter(|engine| is_named_in(&engine.name, selector)).cloned().collect()
    }
}

/// Whether it stands before a `=`, whole.
fn is_named_in(name: &str, selector: &str) -> bool {
    let ends_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':');
    selector.match_indices(&format!("{name}=")).any(|(at, _)| !selector[..at].ends_with(ends_a_name))
}

#[cfg(test)]
mod tests {
    use super::is_named_in;

    #[test]
    fn an_engine_is_named_by_its_whole_name() {
        for selector in ["tag=p", "div >> tag=p", "*tag=p", "internal:has=\"tag=p\""] {
            assert!(is_named_in("tag", selector), "{selector}");
        }
        for selector in ["p", "untag=p", "x-tag=p", "tags=p", "my:tag=p"] {
            assert!(!is_named_in("tag", selector), "{selector}");
        }
    }
}
