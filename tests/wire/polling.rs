//! Where no WebSocket gets through: the client over HTTP requests, against a server that does what a test tells it, request by
//! request.

use super::{connect, emit, event, next, target};
use crate::peer::PATIENCE;
use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE, UPGRADE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use understudy::wire::client::{CloseReason, ConnectError, Connection, Incoming, Outgoing, Proof};
use understudy::wire::dial::Dialer;
use understudy::wire::proxy::Proxies;
use understudy::wire::socketio;
use understudy::wire::tls::TlsOptions;

const OPEN: &str =
    r#"0{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1200}"#;

/// A request that waits for its answer.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
    answer: oneshot::Sender<Response>,
}

impl Asked {
    fn answer(self, response: impl IntoResponse) {
        // A client that has gone needs none.
        let _ = self.answer.send(response.into_response());
    }

    fn has(&self, part: &str) -> bool {
        self.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == part))
    }
}

/// A server behind a proxy that lets no WebSocket through.
struct Server {
    url: String,
    asked: mpsc::Receiver<Asked>,
    /// The GET that waits.
    waiting: Option<Asked>,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn hand_over(
    State(asked): State<mpsc::Sender<Asked>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let (answer, answered) = oneshot::channel();
    let _ = asked.send(Asked { method, uri, headers, body, answer }).await;
    answered.await.unwrap_or_else(|_| StatusCode::GONE.into_response())
}

impl Server {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asking, asked) = mpsc::channel(16);
        let app = Router::new().fallback(hand_over).with_state(asking);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("a server") });
        Self { url, asked, waiting: None, serving }
    }

    async fn asked(&mut self) -> Asked {
        timeout(PATIENCE, self.asked.recv()).await.expect("a request in time").expect("a request")
    }

    /// The next POST; a GET that comes first waits.
    async fn posted(&mut self) -> Asked {
        loop {
            let asked = self.asked().await;
            if asked.method == Method::POST {
                return asked;
            }
            assert!(self.waiting.is_none(), "one GET at a time");
            self.waiting = Some(asked);
        }
    }

    /// Says these packets to the GET that waits, or comes next.
    async fn say(&mut self, packets: &str) {
        let waiting = match self.waiting.take() {
            Some(asked) => asked,
            None => self.asked().await,
        };
        assert_eq!(waiting.method, Method::GET);
        waiting.answer(packets.to_owned());
    }

    /// The proxy's no, and the server's handshake.
    async fn open(&mut self, no: StatusCode) {
        let upgrade = self.asked().await;
        assert!(upgrade.headers.contains_key(UPGRADE));
        upgrade.answer(no);
        let get = self.asked().await;
        assert!(get.method == Method::GET && get.has("transport=polling") && get.has("EIO=4"), "{}", get.uri);
        assert!(get.uri.query().is_some_and(|query| !query.contains("sid=")));
        get.answer(([(SET_COOKIE, "lb=7; Path=/")], OPEN));
    }

    /// As that, and a client in namespace `/`.
    async fn client(&mut self) {
        self.open(StatusCode::FORBIDDEN).await;
        let hello = self.posted().await;
        assert!(hello.has("sid=s") && hello.has("transport=polling"), "{}", hello.uri);
        assert_eq!(hello.headers[COOKIE], "lb=7");
        assert_eq!(hello.headers[CONTENT_TYPE], "text/plain;charset=UTF-8");
        assert_eq!(hello.body, r#"40{"token":"t"}"#);
        hello.answer("ok");
        self.say(r#"40{"sid":"t"}"#).await;
    }
}

async fn joined() -> (Connection, Server) {
    let mut server = Server::new().await;
    let url = server.url.clone();
    let (connection, ()) = tokio::join!(connect(target(&url)), server.client());
    (connection.expect("a connection"), server)
}

#[tokio::test]
async fn a_proxy_without_websockets_is_no_end() {
    for no in [
        StatusCode::OK,
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::UPGRADE_REQUIRED,
        StatusCode::NOT_IMPLEMENTED,
        StatusCode::BAD_GATEWAY,
    ] {
        let mut server = Server::new().await;
        let url = server.url.clone();
        let join = async {
            server.open(no).await;
            server.posted().await.answer("ok");
            server.say(r#"40{"sid":"t"}"#).await;
        };
        let (connection, ()) = tokio::join!(connect(target(&url)), join);
        assert_eq!(connection.unwrap().max_payload, 1200, "{no}");
    }
}

#[tokio::test]
async fn who_is_refused_there_is_refused() {
    let mut server = Server::new().await;
    let url = server.url.clone();
    let refuse = async {
        server.asked().await.answer(StatusCode::BAD_GATEWAY);
        server.asked().await.answer((StatusCode::FORBIDDEN, r#"{"code":4,"message":"Forbidden"}"#));
    };
    let (refused, ()) = tokio::join!(connect(target(&url)), refuse);
    assert_eq!(refused.unwrap_err(), ConnectError::Refused("HTTP 403 Forbidden: Forbidden".to_owned()));

    let mut server = Server::new().await;
    let url = server.url.clone();
    let refuse = async {
        server.open(StatusCode::BAD_GATEWAY).await;
        server.posted().await.answer("ok");
        server.say(r#"44{"message":"Invalid token"}"#).await;
        let leaving = server.posted().await;
        assert_eq!(leaving.body, "1");
    };
    let (refused, ()) = tokio::join!(connect(target(&url)), refuse);
    assert_eq!(refused.unwrap_err(), ConnectError::Refused("Invalid token".to_owned()));
}

#[tokio::test]
async fn what_comes_is_told_in_its_order_and_a_ping_is_answered() {
    let (mut connection, mut server) = joined().await;
    server.say("42[\"a\"]\u{1e}2\u{1e}451-[\"b\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAR4C\u{1e}42[\"c\"]").await;
    assert_eq!(next(&mut connection).await, event("a", vec![]));
    let Incoming::Event(bytes) = next(&mut connection).await else { panic!("an event") };
    assert_eq!((bytes.name.as_str(), bytes.attachments), ("b", vec![vec![1, 0x1e, 2]]));
    assert_eq!(next(&mut connection).await, event("c", vec![]));
    let pong = server.posted().await;
    assert_eq!(pong.body, "3");
    pong.answer("ok");
    server.say("42[\"d\"]").await;
    assert_eq!(next(&mut connection).await, event("d", vec![]));
}

/// One POST at a time: what is emitted meanwhile goes with the next, as much as the server takes.
#[tokio::test]
async fn nothing_is_proved_before_the_server_has_taken_it() {
    let (mut connection, mut server) = joined().await;
    emit(&connection, "a", json!(1), Proof::Written, 1).await;
    let first = server.posted().await;
    assert_eq!(first.body, r#"42["a",1]"#);
    emit(&connection, "b", json!("\u{1e}"), Proof::Pong, 2).await;
    emit(&connection, "c", json!("x".repeat(1190)), Proof::Written, 3).await;
    emit(&connection, "d", json!("x".repeat(1191)), Proof::Written, 4).await;
    emit(&connection, "e", json!(5), Proof::Ack, 5).await;
    connection.outgoing.send(Outgoing::Acknowledge { id: 17, arguments: vec![json!(true)] }).await.unwrap();
    assert_eq!(next(&mut connection).await, Incoming::TooLarge { token: 4, bytes: 1201 });
    first.answer("ok");
    assert_eq!(next(&mut connection).await, Incoming::Proved(1));

    let mut bodies = Vec::new();
    for proved in [Some(2), Some(3), None] {
        let post = server.posted().await;
        bodies.push(post.body.clone());
        post.answer("ok");
        if let Some(token) = proved {
            assert_eq!(next(&mut connection).await, Incoming::Proved(token));
        }
    }
    let long = format!(r#"42["c","{}"]"#, "x".repeat(1190));
    assert_eq!(bodies, ["42[\"b\",\"\\u001e\"]", &long, "425[\"e\",5]\u{1e}4317[true]"]);
    server.say(r#"435[{"ok":true}]"#).await;
    let acknowledged = Incoming::Acknowledged { token: 5, arguments: vec![json!({"ok": true})] };
    assert_eq!(next(&mut connection).await, acknowledged);
}

#[tokio::test]
async fn a_session_that_the_server_does_not_know_any_more_is_over() {
    let unknown = || (StatusCode::BAD_REQUEST, r#"{"code":1,"message":"Session ID unknown"}"#);
    let over = |connection: Incoming| match connection {
        Incoming::Closed(CloseReason::Transport(why)) => {
            assert!(why.ends_with("HTTP 400 Bad Request: Session ID unknown"), "{why}");
        }
        other => panic!("{other:?}"),
    };
    let (mut connection, mut server) = joined().await;
    server.asked().await.answer(unknown());
    over(next(&mut connection).await);

    let (mut connection, mut server) = joined().await;
    emit(&connection, "a", json!(1), Proof::Written, 1).await;
    server.posted().await.answer(unknown());
    over(next(&mut connection).await);
}

#[tokio::test]
async fn what_is_no_answer_of_an_engine_is_the_end() {
    for nonsense in ["", "<html>Please log in</html>", "9", "42[\"a\"]\u{1e}", "bnot base64!"] {
        let (mut connection, mut server) = joined().await;
        server.say(nonsense).await;
        let end = next(&mut connection).await;
        assert!(matches!(end, Incoming::Closed(CloseReason::Transport(_))), "{nonsense:?}: {end:?}");
    }
    for (packet, why) in [("41", CloseReason::ServerDisconnect), ("1", CloseReason::ServerClose(String::new()))] {
        let (mut connection, mut server) = joined().await;
        server.say(packet).await;
        assert_eq!(next(&mut connection).await, Incoming::Closed(why));
    }
}

#[tokio::test]
async fn closing_posts_what_was_given_and_takes_leave() {
    let (connection, mut server) = joined().await;
    for n in 0..40 {
        emit(&connection, "n", json!(n), Proof::Written, n).await;
    }
    let listen = async {
        let mut packets = Vec::new();
        while packets.last().is_none_or(|last| last != "1") {
            let post = server.posted().await;
            let one_body: Vec<_> = post.body.split('\u{1e}').map(str::to_owned).collect();
            assert!(one_body.len() <= 16, "python-engineio takes no more: {}", one_body.len());
            packets.extend(one_body);
            post.answer("ok");
        }
        server.say("6").await;
        server.asked().await.answer(StatusCode::BAD_REQUEST);
        packets
    };
    let ((), packets) = tokio::join!(connection.close(), listen);
    let mut expected: Vec<_> = (0..40).map(|n| format!(r#"42["n",{n}]"#)).collect();
    expected.extend(["41".to_owned(), "1".to_owned()]);
    assert_eq!(packets, expected);
}

/// Its POSTs hang as well as the GET that waits: with something to write, and with nothing.
#[tokio::test]
async fn a_server_that_answers_nothing_is_given_up() {
    for flood in [false, true] {
        let mut server = Server::new().await;
        let url = server.url.clone();
        let silent = async {
            server.asked().await.answer(StatusCode::BAD_GATEWAY);
            server.asked().await.answer(OPEN.replace("25000", "500").replace("20000", "500"));
            server.posted().await.answer("ok");
            server.say(r#"40{"sid":"t"}"#).await;
        };
        let (connection, ()) = tokio::join!(connect(target(&url)), silent);
        let mut connection = connection.unwrap();
        if flood {
            let outgoing = connection.outgoing.clone();
            tokio::spawn(async move {
                for token in 1.. {
                    let arguments = vec![json!("x".repeat(500))];
                    let emit = Outgoing::Emit { name: "frame".to_owned(), arguments, proof: Proof::Written, token };
                    if outgoing.send(emit).await.is_err() {
                        return;
                    }
                }
            });
        }
        let silence = Duration::from_secs(1);
        assert_eq!(next(&mut connection).await, Incoming::Closed(CloseReason::PingTimeout(silence)), "flood: {flood}");
    }
}

#[tokio::test]
async fn a_proxy_that_digs_no_tunnel_passes_requests_on() {
    let mut proxy = Server::new().await;
    let dialer = Dialer::new(Proxies::new(Some(&proxy.url), &BTreeMap::new()).unwrap(), TlsOptions::default()).unwrap();
    let join = async {
        let tunnel = proxy.asked().await;
        assert_eq!((&tunnel.method, tunnel.uri.to_string().as_str()), (&Method::CONNECT, "server.test:80"));
        tunnel.answer(StatusCode::FORBIDDEN);
        let get = proxy.asked().await;
        assert!(
            get.uri.to_string().starts_with("http://server.test/socket.io/?EIO=4&transport=polling"),
            "{}",
            get.uri
        );
        get.answer(OPEN);
        proxy.posted().await.answer("ok");
        proxy.say(r#"40{"sid":"t"}"#).await;
    };
    let connector = socketio::connector(dialer);
    let connecting = connector.connect(target("http://server.test"));
    let (connection, ()) = tokio::join!(connecting, join);
    connection.unwrap();
}

/// An upgrade that is swallowed has its share of the time, no more.
#[tokio::test]
async fn a_proxy_that_swallows_the_upgrade_is_no_end() {
    let mut server = Server::new().await;
    let mut hasty = target(&server.url.clone());
    hasty.timeout = Duration::from_secs(3);
    let join = async {
        let swallowed = server.asked().await;
        assert!(swallowed.headers.contains_key(UPGRADE));
        server.asked().await.answer(OPEN);
        server.posted().await.answer("ok");
        server.say(r#"40{"sid":"t"}"#).await;
        swallowed
    };
    let (connection, _swallowed) = tokio::join!(connect(hasty), join);
    connection.unwrap();
}
