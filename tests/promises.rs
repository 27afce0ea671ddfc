//! docs/security.md names a test for each promise: every one that it names is there.

use std::fs;
use std::path::Path;

/// What stands in backticks and is a path with `::name` at its end.
fn named(text: &str) -> Vec<(String, String)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let tests = quoted.filter_map(|one| one.split_once(".rs::"));
    tests.map(|(path, name)| (format!("{path}.rs"), name.to_owned())).collect()
}

#[test]
fn every_test_of_a_promise_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let tests = named(&text);
    assert!(tests.len() > 10, "only {} tests are named", tests.len());
    for (path, name) in tests {
        let source = fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let here = source.split(&format!("fn {name}(")).next().filter(|before| before.len() < source.len());
        let before = here.unwrap_or_else(|| panic!("{path} has no {name}"));
        let attributes = before.rsplit("\n}").next().unwrap_or_default();
        assert!(attributes.contains("#[test]") || attributes.contains("#[tokio::test"), "{path}: {name} is no test");
        assert!(!attributes.contains("#[ignore"), "{path}: {name} is ignored");
    }
    // A row without a test is no promise.
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    for row in rows.filter(|row| !row.starts_with("| promise |") && !row.starts_with("| what |")) {
        assert!(!named(row).is_empty(), "no test: {row}");
    }
}

#[test]
fn the_check_reads_names() {
    assert_eq!(named("a `b` c `tests/x/y.rs::z_1` `d`"), [("tests/x/y.rs".into(), "z_1".into())]);
}
