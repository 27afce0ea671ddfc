//! What actions do to a page and say about it.

use super::{Bench, run};
use serde::Deserialize;
use serde_json::{Value, json};

/// One action on a page of its own. Captured from Playwright by `capture.mjs`.
#[derive(Deserialize)]
struct Case {
    name: String,
    html: String,
    operation: String,
    selector: String,
    params: Value,
    /// What it returns; or `{error: [first line, lines of the call log, …]}`, each line once.
    said: Value,
    /// What the page says afterwards.
    after: Value,
}

/// What the page has to tell afterwards; as in `actions.mjs`.
const AFTER: &str = include_str!("after.js");

/// Pages at once: the cases that fail take their time.
const LANES: usize = 6;

#[test]
fn actions_do_and_say_what_playwrights_do() {
    run(async {
        let cases: Vec<Case> = serde_json::from_str(include_str!("actions.json")).unwrap();
        let lanes = (0..LANES).map(|lane| {
            let cases = cases.iter().skip(lane).step_by(LANES);
            async move {
                let bench = Bench::new(json!({})).await;
                let mut wrong = Vec::new();
                for case in cases {
                    let (said, after) = perform(&bench, case).await;
                    if said != case.said {
                        wrong.push(format!("{}\n  says     {said}\n  expected {}", case.name, case.said));
                    }
                    if after != case.after {
                        wrong.push(format!("{}\n  does     {after}\n  expected {}", case.name, case.after));
                    }
                }
                wrong
            }
        });
        let wrong = futures_util::future::join_all(lanes).await.concat();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

async fn perform(bench: &Bench, case: &Case) -> (Value, Value) {
    // The pointer out of the way, and a document without the listeners of the case before.
    bench.op("mouse.move", json!({ "page": bench.page, "x": 1270, "y": 710 })).await.unwrap();
    bench.op("frame.goto", json!({ "url": "about:blank" })).await.unwrap();
    bench.set_content(&case.html).await;
    let mut params = case.params.clone();
    params["selector"] = case.selector.clone().into();
    let said = match bench.op(&format!("locator.{}", case.operation), params).await {
        Ok(value) => value,
        Err(message) => json!({ "error": words(&message) }),
    };
    let after = bench.evaluate(AFTER).await;
    (said, serde_json::from_str(after.as_str().unwrap()).unwrap())
}

/// The first line, and what the log says, each line once and without the waiting in between.
fn words(message: &str) -> Vec<String> {
    let (text, log) = message.split_once("Call log:").unwrap_or((message, ""));
    let mut words = vec![text.trim().to_owned()];
    for line in log.lines() {
        let line = line.trim();
        let line = match line.split_once(" × ") {
            Some((count, rest)) if count.parse::<u32>().is_ok() => rest,
            _ => line.strip_prefix("- ").unwrap_or(line),
        };
        let waits = line.starts_with("retrying ") || (line.starts_with("waiting ") && line.ends_with("ms"));
        if !line.is_empty() && !waits && !words[1..].iter().any(|word| word == line) {
            words.push(line.to_owned());
        }
    }
    words
}

#[test]
fn a_picture_of_an_element_holds_all_of_it() {
    use base64::Engine;
    run(async {
        let bench = Bench::new(json!({})).await;
        let cases = [
            ("larger than the window", "width: 200px; height: 2000px", (200, 2000)),
            ("between pixels", "width: 50.5px; height: 40px", (51, 40)),
        ];
        for (name, style, expected) in cases {
            let html = format!(
                "<body style='margin: 0'><p style='height: 900px'></p><div style='{style}; background: red'></div>"
            );
            bench.set_content(&html).await;
            let picture = bench.op("locator.screenshot", json!({ "selector": "div" })).await.unwrap();
            let png = base64::engine::general_purpose::STANDARD.decode(picture["base64"].as_str().unwrap()).unwrap();
            // The head of a PNG.
            let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
            assert_eq!((side(16), side(20)), expected, "{name}");
        }
    });
}

#[test]
fn a_document_that_is_written_anew_is_watched_too() {
    run(async {
        let bench = Bench::new(json!({})).await;
        let html = "<button onmousedown='document.title = event.type'>B</button>";
        for _ in 0..2 {
            bench.set_content(html).await;
            bench.op("locator.click", json!({ "selector": "button", "trial": true })).await.unwrap();
            assert_eq!(bench.evaluate("document.title").await, json!(""));
            bench.op("locator.click", json!({ "selector": "button" })).await.unwrap();
            assert_eq!(bench.evaluate("document.title").await, json!("mousedown"));
        }
    });
}
