//! Pages: going places, frames, scripts, input.

use super::support::{TIMEOUT, evaluate, expression, goto, run, with_page};
use serde_json::json;
use understudy::browser::input::Button;
use understudy::browser::url_match::UrlMatcher;
use understudy::browser::{CallArg, Evaluation, LoadState, Notice};

#[test]
fn a_page_goes_somewhere_and_knows_where_it_is() {
    run(with_page(json!({}), async |page, origin| {
        let frame = page.main_frame();
        assert_eq!(frame.url(), "about:blank");
        let request = frame.goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap().unwrap();
        assert_eq!(request.response_now().unwrap().status, 200);
        assert_eq!(frame.url(), format!("{origin}/"));
        assert_eq!(frame.title().await.unwrap(), "Home");
        assert!(frame.content(false).await.unwrap().contains("<h1>Home</h1>"));
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
        page.add_init_script("window.early = document.readyState").unwrap();
        let frame = page.main_frame();
        frame.goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap();
        let html = format!("<style>body {{ margin: 0 }}</style><iframe name=far src='{other}/frames'></iframe>");
        if let Err(e) = frame.set_content(&html, LoadState::NetworkIdle, TIMEOUT).await {
            panic!("{e:?} {:#?}", page.frames());
        }
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
        context.add_init_script("window.early = [...document.scripts].length").unwrap();
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
        // What wants the focus by itself gets it with the first picture only.
        evaluate(&page, "document.querySelector('#name').focus()").await;
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
fn what_can_be_dragged_is_dragged_dropped_or_let_be() {
    run(with_page(json!({}), async |page, _| {
        let html = "<style>body { margin: 0 } div { position: absolute; width: 50px; height: 50px; background: #ccc }</style>
            <div id=box draggable=true></div><div id=bin style='left: 200px'></div><script>window.seen = [];
            for (const type of ['dragstart', 'dragend', 'mouseup']) box.addEventListener(type, e => seen.push(type));
            for (const type of ['dragenter', 'drop']) bin.addEventListener(type, e => seen.push(type));
            bin.addEventListener('dragover', e => e.preventDefault());
            box.addEventListener('dragstart', e => { if (window.not) e.preventDefault(); else e.dataTransfer.setData('text', 'x') });
            bin.addEventListener('drop', e => seen.push(e.dataTransfer.getData('text')));</script>";
        page.main_frame().set_content(html, LoadState::Load, TIMEOUT).await.unwrap();
        let (mouse, keyboard) = (page.mouse(), page.keyboard());
        let seen = async || evaluate(&page, "seen.splice(0).join(' ')").await;
        let grab = async || {
            mouse.move_to(20.0, 20.0, 1).await.unwrap();
            mouse.down(Button::Left, 1).await.unwrap();
            mouse.move_to(220.0, 20.0, 3).await.unwrap();
        };
        grab().await;
        mouse.up(Button::Left, 1).await.unwrap();
        assert_eq!(seen().await, "dragstart dragenter drop x dragend");
        grab().await;
        keyboard.press("Escape", None).await.unwrap();
        mouse.up(Button::Left, 1).await.unwrap();
        let cancelled = seen().await;
        assert!(cancelled.as_str().unwrap().starts_with("dragstart dragenter dragend"), "{cancelled}");
        evaluate(&page, "window.not = true").await;
        grab().await;
        mouse.move_to(20.0, 20.0, 1).await.unwrap();
        mouse.up(Button::Left, 1).await.unwrap();
        assert_eq!(seen().await, "dragstart mouseup");
        page.mouse().click(20.0, 20.0, &Default::default()).await.unwrap();
        assert_eq!(seen().await, "mouseup");
    }));
}
