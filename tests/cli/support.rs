//! The binary, a folder to run it in, and what it said.

#[path = "../support/end.rs"]
mod end;

use end::process;
pub(crate) use end::wait_for_end;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder with spec files, gone at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (file, text) in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(&[], arguments)
    }

    pub(crate) fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Done {
        let mut command = understudy(self.path());
        command.envs(environment.iter().copied()).args(arguments);
        Done::from(command.output().unwrap())
    }
}

/// Nothing of this machine's settings reaches it.
pub(crate) fn understudy(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command.current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("UNDERSTUDY_") || ["NO_COLOR", "FORCE_COLOR", "SERVER_URL", "AGENT_TOKEN"].contains(&&*name)
        {
            command.env_remove(&*name);
        }
    }
    command.env("XDG_CONFIG_HOME", folder).env("COLUMNS", "100");
    command
}

pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Done {
    #[track_caller]
    pub(crate) fn has(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        for part in parts {
            let all = format!("{}{}", self.out, self.err);
            assert!(all.contains(part), "{part:?} is not in\n{all}");
        }
    }

    /// Standard output with times and the number of polls left out.
    pub(crate) fn steady(&self) -> String {
        let mut text = String::new();
        for line in self.out.lines() {
            let words: Vec<String> =
                line.split(' ').map(|word| if is_time(word) { "(0ms)".into() } else { word.into() }).collect();
            let line = words.join(" ");
            // Lines of a call log are counted where they repeat.
            let bare = line.trim_start();
            let counted = bare.split_once(" × ").filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
            let line = match counted.map(|(_, rest)| rest).or_else(|| bare.strip_prefix("- ")) {
                Some(rest) => format!("      - {rest}"),
                None => line,
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// `(12ms)`, `(1.2s)`.
pub(crate) fn is_time(word: &str) -> bool {
    let inner = word.strip_prefix('(').and_then(|word| word.strip_suffix(')')).unwrap_or_default();
    let number = inner.trim_end_matches(|c: char| c.is_ascii_lowercase());
    !number.is_empty() && number.len() < inner.len() && number.parse::<f64>().is_ok()
}

/// Processes with `mark` in their command line, but for one.
pub(crate) fn processes_with(mark: &str, except: u32) -> Vec<OwnedFd> {
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let marked = ids.filter(|id| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        *id != except && String::from_utf8_lossy(&line).contains(mark)
    });
    marked.filter_map(process).collect()
}
