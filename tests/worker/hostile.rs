//! Scripts that mean harm, or are written as if: each ends with a verdict of its own, the next test runs, and a cancellation ends it
//! within a second.

use super::support::{Told, files, play, play_and, play_with_options, request, runner};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use understudy::model::run::{Outcome, RunEvent};
use understudy::runner::events;
use understudy::runner::host::{RunRequest, RunnerOptions};

const IMPORT: &str = "import { test, expect } from '@playwright/test';\n";

/// Plays `body` as a test with so many milliseconds, and one more after it.
async fn beside_another(timeout: u32, body: &str) -> Told {
    let source = format!(
        "{IMPORT}test('bad', async ({{ page }}) => {{ test.setTimeout({timeout}); {body} }}); test('good', () => {{}});"
    );
    let mut request = request(&source);
    request.projects[0].config.memory_limit = 64 << 20;
    play(request).await
}

const TIMEOUT: &str = "bad timed out: Test timeout of 300ms exceeded.";
const MEMORY: &str = "bad failed: InternalError: out of memory";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_tests_hurt_only_themselves() {
    let cases = [
        ("busy", "for (;;);", TIMEOUT),
        ("busy in jobs", "for (;;) await null;", TIMEOUT),
        ("never ends", "await new Promise(() => {});", TIMEOUT),
        ("a builtin that cannot be interrupted", "await null; new Array(2 ** 32 - 2).sort();", TIMEOUT),
        ("a regular expression that explodes", "/^(a+)+$/.test('a'.repeat(64) + '!');", TIMEOUT),
        ("a timer that never stops", "setInterval(() => {}, 0); await new Promise(() => {});", TIMEOUT),
        (
            "timers that breed",
            "const f = () => { setTimeout(f); setTimeout(f) }; f(); await new Promise(() => {});",
            TIMEOUT,
        ),
        ("output without end", "for (;;) console.log('x');", TIMEOUT),
        ("steps without end", "for (;;) await test.step('x', () => {});", TIMEOUT),
        ("operations one after the other", "for (;;) await page.title();", TIMEOUT),
        ("catches everything", "for (;;) { try { for (;;) await null; } catch {} }", TIMEOUT),
        ("recursion", "const f = () => f() + 1; f();", "bad failed: RangeError: Maximum call stack size exceeded"),
        ("memory", "const a = []; for (;;) a.push(new Array(1e5).fill(1.5));", MEMORY),
        ("timers without end", "for (;;) setTimeout(() => {}, 1e9, new Array(1e5).fill(1.5));", MEMORY),
        ("strings", "let s = 'x'; for (;;) s += s;", "bad failed: InternalError: string too long"),
        ("buffers", "const a = []; for (;;) a.push(new ArrayBuffer(1 << 20));", MEMORY),
        ("a rejection", "Promise.reject(new Error('lost')); await null;", "bad failed: Error: lost"),
        ("nothing thrown", "throw undefined;", "bad failed: undefined"),
        (
            "a panic",
            "await page.goto('panic:');",
            "bad failed: Error: page.goto: The operation broke off by an error of understudy itself; see the log.",
        ),
        (
            "exits",
            "process.exit(0);",
            "bad failed: Error: process.exit() is not available: tests run without a process of their own",
        ),
    ];
    for (name, body, expected) in cases {
        // What is not about time has enough of it, on a busy machine too.
        let told = beside_another(if expected == TIMEOUT { 300 } else { 30_000 }, body).await;
        let lines: Vec<_> = told.lines().into_iter().filter(|line| line != "log: x").collect();
        assert_eq!(lines, [expected, "good passed"], "{name}");
        assert_eq!(told.outcome, Outcome::Failed, "{name}");
    }
}

/// What such a test says of itself is its own affair; that it ends, and the other one passes, is ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_that_break_their_surroundings_end_as_failures() {
    let bodies = [
        "throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } });",
        "throw { get message() { throw 1 }, get stack() { for (;;); } };",
        "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for (;;); } }); throw e;",
        "class E extends Error { toString() { throw this } get name() { throw this } } throw new E();",
        "JSON.stringify = () => { throw new Error('gone') }; throw 1;",
        "JSON.stringify = () => '{'; throw 1;",
        "Promise.prototype.then = () => {}; await 1;",
        "Object.prototype.toJSON = () => 1; throw 1;",
        "Object.prototype.t = 1; Array.prototype.map = null; throw 1;",
        "globalThis.__dispatch = globalThis.__onMessage = () => {}; await page.title();",
        "globalThis.__aw = () => { throw 1 }; await 1;",
        "delete globalThis.Map; globalThis.Error = null; Symbol.prototype[Symbol.toPrimitive] = null; null.x;",
        "setTimeout = clearTimeout = null; Promise.race = null; throw 1;",
        "const x = []; x[0] = x; let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; console.log(x, deep); structuredClone(deep); throw 1;",
        "JSON.parse('['.repeat(1e6));",
        "new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('x'); throw 1;",
        "eval('('.repeat(1e5));",
        "throw new Error('x'.repeat(1 << 24));",
    ];
    let mut all =
        stream::iter(bodies).map(|body| async move { (body, beside_another(300, body).await) }).buffer_unordered(4);
    while let Some((body, told)) = all.next().await {
        let said = |line: &String| !line.starts_with("log: ") && !line.starts_with("error: ");
        let lines: Vec<_> = told.lines().into_iter().filter(said).collect();
        let [bad, good] = lines.as_slice() else { panic!("{body}: {lines:?}") };
        assert!(bad.starts_with("bad failed") || bad.starts_with("bad timed out"), "{body}: {lines:?}");
        assert!(bad.len() < 1 << 20, "{body}: {}", bad.len());
        assert_eq!(good, "good passed", "{body}");
        assert_eq!(told.outcome, Outcome::Failed, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_is_an_error_of_the_call() {
    let source = format!(
        "{IMPORT}test('a', async ({{ page }}) => {{ await page.goto('http://x/' + 'x'.repeat(140 << 20)); }}); test('b', () => {{}});"
    );
    let mut request = request(&source);
    request.projects[0].config.memory_limit = 2 << 30;
    request.projects[0].config.timeout = 60_000;
    let lines = play(request).await.lines();
    assert!(lines[0].starts_with("a failed: Error: page.goto: a message of 1"), "{lines:?}");
    assert!(lines[0].ends_with(" bytes is too large"), "{lines:?}");
    assert_eq!(lines[1..], ["b passed"]);
}

/// Cancels when a line is logged.
async fn cancelled_at_log(source: &str) -> Told {
    play_and(
        request(&format!("{IMPORT}{source}")),
        Box::new(|event, cancel| {
            if matches!(event, RunEvent::Log { .. }) {
                cancel.cancel();
            }
        }),
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_ends_whatever_runs_within_a_second() {
    let cases = [
        ("in an await", "await new Promise(() => {});"),
        ("in an operation", "await page.goto('hang:');"),
        ("in a busy loop", "for (;;);"),
        ("in a busy loop of jobs", "for (;;) await null;"),
        ("in a busy loop that catches", "for (;;) { try { for (;;) await page.title(); } catch {} }"),
        ("in a builtin that cannot be interrupted", "await null; new Array(2 ** 32 - 2).sort();"),
        ("in a regular expression", "/^(a+)+$/.test('a'.repeat(64) + '!');"),
        ("in a flood of output", "for (;;) console.log('x'.repeat(1e4));"),
        ("in a flood of operations", "for (;;) page.goto('hang:').catch(() => {});"),
        ("in a flood of timers", "const f = () => { setTimeout(f); setTimeout(f) }; f(); await new Promise(() => {});"),
    ];
    for (name, body) in cases {
        let source =
            format!("test('a', async ({{ page }}) => {{ console.log('now'); {body} }}); test('b', () => {{}});");
        let mut late = Vec::new();
        // A machine that is busy with something else may be late, not each time.
        let told = loop {
            let told = cancelled_at_log(&source).await;
            assert_eq!(told.outcome, Outcome::Cancelled, "{name}");
            let lines: Vec<_> = told.lines().into_iter().filter(|line| !line.starts_with("log: x")).collect();
            assert_eq!(lines, ["log: now", "a interrupted"], "{name}");
            if told.after_cancel() < Duration::from_secs(1) {
                break told;
            }
            late.push(told.after_cancel());
            assert!(late.len() < 5, "{name}: {late:?}");
        };
        assert_eq!(told.performed.last().map(String::as_str), Some("dispose"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_never_load_are_given_up() {
    let options = || RunnerOptions { load_limit: Some(Duration::from_millis(1500)), ..RunnerOptions::default() };
    let cases = [
        ("a builtin that cannot be interrupted", "new Array(2 ** 32 - 2).sort();"),
        ("busy", "for (;;);"),
        ("busy in jobs", "const f = () => { Promise.resolve().then(f); }; f(); await new Promise(() => {});"),
        ("a timer that never stops", "setInterval(() => {}, 1); await new Promise(() => {});"),
    ];
    for (name, source) in cases {
        let told = play_with_options(options(), request(source), Box::new(|_, _| {})).await;
        assert_eq!(told.lines(), ["error: Error: a.spec.ts: loading it took longer than 1500ms"], "{name}");
        assert_eq!(told.outcome, Outcome::CouldNotRun, "{name}");
    }
}

/// Whose scripts may use a second of the processor, and have far more time than that takes.
fn with_a_second(source: &str) -> RunRequest {
    let (cpu_limit, timeout) = (Some(Duration::from_secs(1)), Some(Duration::from_secs(300)));
    RunRequest { cpu_limit, timeout, ..request(&format!("{IMPORT}{source}")) }
}

const SPENT: &str = "Error: The scripts of a session may use 1s of the processor's time on this agent (--cpu-limit): what ran is ended, and \
                     nothing more of the session is run";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_use_the_processor_so_long_and_no_longer() {
    let cases = [
        ("busy", "for (;;);"),
        ("busy in jobs", "for (;;) await null;"),
        ("a builtin that cannot be interrupted", "await null; new Array(2 ** 32 - 2).sort();"),
        (
            "a timer that never stops",
            "setInterval(() => { for (let i = 0; i < 1e5; i++); }, 0); await new Promise(() => {});",
        ),
    ];
    for (name, body) in cases {
        let source = format!(
            "test('bad', async () => {{ test.setTimeout(0); {body} }}); test('not begun', () => {{}});
             test.afterAll(() => console.log('not done'));"
        );
        let told = play(with_a_second(&source)).await;
        assert_eq!(told.lines(), [format!("bad failed: {SPENT}.")], "{name}");
        assert_eq!(told.outcome, Outcome::Failed, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_uses_the_processor_too() {
    let told = play(with_a_second("for (;;);")).await;
    assert_eq!(told.lines(), [SPENT.replacen("Error: ", "error: Error: a.spec.ts: ", 1)]);
    assert_eq!(told.outcome, Outcome::CouldNotRun);
}

/// None of them uses a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_a_session_use_the_processor_together() {
    let source =
        "for (let i = 0; i < 500; i++) test(`${i}`, () => { for (let n = 0; n < 2e6; n++); throw new Error('no'); });";
    let told = play(with_a_second(source)).await;
    let lines = told.lines();
    let (last, before) = lines.split_last().unwrap();
    assert!(before.len() > 1 && before.len() < 500, "{}", before.len());
    assert!(before.iter().all(|line| line.ends_with(" failed: Error: no")), "{lines:?}");
    assert!(last.ends_with(SPENT) || last.ends_with(&format!("{SPENT}.")), "{last}");
    assert_eq!(told.outcome, Outcome::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn source_that_is_nested_too_deeply_does_not_load() {
    let deep = format!("{}1{};", "(".repeat(2_000_000), ")".repeat(2_000_000));
    let told = play(files(&[("a.spec.ts", &deep)])).await;
    let lines = told.lines();
    assert!(
        lines.len() == 1
            && lines[0].starts_with("error: Error: a.spec.ts: the process that loads it ended unexpectedly (signal "),
        "{lines:?}"
    );
    assert_eq!(told.outcome, Outcome::CouldNotRun);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_output_is_cut() {
    let source = format!(
        "{IMPORT}test('a', () => {{ const x = 'x'.repeat(1e5); for (let i = 0; i < 200; i++) console.log(x); }});"
    );
    let mut request = request(&source);
    // The worker waits until all is read, which takes a slow machine longer than tests of nothing need.
    request.projects[0].config.timeout = 60_000;
    let told = play(request).await;
    let logged: usize =
        told.events.iter().map(|event| if let RunEvent::Log { text, .. } = event { text.len() } else { 0 }).sum();
    assert!((16 << 20..18 << 20).contains(&logged), "{logged}");
    assert_eq!(told.outcome, Outcome::Passed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_say_more_than_is_taken_cost_their_own_test() {
    let told = beside_another(30_000, "setTimeout(() => { for (;;); }); await page.goto('flood:');").await;
    let expected = "bad failed: Error: More happened in the pages of this test than it took: 64 MB of events waited for it, and it was ended \
                    together with its process. Code that does not give back control while it listens to a page that says a lot may be the cause.";
    assert_eq!(told.lines(), [expected, "good passed"]);
}

/// Of what waits to be told there is never more than there is room for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_more_than_is_listened_to_has_to_wait() {
    let says = "for (let n = 0; n < 100000; n++) console.log(String(n));";
    for source in [format!("{IMPORT}test('a', () => {{ {says} }});"), format!("{IMPORT}{says} test('a', () => {{}});")]
    {
        let (runner, _) = runner(RunnerOptions::default());
        let (sender, mut receiver) = events::with_room_for(20_000);
        let request = RunRequest { timeout: Some(Duration::from_secs(2)), ..request(&source) };
        // Nobody listens meanwhile.
        let outcome = runner.run(request, sender, CancellationToken::new()).await;
        let mut lines = 0;
        while let Some(event) = receiver.recv().await {
            lines += u32::from(matches!(event, RunEvent::Log { .. }));
        }
        assert!(outcome != Outcome::Passed && lines < 200, "{outcome:?} after {lines} lines: {source}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_to_wait_says_everything_all_the_same() {
    let source = format!(
        "{IMPORT}let n = 0; const say = () => {{ for (let i = 0; i < 2000; i++) console.log(String(n++)); }}; say(); test('a', say);"
    );
    let (runner, _) = runner(RunnerOptions::default());
    let (sender, mut receiver) = events::with_room_for(1000);
    let listen = async {
        let mut lines = Vec::new();
        while let Some(event) = receiver.recv().await {
            if let RunEvent::Log { text, .. } = event {
                lines.push(text);
            }
        }
        lines
    };
    let mut request = request(&source);
    request.projects[0].config.timeout = 60_000;
    let (outcome, lines) = tokio::join!(runner.run(request, sender, CancellationToken::new()), listen);
    // A file is read twice: for what is in it, and in the worker that runs it.
    let said: Vec<String> = (0..2000).chain(0..4000).map(|n| n.to_string()).collect();
    assert_eq!(outcome, Outcome::Passed);
    assert!(lines == said[2000..] || lines == said, "{} lines, {:?} at the end", lines.len(), lines.last());
}
