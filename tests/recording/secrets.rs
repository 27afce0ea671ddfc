//! What is typed into secret fields is nowhere in what is told: not in actions, code, addresses, nor to be read in pictures.

use super::person::{click, goto};
use super::session::Session;
use super::{Recording, site};
use serde_json::{Value, json};
use understudy::browser::input::ClickOptions;
use understudy::browser::{BrowserPool, LaunchOptions, Locator, Page};
use understudy::model::action::{Action, RecordedAction};
use understudy::model::recording::ClickMode;
use understudy::model::recording::RecordingControl;
use understudy::model::{Event, RecordingConfig};
use understudy::recorder::{RecorderEvent, RecorderOptions};

const SECRET: &str = "s3cret-Wort";

fn document(body: &str) -> String {
    let body: String = url::form_urlencoded::byte_serialize(format!("<!DOCTYPE html>{body}").as_bytes()).collect();
    format!("data:text/html,{}", body.replace('+', "%20"))
}

/// A page and what is recorded of it.
struct Typist {
    pool: BrowserPool,
    recording: Recording,
    page: Page,
}

impl Typist {
    async fn at(body: &str, options: RecorderOptions) -> Self {
        let pool = BrowserPool::new(LaunchOptions::default());
        let recording = Recording::new(&pool, json!({}), options).await;
        let page = recording.context.new_page().await.expect("a page");
        page.main_frame().goto(&document(body), &goto()).await.expect("a document");
        Self { pool, recording, page }
    }

    /// A click into a field, and letters.
    async fn types(&self, selector: &str, text: &str) {
        click(&self.page, selector).await.expect("a click");
        self.page.keyboard().type_text(text, None).await.expect("keys");
    }

    async fn evaluate(&self, expression: &str) -> Value {
        let context = self.page.main_frame().main_context().await.expect("a document");
        context.call(&format!("() => {expression}"), &[]).await.expect("a value")
    }

    async fn asserts(&mut self, mode: ClickMode, selector: &str) {
        self.recording.recorder.set_mode(mode).await;
        click(&self.page, selector).await.expect("a click");
        loop {
            match self.recording.events.recv().await {
                Some(RecorderEvent::Mode(ClickMode::Record)) => break,
                Some(_) => {}
                None => panic!("the recorder has ended"),
            }
        }
    }

    /// What was recorded but clicks and where it began, without a trace of the secret.
    async fn done(mut self) -> Vec<Action> {
        self.recording.settle().await;
        let actions = self.recording.recorder.actions().await;
        let text = serde_json::to_string(&actions).expect("JSON");
        assert!(!text.contains(SECRET), "{text}");
        self.pool.close().await;
        let is_work = |action: &Action| {
            !matches!(action, Action::OpenPage { .. } | Action::Navigate { .. } | Action::Click { .. })
        };
        actions.into_iter().map(|RecordedAction { action, .. }| action).filter(is_work).collect()
    }
}

fn variables(actions: &[Action]) -> Vec<&str> {
    let secret = |action| match action {
        &Action::Fill { ref secret, .. }
        | &Action::Select { ref secret, .. }
        | &Action::AssertValue { ref secret, .. } => secret.as_deref().unwrap_or("-"),
        _ => "?",
    };
    actions.iter().map(secret).collect()
}

#[tokio::test]
async fn fields_say_that_they_are_secret() {
    let typist = Typist::at(
        "<input id=a type=password><input id=b autocomplete=one-time-code><input id=c autocomplete='section-x billing cc-csc'>\
         <input id=d autocomplete=new-password><input id=e autocomplete=name><input id=f type=tel autocomplete='CC-Number'>",
        RecorderOptions::default(),
    )
    .await;
    for field in ["#a", "#b", "#c", "#d", "#f"] {
        typist.types(field, SECRET).await;
    }
    typist.types("#e", "Ada").await;
    let done = typist.done().await;
    assert_eq!(variables(&done), ["PASSWORD", "ONE_TIME_CODE", "CC_CSC", "PASSWORD_2", "CC_NUMBER", "-"], "{done:#?}");
    assert!(!done.iter().any(|action| matches!(action, Action::Press { .. })), "letters are no presses: {done:#?}");
}

#[tokio::test]
async fn what_is_pasted_chosen_and_pressed_is_secret_too() {
    let typist = Typist::at(
        &format!("<input id=a type=password><select id=m autocomplete=cc-exp-month><option>01<option>02</select><script>m.options[1].value = '{}' + '{}'</script>",
            &SECRET[..3], &SECRET[3..]),
        RecorderOptions::default(),
    )
    .await;
    click(&typist.page, "#a").await.expect("a click");
    let keyboard = typist.page.keyboard();
    keyboard.insert_text(SECRET).await.expect("a text");
    keyboard.press("Alt+x", None).await.expect("a key");
    keyboard.press("Enter", None).await.expect("a key");
    let option = json!({ "value": SECRET });
    Locator::new(&typist.page.main_frame(), "#m")
        .select_option(json!([option]), &[], false, 20_000)
        .await
        .expect("an option");
    let done = typist.done().await;
    assert_eq!(variables(&done), ["PASSWORD", "?", "CC_EXP_MONTH"], "{done:#?}");
    assert!(matches!(&done[1], Action::Press { key, .. } if key == "Enter"), "{done:#?}");
}

#[tokio::test]
async fn a_password_that_is_shown_is_still_one() {
    let shows = "onclick=\"const p = this.getRootNode().querySelector('.p'); p.type = p.type === 'text' ? 'password' : 'text'\"";
    let replaces = "onclick=\"this.previousSibling.outerHTML = '<input name=pw>'\"";
    let shadow = format!(
        "<template shadowrootmode=open><input class=p type=password><button id=s {shows}>Show</button></template>"
    );
    for (body, field) in [
        (format!("<input class=p type=password><button id=s {shows}>Show</button>"), ".p"),
        (format!("<div>{shadow}</div>"), ".p"),
        (format!("<input name=pw type=password><button id=s {replaces}>Show</button>"), "input"),
    ] {
        let typist = Typist::at(&body, RecorderOptions::default()).await;
        click(&typist.page, "#s").await.expect("a click");
        typist.types(field, SECRET).await;
        let done = typist.done().await;
        assert_eq!(variables(&done), ["PASSWORD"], "{body}: {done:#?}");

        let typist = Typist::at(&body, RecorderOptions::default()).await;
        typist.types(field, "s3c").await;
        click(&typist.page, "#s").await.expect("a click");
        typist.types(field, SECRET).await;
        let done = typist.done().await;
        assert_eq!(variables(&done), ["PASSWORD", "PASSWORD"], "{body}: {done:#?}");
    }
}

#[tokio::test]
async fn assertions_know_the_variable() {
    let mut typist = Typist::at(
        "<form><label>Password <input id=a type=password></label><label>Name <input id=n></label>\
         <textarea autocomplete=cc-number aria-label=Card></textarea><p>Below</p></form>",
        RecorderOptions::default(),
    )
    .await;
    typist.types("#a", SECRET).await;
    typist.types("textarea", SECRET).await;
    typist.types("#n", "Ada").await;
    typist.asserts(ClickMode::AssertValue, "#a").await;
    typist.recording.recorder.set_mode(ClickMode::AssertSnapshot).await;
    // A click on the form itself: right of what is in it.
    let form = Locator::new(&typist.page.main_frame(), "form").read("box", json!({}), 20_000).await.expect("a place");
    let (right, bottom) = (form["width"].as_f64().expect("a width"), form["height"].as_f64().expect("a height"));
    typist.page.mouse().click(right - 5.0, bottom - 60.0, &ClickOptions::default()).await.expect("a click");
    let done = typist.done().await;
    assert_eq!(variables(&done[..4]), ["PASSWORD", "CC_NUMBER", "-", "PASSWORD"], "{done:#?}");
    let Some(Action::AssertSnapshot { aria_snapshot, .. }) = done.last() else { panic!("{done:#?}") };
    assert!(aria_snapshot.contains("- textbox \"Name\": Ada"), "{aria_snapshot}");
    assert!(
        aria_snapshot.contains("- textbox \"Password\"\n") && aria_snapshot.contains("- textbox \"Card\"\n"),
        "{aria_snapshot}"
    );
}

#[tokio::test]
async fn pictures_show_no_letter() {
    let fields = "<style>input, select { caret-color: transparent; outline: none }</style>\
        <input id=a autocomplete=cc-number><input id=b class=p type=password><button id=s onclick=\"b.type = 'text'\">Show</button>\
        <input id=c autocomplete=one-time-code value='VALUE'><select autocomplete=cc-exp-year><option>VALUE</select>";
    let mut pictures = Vec::new();
    for value in ["1111", "7777"] {
        let options = RecorderOptions { cover_secrets: true, ..RecorderOptions::default() };
        let typist = Typist::at(&fields.replace("VALUE", value), options).await;
        typist.types("#a", value).await;
        typist.types("#b", value).await;
        click(&typist.page, "#s").await.expect("a click");
        typist.page.mouse().move_to(600.0, 600.0, 1).await.expect("a move");
        assert_eq!(typist.evaluate("b.type + b.value").await, json!(format!("text{value}")));
        typist.evaluate("{ document.activeElement.blur() }").await;
        pictures.push(typist.page.glance(90).await.expect("a picture"));
        typist.pool.close().await;
    }
    assert!(pictures[0] == pictures[1], "the same picture, whatever was typed");
}

#[tokio::test]
async fn nothing_that_is_told_holds_it() {
    let site = site::serve();
    let form = format!(
        "<form action='{site}/play/plain.html'><input name=who><input name=pw type=password><button>Go</button></form>"
    );
    let mut session = Session::start(&document(&form), "typescript", RecordingConfig::default());
    session.ready().await;
    session.input(json!({"type": "click", "x": 30, "y": 18}));
    session.input(json!({"type": "text", "text": "ada"}));
    session.input(json!({"type": "press", "key": "Tab"}));
    session.input(json!({"type": "text", "text": SECRET}));
    session.recorded("process.env.PASSWORD!").await;
    session.input(json!({"type": "press", "key": "Enter"}));
    let arrived = |event: &Event| matches!(event, Event::RecordingFrame { url, .. } if url.contains("who="));
    session.until(arrived).await;
    let Some(Event::RecordingFrame { url, .. }) = session.told.last() else { panic!() };
    assert_eq!(*url, format!("{site}/play/plain.html?who=ada&pw=***"));
    session.controls.send(RecordingControl::Stop).expect("a session");
    let told = format!("{:?}", session.told);
    let (_, code, _) = session.end().await;
    assert!(!told.contains(SECRET) && !code.expect("code").contains(SECRET), "{told}");
    assert!(told.contains("pw=***"), "the signal of the press is there");
}

#[tokio::test]
async fn a_switch_turns_it_off() {
    let options = RecorderOptions { reveal_secrets: true, cover_secrets: true, ..RecorderOptions::default() };
    let mut typist = Typist::at("<input id=a type=password><input id=b autocomplete=cc-number>", options).await;
    typist.types("#a", "open").await;
    typist.types("#b", "open").await;
    typist.asserts(ClickMode::AssertValue, "#a").await;
    assert_eq!(typist.evaluate("getComputedStyle(b).webkitTextSecurity").await, json!("none"));
    let done = typist.done().await;
    let texts: Vec<_> = done
        .iter()
        .map(|action| match action {
            Action::Fill { text, secret: None, .. } | Action::AssertValue { value: text, secret: None, .. } => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["open", "open", "open"]);
}
