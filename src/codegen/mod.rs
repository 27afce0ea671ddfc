//! Recordings as code, one file per language. Pure. What `playwright codegen` would write for the same actions is what is written;
//! what it has no actions for (drags, the wheel, answers to dialogs, secrets) is written as a person would.

mod javascript;
mod jsonl;
mod signals;

use crate::model::action::Recording;
use std::fmt;
use std::str::FromStr;

/// What code is generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// `@playwright/test`
    TypeScript,
    /// The library, in Node.js.
    JavaScript,
    /// Playwright's own recorder: a line of JSON for each action.
    Jsonl,
}

impl Target {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::TypeScript, Self::JavaScript, Self::Jsonl];

    /// As flags and servers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "typescript",
            Self::JavaScript => "javascript",
            Self::Jsonl => "jsonl",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A target nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no code can be generated for “{0}”; known are {list}", list = Target::ALL.map(Target::name).join(", "))]
pub struct UnknownTarget(String);

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Self, UnknownTarget> {
        // What Playwright and older servers call it.
        let name = match name.to_ascii_lowercase().as_str() {
            "playwright-test" | "ts" => "typescript".to_owned(),
            "js" => "javascript".to_owned(),
            other => other.to_owned(),
        };
        Self::ALL.into_iter().find(|target| target.name() == name).ok_or(UnknownTarget(name))
    }
}

/// The whole text, with a newline at its end.
pub fn generate(target: Target, recording: &Recording) -> String {
    match target {
        Target::TypeScript => javascript::test(recording),
        Target::JavaScript => javascript::library(recording),
        Target::Jsonl => jsonl::lines(recording),
    }
}

#[cfg(test)]
mod tests;
