//! A failed test in full: what was tried, what went wrong, what it left behind.

use super::attached::attached;
use super::book::Entry;
use super::message::error_text;
use super::style::{Style, fit};
use crate::model::run::{Attempt, Location, Status, TestCase};
use std::path::Path;

/// `[chromium] › file:line:column › describe › test @tag`.
pub(super) fn title(case: &TestCase) -> String {
    title_in_step(case, "")
}

/// The same with ` › step › step` behind the test.
pub(super) fn title_in_step(case: &TestCase, steps: &str) -> String {
    let Location { file, line, column } = &case.location;
    let project = &case.project;
    let project = if project.is_empty() { String::new() } else { format!("[{project}] › ") };
    let mut title = format!("{project}{file}:{line}:{column} › {}{steps}", case.title());
    for tag in case.tags.iter().filter(|tag| !case.title_path.iter().any(|part| part.contains(tag.as_str()))) {
        title.push(' ');
        title.push_str(tag);
    }
    title
}

/// `  1) title ─────` and every attempt that has errors; ends without a newline.
pub(super) fn failure(number: usize, entry: &Entry, root: &Path, style: Style) -> String {
    let header = format!("  {number}) {}{}", title(&entry.case), entry.failed_step());
    let mut text = format!("{}\n", style.red(&format!("{header}{}", style.rule_after(&header))));
    for attempt in &entry.attempts {
        let errors = errors(attempt, &entry.case, style);
        if errors.is_empty() {
            continue;
        }
        if attempt.retry > 0 {
            let header = format!("    Retry #{}", attempt.retry);
            text.push_str(&format!("\n{}\n", style.gray(&format!("{header}{}", style.rule_after(&header)))));
        }
        for error in errors {
            text.push_str(&format!("\n{}\n", indented(&error)));
        }
        text.push_str(&attached(&attempt.attachments, root, style));
    }
    text
}

/// Errors of an attempt in full; a test that passed and should not have has none of its own.
fn errors(attempt: &Attempt, case: &TestCase, style: Style) -> Vec<String> {
    if attempt.errors.is_empty() && attempt.status == Status::Passed && attempt.expected_status == Status::Failed {
        return vec![style.red("Expected to fail, but passed.")];
    }
    attempt.errors.iter().map(|error| error_text(error, Some(&case.location.file), style)).collect()
}

/// A line of the summary: `    title ─────`.
pub(super) fn summary_line(case: &TestCase, columns: Option<usize>, style: Style) -> String {
    let line = format!("    {}", title(case));
    let line = columns.map_or_else(|| line.clone(), |columns| fit(&line, columns));
    format!("{line}{}", style.rule_after(&line))
}

pub(super) fn indented(text: &str) -> String {
    let indent = |line: &str| if line.is_empty() { String::new() } else { format!("    {line}") };
    text.split('\n').map(indent).collect::<Vec<_>>().join("\n")
}

/// A place in JSON, its file by this path.
pub(super) fn location_of(location: &Location, file: &str) -> serde_json::Value {
    serde_json::json!({ "file": file, "line": location.line, "column": location.column })
}
