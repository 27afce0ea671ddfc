//! `understudy service`, below a folder of the test's own; and what systemd's own tools think of the unit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn understudy(arguments: &[&str], home: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command.args(arguments).env("HOME", home).env_remove("XDG_CONFIG_HOME").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs one of systemd's tools; macOS has none, elsewhere install.sh brings it.
fn systemd_analyze(arguments: &[&str]) -> Option<Output> {
    (!cfg!(target_os = "macos")).then(|| Command::new("systemd-analyze").args(arguments).output().unwrap())
}

#[test]
fn a_service_of_the_machine_is_installed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (root, home) = (folder.path().join("root"), folder.path());
    let at = root.to_str().unwrap();
    fs::write(home.join("token"), "a-secret-token\n").unwrap();
    let token = home.join("token");
    let install = ["service", "install", "--root", at, "--server", "https://tests.example.com", "--max-sessions", "2"];
    let install = [&install[..], &["--token-file", token.to_str().unwrap(), "--drain-timeout", "90s"]].concat();
    let done = understudy(&install, home);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let unit = root.join("etc/systemd/system/understudy-agent.service");
    let (settings, kept) = (root.join("etc/understudy/agent.toml"), root.join("etc/understudy/token"));
    assert_eq!(text(&done.stdout).matches("written ").count(), 3, "{}", text(&done.stdout));
    assert_eq!((mode(&settings), mode(&kept), mode(&unit)), (0o600, 0o600, 0o644));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "a-secret-token\n");
    for path in [&unit, &settings] {
        assert!(!fs::read_to_string(path).unwrap().contains("a-secret-token"), "{}", path.display());
    }
    let said = fs::read_to_string(&unit).unwrap();
    assert!(said.contains("TimeoutStopSec=120\n"), "{said}");
    // The agent understands its settings.
    let config = understudy(&["config", "agent", "--settings", settings.to_str().unwrap()], home);
    let config = text(&config.stdout);
    for line in ["server = \"https://tests.example.com\"", "max-sessions = 2", "token-file = \"/etc/understudy/token\""]
    {
        assert!(config.contains(line), "{line} is not in\n{config}");
    }

    let again = understudy(&install, home);
    assert_eq!(text(&again.stdout).matches("unchanged ").count(), 3, "{}", text(&again.stdout));
    // A new program or flag keeps the token that is there.
    let more = understudy(&["service", "install", "--root", at, "--headed"], home);
    assert!(more.status.success() && kept.exists(), "{}", text(&more.stderr));
    assert!(fs::read_to_string(&settings).unwrap().contains("token-file = \"/etc/understudy/token\""));

    if let Some(verified) = systemd_analyze(&["verify", "--man=no", unit.to_str().unwrap()]) {
        let words = text(&verified.stderr);
        let ours: Vec<&str> = words.lines().filter(|line| line.contains("understudy")).collect();
        assert!(ours.is_empty(), "{words}");
    }
    // Of 100 for a service without any hardening; Chromium's sandbox and JIT want the rest.
    let limits = ["security", "--offline=true", "--no-pager", "--threshold=35", unit.to_str().unwrap()];
    if let Some(judged) = systemd_analyze(&limits) {
        assert!(judged.status.success(), "{}{}", text(&judged.stdout), text(&judged.stderr));
    }

    let status = understudy(&["service", "status", "--root", at], home);
    assert_eq!(status.status.code(), Some(3), "{}", text(&status.stdout));
    let gone = understudy(&["service", "uninstall", "--root", at], home);
    assert!(gone.status.success() && !unit.exists() && kept.exists() && settings.exists(), "{}", text(&gone.stdout));
    let gone = understudy(&["service", "uninstall", "--root", at, "--purge"], home);
    assert!(gone.status.success() && !kept.exists() && !settings.exists(), "{}", text(&gone.stdout));
    let gone = understudy(&["service", "uninstall", "--root", at], home);
    assert!(gone.status.success() && text(&gone.stdout).contains("There is no such service"), "{}", text(&gone.stdout));
    let status = understudy(&["service", "status", "--root", at], home);
    assert!(text(&status.stdout).starts_with("not installed: "), "{}", text(&status.stdout));
}

#[test]
fn a_service_of_a_user_stays_below_the_home() {
    let folder = tempfile::tempdir().unwrap();
    let (root, home) = (folder.path().join("root"), folder.path().join("home"));
    fs::create_dir_all(&home).unwrap();
    let at = root.to_str().unwrap();
    let flags = [
        "service",
        "install",
        "--user",
        "--root",
        at,
        "--token",
        "a-secret-token",
        "--server",
        "ws://tests.example.com",
    ];
    for (launchd, unit) in [
        (false, ".config/systemd/user/understudy-agent.service"),
        (true, "Library/LaunchAgents/dev.understudy.agent.plist"),
    ] {
        let more: &[&str] = if launchd { &["--launchd"] } else { &[] };
        let done = understudy(&[&flags[..], more].concat(), &home);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let below = root.join(home.strip_prefix("/").unwrap());
        assert_eq!(mode(&below.join(".config/understudy/token")), 0o600);
        let unit = below.join(unit);
        assert!(!fs::read_to_string(&unit).unwrap().contains("secret"));
        if !launchd && let Some(verified) = systemd_analyze(&["verify", "--user", "--man=no", unit.to_str().unwrap()]) {
            let words = text(&verified.stderr);
            assert!(!words.lines().any(|line| line.contains("understudy-agent.service:")), "{words}");
        }
    }
}

#[test]
fn flags_that_the_agent_does_not_take_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let at = root.to_str().unwrap();
    for (flags, words) in [
        (&["--sever", "https://a.test"][..], "--sever"),
        (&["--ca-file", "/nowhere/ca.pem"], "read the certificates in /nowhere/ca.pem"),
        (&["--token-file", "/nowhere/token"], "--token-file /nowhere/token: "),
        (&["--proxy", "socks5://a.test"], "socks5"),
    ] {
        let done = understudy(&[&["service", "install", "--root", at], flags].concat(), folder.path());
        assert_eq!(done.status.code(), Some(2));
        assert!(text(&done.stderr).contains(words), "{words}: {}", text(&done.stderr));
        assert!(!root.exists(), "{words}");
    }
}

#[test]
fn the_script_installs_for_a_user_without_root() {
    let folder = tempfile::tempdir().unwrap();
    let (home, tools) = (folder.path().join("home"), folder.path().join("tools"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&tools).unwrap();
    // A service manager that takes everything and writes down what it was told.
    let told = folder.path().join("told");
    let fake = format!("#!/bin/sh\necho \"$*\" >> '{}'\n", told.display());
    for name in ["systemctl", "launchctl"] {
        fs::write(tools.join(name), &fake).unwrap();
        fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.path().join("token"), "a-secret-token").unwrap();
    let script = |arguments: &[&str]| {
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
        let mut command = Command::new("bash");
        command.arg(script).args(arguments).current_dir(folder.path()).env("HOME", &home).env("PATH", path);
        command.env("UNDERSTUDY_PROGRAM", env!("CARGO_BIN_EXE_understudy")).env_remove("XDG_CONFIG_HOME");
        command.output().unwrap()
    };
    let install = ["--service", "--user", "--server", "https://tests.example.com", "--token-file", "token"];
    for first in [true, false] {
        let done = script(&install);
        assert!(done.status.success(), "{}{}", text(&done.stdout), text(&done.stderr));
        let said = text(&done.stdout);
        assert_eq!(said.contains("unchanged  "), !first, "{said}");
        assert!(said.contains("Its log:"), "{said}");
    }
    let program = home.join(".local/bin/understudy");
    assert_eq!(mode(&program), 0o755);
    assert_eq!(fs::read_to_string(home.join(".config/understudy/token")).unwrap(), "a-secret-token\n");
    if !cfg!(target_os = "macos") {
        let told = fs::read_to_string(&told).unwrap();
        assert!(
            told.contains("--user enable understudy-agent\n--user restart --no-block understudy-agent\n"),
            "{told}"
        );
    }
    let done = script(&["--uninstall", "--user", "--purge"]);
    assert!(done.status.success(), "{}{}", text(&done.stdout), text(&done.stderr));
    assert!(!program.exists() && !home.join(".config/understudy/token").exists());
    let done = script(&["--uninstall", "--user"]);
    assert!(done.status.success() && text(&done.stdout).contains("nothing is installed"), "{}", text(&done.stdout));
}
