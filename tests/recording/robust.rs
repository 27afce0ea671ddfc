//! Pages that are fast, busy or hostile: nothing is lost, nothing changes places, and the page notices nothing.

use super::person::{self, goto};
use super::{Recording, site};
use serde_json::{Value, json};
use std::fmt::Write;
use understudy::browser::input::{Button, ClickOptions};
use understudy::browser::url_match::UrlMatcher;
use understudy::browser::{BrowserPool, LaunchOptions, LoadState, Page};
use understudy::model::action::{Action, RecordedAction};
use understudy::model::locator::render;
use understudy::recorder::RecorderOptions;

/// A page of its own content that is recorded.
struct Stage {
    pool: BrowserPool,
    recording: Recording,
    page: Page,
}

impl Stage {
    async fn on(html: &str) -> Self {
        let pool = BrowserPool::new(LaunchOptions::default());
        let recording = Recording::new(&pool, json!({}), RecorderOptions::default()).await;
        let page = recording.context.new_page().await.expect("a page");
        // A document with an address, so that its scripts run as they would on a site.
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("page.html");
        std::fs::write(&path, format!("<!DOCTYPE html><title>Page</title>{html}")).expect("a file");
        page.main_frame().goto(&format!("file://{}", path.display()), &goto()).await.expect("a document");
        Self { pool, recording, page }
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let context = self.page.main_frame().main_context().await.expect("a page");
        context.call(&format!("() => ({expression})"), &[]).await.expect("a value")
    }

    /// What was done in the page, a line each: `click getByRole('button', { name: 'Go' })`.
    async fn done(&mut self) -> Vec<String> {
        self.recording.settle().await;
        let line = |action: &Action| match action {
            Action::Navigate { .. } | Action::OpenPage { .. } => None,
            Action::Click { selector, click_count: 1, .. } => Some(format!("click {}", render(selector))),
            Action::Fill { selector, text, .. } => Some(format!("fill {} {text}", render(selector))),
            Action::Press { selector, key, .. } => Some(format!("press {} {key}", render(selector))),
            Action::Check { selector } => Some(format!("check {}", render(selector))),
            Action::Wheel { selector, .. } => Some(format!("wheel {}", render(selector))),
            other => Some(format!("{other:?}")),
        };
        self.recording.recorder.actions().await.iter().filter_map(|recorded| line(&recorded.action)).collect()
    }

    async fn end(self) {
        self.pool.close().await;
    }
}

#[tokio::test]
async fn a_thousand_interactions_stay_in_order() {
    let mut html = String::new();
    for i in 0..10 {
        write!(html, "<button onclick=\"log.push('click {i}')\">Button {i}</button> ").expect("text");
    }
    html += "<script>const log = []; addEventListener('keydown', event => log.push(event.key));</script>";
    let mut stage = Stage::on(&html).await;
    let mut places = Vec::new();
    for i in 0..10 {
        places.push(person::middle_of(&stage.page, &format!("button >> nth={i}")).await);
    }
    for i in 0..500 {
        let (x, y) = places[i * 7 % 10];
        stage.page.mouse().click(x, y, &ClickOptions::default()).await.expect("a click");
        stage.page.keyboard().press("ArrowDown", None).await.expect("a key");
    }
    let expected: Vec<String> = (0..500)
        .flat_map(|i| {
            let button = format!("getByRole('button', {{ name: 'Button {}' }})", i * 7 % 10);
            [format!("click {button}"), format!("press {button} ArrowDown")]
        })
        .collect();
    let seen: Vec<String> = (0..500).flat_map(|i| [format!("click {}", i * 7 % 10), "ArrowDown".into()]).collect();
    assert_eq!(stage.evaluate("log").await, json!(seen));
    assert_eq!(stage.done().await, expected);
    stage.end().await;
}

/// Takes away what a recorder could lean on, and listens to everything first.
const HOSTILE: &str = "<button id=go>Go</button> <input aria-label=Name> <label><input type=checkbox> Agreed</label>
<script>
  const seen = window.seen = [];
  for (const type of ['pointerdown', 'mousedown', 'click', 'keydown', 'input', 'focusin']) {
    window.addEventListener(type, event => { seen.push(type); event.stopImmediatePropagation(); }, true);
  }
  const trap = name => () => { seen.push('TRAP ' + name); throw new Error(name); };
  for (const name of ['map', 'filter', 'push', 'find', 'flatMap', 'includes', 'slice', 'sort']) Array.prototype[name] = trap(name);
  for (const name of ['querySelector', 'querySelectorAll', 'elementsFromPoint', 'createTreeWalker']) Document.prototype[name] = trap(name);
  for (const name of ['getAttribute', 'matches', 'closest', 'getBoundingClientRect']) Element.prototype[name] = trap(name);
  for (const name of ['addEventListener', 'getComputedStyle', 'MutationObserver', 'JSON', 'Map', 'Set', 'WeakMap', 'WeakSet']) window[name] = trap(name);
  EventTarget.prototype.addEventListener = trap('addEventListener');
  Event.prototype.composedPath = trap('composedPath');
  Object.defineProperty(Event.prototype, 'target', { get: trap('target') });
  Object.defineProperty(HTMLInputElement.prototype, 'value', { get: trap('value') });
  Object.prototype.toJSON = trap('toJSON');
  seen.push = item => { seen[seen.length] = item; };
</script>";

#[tokio::test]
async fn an_address_that_cannot_be_reached_is_not_recorded() {
    let mut stage = Stage::on("<button>Go</button>").await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let address = format!("http://{nobody}/");
    stage.page.main_frame().goto(&address, &goto()).await.expect_err("nobody listens there any more");
    let nowhere = UrlMatcher::Glob("chrome-error://**".to_owned());
    stage.page.main_frame().wait_for_url(&nowhere, LoadState::Commit, goto().timeout).await.expect("Chromium says so");
    let here = "data:text/html,<button>Here</button>";
    stage.page.main_frame().goto(here, &goto()).await.expect("a document");
    stage.recording.settle().await;
    let addresses: Vec<String> = stage.recording.recorder.actions().await.into_iter().filter_map(address_of).collect();
    assert!(addresses[0].starts_with("file:"), "{addresses:?}");
    assert_eq!(addresses[1..], [here]);
    stage.end().await;
}

fn address_of(recorded: RecordedAction) -> Option<String> {
    match recorded.action {
        Action::Navigate { url } => Some(url),
        _ => None,
    }
}

#[tokio::test]
async fn a_page_that_overrides_everything_is_recorded() {
    let mut stage = Stage::on(HOSTILE).await;
    for at in ["#go", "input >> nth=0"] {
        person::click(&stage.page, at).await.expect("a click");
    }
    stage.page.keyboard().type_text("Ada", None).await.expect("text");
    person::click(&stage.page, "[type=checkbox]").await.expect("a click");
    assert_eq!(
        stage.done().await,
        [
            "click getByRole('button', { name: 'Go' })",
            "click getByRole('textbox', { name: 'Name' })",
            "fill getByRole('textbox', { name: 'Name' }) Ada",
            "check getByRole('checkbox', { name: 'Agreed' })",
        ]
    );
    let globals = stage.evaluate("Object.getOwnPropertyNames(window).filter.call === undefined").await;
    assert_eq!(globals, json!(false));
    stage.end().await;
}

#[tokio::test]
async fn what_scripts_do_is_not_what_a_person_does() {
    let mut stage = Stage::on(
        "<button>Go</button><input aria-label=Name><select aria-label=Size><option>S</option><option>M</option></select>
        <script>
          const [button, input, select] = document.querySelectorAll('button, input, select');
          const all = { bubbles: true, composed: true, cancelable: true };
          const tell = (target, Kind, type, more) => target.dispatchEvent(new Kind(type, { ...all, ...more }));
          function script() {
            for (const type of ['pointerdown', 'pointerup']) tell(button, PointerEvent, type, { isPrimary: true });
            for (const type of ['mousedown', 'mouseup', 'click', 'contextmenu']) tell(button, MouseEvent, type, { detail: 1 });
            tell(input, KeyboardEvent, 'keydown', { key: 'Enter' });
            tell(button, DragEvent, 'dragstart', {});
            tell(button, DragEvent, 'drop', {});
            tell(document.body, WheelEvent, 'wheel', { deltaY: 100 });
            button.click();
            input.focus();
          }
          function control() {
            input.value = 'picked';
            tell(input, Event, 'input');
            select.value = 'M';
            tell(select, Event, 'input');
          }
        </script>",
    )
    .await;
    stage.evaluate("script()").await;
    assert_eq!(stage.done().await, Vec::<String>::new());
    // As with the official recorder: lists and pickers of a browser's own send untrusted ones.
    stage.evaluate("control()").await;
    let done = stage.done().await;
    assert_eq!(done[0], "fill getByRole('textbox', { name: 'Name' }) picked");
    assert!(done.len() == 2 && done[1].starts_with("Select"), "{done:?}");
    stage.end().await;
}

/// Hundreds of nodes come and go with every frame; how late the page hears of a press.
const STORM: &str = "<style>#flood { position: absolute; top: 100px; height: 300px; overflow: hidden }</style><button>Go</button><div id=flood></div>
<script>
  const late = [];
  addEventListener('mousedown', event => { late[late.length] = performance.now() - event.timeStamp; });
  const flood = document.querySelector('#flood');
  let round = 0;
  (function frame() {
    flood.insertAdjacentHTML('afterbegin', Array.from({ length: 300 }, (_, i) => `<p class=\"css-${round}a${i}b\"><b>${round}</b> <a href=\"#\">Item ${i}</a></p>`).join(''));
    while (flood.children.length > 3000) flood.lastChild.remove();
    round++;
    requestAnimationFrame(frame);
  })();
</script>";

/// The median of how late presses were, ms.
async fn lateness(page: &Page) -> f64 {
    let (x, y) = person::middle_of(page, "button").await;
    for _ in 0..30 {
        page.mouse().move_to(x, y, 1).await.expect("a move");
        page.mouse().down(Button::Left, 1).await.expect("a press");
        page.mouse().up(Button::Left, 1).await.expect("a release");
    }
    let context = page.main_frame().main_context().await.expect("a page");
    let median = context.call("() => late.sort((a, b) => a - b)[late.length >> 1]", &[]).await.expect("a value");
    median.as_f64().expect("a number")
}

#[tokio::test]
async fn a_page_that_floods_the_document_hears_of_input_no_later() {
    let pool = BrowserPool::new(LaunchOptions::default());
    let alone = pool.acquire(understudy::browser::Mode::Headless).await.expect("a browser");
    let context = alone.new_context(understudy::browser::context::ContextOptions::default()).await.expect("a context");
    let page = context.new_page().await.expect("a page");
    let url = format!("data:text/html,{}", STORM.replace('%', "%25").replace('#', "%23").replace('\n', " "));
    page.main_frame().goto(&url, &goto()).await.expect("a document");
    let without = lateness(&page).await;
    context.close();
    let mut stage = Stage::on(STORM).await;
    let with = lateness(&stage.page).await;
    assert_eq!(stage.done().await.len(), 30);
    // On a quiet machine it is less than a frame; a busy one must not fail. Without a bound it would be seconds.
    assert!(with < without * 4.0 + 100.0, "late by {without:.1} ms without, {with:.1} ms with the recorder");
    stage.end().await;
    pool.close().await;
}

#[tokio::test]
async fn turns_of_the_wheel_are_kept_where_they_matter() {
    let site = site::serve();
    let like = |n: u32| format!("text=Like story {n} >> nth=0");
    // `w` turns over the stories, `m` over the map, `u` up again; a number likes that story; `h` clicks the heading.
    let cases = [
        ("w2", vec!["click 2"]),
        ("w8", vec!["wheel", "click 8"]),
        ("wh8", vec!["click h", "wheel", "click 8"]),
        ("w8u2", vec!["wheel", "click 8", "click 2"]),
        ("m2", vec!["wheel", "click 2"]),
        ("2w", vec!["click 2"]),
        ("w", vec![]),
    ];
    for (deeds, expected) in cases {
        let mut stage = Stage::on("").await;
        stage.page.main_frame().goto(&format!("{site}/play/feed.html"), &goto()).await.expect("a document");
        for deed in deeds.chars() {
            let (at, turn) = match deed {
                'w' | 'u' => ("article >> nth=0".to_owned(), if deed == 'w' { 900.0 } else { -900.0 }),
                'm' => ("#map".to_owned(), 100.0),
                'h' => ("h1".to_owned(), 0.0),
                number => (like(number.to_digit(10).expect("a story")), 0.0),
            };
            if turn == 0.0 {
                person::click(&stage.page, &at).await.expect("a click");
                continue;
            }
            let (x, y) = person::middle_of(&stage.page, &at).await;
            stage.page.mouse().move_to(x, y, 1).await.expect("a move");
            stage.page.mouse().wheel(0.0, turn).await.expect("a turn");
            let reached = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))";
            stage.evaluate(reached).await;
        }
        let done = stage.done().await;
        let short = |line: &String| match line.split_once(' ') {
            Some(("wheel", _)) => "wheel".to_owned(),
            _ if line.contains("heading") => "click h".to_owned(),
            _ => format!("click {}", line.trim_end_matches("' })").rsplit(' ').next().unwrap_or_default()),
        };
        assert_eq!(done.iter().map(short).collect::<Vec<_>>(), expected, "{deeds}: {done:?}");
        stage.end().await;
    }
}
