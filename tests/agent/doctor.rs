//! `understudy doctor`, where all is well and where it is not.

use crate::process::{SECRET, token};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::process::Command;
use understudy::hub::token::Role;
use understudy::hub::{HubOptions, serve};

/// Exit code and text.
async fn doctor(flags: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
    command.arg("doctor").args(["--max-sessions", "1"]).args(flags);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    let output = command.output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn private(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn where_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        HubOptions { listen: "127.0.0.1:0".parse().unwrap(), secret: SECRET.to_vec(), ..HubOptions::default() };
    let hub = serve(options).await.unwrap();
    let file = private(&folder.path().join("token"), &token("bot", Role::Agent));
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let (code, text) = doctor(&["--server", &hub.url(), "--token-file", &file, "--state-dir", state, "--fix"]).await;
    for words in [
        "✓ Chromium starts",
        "✓ the state folder",
        "speaks --protocol testflow, and takes the token",
        "✓ the clock agrees",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert_eq!(code, 0, "{text}");
    assert!(text.ends_with("Nothing is in the way.\n"), "{text}");
    hub.shutdown().await;
}

#[tokio::test]
async fn what_is_in_the_way_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        HubOptions { listen: "127.0.0.1:0".parse().unwrap(), secret: SECRET.to_vec(), ..HubOptions::default() };
    let hub = serve(options).await.unwrap();
    // Expired in 1970, and there for everybody to read.
    let file = private(&folder.path().join("token"), "e30.eyJleHAiOjF9.eA");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    private(&folder.path().join("file"), "");
    let state = folder.path().join("file/below");
    let flags = ["--browser", "/nowhere/chromium", "--state-dir", state.to_str().unwrap(), "--token-file", &file];
    let (code, text) = doctor(&[&flags[..], &["--server", &hub.url()]].concat()).await;
    assert_eq!(code, 1, "{text}");
    for words in [
        "✗ there is no program at /nowhere/chromium",
        "✗ the state folder",
        "is readable by others than its owner\n  → chmod 600",
        "✗ the token has expired, at 1970-01-01T00:00:01Z",
        "the server refused the connection: ",
        "  → check the token",
        "5 things are in the way.",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    hub.shutdown().await;
}
