//! A suite of 300 tests leaves nothing behind: not in Chromium, not in the host, not in the worker.

use super::chromium;
use super::support;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use understudy::browser::{BrowserPool, LaunchOptions, Mode};
use understudy::model::run::Outcome;
use understudy::runner::host::ops::{Operations, OperationsOptions};
use understudy::runner::host::{Call, Performed, Runner, RunnerOptions, Service, Services};
use understudy::runner::protocol::{OpError, ToHost};

const SPEC: &str = include_str!("leftovers.spec.ts");
const TESTS: usize = 300;
/// Of tests.
const KINDS: usize = 12;
/// What a worker's memory may vary by; bytes. A page's object has more than that of its own in a suite of 300 tests.
const GROWTH: f64 = 24_000.0;

/// What may be there when a test begins: the context with a page that is kept ready for it.
const KEPT_READY: &[(&str, usize)] = &[
    ("contexts", 1),
    ("pages", 1),
    ("sessions", 2),
    ("commands", 0),
    ("downloads", 0),
    ("Chromium's contexts", 1),
    ("Chromium's targets", 1),
];
/// Chromium closes what it is told to close in its own time: it is asked so often.
const LOOKS: usize = 1000;

/// The real thing, and what is there beyond what is kept ready when a test asks for its first context.
struct Counted {
    operations: Arc<Operations>,
    pool: BrowserPool,
    begun: AtomicBool,
    counted: Arc<AtomicUsize>,
}

impl Counted {
    async fn count(&self) {
        assert_eq!(self.operations.held().into_iter().find(|(_, count)| *count > 0), None, "is left in the host");
        let browser = self.pool.acquire(Mode::Headless).await.expect("a browser");
        for look in 0.. {
            let inventory = browser.inventory().await.expect("its inventory");
            if KEPT_READY.iter().all(|(kind, most)| inventory[kind] <= *most) {
                break;
            }
            assert!(look < LOOKS, "something is left: {inventory:#?}");
        }
        self.counted.fetch_add(1, Ordering::Relaxed);
    }
}

impl Service for Counted {
    fn perform(self: Arc<Self>, call: Call) -> BoxFuture<'static, Result<Performed, OpError>> {
        async move {
            if call.name == "context.new" && self.begun.swap(false, Ordering::Relaxed) {
                self.count().await;
            }
            Service::perform(self.operations.clone(), call).await
        }
        .boxed()
    }

    fn told(&self, message: &ToHost) {
        if matches!(message, ToHost::TestBegin { .. }) {
            self.begun.store(true, Ordering::Relaxed);
        }
        Service::told(&*self.operations, message);
    }

    fn dispose(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Service::dispose(self.operations.clone())
    }
}

#[test]
fn a_suite_of_300_tests_leaves_nothing_behind() {
    let pool = BrowserPool::new(LaunchOptions::default());
    let counted = Arc::new(AtomicUsize::new(0));
    let (count, of) = (counted.clone(), pool.clone());
    let services: Services = Arc::new(move |surroundings| {
        let options = OperationsOptions { artifacts: surroundings.artifacts, ..OperationsOptions::default() };
        let operations = Operations::new(of.clone(), surroundings.mode, surroundings.events, options);
        let begun = AtomicBool::new(false);
        Arc::new(Counted { operations, pool: of.clone(), begun, counted: count.clone() })
    });
    let mut request = support::request(SPEC);
    chromium::prepare(&mut request);
    let told = chromium::runtime().block_on(async {
        let program = Some(env!("CARGO_BIN_EXE_understudy").into());
        let runner = Runner::with_services(services, RunnerOptions { program, ..RunnerOptions::default() }).unwrap();
        let told = support::listen(&runner, request, Box::new(|_, _| {})).await;
        pool.close().await;
        told
    });
    let (logs, lines): (Vec<_>, Vec<_>) = told.lines().into_iter().partition(|line| line.starts_with("log: "));
    assert_eq!(told.outcome, Outcome::Passed, "{lines:#?}");
    let heaps = logs.iter().filter_map(|line| line.strip_prefix("log: heap ")?.parse::<f64>().ok());
    let heaps: Vec<f64> = heaps.collect();
    assert_eq!((heaps.len(), counted.load(Ordering::Relaxed)), (TESTS, TESTS));
    // The tests are of so many kinds, one after the other: what the last round left is held against what the first did.
    let grown: Vec<f64> = heaps.iter().zip(&heaps[TESTS - KINDS..]).map(|(first, last)| last - first).collect();
    assert!(grown.iter().all(|bytes| *bytes < GROWTH), "the worker's memory grew by so many bytes: {grown:?}");
}
