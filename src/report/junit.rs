//! The `junit` reporter: XML as CI servers read it, shaped as the official one's.

use super::Reporter;
use super::book::Verdict;
use super::message::error_text;
use super::output::Output;
use super::record::{About, Record, Test, timestamp};
use super::style::Terminal;
use crate::model::Level;
use crate::model::run::{Outcome, RunEvent, TestError};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes it when the run is over.
pub struct Junit {
    out: Output,
    about: About,
    record: Record,
}

impl Junit {
    /// `out` gets nothing but XML.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, about: About) -> Self {
        Self { out: Output::new(out), about, record: Record::default() }
    }

    fn report(&self) -> String {
        // A suite is a file in a project.
        let mut suites: Vec<(String, &str, Vec<&Test>)> = Vec::new();
        for test in &self.record.tests {
            let (file, project) = (self.about.file(&test.case.location.file), test.case.project.as_str());
            match suites.iter_mut().find(|(known, of, _)| *known == file && *of == project) {
                Some((.., tests)) => tests.push(test),
                None => suites.push((file, project, vec![test])),
            }
        }
        let (mut text, mut all) = (String::new(), Counts::default());
        for (file, project, tests) in &suites {
            let mut cases = String::new();
            let mut counts = Counts::default();
            for test in tests {
                self.case(test, file, &mut counts, &mut cases);
            }
            let Counts { tests, failures, errors, skipped, seconds } = counts;
            let _ = writeln!(
                text,
                "<testsuite name=\"{}\" timestamp=\"{}\" hostname=\"{}\" tests=\"{tests}\" failures=\"{failures}\" \
                 skipped=\"{skipped}\" time=\"{seconds}\" errors=\"{errors}\">\n{cases}</testsuite>",
                escaped(file),
                timestamp(self.record.started),
                escaped(project),
            );
            all = all.and(&counts);
        }
        let Counts { tests, failures, errors, skipped, .. } = all;
        let seconds = self.about.elapsed() / 1000.0;
        format!(
            "<testsuites id=\"\" name=\"\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\" errors=\"{errors}\" \
             time=\"{seconds}\">\n{text}</testsuites>\n"
        )
    }

    fn case(&self, test: &Test, file: &str, counts: &mut Counts, text: &mut String) {
        counts.tests += 1;
        let verdict = test.verdict();
        let ms: u64 = test.attempts().map(|(_, attempt)| attempt.duration_ms).sum();
        let seconds = std::time::Duration::from_millis(ms).as_secs_f64();
        counts.seconds += seconds;
        let skipped = matches!(verdict, Verdict::Skipped | Verdict::DidNotRun | Verdict::Interrupted);
        let time = if skipped { String::new() } else { format!(" time=\"{seconds}\"") };
        let title = escaped(&test.case.title());
        let _ = writeln!(text, "<testcase name=\"{title}\" classname=\"{}\"{time}>", escaped(file));
        self.properties(test, text);
        self.printed(test, text);
        match verdict {
            Verdict::Unexpected => self.failure(test, file, counts, text),
            _ if skipped => {
                counts.skipped += 1;
                text.push_str("<skipped>\n</skipped>\n");
            }
            _ => {}
        }
        text.push_str("</testcase>\n");
    }

    fn properties(&self, test: &Test, text: &mut String) {
        let last = test.attempts().last().map_or(&test.case.annotations, |(_, attempt)| &attempt.annotations);
        if last.is_empty() {
            return;
        }
        text.push_str("<properties>\n");
        for annotation in last {
            let value = escaped(annotation.description.as_deref().unwrap_or_default());
            let _ = writeln!(text, "<property name=\"{}\" value=\"{value}\">\n</property>", escaped(&annotation.kind));
        }
        text.push_str("</properties>\n");
    }

    fn printed(&self, test: &Test, text: &mut String) {
        let (mut out, mut err) = (String::new(), String::new());
        for one in &test.tries {
            for (level, line) in &one.printed {
                if *level == Level::Info { out.push_str(line) } else { err.push_str(line) }
            }
            for attachment in one.attempt.iter().flat_map(|attempt| &attempt.attachments) {
                if let Some(path) = &attachment.path {
                    let path = std::path::Path::new(path).strip_prefix(&self.about.cwd).unwrap_or(path.as_ref());
                    let _ = write!(out, "\n[[ATTACHMENT|{}]]\n", path.display());
                }
            }
        }
        for (name, printed) in [("system-out", out), ("system-err", err)] {
            if !printed.is_empty() {
                let _ = writeln!(text, "<{name}>\n{}\n</{name}>", cdata(&printed));
            }
        }
    }

    /// What was expected and was not is a failure, what was thrown is an error.
    fn failure(&self, test: &Test, file: &str, counts: &mut Counts, text: &mut String) {
        let first = test.attempts().find_map(|(_, attempt)| attempt.errors.first());
        let message = first.map_or("", |error| error.message.as_str());
        let line = message.lines().next().unwrap_or_default();
        let (name, rest) = line.split_once(": ").filter(|(name, _)| name.ends_with("Error")).unwrap_or(("", line));
        let matcher = matcher(rest);
        let is_failure = matcher.is_some() || name.is_empty() && !rest.contains("timeout of");
        let element = if is_failure { "failure" } else { "error" };
        if is_failure {
            counts.failures += 1
        } else {
            counts.errors += 1
        }
        let kind = matcher.map_or_else(
            || if is_failure { "FAILURE".to_owned() } else { name.to_owned() },
            |matcher| format!("expect.{matcher}"),
        );
        let place = &test.case.location;
        let project =
            if test.case.project.is_empty() { String::new() } else { format!("[{}] › ", test.case.project) };
        let title = format!("  {project}{file}:{}:{} › {}", place.line, place.column, test.case.title());
        let style = Terminal::default().style();
        let mut body = format!("{title}{}\n", style.rule_after(&title));
        for (one, attempt) in test.attempts().filter(|(_, attempt)| !attempt.errors.is_empty()) {
            if one.retry > 0 {
                let header = format!("    Retry #{}", one.retry);
                let _ = write!(body, "\n{header}{}\n", style.rule_after(&header));
            }
            for error in &attempt.errors {
                let _ = write!(body, "\n{}\n", indented(error, &test.case.location.file));
            }
        }
        let _ = writeln!(
            text,
            "<{element} message=\"{}\" type=\"{}\">\n{}\n</{element}>",
            escaped(rest),
            escaped(&kind),
            cdata(body.trim_end())
        );
    }
}

impl Reporter for Junit {
    fn event(&mut self, event: &RunEvent) {
        self.record.note(event);
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        let report = self.report();
        self.out.put(&report);
        self.out.end()
    }
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    seconds: f64,
}

impl Counts {
    fn and(self, other: &Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
            seconds: self.seconds + other.seconds,
        }
    }
}

/// `toBe` of `expect(received).not.toBe(expected) // …`.
fn matcher(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("expect")?;
    let called = rest.split('(').find_map(|part| part.rsplit_once('.').map(|(_, name)| name))?;
    Some(called).filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn indented(error: &TestError, file: &str) -> String {
    let text = error_text(error, Some(file), Terminal::default().style());
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// Characters that XML does not have are left out.
fn allowed(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in allowed(text) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", allowed(text).collect::<String>().replace("]]>", "]]&gt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_matcher_as_their_kind() {
        for (message, expected) in [
            ("expect(received).toBe(expected) // Object.is equality", Some("toBe")),
            ("expect(locator).not.toHaveText(expected) failed", Some("toHaveText")),
            ("expect(page).toHaveURL(expected) failed", Some("toHaveURL")),
            ("locator.click: Timeout", None),
        ] {
            assert_eq!(matcher(message), expected, "{message}");
        }
        assert_eq!(escaped("<a b=\"&\u{1}\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
        assert_eq!(cdata("x]]>y"), "<![CDATA[x]]&gt;y]]>");
    }
}
