//! Pictures that are put on a server of files (002, `--upload-url`).

use crate::support::{Agent, Said, Server, Session};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use understudy::dialect::testbro;
use understudy::model::{Event, SessionStep, StepState};

const PICTURE: &[u8] = b"\xff\xd8\xff a picture";

/// What was put where, with which token.
#[derive(Debug, Default)]
struct Kept {
    files: Vec<(String, Option<String>, Bytes)>,
    full: bool,
}

/// A server of files.
struct Files {
    url: String,
    kept: Arc<Mutex<Kept>>,
    serving: JoinHandle<()>,
}

impl Drop for Files {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Files {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::<Mutex<Kept>>::default();
        let theirs = kept.clone();
        let take = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let kept = theirs.clone();
            async move { keep(&kept, &method, &uri, &headers, body) }
        };
        let app = Router::new().fallback(take);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, kept, serving }
    }

    fn files(&self) -> Vec<(String, Option<String>, Bytes)> {
        self.kept.lock().unwrap().files.clone()
    }
}

fn keep(kept: &Mutex<Kept>, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
    let mut kept = kept.lock().unwrap();
    if kept.full {
        return StatusCode::INSUFFICIENT_STORAGE.into_response();
    }
    assert_eq!((method, headers[CONTENT_TYPE].to_str().unwrap()), (&Method::PUT, "image/jpeg"));
    let token = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    kept.files.push((uri.to_string(), token, body));
    StatusCode::CREATED.into_response()
}

/// An agent of 002 with these, whose server has let it in.
async fn agent(server: &str, template: &str) -> (Agent, Server) {
    let mut agent = Agent::with(|options| {
        options.protocol = testbro::agent::SPOKEN;
        options.server = server.parse().unwrap();
        options.upload_url = Some(template.to_owned());
    });
    let mut server = agent.attempt().await.accept();
    server.say("connected", json!({"message": "hello", "user_id": "u", "timestamp": ""})).await;
    (agent, server)
}

async fn shot(session: &Session, number: u32) {
    let execution = session.start.execution.clone();
    let step = SessionStep {
        number,
        state: StepState::Failed,
        action: json!({"type": "click"}),
        explanation: "Click".to_owned(),
        location: None,
        duration_ms: Some(5),
        error: Some("no".to_owned()),
    };
    session.tell(Event::ExecutionStep { execution: execution.clone(), step }).await;
    session.tell(Event::ExecutionScreenshot { execution, step_number: number, image: PICTURE.to_vec() }).await;
}

/// The next event of an execution of this type.
async fn told(server: &mut Server, kind: &str) -> Value {
    loop {
        match server.next().await.expect("the agent has gone") {
            Said::Event(name, payload) if name == "execution_event" && payload["type"] == kind => {
                return payload["data"].clone();
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_picture_is_put_there_and_told_by_its_address() {
    let files = Files::new().await;
    let (mut agent, mut server) =
        agent("http://server.example", &format!("{}/shots/{{sessionId}}/{{name}}?key=k", files.url)).await;
    server.say("execution_start", json!({"execution_id": "e/1", "code": "…"})).await;
    let session = agent.session().await;
    shot(&session, 1).await;
    let step = told(&mut server, "step_complete").await;
    let (path, token, bytes) = files.files().remove(0);
    assert!(path.starts_with("/shots/e%2F1/step-1-") && path.ends_with(".jpg?key=k"), "{path}");
    assert_eq!((token, &bytes[..]), (None, PICTURE), "our token is not for others");
    let address = format!("{}{}", files.url, path.strip_suffix("?key=k").unwrap());
    assert_eq!(step["screenshot_url"], address);
    session.complete(1).await;
    let end = told(&mut server, "execution_complete").await;
    assert_eq!(end["results"][0]["screenshot"], address, "{end}");
}

#[tokio::test]
async fn on_the_server_itself_the_token_is_shown() {
    let files = Files::new().await;
    let (mut agent, mut server) = agent(&files.url, "/files/{name}").await;
    server.say("execution_start", json!({"execution_id": "e", "code": "…"})).await;
    let session = agent.session().await;
    shot(&session, 1).await;
    told(&mut server, "step_complete").await;
    assert_eq!(files.files()[0].1.as_deref(), Some("Bearer t"));
}

#[tokio::test]
async fn what_cannot_be_put_there_goes_in_the_message() {
    let files = Files::new().await;
    files.kept.lock().unwrap().full = true;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for place in [format!("{}/{{name}}", files.url), format!("http://{gone}/{{name}}")] {
        let (mut agent, mut server) = agent("http://server.example", &place).await;
        server.say("execution_start", json!({"execution_id": "e", "code": "…"})).await;
        let session = agent.session().await;
        for number in 1..=2 {
            shot(&session, number).await;
            let step = told(&mut server, "step_complete").await;
            assert!(step["screenshot_url"].as_str().unwrap().starts_with("data:image/jpeg;base64,"), "{step}");
        }
        session.complete(1).await;
        told(&mut server, "execution_complete").await;
    }
}

#[tokio::test]
async fn a_hub_of_ours_gets_the_picture_itself() {
    let files = Files::new().await;
    let mut agent = Agent::with(|options| {
        options.protocol = testbro::agent::SPOKEN;
        // The picture is made beside the clock of the test, which jumps meanwhile.
        options.heartbeat = Duration::from_secs(1 << 20);
        options.upload_url = Some(format!("{}/{{name}}", files.url));
    });
    let mut server = agent.attempt().await.accept();
    let hello = json!({"message": "hello", "user_id": "u", "timestamp": "", "extensions": ["understudy/1"]});
    server.say("connected", hello).await;
    server.expect("understudy:register").await;
    server.say("execution_start", json!({"execution_id": "e", "code": "…"})).await;
    let session = agent.session().await;
    shot(&session, 1).await;
    loop {
        let told = server.expect("understudy:event").await;
        if told["event"]["type"] == "execution_screenshot" {
            break assert!(told["event"]["image"].is_string());
        }
    }
    assert!(files.files().is_empty());
}
