//! The official runner, on the browser that understudy finds.

use crate::{node, output, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder in which the official packages are found, with specs and a configuration.
pub(crate) struct Official(PathBuf);

impl Official {
    /// With copies of these specs or folders of them.
    pub(crate) fn new(specs: &[PathBuf]) -> Self {
        let folder = root().join("tests/interop/.run").join(format!("bench-{}", std::process::id()));
        // What an earlier figure left.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for spec in specs {
            output(Command::new("cp").arg("-r").args([spec.as_path(), &folder]));
        }
        fs::write(folder.join("package.json"), "{}").expect("a file");
        let browser = browser().display().to_string();
        // Chromium refuses to run as root without the last one; understudy adds it by itself there.
        let config = format!(
            "export default {{ reporter: 'list', use: {{ baseURL: process.env.BASE_URL || undefined, launchOptions: {{ executablePath: {browser:?}, args: ['--no-sandbox'] }} }} }};"
        );
        fs::write(folder.join("playwright.config.ts"), config).expect("a file");
        Self(folder)
    }

    /// `npx playwright test` with these flags, without what npx itself takes.
    pub(crate) fn command(&self, base_url: &str, flags: &[&str]) -> Command {
        let cli = root().join("tests/interop/node_modules/@playwright/test/cli.js");
        let mut command = Command::new(node());
        command.current_dir(&self.0).arg(cli).arg("test").args(flags).env("BASE_URL", base_url);
        command
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // A leftover in an ignored folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The browser understudy finds.
pub(crate) fn browser() -> PathBuf {
    if let Some(named) = std::env::var_os("UNDERSTUDY_BROWSER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let mut files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files.find(|file| Path::exists(file)).expect("Chromium; ./install.sh --deps installs it")
}
