//! What selectors find.

use super::{Bench, run};
use serde_json::{Value, json};

const PAGE: &str = include_str!("page.html");

/// A selector, and ids (or else texts) of what it means. Captured from Playwright by `capture.mjs`.
const CASES: &str = include_str!("selectors.json");

#[test]
fn selectors_find_what_playwright_finds() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content(PAGE).await;
        let cases: Vec<(String, Value)> = serde_json::from_str(CASES).unwrap();
        let mut wrong = Vec::new();
        for (selector, expected) in cases {
            let params = json!({
                "selector": selector,
                "expression": "list => list.map(element => element.id || element.textContent)",
                "isFunction": true,
            });
            let found = match bench.op("locator.evaluateAll", params).await {
                Ok(value) => super::plain(&value["value"]),
                Err(message) => json!(message.lines().next()),
            };
            if found != expected {
                wrong.push(format!("{selector}\n  found    {found}\n  expected {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn names_and_roles_are_what_playwright_computes() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content(include_str!("names.html")).await;
        let cases: Vec<(String, String, String, String)> = serde_json::from_str(include_str!("names.json")).unwrap();
        let mut wrong = Vec::new();
        for (selector, role, name, description) in cases {
            let matchers = [
                ("to.have.role", role),
                ("to.have.accessible.name", name),
                ("to.have.accessible.description", description),
            ];
            for (matcher, expected) in matchers {
                let text = json!([{ "string": expected }]);
                let params = json!({ "selector": selector, "matcher": matcher, "expectedText": text, "timeout": 1 });
                let verdict = bench.op("expect.locator", params).await.unwrap();
                if verdict["matches"] != json!(true) {
                    wrong.push(format!("{selector} {matcher} {expected:?}: {}", verdict["received"]));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn states_are_what_playwright_sees() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content(include_str!("states.html")).await;
        let cases: Vec<(String, Value, Value, Value, Value, Value)> =
            serde_json::from_str(include_str!("states.json")).unwrap();
        let mut wrong = Vec::new();
        for (selector, visible, enabled, editable, checked, value) in cases {
            let reads = [
                ("isVisible", visible),
                ("isEnabled", enabled),
                ("isEditable", editable),
                ("isChecked", checked),
                ("inputValue", value),
            ];
            for (read, expected) in reads {
                let found = match bench.op(&format!("locator.{read}"), json!({ "selector": selector })).await {
                    Ok(value) => value,
                    Err(message) => message.lines().next().into(),
                };
                if found != expected {
                    wrong.push(format!("{selector} {read}: {found} instead of {expected}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn a_snapshot_reads_as_playwrights() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content(include_str!("names.html")).await;
        let snapshot = bench.op("locator.ariaSnapshot", json!({ "selector": "body" })).await.unwrap();
        assert_eq!(snapshot.as_str().unwrap(), include_str!("snapshot.yml").trim_end());
    });
}

/// A page of random.mjs: its snapshot, and how its first elements are told apart when they are too many.
#[derive(serde::Deserialize)]
struct Strange {
    html: String,
    snapshot: String,
    many: Value,
}

#[test]
fn strange_pages_read_as_playwright_reads_them() {
    run(async {
        let bench = Bench::new(json!({})).await;
        let pages: Vec<Strange> = serde_json::from_str(include_str!("random.json")).unwrap();
        for Strange { html, snapshot, many } in pages {
            bench.set_content(&html).await;
            let found = bench.op("locator.ariaSnapshot", json!({ "selector": "body" })).await.unwrap();
            assert_eq!(found.as_str().unwrap(), snapshot, "{html}");
            let found = bench.op("locator.textContent", json!({ "selector": "body [id]" })).await;
            let found = found.unwrap_or_else(|message| {
                let error = message.split("\n\nCall log").next().unwrap_or_default();
                json!(error.lines().skip(1).collect::<Vec<_>>())
            });
            // Playwright may name an element by a label that is empty; a text says more.
            for (found, expected) in found.as_array().unwrap().iter().zip(many.as_array().unwrap()) {
                assert!(
                    found == expected || expected.as_str().unwrap().contains("getByLabel('')"),
                    "{found}\n{expected}\n{html}"
                );
            }
        }
    });
}

#[test]
fn frames_are_entered() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench
            .set_content(
                "<div style='height:70px'></div><iframe name=f style='border:3px solid; padding:4px' \
                 srcdoc=\"<button onclick='document.title=event.clientX'>in</button><iframe srcdoc='<i>deep</i>'></iframe>\"></iframe>",
            )
            .await;
        let enter = "internal:control=enter-frame";
        let read = async |selector: String| bench.op("locator.textContent", json!({ "selector": selector })).await;
        assert_eq!(read(format!("iframe >> {enter} >> button")).await, Ok(json!("in")));
        assert_eq!(read(format!("iframe >> {enter} >> iframe >> {enter} >> i")).await, Ok(json!("deep")));
        let button = format!("iframe >> {enter} >> internal:role=button");
        bench.op("locator.click", json!({ "selector": button })).await.unwrap();
        let clicked = json!({ "selector": format!("iframe >> {enter} >> body"), "expression": "b => b.ownerDocument.title > 0", "isFunction": true });
        assert_eq!(bench.op("locator.evaluate", clicked).await.unwrap(), json!({ "value": true }));
        let outside = bench.op("locator.boundingBox", json!({ "selector": button })).await.unwrap();
        assert!(outside["y"].as_f64().unwrap() > 80.0, "{outside}");
        let wrong = bench.op("locator.click", json!({ "selector": format!("div >> {enter} >> a") })).await;
        assert_eq!(
            wrong.unwrap_err().lines().next().unwrap(),
            "Error: Selector \"div\" resolved to <div></div>, <iframe> was expected"
        );
        let count = json!({ "selector": format!("b >> {enter} >> a") });
        assert_eq!(bench.op("locator.count", count).await, Ok(json!(0)));
    });
}

#[test]
fn more_than_one_element_is_an_error_that_names_them() {
    run(async {
        let bench = Bench::new(json!({})).await;
        bench.set_content("<button>A</button><button>B</button><div>x</div><div>x</div>").await;
        let cases = [
            (
                "locator.click",
                "internal:role=button",
                "Error: strict mode violation: getByRole('button') resolved to 2 elements:\n    1) <button>A</button> aka getByRole('button', { name: 'A' })\n    2) <button>B</button> aka getByRole('button', { name: 'B' })\n\nCall log:\n  - waiting for getByRole('button')\n",
            ),
            (
                "locator.isVisible",
                "div",
                "Error: strict mode violation: locator('div') resolved to 2 elements:\n    1) <div>x</div> aka getByText('x').first()\n    2) <div>x</div> aka getByText('x').nth(1)\n\nCall log:\n    - checking visibility of locator('div')\n",
            ),
        ];
        for (op, selector, expected) in cases {
            assert_eq!(bench.op(op, json!({ "selector": selector })).await, Err(expected.into()), "{selector}");
        }
        let first = json!({ "selector": "div", "strict": false });
        assert_eq!(bench.op("locator.textContent", first).await, Ok(json!("x")));
    });
}
