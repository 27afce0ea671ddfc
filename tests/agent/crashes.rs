//! Where a page or Chromium crashes, nothing of what they had in memory is left in a file.

use crate::process::{Stage, spec};
use rustix::process::{Pid, Signal, getpgid, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What only the page knows: its test has it letter by letter.
const MARK: &str = "what-only-the-page-knows";

/// A home and a place for temporary files that nobody else has.
struct Machine {
    home: TempDir,
    place: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), place: tempfile::tempdir().unwrap() }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        let config = self.home.path().join(".config");
        let cache = self.home.path().join(".cache");
        vec![
            ("HOME", text(self.home.path())),
            ("XDG_CONFIG_HOME", text(&config)),
            ("XDG_CACHE_HOME", text(&cache)),
            ("TMPDIR", text(self.place.path())),
        ]
    }

    /// All files below both that are of a crash, by what they are called or by what is in them.
    fn reports(&self) -> Vec<String> {
        let mut files = Vec::new();
        files_below(self.home.path(), &mut files);
        files_below(self.place.path(), &mut files);
        assert!(!files.is_empty(), "Chromium has files there");
        files.retain(|file| {
            let name = file.display().to_string().to_lowercase();
            // One may be gone by now; in an empty one there is nothing.
            let bytes = fs::read(file).unwrap_or_default();
            let named = name.contains("crash") || name.ends_with(".dmp") || name.contains("/core");
            bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes()) || (named && !bytes.is_empty())
        });
        files.iter().map(|file| file.display().to_string()).collect()
    }

    /// The Chromium that runs there.
    fn chromium(&self) -> i32 {
        let profiles = fs::read_dir(self.place.path()).unwrap().map(|entry| entry.unwrap().path());
        let noted: Vec<String> =
            profiles.filter_map(|path| fs::read_to_string(path.join("chromium.pid")).ok()).collect();
        let [noted] = noted.as_slice() else { panic!("one Chromium: {noted:?}") };
        noted.split(' ').next().unwrap().parse().unwrap()
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

/// The processes that show the pages of a Chromium.
fn renderers_of(chromium: i32) -> Vec<i32> {
    let processes =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let of_it = |process: &i32| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        // Those of the system are in no group, and have no such line.
        String::from_utf8_lossy(&line).contains("--type=renderer")
            && getpgid(Pid::from_raw(*process)).is_ok_and(|group| group.as_raw_pid() == chromium)
    };
    processes.filter(of_it).collect()
}

fn crash(process: i32) {
    // It may be one that has just ended.
    let _ = kill_process(Pid::from_raw(process).unwrap(), Signal::SEGV);
}

#[tokio::test]
async fn nothing_of_a_crash_is_left_in_a_file() {
    let machine = Machine::new();
    let mut stage = Stage::surrounded(&[], &machine.variables()).await;
    let knows = |event: &str| {
        let letters: Vec<String> = MARK.chars().map(|letter| format!("'{letter}'")).collect();
        spec(&format!(
            "await page.setContent('<p></p><input type=password>');
             await page.evaluate(all => {{
               globalThis.known = Array.from({{ length: 1000 }}, (_, n) => all.join('') + n);
               document.querySelector('p').textContent = known[0];
             }}, [{}]);
             await page.locator('input').fill([{}].join(''));
             const over = page.waitForEvent('{event}');
             console.log('it is known');
             await over;
             console.log('it is over');",
            letters.join(","),
            letters.join(",")
        ))
    };
    let known = |told: &serde_json::Value| told["message"] == "it is known";
    stage.start("page", &knows("crash")).await;
    stage.user.expect_where("execution:log", known).await;
    let chromium = machine.chromium();
    let limits = fs::read_to_string(format!("/proc/{chromium}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["1", "1"], "{limits}");
    let renderers = renderers_of(chromium);
    assert!(!renderers.is_empty());
    renderers.into_iter().for_each(crash);
    let (log, exit) = stage.outcome("page").await;
    assert!(log.contains("it is over") && exit == 0, "{log}");
    assert_eq!(machine.reports(), [""; 0]);

    stage.start("browser", &knows("close")).await;
    stage.user.expect_where("execution:log", known).await;
    crash(machine.chromium());
    let (log, exit) = stage.outcome("browser").await;
    assert!(log.contains("it is over") && exit == 0, "{log}");
    stage.start("next", &spec("await page.setContent('hi');")).await;
    let (log, exit) = stage.outcome("next").await;
    assert_eq!(exit, 0, "{log}");
    assert_eq!(machine.reports(), [""; 0]);
    stage.end().await;
    let left: Vec<_> = fs::read_dir(machine.place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().starts_with("understudy-profile-")), "{left:?}");
}
