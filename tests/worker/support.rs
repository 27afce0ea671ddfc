//! A runner over a stand-in for the browser, and what it told.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use understudy::model::run::{Outcome, RunEvent, Status};
use understudy::runner::events;
use understudy::runner::host::{
    Call, Mailbox, Performed, Project, RunRequest, Runner, RunnerOptions, Service, Services,
};
use understudy::runner::protocol::{Module, OpError, ToWorker, WorkerConfig};

/// Puts a script where it can be run. By a process of its own: what another test starts meanwhile would hold a file open that is written here,
/// and nobody could run it.
pub(crate) fn install(script: &str, program: &Path) {
    let text = program.with_extension("text");
    std::fs::write(&text, script).unwrap();
    let installed = std::process::Command::new("install").args(["-m", "755"]).arg(text).arg(program).status();
    assert!(installed.unwrap().success());
}

/// Opens pages that show nothing; `frame.goto` to `hang:` never ends, to `panic:` panics, to `flood:` says 100 MB.
struct Nothing {
    events: Mailbox,
    objects: AtomicU32,
    performed: Arc<Mutex<Vec<String>>>,
}

impl Nothing {
    fn object(&self, kind: &str) -> String {
        format!("{kind}@{}", self.objects.fetch_add(1, Ordering::Relaxed) + 1)
    }

    async fn answer(&self, name: &str, params: &Value) -> Value {
        match name {
            "context.new" => json!({"context": self.object("context")}),
            "context.newPage" => {
                let page = self.object("page");
                let frame = json!({"frame": self.object("frame"), "url": "about:blank", "name": ""});
                let target = params_text(params, "context");
                let params = json!({"page": page, "mainFrame": frame, "viewport": {"width": 1280, "height": 720}});
                self.events.send(ToWorker::Event { target, name: "page".to_owned(), params });
                json!({"page": page})
            }
            "frame.goto" if params_text(params, "url").starts_with("hang:") => std::future::pending().await,
            "frame.goto" if params_text(params, "url").starts_with("panic:") => panic!("as asked"),
            "frame.goto" if params_text(params, "url").starts_with("flood:") => {
                for _ in 0..2000 {
                    let (target, params) = ("page@2".to_owned(), json!({"text": "x".repeat(50_000)}));
                    self.events.send(ToWorker::Event { target, name: "console".to_owned(), params });
                }
                json!({"response": null})
            }
            "frame.goto" => json!({"response": null}),
            "frame.title" => json!("Nothing"),
            "browser.version" => json!({"version": "1"}),
            "expect.locator" | "expect.page" => json!({"matches": true, "timedOut": false, "log": []}),
            _ => Value::Null,
        }
    }
}

fn params_text(params: &Value, key: &str) -> String {
    params.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Service for Nothing {
    fn perform(self: Arc<Self>, call: Call) -> BoxFuture<'static, Result<Performed, OpError>> {
        Box::pin(async move {
            self.performed.lock().unwrap().push(call.name.clone());
            Ok(Performed { value: self.answer(&call.name, &call.params).await, picture: None })
        })
    }

    fn dispose(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.performed.lock().unwrap().push("dispose".to_owned()) })
    }
}

/// A run that is over.
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<RunEvent>,
    /// Names of operations, and `dispose`.
    pub(crate) performed: Vec<String>,
    pub(crate) took: Duration,
    /// When it was cancelled, counted as `took`.
    cancelled: Option<Duration>,
}

impl Told {
    /// Between its cancellation and its end.
    pub(crate) fn after_cancel(&self) -> Duration {
        self.took - self.cancelled.expect("was cancelled")
    }

    /// One line per attempt (`title passed`, `title#1 failed: first line of the error`), error and log, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut titles = std::collections::HashMap::new();
        let mut lines = Vec::new();
        for event in &self.events {
            match event {
                RunEvent::Planned { tests, .. } => {
                    titles.extend(tests.iter().map(|test| (test.id.clone(), test.title())))
                }
                RunEvent::TestEnd(attempt) => {
                    let title =
                        titles.get(&attempt.test).cloned().unwrap_or_else(|| format!("unknown {}", attempt.test));
                    let retry = if attempt.retry > 0 { format!("#{}", attempt.retry) } else { String::new() };
                    let status = match attempt.status {
                        Status::Passed => "passed",
                        Status::Failed => "failed",
                        Status::TimedOut => "timed out",
                        Status::Skipped => "skipped",
                        Status::Interrupted => "interrupted",
                    };
                    let error = attempt.errors.first().map(|error| first_line(&error.message));
                    lines.push(format!(
                        "{title}{retry} {status}{}",
                        error.map(|error| format!(": {error}")).unwrap_or_default()
                    ));
                }
                RunEvent::Error(error) => lines.push(format!("error: {}", first_line(&error.message))),
                RunEvent::Log { text, .. } => lines.push(format!("log: {text}")),
                _ => {}
            }
        }
        lines
    }
}

pub(crate) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A request for one file.
pub(crate) fn request(source: &str) -> RunRequest {
    files(&[("a.spec.ts", source)])
}

pub(crate) fn files(files: &[(&str, &str)]) -> RunRequest {
    let files = files.iter().map(|(path, source)| Module::new(*path, *source));
    RunRequest {
        projects: vec![Project {
            files: files.collect(),
            config: WorkerConfig { timeout: 5_000, ..WorkerConfig::default() },
            ..Project::default()
        }],
        ..RunRequest::default()
    }
}

/// What may be done to a run from outside, while it runs.
pub(crate) type Meddle = Box<dyn FnMut(&RunEvent, &CancellationToken) + Send>;

pub(crate) async fn play(request: RunRequest) -> Told {
    play_and(request, Box::new(|_, _| {})).await
}

/// Runs, and calls `meddle` with every event when it is told.
pub(crate) async fn play_and(request: RunRequest, meddle: Meddle) -> Told {
    play_with(Path::new(env!("CARGO_BIN_EXE_understudy")), request, meddle).await
}

/// The same with another program in place of the worker's.
pub(crate) async fn play_with(program: &Path, request: RunRequest, meddle: Meddle) -> Told {
    play_with_options(RunnerOptions { program: Some(program.to_owned()), ..RunnerOptions::default() }, request, meddle)
        .await
}

/// The same with other options.
pub(crate) async fn play_with_options(options: RunnerOptions, request: RunRequest, meddle: Meddle) -> Told {
    let (runner, performed) = runner(options);
    let told = listen(&runner, request, meddle).await;
    let performed = performed.lock().unwrap().clone();
    Told { performed, ..told }
}

/// A runner whose pages show nothing, and what is done to them.
pub(crate) fn runner(mut options: RunnerOptions) -> (Runner, Arc<Mutex<Vec<String>>>) {
    options.program.get_or_insert_with(|| env!("CARGO_BIN_EXE_understudy").into());
    let performed = Arc::new(Mutex::new(Vec::new()));
    let record = performed.clone();
    let services: Services = Arc::new(move |surroundings| {
        Arc::new(Nothing { events: surroundings.events, objects: AtomicU32::new(0), performed: record.clone() })
    });
    (Runner::with_services(services, options).unwrap(), performed)
}

/// Runs with this runner, and calls `meddle` with every event when it is told.
pub(crate) async fn listen(runner: &Runner, request: RunRequest, mut meddle: Meddle) -> Told {
    let (sender, mut receiver) = events::channel();
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let run = async {
        let outcome = runner.run(request, sender, cancel.clone()).await;
        (outcome, began.elapsed())
    };
    let listen = async {
        let (mut events, mut cancelled) = (Vec::new(), None);
        while let Some(event) = receiver.recv().await {
            meddle(&event, &cancel);
            events.push(event);
            if cancel.is_cancelled() {
                cancelled.get_or_insert_with(|| began.elapsed());
            }
        }
        (events, cancelled)
    };
    let ((outcome, took), (events, cancelled)) = tokio::join!(run, listen);
    Told { outcome, events, performed: Vec::new(), took, cancelled }
}
