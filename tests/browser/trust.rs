//! What test code from a server may not do.

use super::support::{TIMEOUT, Worker, run, shared};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Html;
use axum::routing::get;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
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

/// A site with a small file, one of some size, and one that never ends.
async fn site_of_files() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    let attached = |name: &str| [(CONTENT_DISPOSITION, format!("attachment; filename={name}"))];
    let endless = async move || {
        let chunks = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1 << 16]));
        (attached("endless"), Body::from_stream(chunks.boxed()))
    };
    let small = async move || (attached("small"), vec![b'x'; 1000]);
    let large = async move || (attached("large"), vec![b'x'; 700_000]);
    let home = async || Html("<a href=/small>small</a> <a href=/large>large</a> <a href=/endless>endless</a>");
    let router = Router::new().route("/", get(home)).route("/small", get(small)).route("/large", get(large));
    let router = router.route("/endless", get(endless));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    site
}

/// Whose files may have so many bytes.
fn with_room(bytes: u64) -> (Bounds, Worker) {
    let bounds = Bounds::of(bytes);
    let artifacts = Places::default().within(bounds.clone());
    (bounds, Worker::with(&shared().pool, OperationsOptions { artifacts, ..OperationsOptions::default() }))
}

impl Worker {
    async fn write(&self, name: &str, bytes: usize) -> Result<(), String> {
        let base64 = "A".repeat(bytes / 3 * 4);
        self.op("artifact.write", json!({ "path": name, "base64": base64 })).await.map(drop)
    }

    /// A page of the site, whose downloads are told.
    async fn at(&mut self, site: &str) -> (String, String) {
        let (context, page, frame) = self.page(json!({})).await;
        let to = json!({ "frame": frame, "url": site, "waitUntil": "load", "timeout": TIMEOUT });
        self.op("frame.goto", to).await.unwrap();
        let subscribe = json!({ "page": page, "event": "download", "enabled": true });
        self.op("page.subscribe", subscribe).await.unwrap();
        (context, frame)
    }

    /// Downloads what the link of this name leads to.
    async fn download(&mut self, frame: &str, name: &str) -> Value {
        let click = json!({ "frame": frame, "selector": format!("text={name}"), "timeout": TIMEOUT });
        self.op("locator.click", click).await.unwrap();
        self.event("download").await["download"].take()
    }
}

const NOT_KEPT: &str =
    "The files of a session may have 1 MiB in all on this agent (--artifact-limit): this one was not kept";

#[test]
fn files_of_a_session_have_so_many_bytes_and_no_more() {
    run(async {
        let site = site_of_files().await;
        let (bounds, mut worker) = with_room(1 << 20);
        let (context, frame) = worker.at(&site).await;
        for (name, failure) in [("small", json!(null)), ("endless", json!(NOT_KEPT))] {
            let of = json!({ "download": worker.download(&frame, name).await, "path": name });
            assert_eq!(worker.op("download.failure", of.clone()).await.unwrap(), failure, "{name}");
            let saved = worker.op("download.saveAs", of).await;
            assert_eq!(saved.err(), failure.as_str().map(str::to_owned), "{name}");
        }
        let folder = worker.artifacts.path().to_owned();
        assert_eq!(worker.write("large", 3 << 19).await.unwrap_err(), NOT_KEPT);
        assert!(folder.join("small").exists() && !folder.join("large").exists() && !folder.join("endless").exists());
        let shot = worker.op("context.storageState", json!({ "context": context })).await;
        assert!(shot.is_ok(), "what is not written is no matter: {shot:?}");
        assert!(bounds.told()[0].contains("what was more was refused, 2 times"), "{:?}", bounds.told());
        worker.operations.dispose().await;
    });
}

#[test]
fn bytes_of_files_that_are_gone_are_given_back() {
    run(async {
        let site = site_of_files().await;
        let (bounds, mut worker) = with_room(1 << 20);
        for _ in 0..2 {
            let (context, frame) = worker.at(&site).await;
            let of = json!({ "download": worker.download(&frame, "large").await });
            assert_eq!(worker.op("download.failure", of.clone()).await, Ok(json!(null)));
            assert_eq!(worker.write("one", 700_000).await.unwrap_err(), NOT_KEPT);
            worker.op("download.delete", of).await.unwrap();
            worker.write("one", 700_000).await.unwrap();
            // In place of what it was.
            worker.write("one", 300_000).await.unwrap();
            let of = json!({ "download": worker.download(&frame, "large").await });
            assert_eq!(worker.op("download.failure", of).await, Ok(json!(null)));
            assert_eq!(worker.write("two", 300_000).await.unwrap_err(), NOT_KEPT);
            worker.op("context.close", json!({ "context": context })).await.unwrap();
            // Its download went with it.
            worker.write("two", 700_000).await.unwrap();
            worker.write("one", 3).await.unwrap();
            worker.write("two", 3).await.unwrap();
        }
        assert_eq!(bounds.told().len(), 1);
        worker.operations.dispose().await;
    });
}

/// In frames and in windows that are there for nothing else, too.
#[test]
fn downloads_count_wherever_they_begin() {
    run(async {
        let site = site_of_files().await;
        for way in [
            "location.href = '/endless'",
            "open('/endless')",
            "open('/endless', '_blank', 'noopener')",
            "const f = document.createElement('iframe'); f.src = '/endless'; document.body.append(f)",
            "const a = document.querySelector('[href=\"/endless\"]'); a.target = '_blank'; a.click()",
            "const f = document.createElement('form'); f.action = '/endless'; f.target = '_blank'; document.body.append(f); f.submit()",
        ] {
            let (bounds, mut worker) = with_room(1 << 20);
            let (_, frame) = worker.at(&site).await;
            let script = json!({ "frame": frame, "expression": format!("{{ {way}; 0 }}"), "isFunction": false });
            worker.op("frame.evaluate", script).await.unwrap();
            eventually(|| !bounds.told().is_empty(), way).await;
            worker.operations.dispose().await;
        }
    });
}

async fn eventually(is: impl Fn() -> bool, what: &str) {
    let waiting = async {
        while !is() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_millis(TIMEOUT), waiting).await.expect(what);
}

/// Where a browser has a profile of its own, on the disk.
#[test]
fn what_pages_store_in_a_profile_counts() {
    run(async {
        let (bounds, mut worker) = with_room(64 << 20);
        let launched =
            worker.op("browser.launchPersistent", json!({ "options": {}, "timeout": TIMEOUT })).await.unwrap();
        worker.op("browser.enter", json!({ "context": launched["context"], "opens": true })).await.unwrap();
        let frame = worker.event("page").await["mainFrame"]["frame"].take();
        let to = json!({ "frame": frame, "url": shared().origin, "waitUntil": "load", "timeout": TIMEOUT });
        worker.op("frame.goto", to).await.unwrap();
        let stores = "(async () => {
            const folder = await navigator.storage.getDirectory();
            for (let number = 1; ; number++) {
                const file = await folder.getFileHandle(`${number}`, { create: true });
                const written = await file.createWritable();
                await written.write(new Uint8Array(4 << 20).fill(number));
                await written.close();
            }
        })()";
        let script = json!({ "frame": frame, "expression": stores, "isFunction": false });
        let error = worker.op("frame.evaluate", script).await.unwrap_err();
        assert_eq!(
            error.lines().next().unwrap(),
            "Target crashed: The files of a session may have 64 MiB in all on this agent (--artifact-limit): its profile takes more"
        );
        worker.event("disconnected").await;
        assert!(bounds.told()[0].starts_with("The files of a session may have 64 MiB in all"), "{:?}", bounds.told());
        // When it is gone, so is what it had.
        worker.op("browser.close", json!({ "browser": launched["browser"] })).await.unwrap();
        eventually(|| bounds.share().grow(64 << 20).is_ok(), "room again").await;
        worker.operations.dispose().await;
    });
}
