//! What a scripted person does on real Chromium is recorded as the official recorder records it (`fixtures/recordings`).

mod live;
mod names;
mod person;
mod preview;
mod python;
mod replay;
mod robust;
mod secrets;
mod session;
#[path = "../support/site.rs"]
mod site;
mod toolbar;
mod window;

use person::{Script, goto};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::UnboundedReceiver;
use understudy::browser::context::ContextOptions;
use understudy::browser::{BrowserContext, BrowserPool, LaunchOptions, Mode, Progress};
use understudy::model::action::{RecordedAction, Signal};
use understudy::model::recording::ClickMode;
use understudy::recorder::{Recorder, RecorderEvent, RecorderOptions};

/// Milliseconds; nothing here takes so long.
const PATIENCE: u64 = 30_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings").join(name)
}

/// A context that is recorded from before its first page.
struct Recording {
    context: BrowserContext,
    recorder: Recorder,
    events: UnboundedReceiver<RecorderEvent>,
    /// Whether the person asserts what is to be seen.
    asserts: bool,
    /// What the person says to dialogs.
    answers: VecDeque<String>,
}

impl Recording {
    async fn new(pool: &BrowserPool, options: Value, recorder: RecorderOptions) -> Self {
        let browser = pool.acquire(Mode::Headless).await.expect("a browser");
        let options: ContextOptions = serde_json::from_value(options).expect("options");
        let context = browser.new_context(options).await.expect("a context");
        let (recorder, events) = Recorder::attach(&context, recorder);
        Self { context, recorder, events, asserts: false, answers: VecDeque::new() }
    }

    /// Plays a script; what was recorded, the site's address replaced as in the fixtures.
    async fn of(&mut self, script: &Script) -> Vec<RecordedAction> {
        let site = site::serve();
        let actions = self.play(script, &site).await;
        let text = serde_json::to_string(&actions).expect("JSON");
        serde_json::from_str(&text.replace(&site, "http://site.test")).expect("actions")
    }

    /// Plays a script on a site; what was recorded.
    async fn play(&mut self, script: &Script, site: &str) -> Vec<RecordedAction> {
        self.answers = script.answers.clone().into();
        let mut pages = vec![self.context.new_page().await.expect("a page")];
        pages[0].main_frame().goto(&format!("{site}{}", script.url), &goto()).await.expect("a document");
        let mut downloads = 0;
        for step in &script.steps {
            loop {
                let known: Vec<_> = pages.iter().map(|page| page.id().to_owned()).collect();
                pages.extend(self.context.pages().into_iter().filter(|page| !known.contains(&page.id().to_owned())));
                if pages.len() > step.page {
                    break;
                }
                let event = self.events.recv().await;
                answer(event, &mut self.answers).await;
            }
            let shown = step.sees().map(|at| (ClickMode::AssertVisible, at));
            let pointed = step.hovers().map(|at| (ClickMode::Hover, at));
            if let Some((mode, at)) = shown.or(pointed).filter(|_| self.asserts) {
                step.perform(&pages[step.page], site).await.expect("what is there");
                self.recorder.set_mode(mode).await;
                person::click(&pages[step.page], at).await.expect("a click");
                self.settle().await;
                continue;
            }
            if step.navigates() {
                self.recorder.leads(&pages[step.page]);
            }
            let led_to = pages[step.page].barrier();
            let done = self.answering(step.perform(&pages[step.page], site)).await;
            if let Err(error) = done {
                panic!("{step:?}: {error}\nso far: {:#?}", self.recorder.actions().await);
            }
            // Whoever goes on sees where he is. A page that is gone leads nowhere.
            let seen = async { led_to.settle().await.is_ok() && led_to.finish(&Progress::new(PATIENCE)).await.is_ok() };
            self.answering(seen).await;
            downloads += usize::from(step.downloads);
            while self.downloads().await < downloads {
                self.events.recv().await;
            }
            self.settle().await;
        }
        self.recorder.actions().await
    }

    /// How many began.
    async fn downloads(&self) -> usize {
        let is_download = |signal: &&Signal| matches!(signal, Signal::Download { .. });
        self.recorder.actions().await.iter().flat_map(|action| &action.signals).filter(is_download).count()
    }

    /// Waits until all pages have said what they have to say.
    async fn settle(&mut self) {
        for frame in self.context.pages().iter().flat_map(|page| page.frames()) {
            // A frame that is gone has nothing to say.
            drop(self.answering(frame.call_resident("ready", Value::Null, None)).await);
        }
    }

    /// Does `work` while dialogs are dismissed: they hold everything else.
    async fn answering<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                event = self.events.recv() => answer(event, &mut self.answers).await,
            }
        }
    }
}

async fn answer(event: Option<RecorderEvent>, answers: &mut VecDeque<String>) {
    let Some(RecorderEvent::Dialog(dialog)) = event else { return };
    match answers.pop_front().filter(|text| text != "no") {
        Some(text) => dialog.accept(Some(&text).filter(|_| dialog.kind() == "prompt").map(String::as_str)).await,
        None => dialog.dismiss().await,
    }
    .expect("a dialog");
}

/// What matters of a line of the official recorder, and of an action of ours.
fn essence(mut line: Value) -> Value {
    let object = line.as_object_mut().expect("an action");
    for key in ["locator", "alternatives", "pageAlias", "pageUrl", "framePath", "offset"] {
        object.remove(key);
    }
    // Theirs has more kinds of signals, and does not know how a dialog was answered. Navigations are only told where nothing else follows.
    if let Some(signals) = object.get_mut("signals").and_then(Value::as_array_mut) {
        signals.retain(|signal| !matches!(signal["name"].as_str(), Some("expect" | "navigation")));
        for signal in signals {
            for key in ["accepted", "promptText"] {
                signal.as_object_mut().expect("a signal").remove(key);
            }
        }
    }
    line
}

fn official(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder(name).join("jsonl.txt")).expect("lines");
    text.lines().skip(1).map(|line| essence(serde_json::from_str(line).expect("a line"))).collect()
}

async fn recorded(pool: &BrowserPool, name: &str) -> Vec<Value> {
    let script = Script::read(&folder(name));
    let options = RecorderOptions { reveal_secrets: true, ..RecorderOptions::default() };
    let given = if script.options.is_null() { json!({}) } else { script.options.clone() };
    let mut recording = Recording::new(pool, given, options).await;
    let actions = recording.of(&script).await;
    pool.close().await;
    actions.into_iter().map(|action| essence(serde_json::to_value(action).expect("JSON"))).collect()
}

async fn compare(name: &str) {
    compare_in(&BrowserPool::new(LaunchOptions::default()), name).await;
}

async fn compare_in(pool: &BrowserPool, name: &str) {
    let (ours, theirs) = (recorded(pool, name).await, official(name));
    let text = |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    assert!(ours == theirs, "{name}\n--- official\n{}--- ours\n{}", text(&theirs), text(&ours));
}

macro_rules! scripts {
    ($($name:ident),*) => {
        $(
            #[tokio::test]
            async fn $name() {
                compare(stringify!($name)).await;
            }
        )*
    };
}

scripts!(answers, clicks, dialogs, files, forms, frames, history, keys, shadow, shop, tabs);
