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
    BrowserContext, BrowserPool, CallArg, ContextOptions, Evaluation, LaunchOptions, LoadState, Mode, Page,
};

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
