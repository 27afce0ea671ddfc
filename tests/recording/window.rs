//! With a window, on a display of the test's own (Xvfb): the code is what it is without one, and a Chromium that somebody else uses
//! is recorded and left alone.

use super::person::{click, goto};
use super::{compare_in, site};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use understudy::browser::reading::Awaited;
use understudy::browser::{Browser, BrowserPool, LaunchOptions, Locator, Mode, launch};

/// Generous: only a broken test takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of the test's, and what it says on standard error; ended with the test.
struct Started {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Started {
    fn new(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a program that is installed");
        let stderr: ChildStderr = child.stderr.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        // Read to the end, so that nobody waits for a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The first line with `text` in it.
    fn says(&self, text: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no line with “{text}”: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A display with a number that is free.
fn display() -> (Started, String) {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]).stdout(Stdio::piped());
    let mut server = Started::new(&mut command);
    let mut number = String::new();
    let mut told = BufReader::new(server.child.stdout.take().expect("a pipe"));
    told.read_line(&mut number).expect("the number of the display");
    (server, format!(":{}", number.trim()))
}

/// A Chromium with windows, as a person may have started it; its address.
struct Windows {
    _display: Started,
    chromium: Started,
    profile: tempfile::TempDir,
    endpoint: String,
}

impl Windows {
    fn open() -> Self {
        let (server, number) = display();
        let profile = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(launch::find_chromium(None).expect("Chromium"));
        command
            .args(["--remote-debugging-port=0", "--no-sandbox", "--no-first-run", "--no-default-browser-check"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("DISPLAY", number)
            .stdout(Stdio::null());
        let chromium = Started::new(&mut command);
        let endpoint = chromium.says("DevTools listening on").rsplit(' ').next().expect("an address").to_owned();
        Self { _display: server, chromium, profile, endpoint }
    }

    fn pool(&self) -> BrowserPool {
        BrowserPool::new(LaunchOptions { cdp_endpoint: Some(self.endpoint.clone()), ..LaunchOptions::default() })
    }

    async fn browser(&self) -> (BrowserPool, Browser) {
        let pool = self.pool();
        let browser = pool.acquire(Mode::Headed).await.expect("a connection");
        (pool, browser)
    }
}

#[tokio::test]
async fn a_window_gives_the_same_code() {
    let windows = Windows::open();
    for name in ["clicks", "forms", "tabs"] {
        compare_in(&windows.pool(), name).await;
    }
    assert!(windows.profile.path().exists());
}

/// Interrupts it as Ctrl-C does.
fn interrupt(process: &Child) {
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
}

#[tokio::test]
async fn a_chromium_that_runs_is_recorded_and_left_running() {
    let site = site::serve();
    let mut windows = Windows::open();
    let (pool, browser) = windows.browser().await;
    let person = browser.visit().await.expect("a browser");
    let open = person.join().await.expect("its pages");
    open[0].main_frame().goto(&format!("{site}/play/dialogs.html"), &goto()).await.expect("a page");
    // A window of its own with a profile of its own.
    let other =
        browser.new_context(serde_json::from_str(r#"{"viewport":null}"#).expect("options")).await.expect("a window");
    let apart = other.new_page().await.expect("a page");
    apart.main_frame().goto(&format!("{site}/play/tabs.html"), &goto()).await.expect("a page");

    let folder = tempfile::tempdir().expect("a folder");
    let mut record = Command::new(env!("CARGO_BIN_EXE_understudy"));
    record
        .args([
            "record",
            "--cdp-endpoint",
            &windows.endpoint,
            "--target",
            "javascript",
            "-o",
            "code.js",
            "--all-targets",
            "all",
        ])
        .current_dir(folder.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::null());
    let mut record = Started::new(&mut record);
    record.says("Recording");
    for page in [&open[0], &apart] {
        let toolbar = Locator::new(&page.main_frame(), "x-understudy");
        toolbar.wait_for(Awaited::Attached, 20_000).await.expect("the toolbar");
    }
    // A line is said when the next one begins.
    click(&open[0], "button >> nth=3").await.expect("a click");
    click(&apart, "a >> nth=0").await.expect("a click");
    record.says("name: 'Modal'");
    let later = person.new_page().await.expect("a page");
    later.main_frame().goto(&format!("{site}/cart.html"), &goto()).await.expect("a page");
    click(&later, "h1").await.expect("a click");
    record.says("cart.html");
    interrupt(&record.child);
    record.says("Written to");
    let ended = record.child.wait().expect("an end");
    assert!(ended.success(), "{ended}");

    let code = std::fs::read_to_string(folder.path().join("code.js")).expect("code");
    for part in [
        "dialogs.html",
        "tabs.html",
        "cart.html",
        ".getByRole('button', { name: 'Modal' })",
        ".getByRole('link', { name: 'Opens a tab', exact: true })",
        "newPage()",
    ] {
        assert!(code.contains(part), "{part}: {code}");
    }
    assert!(folder.path().join("all/python.txt").exists());
    // Nothing of it is left, and the browser is as it was.
    let toolbar = Locator::new(&open[0].main_frame(), "x-understudy");
    assert!(toolbar.query().await.expect("an answer").is_none());
    open[0].main_frame().goto(&format!("{site}/cart.html"), &goto()).await.expect("a page that goes on");
    pool.close().await;
    assert!(windows.chromium.child.try_wait().expect("a process").is_none(), "Chromium runs on");
}
