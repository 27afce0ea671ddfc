//! `--runner node`, with a stand-in for Node.js that says what it is asked for.

use super::support::{Done, Folder, understudy};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const STAND_IN: &str = "#!/bin/sh\necho \"runs $*\"\necho \"base $PLAYWRIGHT_TEST_BASE_URL\"\nexit 3\n";

fn run(folder: &Folder, arguments: &[&str]) -> Done {
    let path = format!("{}/bin:/usr/bin:/bin", folder.path().display());
    Done::from(understudy(folder.path()).env("PATH", path).arg("run").args(arguments).output().unwrap())
}

fn folder() -> Folder {
    let folder = Folder::with(&[("node_modules/@playwright/test/cli.js", ""), ("bin/node", STAND_IN)]);
    fs::set_permissions(folder.path().join("bin/node"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn the_official_runner_gets_the_same_request() {
    let folder = folder();
    let arguments = [
        "a.spec.ts:3",
        "--runner",
        "node",
        "-g",
        "x y",
        "--retries",
        "2",
        "--shard",
        "1/2",
        "--project",
        "a",
        "b",
        "--reporter",
        "json",
        "--reporter",
        "line",
        "-x",
        "--base-url",
        "http://localhost:1",
        "--config",
        "c.ts",
        "--trace",
        "on",
    ];
    let done = run(&folder, &arguments);
    done.has(3, &[
        "node_modules/@playwright/test/cli.js test a.spec.ts:3 --grep x y --retries 2 --shard 1/2 --config c.ts --trace on --project a --project b \
         --reporter json,line -x\n",
        "base http://localhost:1",
    ]);
}

#[test]
fn what_is_missing_for_it_is_told() {
    let here = folder();
    run(&here, &["--runner", "node", "--env", "A"]).has(2, &["--env cannot be used with --runner node"]);
    run(&here, &["--runner", "node", "--reporter", "jsonl"]).has(2, &["the official runner has none"]);
    run(&here, &["--runner", "node", "--reporter", "json=x"]).has(2, &["name the file in the configuration"]);
    let empty = Folder::with(&[]);
    run(&empty, &["--runner", "node"]).has(2, &["needs @playwright/test in node_modules", "npm install"]);
    fs::remove_file(here.path().join("bin/node")).unwrap();
    let path = here.path().join("bin");
    let done =
        Done::from(understudy(here.path()).env("PATH", path).args(["run", "--runner", "node"]).output().unwrap());
    done.has(2, &["there is no program `node` in PATH"]);
}
