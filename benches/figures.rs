//! The figures of the README, measured on the product as it is used: processes of the release build, the official npm packages
//! beside it on the same Chromium. Needs `./install.sh --deps`.
//!
//! `cargo bench` measures all; `cargo bench -- idle cold` only those.
#![expect(clippy::print_stdout, reason = "figures are printed")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const UNDERSTUDY: &str = env!("CARGO_BIN_EXE_understudy");
/// Secret of a hub that lives as long as this process.
const SECRET: &str = "only-for-the-length-of-a-benchmark";

/// What is measured, by name.
const FIGURES: &[(&str, fn())] = &[("warm", warm), ("idle", idle), ("actions", actions), ("cold", cold)];

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, measure) in FIGURES {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}

/// `execution:start` → `execution:complete` of a one-test spec through hub and agent, with a warm Chromium.
fn warm() {
    const ROUNDS: usize = 41;
    let line = Line::start();
    let spec = root().join("benches/one.spec.ts");
    let output = output(
        Command::new("node")
            .arg(root().join("tests/interop/warm.mjs"))
            .args([&line.url, &token("client")])
            .arg(spec)
            .arg(ROUNDS.to_string()),
    );
    let rounds: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let ms = |value: &Value| value.as_f64().expect("a number");
    let totals: Vec<f64> = rounds[1..].iter().map(|round| ms(&round["total"])).collect();
    let own: Vec<f64> = rounds[1..].iter().map(|round| ms(&round["total"]) - ms(&round["page"])).collect();
    println!(
        "warm: execution:start to execution:complete {:.0} ms, without the page's time {:.0} ms (medians of {}); the first, which starts Chromium, {:.0} ms",
        median(totals),
        median(own),
        ROUNDS - 1,
        ms(&rounds[0]["total"])
    );
}

/// Memory of a connected agent that has not started a browser.
fn idle() {
    let line = Line::start();
    // Nothing happens any more once it is connected; give the allocator and the heartbeat a moment.
    thread::sleep(Duration::from_secs(3));
    let status = fs::read_to_string(format!("/proc/{}/status", line.agent.0.id()));
    match status.ok().and_then(|text| text.lines().find_map(|line| line.strip_prefix("VmRSS:").map(str::to_owned))) {
        Some(resident) => {
            let kilobytes: f64 = resident.trim().trim_end_matches(" kB").parse().expect("a number of kB");
            println!("idle: {:.1} MB resident, agent connected, no browser", kilobytes / 1024.0);
        }
        None => println!("idle: only measured where there is /proc"),
    }
}

/// The same thousand actions under `understudy run` and under the official runner.
fn actions() {
    let took = |text: &str| -> f64 {
        let from = text.find("took ").unwrap_or_else(|| panic!("no figure in:\n{text}"));
        text[from + 5..].split(' ').next().and_then(|word| word.parse().ok()).expect("a number")
    };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let official = Official::new("actions.spec.ts");
    for _ in 0..3 {
        ours.push(took(&output(&mut run("actions.spec.ts"))));
        theirs.push(took(&output(&mut official.command())));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "actions: 1,000 mixed actions {ours:.0} ms, Playwright {theirs:.0} ms, ratio {:.2} (medians of 3)",
        ours / theirs
    );
}

/// Process start to process end of a one-test spec.
fn cold() {
    let official = Official::new("one.spec.ts");
    let time = |make: &dyn Fn() -> Command| {
        median(
            (0..5)
                .map(|_| {
                    let start = Instant::now();
                    output(&mut make());
                    start.elapsed().as_secs_f64() * 1000.0
                })
                .collect(),
        )
    };
    let ours = time(&|| run("one.spec.ts"));
    let theirs = time(&|| official.command());
    println!(
        "cold: one-test spec, process start to end {ours:.0} ms, npx playwright test {theirs:.0} ms (medians of 5)"
    );
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(spec: &str) -> Command {
    let mut command = Command::new(UNDERSTUDY);
    command
        .arg("run")
        .arg(root().join("benches").join(spec))
        .args(["--workers", "1", "--output"])
        .arg(scratch("output"));
    command
}

/// The official runner in a folder where its packages are found, with the browser that understudy finds.
struct Official(PathBuf);

impl Official {
    fn new(spec: &str) -> Self {
        let folder = root().join("tests/interop/.run").join(format!("bench-{}-{spec}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::copy(root().join("benches").join(spec), folder.join(spec)).expect("a copy");
        fs::write(folder.join("package.json"), "{}").expect("a file");
        let browser = browser();
        let config = format!(
            "export default {{ workers: 1, reporter: 'list', use: {{ launchOptions: {{ executablePath: {:?}, args: ['--no-sandbox'] }} }} }};",
            browser.display().to_string()
        );
        fs::write(folder.join("playwright.config.ts"), config).expect("a file");
        Self(folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("node");
        command.current_dir(&self.0).arg(root().join("tests/interop/node_modules/@playwright/test/cli.js")).arg("test");
        command
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // A leftover in an ignored folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The browser understudy finds.
fn browser() -> PathBuf {
    if let Some(named) = std::env::var_os("UNDERSTUDY_BROWSER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.exists())
        .expect("Chromium; ./install.sh --deps installs it")
}

/// A hub and an agent as processes; both end with this value.
struct Line {
    url: String,
    agent: Ended,
    _hub: Ended,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Line {
    fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let hub = Command::new(UNDERSTUDY)
            .args(["serve", "--listen", &address.to_string(), "--jwt-secret", SECRET])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Ended)
            .expect("the hub");
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "the hub does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        let url = format!("http://{address}");
        let mut agent = Command::new(UNDERSTUDY)
            .args([
                "agent",
                "--server",
                &url,
                "--token",
                &token("agent"),
                "--log-level",
                "info",
                "--log-format",
                "json",
                "--state-dir",
            ])
            .arg(scratch("state"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map(Ended)
            .expect("the agent");
        let mut log = BufReader::new(agent.0.stderr.take().expect("a pipe"));
        let mut told = String::new();
        while !told.contains("registered") {
            told.clear();
            assert!(log.read_line(&mut told).expect("a log") > 0, "the agent ended before it was registered");
        }
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { url, agent, _hub: hub }
    }
}

fn token(role: &str) -> String {
    output(Command::new(UNDERSTUDY).args(["token", "--jwt-secret", SECRET, "--role", role])).trim().to_owned()
}

/// A folder below the target folder, made anew for each process.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Standard output of a command that must go well.
fn output(command: &mut Command) -> String {
    let done = command.stderr(Stdio::piped()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{command:?}: {}\n{text}\n{}", done.status, String::from_utf8_lossy(&done.stderr));
    text
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
