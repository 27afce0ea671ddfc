//! `understudy record`: a person uses a browser here, the code grows beside it.

mod scroll;

use super::{CouldNotRun, serve};
use crate::browser::context::StorageState;
use crate::browser::{BrowserPool, LaunchOptions, Mode};
use crate::codegen::{self, Target};
use crate::config;
use crate::model::action::{FORMAT_VERSION, Recording, RecordingOptions};
use crate::model::recording::RecordingControl;
use crate::model::{Event, RecordingConfig, StartRecording, Viewport};
use crate::recorder::RecorderOptions;
use crate::session::{Controls, Recordings, RecordingsOptions};
use scroll::Scroll;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The exit code of a second interrupt.
const INTERRUPTED: i32 = 130;

/// The session's id; there is only one.
const SESSION: &str = "record";

/// Record what you do in a browser, as Playwright code
///
/// Opens a window at URL. Everything you do in it becomes code, which is shown as it grows and printed, or written with -o, when you close
/// the window or press Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: understudy record http://localhost:8080 -o tests/shop.spec.ts")]
pub(super) struct Args {
    /// Where to begin [default: an empty page]
    url: Option<String>,
    /// The language of the code: typescript, javascript, python, python-async, python-pytest, java, java-junit, csharp,
    /// csharp-nunit, csharp-mstest; jsonl, the actions themselves; or chrome-recorder, for Chrome's DevTools
    #[arg(long, value_name = "LANGUAGE", default_value = "typescript", value_parser = target)]
    target: Target,
    /// Where the code goes; kept current after every action [default: standard output, at the end]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Keep DIR/<language>.txt current for every language, and DIR/actions.json, which `understudy run` plays
    #[arg(long, value_name = "DIR")]
    all_targets: Option<PathBuf>,
    /// Size of the page, CSS pixels; beats the device's
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = viewport)]
    viewport: Option<Viewport>,
    /// A device to pass for: “iPhone 13”, “Pixel 7”, …
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The attribute that getByTestId means
    #[arg(long, value_name = "NAME", default_value = "data-testid")]
    test_id_attribute: String,
    /// Cookies and local storage to begin with, as --save-storage writes them
    #[arg(long, value_name = "FILE")]
    load_storage: Option<PathBuf>,
    /// Where cookies and local storage go at the end
    #[arg(long, value_name = "FILE")]
    save_storage: Option<PathBuf>,
    /// Keep what is typed into password fields, in clear; without it the code reads the environment
    #[arg(long)]
    record_secrets: bool,
    /// A Chromium that already runs with --remote-debugging-port: all its pages are recorded, and it is left running
    #[arg(long, value_name = "URL", conflicts_with_all = ["viewport", "device", "load_storage", "browser", "browser_arg"])]
    cdp_endpoint: Option<String>,
    /// The Chromium to use; looked for in the usual places where none is named
    #[arg(long, value_name = "PATH")]
    browser: Option<PathBuf>,
    /// An argument for Chromium; repeatable
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    browser_arg: Vec<String>,
}

fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: codegen::UnknownTarget| error.to_string())
}

fn viewport(text: &str) -> Result<Viewport, String> {
    let sides =
        text.split_once(['x', ',']).and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width, height)) if width > 0 && height > 0 => Ok(Viewport { width, height }),
        _ => Err("a size like 1280x720 is expected".to_owned()),
    }
}

pub(super) fn run(args: Args, no_color: bool) -> Result<ExitCode, CouldNotRun> {
    let written = args.check()?;
    let pool = BrowserPool::new(LaunchOptions {
        executable: args.browser.clone(),
        args: args.browser_arg.clone(),
        cdp_endpoint: args.cdp_endpoint.clone(),
        ..LaunchOptions::default()
    });
    super::runtime()?.block_on(async {
        let recorded = record(&args, written, pool.clone(), no_color).await;
        pool.close().await;
        recorded
    })
}

impl Args {
    /// What can be refused before a window opens; what the code says of the context.
    fn check(&self) -> Result<RecordingOptions, CouldNotRun> {
        if self.cdp_endpoint.is_none() && !config::has_display() {
            return Err(CouldNotRun(
                "there is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set). Start one, as with `xvfb-run understudy \
                 record …`, or record from another machine through the live picture of `understudy up`"
                    .to_owned(),
            ));
        }
        if let Some(name) = &self.device {
            crate::model::device::device(name)?;
        }
        for path in [&self.output, &self.save_storage].into_iter().flatten() {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::create_dir_all(folder).map_err(|error| cannot_write(path, &error))?;
        }
        if let Some(folder) = &self.all_targets {
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        }
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        Ok(RecordingOptions {
            device: self.device.clone(),
            viewport: self.viewport,
            load_storage: text(&self.load_storage),
            save_storage: text(&self.save_storage),
            test_id_attribute: (self.test_id_attribute != "data-testid").then(|| self.test_id_attribute.clone()),
        })
    }

    fn storage(&self) -> Result<Option<StorageState>, CouldNotRun> {
        let Some(path) = &self.load_storage else { return Ok(None) };
        let text = fs::read_to_string(path)
            .map_err(|error| CouldNotRun(format!("--load-storage {}: {error}", path.display())))?;
        let state = serde_json::from_str(&text).map_err(|error| {
            CouldNotRun(format!("--load-storage {}: this is no storage state: {error}", path.display()))
        })?;
        Ok(Some(state))
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> CouldNotRun {
    CouldNotRun(format!("{} cannot be written: {error}", path.display()))
}

async fn record(
    args: &Args,
    written: RecordingOptions,
    pool: BrowserPool,
    no_color: bool,
) -> Result<ExitCode, CouldNotRun> {
    let recordings = Recordings::new(
        pool,
        RecordingsOptions {
            mask: Vec::new(),
            mode: Mode::Headed,
            preview: false,
            recorder: RecorderOptions {
                test_id_attribute: args.test_id_attribute.clone(),
                reveal_secrets: args.record_secrets,
                toolbar: true,
                ..RecorderOptions::default()
            },
            storage: args.storage()?,
            attached: args.cdp_endpoint.is_some(),
            written: written.clone(),
        },
    );
    let start = StartRecording {
        flow: SESSION.into(),
        execution: SESSION.into(),
        url: args.url.clone().unwrap_or_default(),
        language: args.target.name().to_owned(),
        config: RecordingConfig { viewport: args.viewport, device: args.device.clone(), preview: None },
    };
    let (sender, events) = mpsc::channel(256);
    let (controls, wanted) = mpsc::unbounded_channel();
    let cancel = CancellationToken::new();
    let ends = Controls { controls: wanted, cancel: cancel.clone(), shown: None };
    let session = tokio::spawn(async move { recordings.record(start, sender, ends).await });
    let ending = tokio::spawn(async move {
        if serve::told_to_end().await.is_ok() {
            // The session may have ended by itself.
            let _ = controls.send(RecordingControl::Stop);
        }
        if serve::told_to_end().await.is_ok() {
            // Whatever holds it up; Chromium ends with its pipe.
            std::process::exit(INTERRUPTED);
        }
    });
    let terminal = io::stderr().is_terminal();
    let recording = Recording { version: FORMAT_VERSION, options: written, actions: Vec::new() };
    let frame = codegen::generate(args.target, &recording);
    let mut page = Page { args, recording, scroll: Scroll::new(io::stderr(), terminal && !no_color, frame) };
    let done = page.follow(events).await;
    ending.abort();
    session.await?;
    done
}

/// What is shown and written while it grows.
struct Page<'a> {
    args: &'a Args,
    recording: Recording,
    scroll: Scroll<io::Stderr>,
}

impl Page<'_> {
    async fn follow(&mut self, mut events: mpsc::Receiver<Event>) -> Result<ExitCode, CouldNotRun> {
        while let Some(event) = events.recv().await {
            match event {
                Event::RecordingReady { .. } => {
                    super::say("Recording … close the window or press Ctrl-C when you are done.")
                }
                Event::RecordingAction { index, action, code, .. } => {
                    self.scroll.grown(index, &code)?;
                    let actions = &mut self.recording.actions;
                    match actions.get_mut(index) {
                        Some(known) => *known = action,
                        None => actions.push(action),
                    }
                    self.write(&code)?;
                }
                Event::RecordingPicked { locator, .. } => super::say(&format!("Locator: {locator}")),
                Event::RecordingComplete { success, code, message, .. } => {
                    self.scroll.end()?;
                    return self.complete(success, code, message);
                }
                _ => {}
            }
        }
        Err(CouldNotRun("the recording ended without a word".to_owned()))
    }

    fn write(&self, code: &str) -> Result<(), CouldNotRun> {
        if let Some(path) = &self.args.output {
            fs::write(path, code).map_err(|error| cannot_write(path, &error))?;
        }
        if let Some(folder) = &self.args.all_targets {
            for target in Target::ALL {
                let path = folder.join(format!("{target}.txt"));
                fs::write(&path, codegen::generate(target, &self.recording))
                    .map_err(|error| cannot_write(&path, &error))?;
            }
            let path = folder.join("actions.json");
            fs::write(&path, codegen::actions(&self.recording)).map_err(|error| cannot_write(&path, &error))?;
        }
        Ok(())
    }

    fn complete(&self, success: bool, code: Option<String>, message: Option<String>) -> Result<ExitCode, CouldNotRun> {
        if let Some(code) = &code {
            self.write(code)?;
            match &self.args.output {
                Some(path) => super::say(&format!("Written to {}", path.display())),
                None => io::stdout().write_all(code.as_bytes())?,
            }
        }
        match (success, message) {
            (true, _) => Ok(ExitCode::SUCCESS),
            (false, message) => Err(CouldNotRun(message.unwrap_or_else(|| "the recording failed".to_owned()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!(viewport("800x600"), Ok(Viewport { width: 800, height: 600 }));
        assert_eq!(viewport("800,600"), Ok(Viewport { width: 800, height: 600 }));
        for bad in ["", "800", "0x5", "ax5", "800x-1"] {
            assert!(viewport(bad).is_err(), "{bad}");
        }
    }
}
