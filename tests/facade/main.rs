//! The facade's pure parts, run in Node.js against what the official runner says (`fixtures/facade`).

use std::process::Command;

#[test]
fn failed_value_matchers_say_what_the_official_ones_say() {
    agrees("values.mjs");
}

#[test]
fn what_is_documented_is_there_or_refused_by_name() {
    agrees("members.mjs");
}

#[test]
fn the_table_of_the_api_says_what_is_there() {
    agrees("api-table.mjs");
}

fn agrees(script: &str) {
    let script = format!("{}/tests/facade/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("node").arg(script).output().expect("Node.js: run ./install.sh --deps");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
