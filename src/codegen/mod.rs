//! Recordings as code, one file per language. Pure. What `playwright codegen` would write for the same actions is what is written;
//! what it has no actions for (drags, the wheel, answers to dialogs, secrets) is written as a person would.

mod calls;
mod chrome;
mod csharp;
mod java;
mod javascript;
mod jsonl;
mod python;
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
    /// The library for Python.
    Python,
    /// The library for Python with `asyncio`.
    PythonAsync,
    /// `pytest-playwright`.
    PythonPytest,
    /// The library for Java.
    Java,
    /// JUnit with the library for Java.
    JavaJunit,
    /// The library for .NET.
    CSharp,
    /// NUnit with the library for .NET.
    CSharpNunit,
    /// MSTest with the library for .NET.
    CSharpMstest,
    /// Playwright's own recorder: a line of JSON for each action.
    Jsonl,
    /// The Recorder of Chrome's DevTools, and `@puppeteer/replay`.
    ChromeRecorder,
}

impl Target {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::TypeScript,
        Self::JavaScript,
        Self::Python,
        Self::PythonAsync,
        Self::PythonPytest,
        Self::Java,
        Self::JavaJunit,
        Self::CSharp,
        Self::CSharpNunit,
        Self::CSharpMstest,
        Self::Jsonl,
        Self::ChromeRecorder,
    ];

    /// As flags and servers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "typescript",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::PythonAsync => "python-async",
            Self::PythonPytest => "python-pytest",
            Self::Java => "java",
            Self::JavaJunit => "java-junit",
            Self::CSharp => "csharp",
            Self::CSharpNunit => "csharp-nunit",
            Self::CSharpMstest => "csharp-mstest",
            Self::Jsonl => "jsonl",
            Self::ChromeRecorder => "chrome-recorder",
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
        Target::Python => python::module(recording, python::Flavour::Sync),
        Target::PythonAsync => python::module(recording, python::Flavour::Async),
        Target::PythonPytest => python::module(recording, python::Flavour::Pytest),
        Target::Java => java::library(recording),
        Target::JavaJunit => java::junit(recording),
        Target::CSharp => csharp::program(recording, csharp::Flavour::Library),
        Target::CSharpNunit => csharp::program(recording, csharp::Flavour::NUnit),
        Target::CSharpMstest => csharp::program(recording, csharp::Flavour::MsTest),
        Target::Jsonl => jsonl::lines(recording),
        Target::ChromeRecorder => chrome::recording(recording),
    }
}

/// The recording itself, as `docs/actions.md` has it.
pub fn actions(recording: &Recording) -> String {
    jsonl::file(recording)
}

/// A test to be run rather than read: TypeScript, and the line at which each action begins in it, from 1.
pub fn played(title: &str, recording: &Recording) -> (String, Vec<u32>) {
    javascript::played(title, recording)
}

/// Whether a new page that shows this needs no `goto`.
fn is_blank(url: &str) -> bool {
    matches!(url, "" | "about:blank" | "chrome://newtab/")
}

/// Every line but empty ones.
fn indented(text: &str, by: &str) -> String {
    text.split_inclusive('\n').map(|line| if line == "\n" { line.to_owned() } else { format!("{by}{line}") }).collect()
}

#[cfg(test)]
mod tests;
