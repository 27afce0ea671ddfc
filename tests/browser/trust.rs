//! What test code from a server may not do.

use super::support::{TIMEOUT, Worker, run, shared};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Html;
use axum::routing::get;
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::convert::Infallible;
use tokio::net::TcpListener;
use understudy::artifacts::{Bounds, Places};
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

#[test]
fn pages_open_so_many_and_no_more() {
    run(async {
        let bounds = Bounds::of(1 << 20);
        let artifacts = Places::default().within(bounds.clone());
        let options = OperationsOptions { most_pages: Some(3), artifacts, ..OperationsOptions::default() };
        let mut worker = Worker::with(&shared().pool, options);
        let (context, _, frame) = worker.page(json!({})).await;
        let opens = "const all = [1, 2, 3, 4, 5, 6].map(() => open('about:blank'));
            open('about:blank', '_blank', 'noopener');
            const look = done => all.filter(one => one.closed).length == 4 ? done() : requestAnimationFrame(() => look(done));
            new Promise(look)";
        let script = json!({ "frame": frame, "expression": opens, "isFunction": false });
        worker.op("frame.evaluate", script).await.unwrap();
        let told = worker.events().into_iter().filter(|(_, name, _)| name == "page").count();
        assert_eq!(told, 2, "beside the one that opened them");
        let error = worker.op("context.newPage", json!({ "context": context })).await.unwrap_err();
        assert!(error.starts_with("3 pages are open"), "{error}");
        assert!(bounds.told()[0].starts_with("A session may have 3 pages at a time"), "{:?}", bounds.told());
        worker.operations.dispose().await;
    });
}

/// Whose files may have a megabyte in all.
#[test]
fn files_of_a_session_have_so_many_bytes_and_no_more() {
    run(async {
        const WORDS: &str =
            "The files of a session may have 1 MiB in all on this agent (--artifact-limit): this one was not kept";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        // It never ends.
        let endless = async || {
            let chunks = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1 << 16]));
            ([(CONTENT_DISPOSITION, "attachment; filename=endless")], Body::from_stream(chunks.boxed()))
        };
        let small = async || ([(CONTENT_DISPOSITION, "attachment; filename=small")], vec![b'x'; 1000]);
        let home = async || Html("<a href=/small>small</a> <a href=/endless>endless</a>");
        let router = Router::new().route("/", get(home)).route("/endless", get(endless)).route("/small", get(small));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let bounds = Bounds::of(1 << 20);
        let artifacts = Places::default().within(bounds.clone());
        let mut worker = Worker::with(&shared().pool, OperationsOptions { artifacts, ..OperationsOptions::default() });
        let (context, page, frame) = worker.page(json!({})).await;
        let to = json!({ "frame": frame, "url": site, "waitUntil": "load", "timeout": TIMEOUT });
        worker.op("frame.goto", to).await.unwrap();
        let subscribe = json!({ "page": page, "event": "download", "enabled": true });
        worker.op("page.subscribe", subscribe).await.unwrap();
        for (name, failure) in [("small", json!(null)), ("endless", json!(WORDS))] {
            let click = json!({ "frame": frame, "selector": format!("text={name}"), "timeout": TIMEOUT });
            worker.op("locator.click", click).await.unwrap();
            let download = worker.event("download").await["download"].clone();
            let of = json!({ "download": download, "path": name });
            assert_eq!(worker.op("download.failure", of.clone()).await.unwrap(), failure, "{name}");
            let saved = worker.op("download.saveAs", of).await;
            assert_eq!(saved.err(), failure.as_str().map(str::to_owned), "{name}");
        }
        let folder = worker.artifacts.path().to_owned();
        let write = async |name: &str, bytes: usize| {
            let base64 = "A".repeat(bytes / 3 * 4);
            worker.op("artifact.write", json!({ "path": name, "base64": base64 })).await
        };
        // Of the endless one some counts.
        assert_eq!(write("large", 3 << 19).await.unwrap_err(), WORDS);
        assert!(folder.join("small").exists() && !folder.join("large").exists() && !folder.join("endless").exists());
        let shot = worker.op("context.storageState", json!({ "context": context })).await;
        assert!(shot.is_ok(), "what is not written is no matter: {shot:?}");
        assert!(bounds.told()[0].contains("what was more was refused, 2 times"), "{:?}", bounds.told());
        worker.operations.dispose().await;
    });
}
