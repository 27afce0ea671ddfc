//! The toolbar in the page, picks and assertions: what a person says by them is recorded, and the page notices nothing.

use super::Recording;
use super::person::{click, goto};
use serde_json::{Value, json};
use understudy::browser::input::{Button, ClickOptions};
use understudy::browser::reading::Awaited;
use understudy::browser::{BrowserPool, LaunchOptions, Locator, Page};
use understudy::model::action::Action;
use understudy::model::recording::ClickMode;
use understudy::recorder::{RecorderEvent, RecorderOptions};

/// For what is told at once; a hang becomes a failure that says what was waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Notes every event that gets to it, whatever it is of, from before anything else on.
const NOTING: &str = "<script>const seen = []; for (const type of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'dblclick', 'keydown', 'keyup', \
    'focusin', 'focusout', 'input', 'toggle', 'contextmenu']) addEventListener(type, event => seen.push(type + ' ' + event.target.nodeName), true);</script>";

const CONTROLS: &str = "<br><br><br><h1>Shop</h1><label>Name <input value='Ada'></label><label><input type=checkbox checked> News</label>\
    <button>Buy</button><p>Three in stock</p><ul><li>One</li><li>Two</li></ul><button disabled>Sold out</button>";

struct Toolbar {
    pool: BrowserPool,
    recording: Recording,
    page: Page,
}

impl Toolbar {
    async fn on(body: &str) -> Self {
        let pool = BrowserPool::new(LaunchOptions::default());
        let options = RecorderOptions { toolbar: true, ..RecorderOptions::default() };
        let recording = Recording::new(&pool, json!({}), options).await;
        let page = recording.context.new_page().await.expect("a page");
        let toolbar = Self { pool, recording, page };
        toolbar.shows(body).await;
        toolbar
    }

    /// Another document.
    async fn shows(&self, body: &str) {
        let document: String =
            url::form_urlencoded::byte_serialize(format!("<!DOCTYPE html>{NOTING}{body}").as_bytes()).collect();
        let url = format!("data:text/html,{}", document.replace('+', "%20"));
        self.page.main_frame().goto(&url, &goto()).await.expect("a document");
        self.is_there().await;
    }

    async fn is_there(&self) {
        Locator::new(&self.page.main_frame(), "x-understudy")
            .wait_for(Awaited::Attached, super::person::TIMEOUT)
            .await
            .expect("the toolbar");
    }

    /// In the page's own world.
    async fn evaluate(&self, expression: &str) -> Value {
        let context = self.page.main_frame().main_context().await.expect("a document");
        context.call(&format!("() => {expression}"), &[]).await.expect("a value")
    }

    async fn place_of(&self, button: &str) -> (f64, f64) {
        let place = self.page.main_frame().call_resident("placeOf", json!(button), None).await.expect("the toolbar");
        (place["x"].as_f64().expect("a place"), place["y"].as_f64().expect("a place"))
    }

    /// Clicks on a button of the toolbar.
    async fn press(&self, button: &str) {
        let (x, y) = self.place_of(button).await;
        self.page.mouse().click(x, y, &ClickOptions::default()).await.expect("a click");
    }

    async fn mode(&mut self) -> ClickMode {
        let told = async {
            loop {
                if let RecorderEvent::Mode(mode) = self.recording.events.recv().await.expect("a recorder") {
                    return mode;
                }
            }
        };
        tokio::time::timeout(PATIENCE, told).await.expect("the mode is told")
    }

    /// What an element becomes when a button was pressed before the click on it.
    async fn asserted(&mut self, button: &str, selector: &str) -> Action {
        self.press(button).await;
        self.mode().await;
        click(&self.page, selector).await.expect("a click");
        assert_eq!(self.mode().await, ClickMode::Record);
        self.last().await
    }

    /// Waits until the last action is such a one.
    async fn comes(&mut self, is: impl Fn(&Action) -> bool) {
        let came = async {
            while !is(&self.last().await) {
                self.recording.events.recv().await.expect("a recorder");
            }
        };
        tokio::time::timeout(PATIENCE, came).await.expect("the action is recorded");
    }

    async fn last(&self) -> Action {
        self.recording.recorder.actions().await.pop().expect("an action").action
    }

    async fn end(self) {
        self.pool.close().await;
    }
}

#[tokio::test]
async fn what_is_asserted_is_recorded_and_the_page_sees_nothing() {
    let mut toolbar = Toolbar::on(CONTROLS).await;
    let visible = toolbar.asserted("visible", "h1").await;
    assert_eq!(visible, Action::AssertVisible { selector: "internal:role=heading[name=\"Shop\"i]".into() });
    let text = toolbar.asserted("text", "p").await;
    assert_eq!(
        text,
        Action::AssertText {
            selector: "internal:role=paragraph".into(),
            text: "Three in stock".into(),
            substring: true
        }
    );
    let value = toolbar.asserted("value", "input >> nth=0").await;
    assert_eq!(
        value,
        Action::AssertValue {
            selector: "internal:role=textbox[name=\"Name\"i]".into(),
            value: "Ada".into(),
            secret: None
        }
    );
    let checked = toolbar.asserted("value", "[type=checkbox]").await;
    assert_eq!(
        checked,
        Action::AssertChecked { selector: "internal:role=checkbox[name=\"News\"i]".into(), checked: true }
    );
    let snapshot = toolbar.asserted("snapshot", "ul").await;
    let Action::AssertSnapshot { aria_snapshot, .. } = snapshot else { panic!("{snapshot:?}") };
    assert_eq!(aria_snapshot, "- listitem: Two");
    let disabled = toolbar.asserted("visible", "[disabled]").await;
    assert_eq!(disabled, Action::AssertVisible { selector: "internal:role=button[name=\"Sold out\"i]".into() });
    assert_eq!(toolbar.evaluate("seen").await, json!([]));
    assert_eq!(toolbar.evaluate("document.querySelector('[type=checkbox]').checked").await, json!(true));
    // And then clicks are clicks.
    click(&toolbar.page, "button >> nth=0").await.expect("a click");
    toolbar.comes(|action| matches!(action, Action::Click { .. })).await;
    assert_eq!(toolbar.evaluate("seen.includes('click BUTTON')").await, json!(true));
    toolbar.end().await;
}

#[tokio::test]
async fn a_pick_tells_the_locator_and_shows_it_before() {
    let mut toolbar = Toolbar::on(CONTROLS).await;
    toolbar.press("pick").await;
    assert_eq!(toolbar.mode().await, ClickMode::PickLocator);
    let bare = toolbar.page.glance(60).await.expect("a picture");
    let (x, y) = super::person::middle(&Locator::new(&toolbar.page.main_frame(), "h1")).await.expect("a place");
    toolbar.page.mouse().move_to(x, y, 1).await.expect("a move");
    let marked = async { while toolbar.page.glance(60).await.expect("a picture") == bare {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), marked)
        .await
        .expect("the element under the mouse is marked");
    // Keys do not get to the page, and Escape gives up.
    toolbar.page.keyboard().press("a", None).await.expect("a key");
    toolbar.page.keyboard().press("Escape", None).await.expect("a key");
    assert_eq!(toolbar.mode().await, ClickMode::Record);
    toolbar.press("pick").await;
    toolbar.mode().await;
    click(&toolbar.page, "button >> nth=0").await.expect("a click");
    loop {
        if let RecorderEvent::Picked(selector) = toolbar.recording.events.recv().await.expect("a recorder") {
            assert_eq!(selector, "internal:role=button[name=\"Buy\"i]");
            break;
        }
    }
    assert_eq!(toolbar.mode().await, ClickMode::Record);
    assert_eq!(toolbar.evaluate("seen").await, json!([]));
    assert!(matches!(toolbar.last().await, Action::Navigate { .. }), "nothing else was recorded");
    toolbar.end().await;
}

#[tokio::test]
async fn it_pauses_goes_on_and_stops() {
    let mut toolbar = Toolbar::on(CONTROLS).await;
    toolbar.press("record").await;
    assert_eq!(toolbar.mode().await, ClickMode::Pause);
    click(&toolbar.page, "button >> nth=0").await.expect("a click");
    assert!(matches!(toolbar.last().await, Action::Navigate { .. }), "a pause");
    let visible = {
        toolbar.press("visible").await;
        toolbar.mode().await;
        click(&toolbar.page, "h1").await.expect("a click");
        toolbar.mode().await
    };
    assert_eq!(visible, ClickMode::Pause, "an assertion ends where it began");
    assert!(matches!(toolbar.last().await, Action::AssertVisible { .. }), "and counts all the same");
    toolbar.press("record").await;
    assert_eq!(toolbar.mode().await, ClickMode::Record);
    click(&toolbar.page, "button >> nth=0").await.expect("a click");
    toolbar.comes(|action| matches!(action, Action::Click { .. })).await;
    toolbar.press("stop").await;
    while !matches!(toolbar.recording.events.recv().await.expect("a recorder"), RecorderEvent::Finished) {}
    toolbar.end().await;
}

#[tokio::test]
async fn keys_do_the_same() {
    let mut toolbar = Toolbar::on(CONTROLS).await;
    let keyboard = toolbar.page.keyboard().clone();
    let input = Locator::new(&toolbar.page.main_frame(), "input >> nth=0");
    input.simply("focus", false, super::person::TIMEOUT).await.expect("a focus");
    toolbar.evaluate("seen.length = 0").await;
    keyboard.press("Alt+Shift+KeyV", None).await.expect("a key");
    assert_eq!(toolbar.mode().await, ClickMode::AssertVisible);
    keyboard.press("Alt+Shift+KeyV", None).await.expect("a key");
    assert_eq!(toolbar.mode().await, ClickMode::Record);
    // To the toolbar, along it, and back to where the focus was.
    keyboard.press("Alt+Shift+KeyU", None).await.expect("a key");
    keyboard.press("ArrowRight", None).await.expect("a key");
    keyboard.press("Enter", None).await.expect("a key");
    assert_eq!(toolbar.mode().await, ClickMode::PickLocator);
    keyboard.press("Escape", None).await.expect("a key");
    keyboard.press("Escape", None).await.expect("a key");
    keyboard.type_text("!", None).await.expect("a key");
    assert_eq!(toolbar.evaluate("document.querySelector('input').value").await, json!("!Ada"));
    let seen =
        toolbar.evaluate("seen.filter(what => what.includes('key') && !/keydown INPUT|keyup INPUT/.test(what))").await;
    assert_eq!(seen, json!([]), "keys on the toolbar");
    toolbar.end().await;
}

#[tokio::test]
async fn it_moves_and_stays_where_it_was_put() {
    let toolbar = Toolbar::on(CONTROLS).await;
    let (x, y) = toolbar.place_of("record").await;
    let mouse = toolbar.page.mouse();
    // Left of the first button is what it is held by.
    mouse.move_to(x - 22.0, y, 1).await.expect("a move");
    mouse.down(Button::Left, 1).await.expect("a press");
    mouse.move_to(x - 22.0 - 200.0, y + 300.0, 4).await.expect("a move");
    mouse.up(Button::Left, 1).await.expect("a release");
    assert_eq!(toolbar.place_of("record").await, (x - 200.0, y + 300.0));
    assert_eq!(toolbar.evaluate("seen").await, json!([]));
    // The recorder has heard of it once it answers.
    toolbar.recording.recorder.actions().await;
    toolbar.shows("<p>Another page").await;
    assert_eq!(toolbar.place_of("record").await, (x - 200.0, y + 300.0));
    toolbar.recording.recorder.show_toolbar(false).await;
    assert_eq!(toolbar.evaluate("document.querySelector('x-understudy')").await, Value::Null);
    toolbar.end().await;
}

#[tokio::test]
async fn it_outlives_what_pages_do() {
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'unsafe-inline'; require-trusted-types-for 'script'; \
        trusted-types p\"><style>x-understudy, html > :not(head, body) { display: none !important; transform: scale(0) !important }</style>";
    let mut toolbar = Toolbar::on(&format!("{policy}{CONTROLS}")).await;
    let shown = toolbar.place_of("visible").await;
    toolbar.asserted("visible", "h1").await;
    assert!(shown.0 > 0.0 && shown.1 < 100.0, "{shown:?}: no style of the page's counts");
    toolbar.shows(CONTROLS).await;
    let breaks = [
        "document.body.replaceWith(document.createElement('body'))",
        "document.documentElement.replaceChildren()",
        "document.documentElement.replaceWith(document.createElement('html'))",
        "{ document.open(); document.write('<p>Written'); document.close() }",
        "{ document.write('<p>Written'); document.close() }",
        "document.querySelector('x-understudy').remove()",
    ];
    for broken in breaks {
        toolbar.shows(CONTROLS).await;
        toolbar.evaluate(&format!("{{ {broken} }}")).await;
        toolbar.is_there().await;
        toolbar.evaluate("{ const p = document.createElement('h2'); p.textContent = 'After'; p.style = 'position: fixed; top: 300px'; (document.body ?? document.documentElement).append(p) }").await;
        let visible = toolbar.asserted("visible", "h2").await;
        assert_eq!(
            visible,
            Action::AssertVisible { selector: "internal:role=heading[name=\"After\"i]".into() },
            "{broken}"
        );
    }
    // A modal dialog makes everything beside it dead, but not this.
    toolbar
        .shows(&format!("{CONTROLS}<dialog style='width: 100%; height: 100%'><br><br><br><h2>Sure?</h2></dialog>"))
        .await;
    toolbar.evaluate("document.querySelector('dialog').showModal()").await;
    let visible = toolbar.asserted("visible", "h2").await;
    assert_eq!(visible, Action::AssertVisible { selector: "internal:role=heading[name=\"Sure?\"i]".into() });
    toolbar.end().await;
}

#[tokio::test]
async fn frames_and_popups_belong_to_it() {
    let mut toolbar = Toolbar::on(
        "<iframe name=inner srcdoc=\"<button onclick='window.open(`about:blank`)'>Deep</button>\"></iframe>",
    )
    .await;
    toolbar.press("visible").await;
    toolbar.mode().await;
    click(&toolbar.page, "iframe >> internal:control=enter-frame >> button").await.expect("a click");
    toolbar.mode().await;
    let way = "iframe[name=\"inner\"] >> internal:control=enter-frame >> internal:role=button[name=\"Deep\"i]";
    assert_eq!(toolbar.last().await, Action::AssertVisible { selector: way.into() });
    click(&toolbar.page, "iframe >> internal:control=enter-frame >> button").await.expect("a click");
    let popup = loop {
        let opened = toolbar.recording.context.pages().into_iter().find(|page| page.opener().is_some());
        match opened {
            Some(page) => break page,
            None => drop(toolbar.recording.events.recv().await),
        }
    };
    let found =
        Locator::new(&popup.main_frame(), "x-understudy").wait_for(Awaited::Attached, super::person::TIMEOUT).await;
    assert!(found.is_ok(), "{found:?}");
    let inside = Locator::new(&toolbar.page.main_frame(), "iframe >> internal:control=enter-frame >> x-understudy");
    assert!(inside.query().await.expect("an answer").is_none(), "only main frames have it");
    toolbar.end().await;
}
