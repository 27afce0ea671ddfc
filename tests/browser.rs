//! The browser room on real Chromium, against a server in this process.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::OnceLock;
use understudy::browser::navigation::GotoOptions;
use understudy::browser::url_match::UrlMatcher;
use understudy::browser::{
    BrowserContext, BrowserPool, CallArg, ContextOptions, Evaluation, LaunchOptions, LoadState, Mode, Notice, Page,
};
use understudy::runner::host::ops::{Operations, OperationsOptions};
use understudy::runner::protocol::ToWorker;

/// Generous: only a broken test takes so long.
const TIMEOUT: u64 = 20_000;

/// One Chromium and one server for all tests; a runtime of their own, so that no test's end takes them along.
struct Shared {
    runtime: tokio::runtime::Runtime,
    pool: BrowserPool,
    origin: String,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().expect("works");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("works");
        let origin = format!("http://{}", listener.local_addr().expect("works"));
        runtime.spawn(async move { axum::serve(listener, site()).await.expect("works") });
        Shared { runtime, pool: BrowserPool::new(LaunchOptions::default()), origin }
    })
}

fn site() -> Router {
    Router::new()
        .route("/", get(|| async { Html("<title>Home</title><h1>Home</h1><a href='/second'>second</a>") }))
        .route("/second", get(|| async { Html("<title>Second</title><a id=hash href='#part'>part</a>") }))
        .route("/redirect", get(|| async { Redirect::temporary("/second") }))
        .route("/missing", get(|| async { (StatusCode::NOT_FOUND, Html("<title>Nothing here</title>")) }))
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/script", get(|| async { Html("<script>window.seen = `early is ${window.early}`</script>") }))
        .route("/frames", get(|| async { Html("<iframe name=inner src='/second'></iframe>") }))
        .route(
            "/form",
            get(|| async { Html("<input id=name autofocus><button onclick=\"location.href='/second'\">go</button>") }),
        )
}

async fn with_page<T>(options: Value, work: impl AsyncFnOnce(Page, &str) -> T) -> T {
    let shared = shared();
    let options: ContextOptions = serde_json::from_value(options).expect("works");
    let context: BrowserContext =
        shared.pool.acquire(Mode::Headless).await.expect("works").new_context(options).await.expect("works");
    let page = context.new_page().await.expect("works");
    let result = work(page, &shared.origin).await;
    context.close().await.expect("works");
    result
}

fn run(work: impl Future<Output = ()>) {
    shared().runtime.block_on(work);
}

fn goto(until: LoadState) -> GotoOptions {
    GotoOptions { wait_until: until, timeout: TIMEOUT, referer: None }
}

fn expression(text: &str) -> Evaluation {
    Evaluation { expression: text.into(), ..Evaluation::default() }
}

async fn evaluate(page: &Page, text: &str) -> Value {
    page.main_frame().main_context().await.expect("works").evaluate(&expression(text)).await.expect("works")
}

#[test]
fn a_page_goes_somewhere_and_knows_where_it_is() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        assert_eq!(frame.url(), "about:blank");
        let request = frame.goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap().unwrap();
        assert_eq!(request.response_now().unwrap().status, 200);
        assert_eq!(frame.url(), format!("{origin}/"));
        assert_eq!(frame.title().await.unwrap(), "Home");
        assert!(frame.content().await.unwrap().contains("<h1>Home</h1>"));
        let request =
            frame.goto(&format!("{origin}/redirect"), &goto(LoadState::DomContentLoaded)).await.unwrap().unwrap();
        assert_eq!(request.url(), format!("{origin}/second"));
        assert_eq!(request.redirected_from().unwrap().url(), format!("{origin}/redirect"));
        let request = frame.goto(&format!("{origin}/missing"), &goto(LoadState::Commit)).await.unwrap().unwrap();
        assert_eq!(request.response_now().unwrap().status, 404);
        assert_eq!(String::from_utf8(request.body().await.unwrap()).unwrap(), "<title>Nothing here</title>");
        assert!(frame.goto(&format!("{origin}/missing#part"), &goto(LoadState::Load)).await.unwrap().is_none());
        assert_eq!(frame.url(), format!("{origin}/missing#part"));
    }));
}

#[test]
fn navigations_that_fail_say_why() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        // A port that was free a moment ago.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let cases = [
            (
                closed.clone(),
                format!(
                    "net::ERR_CONNECTION_REFUSED at {closed}\nCall log:\n  - navigating to \"{closed}\", waiting until \"load\"\n"
                ),
            ),
            (format!("{origin}/nothing"), format!("net::ERR_ABORTED at {origin}/nothing\n")),
            ("nonsense".into(), "Protocol error (Page.navigate): Cannot navigate to invalid URL".into()),
        ];
        for (url, expected) in cases {
            let error = frame.goto(&url, &goto(LoadState::Load)).await.unwrap_err().to_string();
            assert!(error.starts_with(&expected), "{url}: {error}");
        }
    }));
}

#[test]
fn history_reload_and_content() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        for path in ["/", "/second"] {
            frame.goto(&format!("{origin}{path}"), &goto(LoadState::Load)).await.unwrap();
        }
        page.go(-1, LoadState::Load, TIMEOUT).await.unwrap().unwrap();
        assert_eq!(frame.url(), format!("{origin}/"));
        page.go(1, LoadState::Load, TIMEOUT).await.unwrap().unwrap();
        assert_eq!(frame.url(), format!("{origin}/second"));
        assert!(page.go(1, LoadState::Load, TIMEOUT).await.unwrap().is_none());
        let request = page.reload(LoadState::Load, TIMEOUT).await.unwrap().unwrap();
        assert_eq!(request.url(), format!("{origin}/second"));
        frame
            .set_content("<p id=p>written</p><script>window.ran = true</script>", LoadState::Load, TIMEOUT)
            .await
            .unwrap();
        assert_eq!(evaluate(&page, "window.ran && document.querySelector('#p').textContent").await, json!("written"));
    }));
}

#[test]
fn urls_are_waited_for() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        frame.goto(&format!("{origin}/form"), &goto(LoadState::Load)).await.unwrap();
        let glob = UrlMatcher::Glob("**/second".into());
        let waiting = frame.wait_for_url(&glob, LoadState::Load, TIMEOUT);
        let clicking = evaluate(&page, "setTimeout(() => document.querySelector('button').click())");
        let (waited, _) = tokio::join!(waiting, clicking);
        waited.unwrap();
        let regex = UrlMatcher::Regex { source: "/SEC".into(), flags: "i".into() };
        frame.wait_for_url(&regex, LoadState::Load, TIMEOUT).await.unwrap();
        let never = UrlMatcher::Glob("**/third".into());
        let error = frame.wait_for_url(&never, LoadState::Load, 20).await.unwrap_err().to_string();
        assert_eq!(
            error,
            "Timeout 20ms exceeded.\nCall log:\n  - waiting for navigation to \"**/third\" until \"load\"\n"
        );
    }));
}

#[test]
fn frames_come_and_go() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        frame.goto(&format!("{origin}/frames"), &goto(LoadState::Load)).await.unwrap();
        let inner = page.frames().into_iter().find(|frame| frame.name() == "inner").unwrap();
        assert_eq!(inner.url(), format!("{origin}/second"));
        assert_eq!(inner.title().await.unwrap(), "Second");
        assert_eq!(inner.parent().unwrap(), frame);
        let owner = inner.owner_element().await.unwrap().unwrap();
        assert_eq!(owner.content_frame().await.unwrap().unwrap(), inner);
        evaluate(&page, "document.querySelector('iframe').remove()").await;
        inner.detached().await;
        let error = inner.title().await.unwrap_err().to_string();
        assert_eq!(error, "Frame was detached");
        assert_eq!(page.frames().len(), 1);
    }));
}

#[test]
fn frames_of_other_sites_run_elsewhere_and_behave_the_same() {
    run(with_page(json!({}), async |page, origin| {
        // Another site than the numeric address: Chromium gives it a process of its own.
        let other = origin.replace("127.0.0.1", "localhost");
        page.add_init_script("window.early = document.readyState").await.unwrap();
        let frame = page.main_frame();
        frame.goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap();
        let html = format!("<style>body {{ margin: 0 }}</style><iframe name=far src='{other}/frames'></iframe>");
        frame.set_content(&html, LoadState::NetworkIdle, TIMEOUT).await.unwrap();
        assert_eq!(page.frames().len(), 3);
        let far = page.frames().into_iter().find(|frame| frame.name() == "far").unwrap();
        let inner = page.frames().into_iter().find(|frame| frame.name() == "inner").unwrap();
        assert_eq!((far.url(), inner.parent().unwrap()), (format!("{other}/frames"), far.clone()));
        assert_eq!(inner.title().await.unwrap(), "Second");
        let early = inner.main_context().await.unwrap().evaluate(&expression("early")).await.unwrap();
        assert_eq!(early, json!("loading"));
        let owner = far.owner_element().await.unwrap().unwrap();
        assert_eq!(owner.content_frame().await.unwrap().unwrap(), far);
        let watch = "window.clicked = new Promise(done => addEventListener('click', event => done(event.clientX)))";
        far.main_context().await.unwrap().evaluate_handle(&expression(&format!("{watch}, 1"))).await.unwrap();
        page.mouse().click(6.0, 5.0, &Default::default()).await.unwrap();
        let clicked = far.main_context().await.unwrap().evaluate(&expression("clicked")).await.unwrap();
        assert_eq!(clicked, json!(4));
        // It comes home, and goes away again.
        far.goto(&format!("{origin}/second"), &goto(LoadState::Load)).await.unwrap();
        assert_eq!(far.title().await.unwrap(), "Second");
        assert_eq!(page.frames().len(), 2);
        assert!(inner.is_detached());
        far.goto(&format!("{other}/"), &goto(LoadState::Load)).await.unwrap();
        assert_eq!(far.title().await.unwrap(), "Home");
    }));
}

#[test]
fn init_scripts_run_first_in_popups_too() {
    run(with_page(json!({}), async |page, origin| {
        let context = page.context().clone();
        context.add_init_script("window.early = [...document.scripts].length").await.unwrap();
        let (sender, mut popups) = tokio::sync::mpsc::unbounded_channel();
        context.observe(std::sync::Arc::new(move |notice| {
            if let Notice::PageCreated(page) = notice {
                let _ = sender.send(page);
            }
        }));
        page.main_frame().goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap();
        for url in [format!("{origin}/script"), origin.replace("127.0.0.1", "localhost") + "/script"] {
            evaluate(&page, &format!("window.open('{url}'), 1")).await;
            let popup = popups.recv().await.unwrap();
            assert_eq!(popup.opener(), Some(&page));
            popup.main_frame().reached(LoadState::Load).await.unwrap();
            assert_eq!(popup.main_frame().url(), url);
            assert_eq!(evaluate(&popup, "seen").await, json!("early is 0"));
        }
    }));
}

#[test]
fn values_go_in_and_come_out() {
    run(with_page(json!({}), async |page, _| {
        let context = page.main_frame().main_context().await.unwrap();
        let cases = [
            ("1 + 1", json!(2)),
            ("undefined", json!({ "v": "undefined" })),
            ("-0", json!({ "v": "-0" })),
            ("10n", json!({ "bi": "10" })),
            ("() => [1, 'a']", json!({ "a": [1, "a"], "id": 1 })),
            ("Promise.resolve({ x: null })", json!({ "o": [["x", null]], "id": 1 })),
            ("async () => 5", json!(5)),
        ];
        for (text, expected) in cases {
            assert_eq!(context.evaluate(&expression(text)).await.unwrap(), expected, "{text}");
        }
        let handle = context.evaluate_handle(&expression("() => ({ name: 'it' })")).await.unwrap();
        let named = Evaluation {
            expression: "({ it, extra }) => it.name + extra".into(),
            is_function: Some(true),
            arg: json!({ "o": [["it", { "h": 0 }], ["extra", "!"]], "id": 1 }),
            handles: vec![handle.clone()],
        };
        assert_eq!(context.evaluate(&named).await.unwrap(), json!("it!"));
        assert_eq!(handle.evaluate(&expression("object => object.name")).await.unwrap(), json!("it"));
        assert_eq!(handle.json_value().await.unwrap(), json!({ "o": [["name", "it"]], "id": 1 }));
        let error = context.evaluate(&expression("() => { throw new TypeError('no') }")).await.unwrap_err().to_string();
        assert!(error.starts_with("TypeError: no\n    at "), "{error}");
        let sum = page
            .main_frame()
            .utility_context()
            .await
            .unwrap()
            .call("(a, b) => a + b", &[CallArg::Value(json!(1)), CallArg::Value(json!(2))])
            .await;
        assert_eq!(sum.unwrap(), json!(3));
    }));
}

#[test]
fn keys_and_pointer_reach_the_page() {
    run(with_page(json!({}), async |page, origin| {
        page.main_frame().goto(&format!("{origin}/form"), &goto(LoadState::Load)).await.unwrap();
        page.keyboard().type_text("Grüße, Welt", None).await.unwrap();
        page.keyboard().press("Shift+ArrowLeft", None).await.unwrap();
        page.keyboard().press("Backspace", None).await.unwrap();
        assert_eq!(evaluate(&page, "document.querySelector('#name').value").await, json!("Grüße, Wel"));
        page.keyboard().press("ControlOrMeta+a", None).await.unwrap();
        page.keyboard().insert_text("x").await.unwrap();
        assert_eq!(evaluate(&page, "document.querySelector('#name').value").await, json!("x"));
        evaluate(
            &page,
            "window.seen = []; for (const type of ['mousemove', 'mousedown', 'mouseup', 'click', 'dblclick'])
            addEventListener(type, e => seen.push(`${type} ${e.clientX},${e.clientY} ${e.detail}`))",
        )
        .await;
        let options = understudy::browser::input::ClickOptions { count: 2, ..Default::default() };
        page.mouse().click(300.0, 200.0, &options).await.unwrap();
        let seen = evaluate(&page, "seen.join('; ')").await;
        assert_eq!(
            seen,
            "mousemove 300,200 0; mousedown 300,200 1; mouseup 300,200 1; click 300,200 1; \
             mousedown 300,200 2; mouseup 300,200 2; click 300,200 2; dblclick 300,200 2"
        );
        let barrier = page.barrier();
        evaluate(&page, "document.querySelector('button').click()").await;
        barrier.finish(&understudy::browser::Progress::new(TIMEOUT)).await.unwrap();
        assert_eq!(page.main_frame().url(), format!("{origin}/second"));
    }));
}

#[test]
fn a_killed_page_or_context_fails_what_waits() {
    run(with_page(json!({}), async |page, _| {
        let frame = page.main_frame();
        let context = frame.main_context().await.unwrap();
        let hanging = expression("new Promise(() => {})");
        let (result, closed) = tokio::join!(context.evaluate(&hanging), page.close(false));
        closed.unwrap();
        assert!(result.unwrap_err().is_closed());
        let error = frame.title().await.unwrap_err().to_string();
        assert_eq!(error, "Target page, context or browser has been closed");
    }));
}

/// A worker's end of the operation table.
struct Worker {
    operations: std::sync::Arc<Operations>,
    events: tokio::sync::mpsc::UnboundedReceiver<ToWorker>,
    artifacts: tempfile::TempDir,
}

impl Worker {
    fn new() -> Self {
        let (sender, events) = tokio::sync::mpsc::unbounded_channel();
        let artifacts = tempfile::tempdir().expect("a folder");
        let options = OperationsOptions { artifacts: artifacts.path().to_owned().into() };
        let operations = Operations::new(shared().pool.clone(), Mode::Headless, sender, options);
        Self { operations, events, artifacts }
    }

    async fn op(&self, name: &str, params: Value) -> Result<Value, String> {
        self.operations.perform(name, params).await.map(|performed| performed.value).map_err(|error| error.message)
    }

    /// Events so far, as `target name params`.
    fn events(&mut self) -> Vec<(String, String, Value)> {
        let mut events = Vec::new();
        while let Ok(ToWorker::Event { target, name, params }) = self.events.try_recv() {
            events.push((target, name, params));
        }
        events
    }

    async fn event(&mut self, wanted: &str) -> Value {
        while let Some(event) = self.events.recv().await {
            if let ToWorker::Event { name, params, .. } = event
                && name == wanted
            {
                return params;
            }
        }
        panic!("no event {wanted}");
    }

    async fn page(&mut self, options: Value) -> (String, String, String) {
        let context = self.op("context.new", json!({ "options": options })).await.expect("a context");
        let context = context["context"].as_str().expect("a name").to_owned();
        let page = self.op("context.newPage", json!({ "context": context })).await.expect("a page");
        let created = self.event("page").await;
        assert_eq!(created["page"], page["page"]);
        let frame = created["mainFrame"]["frame"].as_str().expect("a name").to_owned();
        (context, page["page"].as_str().expect("a name").to_owned(), frame)
    }
}

#[test]
fn operations_and_events_of_a_worker() {
    run(async {
        let origin = &shared().origin;
        let mut worker = Worker::new();
        let (context, page, frame) = worker.page(json!({ "viewport": { "width": 400, "height": 300 } })).await;
        let params =
            json!({ "frame": frame, "url": format!("{origin}/frames"), "waitUntil": "load", "timeout": TIMEOUT });
        let navigated = worker.op("frame.goto", params).await.unwrap();
        assert_eq!(navigated["response"]["status"], 200);
        let body = worker.op("response.body", json!({ "response": navigated["response"]["id"] })).await.unwrap();
        assert_eq!(body["base64"], "PGlmcmFtZSBuYW1lPWlubmVyIHNyYz0nL3NlY29uZCc+PC9pZnJhbWU+");
        let events = worker.events();
        let names: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
        assert!(names.contains(&"frameAttached") && names.contains(&"navigated"), "{names:?}");
        assert!(names.contains(&"loadState"), "events come before the answer: {names:?}");
        let sum = json!({ "frame": frame, "expression": "({ a }) => a + 1", "isFunction": true,
            "arg": { "value": { "o": [["a", 1]], "id": 1 } } });
        assert_eq!(worker.op("frame.evaluate", sum).await.unwrap(), json!({ "value": 2 }));
        let handle = worker
            .op("frame.evaluate", json!({ "frame": frame, "expression": "document.body", "returnHandle": true }))
            .await
            .unwrap();
        assert_eq!(handle["isElement"], true);
        let of = json!({ "handle": handle["handle"], "expression": "body => body.localName", "isFunction": true });
        assert_eq!(worker.op("handle.evaluate", of).await.unwrap(), json!({ "value": "body" }));
        let waiting =
            json!({ "frame": frame, "expression": "() => window.ready", "isFunction": true, "timeout": TIMEOUT });
        let setting =
            json!({ "frame": frame, "expression": "() => setTimeout(() => { window.ready = 7 })", "isFunction": true });
        let (waited, _) =
            tokio::join!(worker.op("frame.waitForFunction", waiting), worker.op("frame.evaluate", setting));
        assert_eq!(waited.unwrap()["preview"], "7");
        let params = json!({ "page": page, "path": "shots/a.png", "fullPage": true, "timeout": TIMEOUT });
        let picture = worker.op("page.screenshot", params).await.unwrap();
        assert!(picture["base64"].as_str().unwrap().starts_with("iVBOR"));
        let picture = image::open(worker.artifacts.path().join("shots/a.png")).unwrap();
        assert_eq!((picture.width(), picture.height()), (400, 300));
        assert_eq!(
            worker.op("page.fly", json!({ "page": page })).await.unwrap_err(),
            "the operation page.fly is not supported by this version of understudy"
        );
        worker.op("page.close", json!({ "page": page })).await.unwrap();
        assert_eq!(worker.event("closed").await, json!({}));
        let error = worker.op("frame.title", json!({ "frame": frame })).await.unwrap_err();
        assert_eq!(error, "Target page, context or browser has been closed");
        worker.op("context.close", json!({ "context": context })).await.unwrap();
        worker.operations.dispose().await;
    });
}

#[test]
fn dialogs_popups_and_console() {
    run(async {
        let mut worker = Worker::new();
        let (_, page, frame) = worker.page(json!({})).await;
        let evaluate = |expression: &str| json!({ "frame": frame, "expression": expression });
        // Nobody asked for dialogs: they are dismissed.
        assert_eq!(worker.op("frame.evaluate", evaluate("confirm('sure?')")).await.unwrap(), json!({ "value": false }));
        for event in ["dialog", "console", "pageerror"] {
            let params = json!({ "page": page, "event": event, "enabled": true });
            worker.op("page.subscribe", params).await.unwrap();
        }
        let operations = worker.operations.clone();
        let asking = tokio::spawn({
            let params = evaluate("prompt('name?', 'me')");
            async move { operations.perform("frame.evaluate", params).await.map(|performed| performed.value) }
        });
        let dialog = worker.event("dialog").await;
        assert_eq!((dialog["type"].as_str(), dialog["defaultValue"].as_str()), (Some("prompt"), Some("me")));
        let accept = json!({ "dialog": dialog["dialog"], "promptText": "you" });
        worker.op("dialog.accept", accept.clone()).await.unwrap();
        assert_eq!(asking.await.unwrap().unwrap(), json!({ "value": "you" }));
        let error = worker.op("dialog.accept", accept).await.unwrap_err();
        assert_eq!(error, "Cannot accept dialog which is already handled!");
        worker.op("frame.evaluate", evaluate("console.warn('careful', 7)")).await.unwrap();
        let message = worker.event("console").await;
        assert_eq!((message["type"].as_str(), message["text"].as_str()), (Some("warning"), Some("careful 7")));
        worker.op("frame.evaluate", evaluate("setTimeout(() => { throw new RangeError('far') })")).await.unwrap();
        let error = worker.event("pageerror").await;
        assert_eq!((error["name"].as_str(), error["message"].as_str()), (Some("RangeError"), Some("far")));
        let url = format!("{}/second", shared().origin);
        worker.op("frame.evaluate", evaluate(&format!("window.open('{url}') && 1"))).await.unwrap();
        let popup = worker.event("page").await;
        assert_eq!(popup["opener"], json!(page));
        assert_eq!(popup["mainFrame"]["url"], json!(url));
        worker.op("frame.evaluate", evaluate("window.open() && 1")).await.unwrap();
        let popup = worker.event("page").await;
        assert_eq!(popup["mainFrame"]["url"], json!("about:blank"));
        worker.operations.dispose().await;
    });
}

#[test]
fn contexts_are_what_they_are_told_to_be() {
    run(async {
        let origin = &shared().origin;
        let mut worker = Worker::new();
        let options = json!({
            "viewport": { "width": 360, "height": 640 }, "deviceScaleFactor": 2, "isMobile": true, "hasTouch": true,
            "userAgent": "understudy/1", "locale": "de-DE", "timezoneId": "Asia/Tokyo", "colorScheme": "dark",
            "geolocation": { "latitude": 52.5, "longitude": 13.4 }, "permissions": ["geolocation"],
            "storageState": {
                "cookies": [{ "name": "c", "value": "1", "url": origin }],
                "origins": [{ "origin": origin, "localStorage": [{ "name": "k", "value": "v" }] }],
            },
        });
        let (context, page, frame) = worker.page(options).await;
        let source = "window.first = document.readyState";
        worker.op("context.addInitScript", json!({ "context": context, "source": source })).await.unwrap();
        let goto = json!({ "frame": frame, "url": format!("{origin}/"), "timeout": TIMEOUT });
        worker.op("frame.goto", goto).await.unwrap();
        let cases = [
            ("[screen.width, devicePixelRatio].join()", json!("360,2")),
            ("navigator.userAgent + navigator.language", json!("understudy/1de-DE")),
            ("Intl.DateTimeFormat().resolvedOptions().timeZone", json!("Asia/Tokyo")),
            ("matchMedia('(prefers-color-scheme: dark)').matches", json!(true)),
            ("'ontouchstart' in window", json!(true)),
            ("document.cookie + localStorage.k", json!("c=1v")),
            ("window.first", json!("loading")),
            (
                "new Promise(done => navigator.geolocation.getCurrentPosition(p => done(p.coords.latitude)))",
                json!(52.5),
            ),
        ];
        for (expression, expected) in cases {
            let value = worker.op("frame.evaluate", json!({ "frame": frame, "expression": expression })).await;
            assert_eq!(value.unwrap()["value"], expected, "{expression}");
        }
        let state = worker.op("context.storageState", json!({ "context": context })).await.unwrap();
        assert_eq!(state["cookies"][0]["name"], "c");
        assert_eq!(state["origins"][0]["localStorage"][0]["value"], "v");
        worker.op("page.emulateMedia", json!({ "page": page, "colorScheme": "light" })).await.unwrap();
        let light = json!({ "frame": frame, "expression": "matchMedia('(prefers-color-scheme: dark)').matches" });
        assert_eq!(worker.op("frame.evaluate", light).await.unwrap()["value"], json!(false));
        worker.op("context.setOffline", json!({ "context": context, "offline": true })).await.unwrap();
        let goto = json!({ "frame": frame, "url": format!("{origin}/second"), "timeout": TIMEOUT });
        let error = worker.op("frame.goto", goto).await.unwrap_err();
        assert!(error.starts_with("net::ERR_INTERNET_DISCONNECTED at "), "{error}");
        worker.operations.dispose().await;
    });
}

#[test]
fn a_dead_browser_fails_everything_and_is_replaced() {
    run(async {
        let pool = BrowserPool::new(LaunchOptions::default());
        let browser = pool.acquire(Mode::Headless).await.unwrap();
        let page = browser.new_context(ContextOptions::default()).await.unwrap().new_page().await.unwrap();
        let context = page.main_frame().main_context().await.unwrap();
        let hanging = expression("new Promise(() => {})");
        let (result, ()) = tokio::join!(context.evaluate(&hanging), browser.close());
        assert!(result.unwrap_err().is_closed());
        assert!(page.is_closed());
        let again = pool.acquire(Mode::Headless).await.unwrap();
        again.new_context(ContextOptions::default()).await.unwrap().new_page().await.unwrap();
        pool.close().await;
        assert!(again.is_closed());
    });
}
