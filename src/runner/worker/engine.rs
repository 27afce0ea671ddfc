//! One QuickJS context and the loop that drives it: jobs, messages, timers, on one thread and without async Rust (which would drain all
//! microtasks in one go and swallow their errors).

use super::bytecode::Compiled;
use super::limits::{Interrupted, Limits};
use super::modules::{Graph, Registry};
use super::native;
use super::polyfills;
use super::stack::Sources;
use super::timers::Timers;
use crate::model::run::{Attempt, Status, TestError};
use crate::runner::protocol::{self, Module as Source, ToHost, WorkerConfig};
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Module, Runtime, Value};
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Jobs between two looks at messages and timers: a script that keeps the queue full must not keep `Cancel` out.
const JOBS_AT_ONCE: usize = 1000;
/// Where the configuration says nothing; bytes.
const MEMORY_LIMIT: usize = 256 << 20;
/// Of the script's own recursion; bytes. The thread has more, for the engine's own functions and the parser.
const STACK_LIMIT: usize = 4 << 20;
/// A file that computes longer than this while it is evaluated is stopped. Playwright has no such limit.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// What the pipe brought.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Load this file.
    Load(Box<WorkerConfig>, Source),
    /// Answer to an import.
    Resolved(Result<Source, String>),
    /// JSON of a message for the facade.
    Message(String),
}

/// What Rust functions called by scripts work on.
pub(crate) struct Shared {
    pub(crate) limits: Arc<Limits>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) sources: RefCell<Sources>,
    /// The file is being evaluated.
    loading: Cell<bool>,
    output: RefCell<Box<dyn Write>>,
}

impl Shared {
    /// Writes a message; blocks while the host does not read, so that a script cannot fill the memory with messages.
    pub(crate) fn send(&self, json: &[u8]) {
        let mut output = self.output.borrow_mut();
        let sent = protocol::frame(json).and_then(|frame| output.write_all(&frame)).and_then(|()| output.flush());
        if let Err(error) = sent {
            complain(&format!("failed to send a message of {} bytes: {error}", json.len()));
        }
    }

    /// The file was evaluated, or failed to be.
    pub(crate) fn load_ended(&self) {
        self.loading.set(false);
        self.limits.set_deadline(None);
    }

    fn tell(&self, message: &ToHost) {
        match serde_json::to_vec(message) {
            Ok(json) => self.send(&json),
            Err(error) => complain(&format!("failed to encode a message: {error}")),
        }
    }
}

/// A line for the host's log.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The engine of one worker.
pub(crate) struct Engine {
    runtime: Runtime,
    context: Context,
    shared: Rc<Shared>,
    graph: Rc<RefCell<Graph>>,
}

impl Engine {
    /// Sets the engine up: polyfills, then `facade` (name and source, the last is evaluated); both from `compiled` where it is
    /// given.
    ///
    /// # Errors
    /// What of our own scripts does not run, in words.
    pub(crate) fn new(
        facade: &[(&'static str, &'static str)],
        compiled: Option<Compiled>,
        limits: Arc<Limits>,
        output: Box<dyn Write>,
    ) -> Result<Self, String> {
        let failed = |error: rquickjs::Error| format!("failed to set up the script engine: {error}");
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_memory_limit(MEMORY_LIMIT);
        runtime.set_max_stack_size(STACK_LIMIT);
        let handler = limits.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || handler.must_stop())));
        runtime.set_host_promise_rejection_tracker(Some(Box::new(track_rejection)));
        let registry = Registry::new(facade, compiled);
        let graph = registry.graph.clone();
        runtime.set_loader(registry.clone(), registry);
        let context = Context::full(&runtime).map_err(failed)?;
        let shared = Rc::new(Shared {
            limits,
            timers: RefCell::default(),
            sources: RefCell::default(),
            loading: Cell::new(false),
            output: RefCell::new(output),
        });
        context.with(|ctx| native::install(&ctx, &shared)).map_err(failed)?;
        let engine = Self { runtime, context, shared, graph };
        let main = facade.last().map(|(name, _)| *name);
        for name in polyfills::GLOBALS.iter().map(|(name, _)| *name).chain(main) {
            engine.evaluate(name)?;
        }
        engine
            .context
            .with(|ctx| ctx.eval::<(), _>("Error.stackTraceLimit = 50; delete globalThis.__native;"))
            .map_err(failed)?;
        Ok(engine)
    }

    /// Evaluates one of our own modules to its end.
    fn evaluate(&self, name: &'static str) -> Result<(), String> {
        self.context.with(|ctx| {
            let promise = Module::import(&ctx, name).catch(&ctx).map_err(|error| format!("{name}: {error}"))?;
            promise.finish::<Value<'_>>().catch(&ctx).map(drop).map_err(|error| format!("{name}: {error}"))
        })
    }

    /// Works until the pipe closes or a script had to be interrupted; then only the end of the process is left.
    pub(crate) fn run(&mut self, incoming: &Receiver<Incoming>) {
        self.shared.tell(&ToHost::Ready);
        loop {
            let busy = self.run_jobs();
            let fired = self.fire_timers();
            if self.over() {
                return;
            }
            if fired {
                continue;
            }
            let due = self.shared.timers.borrow_mut().next_due();
            let next = match (busy, due) {
                (true, _) => incoming.recv_timeout(Duration::ZERO),
                (false, Some(due)) => incoming.recv_timeout(due.saturating_duration_since(Instant::now())),
                (false, None) if self.shared.loading.get() => {
                    self.fail_to_load("The file's top-level `await` never ends: nothing is left that could end it.");
                    continue;
                }
                (false, None) => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(message) => self.take(message, incoming),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Runs some of what waits; whether more does.
    fn run_jobs(&self) -> bool {
        for _ in 0..JOBS_AT_ONCE {
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => return false,
                Err(_) if self.shared.limits.interrupted().is_some() => return false,
                Err(exception) => exception.0.with(|ctx| complain(&format!("a job failed: {:?}", ctx.catch()))),
            }
        }
        true
    }

    /// Calls what is due; whether anything was.
    fn fire_timers(&self) -> bool {
        let due = self.shared.timers.borrow_mut().take_due(Instant::now());
        if let Some(id) = due {
            self.dispatch("timer", |ctx| Ok(Value::new_number(ctx.clone(), f64::from(id))));
        }
        due.is_some()
    }

    fn take(&mut self, message: Incoming, incoming: &Receiver<Incoming>) {
        match message {
            Incoming::Load(config, entry) => self.load(&config, entry, incoming),
            Incoming::Resolved(_) => complain("an answer to no question"),
            Incoming::Message(json) => {
                self.shared.limits.cancel_told();
                self.dispatch("message", |ctx| {
                    rquickjs::String::from_str(ctx.clone(), &json).map(rquickjs::String::into_value)
                });
            }
        }
    }

    fn dispatch(&self, kind: &str, value: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<Value<'js>>) {
        self.context.with(|ctx| {
            let called = value(&ctx).and_then(|value| {
                let dispatch: Function<'_> = ctx.globals().get("__dispatch")?;
                dispatch.call::<_, Value<'_>>((kind, value)).map(drop)
            });
            if let Err(error) = called.catch(&ctx)
                && self.shared.limits.interrupted().is_none()
            {
                complain(&format!("a {kind} was not taken: {error}"));
            }
        });
    }

    fn load(&mut self, config: &WorkerConfig, entry: Source, incoming: &Receiver<Incoming>) {
        if let Ok(limit) = usize::try_from(config.memory_limit)
            && limit > 0
        {
            self.runtime.set_memory_limit(limit);
        }
        let path = entry.path.clone();
        let mut asked = 0;
        let shared = &self.shared;
        let loaded = self.graph.borrow_mut().load(entry, &mut shared.sources.borrow_mut(), |specifier, from| {
            asked += 1;
            shared.tell(&ToHost::Resolve { id: asked, specifier: specifier.to_owned(), from: from.to_owned() });
            match incoming.recv() {
                Ok(Incoming::Resolved(module)) => module,
                _ => Err("Loading was broken off".to_owned()),
            }
        });
        if let Err(error) = loaded {
            return self.shared.tell(&ToHost::LoadFailed { error: *error });
        }
        self.shared.loading.set(true);
        self.shared.limits.set_deadline(Some(LOAD_LIMIT));
        let config = serde_json::to_string(config).unwrap_or_default();
        let called = self.context.with(|ctx| {
            let load: rquickjs::Result<Function<'_>> = ctx.globals().get("__load");
            let called = load.and_then(|load| load.call::<_, Value<'_>>((config, path)));
            called.catch(&ctx).map(drop).map_err(|error| error.to_string())
        });
        if let Err(error) = called
            && self.shared.limits.interrupted().is_none()
        {
            self.fail_to_load(&error);
        }
    }

    fn fail_to_load(&self, why: &str) {
        self.shared.load_ended();
        let error = TestError { message: format!("Error: {why}"), ..TestError::default() };
        self.shared.tell(&ToHost::LoadFailed { error });
    }

    /// After an interrupt nothing more can run here: says how the test ended, in words the facade left behind.
    fn over(&self) -> bool {
        let Some(why) = self.shared.limits.interrupted() else { return false };
        let left = |name| self.context.with(|ctx| ctx.globals().get::<_, Option<String>>(name).ok().flatten());
        let attempt = left("__attempt").and_then(|text| serde_json::from_str::<Attempt>(&text).ok());
        let remaining = left("__remaining").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let busy = match why {
            Interrupted::Deadline => "Error: The script kept the engine busy beyond its deadline and was stopped.",
            Interrupted::Cancel => "Error: Cancelled.",
        };
        let error = TestError { message: busy.to_owned(), ..TestError::default() };
        if self.shared.loading.get() {
            self.shared.tell(&ToHost::LoadFailed { error });
            return true;
        }
        match attempt {
            Some(attempt) if why == Interrupted::Cancel => {
                self.shared.tell(&ToHost::TestEnd {
                    attempt: Attempt { status: Status::Interrupted, errors: Vec::new(), ..attempt },
                });
            }
            Some(attempt) => self.shared.tell(&ToHost::TestEnd { attempt }),
            None => self.shared.tell(&ToHost::Error { error }),
        }
        self.shared.tell(&ToHost::Done { remaining, spent: true });
        true
    }
}

/// Keeps score of rejections in JavaScript; see `js/polyfills/boot.js`.
fn track_rejection<'js>(ctx: Ctx<'js>, promise: Value<'js>, reason: Value<'js>, handled: bool) {
    let kept = ctx
        .globals()
        .get::<_, Function<'js>>("__rejection")
        .and_then(|keep| keep.call::<_, Value<'js>>((promise, reason, handled)))
        .catch(&ctx);
    if let Err(error @ CaughtError::Exception(_)) = kept {
        complain(&format!("a rejection was not kept: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::bytecode;
    use super::*;
    use std::sync::{Mutex, mpsc};

    /// A facade that tells what it sees: every message of it is `{"t":"log"}`.
    const FACADE: &[(&str, &str)] = &[
        ("understudy:facade/index.js", "export const test = 1;"),
        (
            "understudy:facade/main.js",
            "const native = globalThis.__native;
             globalThis.__aw = (promise, name, line, column, file) => promise?.then ? promise.then(undefined, error => {
                 error.stack += `    at async ${name || '<anonymous>'} (${file}:${line}:${column})\\n`; throw error;
             }) : promise;
             const log = text => native.send(JSON.stringify({ t: 'log', test: null, level: 'info', text }));
             globalThis.__log = (level, text) => log(text);
             globalThis.__onMessage = text => log(`message ${text}`);
             globalThis.collect = () => native.collectRejections();
             globalThis.deadline = ms => native.deadline(ms);
             globalThis.__facade = {
                 begin() {},
                 loaded: () => '{\"t\":\"loaded\",\"tests\":[],\"only\":false}',
                 loadError: error => JSON.stringify({ message: String(error), stack: native.mapStack(error?.stack ?? '') }),
             };",
        ),
    ];

    /// Keeps what is said; the pipe closes when loading has ended.
    #[derive(Clone)]
    struct Output {
        said: Arc<Mutex<Vec<u8>>>,
        pipe: Arc<Mutex<Option<mpsc::Sender<Incoming>>>>,
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if String::from_utf8_lossy(bytes).contains(r#"{"t":"load"#) {
                self.pipe.lock().unwrap().take();
            }
            self.said.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Loads `source` with `others` to be imported, until that has gone well or not; returns what was said.
    fn play(source: &str, others: &[(&str, &str)]) -> Vec<ToHost> {
        let (sender, receiver) = mpsc::channel();
        let env = [("SEEN".to_owned(), "yes".to_owned())].into();
        let config = WorkerConfig { env, memory_limit: 32 << 20, ..WorkerConfig::default() };
        let module = |path: &str, source: &str| Source { path: path.to_owned(), source: source.to_owned() };
        sender.send(Incoming::Load(Box::new(config), module("a.spec.ts", source))).unwrap();
        for (path, source) in others {
            let answer = if source.is_empty() { Err(format!("there is no {path}")) } else { Ok(module(path, source)) };
            sender.send(Incoming::Resolved(answer)).unwrap();
        }
        let output = Output { said: Arc::default(), pipe: Arc::new(Mutex::new(Some(sender))) };
        let said = output.clone();
        let compiled = bytecode::read(bytecode::compile(FACADE).expect("compiles"));
        let engine = move || {
            Engine::new(FACADE, compiled, Arc::new(Limits::new()), Box::new(said)).expect("starts").run(&receiver)
        };
        std::thread::Builder::new().stack_size(super::super::STACK).spawn(engine).unwrap().join().unwrap();
        let bytes = output.said.lock().unwrap().clone();
        let mut input = bytes.as_slice();
        std::iter::from_fn(|| protocol::read_frame(&mut input).unwrap())
            .map(|json| serde_json::from_slice(&json).unwrap())
            .collect()
    }

    /// Logs and the end of loading, one a line.
    fn told(said: &[ToHost]) -> String {
        let lines: Vec<_> = said
            .iter()
            .filter_map(|message| match message {
                ToHost::Log { text, .. } => Some(text.clone()),
                ToHost::LoadFailed { error } => {
                    Some(format!("{}\n{}", error.message, error.stack).trim_end().to_owned())
                }
                ToHost::Error { error } => Some(error.message.clone()),
                ToHost::Loaded { .. } => Some("loaded".to_owned()),
                ToHost::Resolve { specifier, from, .. } => Some(format!("{from} asks for {specifier}")),
                _ => None,
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn files_load_or_say_why_not() {
        let none: &[(&str, &str)] = &[];
        let cases = [
            ("runs", "console.log('hi', { a: [1, 'x'] });", none, "hi { a: [ 1, 'x' ] }\nloaded"),
            ("top-level await", "await new Promise(done => setTimeout(done, 5)); console.log(1);", none, "1\nloaded"),
            (
                "throws",
                "function f(): void { throw new TypeError('no'); }\n\nf();",
                none,
                "TypeError: no\n    at f (a.spec.ts:1:28)\n    at a.spec.ts:3:1",
            ),
            (
                "imports",
                "import { b } from './b'; console.log(b);",
                &[("b.ts", "export const b: string = 'from b';")],
                "a.spec.ts asks for ./b\nfrom b\nloaded",
            ),
            (
                "imports JSON",
                "import b from './b.json'; console.log(b);",
                &[("b.json", "{ \"x\": [1] }")],
                "a.spec.ts asks for ./b.json\n{ x: [ 1 ] }\nloaded",
            ),
            (
                "an import that is not there",
                "import x from './b';\nf(x);",
                &[("./b", "")],
                "a.spec.ts asks for ./b\nError: there is no ./b\n    imported at a.spec.ts:1:15\n    at a.spec.ts:1:15",
            ),
            (
                "a dynamic import that is not there",
                "try { await import('./b') } catch (e) { console.log(e.message) }",
                &[("./b", "")],
                "a.spec.ts asks for ./b\nCannot find module './b' imported from a.spec.ts\nloaded",
            ),
            (
                "files",
                "import fs from 'fs'; fs;",
                none,
                "Error: Module 'fs' is not available: test code runs without access to files, network and processes. Of Node.js there \
                 are: assert, buffer, crypto, events, path, process, timers, timers/promises, url, util\n    imported at a.spec.ts:1:16\n    at a.spec.ts:1:16",
            ),
            (
                "the framework and modules of Node.js",
                "import { test } from '@playwright/test'; import path from 'node:path'; console.log(test, path.join('a', '../b'));",
                none,
                "1 b\nloaded",
            ),
            (
                "a missing export",
                "import { nope } from '@playwright/test'; nope;",
                none,
                "SyntaxError: Could not find export 'nope' in module 'understudy:facade/index.js'",
            ),
            (
                "endless await",
                "await new Promise(() => {});",
                none,
                "Error: The file's top-level `await` never ends: nothing is left that could end it.",
            ),
            (
                "recursion",
                "const f = () => f() + 1; try { f() } catch (e) { console.log(e instanceof RangeError || e.message) }",
                none,
                "true\nloaded",
            ),
            (
                "memory",
                "try { const a = []; for (;;) a.push(new Array(1e5).fill(1.5)) } catch (e) { console.log(e.message) }",
                none,
                "out of memory\nloaded",
            ),
            (
                "busy",
                "deadline(50); for (;;);",
                none,
                "Error: The script kept the engine busy beyond its deadline and was stopped.",
            ),
            (
                "busy in jobs",
                "deadline(50); const f = () => Promise.resolve().then(f); f(); await f();",
                none,
                "Error: The script kept the engine busy beyond its deadline and was stopped.",
            ),
        ];
        for (name, source, others, expected) in cases {
            assert_eq!(told(&play(source, others)), expected, "{name}");
        }
    }

    #[test]
    fn stacks_go_on_through_awaits() {
        let source = "async function inner() {\n  await null;\n  throw new Error('deep');\n}\nasync function outer() {\n  await inner();\n}\ntry {\n  await outer();\n} catch (e) {\n  console.log(e);\n}";
        let expected = "Error: deep\n    at inner (a.spec.ts:3:9)\n    at async outer (a.spec.ts:6:3)\n    at async a.spec.ts:9:3\nloaded";
        assert_eq!(told(&play(source, &[])), expected);
    }

    #[test]
    fn scripts_see_what_they_need_and_no_more() {
        let cases = [
            ("process.env.SEEN + process.env.PATH", "yesundefined"),
            (
                "typeof require + typeof fetch + typeof __native + typeof std + typeof os",
                "undefinedundefinedundefinedundefinedundefined",
            ),
            ("new URL('../b?x=ä#h', 'http://u:p@h:81/a/c').href", "http://u:p@h:81/b?x=%C3%A4#h"),
            (
                "(u => (u.searchParams.append('q', 'a b&'), u.pathname = '/p q', u.href))(new URL('http://h'))",
                "http://h/p%20q?q=a+b%26",
            ),
            ("[...new URLSearchParams('?a=1&b=%C3%A4+x&a')].join('|')", "a,1|b,ä x|a,"),
            (
                "(() => { try { new URL('nope') } catch (e) { return e.name + e.message + e.code } })()",
                "TypeErrorInvalid URLERR_INVALID_URL",
            ),
            ("new TextDecoder().decode(new TextEncoder().encode('aä😀'))", "aä😀"),
            ("new TextEncoder().encode('ä').join()", "195,164"),
            ("atob(btoa('hello\\xff')) === 'hello\\xff'", "true"),
            (
                "Buffer.from('aä').toString('base64') + Buffer.from('616263', 'hex') + Buffer.concat([Buffer.from('x'), Buffer.alloc(2, 'y')])",
                "YcOkabcxyy",
            ),
            (
                "(() => { const b = Buffer.alloc(8); b.writeUInt32BE(258, 2); return b.readUInt16LE(4) + b.toString('hex') })()",
                "5130000000001020000",
            ),
            (
                "JSON.stringify(structuredClone({ d: new Date(0), m: new Map([[1, { a: [2n] }]]).size, n: [,1] }))",
                r#"{"d":"1970-01-01T00:00:00.000Z","m":1,"n":[null,1]}"#,
            ),
            (
                "(() => { try { structuredClone(() => 1) } catch (e) { return e.name + (e instanceof DOMException) } })()",
                "DataCloneErrortrue",
            ),
            ("/^[0-9a-f-]{36}$/.test(crypto.randomUUID()) && crypto.getRandomValues(new Uint8Array(4)).length", "4"),
            (
                "(() => { const c = new AbortController(); let r; c.signal.addEventListener('abort', e => r = e.type); c.abort(); return r + c.signal.aborted + c.signal.reason.name })()",
                "aborttrueAbortError",
            ),
            (
                "await new Promise(done => { let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); done(n) } }, 1) })",
                "3",
            ),
            ("await new Promise(done => setTimeout((a, b) => done(a + b), 1, 2, 3))", "5"),
            ("performance.now() < 60000 && Date.now() > performance.timeOrigin - 1", "true"),
            ("(Promise.reject(new Error('lost')), await null, collect().map(String).join())", "Error: lost"),
            (
                "(setTimeout(() => { throw new Error('thrown') }, 1), await new Promise(done => setTimeout(done, 5)), collect().map(String).join())",
                "Error: thrown",
            ),
            ("['b', 'a', 'C', 'ä', 'z', 'A', '1', ' '].sort((x, y) => x.localeCompare(y)).join('')", " 1aAäbCz"),
            ("(1234567.891).toLocaleString() + (0.256).toLocaleString('en', { style: 'percent' })", "1,234,567.89126%"),
            ("new Intl.NumberFormat('en-US', { style: 'currency', currency: 'EUR' }).format(-1234.5)", "-€1,234.50"),
            (
                "new Date(0).toLocaleString() + '|' + new Date(0).toLocaleDateString('en-US', { dateStyle: 'medium' })",
                "1/1/1970, 12:00:00\u{202f}AM|Jan 1, 1970",
            ),
            ("(p => (p.catch(() => {}), collect().length))(Promise.reject(1))", "0"),
        ];
        for (expression, expected) in cases {
            let source = format!("setTimeout(() => {{}}, 1); const value = {expression}; console.log(String(value));");
            let mut told = told(&play(&source, &[]));
            told = told.replace("\nloaded", "");
            assert_eq!(told, expected, "{expression}");
        }
    }
}
