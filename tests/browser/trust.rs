//! What test code from a server may not do.

use super::support::{TIMEOUT, Worker, run, shared};
use serde_json::json;
use understudy::runner::host::ops::OperationsOptions;

#[test]
fn code_of_strangers_stays_in_its_pages() {
    run(async {
        let mut worker = Worker::new();
        let (_, page, frame) = worker.page(json!({})).await;
        for url in [
            "file:///etc/passwd",
            "chrome://version",
            "view-source:file:///etc/passwd",
            "fi\tle:///etc/passwd",
            "devtools://devtools/bundled/inspector.html",
        ] {
            let to = json!({ "frame": frame, "url": url, "waitUntil": "load", "timeout": TIMEOUT });
            let error = worker.op("frame.goto", to).await.unwrap_err();
            assert!(error.starts_with(&format!("{url} is not allowed on an agent")), "{error}");
        }
        let error = worker.op("cdp.new", json!({})).await.unwrap_err();
        assert!(error.starts_with("A CDP session of the browser is not allowed on an agent"), "{error}");
        let session = worker.op("cdp.new", json!({ "page": page })).await.unwrap()["session"].clone();
        let command =
            |method: &str| json!({ "session": session, "method": method, "params": { "expression": "6 * 7" } });
        assert_eq!(worker.op("cdp.send", command("Runtime.evaluate")).await.unwrap()["result"]["result"]["value"], 42);
        let error = worker.op("cdp.send", command("Target.getTargets")).await.unwrap_err();
        assert!(error.starts_with("Protocol error (Target.getTargets): not allowed on an agent"), "{error}");
        for (operation, params, refused) in [
            ("browser.launch", json!({ "options": { "executablePath": "/bin/sh" } }), "options.executablePath is"),
            (
                "browser.launch",
                json!({ "options": { "args": ["--load-extension=/x"] } }),
                "The argument --load-extension=/x is",
            ),
            ("browser.launchPersistent", json!({ "userDataDir": "/root" }), "A profile in a folder of the machine is"),
            ("browser.connectOverCDP", json!({ "endpoint": "http://127.0.0.1:9222" }), "browserType.connectOverCDP is"),
            ("browser.startTracing", json!({}), "browser.startTracing in the browser of others is"),
        ] {
            let error = worker.op(operation, params).await.unwrap_err();
            assert!(error.starts_with(&format!("{refused} not allowed on an agent")), "{error}");
        }
        worker.operations.dispose().await;
    });
}

#[test]
fn code_of_strangers_has_browsers_of_its_own() {
    run(async {
        let mut worker = Worker::new();
        let launched = worker.op("browser.launch", json!({ "options": { "args": ["--lang=de"] } })).await.unwrap();
        let browser = launched["browser"].clone();
        let context = worker.op("context.new", json!({ "browser": browser })).await.unwrap();
        worker.op("context.newPage", context).await.unwrap();
        worker.op("browser.close", json!({ "browser": browser })).await.unwrap();
        worker.event("closed").await;
        worker.event("disconnected").await;
        let error = worker.op("context.new", json!({ "browser": browser })).await.unwrap_err();
        assert_eq!(error, "Target page, context or browser has been closed");
        worker.operations.dispose().await;
    });
}

#[test]
fn a_session_has_so_many_pages_and_no_more() {
    run(async {
        let options = OperationsOptions { most_pages: Some(3), ..OperationsOptions::default() };
        let mut worker = Worker::with(&shared().pool, options);
        let (first, ..) = worker.page(json!({})).await;
        let (second, ..) = worker.page(json!({})).await;
        let new = async |context: &str| worker.op("context.newPage", json!({ "context": context })).await;
        new(&first).await.unwrap();
        // Whichever context asks.
        for context in [&first, &second] {
            let error = new(context).await.unwrap_err();
            assert_eq!(error, "3 pages are open, more cannot be at a time on an agent: close some");
        }
        worker.operations.dispose().await;
    });
}
