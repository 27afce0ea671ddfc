//! The Socket.IO client against servers that behave, misbehave and vanish.

#[path = "support/peer.rs"]
mod peer;
#[path = "wire/polling.rs"]
mod polling;

use futures_util::{SinkExt, StreamExt};
use peer::{OPEN, PATIENCE, Peer, Place};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use understudy::wire::client::{CloseReason, ConnectError, Connection, Incoming, Outgoing, Proof, Received, Target};
use understudy::wire::dial::Dialer;
use understudy::wire::socketio;

fn target(url: &str) -> Target {
    Target {
        url: url.parse().expect("a URL"),
        namespace: "/".to_owned(),
        auth: json!({"token": "t"}),
        timeout: PATIENCE,
    }
}

async fn connect(target: Target) -> Result<Connection, ConnectError> {
    socketio::connector(Dialer::default()).connect(target).await
}

/// A client and its server, joined.
async fn joined() -> (Connection, Peer) {
    let place = Place::new().await;
    let (connection, peer) = tokio::join!(connect(target(&place.url())), place.client());
    (connection.expect("a connection"), peer)
}

async fn next(connection: &mut Connection) -> Incoming {
    timeout(PATIENCE, connection.incoming.recv()).await.expect("something to come").expect("an open channel")
}

async fn emit(connection: &Connection, name: &str, argument: Value, proof: Proof, token: u64) {
    let outgoing = Outgoing::Emit { name: name.to_owned(), arguments: vec![argument], proof, token };
    connection.outgoing.send(outgoing).await.expect("an open channel");
}

fn event(name: &str, arguments: Vec<Value>) -> Incoming {
    Incoming::Event(Received { name: name.to_owned(), arguments, attachments: vec![], ack: None })
}

#[tokio::test]
async fn joins_a_namespace_and_keeps_what_comes_before_the_yes() {
    let place = Place::new().await;
    let wanted = Target { namespace: "/ws".to_owned(), ..target(&place.url()) };
    let server = async {
        let mut peer = place.engine(OPEN).await;
        assert_eq!(peer.packet().await, r#"40/ws,{"token":"t"}"#);
        for packet in
            [r#"42/ws,["hello",1]"#, "2", r#"42/ws,["hello",2]"#, r#"40/ws,{"sid":"x"}"#, r#"42/ws,["hello",3]"#]
        {
            peer.send(packet).await;
        }
        assert_eq!(peer.packet().await, "3");
        peer
    };
    let (connection, _peer) = tokio::join!(connect(wanted), server);
    let mut connection = connection.unwrap();
    assert_eq!(connection.max_payload, 1_000_000);
    for n in 1..=3 {
        assert_eq!(next(&mut connection).await, event("hello", vec![json!(n)]));
    }
}

#[tokio::test]
async fn a_refusal_is_told_from_a_failure() {
    for (answer, reason) in [
        (r#"44{"message":"Invalid token"}"#, "Invalid token"),
        (r#"44{"message":"Invalid token","data":{"code":1}}"#, "Invalid token"),
        (r#"44"Invalid token""#, "Invalid token"),
        ("44{}", "no reason given"),
    ] {
        let place = Place::new().await;
        let server = async {
            let mut peer = place.engine(OPEN).await;
            peer.packet().await;
            peer.send(answer).await;
            peer
        };
        let (refused, _peer) = tokio::join!(connect(target(&place.url())), server);
        assert_eq!(refused.unwrap_err(), ConnectError::Refused(reason.to_owned()), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_socketio_server_is_unreachable() {
    for (bytes, refused, words) in [
        ("", false, ""),
        ("\0\0\0\0\r\n\r\n", false, ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", false, "HTTP 200 OK"),
        (
            "HTTP/1.1 301 Moved\r\nlocation: https://new.example/\r\ncontent-length: 0\r\n\r\n",
            false,
            "https://new.example/",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", false, "HTTP 502"),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", true, "HTTP 401"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", true, "HTTP 403"),
    ] {
        let place = Place::new().await;
        let server = async {
            // It is tried without a WebSocket, too.
            for transport in ["websocket HTTP/1.1\r\n", "polling&t=0 HTTP/1.1\r\n"] {
                let mut stream = place.tcp().await;
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let wanted = format!("GET /socket.io/?EIO=4&transport={transport}");
                assert!(request.starts_with(&wanted), "{request}");
                stream.write_all(bytes.as_bytes()).await.unwrap();
            }
        };
        let (failed, ()) = tokio::join!(connect(target(&place.url())), server);
        let failed = failed.unwrap_err();
        assert_eq!(matches!(failed, ConnectError::Refused(_)), refused, "{bytes:?}: {failed}");
        assert!(failed.to_string().contains(words), "{bytes:?}: {failed}");
    }
    let free = Place::new().await.url();
    assert!(matches!(connect(target(&free)).await, Err(ConnectError::Unreachable(_))));
}

#[tokio::test]
async fn a_handshake_that_goes_wrong_ends() {
    for script in
        [vec!["x"], vec!["0{}"], vec!["40"], vec![OPEN, "1"], vec![OPEN, "41"], vec![OPEN, "4x"], vec![OPEN, "44[]"]]
    {
        let place = Place::new().await;
        let server = async {
            let mut peer = place.engine(script[0]).await;
            for packet in &script[1..] {
                peer.send(packet).await;
            }
            peer
        };
        let (failed, _peer) = tokio::join!(connect(target(&place.url())), server);
        assert!(matches!(failed, Err(ConnectError::Unreachable(_))), "{script:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let place = Place::new().await;
    let hasty = Target { timeout: Duration::from_millis(200), ..target(&place.url()) };
    let (failed, _stream) = tokio::join!(connect(hasty), place.tcp());
    assert!(failed.unwrap_err().to_string().contains("within 200ms"));
    let place = Place::new().await;
    let hasty = Target { timeout: Duration::from_millis(200), ..target(&place.url()) };
    let (failed, _peer) = tokio::join!(connect(hasty), place.engine(OPEN));
    assert!(failed.unwrap_err().to_string().contains("within 200ms"));
}

#[tokio::test]
async fn each_proof_comes_when_it_is_due() {
    let (mut connection, mut peer) = joined().await;
    emit(&connection, "a", json!(1), Proof::Written, 1).await;
    assert_eq!(peer.packet().await, r#"42["a",1]"#);
    assert_eq!(next(&mut connection).await, Incoming::Proved(1));

    emit(&connection, "b", json!("\u{1e}"), Proof::Ack, 2).await;
    let packet = peer.packet().await;
    let (head, data) = packet.split_at(3);
    assert_eq!((head, serde_json::from_str::<Value>(data).unwrap()), ("422", json!(["b", "\u{1e}"])));
    for packet in ["4377[]", "43[]", "432[{\"ok\":true}]"] {
        peer.send(packet).await;
    }
    let acknowledged = |token, arguments| Incoming::Acknowledged { token, arguments };
    assert_eq!(next(&mut connection).await, acknowledged(77, vec![]));
    assert_eq!(next(&mut connection).await, acknowledged(2, vec![json!({"ok": true})]));

    emit(&connection, "c", json!(3), Proof::Pong, 3).await;
    assert_eq!(peer.packet().await, r#"42["c",3]"#);
    assert!(timeout(Duration::from_millis(50), peer.socket.next()).await.is_ok(), "the ping");
    peer.socket.flush().await.unwrap();
    assert_eq!(next(&mut connection).await, Incoming::Proved(3));
}

#[tokio::test]
async fn the_server_gets_the_acknowledgement_it_asks_for() {
    let (mut connection, mut peer) = joined().await;
    peer.send(r#"4217["ask",{"a":1}]"#).await;
    let Incoming::Event(asked) = next(&mut connection).await else { panic!("an event") };
    assert_eq!((asked.name.as_str(), asked.ack), ("ask", Some(17)));
    connection.outgoing.send(Outgoing::Acknowledge { id: 17, arguments: vec![json!({"ok": true})] }).await.unwrap();
    assert_eq!(peer.packet().await, r#"4317[{"ok":true}]"#);
}

#[tokio::test]
async fn what_the_server_would_choke_on_is_not_sent() {
    let place = Place::new().await;
    let open = OPEN.replace("1000000", "2000");
    let server = async {
        let mut peer = place.engine(&open).await;
        peer.packet().await;
        peer.send("40").await;
        peer
    };
    let (connection, mut peer) = tokio::join!(connect(target(&place.url())), server);
    let mut connection = connection.unwrap();
    let fits = 2000 - r#"42["a",""]"#.len();
    emit(&connection, "a", json!("x".repeat(fits + 1)), Proof::Written, 1).await;
    assert_eq!(next(&mut connection).await, Incoming::TooLarge { token: 1, bytes: 2001 });
    emit(&connection, "a", json!("x".repeat(fits)), Proof::Written, 2).await;
    assert_eq!(next(&mut connection).await, Incoming::Proved(2));
    assert_eq!(peer.packet().await.len(), 2000);
}

#[tokio::test]
async fn attachments_belong_to_their_event() {
    let (mut connection, mut peer) = joined().await;
    peer.socket.send(Message::Binary(vec![9].into())).await.unwrap();
    peer.send(r#"452-["bin",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#).await;
    peer.socket.send(Message::Binary(vec![1, 0x1e, 2].into())).await.unwrap();
    peer.send("2").await;
    peer.socket.send(Message::Binary(vec![].into())).await.unwrap();
    let Incoming::Event(got) = next(&mut connection).await else { panic!("an event") };
    assert_eq!((got.name.as_str(), got.attachments), ("bin", vec![vec![1, 0x1e, 2], vec![]]));
    assert_eq!(peer.packet().await, "3");

    peer.send(r#"451-["cut",{"_placeholder":true,"num":0}]"#).await;
    peer.send(r#"42["whole"]"#).await;
    assert_eq!(next(&mut connection).await, event("whole", vec![]));
}

#[tokio::test]
async fn garbage_changes_nothing() {
    let (mut connection, mut peer) = joined().await;
    let deep = format!("42[\"a\",{}", "[".repeat(100_000));
    for packet in [
        "",
        "x",
        "4",
        "49",
        "42",
        "42{}",
        "42[1]",
        "43",
        "44{}",
        "40",
        "45x-[]",
        "42/other,[\"a\"]",
        "3",
        "5",
        "6",
        &deep,
    ] {
        peer.send(packet).await;
    }
    peer.socket.send(Message::Pong(vec![1].into())).await.unwrap();
    peer.send(r#"42["sane"]"#).await;
    assert_eq!(next(&mut connection).await, event("sane", vec![]));
}

#[tokio::test]
async fn the_end_has_a_reason() {
    for (packet, expected) in [("41", CloseReason::ServerDisconnect), ("1", CloseReason::ServerClose(String::new()))] {
        let (mut connection, mut peer) = joined().await;
        peer.send(packet).await;
        assert_eq!(next(&mut connection).await, Incoming::Closed(expected));
    }
    let (mut connection, mut peer) = joined().await;
    peer.socket.close(None).await.unwrap();
    assert!(matches!(next(&mut connection).await, Incoming::Closed(CloseReason::ServerClose(_))));
    let (mut connection, peer) = joined().await;
    drop(peer);
    assert!(matches!(next(&mut connection).await, Incoming::Closed(CloseReason::Transport(_))));
    let (mut connection, mut peer) = joined().await;
    let huge = format!("42[\"{}\"]", "x".repeat(33 << 20));
    let _ = peer.socket.send(huge.into()).await;
    assert!(matches!(next(&mut connection).await, Incoming::Closed(CloseReason::Transport(_))));
}

/// A peer that says nothing and reads nothing: with a full socket the writer hangs, and the reader still notices.
#[tokio::test]
async fn silence_is_noticed_also_while_a_write_hangs() {
    for flood in [false, true] {
        let place = Place::new().await;
        let open = OPEN.replace("25000", "500").replace("20000", "500");
        let server = async {
            let mut peer = place.engine(&open).await;
            peer.packet().await;
            peer.send("40").await;
            peer
        };
        let (connection, _peer) = tokio::join!(connect(target(&place.url())), server);
        let mut connection = connection.unwrap();
        if flood {
            let outgoing = connection.outgoing.clone();
            tokio::spawn(async move {
                let arguments = vec![json!("x".repeat(900_000))];
                for token in 0.. {
                    let arguments = arguments.clone();
                    let next = Outgoing::Emit { name: "frame".to_owned(), arguments, proof: Proof::Ack, token };
                    if outgoing.send(next).await.is_err() {
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
async fn closing_writes_what_was_given_and_takes_leave() {
    let (connection, mut peer) = joined().await;
    peer.send(r#"42["unread"]"#).await;
    for n in 0..100 {
        emit(&connection, "n", json!(n), Proof::Written, n).await;
    }
    let server = async {
        for n in 0..100 {
            assert_eq!(peer.packet().await, format!(r#"42["n",{n}]"#));
        }
        assert_eq!(peer.packet().await, "41");
        assert_eq!(peer.next().await, None);
    };
    tokio::join!(connection.close(), server);
}

#[tokio::test]
async fn dropping_the_connection_ends_it() {
    let (connection, mut peer) = joined().await;
    drop(connection);
    assert_eq!(peer.next().await, None);
}
