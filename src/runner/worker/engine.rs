//! One QuickJS context and the loop that drives it: jobs, messages, timers, on one thread and without async Rust (which would drain all
//! microtasks in one go and swallow their errors).

use super::bytecode::Compiled;
use super::limits::{Interrupted, Limits};
use super::memory::Memory;
use super::modules::{Graph, Question, Registry};
use super::native;
use super::polyfills;
use super::sandbox;
use super::stack::Sources;
use super::timers::Timers;
use crate::model::run::{Attempt, Status, TestError};
use crate::runner::protocol::{self, Module as Source, ToHost, Walls, WorkerConfig};
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
    /// Load this file and hand it to the script's function of this name.
    Load(&'static str, Box<WorkerConfig>, Source),
    /// Answer to an import.
    Resolved(Result<Source, String>),
    /// JSON of a message for the facade.
    Message(String),
}

/// What the host says to whoever waits for it: a value, or a code (`ENOENT`) and words.
pub(crate) type Answer = Result<serde_json::Value, (String, String)>;

/// What Rust functions called by scripts work on.
pub(crate) struct Shared {
    pub(crate) limits: Arc<Limits>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) sources: RefCell<Sources>,
    /// The file is being evaluated.
    loading: Cell<bool>,
    output: RefCell<Box<dyn Write>>,
    answers: Receiver<Answer>,
    /// What modules mean and what they are.
    pub(crate) graph: Rc<RefCell<Graph>>,
    pub(crate) memory: Memory,
}

impl Shared {
    /// Has the host do something with a file; waits for it.
    pub(crate) fn file(&self, call: String, params: serde_json::Value) -> Answer {
        self.answer(&ToHost::File { call, params })
    }

    /// Has the host perform an operation; waits for it.
    pub(crate) fn ask(&self, name: String, params: serde_json::Value) -> Answer {
        self.answer(&ToHost::Ask { name, params })
    }

    /// Has the host ask a browser's `Intl`; waits for what it says.
    pub(crate) fn intl(&self, question: String) -> Answer {
        self.answer(&ToHost::Intl { question })
    }

    fn answer(&self, question: &ToHost) -> Answer {
        self.tell(question);
        self.answers.recv().unwrap_or_else(|_| Err(("EIO".to_owned(), "the host is gone".to_owned())))
    }

    /// Writes a message; blocks while the host does not read, so that a script cannot fill the memory with messages.
    ///
    /// # Errors
    /// When it is too large.
    pub(crate) fn send(&self, json: &[u8]) -> std::io::Result<()> {
        let frame = protocol::frame(json)?;
        let mut output = self.output.borrow_mut();
        if let Err(error) = output.write_all(&frame).and_then(|()| output.flush()) {
            complain(&format!("failed to send a message: {error}"));
        }
        Ok(())
    }

    /// The file was evaluated, or failed to be.
    pub(crate) fn load_ended(&self) {
        self.loading.set(false);
        self.limits.set_deadline(None);
    }

    fn tell(&self, message: &ToHost) {
        if let Err(error) = serde_json::to_vec(message).map_err(std::io::Error::other).and_then(|json| self.send(&json))
        {
            complain(&format!("failed to send a message: {error}"));
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
        answers: Receiver<Answer>,
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
            answers,
            graph: graph.clone(),
            memory: Memory::default(),
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
    pub(crate) fn run(&mut self, incoming: &Receiver<Incoming>, walls: Walls) {
        self.shared.tell(&ToHost::Ready { walls });
        loop {
            let busy = self.run_jobs();
            self.shared.memory.measure(&self.runtime);
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
            Incoming::Load(how, config, entry) => self.load(how, &config, entry, incoming),
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

    fn load(&mut self, how: &str, config: &WorkerConfig, entry: Source, incoming: &Receiver<Incoming>) {
        if let Ok(limit) = usize::try_from(config.memory_limit)
            && limit > 0
        {
            self.runtime.set_memory_limit(limit);
            sandbox::limit_memory(config.memory_limit);
        }
        if config.cpu_limit > 0 {
            sandbox::limit_time(config.cpu_limit);
        }
        let path = entry.path.clone();
        let mut asked = 0;
        let shared = &self.shared;
        let loaded = self.graph.borrow_mut().load(entry, &mut shared.sources.borrow_mut(), config, |question| {
            asked += 1;
            let Question { specifier, from, required } = question;
            shared.tell(&ToHost::Resolve {
                id: asked,
                specifier: specifier.to_owned(),
                from: from.to_owned(),
                required,
            });
            match incoming.recv() {
                Ok(Incoming::Resolved(module)) => module,
                _ => Err("Loading was broken off".to_owned()),
            }
        });
        if let Err(error) = loaded {
            return self.shared.tell(&ToHost::LoadFailed { error: *error });
        }
        self.shared.tell(&ToHost::Counted { steps: self.graph.borrow().steps });
        self.shared.loading.set(true);
        self.shared.limits.set_deadline(Some(LOAD_LIMIT));
        let config = serde_json::to_string(config).unwrap_or_default();
        let called = self.context.with(|ctx| {
            let load: rquickjs::Result<Function<'_>> = ctx.globals().get(how);
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
        // What is read has to fit in.
        self.runtime.set_memory_limit(0);
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
mod tests;
