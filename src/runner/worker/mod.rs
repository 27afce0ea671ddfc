//! The child, unprivileged: transform (oxc), engine (QuickJS), the Playwright Test facade in `js/`.

mod await_chain;
mod bytecode;
mod calls;
mod commonjs;
mod count;
mod engine;
mod explain;
mod exports;
mod imports;
mod js;
mod limits;
mod memory;
mod modules;
mod native;
mod polyfills;
mod positions;
mod sandbox;
mod stack;
mod timers;
mod transform;
mod uses;

use super::protocol::{self, ToWorker};
use engine::{Answer, Engine, Incoming, complain};
use limits::Limits;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

/// Of the engine's thread; bytes. Scripts get a part of it, the rest is for the parser, which recurses into nested source.
const STACK: usize = 64 << 20;

/// The hidden command `worker`: speaks [`super::protocol`] on standard input and output until its input closes.
///
/// `worker compiled` reads what `worker compile` wrote before anything else, as one frame, and starts faster by it. `worker probe` tries
/// to break out.
#[must_use]
pub fn main() -> ExitCode {
    let mut words = std::env::args().skip(2);
    match work(words.next().as_deref(), words.next().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn work(how: Option<&str>, part: Option<&str>) -> Result<(), String> {
    if how == Some("probe") {
        return sandbox::probe::main(part);
    }
    sandbox::drop_privileges();
    let in_words = |error: io::Error| error.to_string();
    let mut input = io::stdin().lock();
    let compiled = match how {
        Some("compile") => return io::stdout().write_all(&bytecode::compile(js::MODULES)?).map_err(in_words),
        Some("compiled") => protocol::read_frame(&mut input).map_err(in_words)?.and_then(bytecode::read),
        _ => None,
    };
    let (sender, receiver) = mpsc::channel();
    let (answering, answers) = mpsc::channel();
    let limits = Arc::new(Limits::new());
    let for_engine = limits.clone();
    let (set_up, is_set_up) = mpsc::channel();
    let (shut_in, is_shut_in) = mpsc::channel();
    let engine = move || {
        let _exit = ExitOnPanic;
        match Engine::new(js::MODULES, compiled, for_engine, Box::new(io::stdout()), answers) {
            Ok(mut engine) => {
                let _ = set_up.send(sandbox::shut_out_thread());
                // It says that it is ready: by then nothing is left to give up.
                engine.run(&receiver, is_shut_in.recv().unwrap_or_default());
                // Not dropped: taking apart what a script left behind is work for nothing, the process ends soon.
                std::mem::forget(engine);
            }
            Err(error) => {
                complain(&error);
                std::process::exit(1);
            }
        }
    };
    let started = std::thread::Builder::new().name("engine".to_owned()).stack_size(STACK).spawn(engine);
    started.map_err(|error| format!("failed to start the engine's thread: {error}"))?;
    // Our own scripts ran, nobody else's: setting up reads the rules of the time zone.
    let walls = is_set_up.recv().unwrap_or_default();
    let _ = shut_in.send(sandbox::enter(walls));
    read(&mut input, &limits, &sender, &answering).map_err(|error| format!("failed to read a message: {error}"))
}

/// A worker without its engine would only wait.
struct ExitOnPanic;

impl Drop for ExitOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::exit(101);
        }
    }
}

/// Hands messages to the engine's thread until the input ends.
fn read(
    input: &mut impl Read,
    limits: &Limits,
    sender: &Sender<Incoming>,
    answering: &Sender<Answer>,
) -> io::Result<()> {
    while let Some(json) = protocol::read_frame(input)? {
        let text = String::from_utf8(json).map_err(io::Error::other)?;
        if text.starts_with(r#"{"t":"answer""#) {
            if let ToWorker::Answer { result } = serde_json::from_str(&text)? {
                let _ = answering.send(result);
            }
            continue;
        }
        // Those for the facade are not parsed twice; how they begin is written by our own host.
        let incoming = if text.starts_with(r#"{"t":"load"#) || text.starts_with(r#"{"t":"resolved","#) {
            match serde_json::from_str(&text)? {
                ToWorker::Load { config, entry } => Incoming::Load("__load", Box::new(config), entry),
                ToWorker::LoadConfig { config, entry } => Incoming::Load("__loadConfig", Box::new(config), entry),
                ToWorker::LoadHooks { config, entry } => Incoming::Load("__loadHooks", Box::new(config), entry),
                ToWorker::Resolved { module, .. } => Incoming::Resolved(module),
                _ => continue,
            }
        } else {
            if text == r#"{"t":"cancel"}"# {
                limits.cancel_read();
            }
            Incoming::Message(text)
        };
        if sender.send(incoming).is_err() {
            // The engine gave up after an interrupt; the host ends this process.
            continue;
        }
    }
    Ok(())
}
