//! The figures of the README, measured on the product as it is used: processes of the release build, the official npm packages
//! beside it on the same Chromium. Needs `./install.sh --deps` and a machine that does nothing else.
//!
//! `cargo bench` measures all; `cargo bench -- idle cold` only those.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are printed")]

#[path = "../../tests/support/crowd.rs"]
mod crowd;
mod fanout;
mod gateway;
mod line;
mod official;
mod pairs;
#[path = "../../tests/support/site.rs"]
mod site;

use line::{Line, token};
use official::{Official, browser};
use pairs::{Pairs, Spread};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const UNDERSTUDY: &str = env!("CARGO_BIN_EXE_understudy");

/// What is measured, by name.
const FIGURES: &[(&str, fn())] = &[
    ("warm", warm),
    ("idle", idle),
    ("actions", actions),
    ("cold", cold),
    ("suite", suite),
    ("preview", preview),
    ("fanout", fanout::fanout),
    ("gateway", gateway::gateway),
];

/// Tests of the suites that fail on purpose.
const FAILING: &str = "an error inside|never added|nobody can see|at its end|told together";

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    machine();
    for (name, measure) in FIGURES {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}

/// Where this was measured.
fn machine() {
    let first_line = |command: &mut Command| output(command).lines().next().unwrap_or_default().trim().to_owned();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "machine: {} cores, {}, load before {}",
        cores(),
        first_line(Command::new("uname").arg("-sm")),
        load.split(' ').next().unwrap_or("unknown"),
    );
    let package = fs::read_to_string(root().join("tests/interop/node_modules/@playwright/test/package.json"));
    let Ok(package) = package else {
        eprintln!("The official packages to measure against are not here: run ./install.sh --deps first.");
        std::process::exit(2);
    };
    let package: Value = serde_json::from_str(&package).expect("JSON");
    println!(
        "versions: {}, {}, official runner {} on Node.js {}",
        first_line(Command::new(UNDERSTUDY).arg("--version")),
        first_line(Command::new(browser()).arg("--version")),
        package["version"].as_str().unwrap_or_default(),
        first_line(Command::new(node()).arg("--version")),
    );
}

/// `execution:start` → `execution:complete` of a one-test spec through hub and agent, with a warm Chromium.
fn warm() {
    const ROUNDS: usize = 41;
    for (what, flags) in [("", &[] as &[&str]), (", without screenshots", &["--screenshots", "off"])] {
        let line = Line::start(flags);
        let text = output(
            Command::new(node())
                .arg(root().join("tests/interop/warm.mjs"))
                .args([&line.url, &token("client")])
                .arg(bench("one.spec.ts"))
                .arg(ROUNDS.to_string()),
        );
        let rounds: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let ms = |round: &Value, name: &str| round[name].as_f64().expect("a number");
        let totals: Vec<f64> = rounds[1..].iter().map(|round| ms(round, "total")).collect();
        let own: Vec<f64> = rounds[1..].iter().map(|round| ms(round, "total") - ms(round, "page")).collect();
        println!(
            "warm{what}: execution:start to execution:complete {} ms, without the test's own body {} ms ({} executions); the first, which starts Chromium, {:.0} ms",
            Spread(&totals, 0),
            Spread(&own, 0),
            ROUNDS - 1,
            ms(&rounds[0], "total")
        );
    }
}

/// Memory of a connected agent that has not started a browser.
fn idle() {
    let line = Line::start(&[]);
    // Nothing happens any more once it is connected; give the allocator and the heartbeat a moment.
    thread::sleep(Duration::from_secs(3));
    match line.memory() {
        Some((agent, together)) => println!(
            "idle: {agent:.1} MB resident, connected, no browser; {together:.1} MB with the worker that waits for an execution"
        ),
        None => println!("idle: only measured where there is /proc"),
    }
}

/// What a person at the live picture of a recording feels, over the loopback, through hub and agent.
fn preview() {
    let line = Line::start(&[]);
    let script = root().join("tests/interop/preview.mjs");
    let text = output(Command::new(node()).arg(script).args([&line.url, &token("client"), "200"]));
    let said: Value = serde_json::from_str(text.trim()).expect("a line of JSON");
    let mut clicks: Vec<f64> = said["clicks"].as_array().expect("clicks").iter().filter_map(Value::as_f64).collect();
    clicks.sort_by(f64::total_cmp);
    let kilobytes = |name: &str| said[name].as_f64().expect("a number") / 1000.0;
    println!(
        "preview: click to the picture of its effect, median {:.0} ms, 95th percentile {:.0} ms ({} clicks); idle {:.1} kB/s, busy {:.0} kB/s",
        clicks[clicks.len() / 2],
        clicks[clicks.len() * 95 / 100],
        clicks.len(),
        kilobytes("idle"),
        kilobytes("busy"),
    );
}

/// The same thousand actions under `understudy run` and under the official runner.
fn actions() {
    let took = |command: &mut Command| {
        let text = output(command);
        let from = text.find("took ").unwrap_or_else(|| panic!("no figure in:\n{text}"));
        text[from + 5..].split(' ').next().and_then(|word| word.parse().ok()).expect("a number")
    };
    let official = Official::new(&[bench("actions.spec.ts")]);
    let pairs = Pairs::measure(
        7,
        || took(&mut run(&[bench("actions.spec.ts")], "", &["--workers", "1"])),
        || took(&mut official.command("", &["--workers", "1"])),
    );
    println!("actions: 1,000 mixed actions in ms: {pairs}");
}

/// Process start to process end of a one-test spec.
fn cold() {
    let official = Official::new(&[bench("one.spec.ts")]);
    let pairs = Pairs::measure(
        9,
        || time(&mut run(&[bench("one.spec.ts")], "", &["--workers", "1"])),
        || time(&mut official.command("", &["--workers", "1"])),
    );
    println!("cold: a one-test spec from process start to end in ms: {pairs}");
}

/// The suites of the shop and of the to-do application, four times each: process start to process end.
fn suite() {
    let site = site::serve();
    let folders = ["shop", "todo"].map(|name| root().join("fixtures/specs").join(name));
    let official = Official::new(&folders);
    let every_core = cores().to_string();
    for workers in ["1", &every_core] {
        let flags = ["--workers", workers, "--repeat-each", "4", "--grep-invert", FAILING];
        let pairs = Pairs::measure(
            5,
            || time(&mut run(&folders, &site, &flags)),
            || time(&mut official.command(&site, &flags)),
        );
        println!("suite: 100 tests, {workers} worker(s), from process start to end in ms: {pairs}");
    }
}

fn time(command: &mut Command) -> f64 {
    let start = Instant::now();
    output(command);
    start.elapsed().as_secs_f64() * 1000.0
}

fn run(specs: &[PathBuf], base_url: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(UNDERSTUDY);
    command.arg("run").args(specs).args(flags).arg("--output").arg(scratch("output"));
    if !base_url.is_empty() {
        command.args(["--base-url", base_url]);
    }
    command
}

fn bench(spec: &str) -> PathBuf {
    root().join("benches").join(spec)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The Node.js that `install.sh` found or fetched.
fn node() -> PathBuf {
    let private = root().join("tests/interop/.node/bin/node");
    if private.exists() { private } else { "node".into() }
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
