//! Through frames: of the same process and of others, scrolled, covered, hidden, replaced.

use super::{Bench, run, site};
use serde_json::{Value, json};

const ENTER: &str = ">> internal:control=enter-frame >>";

/// A page with a frame of another site in one of another site; both come from the same server under different names.
async fn page_with_foreign_frames() -> Bench {
    let bench = Bench::new(json!({})).await;
    let own = site::serve();
    let foreign = own.replace("127.0.0.1", "localhost");
    bench.op("frame.goto", json!({ "url": format!("{own}/play/plain.html") })).await.unwrap();
    let html = format!(
        "<div style='height: 1500px'></div><div style='padding: 7px'><iframe id=outer style='border: 5px solid; padding: 3px; width: 400px; height: 300px' \
         src='{foreign}/play/frame-middle.html'></iframe></div><div style='height: 1500px'></div>"
    );
    bench.evaluate(&format!("document.body.innerHTML = {}", json!(html))).await;
    bench
}

async fn text(bench: &Bench, selector: &str) -> Value {
    bench.op("locator.textContent", json!({ "selector": selector })).await.unwrap()
}

#[test]
fn a_click_reaches_a_frame_of_another_process() {
    run(async {
        let bench = page_with_foreign_frames().await;
        for frame in [format!("#outer {ENTER}"), format!("#outer {ENTER} iframe {ENTER}")] {
            let button = format!("{frame} internal:role=button >> nth=0");
            let watch =
                "b => b.addEventListener('click', e => b.textContent = [e.isTrusted, e.offsetX | 0, e.offsetY | 0])";
            let params = json!({ "selector": button, "expression": watch, "isFunction": true });
            bench.op("locator.evaluate", params).await.unwrap();
            let position = json!({ "x": 4, "y": 6 });
            bench.op("locator.click", json!({ "selector": button, "position": position })).await.unwrap();
            let seen = text(&bench, &button).await;
            assert!(seen.as_str().unwrap().starts_with("true,"), "{frame}: {seen}");
        }
    });
}

#[test]
fn boxes_are_those_of_the_page() {
    run(async {
        let bench = page_with_foreign_frames().await;
        let deep = format!("#outer {ENTER} iframe {ENTER} body");
        bench.op("locator.scrollIntoViewIfNeeded", json!({ "selector": deep })).await.unwrap();
        let read = async |selector: &str| {
            let rect = bench.op("locator.boundingBox", json!({ "selector": selector })).await.unwrap();
            (rect["x"].as_f64().unwrap(), rect["y"].as_f64().unwrap())
        };
        let own = async |selector: &str| {
            let script = "e => { const { x, y } = e.getBoundingClientRect(); const s = getComputedStyle(e); return [x, y, parseFloat(s.borderLeftWidth) + parseFloat(s.paddingLeft)] }";
            let params = json!({ "selector": selector, "expression": script, "isFunction": true });
            let found = bench.op("locator.evaluate", params).await.unwrap();
            let number = |i: usize| found["value"]["a"][i].as_f64().unwrap();
            (number(0), number(1), number(2))
        };
        let (mut x, mut y) = (0.0, 0.0);
        for frame in ["#outer".to_owned(), format!("#outer {ENTER} iframe >> nth=0")] {
            let (left, top, edge) = own(&frame).await;
            assert_eq!(read(&frame).await, (x + left, y + top), "{frame}");
            (x, y) = (x + left + edge, y + top + edge);
        }
        let (left, top, _) = own(&deep).await;
        assert_eq!(read(&deep).await, (x + left, y + top));
    });
}

#[test]
fn what_covers_a_frame_covers_what_is_inside() {
    run(async {
        let bench = page_with_foreign_frames().await;
        bench
            .evaluate("document.body.insertAdjacentHTML('beforeend', '<div id=cover style=\"position: fixed; inset: 0\"></div>')")
            .await;
        let button = format!("#outer {ENTER} internal:role=button >> nth=0");
        bench.op("locator.waitFor", json!({ "selector": button, "state": "visible" })).await.unwrap();
        let error = bench.op("locator.click", json!({ "selector": button, "timeout": 1500 })).await.unwrap_err();
        assert!(error.contains("<div id=\"cover\"></div> intercepts pointer events"), "{error}");
        bench.evaluate("setTimeout(() => cover.remove(), 50)").await;
        bench.op("locator.click", json!({ "selector": button })).await.unwrap();
    });
}

#[test]
fn nothing_is_visible_in_a_hidden_frame() {
    run(async {
        let bench = page_with_foreign_frames().await;
        let button = format!("#outer {ENTER} internal:role=button >> nth=0");
        let visible = async || bench.op("locator.isVisible", json!({ "selector": button })).await.unwrap();
        let wait = json!({ "selector": button, "state": "visible" });
        bench.op("locator.waitFor", wait.clone()).await.unwrap();
        assert_eq!(visible().await, json!(true));
        bench.evaluate("outer.style.visibility = 'hidden'").await;
        assert_eq!(visible().await, json!(false));
        let error = bench.op("locator.click", json!({ "selector": button, "timeout": 1500 })).await.unwrap_err();
        assert!(error.contains("element is inside a hidden frame"), "{error}");
        bench.evaluate("setTimeout(() => outer.style.visibility = '', 50)").await;
        bench.op("locator.waitFor", wait).await.unwrap();
    });
}

#[test]
fn a_locator_follows_a_frame_that_is_replaced() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content("<iframe srcdoc='<p>first</p>'></iframe>").await;
        let expectation = json!({
            "selector": format!("iframe {ENTER} p"),
            "matcher": "to.have.text",
            "expectedText": [{ "string": "second" }],
        });
        let replace = "setTimeout(() => { document.body.innerHTML = ''; setTimeout(() => document.body.innerHTML = `<iframe srcdoc='<p>second</p>'></iframe>`, 50) }, 50)";
        bench.evaluate(replace).await;
        let verdict = bench.op("expect.locator", expectation).await.unwrap();
        assert_eq!(verdict["matches"], json!(true), "{verdict}");
    });
}

#[test]
fn a_locator_follows_a_frame_that_goes_to_another_process() {
    run(async {
        let bench = Bench::new(json!({})).await;
        let own = site::serve();
        bench.op("frame.goto", json!({ "url": format!("{own}/play/plain.html") })).await.unwrap();
        bench.evaluate("document.body.innerHTML = `<iframe src='frame-inner.html'></iframe>`").await;
        let host = |expected: &str| {
            json!({
                "selector": format!("iframe {ENTER} html"),
                "matcher": "to.have.attribute.value",
                "expressionArg": "data-host",
                "expectedText": [{ "string": expected }],
            })
        };
        let mark = json!({
            "selector": format!("iframe {ENTER} html"),
            "expression": "html => html.dataset.host = location.hostname",
            "isFunction": true,
        });
        bench.op("locator.evaluate", mark.clone()).await.unwrap();
        assert_eq!(bench.op("expect.locator", host("127.0.0.1")).await.unwrap()["matches"], json!(true));
        let foreign = own.replace("127.0.0.1", "localhost");
        bench.evaluate(&format!("document.querySelector('iframe').src = '{foreign}/play/frame-inner.html?2'")).await;
        let gone = json!({ "selector": format!("iframe {ENTER} html[data-host]"), "state": "detached" });
        bench.op("locator.waitFor", gone).await.unwrap();
        bench.op("locator.evaluate", mark).await.unwrap();
        assert_eq!(bench.op("expect.locator", host("localhost")).await.unwrap()["matches"], json!(true));
    });
}

#[test]
fn what_was_noted_is_told_of_an_attempt_that_does_not_end() {
    run(async {
        let bench = page_with_foreign_frames().await;
        let button = format!("#outer {ENTER} internal:role=button >> nth=0");
        bench.op("locator.waitFor", json!({ "selector": button })).await.unwrap();
        // A frame of another process that can't be seen has no animation frames.
        bench.evaluate("outer.style.cssText = 'position: fixed; left: -5000px'").await;
        let error = bench.op("locator.click", json!({ "selector": button, "timeout": 1500 })).await.unwrap_err();
        assert!(error.contains("waiting for element to be visible, enabled and stable"), "{error}");
    });
}
