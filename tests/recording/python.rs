//! The loop with Python: generated code runs under the official `playwright` and `pytest-playwright`, and leaves the page as the person did.

use super::replay::{Done, PASSWORD, STATE_JS, all, folder_with_files, interop};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use understudy::browser::launch;
use understudy::codegen::{Target, generate};

/// Code that ends by looking whether the page is as the person left it.
fn checked(target: Target, Done { name, recording, left }: &Done) -> String {
    let code = generate(target, recording);
    let until = format!("left => JSON.stringify(({STATE_JS})()) === left");
    // A JSON text in a string is the same literal in Python.
    let string = |text: &str| Value::from(text).to_string();
    let look = format!("page.wait_for_function({}, arg={})", string(&until), string(&left.to_string()));
    let end = "\n    # ---------------------\n";
    assert!(target == Target::PythonPytest || code.contains(end), "{code}");
    match target {
        Target::PythonPytest => format!("{code}    {look}\n").replace("def test_example", &format!("def test_{name}")),
        Target::PythonAsync => code.replace(end, &format!("\n    await {look}\n{end}")),
        _ => code.replace(end, &format!("\n    {look}\n{end}")),
    }
}

fn passed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Python with the official packages.
fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", interop(".python")).env("PYTHONDONTWRITEBYTECODE", "1").env("PASSWORD", PASSWORD);
    command.env("UNDERSTUDY_BROWSER", launch::find_chromium(None).expect("Chromium"));
    command
}

#[tokio::test]
async fn the_library_plays_what_was_recorded() {
    let folder = folder_with_files();
    let mut files = Vec::new();
    for done in all().await {
        for target in [Target::Python, Target::PythonAsync] {
            let file = format!("{}_{target}.py", done.name);
            fs::write(folder.path().join(&file), checked(target, done)).expect("code");
            files.push(file);
        }
    }
    let run = python().arg(interop("play.py")).args(&files).current_dir(folder.path()).output().expect("Python");
    assert_eq!(passed(&run).lines().filter(|line| line.ends_with(": done")).count(), files.len());
}

#[tokio::test]
async fn pytest_plays_what_was_recorded() {
    let folder = folder_with_files();
    for done in all().await {
        let code = checked(Target::PythonPytest, done);
        fs::write(folder.path().join(format!("test_{}.py", done.name)), code).expect("code");
    }
    let launch = json!({ "executable_path": launch::find_chromium(None).expect("Chromium"), "args": ["--no-sandbox"] });
    let fixture = format!(
        "import pytest\n\n\n@pytest.fixture(scope=\"session\")\ndef browser_type_launch_args():\n    return {launch}\n"
    );
    fs::write(folder.path().join("conftest.py"), fixture).expect("fixtures");
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--browser", "chromium"];
    let run = python().args(arguments).current_dir(folder.path()).output().expect("Python");
    let said = passed(&run);
    assert!(said.contains(&format!("{} passed", all().await.len())), "{said}");
}
