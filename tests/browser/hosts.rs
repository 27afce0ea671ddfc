//! Which hosts tests of strangers and their pages reach: as an agent has it, on real Chromium.

use super::support::{TIMEOUT, Worker, run, shared};
use axum::Router;
use axum::extract::Query;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use understudy::browser::{BrowserPool, LaunchOptions};
use understudy::client::{Gate, Gateway, GatewayOptions, HostRules};
use understudy::runner::host::ops::OperationsOptions;

/// A site that may be reached, and somebody who may not.
struct Stage {
    worker: Worker,
    pool: BrowserPool,
    site: String,
    shut: SocketAddr,
    /// How often somebody came to who may not be reached, by TCP and by UDP.
    visits: watch::Receiver<[usize; 2]>,
}

const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

impl Stage {
    async fn new() -> Self {
        let site = serve().await;
        let (shut, visits) = listen().await;
        let rules = HostRules::new(Vec::new(), vec![shut.to_string().parse().unwrap(), "*.shut.test".parse().unwrap()]);
        let asked = AtomicUsize::new(0);
        let gate = Gate::knowing(
            rules,
            Arc::new(move |name: &str| match name {
                "open.test" => Some(vec![Ipv4Addr::LOCALHOST.into()]),
                "clouds.test" => Some(vec![METADATA]),
                "nobody.test" => Some(Vec::new()),
                // Once well, then otherwise: whoever looks twice is led astray.
                "rebound.test" => Some(vec![if asked.fetch_add(1, Ordering::SeqCst) == 0 {
                    Ipv4Addr::LOCALHOST.into()
                } else {
                    METADATA
                }]),
                _ => None,
            }),
        );
        let options = GatewayOptions { gate: gate.clone(), ..GatewayOptions::default() };
        let warden = Arc::new(Gateway::open(options).await.unwrap());
        let pool = BrowserPool::new(LaunchOptions { warden: Some(warden), ..LaunchOptions::default() });
        let worker = Worker::with(&pool, OperationsOptions { gate, ..OperationsOptions::default() });
        Self { worker, pool, site, shut, visits }
    }

    async fn go(&self, frame: &str, url: &str) -> Result<Value, String> {
        let to = json!({ "frame": frame, "url": url, "waitUntil": "load", "timeout": TIMEOUT });
        self.worker.op("frame.goto", to).await.map_err(|error| error.lines().next().unwrap_or_default().to_owned())
    }

    async fn ask(&self, context: &str, url: &str) -> Result<Value, String> {
        let call = json!({ "context": context, "url": url, "method": "GET", "timeout": TIMEOUT });
        self.worker.op("api.fetch", call).await.map_err(|error| error.lines().next().unwrap_or_default().to_owned())
    }

    async fn evaluate(&self, frame: &str, expression: &str) -> Value {
        let script = json!({ "frame": frame, "expression": expression, "isFunction": false });
        self.worker.op("frame.evaluate", script).await.unwrap()
    }

    /// Nobody was where nobody may be.
    async fn end(self) {
        self.worker.operations.dispose().await;
        self.pool.close().await;
        assert_eq!(*self.visits.borrow(), [0, 0], "somebody went past the gate");
    }
}

async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let away = async |Query(query): Query<BTreeMap<String, String>>| Redirect::temporary(&query["to"]);
    let script = ([("content-type", "text/javascript")], include_str!("hosts-worker.js"));
    let site = Router::new()
        .route("/", get(async || Html("<title>Open</title>")))
        .route("/away", get(away))
        .route("/worker.js", get(async move || script));
    tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
    origin
}

/// Somebody at a port, TCP and UDP, who only counts.
async fn listen() -> (SocketAddr, watch::Receiver<[usize; 2]>) {
    let (count, visits) = watch::channel([0, 0]);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(place).await.unwrap();
    tokio::spawn(async move {
        let mut byte = [0];
        loop {
            let kind = tokio::select! {
                _ = tcp.accept() => 0,
                _ = udp.recv(&mut byte) => 1,
            };
            count.send_modify(|visits| visits[kind] += 1);
        }
    });
    (place, visits)
}

/// A proxy that answers itself and keeps the first lines of what it is asked.
async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut first = String::new();
                stream.read_line(&mut first).await.unwrap();
                kept.lock().unwrap().push(first.trim_end().to_owned());
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap_or(0) > 2 {
                    line.clear();
                }
                let answer =
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\n\r\n<title>By proxy</title>";
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (place, asked)
}

#[test]
fn pages_and_requests_say_who_blocks_them() {
    run(async {
        let mut stage = Stage::new().await;
        let (context, _, frame) = stage.worker.page(json!({})).await;
        let shut = format!("http://{}/", stage.shut);
        let rule = format!("{0} is blocked by --deny-host {1}", stage.shut.ip(), stage.shut);
        let link = "is not reachable from tests: it is an address of the machine's own network link";
        let cases = [
            (shut.clone(), rule.clone()),
            (format!("{}/away?to={shut}", stage.site), rule.clone()),
            ("http://a.shut.test/".into(), "a.shut.test is blocked by --deny-host *.shut.test".into()),
            ("http://169.254.169.254/latest/meta-data/".into(), format!("169.254.169.254 {link}")),
            (format!("{}/away?to=http://169.254.169.254/", stage.site), format!("169.254.169.254 {link}")),
            ("http://2852039166/".into(), format!("169.254.169.254 {link}")),
            ("http://0xa9.0xfe.0xa9fe/".into(), format!("169.254.169.254 {link}")),
            ("http://[::ffff:169.254.169.254]/".into(), format!("[::ffff:a9fe:a9fe] {link}")),
            ("http://[fd00:ec2::254]/".into(), format!("[fd00:ec2::254] {link}")),
            ("http://clouds.test/".into(), format!("clouds.test {link}")),
        ];
        for (url, words) in cases {
            let error = stage.go(&frame, &url).await.unwrap_err();
            assert_eq!(error, format!("net::ERR_BLOCKED_BY_ADMINISTRATOR ({words}) at {url}"));
            let error = stage.ask(&context, &url).await.unwrap_err();
            assert_eq!(error, words, "{url}");
        }
        stage.end().await;
    });
}

#[test]
fn what_is_open_is_told_as_without_anybody_between() {
    run(async {
        let mut stage = Stage::new().await;
        let (_, _, frame) = stage.worker.page(json!({})).await;
        let port = stage.site.rsplit(':').next().unwrap().to_owned();
        for open in [format!("{}/", stage.site), format!("http://open.test:{port}/")] {
            stage.go(&frame, &open).await.unwrap();
            assert_eq!(stage.evaluate(&frame, "document.title").await, json!({ "value": "Open" }));
        }
        // Nobody listens there any more.
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for (url, code) in [
            (format!("http://{gone}/"), "CONNECTION_REFUSED"),
            (format!("{}/away?to=http://{gone}/", stage.site), "CONNECTION_REFUSED"),
            ("http://nobody.test/".into(), "NAME_NOT_RESOLVED"),
        ] {
            assert_eq!(stage.go(&frame, &url).await.unwrap_err(), format!("net::ERR_{code} at {url}"));
        }
        stage.end().await;
    });
}

#[test]
fn a_name_is_looked_up_once_for_each_connection() {
    run(async {
        let mut stage = Stage::new().await;
        let (_, _, frame) = stage.worker.page(json!({})).await;
        let port = stage.site.rsplit(':').next().unwrap().to_owned();
        // What was looked at is what is connected to; the next connection is looked at again.
        stage.go(&frame, &format!("http://rebound.test:{port}/")).await.unwrap();
        let error = stage.go(&frame, "http://rebound.test:80/").await.unwrap_err();
        assert!(error.contains("(rebound.test is not reachable from tests"), "{error}");
        stage.end().await;
    });
}

#[test]
fn pages_find_no_other_way() {
    run(async {
        let mut stage = Stage::new().await;
        let (_, _, frame) = stage.worker.page(json!({})).await;
        stage.go(&frame, &format!("{}/", stage.site)).await.unwrap();
        let shut = stage.shut.to_string();
        let script = format!("({})({})", include_str!("hosts-ways.js"), json!(shut));
        let told = stage.evaluate(&frame, &script).await;
        let told = told["value"].as_str().unwrap_or_else(|| panic!("{told}"));
        let told: BTreeMap<String, String> = serde_json::from_str(told).unwrap();
        let ways: Vec<&str> = told.keys().map(String::as_str).collect();
        assert_eq!(
            ways,
            [
                "beacon",
                "events",
                "fetch",
                "frame",
                "image",
                "prefetch",
                "service worker",
                "shared worker",
                "socket",
                "transport",
                "turn",
                "webrtc",
                "window",
                "worker"
            ]
        );
        assert!(told.values().all(|outcome| outcome == "refused"), "{told:?}");
        stage.end().await;
    });
}

/// The same ways with nobody between: they are real ones.
#[test]
fn the_ways_are_real() {
    run(async {
        let site = serve().await;
        let (shut, mut visits) = listen().await;
        let mut worker = Worker::of(&shared().pool);
        let (_, _, frame) = worker.page(json!({})).await;
        let to = json!({ "frame": frame, "url": site, "waitUntil": "load", "timeout": TIMEOUT });
        worker.op("frame.goto", to).await.unwrap();
        let script = format!("void ({})({})", include_str!("hosts-ways.js"), json!(shut.to_string()));
        let script = json!({ "frame": frame, "expression": script, "isFunction": false });
        worker.op("frame.evaluate", script).await.unwrap();
        visits.wait_for(|[tcp, udp]| *tcp > 3 && *udp > 0).await.unwrap();
        worker.operations.dispose().await;
    });
}

#[test]
fn a_proxy_of_the_test_is_asked_for_what_is_open_only() {
    run(async {
        let mut stage = Stage::new().await;
        let (proxy, asked) = proxy().await;
        let options = json!({ "proxy": { "server": proxy.to_string(), "bypass": "open.test", "username": "u", "password": "p" } });
        let (context, _, frame) = stage.worker.page(options.clone()).await;
        stage.go(&frame, "http://any.test/x").await.unwrap();
        assert_eq!(stage.evaluate(&frame, "document.title").await, json!({ "value": "By proxy" }));
        stage.ask(&context, "http://any.test/y").await.unwrap();
        assert!(stage.go(&frame, "https://any.test/").await.is_err());
        for url in ["http://a.shut.test/", "https://a.shut.test/"] {
            let words = "a.shut.test is blocked by --deny-host *.shut.test";
            let error = stage.go(&frame, url).await.unwrap_err();
            assert_eq!(error, format!("net::ERR_BLOCKED_BY_ADMINISTRATOR ({words}) at {url}"));
            assert_eq!(stage.ask(&context, url).await.unwrap_err(), words);
        }
        let port = stage.site.rsplit(':').next().unwrap();
        // A page of an error may still be coming to the other one.
        let (_, _, frame) = stage.worker.page(options).await;
        stage.go(&frame, &format!("http://open.test:{port}/")).await.unwrap();
        assert_eq!(stage.evaluate(&frame, "document.title").await, json!({ "value": "Open" }));
        let mut asked = asked.lock().unwrap().clone();
        // Chromium asks for some things of its own accord: icons, and whether there is a network.
        asked.retain(|line| !line.contains("favicon") && !line.contains("generate_204"));
        asked.sort();
        asked.dedup();
        let expected =
            ["CONNECT any.test:443 HTTP/1.1", "GET http://any.test/x HTTP/1.1", "GET http://any.test/y HTTP/1.1"];
        assert_eq!(asked, expected);
        // One that may not be reached itself.
        let (_, _, frame) = stage.worker.page(json!({ "proxy": { "server": stage.shut.to_string() } })).await;
        let error = stage.go(&frame, "http://any.test/").await.unwrap_err();
        assert!(error.contains("is blocked by --deny-host"), "{error}");
        let error =
            stage.worker.op("context.new", json!({ "options": { "proxy": { "server": "socks5://x:1" } } })).await;
        assert!(error.is_err_and(|error| error.contains("not socks5://x:1")));
        stage.end().await;
    });
}
