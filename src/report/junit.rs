//! The `junit` reporter: XML as CI servers read it, shaped as the official one's.

use super::Reporter;
use super::attached::attached;
use super::book::Verdict;
use super::failure::title;
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
        let last = test.annotations();
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
        let mut case = test.case.clone();
        file.clone_into(&mut case.location.file);
        let (kind, message) = match first {
            Some(error) => kind_and_message(&error.message),
            None => {
                let place = &case.location;
                let name = file.rsplit('/').next().unwrap_or(file);
                let title = case.title_path.last().map_or("", String::as_str);
                ("FAILURE".to_owned(), format!("{name}:{}:{} {title}", place.line, place.column))
            }
        };
        let is_failure = first.is_none() || kind.starts_with("expect.");
        let element = if is_failure { "failure" } else { "error" };
        if is_failure {
            counts.failures += 1
        } else {
            counts.errors += 1
        }
        let title = format!("  {}", title(&case));
        let style = Terminal::default().style();
        let mut body = format!("{title}{}\n", style.rule_after(&title));
        if first.is_none() {
            body.push_str("\n    Expected to fail, but passed.\n");
        }
        for (one, attempt) in test.attempts().filter(|(_, attempt)| !attempt.errors.is_empty()) {
            if one.retry > 0 {
                let header = format!("    Retry #{}", one.retry);
                let _ = write!(body, "\n{header}{}\n", style.rule_after(&header));
            }
            for error in &attempt.errors {
                let _ = write!(body, "\n{}\n", indented(error, &test.case.location.file));
            }
            body.push_str(&attached(&attempt.attachments, &self.about.cwd, style));
        }
        let _ = writeln!(
            text,
            "<{element} message=\"{}\" type=\"{}\">\n{}\n</{element}>",
            escaped(&message),
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

/// What was expected and was not has its matcher as kind, what was thrown its name; and the first line of the message.
fn kind_and_message(message: &str) -> (String, String) {
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(in_name);
    let named = message.split_once(": ").filter(|(name, _)| is_name(name));
    let (name, rest) = named.unwrap_or(("Error", message));
    let kind = message.lines().find_map(matcher).map_or_else(|| name.to_owned(), |matcher| format!("expect.{matcher}"));
    (kind, rest.lines().next().unwrap_or_default().trim().to_owned())
}

/// `not.toBe` of `… expect(received).not.toBe(expected) …`.
fn matcher(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("expect(")?;
    rest.match_indices(").").find_map(|(at, _)| {
        let called = &rest[at + 2..];
        let negated = called.strip_prefix("not.").filter(|after| after.starts_with(in_name));
        let skipped = called.len() - negated.unwrap_or(called).len();
        let name = called[skipped..].find(|c| !in_name(c)).unwrap_or(called.len() - skipped);
        (name > 0).then(|| &called[..skipped + name])
    })
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
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
        for (message, kind, first) in [
            (
                "Error: expect(received).toBe(expected) // Object.is equality\n\nExpected: 2",
                "expect.toBe",
                "expect(received).toBe(expected) // Object.is equality",
            ),
            (
                "Error: expect(locator).not.toHaveText(expected) failed",
                "expect.not.toHaveText",
                "expect(locator).not.toHaveText(expected) failed",
            ),
            // What a test says about it stands above.
            ("Error: the total\n\nexpect(page).toHaveURL(expected) failed", "expect.toHaveURL", "the total"),
            ("Error: expect(f(x).y).toBe(1)", "expect.y", "expect(f(x).y).toBe(1)"),
            ("TimeoutError: locator.click: Timeout", "TimeoutError", "locator.click: Timeout"),
            ("Test timeout of 30ms exceeded.", "Error", "Test timeout of 30ms exceeded."),
            ("Error: expect( is not called", "Error", "expect( is not called"),
        ] {
            assert_eq!(kind_and_message(message), (kind.to_owned(), first.to_owned()));
        }
        assert_eq!(escaped("<a b=\"&\u{1}\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
        assert_eq!(cdata("x]]>y"), "<![CDATA[x]]&gt;y]]>");
    }
}
