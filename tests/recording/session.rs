//! Recordings as a server orders them: however they end, there is exactly one completion, with what was recorded so far.

use super::person::goto;
use super::{Recording, site};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use understudy::browser::storage::Kinds;
use understudy::browser::{BrowserPool, LaunchOptions, Mode};
use understudy::model::recording::{RecordingControl, RecordingInput};
use understudy::model::{Event, RecordingConfig, StartRecording};
use understudy::recorder::{RecorderEvent, RecorderOptions};
use understudy::session::{Controls, Recordings, RecordingsOptions};

/// A recording and both ends of it.
pub(crate) struct Session {
    pool: BrowserPool,
    events: mpsc::Receiver<Event>,
    pub(crate) controls: mpsc::UnboundedSender<RecordingControl>,
    cancel: CancellationToken,
    /// Everything that was told.
    pub(crate) told: Vec<Event>,
}

impl Session {
    pub(crate) fn start(url: &str, language: &str, config: RecordingConfig) -> Self {
        Self::begin(url, language, config, None)
    }

    /// Pictures go over a line: each waits until the one before has a permit.
    pub(crate) fn over(url: &str, line: Option<Arc<Semaphore>>) -> Self {
        Self::begin(url, "typescript", RecordingConfig::default(), line)
    }

    fn begin(url: &str, language: &str, config: RecordingConfig, shown: Option<Arc<Semaphore>>) -> Self {
        let pool = BrowserPool::new(LaunchOptions::default());
        // As on a workstation: the pictures are asked for.
        let options = RecordingsOptions { mode: Mode::Headed, preview: false, ..RecordingsOptions::default() };
        let config = RecordingConfig { preview: Some(true), ..config };
        let recordings = Recordings::new(pool.clone(), options);
        let (sender, events) = mpsc::channel(64);
        let (controls, told) = mpsc::unbounded_channel();
        let cancel = CancellationToken::new();
        let start = StartRecording {
            flow: "f".into(),
            execution: "e".into(),
            url: url.into(),
            language: language.into(),
            config,
        };
        let ends = Controls { controls: told, cancel: cancel.clone(), shown };
        tokio::spawn(async move { recordings.record(start, sender, ends).await });
        Self { pool, events, controls, cancel, told: Vec::new() }
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) {
        loop {
            let event = self.events.recv().await.expect("the session has ended without it");
            let found = wanted(&event);
            self.told.push(event);
            if found {
                return;
            }
        }
    }

    pub(crate) async fn ready(&mut self) {
        self.until(|event| matches!(event, Event::RecordingReady { .. })).await;
    }

    pub(crate) fn input(&self, input: serde_json::Value) {
        let input: RecordingInput = serde_json::from_value(input).expect("an input");
        self.controls.send(RecordingControl::Input(input)).expect("a session");
    }

    pub(crate) async fn recorded(&mut self, text: &str) {
        self.until(|event| matches!(event, Event::RecordingAction { code, .. } if code.contains(text))).await;
    }

    /// Success, code and message of the one completion; nothing follows it.
    pub(crate) async fn end(mut self) -> (bool, Option<String>, Option<String>) {
        self.until(|event| matches!(event, Event::RecordingComplete { .. })).await;
        assert_eq!(self.events.recv().await, None, "nothing follows the completion");
        self.pool.close().await;
        match self.told.pop() {
            Some(Event::RecordingComplete { success, code, message, .. }) => (success, code, message),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_person_without_a_window_clicks_into_the_preview() {
    let site = site::serve();
    let mut session = Session::start(&format!("{site}/play/forms.html"), "typescript", RecordingConfig::default());
    session.ready().await;
    session.until(|event| matches!(event, Event::RecordingFrame { .. })).await;
    let Some(Event::RecordingFrame { frame, width, height, page, url, .. }) = session.told.last() else { panic!() };
    assert_eq!((*width, *height, page.as_str()), (1280, 720, "page"));
    assert!(frame.starts_with(&[0xff, 0xd8]) && url.ends_with("/play/forms.html"), "{url}");
    // The first field has the focus after a tab, wherever it is painted.
    session.input(json!({"type": "press", "key": "Tab"}));
    session.input(json!({"type": "text", "text": "abc"}));
    session.recorded("fill('abc')").await;
    session.input(json!({"type": "press", "key": "Tab"}));
    session.input(json!({"type": "text", "text": "s3cret"}));
    session.recorded("process.env.PASSWORD!").await;
    session.controls.send(RecordingControl::Pause).expect("a session");
    session.input(json!({"type": "press", "key": "Tab"}));
    session.input(json!({"type": "text", "text": "unseen"}));
    session.controls.send(RecordingControl::Resume).expect("a session");
    session.input(json!({"type": "press", "key": "Enter"}));
    session.recorded("press('Enter')").await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    let told = format!("{:?}", session.told);
    let (success, code, message) = session.end().await;
    let code = code.expect("code");
    assert_eq!((success, message), (true, None));
    assert!(code.contains(&format!("goto('{site}/play/forms.html')")), "{code}");
    assert!(!code.contains("unseen") && !code.contains("s3cret") && !told.contains("s3cret"), "{code}");
}

#[tokio::test]
async fn a_pause_before_the_page_is_there_holds() {
    let site = site::serve();
    let mut session = Session::start(&format!("{site}/play/forms.html"), "typescript", RecordingConfig::default());
    session.controls.send(RecordingControl::Pause).expect("a session");
    session.ready().await;
    session.input(json!({"type": "press", "key": "Tab"}));
    session.input(json!({"type": "text", "text": "unseen"}));
    session.controls.send(RecordingControl::Resume).expect("a session");
    session.input(json!({"type": "press", "key": "Enter"}));
    session.recorded("press('Enter')").await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    let (success, code, _) = session.end().await;
    let code = code.expect("code");
    assert!(success && code.contains("goto(") && !code.contains("unseen"), "{code}");
}

#[tokio::test]
async fn a_page_that_does_not_come_is_seen_not_coming() {
    let mut session = Session::start(&format!("{}/hang", site::serve()), "typescript", RecordingConfig::default());
    session.until(|event| matches!(event, Event::RecordingFrame { .. })).await;
    assert!(!session.told.iter().any(|event| matches!(event, Event::RecordingReady { .. })));
    session.controls.send(RecordingControl::Stop).expect("a session");
    assert!(session.end().await.0);
}

#[tokio::test]
async fn dialogs_are_told_and_answered() {
    let site = site::serve();
    let mut session = Session::start(&format!("{site}/play/dialogs.html"), "javascript", RecordingConfig::default());
    session.ready().await;
    for _ in 0..3 {
        session.input(json!({"type": "press", "key": "Tab"}));
    }
    session.input(json!({"type": "press", "key": "Enter"}));
    session.until(|event| matches!(event, Event::RecordingDialog { .. })).await;
    let Some(Event::RecordingDialog { kind, message, default_value, .. }) = session.told.last() else { panic!() };
    assert_eq!((kind.as_str(), message.as_str(), default_value.as_str()), ("prompt", "Name?", "nobody"));
    session.input(json!({"type": "dialog", "accept": true, "promptText": "Ada"}));
    session.recorded("dialog.accept('Ada')").await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    assert!(session.end().await.0);
}

#[tokio::test]
async fn every_end_is_told_once() {
    let site = site::serve();
    let hang = format!("{site}/hang");
    let plain = format!("{site}/play/plain.html");
    let none = RecordingConfig::default;

    let session = Session::start(&plain, "cobol", none());
    let (success, code, message) = session.end().await;
    assert!(!success && code.is_none() && message.expect("words").contains("known are typescript"));

    let config = RecordingConfig { device: Some("Pixle 7".into()), ..RecordingConfig::default() };
    let (success, _, message) = Session::start(&plain, "typescript", config).end().await;
    assert!(!success && message.expect("words").contains("Did you mean Pixel 7"));

    let session = Session::start(&hang, "typescript", none());
    session.cancel.cancel();
    let (success, _, message) = session.end().await;
    assert_eq!((success, message.as_deref()), (false, Some("Recording cancelled")));

    let mut session = Session::start(&hang, "typescript", none());
    session.until(|event| matches!(event, Event::RecordingAction { .. })).await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    let (success, code, _) = session.end().await;
    assert!(success && code.is_some());

    let download = format!("{site}/answer?h=content-disposition: attachment&body=x");
    let mut session = Session::start(&download, "typescript", none());
    session.until(|event| matches!(event, Event::RecordingAction { .. })).await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    let (_, code, message) = session.end().await;
    assert!(code.is_some(), "{message:?}");

    let mut session = Session::start("about:blank", "typescript", none());
    session.ready().await;
    session.controls.send(RecordingControl::Stop).expect("a session");
    assert!(session.end().await.0);

    for nowhere in ["http://127.0.0.1:1/", "http://no.such.host.invalid/"] {
        let (success, _, message) = Session::start(nowhere, "typescript", none()).end().await;
        assert!(!success && message.expect("words").contains("ERR_"));
    }

    let mut session = Session::start(&plain, "typescript", none());
    session.ready().await;
    session.cancel.cancel();
    let (success, code, message) = session.end().await;
    assert!(!success && code.expect("code").contains("plain.html"));
    assert_eq!(message.as_deref(), Some("Recording cancelled"));

    let mut session = Session::start(&plain, "typescript", none());
    session.ready().await;
    let browser = session.pool.acquire(Mode::Headless).await.expect("the browser of the session");
    let process = browser.process_id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("a process");
    drop(browser);
    kill_process(process, Signal::KILL).expect("it is ours");
    let (_, code, message) = session.end().await;
    assert!(code.expect("code").contains("plain.html"), "{message:?}");

    let mut session = Session::start(&plain, "typescript", none());
    session.ready().await;
    session.pool.close().await;
    let (_, code, message) = session.end().await;
    assert!(code.expect("code").contains("plain.html"), "{message:?}");
}

#[tokio::test]
async fn what_pages_keep_is_known_after_the_last_one_was_closed() {
    let site = site::serve();
    let pool = BrowserPool::new(LaunchOptions::default());
    let mut recording = Recording::new(&pool, json!({}), RecorderOptions::default()).await;
    let page = recording.context.new_page().await.expect("a page");
    page.main_frame().goto(&format!("{site}/play/plain.html"), &goto()).await.expect("a page");
    let world = page.main_frame().main_context().await.expect("a page");
    world.call("() => localStorage.setItem('basket', 'lamp')", &[]).await.expect("a store");
    page.close(false).await.expect("an end");
    while !matches!(recording.events.recv().await, Some(RecorderEvent::Ended)) {}
    let state =
        recording.context.storage_state_of(&recording.recorder.visited(), Kinds::default()).await.expect("a state");
    let kept = json!([{ "origin": site, "localStorage": [{ "name": "basket", "value": "lamp" }] }]);
    assert_eq!(state["origins"], kept);
    pool.close().await;
}
