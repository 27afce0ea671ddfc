//! Nobody gets to files of the machine and pages of the browser itself: neither pages by themselves, nor who drives them.

use super::support::{TIMEOUT, Worker, run};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::any;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::net::TcpListener;
use tokio::sync::watch;
use understudy::browser::navigation::GotoOptions;
use understudy::browser::{BrowserPool, ContextOptions, LaunchOptions, LoadState, Mode, leads_inside};
use understudy::runner::host::ops::OperationsOptions;

/// What is written in the file that nobody may see.
const LOOT: &str = "what is only in a file of the machine";

type To = Query<BTreeMap<String, String>>;

/// A site, and the ways by which somebody came to a place that may be reached.
async fn serve() -> (String, watch::Receiver<BTreeSet<(usize, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (came, comers) = watch::channel(BTreeSet::new());
    let place = async move |Path(way): Path<(usize, String)>| {
        came.send_if_modified(|ways| ways.insert(way));
        ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Html("<title>Place</title>"))
    };
    let refresh = async |Query(to): To| ([("refresh", format!("0;url={}", to["to"]))], "on the way").into_response();
    let go = async |Query(to): To| Html(format!("<script>navigation.navigate({})</script>", json!(to["to"])));
    let site = Router::new()
        .route("/", any(async || Html("<title>Home</title><body>")))
        .route("/away", any(async |Query(to): To| Redirect::temporary(&to["to"])))
        .route("/refresh", any(refresh))
        .route("/go", any(go))
        .route("/place/{round}/{way}", any(place));
    tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
    (origin, comers)
}

/// As an agent has it.
fn pool() -> BrowserPool {
    BrowserPool::new(LaunchOptions { keeps_out: true, ..LaunchOptions::default() })
}

async fn go(worker: &Worker, frame: &str, url: &str) -> Result<Value, String> {
    let to = json!({ "frame": frame, "url": url, "waitUntil": "load", "timeout": TIMEOUT });
    worker.op("frame.goto", to).await
}

async fn evaluate(worker: &Worker, frame: &str, expression: &str) -> Value {
    let script = json!({ "frame": frame, "expression": expression, "isFunction": false });
    worker.op("frame.evaluate", script).await.unwrap()["value"].clone()
}

#[test]
fn pages_get_nowhere_inside_by_themselves() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        // A script, a style and a page in one.
        let file = folder.path().join("loot.html");
        std::fs::write(&file, format!("/* {LOOT} */")).unwrap();
        let file = format!("file://{}", file.display());
        let (site, mut comers) = serve().await;
        let pool = pool();
        let mut worker = Worker::with(&pool, OperationsOptions::default());
        let mut seen = Vec::new();
        let places = [
            format!("{file}?WAY"),
            format!("view-source:{file}?WAY"),
            "chrome://version/?WAY".into(),
            "chrome-untrusted://new-tab-page/?WAY".into(),
            "devtools://devtools/bundled/inspector.html?WAY".into(),
            "about:version?WAY".into(),
        ];
        for (round, inside) in places.into_iter().enumerate() {
            // The ways leave pages behind, of which a session may have so many.
            let (context, _, frame) = worker.page(json!({})).await;
            go(&worker, &frame, &format!("{site}/")).await.unwrap();
            let ways = include_str!("inside-ways.js");
            let try_all = |place: &str| format!("({ways})([{}, {}]).then(JSON.stringify)", json!(place), json!(site));
            evaluate(&worker, &frame, &try_all(&inside)).await;
            // The same ways lead elsewhere: they are real, and whoever began before is there by now.
            let tried = evaluate(&worker, &frame, &try_all(&format!("{site}/place/{round}/WAY"))).await;
            let tried: Vec<String> = serde_json::from_str(tried.as_str().unwrap()).unwrap();
            let all_came = |came: &BTreeSet<_>| tried.iter().all(|way| came.contains(&(round, way.clone())));
            comers.wait_for(all_came).await.unwrap();
            let read = evaluate(&worker, &frame, "JSON.stringify(self.read)").await;
            assert!(!read.to_string().contains(LOOT), "{inside}: {read}");
            worker.op("context.close", json!({ "context": context })).await.unwrap();
            seen.extend(worker.events());
        }
        for (target, name, params) in seen {
            let url = params["url"].as_str().or_else(|| params["mainFrame"]["url"].as_str()).unwrap_or_default();
            // Pages of errors; and pages make nothing of names of the browser's pages: those are empty.
            let nothing = url.starts_with("chrome-error:") || url.starts_with("about:");
            assert!(nothing || !leads_inside(url), "{target} {name} {params}");
        }
        worker.operations.dispose().await;
        pool.close().await;
    });
}

#[test]
fn who_drives_a_page_gets_nowhere_inside() {
    run(async {
        let pool = pool();
        let context = pool.acquire(Mode::Headless).await.unwrap().new_context(ContextOptions::default()).await.unwrap();
        let page = context.new_page().await.unwrap();
        let options = GotoOptions { wait_until: LoadState::Load, timeout: TIMEOUT, referer: None };
        for url in ["file:///etc/passwd", "about:version", "chrome://version", "view-source:data:text/html,x"] {
            let error = page.main_frame().goto(url, &options).await.unwrap_err().to_string();
            assert!(error.starts_with(&format!("{url} is not allowed on an agent")), "{error}");
        }
        page.main_frame().goto("about:blank?x#y", &options).await.unwrap();
        // Whoever finds a way all the same is out again before anybody can look.
        let session = page.raw_session(std::sync::Arc::new(|_| {})).await.unwrap();
        let _ = session.send("Page.navigate", &json!({ "url": "chrome://version" })).await;
        page.gone().await;
        context.close();
        pool.close().await;
    });
}

/// Answers and requests that the test makes itself.
#[test]
fn what_a_test_answers_leads_nowhere_inside() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("loot.html");
        std::fs::write(&file, LOOT).unwrap();
        let file = format!("file://{}", file.display());
        let (site, _) = serve().await;
        let pool = pool();
        let mut worker = Worker::with(&pool, OperationsOptions::default());
        let (context, page, frame) = worker.page(json!({})).await;
        let error =
            worker.op("api.fetch", json!({ "context": context, "url": file, "method": "GET" })).await.unwrap_err();
        assert!(!error.contains(LOOT), "{error}");
        let session = worker.op("cdp.new", json!({ "page": page })).await.unwrap()["session"].clone();
        worker.op("cdp.send", json!({ "session": session, "method": "Fetch.enable" })).await.unwrap();
        let location = json!([{ "name": "location", "value": file }]);
        for (method, answer) in [
            ("Fetch.fulfillRequest", json!({ "responseCode": 302, "responseHeaders": location })),
            ("Fetch.continueRequest", json!({ "url": file })),
        ] {
            let operations = worker.operations.clone();
            let to = json!({ "frame": frame, "url": site, "waitUntil": "load", "timeout": TIMEOUT });
            let going = tokio::spawn(async move { operations.perform("frame.goto", to).await.map(|done| done.value) });
            let mut paused = worker.event("event").await;
            while paused["method"] != "Fetch.requestPaused" {
                paused = worker.event("event").await;
            }
            let mut answer = answer;
            answer["requestId"] = paused["params"]["requestId"].clone();
            worker.op("cdp.send", json!({ "session": session, "method": method, "params": answer })).await.unwrap();
            let error = going.await.unwrap().unwrap_err().message;
            assert!(error.starts_with("net::ERR_"), "{method}: {error}");
        }
        let content = worker.op("frame.content", json!({ "frame": frame })).await.unwrap_or_default();
        assert!(!content.to_string().contains(LOOT), "{content}");
        worker.operations.dispose().await;
        pool.close().await;
    });
}
