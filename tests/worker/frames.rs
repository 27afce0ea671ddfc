//! A worker that was taken over says what it likes: the host believes it about its own tests at most, and goes on with a fresh one.

use super::support::{Told, install, play_with, request};
use serde_json::{Value, json};
use std::fmt::Write as _;
use understudy::model::run::RunEvent;
use understudy::runner::protocol::frame;

const SOURCE: &str = "import { test } from '@playwright/test';\ntest('bad', () => {}); test('good', () => {});";
const BAD: &str = "a.spec.ts › bad";
const GOOD: &str = "a.spec.ts › good";

fn said(message: &Value) -> Vec<u8> {
    frame(message.to_string().as_bytes()).unwrap()
}

fn all(messages: &[Value]) -> Vec<u8> {
    messages.iter().flat_map(said).collect()
}

fn loaded() -> Value {
    let case = |id: &str| {
        let title = id.rsplit(' ').next();
        json!({"id": id, "titlePath": [title], "location": {"file": "a.spec.ts", "line": 2, "column": 1}, "timeout": 5000})
    };
    json!({"t": "loaded", "tests": [case(BAD), case(GOOD)], "only": false})
}

fn begin(test: &str) -> Value {
    json!({"t": "testBegin", "test": test, "retry": 0, "timeout": 0})
}

fn end(test: &str) -> Value {
    json!({"t": "testEnd", "attempt": {
        "test": test, "retry": 0, "status": "passed", "expectedStatus": "passed", "durationMs": 1, "errors": [], "annotations": [],
        "attachments": [],
    }})
}

fn done() -> Value {
    json!({"t": "done", "remaining": [], "spent": true})
}

/// What the first worker does after it has said all.
#[derive(Clone, Copy)]
enum Then {
    Listens,
    Exits,
}

/// Plays [`SOURCE`] with a first worker that says these bytes, whatever it is told; later ones are real.
async fn hostile(bytes: &[u8], then: Then) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let mut script = format!("#!/bin/sh\ncd {}\nif [ \"$2\" = compile ]; then exit 1; fi\n", folder.path().display());
    let then = match then {
        Then::Listens => "cat >/dev/null",
        Then::Exits => ":",
    };
    let _ = writeln!(script, "if mkdir first 2>/dev/null; then cat frames; {then}; exit 0; fi");
    let _ = writeln!(script, "exec {} \"$@\"", env!("CARGO_BIN_EXE_understudy"));
    std::fs::write(folder.path().join("frames"), bytes).unwrap();
    let program = folder.path().join("worker");
    install(&script, &program);
    play_with(&program, request(SOURCE), Box::new(|_, _| {})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lies_loses_its_test_and_no_other() {
    let framed = |text: &str| frame(text.as_bytes()).unwrap();
    let nested = format!(
        r#"{{"t":"op","id":1,"step":null,"name":"x","params":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a length beyond all", b"\xff\xff\xff\xff".to_vec(), "a message of 4294967295 bytes is too large"),
        ("no JSON", framed("nonsense"), "expected ident at line 1 column 2"),
        ("nothing", framed(""), "EOF while parsing a value at line 1 column 0"),
        ("no UTF-8", frame(b"{\"t\":\"\xff\xfe\"}").unwrap(), "invalid unicode code point at line 1 column 7"),
        ("no object", framed("5"), "invalid type: integer `5`"),
        ("an unknown message", said(&json!({"t": "sudo"})), "unknown variant `sudo`"),
        ("a field too few", said(&json!({"t": "testBegin"})), "missing field `test`"),
        (
            "a field of another kind",
            said(&json!({"t": "testBegin", "test": 5, "retry": 0, "timeout": 0})),
            "invalid type: integer `5`",
        ),
        ("a number beyond all", framed(r#"{"t":"deadline","timeout":1e30}"#), "invalid type: floating point"),
        ("a negative number", framed(r#"{"t":"deadline","timeout":-1}"#), "invalid value: integer `-1`"),
        ("nested without end", framed(&nested), "recursion limit exceeded"),
        ("done before anything", said(&done()), "it is done before its test is"),
        ("done while a test runs", all(&[begin(BAD), done()]), "it is done before its test is"),
        ("two tests at once", all(&[begin(BAD), begin(GOOD)]), "it runs two tests at once"),
    ];
    for (name, bytes, why) in cases {
        let bytes = [all(&[json!({"t": "ready"}), loaded()]), bytes].concat();
        let lines = hostile(&bytes, Then::Listens).await.lines();
        let prefix =
            format!("bad failed: Error: the worker process was ended because what it said made no sense: {why}");
        assert!(lines.first().is_some_and(|line| line.starts_with(&prefix)), "{name}: {lines:?}");
        assert_eq!(lines[1..], ["good passed"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_says_of_what_it_does_not_have_is_ignored() {
    let noise = [
        json!({"t": "ready"}),
        loaded(),
        json!({"t": "loadFailed", "error": {"message": "no"}}),
        json!({"t": "resolve", "id": 1, "specifier": "../../../etc/passwd", "from": "/"}),
        begin("a.spec.ts › nobody"),
        end("a.spec.ts › nobody"),
        json!({"t": "deadline", "timeout": 1}),
        json!({"t": "abandon", "id": 9}),
        json!({"t": "stepEnd", "test": null, "id": 9, "durationMs": 1, "error": null}),
        json!({"t": "op", "id": 1, "step": 7, "name": "no.such", "params": null}),
        json!({"t": "op", "id": 1, "step": null, "name": "", "params": [1, {"x": null}]}),
    ];
    let bytes =
        [&[json!({"t": "ready"}), loaded()][..], &noise, &[begin(BAD)], &noise[..6], &[end(BAD), end(BAD), done()]]
            .concat();
    let told = hostile(&all(&bytes), Then::Listens).await;
    assert_eq!(told.lines(), ["bad passed", "good passed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_goes_silent_is_ended() {
    let hung = json!({"t": "deadline", "timeout": 1, "limit": 7});
    let cases = [
        ("hung", vec![begin(BAD), hung], Then::Listens, "bad timed out: Test timeout of 7ms exceeded."),
        (
            "gone",
            vec![begin(BAD)],
            Then::Exits,
            "bad failed: Error: the worker process ended unexpectedly (exit code 0).",
        ),
        (
            "gone at once",
            vec![],
            Then::Exits,
            "bad failed: Error: the worker process ended unexpectedly (exit code 0).",
        ),
    ];
    for (name, messages, then, expected) in cases {
        let bytes = [&[json!({"t": "ready"}), loaded()][..], &messages].concat();
        let lines = hostile(&all(&bytes), then).await.lines();
        assert!(lines.first().is_some_and(|line| line.starts_with(expected)), "{name}: {lines:?}");
        assert_eq!(lines[1..], ["good passed"], "{name}");
    }
    let half = [all(&[json!({"t": "ready"}), loaded()]), b"\0\0\0\x09{\"t\"".to_vec()].concat();
    let lines = hostile(&half, Then::Exits).await.lines();
    assert!(lines[0].starts_with("bad failed: Error: the worker process ended unexpectedly"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_does_not_load_says_why_in_our_words() {
    let cases = [
        ("nonsense", frame(b"{").unwrap(), Then::Listens, "the process that loads it says nonsense: EOF while parsing"),
        ("gone", Vec::new(), Then::Exits, "the process that loads it ended unexpectedly (exit code 0)"),
        ("half a frame", b"\0\0".to_vec(), Then::Exits, "the process that loads it ended unexpectedly (exit code 0)"),
    ];
    for (name, bytes, then, why) in cases {
        let lines = hostile(&bytes, then).await.lines();
        assert!(
            lines.len() == 1 && lines[0].starts_with(&format!("error: Error: a.spec.ts: {why}")),
            "{name}: {lines:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_and_foreign_files_stay_outside() {
    let mut messages = vec![json!({"t": "ready"}), loaded(), begin(BAD)];
    messages.extend((0..500).map(|n| json!({"t": "error", "error": {"message": format!("{n}")}})));
    let step = |n: u32| json!({"id": n, "parent": n, "category": "test.step", "title": "x"});
    messages.extend((0..60_000).map(|n| json!({"t": "stepBegin", "test": null, "step": step(n)})));
    let mut ended = end(BAD);
    let attachment = |path: &str| json!({"name": "x", "contentType": "text/plain", "path": path});
    ended["attempt"]["attachments"] = json!([attachment("../../../etc/passwd"), attachment("kept.txt")]);
    messages.extend([ended, done()]);
    let told = hostile(&all(&messages), Then::Listens).await;
    let count = |wanted: fn(&RunEvent) -> bool| told.events.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, RunEvent::Error(_))), 100);
    assert_eq!(count(|event| matches!(event, RunEvent::StepBegin { step, .. } if step.title == "x")), 50_000);
    let attached = told.events.iter().find_map(|event| match event {
        RunEvent::TestEnd(attempt) => Some(attempt.attachments.iter().map(|it| it.path.clone()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(attached, Some(vec![Some("kept.txt".to_owned())]));
}
