//! The operation table, as a worker uses it.

use super::support::{TIMEOUT, Worker, run, shared};
use serde_json::json;

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

/// Chromium holds back all questions to a page that is on its way; a failed test, whose navigation took too long, wants its picture.
#[test]
fn a_page_on_its_way_has_its_picture_taken() {
    run(async {
        let mut worker = Worker::new();
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (context, page, frame) = worker.page(json!({ "viewport": { "width": 400, "height": 300 } })).await;
        worker.op("page.subscribe", json!({ "page": page, "event": "request", "enabled": true })).await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let going = worker.operations.clone();
        let going = tokio::spawn(async move {
            let params = json!({ "frame": frame, "url": url, "waitUntil": "load", "timeout": 0 });
            going.perform("frame.goto", params).await.map(|_| ()).map_err(|error| error.message)
        });
        worker.event("request").await;
        for options in [json!({}), json!({ "caret": "initial", "type": "jpeg" }), json!({ "omitBackground": true })] {
            let mut params = json!({ "page": page, "path": "shots/a.png", "timeout": TIMEOUT });
            params.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
            worker.op("page.screenshot", params).await.unwrap();
            let picture = image::ImageReader::open(worker.artifacts.path().join("shots/a.png")).unwrap();
            let picture = picture.with_guessed_format().unwrap().decode().unwrap();
            assert_eq!((picture.width(), picture.height()), (400, 300), "{options}");
        }
        assert!(!going.is_finished());
        worker.op("context.close", json!({ "context": context })).await.unwrap();
        assert!(going.await.unwrap().unwrap_err().starts_with("net::ERR_ABORTED; maybe frame was detached?"));
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
