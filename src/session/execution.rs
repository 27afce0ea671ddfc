//! An execution: source in, events out, exactly one completion whatever happens.

use super::Narration;
use crate::artifacts::{Bounds, Places};
use crate::codegen::{self, Target};
use crate::model::action::Recording;
use crate::model::mask::Mask;
use crate::model::{Event, ExecutionConfig, Level, StartExecution};
use crate::runner::events;
use crate::runner::host::{Mode, Module, NoImports, Project, RunRequest, Runner, Screenshots, WorkerConfig};
use crate::runner::node::{NodeRequest, NodeRunner};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The name the source goes by in stacks and logs; a server sends code, not files.
const SOURCE_NAME: &str = "test.spec.ts";

/// Of a test, where the server says nothing; ms, as in Playwright.
const TEST_TIMEOUT: u64 = 30_000;

/// Of an `expect` that waits; ms, as in Playwright.
const EXPECT_TIMEOUT: u64 = 5_000;

/// What a script may use; bytes.
const MEMORY_LIMIT: u64 = 256 << 20;

/// What holds for every session of this agent.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Which steps get a picture.
    pub screenshots: Screenshots,
    /// Whether the browser is shown.
    pub mode: Mode,
    /// An execution that runs longer ends with exit code 124.
    pub execution_timeout: Option<Duration>,
    /// What the scripts of an execution may use of the processor; none is no bound.
    pub cpu_limit: Option<Duration>,
    /// Variables the test code may read in `process.env`.
    pub env: BTreeMap<String, String>,
    /// Members of Playwright's API that are not there are told when a test gets there, not before it runs.
    pub allow_unsupported: bool,
    /// Each execution writes in a folder of its own below this one, which goes with it.
    pub artifacts: PathBuf,
    /// Bytes of the files of an execution, those that its pages download among them; none is no bound.
    pub artifact_limit: Option<u64>,
    /// Values that are told as stars.
    pub mask: Vec<String>,
    /// `launchOptions` for the official runner, where that is the one that runs.
    pub launch: Value,
}

/// Who runs the tests.
#[derive(Clone)]
pub enum Performer {
    /// Our own runner.
    Builtin(Arc<Runner>),
    /// The official one of this machine.
    Node(Arc<NodeRunner>),
}

/// Starts sessions; cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    runner: Performer,
    options: Arc<SessionOptions>,
}

impl Sessions {
    /// Sessions of `runner`.
    #[must_use]
    pub fn new(runner: Performer, options: SessionOptions) -> Self {
        Self { runner, options: Arc::new(options) }
    }

    /// Runs the source to its end and tells everything that happens to `events`, `ExecutionComplete` last and once. When
    /// `cancel` fires the execution ends within a second, with exit code 130. A receiver that went away stops nothing.
    /// Not cancel-safe: dropping the future loses the completion.
    pub async fn execute(&self, start: StartExecution, events: mpsc::Sender<Event>, cancel: CancellationToken) {
        let begun = Instant::now();
        let (mut story, mask) =
            (Narration::new(start.execution.clone()), Mask::new(start.config.env.values().chain(&self.options.mask)));
        let folder = self.folder(&start);
        let bounds = self.options.artifact_limit.map(Bounds::of).unwrap_or_default();
        let execution = start.execution.clone();
        let (sender, mut told) = events::channel();
        let run = match &self.runner {
            Performer::Builtin(runner) => runner.run(self.request(start, bounds.clone()), sender, cancel).left_future(),
            Performer::Node(runner) => runner.run(self.node_request(start), sender, cancel).right_future(),
        };
        let tell = async {
            while let Some(event) = told.recv().await {
                for event in story.tell(event) {
                    let _ = events.send(mask.over(event)).await;
                }
            }
        };
        let (outcome, ()) = tokio::join!(run, tell);
        // Only the test could name what is in it.
        if let Err(error) = tokio::fs::remove_dir_all(&folder).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder = %folder.display(), %error, "files of an execution are left behind");
        }
        for message in bounds.told() {
            let told = Event::ExecutionLog { execution: execution.clone(), level: Level::Warn, message };
            let _ = events.send(told).await;
        }
        let spent = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        for event in story.end(outcome, spent) {
            let _ = events.send(mask.over(event)).await;
        }
    }

    fn folder(&self, start: &StartExecution) -> PathBuf {
        self.options.artifacts.join(folder_name(start.execution.as_str()))
    }

    fn request(&self, start: StartExecution, bounds: Bounds) -> RunRequest {
        let artifacts = Places::from(self.folder(&start)).within(bounds);
        let options = &self.options;
        let source = source(start.code, played);
        RunRequest {
            projects: vec![Project {
                files: vec![Module::new(SOURCE_NAME, source)],
                config: worker_config(&start.config, &options.env, options.allow_unsupported),
                retries: start.config.retries.unwrap_or(0),
                mode: options.mode,
                ..Project::default()
            }],
            loader: Arc::new(NoImports),
            workers: 1,
            timeout: options.execution_timeout,
            cpu_limit: options.cpu_limit,
            screenshots: match start.config.screenshots {
                Some(true) => Screenshots::Steps,
                Some(false) => Screenshots::Off,
                None => options.screenshots,
            },
            artifacts,
            ..RunRequest::default()
        }
    }
}

impl Sessions {
    /// The same for the official runner.
    fn node_request(&self, start: StartExecution) -> NodeRequest {
        let folder = self.folder(&start);
        let options = &self.options;
        let config = worker_config(&start.config, &options.env, options.allow_unsupported);
        let mut r#use = config.r#use;
        let pictures = if options.screenshots == Screenshots::Steps { "on" } else { "off" };
        r#use.insert("screenshot".to_owned(), json!(pictures));
        r#use.insert("headless".to_owned(), json!(options.mode == Mode::Headless));
        r#use.insert("launchOptions".to_owned(), options.launch.clone());
        NodeRequest {
            source: source(start.code, plain),
            folder,
            timeout: config.timeout,
            retries: config.retries,
            r#use,
            env: config.env,
            limit: options.execution_timeout,
        }
    }
}

/// What is run: test source as it is, the actions of a recording (`docs/actions.md`) as the test they make.
fn source(code: String, made: impl FnOnce(&Recording) -> String) -> String {
    match serde_json::from_str::<Recording>(&code) {
        Ok(recording) => made(&recording),
        Err(_) => code,
    }
}

/// With the alternatives of elements that are not found any more.
fn played(recording: &Recording) -> String {
    codegen::played("test", recording).0
}

/// For a runner that knows of no alternatives.
fn plain(recording: &Recording) -> String {
    codegen::generate(Target::TypeScript, recording)
}

fn worker_config(config: &ExecutionConfig, env: &BTreeMap<String, String>, allow_unsupported: bool) -> WorkerConfig {
    let mut r#use = Map::new();
    if let Some(viewport) = config.viewport {
        r#use.insert("viewport".to_owned(), json!({"width": viewport.width, "height": viewport.height}));
    }
    if let Some(base_url) = &config.base_url {
        r#use.insert("baseURL".to_owned(), Value::String(base_url.clone()));
    }
    WorkerConfig {
        timeout: config.timeout.unwrap_or(TEST_TIMEOUT),
        expect_timeout: EXPECT_TIMEOUT,
        retries: config.retries.unwrap_or(0),
        memory_limit: MEMORY_LIMIT,
        r#use,
        env: env.iter().chain(&config.env).map(|(name, value)| (name.clone(), value.clone())).collect(),
        allow_unsupported,
        ..WorkerConfig::default()
    }
}

/// An id comes from a server: only letters, digits, `-` and `_` reach the file system, 64 of them at most.
fn folder_name(id: &str) -> String {
    let kept: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).take(64).collect();
    if kept.is_empty() { "_".to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Viewport;

    #[test]
    fn an_id_cannot_leave_the_folder() {
        for (id, folder) in [("exec-1", "exec-1"), ("../../etc", "______etc"), ("", "_"), ("a/b\0", "a_b_"), ("ü", "_")]
        {
            assert_eq!(folder_name(id), folder, "{id:?}");
        }
        assert_eq!(folder_name(&"x".repeat(500)).len(), 64);
    }

    #[test]
    fn actions_are_a_test_too() {
        let recording = json!({
            "version": 1, "options": {"device": "Pixel 7"},
            "actions": [{"name": "openPage", "url": "about:blank", "pageGuid": "page"}, {"name": "navigate", "url": "http://x/", "pageGuid": "page"}],
        });
        for made in [played, plain] {
            let made = source(recording.to_string(), made);
            assert!(made.contains("page.goto('http://x/')") && made.contains("devices['Pixel 7']"), "{made}");
        }
        for code in ["test('x', async () => {});", "{}", "[]", ""] {
            assert_eq!(source(code.to_owned(), played), code);
        }
    }

    #[test]
    fn the_servers_options_reach_the_worker() {
        let config = ExecutionConfig {
            viewport: Some(Viewport { width: 800, height: 600 }),
            base_url: Some("http://localhost:1".to_owned()),
            timeout: Some(5000),
            retries: Some(2),
            env: [("B".to_owned(), "mine".to_owned())].into(),
            ..ExecutionConfig::default()
        };
        let lent = [("A".to_owned(), "lent".to_owned()), ("B".to_owned(), "lent".to_owned())].into();
        let worker = worker_config(&config, &lent, false);
        assert_eq!((worker.env["A"].as_str(), worker.env["B"].as_str()), ("lent", "mine"));
        assert_eq!(worker.r#use["viewport"], json!({"width": 800, "height": 600}));
        assert_eq!(worker.r#use["baseURL"], "http://localhost:1");
        assert_eq!((worker.timeout, worker.retries), (5000, 2));
    }
}
