//! The loop: a scripted person is recorded, the code is generated, and run; afterwards the page is as the person left it. By our runner,
//! and by the official one.

use super::person::Script;
use super::{Recording, folder, site};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use understudy::browser::{BrowserPool, LaunchOptions, Page, launch};
use understudy::codegen::{Target, generate};
use understudy::model::action;
use understudy::recorder::RecorderOptions;

/// What can be seen of a page: where it is, what is in its fields, what is written on it, and what it logged.
const STATE_JS: &str = "() => ({
  address: location.pathname + location.search,
  fields: [...document.querySelectorAll('input, textarea, select')].map(field => [field.name, field.type === 'file' ? [...field.files].map(file => file.name)
    : ['checkbox', 'radio'].includes(field.type) ? field.checked : field.selectedOptions ? [...field.selectedOptions].map(option => option.value) : field.value]),
  text: document.body.innerText.split('\\n').filter(line => !/^(focusin|focusout|click|dblclick|input|change) /.test(line)),
})";

/// What is typed into the password field of `forms`.
const PASSWORD: &str = "s3cret";

const SCRIPTS: [&str; 8] = ["clicks", "dialogs", "drag", "forms", "frames", "keys", "shadow", "shop"];

async fn state(page: &Page) -> Value {
    let context = page.main_frame().utility_context().await.expect("a page");
    context.call(STATE_JS, &[]).await.expect("a state")
}

/// A spec of what was recorded that ends by looking whether the page is as the person left it.
async fn spec(name: &str, site: &str) -> String {
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
    let code = generate(Target::TypeScript, &action::Recording { version: 1, options, actions });
    let check = format!("  await expect.poll(() => page.evaluate({STATE_JS})).toEqual({left});\n}});\n");
    let body = code.strip_suffix("});\n").expect("a test");
    format!("{body}{check}").replace("test('test'", &format!("test('{name}'"))
}

/// Specs of all scripts in a folder of their own, with the files they choose.
async fn specs(site: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["one.txt", "two.txt"] {
        fs::write(folder.path().join(name), name).expect("a file");
    }
    for name in SCRIPTS {
        fs::write(folder.path().join(format!("{name}.spec.ts")), spec(name, site).await).expect("a spec");
    }
    folder
}

fn passed(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains(&format!("{} passed", SCRIPTS.len())), "{said}");
}

#[tokio::test]
async fn what_was_recorded_plays_again_here() {
    let site = site::serve();
    let folder = specs(&site).await;
    let run = Command::new(env!("CARGO_BIN_EXE_understudy"))
        .args(["run", ".", "--workers", "2"])
        .env("PASSWORD", PASSWORD)
        .current_dir(folder.path())
        .output()
        .expect("our runner");
    passed(&run);
}

#[tokio::test]
async fn what_was_recorded_plays_again_in_the_official_runner() {
    let site = site::serve();
    let folder = specs(&site).await;
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/node_modules");
    assert!(modules.exists(), "run ./install.sh --deps first");
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
    passed(&run);
}
