//! The loop: a scripted person is recorded, the code is generated, and run; afterwards the page is as the person left it. By our runner,
//! and by the official one.

use super::person::Script;
use super::{Recording, folder, site};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tokio::sync::OnceCell;
use understudy::browser::{BrowserPool, LaunchOptions, Page, launch};
use understudy::codegen::{Target, actions, generate};
use understudy::model::action;
use understudy::recorder::RecorderOptions;

/// What can be seen of a page: where it is, what is in its fields, what is written on it, and what it logged.
pub(super) const STATE_JS: &str = "() => ({
  address: location.pathname + location.search,
  fields: [...document.querySelectorAll('input, textarea, select')].map(field => [field.name, field.type === 'file' ? [...field.files].map(file => file.name)
    : ['checkbox', 'radio'].includes(field.type) ? field.checked : field.selectedOptions ? [...field.selectedOptions].map(option => option.value) : field.value]),
  text: document.body.innerText.split('\\n').filter(line => !/^(focusin|focusout|click|dblclick|input|change) /.test(line)),
})";

/// What is typed into the password field of `forms`.
pub(super) const PASSWORD: &str = "s3cret";

pub(super) const SCRIPTS: [&str; 16] = [
    "answers", "board", "clicks", "dialogs", "drag", "feed", "files", "forms", "frames", "history", "keys", "menus",
    "origins", "rows", "shadow", "shop",
];

/// What a person did, and what was left.
pub(super) struct Done {
    pub(super) name: &'static str,
    pub(super) recording: action::Recording,
    /// Of the first page, by [`STATE_JS`].
    pub(super) left: Value,
}

/// All scripts, recorded once for all tests.
pub(super) async fn all() -> &'static [Done] {
    static ALL: OnceCell<Vec<Done>> = OnceCell::const_new();
    let recorded = ALL.get_or_init(|| async {
        let site = site::serve();
        let mut all = Vec::new();
        for name in SCRIPTS {
            let (recording, left) = recorded(name, &site).await;
            all.push(Done { name, recording, left });
        }
        all
    });
    recorded.await
}

async fn state(page: &Page) -> Value {
    let context = page.main_frame().utility_context().await.expect("a page");
    context.call(STATE_JS, &[]).await.expect("a state")
}

/// What a scripted person did, and what the first page was afterwards.
async fn recorded(name: &str, site: &str) -> (action::Recording, Value) {
    let script = Script::read(&folder(name));
    let pool = BrowserPool::new(LaunchOptions::default());
    let options = if script.options.is_null() { json!({}) } else { script.options.clone() };
    let mut recording = Recording::new(&pool, options, RecorderOptions::default()).await;
    recording.asserts = true;
    let actions = recording.play(&script, site).await;
    let left = state(&recording.context.pages()[0]).await;
    pool.close().await;
    let viewport = serde_json::from_value(script.options["viewport"].clone()).ok();
    let options = action::RecordingOptions { viewport, ..action::RecordingOptions::default() };
    (action::Recording { version: 1, options, actions }, left)
}

/// A spec of what was recorded that ends by looking whether the page is as the person left it.
fn spec(Done { name, recording, left }: &Done) -> String {
    let code = generate(Target::TypeScript, recording);
    let check = format!("  await expect.poll(() => page.evaluate({STATE_JS})).toEqual({left});\n}});\n");
    let body = code.strip_suffix("});\n").expect("a test");
    format!("{body}{check}").replace("test('test'", &format!("test('{name}'"))
}

/// A folder with the files that the form chooses.
pub(super) fn folder_with_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["one.txt", "two.txt"] {
        fs::write(folder.path().join(name), name).expect("a file");
    }
    folder
}

/// Specs and recordings of all scripts.
async fn specs() -> tempfile::TempDir {
    let folder = folder_with_files();
    for done in all().await {
        let file = |ending| folder.path().join(format!("{}.{ending}", done.name));
        fs::write(file("spec.ts"), spec(done)).expect("a spec");
        fs::write(file("json"), actions(&done.recording)).expect("a recording");
    }
    folder
}

/// What `./install.sh --deps` puts there, or one of our scripts.
pub(super) fn interop(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name);
    assert!(path.exists(), "{}: run ./install.sh --deps first", path.display());
    path
}

fn passed(output: &Output, tests: usize) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains(&format!("{tests} passed")), "{said}");
}

#[tokio::test]
async fn what_was_recorded_plays_again_here() {
    let folder = specs().await;
    let run = Command::new(env!("CARGO_BIN_EXE_understudy"))
        .args(["run", ".", "--workers", "2"])
        .args(SCRIPTS.map(|name| format!("{name}.json")))
        .env("PASSWORD", PASSWORD)
        .current_dir(folder.path())
        .output()
        .expect("our runner");
    passed(&run, 2 * SCRIPTS.len());
}

#[tokio::test]
async fn what_was_recorded_plays_again_in_the_official_runner() {
    let folder = specs().await;
    let modules = interop("node_modules");
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).expect("a link");
    let chromium: PathBuf = launch::find_chromium(None).expect("Chromium");
    let config = format!(
        "module.exports = {{ workers: 2, reporter: 'line', use: {{ launchOptions: {{ executablePath: {}, args: ['--no-sandbox'] }} }} }};",
        json!(chromium)
    );
    fs::write(folder.path().join("playwright.config.js"), config).expect("a configuration");
    let run = Command::new("node")
        .arg(modules.join("@playwright/test/cli.js"))
        .arg("test")
        .env("PASSWORD", PASSWORD)
        .current_dir(folder.path())
        .output()
        .expect("Node.js");
    passed(&run, SCRIPTS.len());
}

/// The official player of recordings of Chrome's DevTools; what it says.
fn replay(arguments: &[&str], files: &[PathBuf]) -> String {
    let run = Command::new("node")
        .arg(interop("replay.mjs"))
        .args(arguments)
        .args(files)
        .env("UNDERSTUDY_BROWSER", launch::find_chromium(None).expect("Chromium"))
        .output()
        .expect("Node.js");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}\n{}", text(&run.stdout), text(&run.stderr));
    text(&run.stdout)
}

async fn plays_again_in_the_player_of_devtools(name: &str) {
    let Done { recording, left, .. } = all().await.iter().find(|done| done.name == name).expect("a script");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(format!("{name}.json"));
    let text = generate(Target::ChromeRecorder, recording).replace("${PASSWORD}", PASSWORD);
    fs::write(&file, &text).expect("a file");
    let said = replay(&["--play", STATE_JS], &[file]);
    assert_eq!(serde_json::from_str::<Value>(&said).expect("a state"), *left, "{text}");
}

macro_rules! devtools {
    ($($test:ident: $name:literal),*) => {
        $(
            #[tokio::test]
            async fn $test() {
                plays_again_in_the_player_of_devtools($name).await;
            }
        )*
    };
}

devtools!(
    devtools_play_the_shop: "shop", devtools_fill_the_form: "forms", devtools_enter_frames: "frames", devtools_see_shadow_roots: "shadow"
);

#[test]
fn devtools_recordings_are_read_by_the_official_player() {
    let folder = tempfile::tempdir().expect("a folder");
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    let mut files = Vec::new();
    for entry in fs::read_dir(recordings).expect("recordings") {
        let entry = entry.expect("an entry");
        let Ok(lines) = fs::read_to_string(entry.path().join("jsonl.txt")) else { continue };
        let actions = lines.lines().skip(1).map(|line| serde_json::from_str(line).expect("an action")).collect();
        let recording = action::Recording { version: 1, actions, ..action::Recording::default() };
        let file = folder.path().join(entry.file_name()).with_extension("json");
        fs::write(&file, generate(Target::ChromeRecorder, &recording)).expect("a file");
        files.push(file);
    }
    let said = replay(&[], &files);
    assert_eq!(said.lines().count(), files.len(), "{said}");
}
