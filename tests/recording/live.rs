//! Browsers that are driven from afar: what is asked of them is done, recorded, played, and shown.

use super::site;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use understudy::browser::{BrowserPool, LaunchOptions};
use understudy::model::Event;
use understudy::model::live::{LiveControl, LiveNews, PlaybackNews, PlayedStep, Recorded, RecordingNews, View};
use understudy::runner::host::ops::ReadableFiles;
use understudy::session::{LiveControls, Lives, LivesOptions};

/// A page that counts, with a button that other selectors find, too.
const COUNTER: &str = "data:text/html,<title>Counter</title><h1>0</h1>\
    <button id=more data-testid=inc onclick=\"document.querySelector('h1').textContent++\">More</button><button>Less</button>\
    <input aria-label=Name><button id=ask onclick=\"document.title=prompt('Who?')\">Ask</button>";

struct Live {
    pool: BrowserPool,
    events: mpsc::Receiver<Event>,
    controls: mpsc::UnboundedSender<LiveControl>,
    cancel: CancellationToken,
    /// Complaints.
    errors: Vec<String>,
    /// How it looked last.
    seen: Option<View>,
}

impl Live {
    fn open(options: LivesOptions) -> Self {
        let pool = BrowserPool::new(LaunchOptions::default());
        let lives = Lives::new(pool.clone(), options);
        let (sender, events) = mpsc::channel(64);
        let (controls, told) = mpsc::unbounded_channel();
        let cancel = CancellationToken::new();
        let ends = LiveControls { controls: told, cancel: cancel.clone(), shown: None };
        tokio::spawn(async move { lives.drive("b".into(), sender, ends).await });
        Self { pool, events, controls, cancel, errors: Vec::new(), seen: None }
    }

    fn ask(&self, of: &str, ask: Value) {
        let control = serde_json::from_value(json!({"of": of, "ask": ask})).expect("a control");
        self.controls.send(control).expect("a browser");
    }

    async fn next(&mut self) -> LiveNews {
        loop {
            match self.events.recv().await.expect("news") {
                Event::Live { news, .. } => {
                    if let LiveNews::View(view) = &news {
                        self.seen = Some(view.clone());
                    }
                    return news;
                }
                Event::Error { message, .. } => self.errors.push(message),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The first news of which this makes something.
    async fn until<T>(&mut self, wanted: impl Fn(LiveNews) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    async fn error(&mut self) -> String {
        loop {
            if let Some(error) = self.errors.pop() {
                return error;
            }
            match self.events.recv().await.expect("an error") {
                Event::Error { message, .. } => return message,
                Event::Live { news: LiveNews::Closed(why), .. } => panic!("closed: {why:?}"),
                _ => {}
            }
        }
    }

    /// How it looks, once it shows this; a page that stands still is told of once.
    async fn shows(&mut self, url: &str) -> View {
        loop {
            if let Some(view) = self.seen.take_if(|view| view.url.ends_with(url)) {
                return view;
            }
            self.next().await;
        }
    }

    /// Until the last deed is done.
    async fn did(&mut self, what: &str) {
        self.until(|news| match news {
            LiveNews::Did(deed) => (json!(deed)["do"] == what).then_some(()),
            _ => None,
        })
        .await;
    }

    /// The steps until the playback rests or ends, and how it stands then.
    async fn plays(&mut self) -> (Vec<PlayedStep>, PlaybackNews) {
        let mut steps = Vec::new();
        loop {
            match self.until(|news| if let LiveNews::Playback(news) = news { Some(news) } else { None }).await {
                PlaybackNews::Step(step) => steps.push(step),
                PlaybackNews::Started { .. } | PlaybackNews::Resumed | PlaybackNews::Picture { .. } => {}
                stands => return (steps, stands),
            }
        }
    }

    async fn stops(&mut self) -> Recorded {
        self.until(|news| match news {
            LiveNews::Recording(RecordingNews::Stopped(recorded)) => Some(*recorded),
            _ => None,
        })
        .await
    }

    /// Why it is closed; nothing follows.
    async fn closed(mut self) -> Option<String> {
        let why = self.until(|news| if let LiveNews::Closed(why) = news { Some(why) } else { None }).await;
        assert_eq!(self.events.recv().await, None, "nothing follows");
        self.pool.close().await;
        why
    }
}

fn quiet() -> LivesOptions {
    LivesOptions { pictures: false, ..LivesOptions::default() }
}

fn click(selector: &str, alternatives: &[&str]) -> Value {
    json!({"name": "click", "selector": selector, "pageGuid": "page", "alternatives": alternatives})
}

fn see(text: &str) -> Value {
    json!({"name": "assertText", "selector": "h1", "text": text, "substring": false, "pageGuid": "page"})
}

fn open() -> Value {
    json!({"name": "openPage", "url": COUNTER, "pageGuid": "page"})
}

#[tokio::test]
async fn deeds_are_done_in_order_and_shown() {
    let site = site::serve();
    let mut live = Live::open(quiet());
    assert_eq!(live.next().await, LiveNews::Opened);
    live.ask("browser", json!({"do": "navigate", "url": COUNTER}));
    live.ask("browser", json!({"do": "click", "selector": "#more"}));
    live.ask("browser", json!({"do": "click", "selector": "input"}));
    live.ask("browser", json!({"do": "type", "text": "Ada"}));
    live.ask("browser", json!({"do": "type", "text": "Grace", "selector": "input"}));
    live.ask("browser", json!({"do": "scroll", "x": 0, "y": 10}));
    live.ask("browser", json!({"do": "navigate", "url": format!("{site}/index.html")}));
    live.ask("browser", json!({"do": "reload"}));
    live.ask("browser", json!({"do": "back"}));
    live.ask("browser", json!({"do": "forward"}));
    for what in ["navigate", "click", "click", "type", "type", "scroll", "navigate", "reload", "back", "forward"] {
        live.did(what).await;
    }
    let view = live.shows("/index.html").await;
    assert!(view.frame.starts_with(&[0xff, 0xd8]) && view.viewport.width == 1280, "{:?}", view.viewport);
    assert!(view.mouse.x > 0.0 && view.mouse.y > 0.0, "it has clicked: {:?}", view.mouse);
    live.ask("browser", json!({"do": "click", "selector": "#nothing"}));
    assert!(live.error().await.starts_with("click: Timeout 10000ms exceeded."));
    live.ask("browser", json!({"do": "pause"}));
    live.did("pause").await;
    live.ask("browser", json!({"do": "close"}));
    assert_eq!(live.closed().await, None);
}

#[tokio::test]
async fn what_is_done_is_recorded_and_played_in_the_same_browser() {
    let mut live = Live::open(quiet());
    live.ask("playback", json!({"do": "start"}));
    assert_eq!(live.error().await, "playback: nothing was recorded in this browser: send `actions`");
    live.ask("recording", json!({"do": "stop"}));
    assert_eq!(live.error().await, "recording: nothing is recorded: start a recording first");
    // Before the recording.
    live.ask("browser", json!({"do": "navigate", "url": "data:text/html,<button>Unseen</button>"}));
    live.ask("browser", json!({"do": "click", "selector": "button"}));
    live.ask("recording", json!({"do": "start", "url": COUNTER, "viewport": {"width": 640, "height": 480}}));
    live.ask("browser", json!({"do": "click", "selector": "#more"}));
    live.ask("recording", json!({"do": "pause"}));
    live.ask("browser", json!({"do": "click", "selector": "#more"}));
    live.ask("recording", json!({"do": "resume"}));
    live.ask("browser", json!({"do": "type", "text": "Ada", "selector": "input"}));
    live.ask("browser", json!({"do": "click", "selector": "h1"}));
    live.ask("recording", json!({"do": "stop"}));
    let recorded = live.stops().await;
    let names: Vec<Value> = recorded.actions.iter().map(|action| json!(action)["name"].clone()).collect();
    assert_eq!(names, ["openPage", "navigate", "click", "fill", "click"], "{}", recorded.code);
    assert!(recorded.code.contains("fill('Ada')") && !recorded.code.contains("Unseen"), "{}", recorded.code);
    assert_eq!(recorded.viewport.map(|size| size.width), Some(640));
    live.ask("playback", json!({"do": "start"}));
    let (steps, stands) = live.plays().await;
    let explained: Vec<_> = steps.iter().map(|step| (step.explanation.as_str(), step.error.as_deref())).collect();
    assert_eq!((steps.len(), &stands), (5, &PlaybackNews::Stopped), "{explained:?}");
    assert!(explained.iter().all(|(_, error)| error.is_none()), "{explained:?}");
    assert_eq!(explained[3].0, "Fill the field ‘Name’ with ‘Ada’");
    // Another one in the same browser.
    live.ask("recording", json!({"do": "start"}));
    live.ask("browser", json!({"do": "click", "selector": "#more"}));
    live.ask("recording", json!({"do": "stop"}));
    let second = live.stops().await;
    assert_eq!((second.number, second.actions.len()), (2, 3), "{}", second.code);
    live.ask("browser", json!({"do": "close"}));
    assert_eq!(live.closed().await, None);
}

#[tokio::test]
async fn a_playback_rests_goes_on_and_goes_elsewhere() {
    let mut live = Live::open(LivesOptions::default());
    let more = || click("#more", &[]);
    let actions = json!([open(), more(), more(), see("2"), more(), see("3")]);
    live.ask("playback", json!({"do": "start", "actions": actions, "paused": true}));
    assert_eq!(live.plays().await, (vec![], PlaybackNews::Paused { next: 1 }));
    live.ask("playback", json!({"do": "step"}));
    let picture = live
        .until(|news| match news {
            LiveNews::Playback(PlaybackNews::Picture { step: 1, image }) => Some(image),
            _ => None,
        })
        .await;
    assert!(picture.starts_with(&[0xff, 0xd8]));
    assert_eq!(live.plays().await.1, PlaybackNews::Paused { next: 2 });
    live.ask("playback", json!({"do": "seek", "step": 4}));
    let (steps, stands) = live.plays().await;
    assert_eq!((steps.len(), stands), (2, PlaybackNews::Sought { next: 4 }));
    // Back: the page is as it was before that step, so what follows is as it was, too.
    live.ask("playback", json!({"do": "seek", "step": 3}));
    let (steps, stands) = live.plays().await;
    assert_eq!((steps.len(), stands), (2, PlaybackNews::Sought { next: 3 }));
    live.ask("playback", json!({"do": "seek", "step": 9}));
    assert!(live.error().await.contains("seek a step from 1 to 6, or 7 for the end"));
    live.ask("playback", json!({"do": "resume"}));
    let (steps, stands) = live.plays().await;
    let errors: Vec<_> = steps.iter().filter_map(|step| step.error.clone()).collect();
    assert_eq!((steps.len(), stands, errors), (4, PlaybackNews::Stopped, vec![]));
    live.ask("playback", json!({"do": "pause"}));
    assert_eq!(live.error().await, "playback: nothing is played: start a playback first");
    live.ask("playback", json!({"do": "start", "actions": [open(), click("#never", &[])], "timeout": 60_000}));
    live.until(|news| match news {
        LiveNews::Playback(PlaybackNews::Step(step)) => Some(step),
        _ => None,
    })
    .await;
    live.ask("playback", json!({"do": "stop"}));
    assert_eq!(live.plays().await.1, PlaybackNews::Stopped, "whatever is under way");
    live.cancel.cancel();
    assert_eq!(live.closed().await, None);
}

#[tokio::test]
async fn what_the_best_selector_does_not_find_is_found_by_the_next_one_that_does() {
    let mut live = Live::open(quiet());
    let actions = json!([
        open(),
        // Nothing, nothing, several, and then one.
        click("internal:role=button[name=\"Add\"i]", &["#add", "button", "internal:testid=[data-testid=\"inc\"s]", "#more"]),
        // Several.
        click("button", &["#more"]),
        see("2"),
        {"name": "assertVisible", "selector": "#gone", "pageGuid": "page", "alternatives": ["h1"]},
    ]);
    live.ask("playback", json!({"do": "start", "actions": actions, "timeout": 4000}));
    let (steps, stands) = live.plays().await;
    assert_eq!(stands, PlaybackNews::Stopped);
    let healed: Vec<_> = steps.iter().map(|step| (step.healed.as_deref(), step.error.is_some())).collect();
    assert_eq!(
        healed,
        [
            (None, false),
            (Some("internal:testid=[data-testid=\"inc\"s]"), false),
            (Some("#more"), false),
            (None, false),
            (None, true),
        ],
        "{steps:#?}"
    );
    assert_eq!(
        steps[1].explanation,
        "Click the button ‘Add’ (found by getByTestId('inc'): getByRole('button', { name: 'Add' }) finds no element)"
    );
    assert!(steps[2].explanation.ends_with("locator('button') finds 3 elements)"), "{}", steps[2].explanation);
    assert!(steps[4].error.as_deref().unwrap_or_default().starts_with("Expected locator('#gone') to be visible"));
    live.cancel.cancel();
    assert_eq!(live.closed().await, None);
}

#[tokio::test]
async fn dialogs_popups_and_secrets_are_as_they_were_recorded() {
    let site = site::serve();
    let env = [("WORD".to_owned(), "s3cret".to_owned())].into();
    let mut live = Live::open(LivesOptions { env, ..quiet() });
    let popup = format!("data:text/html,<a href='{site}/index.html' target=_blank>Shop</a>");
    let actions = json!([
        open(),
        {"name": "click", "selector": "#ask", "pageGuid": "page",
            "signals": [{"name": "dialog", "dialogAlias": "", "accepted": true, "promptText": "Ada"}]},
        {"name": "fill", "selector": "input", "text": "", "secret": "WORD", "pageGuid": "page"},
        {"name": "assertValue", "selector": "input", "value": "", "secret": "WORD", "pageGuid": "page"},
        {"name": "navigate", "url": popup, "pageGuid": "page"},
        {"name": "click", "selector": "a", "pageGuid": "page", "signals": [{"name": "popup", "popupPageGuid": "page1"}]},
        {"name": "assertVisible", "selector": "h1", "pageGuid": "page1"},
        {"name": "closePage", "pageGuid": "page1"},
        {"name": "assertVisible", "selector": "a", "pageGuid": "page"},
        {"name": "fill", "selector": "a", "text": "", "secret": "UNKNOWN", "pageGuid": "page"},
    ]);
    live.ask("playback", json!({"do": "start", "actions": actions}));
    let (steps, _) = live.plays().await;
    let errors: Vec<_> = steps.iter().filter_map(|step| step.error.as_deref()).collect();
    assert_eq!((steps.len(), errors.len()), (10, 1), "{steps:#?}");
    assert!(errors[0].contains("UNKNOWN"), "{errors:?}");
    assert!(!format!("{steps:?}").contains("s3cret"));
    live.cancel.cancel();
    assert_eq!(live.closed().await, None);
}

#[tokio::test]
async fn files_are_chosen_again_from_the_folder_that_is_lent() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("photo.txt"), "a picture").expect("a file");
    let page = "data:text/html,<h1></h1><input type=file onchange='this.files[0].text().then(text => { \
        document.querySelector(`h1`).textContent = this.files[0].name + `: ` + text })'>";
    let choose = |name: &str| {
        json!([{"name": "openPage", "url": page, "pageGuid": "page"},
            {"name": "setInputFiles", "selector": "input", "files": [name], "pageGuid": "page"}, see("photo.txt: a picture")])
    };
    let lent = ReadableFiles::Below(folder.path().canonicalize().expect("a place"));
    for (files, name, why) in [
        (lent.clone(), "photo.txt", None),
        (lent, "../photo.txt", Some("../photo.txt: there is no such file below the agent's --files-root")),
        (
            ReadableFiles::None,
            "photo.txt",
            Some("Files cannot be chosen here: --files-root has to name the folder that they are in"),
        ),
    ] {
        let mut live = Live::open(LivesOptions { files, ..quiet() });
        live.ask("playback", json!({"do": "start", "actions": choose(name)}));
        let (steps, _) = live.plays().await;
        assert_eq!(steps.iter().find_map(|step| step.error.as_deref()), why, "{steps:#?}");
        live.cancel.cancel();
        assert_eq!(live.closed().await, None);
    }
}

#[tokio::test]
async fn a_browser_that_nobody_asks_anything_of_is_closed() {
    let live = Live::open(LivesOptions { idle: Duration::from_millis(50), ..quiet() });
    let why = live.closed().await;
    assert_eq!(why.as_deref(), Some("Nobody has asked anything of this browser for 50ms"));
}
