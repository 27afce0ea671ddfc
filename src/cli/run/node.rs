//! `--runner node`: the same request with the official `playwright test` of this machine.

use super::args::Args;
use crate::cli::{COULD_NOT_RUN, CouldNotRun};
use clap::ValueEnum;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::process::{Child, Command};

/// Who runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(in crate::cli) enum RunnerName {
    /// This program.
    #[default]
    Builtin,
    /// The official runner, with Node.js.
    Node,
}

/// Its entry, from the folder of the run.
const ENTRY: &str = "node_modules/@playwright/test/cli.js";
/// Of a run that was ended from outside.
const INTERRUPTED: u8 = 130;

/// Runs it to its end; its output is this program's.
///
/// # Errors
/// What is missing for it, or which flag it does not have.
pub(super) async fn run(args: &Args, cwd: &Path) -> Result<ExitCode, CouldNotRun> {
    let arguments = arguments(args).map_err(CouldNotRun)?;
    let entry = cwd.ancestors().map(|folder| folder.join(ENTRY)).find(|entry| entry.is_file()).ok_or_else(|| {
        CouldNotRun(
            "--runner node needs @playwright/test in node_modules here or above: npm install @playwright/test"
                .to_owned(),
        )
    })?;
    let mut command = Command::new("node");
    command.arg(entry).arg("test").args(arguments).process_group(0).kill_on_drop(true);
    if let Some(url) = &args.base_url {
        command.env("PLAYWRIGHT_TEST_BASE_URL", url);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            CouldNotRun("--runner node needs Node.js: there is no program `node` in PATH".to_owned())
        }
        _ => CouldNotRun(format!("Node.js cannot be started: {error}")),
    })?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let ended = tokio::select! {
        status = child.wait() => status?,
        told = crate::cli::serve::told_to_end() => {
            told?;
            interrupt(&mut child, group).await?;
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    // What it left behind in its group ends with it.
    end(group, Signal::KILL);
    let code = ended.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(COULD_NOT_RUN);
    Ok(ExitCode::from(code))
}

/// Asks it to end; a second time ends it.
async fn interrupt(child: &mut Child, group: Option<Pid>) -> std::io::Result<()> {
    end(group, Signal::INT);
    tokio::select! {
        ended = child.wait() => drop(ended?),
        told = crate::cli::serve::told_to_end() => told?,
    }
    end(group, Signal::KILL);
    child.wait().await.map(drop)
}

fn end(group: Option<Pid>, signal: Signal) {
    // It may be gone already.
    group.map(|group| kill_process_group(group, signal).ok());
}

/// The flags as the official runner has them.
fn arguments(args: &Args) -> Result<Vec<OsString>, String> {
    let unknown = [
        ("--browser", args.browser.is_some()),
        ("--browser-arg", !args.browser_arg.is_empty()),
        ("--env", !args.env.is_empty()),
    ];
    if let Some((flag, _)) = unknown.iter().find(|(_, given)| *given) {
        return Err(format!("{flag} cannot be used with --runner node: the official runner has no such flag"));
    }
    let mut all: Vec<OsString> = args.paths.iter().map(OsString::from).collect();
    let mut add = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            all.extend([OsString::from(name), value]);
        }
    };
    let text = |value: Option<String>| value.map(OsString::from);
    let path = |value: &Option<PathBuf>| value.clone().map(PathBuf::into_os_string);
    add("--grep", text(args.grep.clone()));
    add("--grep-invert", text(args.grep_invert.clone()));
    add("--workers", text(args.workers.map(|workers| workers.to_string())));
    add("--retries", text(args.retries.map(|retries| retries.to_string())));
    add("--repeat-each", text(args.repeat_each.map(|times| times.to_string())));
    add("--timeout", text(args.timeout.map(|ms| ms.to_string())));
    add("--global-timeout", text(args.global_timeout.map(|ms| ms.to_string())));
    add("--max-failures", text(args.max_failures.map(|most| most.to_string())));
    add("--shard", text(args.shard.map(|(part, of)| format!("{part}/{of}"))));
    add("--output", path(&args.output));
    add("--config", path(&args.config));
    add("--trace", text(args.trace.map(|mode| mode.name().to_owned())));
    let name = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    add("--update-snapshots", text(args.update_snapshots.and_then(|which| which.to_possible_value()).map(name)));
    args.project.iter().for_each(|name| add("--project", Some(name.into())));
    if !args.reporter.is_empty() {
        let names: Result<Vec<String>, String> = args.reporter.iter().map(super::reporters::Choice::official).collect();
        add("--reporter", text(Some(names?.join(","))));
    }
    let flags = [
        ("-x", args.stop_at_first),
        ("--list", args.list),
        ("--headed", args.headed),
        ("--no-deps", args.no_deps),
        ("--fully-parallel", args.fully_parallel),
        ("--forbid-only", args.forbid_only),
        ("--fail-on-flaky-tests", args.fail_on_flaky_tests),
        ("--last-failed", args.last_failed),
        ("--pass-with-no-tests", args.pass_with_no_tests),
        ("--quiet", args.quiet),
    ];
    all.extend(flags.iter().filter(|(_, given)| *given).map(|(flag, _)| OsString::from(flag)));
    Ok(all)
}
