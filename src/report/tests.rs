//! Whole reports of a run in which everything happens, as snapshots. The same specs under the official runner print the same
//! but for its `Error Context` files.

use super::*;
use crate::model::Level;
use crate::model::run::{
    Annotation, Attachment, Attempt, Location, Status, StepBegin, StepCategory, TestCase, TestError,
};
use base64::Engine;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Both writers in one text, as on a screen.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    /// With escapes spelt out and the duration of the run left out.
    fn text(&self) -> String {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap().replace('\x1b', "␛");
        match text.split_once(" passed").map(|(before, after)| (before, after.split_once("s)"))) {
            Some((before, Some((time, after)))) => {
                let paint = time.split_once(" (").map_or("", |(paint, _)| paint);
                format!("{before} passed{paint} (0s){after}")
            }
            _ => text,
        }
    }
}

fn location(file: &str, line: u32, column: u32) -> Location {
    Location { file: file.to_owned(), line, column }
}

fn case(id: &str, titles: &[&str], line: u32) -> TestCase {
    TestCase {
        id: id.to_owned(),
        title_path: titles.iter().map(|title| (*title).to_owned()).collect(),
        location: location("tests/shop.spec.ts", line, 1),
        describes: Vec::new(),
        tags: Vec::new(),
        annotations: Vec::new(),
        expected_status: Status::Passed,
        timeout: 30_000,
        retries: None,
        project: "chromium".to_owned(),
        repeat: 0,
        serial_group: None,
    }
}

fn attempt(test: &str, retry: u32, status: Status, errors: Vec<TestError>) -> Attempt {
    Attempt {
        test: test.to_owned(),
        retry,
        status,
        expected_status: Status::Passed,
        duration_ms: 134 + u64::from(retry) * 1_000,
        errors,
        annotations: Vec::new(),
        timeout: None,
        attachments: Vec::new(),
    }
}

fn error(message: &str, line: u32) -> TestError {
    TestError {
        message: message.to_owned(),
        stack: format!("    at tests/shop.spec.ts:{line}:37\n"),
        location: Some(location("tests/shop.spec.ts", line, 37)),
        snippet: Some(format!(
            "   {} | before\n> {line} |   await expect(page.locator('p')).toHaveText('world');\n     |     ^\n  {} | }});",
            line - 1,
            line + 1
        )),
    }
}

const TEXT: &str = "Error: expect(locator).toHaveText(expected) failed\n\nLocator:  locator('p')\nExpected: \"world\"\n\
                    Received: \"hello\"\nTimeout:  500ms\n\nCall log:\n  - Expect \"toHaveText\" locator('p') with timeout 500ms\n\
                    \x20 - waiting for locator('p')\n    6 × locator resolved to <p>hello</p>\n";
const DIFF: &str = "Error: expect(received).toEqual(expected) // deep equality\n\n- Expected  - 1\n+ Received  + 1\n\n\
                    \x20 Object {\n-   \"a\": 2,\n+   \"a\": 1,\n  }";

/// What the attempts of each test bring.
fn story() -> Vec<RunEvent> {
    let mut events = Vec::new();
    let mut tests = vec![
        case("passes", &["passes"], 2),
        case("text", &["group", "fails on text"], 14),
        case("flaky", &["group", "flaky"], 23),
        case("skipped", &["group", "skipped"], 26),
        case("pass", &["group", "unexpected pass"], 29),
        case("slow", &["times out"], 31),
        case("step", &["fails in a step"], 36),
        case("never", &["after the others"], 40),
    ];
    tests[1].tags = vec!["@slow".to_owned()];
    events.push(RunEvent::Planned { tests, workers: 2 });
    let mut run = |attempt: Attempt, between: Vec<RunEvent>| {
        events.push(RunEvent::TestBegin { test: attempt.test.clone(), retry: attempt.retry, worker: None });
        events.extend(between);
        events.push(RunEvent::TestEnd(attempt));
    };
    let log = |level, text: &str| RunEvent::Log { test: Some("text".to_owned()), level, text: text.to_owned() };
    run(attempt("passes", 0, Status::Passed, Vec::new()), Vec::new());
    let mut failed = attempt("text", 0, Status::Failed, vec![error(TEXT, 21)]);
    failed.attachments = vec![
        Attachment {
            name: "note".to_owned(),
            content_type: "text/plain".to_owned(),
            path: None,
            body: Some(base64::engine::general_purpose::STANDARD.encode("some text")),
        },
        Attachment {
            name: "shot".to_owned(),
            content_type: "image/png".to_owned(),
            path: Some("/work/test-results/shot.png".to_owned()),
            body: None,
        },
    ];
    run(failed, vec![log(Level::Info, "a log line"), log(Level::Error, "an error line")]);
    run(attempt("text", 1, Status::Failed, vec![error(TEXT, 21), error(DIFF, 22)]), Vec::new());
    run(attempt("flaky", 0, Status::Failed, vec![error("Error: first time", 24)]), Vec::new());
    run(attempt("flaky", 1, Status::Passed, Vec::new()), Vec::new());
    let note = Annotation { kind: "skip".to_owned(), description: Some("not now".to_owned()), location: None };
    let skipped = attempt("skipped", 0, Status::Skipped, Vec::new());
    run(Attempt { expected_status: Status::Skipped, annotations: vec![note], ..skipped }, Vec::new());
    let pass = attempt("pass", 0, Status::Passed, Vec::new());
    run(Attempt { expected_status: Status::Failed, ..pass }, Vec::new());
    let timeout = TestError { message: "Test timeout of 700ms exceeded.".to_owned(), ..TestError::default() };
    run(attempt("slow", 0, Status::TimedOut, vec![timeout]), Vec::new());
    let begin = |id, parent, title: &str| RunEvent::StepBegin {
        test: Some("step".to_owned()),
        step: StepBegin {
            id,
            parent,
            category: StepCategory::Step,
            title: title.to_owned(),
            api_name: String::new(),
            params: serde_json::Value::Null,
            location: None,
        },
    };
    let end =
        |id| RunEvent::StepEnd { test: Some("step".to_owned()), id, duration_ms: 1, error: Some(TestError::default()) };
    let steps = vec![begin(1, None, "outer"), begin(2, Some(1), "inner"), end(2), end(1)];
    run(attempt("step", 0, Status::Failed, vec![error(DIFF, 37)]), steps);
    events.push(RunEvent::Error(TestError {
        message: "Error: in afterAll".to_owned(),
        location: Some(location("tests/help.ts", 3, 1)),
        snippet: Some("> 3 | throw".to_owned()),
        stack: String::new(),
    }));
    events
}

fn tell(mut reporter: impl Reporter, events: &[RunEvent]) {
    events.iter().for_each(|event| reporter.event(event));
    reporter.end(Outcome::Failed).unwrap();
}

fn list(terminal: Terminal, events: &[RunEvent]) -> String {
    let page = Page::default();
    let options = ListOptions { terminal, root: "/work".into(), shard: None, began: Instant::now() };
    tell(List::new(page.writer(), page.writer(), options), events);
    page.text()
}

#[test]
fn list_without_a_terminal() {
    insta::assert_snapshot!(list(Terminal::default(), &story()));
}

#[test]
fn list_in_colours() {
    insta::assert_snapshot!(list(Terminal { colors: true, size: None }, &story()));
}

#[test]
fn list_on_a_small_terminal_rewrites_lines() {
    let story = story();
    insta::assert_snapshot!(list(Terminal { colors: false, size: Some((44, 5)) }, &story[..14]));
}

#[test]
fn jsonl_is_a_line_per_attempt() {
    let (lines, errors) = (Page::default(), Page::default());
    tell(Jsonl::new(lines.writer(), errors.writer()), &story());
    insta::assert_snapshot!(format!("{}--- standard error\n{}", lines.text(), errors.text()));
}

#[test]
fn listing_names_tests_and_files() {
    let page = Page::default();
    tell(Listing::new(page.writer(), page.writer(), Terminal::default()), &story()[..1]);
    insta::assert_snapshot!(page.text());
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, fine) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
        let mut jsonl = Jsonl::new(Box::new(Broken(kind)), Box::new(io::sink()));
        story().iter().for_each(|event| jsonl.event(event));
        assert_eq!(jsonl.end(Outcome::Passed).is_ok(), fine, "{kind}");
    }
}
